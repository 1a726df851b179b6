"""Reading everything as it lies, for verification: believed nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, text

from lifecycle.domain.figures import Figures
from lifecycle.domain.model import Assignment, Head, Standing, participation_stream
from lifecycle.domain.spans import (
    EVERYTHING,
    Doubled,
    Ids,
    Misplaced,
    Plain,
    Span,
    StoredRecord,
    Unfilled,
    before_which,
)
from lifecycle.storage import rows, schema
from lifecycle.storage.doubled import doubled
from lifecycle.storage.figures import counted
from lifecycle.storage.log import SqlLog
from lifecycle.storage.reading import SqlReading
from lifecycle.storage.session import Session, Statement, Values
from lifecycle.storage.tables import (
    actors,
    assignments,
    definitions,
    evidence_keys,
    openings,
    records,
    standings,
    streams,
)
from lifecycle.storage.unfilled import unfilled

_OF_SCHOOLS: Final = participation_stream("")
_AFTER_SCHOOLS: Final = before_which(_OF_SCHOOLS)


class _Ranged:
    """A query of the rows whose *name* lies in a span."""

    def __init__(self, name: ColumnElement[str], wanted: Select[Any]) -> None:
        # No text is below the empty one, but there is none above all others.
        open_ended = wanted.where(name >= bindparam("first"))
        self._open = Statement(open_ended)
        self._closed = Statement(open_ended.where(name < bindparam("last")))

    def flow(self, session: Session, first: str, last: str | None) -> Iterator[Values]:
        """Yield the rows from *first*, and before *last* if that is given."""
        if last is None:
            return session.flow(self._open, first=first)
        return session.flow(self._closed, first=first, last=last)


_STREAMS: Final = _Ranged(
    streams.c.stream,
    select(streams.c.stream, streams.c.version, streams.c.hash, streams.c.recorded_at).order_by(
        streams.c.stream
    ),
)
_STORED: Final = _Ranged(
    records.c.stream,
    select(*(records.c[name] for name in rows.STORED_COLUMNS)).order_by(
        records.c.stream, records.c.sequence
    ),
)
_BOARD: Final = _Ranged(
    standings.c.school,
    select(*(standings.c[name] for name in rows.STANDING_COLUMNS)).order_by(standings.c.school),
)
_ASSIGNMENTS: Final = _Ranged(
    assignments.c.stream,
    select(*(assignments.c[name] for name in rows.ASSIGNMENT_COLUMNS)).order_by(
        assignments.c.stream, assignments.c.sequence
    ),
)
_REGISTERED: Final = Statement(select(actors.c.actor, actors.c.sequence))
_OPENINGS: Final = _Ranged(
    openings.c.stream,
    select(
        openings.c.stream,
        openings.c.sequence,
        openings.c.commitment,
        openings.c.purpose,
        openings.c.value,
        openings.c.salt,
    ),
)
_KEYS: Final = _Ranged(
    evidence_keys.c.stream,
    select(
        evidence_keys.c.stream,
        evidence_keys.c.sequence,
        evidence_keys.c.sha256,
        evidence_keys.c.key,
    ),
)
_DEFINITIONS: Final = Statement(
    select(definitions.c.digest, definitions.c.body).order_by(definitions.c.digest)
)
_SIZES: Final = Statement(
    select(records.c.stream, func.count()).group_by(records.c.stream).order_by(records.c.stream)
)
# By halves: a forged number may be the largest that there is, and could not be added to others.
_HALF: Final = 32  # bits
_MARK: Final = Statement(
    select(
        func.count(),
        func.sum(streams.c.version.bitwise_rshift(literal_column(str(_HALF)))),
        func.sum(streams.c.version.bitwise_and(literal_column(str(2**_HALF - 1)))),
        func.max(streams.c.recorded_at),
    )
)
_IDS: Final = Statement(
    select(
        records.c.stream, records.c.sequence, records.c.record_id, records.c.command_id
    ).order_by(records.c.stream, records.c.sequence)
)


# By an expression, so that no index is asked: what is in question is whether it tells the truth.
_REPEATED: Final = Statement(
    text(
        " UNION ALL ".join(
            f"SELECT '{name}', {name} || '' FROM lifecycle_records"  # noqa: S608 - names of our own
            f" GROUP BY {name} || '' HAVING count(*) > 1"
            for name in ("record_id", "command_id")
        )
    )
)


class SqlAuditing(SqlReading):
    """One view, with everything that verification reads besides.

    Where a row cannot be read, a value stands in its place that no sound row has: the difference
    is found, and the search goes on.
    """

    @property
    def log(self) -> SqlLog:
        """The log as it lies."""
        return SqlLog(self._session)

    def standings(
        self, school: str | None = None, roadmap: str | None = None
    ) -> Iterator[Standing]:
        """Yield the board, sorted by road map and school; what is no date is in the year 1000."""
        for row in self._standing_rows(school, roadmap):
            yield rows.standing_from(rows.readable_standing(row))

    def board(self, span: Span = EVERYTHING) -> Iterator[Standing]:
        """Yield the board's rows of the schools whose streams lie in *span*."""
        for row in self._board(span):
            yield rows.standing_from(rows.readable_standing(row))

    def streams(self, span: Span = EVERYTHING) -> Iterator[Head]:
        """Yield the head that storage keeps of every stream, sorted by name."""
        for stream, version, last, recorded_at in _STREAMS.flow(
            self._session, *self._session.bounds(span)
        ):
            moment = rows.readable_moment(recorded_at)
            name = rows.readable_text(stream)
            yield rows.head_from(self.origin, name, version, last, moment)

    def stored(self, span: Span = EVERYTHING) -> Iterator[StoredRecord]:
        """Yield every record sorted by stream and sequence, without holding all in memory."""
        for row in _STORED.flow(self._session, *self._session.bounds(span)):
            yield rows.stored_record(row)

    def mark(self) -> tuple[object, ...]:
        """Return where which history is, and what tells this state of it from others."""
        (state,) = self._session.rows(_MARK)
        return (f"{self.origin}{self._session.place()}", *state)

    def figures(self) -> Figures:
        """Return how much of what is held."""
        return counted(self._session)

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield every stream that has records and how many, sorted by name."""
        yield from (one for one in self._session.flow(_SIZES) if isinstance(one[0], str))

    def all_assignments(self, span: Span = EVERYTHING) -> tuple[Assignment, ...]:
        """Return every role that the projection says is held, sorted by stream and sequence."""
        found = _ASSIGNMENTS.flow(self._session, *self._session.bounds(span))
        return tuple(Assignment(*row) for row in found)

    def registered(self) -> dict[str, int]:
        """Return every actor with the sequence that the projection says registered him."""
        return dict(self._session.rows(_REGISTERED))

    @contextmanager
    def plain(self, span: Span) -> Iterator[Plain]:
        """Lend the rows of *span*; nothing else is read from the view meanwhile."""
        session = self._session
        bounds = session.bounds(span)
        with session.exact_text():
            held: dict[str, list[Values]] = {}
            for row in _ASSIGNMENTS.flow(session, *bounds):
                held.setdefault(row[1], []).append(row)
            openings: dict[str, dict[tuple[int, str], Values]] = {}
            for stream, sequence, commitment, *opening in _OPENINGS.flow(session, *bounds):
                openings.setdefault(stream, {})[sequence, commitment] = tuple(opening)
            keys: dict[str, dict[tuple[int, str], Any]] = {}
            for stream, sequence, address, key in _KEYS.flow(session, *bounds):
                keys.setdefault(stream, {})[sequence, address] = key
            yield Plain(
                records=_STORED.flow(session, *bounds),
                heads={row[0]: row[1:] for row in _STREAMS.flow(session, *bounds)},
                standings={row[0]: row for row in self._board(span)},
                held=held,
                openings=openings,
                keys=keys,
            )

    def repeated(self, *, indexed: bool = False) -> Iterator[tuple[str, str]]:
        """Yield column and value of every id that several records have.

        No index is asked, unless all are as they have to be and the database has compared every
        row with the unique ones: no id is in two then.
        """
        proved = indexed and self._session.database.proves_indexes
        return iter(()) if proved else self._session.flow(_REPEATED)

    def doubled(self, *, indexed: bool = False) -> Iterator[Doubled]:
        """Yield every key that several rows have, of tables whose rows are looked up by it.

        No index is asked, as in ``repeated``.
        """
        proved = indexed and self._session.database.proves_indexes
        return iter(()) if proved else doubled(self._session)

    def unfilled(self, *, indexed: bool = False) -> Iterator[Unfilled]:
        """Yield every row without a value in a column that must have one.

        Unless the database itself has compared all rows with their columns.
        """
        proved = indexed and self._session.database.proves_indexes
        return iter(()) if proved else unfilled(self._session)

    def misplaced(self) -> Iterator[Misplaced]:
        """Yield what lies on another server than the rows of its stream do."""
        return self._session.database.misplaced(self._session)

    def ids(self) -> Iterator[Ids]:
        """Yield the ids of every record, without holding all in memory."""
        return map(Ids._make, self._session.flow(_IDS))

    def definitions(self) -> Iterator[tuple[str, bytes]]:
        """Yield digest and canonical bytes of every stored definition."""
        for digest, body in self._session.flow(_DEFINITIONS):
            yield digest, rows.as_bytes(body)

    def schema_findings(self) -> list[str]:
        """Return what in tables and triggers differs from what this release creates."""
        return schema.findings(self._session)

    def _board(self, span: Span) -> Iterator[Values]:
        bounds = school_bounds(*self._session.bounds(span))
        return iter(()) if bounds is None else _BOARD.flow(self._session, *bounds)


def school_bounds(first: str, last: str | None) -> tuple[str, str | None] | None:
    """Return the ids of schools between which the streams lie; ``None`` if none can be there."""
    if first >= _AFTER_SCHOOLS or (last is not None and last <= _OF_SCHOOLS):
        return None
    begins = max(first, _OF_SCHOOLS).removeprefix(_OF_SCHOOLS)
    if last is None or last >= _AFTER_SCHOOLS:
        return begins, None
    return begins, last.removeprefix(_OF_SCHOOLS)
