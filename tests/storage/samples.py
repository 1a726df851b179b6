"""Real records for the tests, also for those that run in processes of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from lifecycle.domain.model import DefinitionRef, Head, Standing
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import ActedAs, Kind, Record

ORIGIN = "installation-of-the-tests"
STREAM = "participation/school-1"
START = datetime(2022, 3, 1, 9, 0, tzinfo=UTC)
DIGEST = "d" * 64


# What each kind of record states besides; others may state anything.
_FACTS: dict[str, dict[str, str]] = {
    "enrolled": {"school": "school-1", "roadmap": "tomari-2022", "title": "Школа № 1"},
    "role_assigned": {"actor": "ana", "role": "curator"},
    "installed": {"maximum_merge_delay": "60"},
}


def record_after(head: Head, kind: Kind = "advanced", **members: Any) -> Record:
    """Return a sound record that follows *head*; *members* replace its own."""
    sequence = head.version + 1
    values: dict[str, Any] = {
        "origin": head.origin,
        "stream": head.stream,
        "sequence": sequence,
        "previous": head.hash,
        "record_id": str(uuid4()),
        "command_id": str(uuid4()),
        "request": "0" * 64,
        "kind": kind,
        "actor": ActedAs("coordinator", "school_coordinator", "assignment-1", "host:tests"),
        "recorded_at": START + timedelta(seconds=sequence),
        "effective_on": date(2022, 2, 28),
        "facts": _FACTS.get(kind, {}),
        "consulted": {},
    }
    if kind == "advanced":
        values |= {
            "transition": "start_questionnaire",
            "source": "selected",
            "target": "questionnaire",
            "definition": DefinitionRef("500plus", "1", DIGEST),
            "facts": {"risks": [{"factor": "low_equipment", "significance": "высокая"}]},
        }
    return Record(**{**values, **members})


def standing_after(record: Record, **members: Any) -> Standing:
    """Return the row of the board after *record*; *members* replace its own."""
    values: dict[str, Any] = {
        "school": record.stream.partition("/")[2],
        "roadmap": "tomari-2022",
        "title": "МБОУ СОШ с. Красногорск",
        "definition": DIGEST,
        "state": record.target or "selected",
        "version": record.sequence,
        "entered_at": record.recorded_at,
        "entered_on": record.effective_on,
        "due_on": date(2022, 4, 1),
        "final": False,
    }
    return Standing(**{**values, **members})


def append(tx: Writing, stream: str = STREAM, kind: Kind = "advanced", **members: Any) -> Record:
    """Append a sound record to *stream*, with its row of the board where it has one."""
    record = record_after(tx.lock(stream), kind, **members)
    tx.append(record, standing_after(record) if stream.startswith("participation/") else None)
    return record
