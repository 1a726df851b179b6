"""What stands in the tables, row by row, as JSON values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.fulfilment import ActivityStatus
    from lifecycle.domain.indicators import Reading as IndicatorReading
    from lifecycle.domain.model import Standing
    from lifecycle.domain.record import Record

Row = dict[str, Any]
"""Values by column; what is left out is NULL."""


def definition_row(one: Definition) -> Row:
    """Return the row of a set of rules."""
    return {
        "definition": one.ref.digest,
        "programme": one.programme,
        "version": one.ref.version,
        "roadmap": one.roadmap.id,
        "region": one.roadmap.region,
        "time_zone": one.roadmap.time_zone,
        "starts_on": one.roadmap.start.isoformat(),
        "ends_on": one.roadmap.end.isoformat(),
    }


def participation_row(one: Standing) -> Row:
    """Return the row of a school; its name is not in it."""
    return {
        "school": one.school,
        "roadmap": one.roadmap,
        "definition": one.definition,
        "state": one.state,
        "version": one.version,
        "entered_at": moment_text(one.entered_at),
        "entered_on": one.entered_on.isoformat(),
        "due_on": _day(one.due_on),
        "final": one.final,
    }


def place_of(record: Record, roadmap: str | None) -> Row:
    """Return where a record stands.

    Args:
        record: The record.
        roadmap: Under which the school of the stream takes part, as its enrolment says.
    """
    kind, _, name = record.stream.partition("/")
    return {
        "stream": record.stream,
        "sequence": record.sequence,
        "school": name if kind == "participation" else None,
        "roadmap": name if kind == "roadmap" else roadmap if kind == "participation" else None,
    }


def record_row(record: Record, place: Row) -> Row:
    """Return the row of a record; who acted is not in it."""
    return {
        **place,
        "record_id": record.record_id,
        "hash": record.hash,
        "kind": record.kind,
        "transition": record.transition,
        "source": record.source,
        "target": record.target,
        "definition": record.definition.digest if record.definition else None,
        "role": record.actor.role,
        "known_by": record.actor.authentication.partition(":")[0],
        "stood_in": record.actor.on_behalf_of is not None,
        "recorded_at": moment_text(record.recorded_at),
        "effective_on": record.effective_on.isoformat(),
        "due_on": _day(record.due_on),
        "reason": record.reason,
        "pieces": len(record.evidence),
    }


def evidence_rows(record: Record, place: Row) -> Iterator[Row]:
    """Yield the rows of its evidence; names of files, links and numbers are not in them."""
    for number, piece in enumerate(record.evidence, 1):
        yield {
            **place,
            "place": number,
            "kind": piece.kind,
            "item": piece.item,
            "form": piece.form,
            "sha256": piece.sha256,
            "size": piece.size,
            "media_type": piece.media_type,
            "personal": piece.content is not None,
        }


def fact_rows(record: Record, place: Row) -> Iterator[Row]:
    """Yield the rows of facts; those of other records than transitions name people and schools."""
    if record.transition is None:
        return
    for name, value in (record.facts or {}).items():
        yield {**place, "transition": record.transition, "fact": name, "value": value}


def activity_row(roadmap: str, one: ActivityStatus, on: date) -> Row:
    """Return the row of an occurrence of an activity."""
    return {
        "roadmap": roadmap,
        "activity": one.activity.key,
        "occurrence": one.occurrence.name,
        "on_day": on.isoformat(),
        "fulfilled_by": one.by,
        "state": one.state,
        "due_on": _day(one.due_on),
        "closed_on": _day(one.closed_on),
        "days_overdue": one.days_overdue,
        "fulfilled": len(one.fulfilled),
        "missing": len(one.missing),
    }


def indicator_row(roadmap: str, one: IndicatorReading, on: date) -> Row:
    """Return the row of an indicator."""
    return {
        "roadmap": roadmap,
        "indicator": one.indicator.key,
        "activity": one.indicator.activity,
        "on_day": on.isoformat(),
        "unit": one.indicator.unit,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "value": None if one.value is None else float(one.value),
        "target": one.indicator.target,
        "met": one.met,
        "missing": len(one.missing),
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()
