"""Events for operators.

The library speaks to the standard logger ``lifecycle`` and sets up nothing, neither logging nor
structlog: a host hears the events by its own handlers, each fact an attribute of the log record.
The command line may switch them on. Their names are in ``lifecycle.events``.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from functools import cache
from typing import Any, Final, TextIO

from lifecycle.events import Event
from lifecycle.printable import plain, plain_json

_LOGGER: Final = logging.getLogger("lifecycle")
_LOGGER.addHandler(logging.NullHandler())


def event(event: Event, /, **facts: Any) -> None:
    """Write one event with its facts; costs next to nothing while nobody listens."""
    level = logging.WARNING if event.warns else logging.INFO
    if _LOGGER.isEnabledFor(level):
        _bound().log(level, event.name, **facts)


@cache
def _bound() -> Any:
    """Return the logger as structlog's; how a host has set up structlog does not matter to it."""
    import structlog

    return structlog.wrap_logger(
        _LOGGER,
        processors=[structlog.stdlib.render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Operators(logging.StreamHandler[TextIO]):
    """Writes to standard error; a type of its own, so that it is not set up twice."""


def _plain(logger: Any, method: str, facts: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return facts as they are shown on one line; a traceback has its own."""
    return {
        name: plain(value, "\n\t" if name == "exception" else "\t")
        if isinstance(value, str) else value
        for name, value in facts.items()
    }  # fmt: skip


def configure(style: str) -> None:
    """Write the events to standard error: ``json`` or ``console``. For the command line only.

    Called again, it replaces what it had set up before.
    """
    import structlog

    # What is told may be a forger's.
    renderers: list[Any] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False), lambda *told: plain_json(told[-1])]
        if style == "json"
        else [_plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(),
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
    )
    handler = _Operators()
    handler.setFormatter(formatter)
    _LOGGER.handlers = [one for one in _LOGGER.handlers if not isinstance(one, _Operators)]
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
