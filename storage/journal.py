"""The journal over a database: opened by its address, or joined to a host's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, Engine, NestedTransaction, false, update
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from lifecycle.domain.errors import DatabaseMissing, InvalidInput, StorageFailed
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.domain.logged import Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing, Journal, Reading, Writing
from lifecycle.storage import forks, schema, sqlite
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.durable import sync_folder
from lifecycle.storage.faults import Faults
from lifecycle.storage.reading import SqlReading
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.sqlite import LOCK_SECONDS, Durability, Place
from lifecycle.storage.tables import streams
from lifecycle.storage.writing import SqlWriting

# Changes nothing, and so begins to write where the driver or SQLite would put that off.
_touch = update(streams).where(false()).values(version=streams.c.version)
_TOUCH: Final = Statement(_touch)


def create_journal(
    url: str,
    origin: str | None = None,
    *,
    lock_seconds: float = LOCK_SECONDS,
    durability: Durability | None = None,
    sealing: Sealing = "inline",
) -> SqlJournal:
    """Make a database with an empty history and open it.

    It is made in one transaction: what a killed process leaves holds nothing, and is taken for
    a place where a database can be made.

    Args:
        url: ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.
        origin: Id of the installation; a random one if none is given. A database that was made,
            but has no record yet, keeps the id it has.
        lock_seconds: How long to wait for another writer, seconds.
        durability: For tests: other settings than the linked SQLite asks for.
        sealing: Whether a record becomes a leaf of the log as it is written, or waits for it.

    Raises:
        DatabaseExists: Something is kept there already.
        DatabaseBroken: A file is there that is no database.
        InvalidInput: The address is none, or of a database that is not supported.
        StorageFailed: The database cannot be made.
    """
    place = _place(url)
    faults = Faults(url, lock_seconds)
    try:
        sqlite.check_file(place)
        sqlite.check_free(place)
    except DatabaseMissing:
        if not place.path.parent.is_dir():
            folder = {"folder": str(place.path.parent)}
            raise StorageFailed(detail=Message("there is no folder {folder}", folder)) from None
    engine = sqlite.make_engine(
        place, create=True, lock_seconds=lock_seconds, durability=durability
    )
    try:
        # SQLAlchemy's transaction as well: Alembic would commit step by step without it.
        with faults, engine.connect() as connection, connection.begin():
            driver = sqlite.driver_of(connection)
            sqlite.begin(driver, write=True)
            origin = schema.create(connection, Session(driver, faults), origin or str(uuid4()))
        sync_folder(place.path.parent)
    except BaseException:
        engine.dispose()
        raise
    again = partial(_opened, replace(place, read_only=True), lock_seconds, durability, sealing)
    return SqlJournal(engine, origin, faults, sealing, again)


def open_journal(
    url: str,
    *,
    lock_seconds: float = LOCK_SECONDS,
    durability: Durability | None = None,
    sealing: Sealing = "inline",
) -> SqlJournal:
    """Open the database at *url*; nothing is made.

    Args:
        url: ``sqlite:///relative.db`` or ``sqlite:////absolute.db``; with ``?mode=ro`` nothing
            is ever written.
        lock_seconds: How long to wait for another writer, seconds.
        durability: For tests: other settings than the linked SQLite asks for.
        sealing: Whether a record becomes a leaf of the log as it is written, or waits for it.

    Raises:
        DatabaseMissing: There is none.
        DatabaseBroken: The file is damaged, or not a database of this engine.
        DatabaseNewer: A newer release made it.
        InvalidInput: The address is none, or of a database that is not supported.
        StorageFailed: It is locked, or cannot be opened.
    """
    return _opened(_place(url), lock_seconds, durability, sealing)


def _opened(
    place: Place, lock_seconds: float, durability: Durability | None, sealing: Sealing
) -> SqlJournal:
    faults = Faults(place.url, lock_seconds)
    sqlite.check_file(place)
    engine = sqlite.make_engine(place, lock_seconds=lock_seconds, durability=durability)
    try:
        with faults, engine.connect() as connection:
            session = Session(sqlite.driver_of(connection), faults)
            schema.check(session)
            origin = schema.installed(session)
    except BaseException:
        engine.dispose()
        raise
    again = partial(_opened, replace(place, read_only=True), lock_seconds, durability, sealing)
    return SqlJournal(engine, origin, faults, sealing, again)


class SqlJournal:
    """A history in a database of its own.

    Args:
        engine: Makes connections with the safe settings.
        origin: Id of the installation.
        faults: Translates errors of the driver.
        sealing: How records come into the log.
        again: Opens the same history for reading, in another process too.
    """

    def __init__(
        self,
        engine: Engine,
        origin: str,
        faults: Faults,
        sealing: Sealing = "inline",
        again: Callable[[], Journal] | None = None,
    ) -> None:
        self._engine = engine
        self._again = again
        self._sealing: Sealing = sealing
        self._origin = origin
        self._faults = faults
        forks.watch(engine)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open one consistent view."""
        with self._transaction(write=False) as driver:
            yield SqlReading(Session(driver, self._faults), self._origin)

    @contextmanager
    def auditing(self) -> Iterator[Auditing]:
        """Open one consistent view with everything that verification reads."""
        with self._transaction(write=False) as driver, sqlite.lenient_text(driver):
            yield SqlAuditing(Session(driver, self._faults), self._origin)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Begin a write transaction.

        Raises:
            StorageFailed: The database is locked, read-only, full or broken.
        """
        with self._transaction(write=True) as driver:
            session = Session(driver, self._faults)
            # SQLite begins to write a database that it cannot write; this is where it says so.
            session.change(_TOUCH)
            writing = SqlWriting(session, self._origin, self._sealing)
            yield writing
            writing.check_whole()
            with self._faults:
                driver.commit()

    @contextmanager
    def erasing(self) -> Iterator[Writing]:
        """Begin a write transaction after whose commit nothing erased is left in any file.

        Raises:
            ErasureUnfinished: It was committed, but readers keep older versions alive.
            StorageFailed: As ``writing``.
        """
        with self.writing() as writing:
            yield writing
        with self._faults:
            lent = self._engine.raw_connection()
        try:
            with self._faults:
                gone = sqlite.empty_wal(sqlite.driver_of(lent))
        finally:
            lent.close()
        if not gone:
            detail = Message("somebody still reads what was there before")
            raise ErasureUnfinished(detail=detail)

    def elsewhere(self) -> Callable[[], Journal] | None:
        """Return what opens the same history for reading in another process."""
        return self._again

    def joined(self, connection: object) -> Journal:
        """Return the same journal working inside the transaction of a host's own connection.

        Raises:
            TypeError: It is not a connection of SQLAlchemy to SQLite.
        """
        if not isinstance(connection, Connection) or connection.dialect.name != "sqlite":
            raise TypeError("a journal joins a sqlalchemy.Connection to the same SQLite database")
        return JoinedJournal(connection, self._origin, self._faults, self._sealing)

    def close(self) -> None:
        """Give back connections; the journal is not used afterwards."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[DBAPIConnection]:
        """Lend a connection inside a transaction; what was not committed is undone."""
        forks.check(self._engine)
        with self._faults:
            lent = self._engine.raw_connection()
        try:
            driver = sqlite.driver_of(lent)
            with self._faults:
                sqlite.begin(driver, write=write)
                if not write:
                    # The first statement fixes what the transaction sees.
                    schema.installed(Session(driver, self._faults))
            try:
                yield driver
            finally:
                with self._faults:
                    sqlite.undo(driver)
        finally:
            # What could not be undone must not meet the next one who borrows the connection.
            if sqlite.in_transaction(sqlite.driver_of(lent)):
                lent.invalidate()
            lent.close()


