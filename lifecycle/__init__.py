"""A workflow engine for projects that go through guarded states, on a history that proves itself.

This page is the public interface; what is not listed here may change without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lifecycle.domain.errors import (
    AdministrationRefused,
    AlreadyExists,
    CommandReused,
    Conflict,
    EnrolmentRefused,
    InvalidInput,
    LifecycleError,
    NotFound,
    Refused,
    StorageFailed,
    TransitionRefused,
    VersionConflict,
)
from lifecycle.domain.guards import Attempt, Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor, Evidence, EvidenceFile
from lifecycle.domain.record import Record
from lifecycle.texts import render

if TYPE_CHECKING:
    from lifecycle.service import (
        AdvanceCommand,
        Lifecycle,
        Outcome,
        Outlook,
        Receipt,
        Snapshot,
        StatusRow,
    )
    from lifecycle.wiring import create_lifecycle, open_lifecycle, verify

# Loaded when first asked for: the state machine and the adapters take longer than the values.
_LAZY = {
    "AdvanceCommand": "lifecycle.service",
    "Lifecycle": "lifecycle.service",
    "Outcome": "lifecycle.service",
    "Outlook": "lifecycle.service",
    "Receipt": "lifecycle.service",
    "Snapshot": "lifecycle.service",
    "StatusRow": "lifecycle.service",
    "create_lifecycle": "lifecycle.wiring",
    "open_lifecycle": "lifecycle.wiring",
    "verify": "lifecycle.wiring",
}

__all__ = [
    "Actor",
    "AdministrationRefused",
    "AdvanceCommand",
    "AlreadyExists",
    "Attempt",
    "CommandReused",
    "Conflict",
    "EnrolmentRefused",
    "Evidence",
    "EvidenceFile",
    "InvalidInput",
    "Lifecycle",
    "LifecycleError",
    "Message",
    "NotFound",
    "Outcome",
    "Outlook",
    "Receipt",
    "Record",
    "Refused",
    "Snapshot",
    "StatusRow",
    "StorageFailed",
    "TransitionRefused",
    "Unmet",
    "VersionConflict",
    "create_lifecycle",
    "open_lifecycle",
    "render",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
