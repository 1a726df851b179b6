"""The events that operators read: their names and fields, which stay as they are.

An event is told after what it tells of was committed, or undone, and never before. It names
streams, records, commands and codes: no comment, no name of a person or a file, no secret, and
nothing that somebody typed and nothing has checked yet. An event is never part of the proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event.

    Args:
        name: What it is called for ever.
        fields: The names of its facts, all of them there every time.
        meaning: What has happened, for operators.
        warns: Somebody may have to do something.
    """

    name: str
    fields: tuple[str, ...]
    meaning: str
    warns: bool = False


class EventLog(Protocol):
    """Where operators read what happened; never part of the proof."""

    def __call__(self, event: Event, /, **facts: Any) -> None:
        """Take one event with its facts."""


def silent(event: Event, /, **facts: Any) -> None:
    """Tell nobody."""


CREATED: Final = Event("created", ("backend",), "a history was begun")
OPENED: Final = Event("opened", ("backend",), "a history was opened")

_PLACE: Final = ("stream", "sequence")
TRANSITION_RECORDED: Final = Event(
    "transition_recorded",
    (*_PLACE, "transition", "source", "target", "definition", "command_id"),
    "a school moved",
)
RECORD_APPENDED: Final = Event(
    "record_appended",
    (*_PLACE, "kind", "command_id"),
    "something else was recorded: an enrolment, a role, an activity",
)
COMMAND_REPEATED: Final = Event(
    "command_repeated",
    (*_PLACE, "kind", "command_id"),
    "a command came again, and nothing was added",
)
EVIDENCE_STORED: Final = Event(
    "evidence_stored",
    (*_PLACE, "kind", "sha256", "size", "encrypted"),
    "a file of the record lies in the store",
)

TRANSITION_REFUSED: Final = Event(
    "transition_refused",
    ("stream", "transition", "error", "unmet", "command_id"),
    "the rules did not allow a transition",
)
REQUEST_REFUSED: Final = Event(
    "request_refused",
    ("stream", "request", "error", "unmet", "command_id"),
    "the rules did not allow something else",
)
REFUSAL_NOT_KEPT: Final = Event(
    "refusal_not_kept", ("error",), "there was no room to keep a refusal for auditors", warns=True
)
AUTHENTICATION_FAILED: Final = Event(
    "authentication_failed", ("request", "error"), "somebody did not show who he is", warns=True
)
CONFLICT: Final = Event(
    "conflict",
    ("request", "error", "command_id"),
    "somebody else was first, or the command id stands for something else",
)
RETRIED: Final = Event(
    "retried",
    ("attempt", "pause", "error"),
    "others stood in the way; the transaction begins again after a pause, seconds",
)
STORAGE_FAILED: Final = Event(
    "storage_failed",
    ("request", "error", "command_id"),
    "the database or the evidence store failed; the command may be repeated",
    warns=True,
)

BATCH_COMMITTED: Final = Event(
    "batch_committed",
    ("recorded", "unchanged", "refused", "failed"),
    "a transaction of a batch was committed, so many lines came to what",
)
BATCH_LINE_FAILED: Final = Event(
    "batch_line_failed",
    ("outcome", "error"),
    "a line of a batch was invalid, named what is not there, or came too late",
)

SEALED: Final = Event("sealed", ("count",), "records that waited are leaves of the log")
VERIFICATION_PROCESS_LOST: Final = Event(
    "verification_process_lost",
    ("pid",),
    "a process that verified beside others ended; its share is verified by those that are left",
    warns=True,
)
VERIFICATION_PROCESS_SILENT: Final = Event(
    "verification_process_silent",
    ("pid",),
    "a process that verifies beside others has answered nothing for a while, and is waited for",
    warns=True,
)
VERIFICATION_PROCESS_REFUSED: Final = Event(
    "verification_process_refused",
    ("why",),
    "the machine started fewer processes than were to verify",
    warns=True,
)
CHECKPOINT_SIGNED: Final = Event("checkpoint_signed", ("size", "root"), "the log was signed")
CHECKPOINT_KEPT: Final = Event(
    "checkpoint_kept", ("size", "places"), "a checkpoint lies in so many places outside"
)
CHECKPOINT_REFUSED: Final = Event(
    "checkpoint_refused", ("findings",), "the log may not be signed", warns=True
)
WATCH_FOUND: Final = Event(
    "watch_found",
    ("findings",),
    "log and checkpoints do not fit together, or a record waits for too long",
    warns=True,
)
VERIFIED: Final = Event(
    "verified", ("records", "streams", "seconds"), "everything was verified, and is sound"
)
VERIFICATION_FAILED: Final = Event(
    "verification_failed",
    ("records", "streams", "seconds", "findings"),
    "verification found something, by codes",
    warns=True,
)
BUNDLE_WRITTEN: Final = Event(
    "bundle_written",
    ("size", "records", "evidence"),
    "an archive for an auditor was written",
)

PERSON_NAMED: Final = Event("person_named", ("actor",), "somebody's name is kept, or another one")
ERASED: Final = Event(
    "erased", ("files", "command_id"), "somebody's data are gone, and so many files of his"
)
ERASURE_UNFINISHED: Final = Event(
    "erasure_unfinished",
    ("error", "command_id"),
    "an erasure is recorded, but not all is gone: repeat the command",
    warns=True,
)

ALL: Final = tuple(one for one in tuple(globals().values()) if isinstance(one, Event))
"""Every event there is, in the order of this page."""
