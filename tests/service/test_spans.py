"""Spans for a host that traces: what they name, how failures are told, and what is not loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from lifecycle import EvidenceFile, NotFound, TransitionRefused, verify
from tests.factories import ADMIN, Office
from tests.service.batches import FIRST, SCHOOL, walk
from tests.tracing import traced


@pytest.fixture
def spans(office: Office) -> Iterator[InMemorySpanExporter]:
    """What the host's tracing is told, once the office stands."""
    with traced() as exporter:
        yield exporter


def named(spans: InMemorySpanExporter) -> list[str]:
    return [one.name for one in spans.get_finished_spans()]


def attributes(one: Any) -> Mapping[str, Any]:
    return dict(one.attributes)


def test_a_transition_is_a_child_of_the_hosts_span_and_names_what_came_of_it(
    office: Office, spans: InMemorySpanExporter
) -> None:
    with trace.get_tracer("host").start_as_current_span("request") as request:
        receipt = office.make(SCHOOL, FIRST[0])

    ours, _ = spans.get_finished_spans()
    assert ours.name == "lifecycle.advance"
    assert ours.parent is not None
    assert ours.parent.span_id == request.get_span_context().span_id
    assert receipt.record.definition is not None
    assert attributes(ours) == {
        "lifecycle.backend": office.engine.context.journal.backend,
        "lifecycle.dry.run": False,
        "lifecycle.stream": f"participation/{SCHOOL}",
        "lifecycle.sequence": receipt.version,
        "lifecycle.transition": FIRST[0],
        "lifecycle.state.from": "selected",
        "lifecycle.state.to": "questionnaire",
        "lifecycle.definition": receipt.record.definition.digest,
        "lifecycle.repeated": False,
    }
    assert ours.status.status_code is StatusCode.UNSET


def test_a_refusal_bears_its_code_and_is_no_fault_of_the_system(
    office: Office, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(TransitionRefused):
        office.engine.advance(SCHOOL, "conclude", actor=ADMIN, comment="Сидоров")

    (ours,) = spans.get_finished_spans()
    assert attributes(ours)["error.type"] == "LC201"
    assert ours.status.status_code is StatusCode.UNSET
    assert ours.events == ()


def test_an_error_is_told_by_its_code_and_never_by_its_message(
    office: Office, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(NotFound, match="Сидоров"):
        office.engine.advance("Сидоров", "conclude", actor=ADMIN)

    (ours,) = spans.get_finished_spans()
    assert ours.status.status_code is StatusCode.ERROR
    assert attributes(ours)["error.type"] == ours.status.description == "LC101"
    assert "Сидоров" not in ours.to_json()
    assert ours.events == ()


def test_batches_files_sealing_and_verification_are_spans(
    office: Office, spans: InMemorySpanExporter, tmp_path: Path
) -> None:
    list(office.engine.advance_many(walk(office), per_transaction=2))
    note = tmp_path / "note.txt"
    note.write_text("note", "utf-8")
    office.make(SCHOOL, "record_visit", evidence=[EvidenceFile("visit_note", note)])
    office.engine.seal()
    verify(office.engine)

    assert named(spans) == [
        *["lifecycle.batch"] * 2, "lifecycle.evidence", "lifecycle.advance",
        "lifecycle.seal", "lifecycle.verify",
    ]  # fmt: skip
    first, _, file, *_, verified = spans.get_finished_spans()
    assert attributes(first)["lifecycle.commands"] == 2
    assert attributes(file)["lifecycle.size"] == 4 + 28  # nonce and tag
    assert attributes(verified)["lifecycle.findings"] == 0


def test_without_a_host_that_traces_nothing_of_it_is_loaded() -> None:
    code = """
import sys
from lifecycle import Actor, create_lifecycle, verify
engine = create_lifecycle("memory://", administrator=Actor("chief", "host:portal"))
engine.seal()
assert verify(engine).ok
print(sorted(one for one in sys.modules if one.startswith("opentelemetry")))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"


def test_a_host_without_the_kit_may_have_the_interface_alone() -> None:
    code = """
import sys
from opentelemetry import trace
sys.modules["opentelemetry.sdk"] = None
from lifecycle import Actor, create_lifecycle
engine = create_lifecycle("memory://", administrator=Actor("chief", "host:portal"))
print(engine.seal(), trace.get_current_span().is_recording())
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "0 False\n"
