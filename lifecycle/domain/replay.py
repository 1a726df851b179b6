"""Replay: the fold of records into the state they amount to, at any moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from lifecycle.domain.errors import HistoryBroken
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Assignment, DefinitionRef, Evidence, Head
from lifecycle.domain.record import Record
from lifecycle.domain.values import quick

_ACTS = ("enrolled", "advanced")


@quick
@dataclass(frozen=True, slots=True)
class Move:
    """A transition that was made, by whom and for whom, out of which state, and its place."""

    name: str
    actor: str
    state: str
    sequence: int
    effective_on: date
    on_behalf_of: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Filed:
    """A piece of evidence and the record that it came with."""

    evidence: Evidence
    transition: str
    sequence: int


@quick
@dataclass(frozen=True, slots=True)
class Participation:
    """Where a school stands.

    Args:
        school: Id of the school.
        roadmap: Road map it takes part under.
        title: Name of the school.
        definition: Rules pinned at enrolment.
        state: Current state.
        head: Last record folded.
        entered_at: When the state was entered, as recorded, UTC.
        entered_on: Date of the act that led into the state.
        facts: Latest value of each fact.
        evidence: All evidence, in order.
        moves: All transitions made, in order.
        entered_sequence: Record that led into the state.
        assignments: Roles held on the school.
    """

    school: str
    roadmap: str
    title: str
    definition: DefinitionRef
    state: str
    head: Head
    entered_at: datetime
    entered_on: date
    entered_sequence: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Filed, ...] = ()
    moves: tuple[Move, ...] = ()
    assignments: tuple[Assignment, ...] = ()

    @property
    def version(self) -> int:
        """Sequence number of the last record."""
        return self.head.version

    @property
    def moves_here(self) -> tuple[Move, ...]:
        """The transitions made since the current state was entered."""
        return tuple(move for move in self.moves if move.sequence > self.entered_sequence)


def fold(records: Iterable[Record]) -> Participation | None:
    """Return what the records of one school's stream amount to; ``None`` for no record.

    Raises:
        HistoryBroken: A record does not follow from those before it.
    """
    participation: Participation | None = None
    for record in records:
        try:
            participation = after(participation, record)
        except ValueError as error:
            place = {"sequence": record.sequence, "stream": record.stream}
            template = "record {sequence} of {stream} does not follow from those before it"
            raise HistoryBroken(detail=Message(template, place)) from error
    return participation


def after(before: Participation | None, record: Record) -> Participation:
    """Return the participation after *record*.

    Raises:
        ValueError: The stream does not begin with an enrolment, or begins twice.
    """
    if before is None:
        return _enrolled(record)
    if record.kind == "advanced":
        return _advanced(before, record)
    if record.kind in ("role_assigned", "role_revoked"):
        held = assignments_after(before.assignments, record)
        return replace(before, head=record.head, assignments=held)
    raise ValueError(f"a {record.kind} record has no place in {record.stream}")


def _enrolled(record: Record) -> Participation:
    facts = record.facts or {}
    if record.kind != "enrolled" or record.definition is None or record.target is None:
        raise ValueError(f"{record.stream} does not begin with an enrolment")
    return Participation(
        school=facts["school"],
        roadmap=facts["roadmap"],
        title=facts["title"],
        definition=record.definition,
        state=record.target,
        head=record.head,
        entered_at=record.recorded_at,
        entered_on=record.effective_on,
        entered_sequence=record.sequence,
    )


def _advanced(before: Participation, record: Record) -> Participation:
    if record.source != before.state or record.target is None or record.transition is None:
        raise ValueError(
            f"{record.stream} record {record.sequence} leaves {record.source},"
            f" but the school was in {before.state}"
        )
    move = Move(
        record.transition,
        record.actor.id,
        record.source,
        record.sequence,
        record.effective_on,
        record.actor.on_behalf_of,
    )
    filed = [Filed(piece, record.transition, record.sequence) for piece in record.evidence]
    moved = record.target != record.source
    # Member by member: ``replace`` looks up what a class consists of every time.
    return Participation(
        school=before.school,
        roadmap=before.roadmap,
        title=before.title,
        definition=before.definition,
        state=record.target,
        head=record.head,
        entered_at=record.recorded_at if moved else before.entered_at,
        entered_on=record.effective_on if moved else before.entered_on,
        entered_sequence=record.sequence if moved else before.entered_sequence,
        facts={**before.facts, **(record.facts or {})},
        evidence=(*before.evidence, *filed),
        moves=(*before.moves, move),
        assignments=before.assignments,
    )


def assignments_after(before: tuple[Assignment, ...], record: Record) -> tuple[Assignment, ...]:
    """Return the roles held after *record*, given those held before it in the same stream."""
    facts = record.facts or {}
    if record.kind == "role_assigned":
        given = Assignment(
            record.record_id, record.stream, facts["actor"], facts["role"], record.sequence
        )
        return (*before, given)
    if record.kind == "role_revoked":
        return tuple(one for one in before if one.record_id != facts["assignment"])
    return before


def roles_on(records: Iterable[Record], day: date) -> frozenset[str]:
    """Return the roles held by assignments standing in *records* on *day*, by their own dates."""
    held: tuple[Assignment, ...] = ()
    for record in records:
        if record.effective_on <= day:
            held = assignments_after(held, record)
    return frozenset(one.role for one in held)


def known_at(records: Sequence[Record], moment: datetime) -> list[Record]:
    """Return what had been written down by *moment* (UTC): «what was known then»."""
    return [record for record in records if record.recorded_at <= moment]


def counts_from(records: Sequence[Record]) -> list[date]:
    """Return from which day on each record of one school's stream counts as true.

    An act counts from the date it bears, but never before the acts it followed: a school cannot
    have left a state before it entered it, whatever the dates say. The enrolment counts from the
    first act at the latest: paper is often entered after the fact. Assignments count from the
    date they bear, and not before the enrolment.
    """
    acts = [record.effective_on for record in records if record.kind in _ACTS]
    begun = since = min(acts[:2], default=date.max)
    days: list[date] = []
    for record in records:
        if record.kind == "advanced":
            since = max(since, record.effective_on)
        days.append(since if record.kind in _ACTS else max(begun, record.effective_on))
    return days


def true_on(records: Sequence[Record], day: date) -> list[Record]:
    """Return what had happened by the end of *day* in one school's stream: «what was true then».

    ``counts_from`` tells from which day on a record counts.
    """
    dated = zip(records, counts_from(records), strict=True)
    return [record for record, since in dated if since <= day]


def as_of(records: Sequence[Record], moment: datetime | None, day: date | None) -> list[Record]:
    """Return what of one school's stream was known at *moment* and true on *day*.

    Args:
        records: The stream in order.
        moment: By recorded time, UTC; ``None`` for everything that is known.
        day: By effective date; ``None`` for every day.
    """
    known = list(records) if moment is None else known_at(records, moment)
    return known if day is None else true_on(known, day)
