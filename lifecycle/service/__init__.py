"""The use cases: load, decide, append, and only then acknowledge."""

from lifecycle.service.batch import Outcome
from lifecycle.service.commands import AdvanceCommand
from lifecycle.service.engine import Lifecycle
from lifecycle.service.results import Option, Outlook, Receipt, Snapshot, StatusRow

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
