"""What the engine answers: where schools stand, where they stood, and how they came there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from lifecycle.domain.dates import Day, day_of, zone_date
from lifecycle.domain.errors import InvalidInput, UnknownRoadmap, UnknownSchool
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    participation_stream,
    roadmap_stream,
)
from lifecycle.service import past
from lifecycle.service.arguments import told_by_name

if TYPE_CHECKING:
    from lifecycle.domain.record import Record
    from lifecycle.domain.tally import Tally
    from lifecycle.service.context import Context
    from lifecycle.service.results import Outlook, Snapshot, StatusRow
    from lifecycle.service.stats import Stats

_FURTHEST: Final = 2**63 - 1  # what databases count up to


@told_by_name
class Answers:
    """The half of the engine that reads.

    Args:
        context: The adapters.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def context(self) -> Context:
        """The adapters in use, for verification and for tools that stand beside the engine."""
        return self._context

    def explain(self, school: str, *, actor: Actor | None = None) -> Outlook:
        """Return every transition out of the current state and what stands in its way.

        Args:
            school: Id of the school.
            actor: For whom; without one, the role is listed as a requirement.
        """
        # Here and below: one process asks for few use cases.
        from lifecycle.service import participation

        return participation.explain(self._context, school, actor)

    def status(self, school: str | None = None, *, roadmap: str | None = None) -> list[StatusRow]:
        """Return the board, sorted by road map and school.

        Raises:
            UnknownSchool: *school* is not enrolled.
            UnknownRoadmap: *roadmap* is neither in force nor shipped.
        """
        return list(self.status_each(school, roadmap=roadmap))

    def status_each(
        self, school: str | None = None, *, roadmap: str | None = None
    ) -> Iterator[StatusRow]:
        """Yield what ``status`` returns, in one view, without holding all in memory.

        Raises:
            UnknownSchool, UnknownRoadmap: As ``status``.
        """
        now, today, row = self._context.clock.now(), dict[str, date](), None
        with self._context.journal.reading() as view:
            for one in view.standings(school, roadmap):
                if one.definition not in today:
                    zone = self._context.time_zone(view, one.definition)
                    today[one.definition] = zone_date(now, zone)
                row = past.row(self._context, one, today[one.definition])
                yield row
            if row is None:
                past.check_known(self._context, view, school, roadmap)

    def records(
        self,
        school: str | None = None,
        *,
        roadmap: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Iterator[Record]:
        """Yield records of one stream in order, in one view, without holding all in memory.

        The view is open until the last record is taken or the iterator is closed. Record nothing
        meanwhile: on SQLite with a rollback journal (decision 0003) whoever commits waits for
        whoever reads, and a thread that does both waits for itself, until it gets
        ``DatabaseLocked`` (LC504). Take the records into a list first.

        Args:
            school: Those of this school.
            roadmap: Or those of this road map; of neither, those on actors and administrators.
            after: Only those behind this place: the sequence of the last one that is known.
            limit: So many at most.

        Raises:
            UnknownSchool: The school is not enrolled.
            UnknownRoadmap: The road map is not in force.
            InvalidInput: A number is below 0.
        """
        for name, value in (("after", after), ("limit", limit or 0)):
            if value < 0:
                facts = {"value": value, "least": 0}
                detail = Message("{value} is not a whole number of {least} or more", facts)
                raise InvalidInput(what=name, detail=detail)
        if school is not None:
            stream = participation_stream(school)
        else:
            stream = INSTALLATION if roadmap is None else roadmap_stream(roadmap)
        with self._context.journal.reading() as view:
            if not view.head(stream).version:
                if school is not None:
                    raise UnknownSchool(school, view.schools())
                if roadmap is not None:
                    raise UnknownRoadmap(roadmap, self._context.definitions.roadmaps())
            rows = view.each(stream, after=min(after, _FURTHEST))
            yield from islice(rows, None if limit is None else min(limit, _FURTHEST))

    def overview(self, *, roadmap: str | None = None, on: Day = None) -> Tally:
        """Return the board in figures: schools by state, and who has not left his state in time.

        As ``status`` it looks at where schools stand now; for a whole nation it takes a fraction
        of the time, because rows become no objects and no history is read. What is to be
        submitted, and what the office is to do, is in ``plans.due``.

        Args:
            roadmap: Only schools under this road map.
            on: The day that lateness is judged on; today at the place of each road map if ``None``.

        Raises:
            UnknownRoadmap: It is neither in force nor shipped.
            InvalidDate: *on* is no date.
        """
        from lifecycle.service.overview import overview

        return overview(self._context, roadmap, day_of(on))

    def history(self, school: str) -> list[Record]:
        """Return the records of a school in order; ``records`` holds fewer of them at once.

        Raises:
            UnknownSchool: It is not enrolled.
        """
        return list(self.records(school))

    def administration(self, roadmap: str | None = None) -> list[Record]:
        """Return the records on actors and administrators, or those of a road map in force.

        Raises:
            UnknownRoadmap: The road map is not in force.
        """
        return list(self.records(roadmap=roadmap))

    def replay(self, school: str, *, at: datetime | None = None, on: Day = None) -> Snapshot:
        """Return a school as it was, computed from its records alone.

        Args:
            school: Id of the school.
            at: «What was known then»: only what had been recorded by this moment (aware).
            on: «What was true then»: only acts that bear this date or an earlier one.

        Raises:
            UnknownSchool: It is not enrolled.
            InvalidDate: *at* is not aware, or *on* is no date.
        """
        return past.snapshot(school, self.history(school), past.When.of(at, on))

    def replay_all(
        self, *, roadmap: str | None = None, at: datetime | None = None, on: Day = None
    ) -> Iterator[Snapshot]:
        """Yield every school that took part then, as ``replay`` returns it, sorted by id.

        Args:
            roadmap: Only schools under this road map.
            at: As for ``replay``.
            on: As for ``replay``.

        Raises:
            UnknownRoadmap: *roadmap* is neither in force nor shipped.
            InvalidDate: As for ``replay``.
        """
        for one, _ in self.replay_each(roadmap=roadmap, at=at, on=on):
            yield one

    def replay_each(
        self, *, roadmap: str | None = None, at: datetime | None = None, on: Day = None
    ) -> Iterator[tuple[Snapshot, list[Record]]]:
        """Yield what ``replay_all`` yields, each with all records of the school.

        Raises:
            UnknownRoadmap, InvalidDate: As ``replay_all``.
        """
        when = past.When.of(at, on)
        with self.histories(roadmap) as found:
            for _, records in found.schools:
                one = past.snapshot(records[0].stream.partition("/")[2], records, when)
                if one.participation is not None:
                    yield one, records

    def board(
        self,
        school: str | None = None,
        *,
        roadmap: str | None = None,
        at: datetime | None = None,
        on: Day = None,
    ) -> list[StatusRow]:
        """Return the board as it was, computed from the records alone; sorted as ``status``.

        Deadlines and lateness are judged as of then: on the day *on*, or else on the day of *at*
        at the place of the road map. Schools that did not take part yet have no row.

        Args:
            school: Only this school.
            roadmap: Only schools under this road map.
            at: «What was known then», aware.
            on: «What was true then».

        Raises:
            UnknownSchool, UnknownRoadmap: As for ``status``.
            InvalidDate: As for ``replay``.
        """
        return list(self.board_each(school, roadmap=roadmap, at=at, on=on))

    def board_each(
        self,
        school: str | None = None,
        *,
        roadmap: str | None = None,
        at: datetime | None = None,
        on: Day = None,
    ) -> Iterator[StatusRow]:
        """Yield what ``board`` returns, in one view, one school's records in memory at a time.

        Raises:
            UnknownSchool, UnknownRoadmap, InvalidDate: As ``board``.
        """
        return past.board(self._context, past.When.of(at, on), school, roadmap)

    def histories(self, roadmap: str | None = None) -> AbstractContextManager[past.Histories]:
        """Open the histories of all schools, read one after the other in one consistent view.

        Raises:
            UnknownRoadmap: *roadmap* is neither in force nor shipped.
        """
        return past.histories(self._context, roadmap)

    def stats(self, *, evidence: bool = False) -> Stats:
        """Return the installation in figures; cheap, whatever the number of records.

        Args:
            evidence: Count the evidence files, too; each of them is looked at.

        Raises:
            EvidenceUnreadable: The evidence store cannot be read.
        """
        from lifecycle.service.stats import stats

        return stats(self._context, evidence=evidence)

    def timeline(self, school: str) -> past.Timeline:
        """Return every record of a school with what became known and true by it.

        Raises:
            UnknownSchool: It is not enrolled.
        """
        return past.timeline(self._context, school)
