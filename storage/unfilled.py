"""Rows without a value in a column that must have one.

A column can be loosened, filled with nothing, and said to be as before: SQLite takes any text for
the schema, and PostgreSQL 18 says «not null» of a column whose rows it never looked at. Such a row
is passed over by whoever asks for its stream: so every row is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, Integer, Table, text

from lifecycle.domain.model import participation_stream
from lifecycle.domain.spans import Unfilled
from lifecycle.storage import tables
from lifecycle.storage.session import Session, Statement


def _missing(column: Column[Any]) -> str:
    # By an expression: of the column itself a database may believe what its schema says.
    name = column.name
    made = f"{name} + 0" if isinstance(column.type, Integer) else f"length({name})"
    return f"{made} IS NULL"


def _needed(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if not column.nullable]


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _without(table: Table) -> Statement:
    missing = list(map(_missing, _needed(table)))
    told = ", ".join([*_key(table), *(f"CASE WHEN {one} THEN 1 ELSE 0 END" for one in missing)])
    asked = f"SELECT {told} FROM {table.name} WHERE {' OR '.join(missing)}"  # noqa: S608
    return Statement(text(asked))


_ASKED: Final = [
    (table.name, _key(table), [column.name for column in _needed(table)], _without(table))
    for table in tables.metadata.sorted_tables
]


def unfilled(session: Session) -> Iterator[Unfilled]:
    """Yield every row without a value in a column that must have one, by table and column."""
    for table, names, columns, without in _ASKED:
        for row in session.flow(without):
            key = dict(zip(names, row, strict=False))
            # Of a text of several lines the first one tells which it is.
            told = " ".join(str(one).partition("\n")[0] for one in key.values())
            for column, is_missing in zip(columns, row[len(names) :], strict=True):
                if is_missing:
                    yield Unfilled(table, column, _stream(key), told)


def _stream(key: dict[str, Any]) -> str | None:
    if key.get("school") is not None:
        return participation_stream(str(key["school"]))
    return None if key.get("stream") is None else str(key["stream"])
