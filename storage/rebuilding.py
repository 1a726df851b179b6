"""Rebuilding what follows from the records: heads, board, roles, actors, credentials.

All of it in one transaction that keeps other writers out. Rows that are as they should be are not
touched: of each part only what differs is written anew, and told. Where schools lie on several
servers, each of them commits for itself; whatever part of it lasts is right, and the rest is done
by rebuilding once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Column, Table, bindparam, delete, insert, select

from lifecycle.audit.findings import Finding, Report
from lifecycle.audit.schools import spans_of
from lifecycle.audit.shared import SHARED
from lifecycle.domain import canonical
from lifecycle.domain.credentials import credential_from
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, Assignment, Credential, participation_stream
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, after, assignments_after
from lifecycle.domain.spans import Span
from lifecycle.storage import rows, schema, tables
from lifecycle.storage.auditing import SqlAuditing, school_bounds
from lifecycle.storage.journal import database_at
from lifecycle.storage.session import Session, Statement, Values, driver_of
from lifecycle.storage.sqlite import LOCK_SECONDS
from lifecycle.storage.upgrading import changing

PROJECTED: Final = frozenset(
    {
        "head_differs",
        "standing_differs",
        "standing_missing",
        "roles_differ",
        "actors_differ",
        "credentials_differ",
    }
)
"""Findings that a rebuild mends."""

TRACES: Final = frozenset({"stream_empty", "standing_invented"})
"""Findings that may be all that is left of records that somebody removed."""

_BESIDE: Final = ("evidence_", "opening_", "key_", "erasure_incomplete", "log_queue_late")
"""Beginnings of findings that say nothing of the records."""

_OF_SCHOOLS: Final = participation_stream("")

Bounds = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that was not as the records say.

    Args:
        table: Its table.
        key: What it is about.
        what: ``missing``, ``invented`` or ``differs``.
    """

    table: str
    key: str
    what: str


@dataclass
class Rebuilt:
    """What a rebuild came to.

    Args:
        records: How many were read.
        differences: Rows that were written anew.
        hindering: Findings for which nothing was rebuilt.
    """

    records: int = 0
    differences: list[Difference] = field(default_factory=list)
    hindering: list[Finding] = field(default_factory=list)


def rebuild(
    url: str,
    verify: Callable[[Auditing], Report],
    *,
    accept: bool = False,
    lock_seconds: float = LOCK_SECONDS,
) -> Rebuilt:
    """Rebuild what follows from the records, if they verify.

    Args:
        url: Of the database; on PostgreSQL as the owner of its tables.
        verify: Verifies everything in a view.
        accept: Remove also what may be the last trace of records that are gone.
        lock_seconds: How long to wait for others who write.

    Raises:
        DatabaseOlder: An earlier release made the schema.
        StorageFailed: It is locked or broken, or what was rebuilt does not verify.
    """
    database = database_at(url, lock_seconds)
    with changing(database) as (connection, session):
        driver = driver_of(connection)
        schema.check_newest(session)
        database.alone(driver)
        with database.lenient(driver):
            view = SqlAuditing(session, schema.installed(session))
            report = verify(view)
            done = Rebuilt(report.records)
            done.hindering = [one for one in report.findings if _hinders(one, accept=accept)]
            if done.hindering:
                return done
            _Rebuilding(session, view, done).run()
            if done.differences:
                _check(verify(view))
    return done


def _hinders(found: Finding, *, accept: bool) -> bool:
    """Tell whether nothing may be rebuilt in spite of a finding."""
    if found.code.startswith(_BESIDE):
        return False
    if found.code in TRACES:
        return not accept
    if found.code not in PROJECTED:
        return True
    # A row that knows a later record than there is may be the last trace of it.
    ahead = found.field == "version" and int(found.found or 0) > int(found.expected)
    return ahead and not accept


def _check(report: Report) -> None:
    """Make sure that nothing is left which a rebuild mends; otherwise it did not happen."""
    left = [one.code for one in report.findings if one.code in PROJECTED | TRACES]
    if left:
        detail = Message("what was rebuilt does not verify: {codes}", {"codes": left})
        raise StorageFailed(detail=detail)


