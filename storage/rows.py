"""Between the values of the domain and the rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from functools import lru_cache
from typing import Any, Final

import orjson

from lifecycle.domain.canonical import Codec
from lifecycle.domain.model import (
    Assignment,
    Credential,
    Head,
    RefusedAttempt,
    SchoolMove,
    Standing,
)
from lifecycle.domain.record import Record, moment_from, moment_text
from lifecycle.domain.spans import StoredRecord
from lifecycle.storage import tables
from lifecycle.storage.session import Values

_PLACED: Final = ("stream", "sequence", "hash", "body")
INDEX_COLUMNS: Final = tuple(
    column.name for column in tables.records.columns if column.name not in _PLACED
)
"""Names of the columns of ``records`` beside place, hash and body: those of ``Record.columns``."""

STORED_COLUMNS: Final = (*_PLACED, *INDEX_COLUMNS)
STANDING_COLUMNS: Final = tuple(member.name for member in fields(Standing))
STANDING_MOVED: Final = tuple(
    name for name in STANDING_COLUMNS if name not in ("school", "roadmap", "title", "definition")
)
"""What a transition changes; the rest is pinned at enrolment, and has indexes on it."""
ASSIGNMENT_COLUMNS: Final = tuple(member.name for member in fields(Assignment))
CREDENTIAL_COLUMNS: Final = tuple(member.name for member in fields(Credential))
REFUSAL_COLUMNS: Final = tuple(member.name for member in fields(RefusedAttempt))


def _written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


CODEC: Final = Codec(orjson.loads, _written)
"""Bodies are read twice as fast with it, see ``Record.decode``."""

# What no sound row has.
_NO_MOMENT: Final = "1000-01-01T00:00:00.000000Z"
_NO_DAY: Final = "1000-01-01"
_FINAL: Final = {0: False, 1: True}


def as_bytes(value: object) -> bytes:
    """Return a stored value as bytes, even where somebody put something else in their place."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "backslashreplace")


def names_file(body: bytes) -> bool:
    """Tell whether a stored body may name a file in the evidence store, without reading it."""
    return b'"form":"file"' in body


def record_row(record: Record) -> dict[str, Any]:
    """Return the row of ``records``: the body as it was hashed, and the index on it."""
    return {
        "stream": record.stream,
        "sequence": record.sequence,
        "hash": record.hash,
        "body": record.body,
        **record.columns,
    }


def stored_record(row: Values) -> StoredRecord:
    """Read a row of ``records`` (``STORED_COLUMNS``) believing nothing."""
    stream, sequence, last, body, *index = row
    columns = dict(zip(INDEX_COLUMNS, index, strict=True))
    return StoredRecord(readable_text(stream), sequence, last, as_bytes(body), columns)


def head_row(record: Record) -> dict[str, Any]:
    """Return the row of ``streams`` after *record*."""
    return {
        "stream": record.stream,
        "version": record.sequence,
        "hash": record.hash,
        "recorded_at": record.moment,
    }


def waiting_row(record: Record, since: str) -> dict[str, Any]:
    """Return the row of ``outbox`` or ``sealing_queue``, with the column of its time."""
    return {
        "stream": record.stream,
        "sequence": record.sequence,
        "hash": record.hash,
        since: record.moment,
    }


def head_from(origin: str, stream: str, version: int, last: str, recorded_at: str) -> Head:
    """Read a row of ``streams``.

    Raises:
        TypeError, ValueError: It holds no moment where it must.
    """
    return Head(origin, stream, version, last, moment_from(recorded_at))


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


@lru_cache(maxsize=1024)  # many rows bear few days
def _day(text: Any) -> date:
    """Read a day as it is written here: ISO 8601 has other spellings, which nothing of ours wrote.

    Raises:
        TypeError, ValueError: It is none.
    """
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(f"{text} is not a day written year-month-day")
    return day


def standing_from(row: Values) -> Standing:
    """Read a row of ``standings`` (``STANDING_COLUMNS``).

    Raises:
        TypeError, ValueError: It holds no date where it must.
    """
    values = dict(zip(STANDING_COLUMNS, row, strict=True))
    due_on = values["due_on"]
    values["entered_at"] = moment_from(values["entered_at"])
    values["entered_on"] = _day(values["entered_on"])
    values["due_on"] = _day(due_on) if due_on is not None else None
    # Anything else stays what it is, so that verification sees it.
    values["final"] = _FINAL.get(values["final"], values["final"])
    return Standing(**values)


def move_from(row: Values) -> SchoolMove:
    """Read a row of transitions: school, transition, source, target, dates, and a body or none.

    The dates are ``effective_on`` and that of the enrolment.

    Raises:
        KeyError, TypeError, ValueError: It holds no date, or no body, where it must.
    """
    school, transition, source, target, effective_on, enrolled_on, *body = row
    days = _day(effective_on), _day(enrolled_on)
    facts = orjson.loads(as_bytes(body[0]))["facts"] if body else {}
    return SchoolMove(school, transition, source, target, *days, facts)


def readable_moment(text: Any) -> str:
    """Return *text*, or the first moment of the year 1000 if it is none."""
    try:
        moment_from(text)
    except (TypeError, ValueError):
        return _NO_MOMENT
    return str(text)


def readable_text(found: Any) -> str:
    """Return *found*, or how it is written if it is no text."""
    return found if isinstance(found, str) else repr(found)


def readable_number(found: Any) -> int:
    """Return *found*, or -1 if it is no number."""
    return found if isinstance(found, int) else -1


def readable_standing(row: Values) -> Values:
    """Return a row of ``standings`` with the year 1000 in place of dates that are none."""
    values = dict(zip(STANDING_COLUMNS, row, strict=True))
    values["entered_at"] = readable_moment(values["entered_at"])
    for name in ("entered_on", "due_on"):
        try:
            _day(values[name] or "")
        except (TypeError, ValueError):
            if name == "entered_on" or values[name] is not None:
                values[name] = _NO_DAY
    return tuple(values.values())


def assignment_row(assignment: Assignment) -> dict[str, Any]:
    """Return the row of ``assignments``."""
    return {name: getattr(assignment, name) for name in ASSIGNMENT_COLUMNS}


def credential_row(credential: Credential) -> dict[str, Any]:
    """Return the row of ``credentials``."""
    return {name: getattr(credential, name) for name in CREDENTIAL_COLUMNS}


def refusal_row(attempt: RefusedAttempt) -> dict[str, Any]:
    """Return the row of ``refusals``, without its id."""
    reasons: list[Mapping[str, Any]] = [dict(one) for one in attempt.unmet]
    return {
        "at": moment_text(attempt.at),
        "stream": attempt.stream,
        "actor": attempt.actor,
        "what": attempt.what,
        "command_id": attempt.command_id,
        # Escaped, because an attempt may hold any text.
        "unmet": json.dumps(reasons, default=str),
    }


def refusal_from(row: Values) -> RefusedAttempt:
    """Read a row of ``refusals`` (``REFUSAL_COLUMNS``).

    Raises:
        TypeError, ValueError: It holds no moment or no reasons where it must.
    """
    values = dict(zip(REFUSAL_COLUMNS, row, strict=True))
    values["at"] = moment_from(values["at"])
    values["unmet"] = tuple(json.loads(values["unmet"]))
    return RefusedAttempt(**values)
