"""Between the values of the domain and the rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Row

from lifecycle.domain.model import Assignment, Head, RefusedAttempt, Standing
from lifecycle.domain.ports import StoredRecord
from lifecycle.domain.record import Record, empty_head, moment_from, moment_text
from lifecycle.storage import tables

_PLACED: Final = ("stream", "sequence", "hash", "body")
INDEX_COLUMNS: Final = tuple(
    column.name for column in tables.records.columns if column.name not in _PLACED
)
"""Names of the columns of ``records`` beside place, hash and body: those of ``Record.columns``."""


def record_row(record: Record) -> dict[str, Any]:
    """Return the row of ``records``: the body as it was hashed, and the index on it."""
    return {
        "stream": record.stream,
        "sequence": record.sequence,
        "hash": record.hash,
        "body": record.body,
        **record.columns,
    }


def stored_record(row: Row[Any]) -> StoredRecord:
    """Read a row of ``records`` believing nothing, not even that a body is bytes."""
    values = row._mapping
    return StoredRecord(
        stream=values["stream"],
        sequence=values["sequence"],
        hash=values["hash"],
        body=_as_bytes(values["body"]),
        columns={name: values[name] for name in INDEX_COLUMNS},
    )


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "backslashreplace")


def head_row(record: Record) -> dict[str, Any]:
    """Return the row of ``streams`` after *record*."""
    return {
        "stream": record.stream,
        "version": record.sequence,
        "hash": record.hash,
        "recorded_at": moment_text(record.recorded_at),
    }


def head_from(origin: str, stream: str, row: Row[Any] | None) -> Head:
    """Read a row of ``streams`` (version, hash, recorded_at), or make the head before the first."""
    if row is None:
        return empty_head(origin, stream)
    return Head(origin, stream, row.version, row.hash, moment_from(row.recorded_at))


def standing_row(standing: Standing) -> dict[str, Any]:
    """Return the row of ``standings``."""
    return {
        "school": standing.school,
        "roadmap": standing.roadmap,
        "title": standing.title,
        "definition": standing.definition,
        "state": standing.state,
        "version": standing.version,
        "entered_at": moment_text(standing.entered_at),
        "entered_on": standing.entered_on.isoformat(),
        "due_on": standing.due_on.isoformat() if standing.due_on else None,
        "final": int(standing.final),
    }


def standing_from(row: Row[Any]) -> Standing:
    """Read a row of ``standings``."""
    return Standing(
        school=row.school,
        roadmap=row.roadmap,
        title=row.title,
        definition=row.definition,
        state=row.state,
        version=row.version,
        entered_at=moment_from(row.entered_at),
        entered_on=date.fromisoformat(row.entered_on),
        due_on=date.fromisoformat(row.due_on) if row.due_on is not None else None,
        final=bool(row.final),
    )


def assignment_row(assignment: Assignment) -> dict[str, Any]:
    """Return the row of ``assignments``."""
    return {
        "record_id": assignment.record_id,
        "stream": assignment.stream,
        "sequence": assignment.sequence,
        "actor": assignment.actor,
        "role": assignment.role,
    }


def assignment_from(row: Row[Any]) -> Assignment:
    """Read a row of ``assignments``."""
    return Assignment(row.record_id, row.stream, row.actor, row.role, row.sequence)


def unmet_text(unmet: tuple[Mapping[str, Any], ...]) -> str:
    """Write the reasons of a refusal as JSON; escaped, because attempts may hold any text."""
    return json.dumps([dict(one) for one in unmet], default=str)


def refusal_row(attempt: RefusedAttempt) -> dict[str, Any]:
    """Return the row of ``refusals``, without its id."""
    return {
        "at": moment_text(attempt.at),
        "stream": attempt.stream,
        "actor": attempt.actor,
        "what": attempt.what,
        "command_id": attempt.command_id,
        "unmet": unmet_text(attempt.unmet),
    }
