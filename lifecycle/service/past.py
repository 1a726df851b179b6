"""The past: schools as they were, by what was known and by what was true, from records alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from lifecycle.domain.dates import Day, day_of, place_date
from lifecycle.domain.errors import HistoryBroken, InvalidDate, UnknownRoadmap, UnknownSchool
from lifecycle.domain.messages import Message
from lifecycle.domain.model import RefusedAttempt, Standing, participation_stream, roadmap_stream
from lifecycle.domain.replay import Participation, after, as_of, counts_from, fold
from lifecycle.service.results import Snapshot, StatusRow

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.ports import Reading
    from lifecycle.domain.record import Record
    from lifecycle.service.context import Context


@dataclass(frozen=True, slots=True)
class When:
    """As of when the past is asked for.

    Args:
        at: Only what had been recorded by this moment, UTC; ``None`` for everything.
        on: Only acts that count by this day; ``None`` for all.
    """

    at: datetime | None = None
    on: date | None = None

    @classmethod
    def of(cls, at: datetime | None, on: Day) -> When:
        """Return what a caller asks for.

        Raises:
            InvalidDate: *at* is not aware, or *on* is no date.
        """
        if at is not None and at.tzinfo is None:
            raise InvalidDate(value=at.isoformat())
        return cls(None if at is None else at.astimezone(UTC), day_of(on))

    def today(self, now: datetime, definition: Definition) -> date:
        """Return the day by which lateness is judged, at the place of the road map."""
        return self.on or place_date(self.at or now, definition)


@dataclass(frozen=True, slots=True)
class Histories:
    """Every school's records in one consistent view; alive while the view is open.

    Args:
        origin: Id of the installation.
        records: How many records all streams hold, those of other streams included.
        read_at: When the view was opened, UTC.
        checkpoint: The latest signed checkpoint of the log, as text, if one is kept.
        schools: Yields rules and records of one school after the other, sorted by id.
    """

    origin: str
    records: int
    read_at: datetime
    checkpoint: str | None
    schools: Iterator[tuple[Definition, list[Record]]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a school's timeline.

    Args:
        record: As it is in the history.
        state: State of the school as known from then on.
        recorded_on: Day of recording at the place of the road map.
        true_from: Day from which the record counts, when one asks what was true.
    """

    record: Record
    state: str
    recorded_on: date
    true_from: date

    @property
    def days_between(self) -> int:
        """Calendar days from the date the act bears to the day it was written down."""
        return (self.recorded_on - self.record.effective_on).days


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that happened with a school.

    Args:
        definition: Rules pinned at enrolment.
        entries: The records in order.
        refusals: What was tried and not allowed, oldest first; kept outside the history.
    """

    definition: Definition
    entries: tuple[Entry, ...]
    refusals: tuple[RefusedAttempt, ...]


def snapshot(school: str, records: Sequence[Record], when: When) -> Snapshot:
    """Return a school as it was."""
    return Snapshot(school, fold(as_of(records, when.at, when.on)), when.at, when.on)


def row(context: Context, standing: Standing, today: date) -> StatusRow:
    """Return a row of the board, late or in time on *today*."""
    due = standing.due_on
    late = None if due is None else context.calendar.days_late(due, today)
    return StatusRow(standing, late)


def board(
    context: Context, when: When, school: str | None, roadmap: str | None
) -> Iterator[StatusRow]:
    """Yield the board as it was, sorted by road map and school."""
    from lifecycle.domain.decide import standing_of

    now = context.clock.now()
    with context.journal.auditing() as view:
        check_known(context, view, school, roadmap)
        # A school stays under its road map, so that the board of today is in the same order.
        schools = (one.school for one in view.standings(school, roadmap))
        for definition, records in _read(context, view, schools, roadmap):
            participation = fold(as_of(records, when.at, when.on))
            if participation is not None:
                today = when.today(now, definition)
                yield row(context, standing_of(participation, definition), today)


@contextmanager
def histories(context: Context, roadmap: str | None = None) -> Iterator[Histories]:
    """Open the histories of all schools, or of those under *roadmap*."""
    with context.journal.auditing() as view:
        check_known(context, view, None, roadmap)
        total = sum(head.version for head in view.streams())
        read = _read(context, view, view.schools(), roadmap)
        latest = next((kept.note for kept in reversed(view.log.checkpoints())), None)
        yield Histories(view.origin, total, context.clock.now(), latest, read)


def _read(
    context: Context, view: Reading, schools: Iterable[str], roadmap: str | None
) -> Iterator[tuple[Definition, list[Record]]]:
    for school in schools:
        records = view.records(participation_stream(school))
        if records and roadmap in (None, (records[0].facts or {}).get("roadmap")):
            yield _rules(context, view, records[0]), records


def _rules(context: Context, view: Reading, first: Record) -> Definition:
    if first.definition is None:
        detail = Message("{stream} does not begin with an enrolment", {"stream": first.stream})
        raise HistoryBroken(detail=detail)
    return context.definition(view, first.definition.digest)


def timeline(context: Context, school: str) -> Timeline:
    """Return every record of a school with what became known and true by it, and refusals."""
    stream = participation_stream(school)
    with context.journal.reading() as view:
        check_known(context, view, school, None)
        records, refusals = view.records(stream), tuple(view.refused(stream))
        definition = _rules(context, view, records[0])
    fold(records)  # A stream that does not follow from itself has no timeline.
    entries = list[Entry]()
    known: Participation | None = None
    for record, true_from in zip(records, counts_from(records), strict=True):
        known = after(known, record)
        recorded_on = place_date(record.recorded_at, definition)
        entries.append(Entry(record, known.state, recorded_on, true_from))
    return Timeline(definition, tuple(entries), tuple(refusals))


def check_known(context: Context, view: Reading, school: str | None, roadmap: str | None) -> None:
    """Refuse to answer on what there is not.

    Raises:
        UnknownSchool: *school* is not enrolled.
        UnknownRoadmap: *roadmap* is neither in force nor shipped.
    """
    if school is not None and view.first(participation_stream(school)) is None:
        raise UnknownSchool(school, view.schools())
    if roadmap is not None and not view.head(roadmap_stream(roadmap)).version:
        known = context.definitions.roadmaps()
        if roadmap not in known:
            raise UnknownRoadmap(roadmap, known)
