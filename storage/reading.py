"""Reading a history from the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import bindparam, func, literal_column, select

from lifecycle.domain.errors import DatabaseBroken, InvalidBody
from lifecycle.domain.model import (
    Assignment,
    Credential,
    Head,
    RefusedAttempt,
    SchoolMove,
    Standing,
    roadmap_stream,
)
from lifecycle.domain.record import Record, empty_head, moment_from
from lifecycle.domain.tally import Group
from lifecycle.storage import rows
from lifecycle.storage.leaf_records import logged
from lifecycle.storage.session import Session, Statement, Values
from lifecycle.storage.tables import (
    actors,
    assignments,
    credentials,
    definitions,
    records,
    refusals,
    standings,
    streams,
)

if TYPE_CHECKING:
    from lifecycle.storage.erasable import SqlErasable

_HEAD: Final = Statement(
    select(streams.c.version, streams.c.hash, streams.c.recorded_at).where(
        streams.c.stream == bindparam("stream")
    )
)
RECORDS: Final = Statement(
    select(records.c.sequence, records.c.body)
    .where(records.c.stream == bindparam("stream"))
    .order_by(records.c.sequence)
)
_after = records.c.sequence > bindparam("after")
_EACH_OF: Final = Statement(
    select(records.c.stream, records.c.sequence, records.c.body)
    .where(records.c.stream == bindparam("stream"), _after)
    .order_by(records.c.sequence)
)
_EACH: Final = Statement(
    select(records.c.stream, records.c.sequence, records.c.body)
    .where(_after)
    .order_by(records.c.stream, records.c.sequence)
)
# Times are written with a fixed width, so the greatest text is the latest.
_FIRST: Final = Statement(
    select(records.c.sequence, records.c.body)
    .where(records.c.stream == bindparam("stream"))
    .order_by(records.c.sequence)
    # Literals: SQLAlchemy would bind values of its own, which a Statement does not carry.
    .limit(literal_column("1"))
    .offset(literal_column("0"))
)
COMMAND: Final = Statement(
    select(records.c.stream, records.c.sequence, records.c.body).where(
        records.c.command_id == bindparam("command_id")
    )
)
_assignments = select(*(assignments.c[name] for name in rows.ASSIGNMENT_COLUMNS))
ASSIGNMENTS_IN: Final = Statement(
    _assignments.where(assignments.c.stream == bindparam("stream")).order_by(assignments.c.sequence)
)
HAS_ACTOR: Final = Statement(select(actors.c.actor).where(actors.c.actor == bindparam("actor")))
_ACTORS: Final = Statement(select(actors.c.actor).order_by(actors.c.actor))
_credentials = select(*(credentials.c[name] for name in rows.CREDENTIAL_COLUMNS))
_CREDENTIAL: Final = Statement(_credentials.where(credentials.c.id == bindparam("id")))
_CREDENTIALS: Final = Statement(_credentials.order_by(credentials.c.id))
_SCHOOLS: Final = Statement(select(standings.c.school).order_by(standings.c.school))
_board = select(*(standings.c[name] for name in rows.STANDING_COLUMNS)).order_by(
    standings.c.roadmap, standings.c.school
)
_of_school = standings.c.school == bindparam("school")
_of_roadmap = standings.c.roadmap == bindparam("roadmap")
# By what is asked for: a school, a road map.
_STANDINGS: Final = {
    (False, False): Statement(_board),
    (True, False): Statement(_board.where(_of_school)),
    (False, True): Statement(_board.where(_of_roadmap)),
    (True, True): Statement(_board.where(_of_school, _of_roadmap)),
}
_groups = select(standings.c.state, standings.c.due_on, func.count()).group_by(
    standings.c.state, standings.c.due_on
)
_GROUPS: Final = {False: Statement(_groups), True: Statement(_groups.where(_of_roadmap))}
# A literal, which is no text to SQLAlchemy: it would bind it as a value of its own.
_line_break: Any = literal_column("'\n'")
# One text of all names: a row for each takes longer than to find them. No name has a line break.
_group = select(func.aggregate_strings(standings.c.school, _line_break)).where(
    standings.c.state == bindparam("state"), standings.c.due_on == bindparam("due_on")
)
_GROUP: Final = {False: Statement(_group), True: Statement(_group.where(_of_roadmap))}
_ROADMAPS: Final = Statement(
    select(streams.c.stream)
    .where(streams.c.stream >= bindparam("first"), streams.c.stream <= bindparam("last"))
    .order_by(streams.c.stream)
)
_enrolments = records.alias("enrolments")
_of_school_there = literal_column("'participation/'").concat(standings.c.school)
_moves = (
    select(
        standings.c.school,
        records.c.transition,
        records.c.source,
        records.c.target,
        records.c.effective_on,
        _enrolments.c.effective_on,
    )
    .join_from(standings, records, records.c.stream == _of_school_there)
    .join(
        _enrolments,
        (_enrolments.c.stream == records.c.stream)
        & (_enrolments.c.sequence == literal_column("1")),
    )
    .where(_of_roadmap, records.c.transition.is_not(None))
    .order_by(standings.c.school, records.c.sequence)
)
# Without the bodies, unless facts are asked for: they are most of what would be read.
_MOVES: Final = {True: Statement(_moves.add_columns(records.c.body)), False: Statement(_moves)}
_HELD_ON_SCHOOLS: Final = Statement(
    _assignments.join_from(standings, assignments, assignments.c.stream == _of_school_there)
    .where(_of_roadmap)
    .order_by(standings.c.school, assignments.c.sequence)
)
_DEFINITION: Final = Statement(
    select(definitions.c.body).where(definitions.c.digest == bindparam("digest"))
)
LAST_ERASURE: Final = Statement(
    select(func.max(records.c.recorded_at)).where(
        records.c.kind == literal_column("'person_erased'")
    )
)
_refused = select(*(refusals.c[name] for name in rows.REFUSAL_COLUMNS)).order_by(refusals.c.id)
_REFUSED: Final = Statement(_refused)
_REFUSED_ON: Final = Statement(_refused.where(refusals.c.stream == bindparam("stream")))

# What reading a row ends in whose values are not of the form they must have.
UNSOUND: Final = (KeyError, ValueError, TypeError)

Value = TypeVar("Value")


class SqlReading:
    """One consistent view: everything is read in one transaction.

    Args:
        session: Inside a transaction.
        origin: Id of the installation.
    """

    def __init__(self, session: Session, origin: str) -> None:
        self._session = session
        self.origin: Final = origin

    def head(self, stream: str) -> Head:
        """Return where *stream* stands; version 0 if it has no record.

        Raises:
            DatabaseBroken: Its row cannot be read.
        """
        return self._head(stream, _HEAD)

    def records(self, stream: str) -> list[Record]:
        """Return the records of *stream* in order; empty if there are none.

        Raises:
            DatabaseBroken: A stored body is not one.
        """
        return [
            self._decoded(stream, sequence, body)
            for sequence, body in self._session.rows(RECORDS, stream=stream)
        ]

    def each(self, stream: str | None = None, *, after: int = 0) -> Iterator[Record]:
        """Yield the records of *stream*, or of all streams, without holding all in memory.

        Raises:
            DatabaseBroken: A stored body is not one.
        """
        wanted = _EACH if stream is None else _EACH_OF
        for name, sequence, body in self._session.flow(wanted, stream=stream, after=after):
            yield self._decoded(name, sequence, body)

    def logged_at(self) -> datetime | None:
        """Return the time of the last leaf of the log or of what waits for it, the later; UTC.

        Raises:
            DatabaseBroken: What is stored is no time.
        """
        found = logged(self._session)
        try:
            return max([moment_from(at) for at in found if at is not None], default=None)
        except UNSOUND as error:
            raise self._unsound("the time of the log", error) from error

    def first(self, stream: str) -> Record | None:
        """Return the first record of *stream*, which pins its rules; ``None`` if it has none.

        Raises:
            DatabaseBroken: Its stored body is not one.
        """
        for sequence, body in self._session.rows(_FIRST, stream=stream):
            return self._decoded(stream, sequence, body)
        return None

    def command(self, command_id: str) -> Record | None:
        """Return the record that the command of that id made, if it made one.

        Raises:
            DatabaseBroken: Its stored body is not one.
        """
        for stream, sequence, body in self._session.rows(COMMAND, command_id=command_id):
            return self._decoded(stream, sequence, body)
        return None

    def assignments(self, streams: Iterable[str]) -> tuple[Assignment, ...]:
        """Return the roles held now by assignments standing in any of *streams*."""
        return tuple(
            Assignment(*row)
            for stream in sorted(set(streams))
            for row in self._session.rows(ASSIGNMENTS_IN, stream=stream)
        )

    def has_actor(self, actor: str) -> bool:
        """Tell whether the actor was registered."""
        return bool(self._session.rows(HAS_ACTOR, actor=actor))

    def actors(self) -> list[str]:
        """Return the ids of all actors, sorted."""
        return [actor for (actor,) in self._session.rows(_ACTORS)]

    def credential(self, credential: str) -> Credential | None:
        """Return the credential of that id, revoked or not; ``None`` if none was added."""
        for row in self._session.rows(_CREDENTIAL, id=credential):
            return Credential(*row)
        return None

    def credentials(self) -> tuple[Credential, ...]:
        """Return every credential, revoked ones included, sorted by id."""
        return tuple(Credential(*row) for row in self._session.rows(_CREDENTIALS))

    def schools(self) -> list[str]:
        """Return the ids of all schools, sorted."""
        return [school for (school,) in self._session.rows(_SCHOOLS)]

    def standings(
        self, school: str | None = None, roadmap: str | None = None
    ) -> Iterator[Standing]:
        """Yield the board, sorted by road map and school.

        Raises:
            DatabaseBroken: A row cannot be read.
        """
        found = self._standing_rows(school, roadmap)
        return self._read(found, rows.standing_from, "the board's row of {}")

    def _standing_rows(self, school: str | None, roadmap: str | None) -> Iterator[Values]:
        wanted = _STANDINGS[school is not None, roadmap is not None]
        return self._session.flow(wanted, school=school, roadmap=roadmap)

    def tally(self, day: date, roadmap: str | None = None) -> list[Group]:
        """Return the schools of the board, named where their state was to be left before *day*.

        Raises:
            DatabaseBroken: A date cannot be read.
        """
        wanted, which, found = roadmap is not None, {"roadmap": roadmap}, list[Group]()
        # By the index on state and last day: few groups, and a nation's schools in them.
        for state, text, count in self._session.rows(_GROUPS[wanted], **which):
            with self._sound("a last day on the board"):
                due_on = None if text is None else date.fromisoformat(text)
            late: list[str] = []
            if due_on is not None and due_on < day:
                ((names,),) = self._session.rows(_GROUP[wanted], state=state, due_on=text, **which)
                late = sorted(names.split("\n"))
            found.append(Group(state, due_on, count, tuple(late)))
        return found

    def roadmaps(self) -> list[str]:
        """Return the ids of the road maps in force, sorted."""
        prefix = roadmap_stream("")
        names = self._session.rows(_ROADMAPS, first=prefix, last=f"{prefix}\uffff")
        return [name.removeprefix(prefix) for (name,) in names]

    def held_on_schools(self, roadmap: str) -> Iterator[Assignment]:
        """Yield the roles held now on the schools under *roadmap*, by school and sequence."""
        return (Assignment(*row) for row in self._session.flow(_HELD_ON_SCHOOLS, roadmap=roadmap))

    def moves(self, roadmap: str, *, facts: bool = True) -> Iterator[SchoolMove]:
        """Yield every transition of the schools under *roadmap*, by school and sequence.

        Raises:
            DatabaseBroken: A row cannot be read.
        """
        found = self._session.flow(_MOVES[facts], roadmap=roadmap)
        return self._read(found, rows.move_from, "a transition of {}")

    def definition(self, digest: str) -> bytes | None:
        """Return the canonical bytes of a stored definition."""
        for (body,) in self._session.rows(_DEFINITION, digest=digest):
            return rows.as_bytes(body)
        return None

    @property
    def erasable(self) -> SqlErasable:
        """What lies beside the history and can be erased."""
        from lifecycle.storage.erasable import SqlErasable  # most readers do not ask for it

        return SqlErasable(self._session)

    def last_erasure(self) -> datetime | None:
        """Return when somebody was erased last, as recorded, UTC; ``None`` if nobody was.

        Raises:
            DatabaseBroken: What is stored is no time.
        """
        ((last,),) = self._session.rows(LAST_ERASURE)
        with self._sound("the time of the last erasure"):
            return None if last is None else moment_from(last)

    def refused(self, stream: str | None = None) -> Iterator[RefusedAttempt]:
        """Yield the refused attempts, on one stream or on all, in the order they were made.

        Raises:
            DatabaseBroken: A row cannot be read.
        """
        wanted = _REFUSED if stream is None else _REFUSED_ON
        found = self._session.flow(wanted, stream=stream)
        return self._read(found, rows.refusal_from, "a refused attempt")

    def _head(self, stream: str, statement: Statement) -> Head:
        for version, last, recorded_at in self._session.rows(statement, stream=stream):
            try:
                return rows.head_from(self.origin, stream, version, last, recorded_at)
            except UNSOUND as error:
                raise self._unsound(f"the head of {stream}", error) from error
        return empty_head(self.origin, stream)

    def _decoded(self, stream: str, sequence: int, body: object) -> Record:
        try:
            return Record.decode(rows.as_bytes(body), rows.CODEC)
        except InvalidBody as error:
            detail = f"record {sequence} of {stream}: {error}"
            raise DatabaseBroken(url=self._session.faults.url, detail=detail) from error

    def _read(
        self, found: Iterator[Values], read: Callable[[Values], Value], what: str
    ) -> Iterator[Value]:
        """Yield what rows hold; *what* they are is told with the first value of a bad one."""
        for row in found:
            try:
                value = read(row)
            except UNSOUND as error:
                raise self._unsound(what.format(row[0]), error) from error
            yield value

    @contextmanager
    def _sound(self, what: str) -> Iterator[None]:
        """Tell a row whose values cannot be read from a fault of the program."""
        try:
            yield
        except UNSOUND as error:
            raise self._unsound(what, error) from error

    def _unsound(self, what: str, error: Exception) -> DatabaseBroken:
        detail = f"{what} cannot be read: {error}"
        return DatabaseBroken(url=self._session.faults.url, detail=detail)
