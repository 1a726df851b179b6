"""The database as it is at one moment, in a file, while others go on writing.

SQLite is copied by its backup interface; PostgreSQL is dumped by pg_dump, which is given the very
snapshot that the manifest is made from.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing
from lifecycle.storage import schema, tables
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.backup_file import SEVERAL
from lifecycle.storage.database import Database
from lifecycle.storage.journal import open_journal
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.sqlite import SqliteDatabase
from lifecycle.storage.staging import new_file

if TYPE_CHECKING:
    from lifecycle.storage.postgres import PostgresDatabase

_ON_SEVERAL: Final = Message("schools lie on several servers: name them by --servers FILE")
_PAGES: Final = 4096  # copied between two reports of progress
# What is copied is only read, so these are of the copy.
_OF_WRITING: Final = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_IOERR_WRITE: errno.EIO,
    sqlite3.SQLITE_IOERR_FSYNC: errno.EIO,
    sqlite3.SQLITE_IOERR_DIR_FSYNC: errno.EIO,
    sqlite3.SQLITE_IOERR_TRUNCATE: errno.EIO,
}

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database at one moment.

    Args:
        kind: ``sqlite``, ``postgresql`` or that of several servers.
        schema: Revision of its schema.
        view: Of the same moment.
    """

    kind: str
    schema: str
    view: Auditing


def address_of(copy: Path) -> str:
    """Return the address of a file of SQLite that is only read."""
    return f"sqlite:///{quote(str(copy))}?mode=ro"


@contextmanager
def snapshot(
    database: Database,
    into: Path,
    programs: Path | None,
    progress: Progress,
    servers: Sequence[PostgresDatabase] = (),
) -> Iterator[Snapshot]:
    """Copy a database into a new file, and lend a view of what is in it.

    Args:
        database: What is copied.
        into: The new file.
        programs: Folder with the programs of PostgreSQL; ``None`` to look for them.
        progress: Called with the percentage that is copied, where it is known.
        servers: Where its schools lie, if on others.

    Raises:
        OSError: The copy cannot be written.
        StorageFailed: The database cannot be read.
        BackupFailed, ProgramMissing: It cannot be copied.
    """
    if isinstance(database, SqliteDatabase):
        revision = _copied(database, into, progress)
        journal = open_journal(address_of(into))
        try:
            with journal.auditing() as view:
                yield Snapshot("sqlite", revision, view)
        finally:
            journal.close()
        return
    # Only here: its driver is an extra.
    import psycopg

    from lifecycle.storage.postgres import PostgresDatabase as Server
    from lifecycle.storage.postgres_dumping import dumped

    assert isinstance(database, Server)  # noqa: S101 - there is no third kind
    if servers:
        from lifecycle.storage.shards_dumping import several

        with several(database, servers, into, programs) as (revision, view):
            yield Snapshot(SEVERAL, revision, view)
        return
    with _transaction(database) as (session, driver):
        schema.check_one_server(session, _ON_SEVERAL)
        revision = schema.check(session)
        view = SqlAuditing(session, schema.installed(session))
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
        dumped(database, driver, into, programs, sorted(tables.NAMES))
        yield Snapshot("postgresql", revision, view)


def _copied(database: SqliteDatabase, into: Path, progress: Progress) -> str:
    """Copy a file of SQLite in one read transaction, and return the revision of its schema.

    In that transaction nobody's commit makes the copying begin anew. With a rollback journal it
    holds up commits meanwhile, with a write-ahead log it does not.
    """

    def told(status: int, left: int, total: int) -> None:
        progress(100 * (total - left) // max(total, 1))

    os.close(new_file(into))
    with _transaction(database) as (session, driver):
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - it is our own pool
        revision = schema.check(session)
        with _written_to(), closing(sqlite3.connect(into, isolation_level=None)) as copy:
            driver.backup(copy, pages=_PAGES, progress=told)
            # One file, without anything beside it.
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    return revision


@contextmanager
def _written_to() -> Iterator[None]:
    """Tell faults of the disk that a copy is written to apart from those of what is copied.

    Raises:
        OSError: The copy cannot be written.
    """
    try:
        yield
    except sqlite3.Error as error:
        number = _OF_WRITING.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK))
        if number is None:
            raise
        raise OSError(number, os.strerror(number)) from error


@contextmanager
def _transaction(database: Database) -> Iterator[tuple[Session, DBAPIConnection]]:
    engine = database.engine()
    try:
        with database.faults, engine.connect() as connection:
            driver = driver_of(connection)
            database.begin(driver, write=False)
            try:
                yield Session(driver, database), driver
            finally:
                database.undo(driver)
    finally:
        engine.dispose()
