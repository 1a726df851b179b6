"""Spans of OpenTelemetry: only where the host traces, and nothing otherwise.

Nothing is imported here: whoever set up tracing has imported its API already, and nobody else
pays for it. Attributes are ids, names out of definitions and codes; an error is told by its code,
because its message may repeat what somebody typed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from lifecycle.domain.errors import LifecycleError, Refused

_API: Final = "opentelemetry.trace"
_NAME: Final = "lifecycle"
Value = str | int | bool


class Span:
    """What is told of one piece of work.

    Args:
        traced: The span of OpenTelemetry; ``None`` where nobody traces.
    """

    __slots__ = ("_traced",)

    def __init__(self, traced: Any = None) -> None:
        self._traced = traced

    def tell(self, **attributes: Value | None) -> None:
        """Set attributes, each with ``lifecycle.`` before its name and ``_`` as a dot."""
        if self._traced is not None:
            for name, value in attributes.items():
                if value is not None:
                    self._traced.set_attribute(f"{_NAME}.{name.replace('_', '.')}", value)


_UNTRACED: Final = nullcontext(Span())


def span(name: str, **attributes: Value | None) -> AbstractContextManager[Span]:
    """Let a piece of work be a span, ``lifecycle.`` and its name; a child of the host's own.

    Args:
        name: Of the work.
        attributes: As for ``Span.tell``.
    """
    api = sys.modules.get(_API)
    return _UNTRACED if api is None else _traced(api, name, attributes)


@contextmanager
def _traced(api: Any, name: str, attributes: Mapping[str, Value | None]) -> Iterator[Span]:
    tracer = api.get_tracer(_NAME)
    with tracer.start_as_current_span(
        f"{_NAME}.{name}", record_exception=False, set_status_on_exception=False
    ) as traced:
        told = Span(traced)
        told.tell(**attributes)
        try:
            yield told
        except BaseException as error:
            _failed(api, traced, error)
            raise


def _failed(api: Any, traced: Any, error: BaseException) -> None:
    """Tell how the work failed; a refusal is an answer, and no fault of the system's."""
    code = error.code if isinstance(error, LifecycleError) else type(error).__name__
    traced.set_attribute("error.type", code)
    if not isinstance(error, Refused | GeneratorExit):
        traced.set_status(api.Status(api.StatusCode.ERROR, code))
