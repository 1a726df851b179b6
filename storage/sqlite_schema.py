"""The schema as SQLite keeps it: recognised, marked, and compared with this release's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from sqlalchemy import create_engine, text

from lifecycle.domain.errors import DatabaseMissing
from lifecycle.storage import schema, tables
from lifecycle.storage.session import Session, Statement, Values

APPLICATION_ID: Final = 0x4C435343
"""Marks a file that the engine has for itself ("LCSC"); a host's file keeps the host's mark."""

_APPLICATION: Final = Statement(text("PRAGMA application_id"))
_MARK: Final = Statement(text(f"PRAGMA application_id={APPLICATION_ID}"))
# Names of the host's are not even read: they need not be sound.
_objects = text(
    "SELECT type, name, tbl_name, sql FROM sqlite_schema"
    " WHERE sql IS NOT NULL AND lower(tbl_name) GLOB 'lifecycle_*'"
)
_OBJECTS: Final = Statement(_objects)
_ANYTHING: Final = Statement(text("SELECT 1 FROM sqlite_schema LIMIT 1"))
_DAMAGE_SHOWN: Final = 20
_INTEGRITY: Final = {
    name: Statement(text(f"PRAGMA integrity_check({name})")) for name in sorted(tables.NAMES)
}
# To SQLite every other character that Unicode calls a space is part of a name.
_BLANKS: Final = re.compile(r"[ \t\n\f\r]+")
_PAGES: Final = Statement(text("PRAGMA cache_size"))
_WIDER: Final = Statement(text("PRAGMA cache_size = -65536"))  # KiB


def recognise(driver: sqlite3.Connection, url: str, *, create: bool) -> None:
    """Make sure, before anything is changed, that a file is a database, and has ours in it.

    Args:
        driver: A new connection to it.
        url: Its address, for messages.
        create: The schema is to be made there; what else the file holds is a host's.

    Raises:
        DatabaseMissing: It holds nothing of ours: nothing was made there, or not to the end.
        sqlite3.DatabaseError: The file is no database.
    """
    found = driver.execute(str(_objects)).fetchall()
    if not create and not _tables(found):
        raise DatabaseMissing(url=url)


def present(session: Session) -> set[str]:
    """Return the names of our tables that are there."""
    return _tables(session.rows(_OBJECTS))


def mark(session: Session) -> None:
    """Mark a file in which nobody keeps anything yet."""
    if not session.rows(_ANYTHING) and session.rows(_APPLICATION) == [(0,)]:
        session.change(_MARK)


def findings(session: Session, revision: str) -> list[str]:
    """Return what differs from a revision, and what SQLite finds damaged in our tables."""
    objects = session.rows(_OBJECTS)
    return schema.told(_expected(), _ours(objects), revision) + _damage(session, _tables(objects))


def _damage(session: Session, present: set[str]) -> list[str]:
    """Return what SQLite finds wrong inside our tables and their indexes, the first of it.

    Table by table: a host's may rest on functions and collations that only the host brings.
    """
    # Only here: who verifies nothing needs none of it.
    from lifecycle.storage.sqlite_texts import unsound

    told: list[str] = []
    with _wide(session):
        for name in sorted(present):
            lines = [str(line) for (line,) in session.rows(_INTEGRITY[name])]
            told += [f"table {name}: {line}" for line in lines if line != "ok"]
            told += [f"table {name}: unsound TEXT value in {one}" for one in unsound(session, name)]
    return told[:_DAMAGE_SHOWN]


@contextmanager
def _wide(session: Session) -> Iterator[None]:
    """Let SQLite hold more pages: it looks up every row in every index, and they lie anywhere."""
    ((pages,),) = session.rows(_PAGES)
    session.rows(_WIDER)
    try:
        yield
    finally:
        session.rows(Statement(text(f"PRAGMA cache_size = {int(pages)}")))


@cache
def _expected() -> dict[tuple[str, str], str]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            tables.metadata.create_all(connection)
            return _ours(tuple(row) for row in connection.execute(_objects))
    finally:
        engine.dispose()


def _tables(objects: Iterable[Values]) -> set[str]:
    """Return which of our tables are there; letter case means nothing to SQLite."""
    return {name.lower() for kind, name, _, _ in objects if kind == "table"} & tables.NAMES


def _ours(objects: Iterable[Values]) -> dict[tuple[str, str], str]:
    """Return the SQL of what belongs to our tables, with single spaces.

    A library may lay out the same statement anew, so spaces mean nothing. The table of revisions
    is Alembic's, and only what was put on it is told.
    """
    return {
        (kind, name): _BLANKS.sub(" ", sql).strip(" ")
        for kind, name, table, sql in objects
        # SQLite keeps the table of a trigger in the letters that whoever made it wrote.
        if table.lower() in tables.metadata.tables
        or (table.lower() == tables.VERSION_TABLE and kind != "table")
    }
