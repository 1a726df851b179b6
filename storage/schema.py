"""The schema in a database: making it, recognising it, and finding what was done to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine, insert, select, text

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseExists,
    DatabaseMissing,
    DatabaseNewer,
)
from lifecycle.domain.record import FORMAT, moment_text
from lifecycle.storage import tables
from lifecycle.storage.session import Session, Statement, Values

APPLICATION_ID: Final = 0x4C435343
"""Marks a file that the engine has for itself ("LCSC"); a host's file keeps the host's mark."""

_NAMES: Final = {*tables.metadata.tables, tables.VERSION_TABLE}
_APPLICATION: Final = Statement(text("PRAGMA application_id"))
_ORIGIN: Final = Statement(select(tables.installation.c.origin))
# Names of the host's are not even read: they need not be sound.
_objects = text(
    "SELECT type, name, tbl_name, sql FROM sqlite_schema"
    " WHERE sql IS NOT NULL AND lower(tbl_name) GLOB 'lifecycle_*'"
)
_OBJECTS: Final = Statement(_objects)
_ANYTHING: Final = Statement(text("SELECT 1 FROM sqlite_schema LIMIT 1"))
_REVISIONS: Final = Statement(text(f"SELECT version_num FROM {tables.VERSION_TABLE}"))  # noqa: S608
_DAMAGE_SHOWN: Final = 20
_INTEGRITY: Final = {
    name: Statement(text(f"PRAGMA integrity_check({name})")) for name in sorted(_NAMES)
}
_FORMATS: Final = Statement(select(tables.installation.c.format))
_PAGES: Final = Statement(text("PRAGMA cache_size"))
_WIDER: Final = Statement(text("PRAGMA cache_size = -65536"))  # KiB
_ANY_RECORD: Final = Statement(text("SELECT sequence FROM lifecycle_records LIMIT 1"))


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


def create(connection: Connection, session: Session, origin: str) -> str:
    """Make the schema and the installation in the transaction of *connection*.

    What a host keeps there is left as it is. An installation without a single record is one
    that somebody began to make: it is taken over.

    Args:
        connection: Inside a transaction that may write.
        session: On the same connection.
        origin: Id for the installation.

    Returns:
        Id of the installation: *origin*, or that of the one taken over.

    Raises:
        DatabaseExists: There is a history already.
        DatabaseBroken: There is a part of one.
        DatabaseNewer: A newer release made it.
    """
    if _tables(session.rows(_OBJECTS)):
        check(session)
        if session.rows(_ANY_RECORD):
            raise DatabaseExists(url=session.faults.url)
        return installed(session)
    alone = not session.rows(_ANYTHING) and session.rows(_APPLICATION) == [(0,)]
    migrate(connection)
    if alone:
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    row = {
        "id": 1,
        "origin": origin,
        "format": FORMAT,
        "created_at": moment_text(datetime.now(UTC)),
    }
    session.change(Statement(insert(tables.installation), tuple(row)), **row)
    return origin


def migrate(connection: Connection) -> None:
    """Bring the schema up to this release, in the transaction of *connection*."""
    # Only here: reading and writing a history does not need Alembic.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, tables.SCHEMA)


def check(session: Session) -> None:
    """Make sure that a database of this engine is one that this release can work with.

    Raises:
        DatabaseBroken: Tables are missing.
        DatabaseNewer: A newer release made the schema.
    """
    url = session.faults.url
    found = _tables(session.rows(_OBJECTS))
    if tables.VERSION_TABLE not in found:
        raise DatabaseBroken(url=url, detail=f"missing: {tables.VERSION_TABLE}")
    revisions = [revision for (revision,) in session.rows(_REVISIONS)]
    if revisions != [tables.SCHEMA]:
        if not revisions:
            raise DatabaseBroken(url=url, detail="its schema has no revision")
        raise DatabaseNewer(url=url, found=", ".join(map(str, revisions)), known=tables.SCHEMA)
    missing = sorted(_NAMES - found)
    if missing:
        raise DatabaseBroken(url=url, detail=f"missing: {', '.join(missing)}")


def installed(session: Session) -> str:
    """Return the id of the installation.

    Raises:
        DatabaseBroken: There is none, or more than one.
    """
    found = session.rows(_ORIGIN)
    if len(found) != 1:
        raise DatabaseBroken(url=session.faults.url, detail="the installation has no single id")
    return str(found[0][0])


def findings(session: Session) -> list[str]:
    """Return what in our tables, their indexes and triggers differs from this release's.

    Tables that a host keeps in the same database are its own matter; an index or a trigger on
    one of our tables is not. What SQLite itself finds damaged in our tables is told as well.
    """
    objects = session.rows(_OBJECTS)
    expected, found = _expected(), _ours(objects)
    changed = {
        key: "differs from" for key in expected.keys() & found.keys() if expected[key] != found[key]
    }
    missing = dict.fromkeys(expected.keys() - found.keys(), "is missing from")
    added = dict.fromkeys(found.keys() - expected.keys(), "is foreign to")
    verdicts = changed | missing | added
    return (
        [
            f"{kind} {name} {verdict} the schema {tables.SCHEMA}"
            for (kind, name), verdict in sorted(verdicts.items())
        ]
        + [
            f"the installation's format is {found}, this release writes {FORMAT}"
            for (found,) in session.rows(_FORMATS)
            if found != FORMAT
        ]
        + _damage(session, _tables(objects))
    )


def _damage(session: Session, present: set[str]) -> list[str]:
    """Return what SQLite finds wrong inside our tables and their indexes, the first of it.

    Table by table: a host's may rest on functions and collations that only the host brings.
    """
    told: list[str] = []
    with _wide(session):
        for name in sorted(present):
            lines = [str(line) for (line,) in session.rows(_INTEGRITY[name])]
            told += [f"table {name}: {line}" for line in lines if line != "ok"]
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
    return {name.lower() for kind, name, _, _ in objects if kind == "table"} & _NAMES


def _ours(objects: Iterable[Values]) -> dict[tuple[str, str], str]:
    """Return the SQL of what belongs to our tables, with single spaces.

    A library may lay out the same statement anew, so spaces mean nothing. The table of revisions
    is Alembic's, and only what was put on it is told.
    """
    return {
        (kind, name): " ".join(sql.split())
        for kind, name, table, sql in objects
        # SQLite keeps the table of a trigger in the letters that whoever made it wrote.
        if table.lower() in tables.metadata.tables
        or (table.lower() == tables.VERSION_TABLE and kind != "table")
    }
