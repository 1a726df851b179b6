"""Rows that lie on another server than those of their stream do.

Whoever asks for a stream is answered by the one server that its hash leads to. Whatever lies on
another one is seen only by those who read everything: a second row of the board, or a whole school
that can be enrolled anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Table, text

from lifecycle.domain.spans import Misplaced
from lifecycle.storage import tables
from lifecycle.storage.postgres_connecting import IS_SHARD
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.shards import AFTER, FIRST, SCHOOLS, SHARDED, SHARED

_STREAMS: Final = tables.streams.name + SCHOOLS
_COUNT: Final = (
    "(SELECT count(*)::int FROM pg_catalog.pg_foreign_server"  # noqa: S608 - our own pattern
    f" WHERE {IS_SHARD})"
)


# Without the offset a shard would be asked what only the coordinator can tell.
_ELSEWHERE: Final = (
    "SELECT DISTINCT stream, part FROM (SELECT {stream} AS stream, {column} AS key,"
    " c.relname AS part, substring(c.relname FROM '[0-9]+$')::int - 1 AS number"
    " FROM (SELECT tableoid AS place, {column} FROM {table} OFFSET 0) AS t"
    " JOIN pg_catalog.pg_class AS c ON c.oid = t.place) AS t WHERE (CASE part"
    " WHEN '{own}' THEN stream < '{first}' OR stream >= '{after}'"
    " ELSE stream >= '{first}' AND stream < '{after}' AND {hashed} END) IS NOT TRUE"
    " ORDER BY stream, part"
)
_HASHED: Final = (
    "pg_catalog.satisfies_hash_partition('{parent}'::regclass, {count}, number, {value})"
)


def _elsewhere(table: Table) -> Statement:
    column, stream = "stream", "stream"
    hashed = _HASHED.format(parent=_STREAMS, count=_COUNT, value="stream")
    if table is tables.standings:
        # It lies with the rest of its school, and is looked for by a hash of its own.
        column, stream = "school", f"'{FIRST}' || school"
        looked_for = _HASHED.format(parent=table.name, count=_COUNT, value="key")
        hashed = f"{hashed} AND {looked_for}"
    asked = _ELSEWHERE.format(
        stream=stream,
        column=column,
        table=table.name,
        own=table.name + SHARED,
        first=FIRST,
        after=AFTER,
        hashed=hashed,
    )
    return Statement(text(asked))


_ASKED: Final = [(table.name, _elsewhere(table)) for table in SHARDED]


def misplaced(session: Session) -> Iterator[Misplaced]:
    """Yield what lies on another server than the rows of its stream do, by table and stream."""
    for table, elsewhere in _ASKED:
        for stream, part in session.flow(elsewhere):
            yield Misplaced(table, stream, part)
