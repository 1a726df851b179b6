"""Events for operators.

The library speaks to the standard logger ``lifecycle`` and sets up nothing; the command line may
switch the events on.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

logging.getLogger("lifecycle").addHandler(logging.NullHandler())


def event(name: str, /, **facts: Any) -> None:
    """Write one event with its facts; costs next to nothing while nobody listens."""
    logger = logging.getLogger("lifecycle")
    if logger.isEnabledFor(logging.INFO):
        import structlog

        structlog.wrap_logger(
            logger,
            processors=[structlog.stdlib.render_to_log_kwargs],
            wrapper_class=structlog.stdlib.BoundLogger,
        ).info(name, **facts)


class _Operators(logging.StreamHandler[TextIO]):
    """Writes to standard error; a type of its own, so that it is not set up twice."""


def configure(style: str) -> None:
    """Write the events to standard error: ``json`` or ``console``. For the command line only.

    Called again, it replaces what it had set up before.
    """
    import structlog

    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(),
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = _Operators()
    handler.setFormatter(formatter)
    logger = logging.getLogger("lifecycle")
    logger.handlers = [one for one in logger.handlers if not isinstance(one, _Operators)]
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
