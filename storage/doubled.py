"""Keys that several rows have.

A constraint keeps keys apart within one table of one server. It can be taken away, and it says
nothing of tables that inherit from ours nor of other servers: so every row is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Integer, Table, text
from sqlalchemy.schema import PrimaryKeyConstraint, UniqueConstraint

from lifecycle.domain.model import participation_stream
from lifecycle.domain.spans import Doubled
from lifecycle.storage import tables
from lifecycle.storage.session import Session, Statement

READ_IN_ORDER: Final = (tables.records, tables.log_leaves)
"""Tables of which verification reads every row, and each must be the next one."""


def _keys(table: Table) -> list[tuple[str, ...]]:
    return sorted(
        tuple(column.name for column in one.columns)
        for one in table.constraints
        if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)
    )


def _several(table: Table, key: tuple[str, ...]) -> Statement:
    # Expressions, so that no index is asked, and no server alone: neither knows of the others.
    bare = ", ".join(
        f"{name} + 0" if isinstance(table.c[name].type, Integer) else f"{name} || ''"
        for name in key
    )
    return Statement(
        text(f"SELECT {bare} FROM {table.name} GROUP BY {bare} HAVING count(*) > 1")  # noqa: S608
    )


_ASKED: Final = [
    (table.name, key, _several(table, key))
    for table in tables.metadata.sorted_tables
    if table not in READ_IN_ORDER
    for key in _keys(table)
]


def doubled(session: Session) -> Iterator[Doubled]:
    """Yield every key that several rows have, by table."""
    for table, names, several in _ASKED:
        for row in session.flow(several):
            key = dict(zip(names, row, strict=True))
            # Of a text of several lines the first one tells which it is.
            told = " ".join(str(one).partition("\n")[0] for one in row)
            yield Doubled(table, _stream(key), told)


def _stream(key: dict[str, Any]) -> str | None:
    if "school" in key:
        return participation_stream(str(key["school"]))
    return str(key["stream"]) if "stream" in key else None
