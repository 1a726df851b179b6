"""A host that traces: OpenTelemetry's own kit, set up once in a process, as hosts do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@cache
def _host() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@contextmanager
def traced() -> Iterator[InMemorySpanExporter]:
    """Lend what is told to the host's tracing meanwhile."""
    exporter = _host()
    exporter.clear()
    yield exporter
    exporter.clear()


def told(exporter: InMemorySpanExporter) -> str:
    """Return all that the finished spans say, as one text."""
    return "\n".join(one.to_json() for one in exporter.get_finished_spans())
