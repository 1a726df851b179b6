"""Texts that SQLite keeps though they are none: it takes any bytes for text.

A text of the history is compared with a record, and one that is none differs from it. Here are
looked at the columns that no part of verification reads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import Column, Table, Text, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.storage import tables
from lifecycle.storage.session import Session, Statement

_AT_ONCE: Final = 500  # rows


class _Texts:
    """Columns of a table, and what asks for their bytes: of a row together, and one by one."""

    def __init__(self, table: Table, columns: Iterable[Column[Any]]) -> None:
        self.names = [one.name for one in columns if isinstance(one.type, Text)]
        # What stands between two of them ends a letter that was begun.
        together = " || '|' || ".join(f"coalesce({name}, '')" for name in self.names)
        apart = ", ".join(f"CAST({name} AS BLOB)" for name in self.names)
        self.together = Statement(text(f"SELECT CAST({together} AS BLOB) FROM {table.name}"))  # noqa: S608
        self.apart = Statement(text(f"SELECT {apart} FROM {table.name}"))  # noqa: S608


_UNREAD: Final = {
    tables.checkpoints.name: _Texts(tables.checkpoints, [tables.checkpoints.c.at]),
    tables.installation.name: _Texts(tables.installation, [tables.installation.c.created_at]),
    **{
        table.name: _Texts(table, table.columns)
        for table in (tables.persons, tables.refusals, tables.outbox)
    },
}


def unsound(session: Session, table: str) -> list[str]:
    """Return the columns of *table* that nobody else reads and that have a text which is none.

    Either it is no UTF-8, or it has U+0000, where many a reader takes a text to end.
    """
    asked = _UNREAD.get(table)
    if asked is None:
        return []
    rows = session.flow(asked.together)
    while some := list(islice(rows, _AT_ONCE)):
        if not _is_sound(b"|".join(together or b"" for (together,) in some)):
            values = (zip(asked.names, row, strict=True) for row in session.flow(asked.apart))
            odd = {name for row in values for name, value in row if not _is_sound(value or b"")}
            return sorted(odd)
    return []


def _is_sound(value: bytes) -> bool:
    try:
        return "\0" not in value.decode()
    except UnicodeDecodeError:
        return False


@contextmanager
def lenient_text(driver: DBAPIConnection) -> Iterator[None]:
    """Read text that is not UTF-8 as escapes: damage is to be found, not to end the search."""
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("text is lenient on connections of sqlite3 only")
    before = driver.text_factory
    driver.text_factory = partial(str, encoding="utf-8", errors="backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = before