class _Projection:
    """A table whose rows follow from the records.

    Args:
        table: The table.
        by: The column that says which part of the history a row belongs to.
    """

    def __init__(self, table: Table, by: Column[Any]) -> None:
        self.name = table.name
        self._columns = tuple(column.name for column in table.columns)
        self._key = tuple(column.name for column in table.primary_key.columns)
        from_first, before = by >= bindparam("first"), by < bindparam("last")
        chosen, dropped = select(*table.columns).where(from_first), delete(table).where(from_first)
        self._select = (Statement(chosen), Statement(chosen.where(before)))
        self._delete = (Statement(dropped), Statement(dropped.where(before)))
        self._insert = Statement(insert(table), self._columns)

    def settle(
        self, session: Session, bounds: Bounds, expected: list[dict[str, Any]]
    ) -> Iterator[Difference]:
        """Make the rows between two bounds those that are expected; yield what differed."""
        ours = {self._place(one): tuple(one[name] for name in self._columns) for one in expected}
        closed = bounds[1] is not None
        named = {"first": bounds[0], **({"last": bounds[1]} if closed else {})}
        found: dict[str, Values] = {}
        doubled = set()
        for row in session.rows(self._select[closed], **named):
            place = self._place(dict(zip(self._columns, row, strict=True)))
            doubled |= {place} & found.keys()
            found[place] = tuple(row)
        told = [*self._compared(ours, found, doubled)]
        if told:
            # By their bounds, not by their keys: a key may be no text that could be asked for.
            session.change(self._delete[closed], **named)
            for values in expected:
                if session.change(self._insert, **values) != 1:
                    detail = Message("the database did not take a row: see its triggers")
                    raise StorageFailed(detail=detail)
        yield from told

    def _compared(
        self, ours: dict[str, Values], found: dict[str, Values], doubled: set[str]
    ) -> Iterator[Difference]:
        for place in sorted(ours.keys() | found.keys()):
            if place not in found:
                yield Difference(self.name, place, "missing")
            elif place not in ours:
                yield Difference(self.name, place, "invented")
            elif ours[place] != found[place] or place in doubled:
                yield Difference(self.name, place, "differs")

    def _place(self, row: dict[str, Any]) -> str:
        return "/".join(str(row[name]) for name in self._key)


_HEADS: Final = _Projection(tables.streams, tables.streams.c.stream)
_BOARD: Final = _Projection(tables.standings, tables.standings.c.school)
_ROLES: Final = _Projection(tables.assignments, tables.assignments.c.stream)
_ACTORS: Final = _Projection(tables.actors, tables.actors.c.actor)
_CREDENTIALS: Final = _Projection(tables.credentials, tables.credentials.c.id)
_ALL: Final[Bounds] = ("", None)


class _Rebuilding:
    """Goes through the records, a span at a time, and settles what follows from them.

    Args:
        session: In a transaction of its own that writes.
        view: On the same transaction.
        done: Is told what differed.
    """

    def __init__(self, session: Session, view: SqlAuditing, done: Rebuilt) -> None:
        self._session = session
        self._view = view
        self._done = done
        self._definitions = {
            digest: Definition.from_json(
                canonical.decode(body, limit=canonical.MAX_DEFINITION_BYTES)
            )
            for digest, body in view.definitions()
        }
        self._actors: dict[str, int] = {}
        self._credentials: dict[str, Credential] = {}

    def run(self) -> None:
        """Settle everything."""
        spans = [*SHARED, *spans_of(self._view)]
        for span in spans:
            self._settle(span)
        actors = [{"actor": name, "sequence": at} for name, at in sorted(self._actors.items())]
        credentials = [rows.credential_row(one) for _, one in sorted(self._credentials.items())]
        self._tell(_ACTORS, _ALL, actors)
        self._tell(_CREDENTIALS, _ALL, credentials)

    def _tell(
        self, projection: _Projection, bounds: Bounds, expected: list[dict[str, Any]]
    ) -> None:
        self._done.differences += projection.settle(self._session, bounds, expected)

    def _settle(self, span: Span) -> None:
        heads: list[dict[str, Any]] = []
        board: list[dict[str, Any]] = []
        held: list[Assignment] = []
        for stream, stored in groupby(self._view.stored(span), key=lambda one: one.stream):
            records = (Record.decode(one.body, rows.CODEC) for one in stored)
            if stream.startswith(_OF_SCHOOLS):
                last, participation = self._school(records)
                definition = self._definitions[participation.definition.digest]
                board.append(rows.standing_row(standing_of(participation, definition)))
                held += participation.assignments
            else:
                last, given = self._office(records)
                held += given
            heads.append(rows.head_row(last))
        bounds = self._session.bounds(span)
        self._tell(_HEADS, bounds, heads)
        self._tell(_ROLES, bounds, [rows.assignment_row(one) for one in held])
        of_schools = school_bounds(*bounds)
        if of_schools is not None:
            self._tell(_BOARD, of_schools, board)

    @staticmethod
    def _school(records: Iterator[Record]) -> tuple[Record, Participation]:
        record = next(records)
        participation = after(None, record)
        for record in records:
            participation = after(participation, record)
        return record, participation

    def _office(self, records: Iterator[Record]) -> tuple[Record, tuple[Assignment, ...]]:
        held: tuple[Assignment, ...] = ()
        for record in records:
            held = assignments_after(held, record)
            if record.stream == INSTALLATION:
                self._known(record)
        return record, held

    def _known(self, record: Record) -> None:
        """Learn who came, and which credentials were given and taken."""
        facts = record.facts or {}
        if record.kind == "actor_added":
            self._actors[facts["actor"]] = record.sequence
        elif record.kind == "credential_added":
            given = credential_from(record)
            self._credentials[given.id] = given
        elif record.kind == "credential_revoked":
            taken = self._credentials[facts["credential"]]
            self._credentials[taken.id] = replace(taken, revoked=record.sequence)