class JoinedJournal:
    """The history through a host's connection: begun, committed and undone by the host.

    Args:
        connection: The host's, to the database that holds the history.
        origin: Id of the installation.
        faults: Translates errors of the driver.
        sealing: How records come into the log.
    """

    def __init__(
        self, connection: Connection, origin: str, faults: Faults, sealing: Sealing = "inline"
    ) -> None:
        self._connection = connection
        self._sealing: Sealing = sealing
        self._origin = origin
        self._faults = faults

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read what the host's transaction sees."""
        yield SqlReading(self._session(), self._origin)

    @contextmanager
    def auditing(self) -> Iterator[Auditing]:
        """Read what the host's transaction sees, with everything that verification reads."""
        session = self._session()
        with sqlite.lenient_text(sqlite.driver_of(self._connection)):
            yield SqlAuditing(session, self._origin)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Write in the host's transaction; an exception inside undoes only what was written here.

        Raises:
            StorageFailed: The database is locked, read-only, full or broken, or the connection
                keeps no transaction.
        """
        with self._faults:
            # sqlite3 in its older mode begins a transaction before UPDATE, not before SAVEPOINT;
            # a savepoint outside of a transaction would commit when it is released.
            self._connection.execute(_touch)
        if not sqlite.in_transaction(sqlite.driver_of(self._connection)):
            raise StorageFailed(
                detail=Message("the host's connection commits every statement by itself")
            )
        session = self._session()
        with self._faults:
            savepoint = self._connection.begin_nested()
        try:
            writing = SqlWriting(session, self._origin, self._sealing)
            yield writing
            writing.check_whole()
        except BaseException:
            self._undo(savepoint)
            raise
        with self._faults:
            savepoint.commit()

    def erasing(self) -> AbstractContextManager[Writing]:
        """Refuse: the host may not commit, and keeps what was erased in its own journal files.

        Raises:
            StorageFailed: Always.
        """
        detail = Message("persons are erased by the engine itself, not in a host's transaction")
        raise StorageFailed(detail=detail)

    def elsewhere(self) -> None:
        """Return nothing: what the host's transaction sees, nobody else does."""
        return None

    def joined(self, connection: object) -> Journal:
        """Refuse: this journal is joined already.

        Raises:
            TypeError: Always.
        """
        raise TypeError("the journal is joined to a connection already")

    def close(self) -> None:
        """Do nothing: the connection is the host's."""

    def _session(self) -> Session:
        """Return a session on the host's connection, if that leads to this history.

        Raises:
            StorageFailed: It leads elsewhere.
        """
        with self._faults:
            # Through SQLAlchemy: it has to know that a transaction is under way.
            self._connection.exec_driver_sql("SELECT 1")
            session = Session(sqlite.driver_of(self._connection), self._faults)
        found = schema.installed(session)
        if found != self._origin:
            raise StorageFailed(
                detail=Message(
                    "the connection leads to another installation, {found}", {"found": found}
                )
            )
        return session

    def _undo(self, savepoint: NestedTransaction) -> None:
        """Undo what was written since *savepoint*; the error that led here is raised after it."""
        try:
            savepoint.rollback()
        except SQLAlchemyError:
            # SQLite gave up the whole transaction, as it may on a full disk. The host must not
            # go on as if its own rows were still there: only rollback() is left to it now.
            self._connection.invalidate()


def _place(url: str) -> Place:
    place = sqlite.place_of(url)
    if place is None:
        scheme = url.partition(":")[0]
        detail = Message(
            "{scheme} is not supported; write sqlite:///lifecycle.db", {"scheme": scheme}
        )
        raise InvalidInput(what="the database address", detail=detail)
    return place
