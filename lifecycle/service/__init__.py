"""The use cases: load, decide, append, and only then acknowledge."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lifecycle.service.batch import Outcome
    from lifecycle.service.commands import AdvanceCommand
    from lifecycle.service.engine import Lifecycle
    from lifecycle.service.results import Option, Outlook, Receipt, Snapshot, StatusRow

_PLACES = {
    "batch": ("Outcome",),
    "commands": ("AdvanceCommand",),
    "engine": ("Lifecycle",),
    "results": ("Option", "Outlook", "Receipt", "Snapshot", "StatusRow"),
}
_LAZY = {name: f"{__name__}.{module}" for module, names in _PLACES.items() for name in names}

__all__ = [
    "AdvanceCommand",
    "Lifecycle",
    "Option",
    "Outcome",
    "Outlook",
    "Receipt",
    "Snapshot",
    "StatusRow",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
