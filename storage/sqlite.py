"""What is SQLite's own: safe settings, transactions, errors and the schema as stored.

The settings follow docs/decisions/0003-durable-settings-by-sqlite-version.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Dialect, Engine, NullPool, create_engine
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import DatabaseMissing, StorageFailed
from lifecycle.domain.errors_database import DatabaseMoved
from lifecycle.domain.logged import Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.spans import Misplaced
from lifecycle.storage import sqlite_schema
from lifecycle.storage.database import Sent, SentForMany
from lifecycle.storage.durable import sync_folder
from lifecycle.storage.session import Session
from lifecycle.storage.sqlite_faults import SqliteFaults
from lifecycle.storage.sqlite_files import (
    FileId,
    Place,
    check_file,
    check_free,
    file_id,
    make_private,
)
from lifecycle.storage.sqlite_turns import take_turn
from lifecycle.storage.tables import TOUCH

LOCK_SECONDS: Final = 30.0
"""How long a writer waits for another one."""

_BESIDE_READERS: Final = 0.5  # seconds


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
_TOUCH: Final = str(TOUCH.compile(dialect=sqlite_dialect()))
_LOG_PAGES: Final = 4000
"""Pages in the write-ahead log that make a commit copy it into the file.

A transition writes some twenty: at SQLite's own 1,000 one in fifty paid for the others. As many
as these are looked up in one step still, by SQLite's first index of the log.
"""


def durability_for(version: tuple[int, int, int]) -> Durability:
    """Return the settings under which that SQLite loses no acknowledged commit.

    The write-ahead log of 3.7.0 to 3.51.2 can lose or damage commits when several connections
    write; 3.44.6 and 3.50.7 have the correction as well.
    """
    corrected = (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )
    return WAL if corrected else ROLLBACK


class Opened(sqlite3.Connection):
    """A connection that knows its file, wherever that lies by now."""

    file: FileId | None = None
    """``None`` if it was made while the file was moved, so that nobody knows which one it is."""
    journal = ""
    """How it was opened to write."""
    writable = False
    """Whether it was seen to write; what SQLite opened for reading stays so."""


def make_engine(
    place: Place,
    *,
    create: bool = False,
    durability: Durability | None = None,
    lock_seconds: float = LOCK_SECONDS,
) -> Engine:
    """Return a pool of connections with the safe settings; it begins no transaction by itself.

    Args:
        place: The database file.
        create: Make the file if it is missing.
        durability: Other than what the linked SQLite asks for; for tests of both ways.
        lock_seconds: How long to wait for another writer, seconds.
    """
    mode = "ro" if place.read_only else "rwc" if create else "rw"
    chosen = durability or durability_for(sqlite3.sqlite_version_info)

    def connect() -> sqlite3.Connection:
        if create:
            make_private(place)
        else:
            check_file(place)
        before = file_id(place.path)
        connection = sqlite3.connect(
            f"{place.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=lock_seconds,
            # The driver begins no transaction of its own accord: see begin().
            isolation_level=None,
            check_same_thread=False,
            factory=Opened,
        )
        try:
            # SQLite does not tell which file it opened: the one that had the name all the while.
            after = file_id(place.path)
            if before == after or (create and before is None):
                connection.file = after
            sqlite_schema.recognise(connection, place.url, create=create)
            _settle(connection, chosen, place, lock_seconds)
            connection.journal = chosen.journal_mode
        except BaseException:
            connection.close()
            raise
        return connection

    return create_engine(
        "sqlite://",
        creator=connect,
        poolclass=NullPool,  # they are held in Connections
        pool_reset_on_return=None,
    )


def _settle(
    connection: sqlite3.Connection, durability: Durability, place: Place, lock_seconds: float
) -> None:
    """Make the settings and read each back.

    Raises:
        DatabaseReadOnly: The file cannot be given the journal that is asked for.
        StorageFailed: SQLite did not take a setting.
    """
    wanted: dict[str, Any] = {
        "busy_timeout": int(lock_seconds * 1000),
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "secure_delete": 1,  # what was erased is overwritten, not only unlinked
        # KiB. A nation's board is larger than the 2 MiB that SQLite would keep by itself, and is
        # looked up all over the place; a batch would spill its pages before it commits.
        "cache_size": -16_384,
        "synchronous": _SYNCHRONOUS[durability.synchronous],
        "wal_autocheckpoint": _LOG_PAGES,
    }
    if not place.read_only:
        wanted["journal_mode"] = durability.journal_mode
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name}={value}").fetchall()
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise StorageFailed(detail=f"SQLite keeps PRAGMA {name} at {found}, not {value}")


class SqliteDatabase:
    """A file of SQLite, worked with as ``lifecycle.storage.database`` says.

    Args:
        place: The file.
        lock_seconds: How long to wait for another writer, seconds.
        durability: Other than what the linked SQLite asks for; for tests of both ways.
    """

    dialect: Dialect = sqlite_dialect()
    sealing: Sealing = "inline"  # there is one writer anyway
    is_far = False
    is_sharded = False
    proves_indexes = True  # integrity_check compares every row with them

    def __init__(
        self,
        place: Place,
        lock_seconds: float = LOCK_SECONDS,
        durability: Durability | None = None,
    ) -> None:
        self.faults = SqliteFaults(place.url, lock_seconds)
        self._place = place
        self._name = str(place.path)
        self._lock_seconds = lock_seconds
        self._durability = durability

    def engine(self, *, create: bool = False) -> Engine:
        """Return a pool of connections to the file, once it is known to be fit."""
        place = self._place
        try:
            check_file(place)
            if create:
                check_free(place)
        except DatabaseMissing:
            if not create:
                raise
            if not place.file.parent.is_dir():
                folder = {"folder": str(place.file.parent)}
                detail = Message("there is no folder {folder}", folder)
                raise StorageFailed(detail=detail) from None
        return make_engine(
            place, create=create, lock_seconds=self._lock_seconds, durability=self._durability
        )

    def made(self) -> None:
        """Put the name of the file on the disk."""
        sync_folder(self._place.file.parent)

    def begin(
        self, driver: DBAPIConnection, *, write: bool, still: bool = False, ask: str | None = None
    ) -> list[Any]:
        """Begin a transaction; one that writes takes its turn at once.

        Two writers must not both read version 7 and both append version 8.

        Raises:
            DatabaseMoved: Another file has the name, or none.
            StorageFailed: Somebody gave the file another journal, which may lose commits here.
        """
        if write:
            take_turn(driver, self._lock_seconds)
        else:
            driver.cursor().execute("BEGIN")
        self._check_there(driver)
        found = [] if ask is None else driver.cursor().execute(ask).fetchall()
        if write:
            self._check_journal(driver)
        return found

    def unhurried(self, driver: DBAPIConnection) -> None:
        """Do nothing: nobody hurries."""

    def announce(self, driver: DBAPIConnection) -> None:
        """Do nothing: whoever seals writes, and nobody else does then."""

    def writing_since(self, driver: DBAPIConnection) -> str | None:
        """Return nothing: whoever seals writes, and nobody else does then."""
        return None

    def check_writable(self, driver: DBAPIConnection) -> None:
        """Make sure that the connection can write, once: its transactions begin as if it could."""
        opened: Any = driver
        if not opened.writable:
            opened.execute(_TOUCH)
            opened.writable = True

    def commit(self, driver: DBAPIConnection) -> None:
        """Make the transaction last, in the file that has the name.

        With a write-ahead log SQLite goes on in a file that was moved away or replaced.

        Raises:
            DatabaseMoved: Another file has the name, or none; it may have been committed.
        """
        self._check_there(driver)
        driver.commit()
        # Only now it is sure: whoever hears of it finds it there.
        self._check_there(driver)

    def undo(self, driver: DBAPIConnection) -> None:
        """Undo the transaction, if there still is one: SQLite ends some by itself."""
        if self.in_transaction(driver):
            driver.rollback()

    def in_transaction(self, driver: DBAPIConnection) -> bool:
        """Tell whether a connection really is inside a transaction."""
        return isinstance(driver, sqlite3.Connection) and driver.in_transaction

    def lost(self, driver: DBAPIConnection) -> bool:
        """Tell whether its file was moved, deleted or replaced by another one."""
        file = getattr(driver, "file", None)
        return file is None or file != file_id(self._name)

    def _check_journal(self, opened: Any) -> None:
        """Refuse to write by another journal than the connection was opened for.

        Another SQLite, which is safe with another one, may have changed it since.
        """
        ((mode,),) = opened.execute("PRAGMA journal_mode").fetchall()
        if mode != opened.journal:
            opened.file = None  # It is not used again.
            raise StorageFailed(
                detail=Message(
                    "another program gave the file the journal {found} in place of {expected}",
                    {"found": mode, "expected": opened.journal},
                )
            )

    def place(self, driver: DBAPIConnection) -> str:
        """Return device and number of the file."""
        device, number = getattr(driver, "file", None) or ("?", "?")
        return f", file {number} on device {device}"

    def _check_there(self, driver: DBAPIConnection) -> None:
        if self.lost(driver):
            raise DatabaseMoved(url=self.faults.url)

    def hold(self, driver: DBAPIConnection, name: str) -> bool:
        """Do nothing: a transaction that writes holds the whole file."""
        return False

    def held_at_once(self, driver: DBAPIConnection, name: str) -> bool:
        """Do nothing: it is held already."""
        return True

    def alone(self, driver: DBAPIConnection) -> None:
        """Do nothing: a transaction that writes is alone."""

    def together(self, driver: DBAPIConnection, sent: Sequence[Sent]) -> list[Any]:
        """Execute statements one after the other."""
        return [driver.cursor().execute(text, values) for text, values in sent]

    def attempted(self, driver: DBAPIConnection, sent: Sequence[SentForMany]) -> list[int]:
        """Execute statements one after the other: a refused row undoes only itself."""
        cursor: Any = driver.cursor()
        return [int(cursor.executemany(text, rows).rowcount) for text, rows in sent]

    def flowing(self, driver: DBAPIConnection, text: str, values: tuple[Any, ...]) -> Any:
        """Return a cursor: SQLite makes rows as they are fetched."""
        cursor = driver.cursor()
        cursor.execute(text, values)
        return cursor

    def bound(self, text: str) -> str:
        """Return the text itself: SQLite compares any."""
        return text

    def lenient(self, driver: DBAPIConnection) -> AbstractContextManager[None]:
        """Read text that is not UTF-8 as escapes."""
        # Only here: who verifies nothing needs none of it.
        from lifecycle.storage.sqlite_texts import lenient_text

        return lenient_text(driver)

    @contextmanager
    def exact(self, driver: DBAPIConnection) -> Iterator[None]:
        """Read text as the driver does by itself."""
        plain: Any = driver
        before, plain.text_factory = plain.text_factory, str
        try:
            yield
        finally:
            plain.text_factory = before

    def reader(self) -> Callable[[], SqliteDatabase]:
        """Return what leads to the same file for reading.

        With a rollback journal nobody begins to read while somebody waits to commit, and who waits
        there waits for whoever reads already: who asks for help would wait for it in vain.
        """
        place = replace(self._place, read_only=True)
        patience = min(self._lock_seconds, _BESIDE_READERS)
        return partial(SqliteDatabase, place, patience, self._durability)

    def cleared(self, driver: DBAPIConnection) -> bool:
        """Cut the write-ahead log off, which keeps older versions; readers can stand in the way."""
        ((busy, _, _),) = driver.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not busy

    def present(self, session: Session) -> set[str]:
        """Return the names of our tables that are there."""
        return sqlite_schema.present(session)

    def mark(self, session: Session) -> None:
        """Mark a file in which nobody keeps anything yet."""
        sqlite_schema.mark(session)

    def findings(self, session: Session, revision: str) -> list[str]:
        """Return what differs from a revision's, and what SQLite finds damaged."""
        return sqlite_schema.findings(session, revision)

    def misplaced(self, session: Session) -> Iterator[Misplaced]:
        """Yield nothing: there is one file."""
        return iter(())
