"""What is SQLite's own: addresses, safe settings, transactions, errors and the schema as stored.

The settings follow docs/decisions/0003-durable-settings-by-sqlite-version.md.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from lifecycle.domain.errors import DatabaseReadOnly, InvalidInput, StorageFailed

APPLICATION_ID: Final = 0x4C435343
"""Marks the file as a database of this engine ("LCSC")."""

LOCK_SECONDS: Final = 30.0
"""How long a writer waits for another one; SQLite's waiting is not fair, so it is long."""

BEGIN_OPTION: Final = "lifecycle_begin"
"""Execution option that names the statement beginning a transaction."""


@dataclass(frozen=True, slots=True)
class Durability:
    """How a commit is made to survive a power cut.

    Args:
        journal_mode: ``wal`` or ``delete``.
        synchronous: ``FULL`` or ``EXTRA``.
    """

    journal_mode: str
    synchronous: str


WAL: Final = Durability("wal", "FULL")
ROLLBACK: Final = Durability("delete", "EXTRA")
_SYNCHRONOUS: Final = {"FULL": 2, "EXTRA": 3}


def durability_for(version: tuple[int, int, int]) -> Durability:
    """Return the settings under which that SQLite loses no acknowledged commit.

    The write-ahead log of 3.7.0 to 3.51.2 can lose or damage commits when several connections
    write; 3.44.6 and 3.50.7 have the correction as well.
    """
    corrected = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return WAL if corrected else ROLLBACK


@dataclass(frozen=True, slots=True)
class Place:
    """A database file and how it may be opened.

    Args:
        url: The address as it was given, for messages.
        path: The file, absolute.
        read_only: Nothing is to be written.
    """

    url: str
    path: Path
    read_only: bool = False


def parsed(url: str) -> URL:
    """Read a database address.

    Raises:
        InvalidInput: It is none.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        detail = f"{url!r} is not an address such as sqlite:///lifecycle.db"
        raise InvalidInput(what="the database address", detail=detail) from error


def place_of(url: str) -> Place | None:
    """Return the file that an SQLite address names; ``None`` for another kind of database.

    Percent-encoding in the path is decoded. ``?mode=ro`` opens without writing.

    Raises:
        InvalidInput: The address is none, names no file or carries other options.
    """
    address = parsed(url)
    if address.get_backend_name() != "sqlite":
        return None
    options = dict(address.query)
    mode = options.pop("mode", "rw")
    name = unquote(address.database or "")
    if not name or name == ":memory:" or "\x00" in name or address.host:
        detail = f"{url!r} names no file; write sqlite:///name.db, or memory:// to keep nothing"
        raise InvalidInput(what="the database address", detail=detail)
    if options or mode not in ("rw", "ro"):
        detail = f"{url!r} carries options; only mode=ro and mode=rw are known"
        raise InvalidInput(what="the database address", detail=detail)
    return Place(url, Path(name).absolute(), read_only=mode == "ro")


def sqlite_path(url: str) -> Path | None:
    """Return the file that an SQLite address names; ``None`` for another kind of address.

    Raises:
        InvalidInput: It is no address, or names no file.
    """
    place = place_of(url)
    return place.path if place else None


def make_engine(
    place: Place,
    *,
    create: bool = False,
    durability: Durability | None = None,
    lock_seconds: float = LOCK_SECONDS,
) -> Engine:
    """Return an engine whose connections have the safe settings and begin as they are told.

    Args:
        place: The database file.
        create: Make the file if it is missing.
        durability: Other than what the linked SQLite asks for; for tests of both ways.
        lock_seconds: How long to wait for another writer, seconds.
    """
    mode = "ro" if place.read_only else "rwc" if create else "rw"
    chosen = durability or durability_for(sqlite3.sqlite_version_info)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{place.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=lock_seconds,
            # None: the driver begins nothing by itself; the engine says BEGIN (see below).
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _settle(connection, chosen, place)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=-1)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get(BEGIN_OPTION, "BEGIN"))

    return engine


def _settle(connection: sqlite3.Connection, durability: Durability, place: Place) -> None:
    """Make the settings and read each back.

    Raises:
        StorageFailed: SQLite did not take a setting.
    """
    wanted: dict[str, Any] = {
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "synchronous": _SYNCHRONOUS[durability.synchronous],
    }
    if not place.read_only:
        wanted["journal_mode"] = durability.journal_mode
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name}={value}").fetchall()
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found == value:
            continue
        if name == "journal_mode" and not _writable(connection):
            raise DatabaseReadOnly(url=place.url)
        raise StorageFailed(detail=f"SQLite keeps PRAGMA {name} at {found}, not {value}")


def _writable(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        return False
    connection.execute("ROLLBACK")
    return True


def in_transaction(connection: Connection) -> bool:
    """Tell whether the driver of a connection really is inside a transaction."""
    driver = connection.connection.driver_connection
    return isinstance(driver, sqlite3.Connection) and driver.in_transaction
