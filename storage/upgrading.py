"""Bringing the schema of an earlier release up to date, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from lifecycle.domain.errors import DatabaseBroken
from lifecycle.storage import schema, tables
from lifecycle.storage.database import Database
from lifecycle.storage.journal import database_at
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.sqlite import LOCK_SECONDS

_UPGRADE: Final = "schema"  # no stream is called that


def upgrade(url: str, *, lock_seconds: float = LOCK_SECONDS) -> tuple[str, str]:
    """Bring a database up to the schema of this release; the history is not touched.

    It happens as a whole or not at all: whoever ends the process leaves the earlier schema.

    Args:
        url: Of the database; on PostgreSQL as the owner of its tables.
        lock_seconds: How long to wait for others who write.

    Returns:
        The revisions before and after; the same one where nothing was to be done.

    Raises:
        DatabaseMissing, DatabaseNewer: There is none, or a newer release made it.
        DatabaseBroken: Its schema is not that of the revision it says.
        StorageFailed: It is locked, or cannot be changed.
    """
    database = database_at(url, lock_seconds)
    with changing(database) as (connection, session):
        session.hold(_UPGRADE)
        before = schema.check(session)
        if before != tables.SCHEMA:
            odd = schema.findings(session)
            if odd:
                raise DatabaseBroken(url=session.faults.url, detail="; ".join(odd))
            schema.migrate(connection)
        return before, tables.SCHEMA


def revision_of(url: str, *, lock_seconds: float = LOCK_SECONDS) -> str:
    """Return the revision that a database says its schema has.

    Raises:
        StorageFailed: There is no such database, or it is broken, newer, locked or unreadable.
    """
    database = database_at(url, lock_seconds)
    engine = database.engine()
    try:
        with database.faults, engine.connect() as connection:
            return schema.check(Session(driver_of(connection), database))
    finally:
        engine.dispose()


@contextmanager
def changing(database: Database) -> Iterator[tuple[Connection, Session]]:
    """Lend a connection inside a transaction that changes tables; it is committed at the end."""
    engine = database.engine()
    try:
        # SQLAlchemy's transaction as well: Alembic would commit step by step without it.
        with database.faults, engine.connect() as connection, connection.begin():
            driver = driver_of(connection)
            database.begin(driver, write=True)
            database.unhurried(driver)
            yield connection, Session(driver, database)
    finally:
        engine.dispose()
