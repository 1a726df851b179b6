"""Reading a history from the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Executable, Row, bindparam, select

from lifecycle.domain.errors import DatabaseBroken, InvalidBody
from lifecycle.domain.model import Assignment, Head, Standing
from lifecycle.domain.ports import StoredRecord
from lifecycle.domain.record import Record
from lifecycle.storage import rows, schema
from lifecycle.storage.faults import Faults
from lifecycle.storage.tables import (
    actors,
    assignments,
    definitions,
    records,
    standings,
    streams,
)

_BATCH: Final = 500  # rows fetched at once, and names asked for at once

_HEAD: Final = select(streams.c.version, streams.c.hash, streams.c.recorded_at).where(
    streams.c.stream == bindparam("stream")
)
_RECORDS: Final = (
    select(records.c.sequence, records.c.body)
    .where(records.c.stream == bindparam("stream"))
    .order_by(records.c.sequence)
)
_COMMAND: Final = select(records.c.stream, records.c.sequence, records.c.body).where(
    records.c.command_id == bindparam("command_id")
)
_ASSIGNMENTS: Final = select(assignments).order_by(assignments.c.stream, assignments.c.sequence)
_ASSIGNMENTS_IN: Final = _ASSIGNMENTS.where(
    assignments.c.stream.in_(bindparam("streams", expanding=True))
)
_HAS_ACTOR: Final = select(actors.c.sequence).where(actors.c.actor == bindparam("actor"))
_ACTORS: Final = select(actors.c.actor).order_by(actors.c.actor)
_SCHOOLS: Final = select(standings.c.school).order_by(standings.c.school)
_STANDINGS: Final = select(standings).order_by(standings.c.roadmap, standings.c.school)
_DEFINITION: Final = select(definitions.c.body).where(definitions.c.digest == bindparam("digest"))
_STREAMS: Final = select(streams).order_by(streams.c.stream)
_STORED: Final = select(records).order_by(records.c.stream, records.c.sequence)
_DEFINITIONS: Final = select(definitions).order_by(definitions.c.digest)


class SqlReading:
    """One consistent view: everything is read in the transaction of one connection.

    Args:
        connection: Inside a transaction.
        origin: Id of the installation.
        faults: Translates errors of the driver.
    """

    def __init__(self, connection: Connection, origin: str, faults: Faults) -> None:
        self._connection = connection
        self._origin = origin
        self._faults = faults

    @property
    def origin(self) -> str:
        """Id of the installation."""
        return self._origin

    def head(self, stream: str) -> Head:
        """Return where *stream* stands; version 0 if it has no record."""
        found = self._rows(_HEAD, stream=stream)
        with self._sound(f"the head of {stream}"):
            return rows.head_from(self._origin, stream, found[0] if found else None)

    def records(self, stream: str) -> list[Record]:
        """Return the records of *stream* in order; empty if there are none.

        Raises:
            DatabaseBroken: A stored body is not one.
        """
        return [
            self._decoded(stream, row.sequence, row.body)
            for row in self._rows(_RECORDS, stream=stream)
        ]

    def command(self, command_id: str) -> Record | None:
        """Return the record that the command of that id made, if it made one.

        Raises:
            DatabaseBroken: Its stored body is not one.
        """
        for row in self._rows(_COMMAND, command_id=command_id):
            return self._decoded(row.stream, row.sequence, row.body)
        return None

    def assignments(self, streams: Iterable[str]) -> tuple[Assignment, ...]:
        """Return the roles held now by assignments standing in any of *streams*."""
        asked = sorted(set(streams))
        parts = (
            self._rows(_ASSIGNMENTS_IN, streams=asked[first : first + _BATCH])
            for first in range(0, len(asked), _BATCH)
        )
        return tuple(rows.assignment_from(row) for row in chain.from_iterable(parts))

    def has_actor(self, actor: str) -> bool:
        """Tell whether the actor was registered."""
        return bool(self._rows(_HAS_ACTOR, actor=actor))

    def actors(self) -> list[str]:
        """Return the ids of all actors, sorted."""
        return [row.actor for row in self._rows(_ACTORS)]

    def schools(self) -> list[str]:
        """Return the ids of all schools, sorted."""
        return [row.school for row in self._rows(_SCHOOLS)]

    def standings(
        self, school: str | None = None, roadmap: str | None = None
    ) -> Iterator[Standing]:
        """Yield the board, sorted by road map and school.

        Raises:
            DatabaseBroken: A row holds no dates where it must.
        """
        wanted, values = _STANDINGS, {}
        if school is not None:
            wanted = wanted.where(standings.c.school == bindparam("school"))
            values["school"] = school
        if roadmap is not None:
            wanted = wanted.where(standings.c.roadmap == bindparam("roadmap"))
            values["roadmap"] = roadmap
        for row in self._flow(wanted, **values):
            with self._sound(f"the board's row of {row.school}"):
                standing = rows.standing_from(row)
            yield standing

    def definition(self, digest: str) -> bytes | None:
        """Return the canonical bytes of a stored definition."""
        for row in self._rows(_DEFINITION, digest=digest):
            return bytes(row.body)
        return None

    def _rows(self, statement: Executable, **values: Any) -> Sequence[Row[Any]]:
        with self._faults:
            return self._connection.execute(statement, values).all()

    def _flow(self, statement: Executable, **values: Any) -> Iterator[Row[Any]]:
        """Yield rows as they are fetched, a batch at a time."""
        with self._faults:
            result = self._connection.execute(
                statement, values, execution_options={"yield_per": _BATCH}
            )
        while True:
            with self._faults:
                batch = result.fetchmany(_BATCH)
            if not batch:
                return
            yield from batch

    def _decoded(self, stream: str, sequence: int, body: bytes) -> Record:
        try:
            return Record.decode(bytes(body))
        except InvalidBody as error:
            detail = f"record {sequence} of {stream}: {error}"
            raise DatabaseBroken(url=self._faults.url, detail=detail) from error

    @contextmanager
    def _sound(self, what: str) -> Iterator[None]:
        """Tell a projection whose values cannot be read from a fault of the program."""
        try:
            yield
        except (ValueError, TypeError) as error:
            detail = f"{what} cannot be read: {error}"
            raise DatabaseBroken(url=self._faults.url, detail=detail) from error


class SqlAuditing(SqlReading):
    """The same view, with everything that verification reads besides."""

    def streams(self) -> Iterator[Head]:
        """Yield the head that storage keeps of every stream, sorted by name."""
        for row in self._flow(_STREAMS):
            with self._sound(f"the head of {row.stream}"):
                head = rows.head_from(self._origin, row.stream, row)
            yield head

    def stored(self) -> Iterator[StoredRecord]:
        """Yield every record sorted by stream and sequence, without holding all in memory."""
        for row in self._flow(_STORED):
            yield rows.stored_record(row)

    def all_assignments(self) -> tuple[Assignment, ...]:
        """Return every role that the projection says is held, sorted by stream and sequence."""
        return tuple(rows.assignment_from(row) for row in self._rows(_ASSIGNMENTS))

    def definitions(self) -> Iterator[tuple[str, bytes]]:
        """Yield digest and canonical bytes of every stored definition."""
        for row in self._flow(_DEFINITIONS):
            yield row.digest, bytes(row.body)

    def schema_findings(self) -> list[str]:
        """Return what in tables and triggers differs from what this release creates."""
        with self._faults:
            return schema.findings(self._connection)
