"""A workflow engine for projects that go through guarded states, on a history that proves itself.

This page is the public interface; what is not listed here may change without notice.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from lifecycle.service import (
        AdvanceCommand,
        Lifecycle,
        Outcome,
        Outlook,
        Receipt,
        Snapshot,
        StatusRow,
    )
    from lifecycle.texts import render
    from lifecycle.wiring import create_lifecycle, open_lifecycle, verify

# Each is loaded when it is first asked for: the command line asks for few of them.
_PLACES = {
    "lifecycle.domain.errors": (
        "AdministrationRefused",
        "AlreadyExists",
        "CommandReused",
        "Conflict",
        "EnrolmentRefused",
        "InvalidInput",
        "LifecycleError",
        "NotFound",
        "Refused",
        "StorageFailed",
        "TransitionRefused",
        "VersionConflict",
    ),
    "lifecycle.domain.guards": ("Attempt", "Unmet"),
    "lifecycle.domain.messages": ("Message",),
    "lifecycle.domain.model": ("Actor", "Evidence", "EvidenceFile"),
    "lifecycle.domain.record": ("Record",),
    "lifecycle.service": (
        "AdvanceCommand",
        "Lifecycle",
        "Outcome",
        "Outlook",
        "Receipt",
        "Snapshot",
        "StatusRow",
    ),
    "lifecycle.texts": ("render",),
    "lifecycle.wiring": ("create_lifecycle", "open_lifecycle", "verify"),
}
_LAZY = {name: module for module, names in _PLACES.items() for name in names}

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
        found = globals()[name] = getattr(import_module(_LAZY[name]), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
