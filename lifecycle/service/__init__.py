"""The use cases: load, decide, append, and only then acknowledge."""

from lifecycle.service.engine import Lifecycle
from lifecycle.service.results import Option, Outlook, Receipt, Snapshot, StatusRow

__all__ = ["Lifecycle", "Option", "Outlook", "Receipt", "Snapshot", "StatusRow"]
