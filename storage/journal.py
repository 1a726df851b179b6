"""The journal over a database: opened by its address, or joined to a host's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import InvalidInput, StorageFailed
from lifecycle.domain.errors_database import DatabaseReplaced
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.domain.logged import Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing, Journal, Reading, Writing
from lifecycle.storage import schema, sqlite, sqlite_files, tables
from lifecycle.storage.connections import Connections, Lent
from lifecycle.storage.database import Database
from lifecycle.storage.reading import SqlReading
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.sqlite import LOCK_SECONDS, Durability

_MET: Final = f"SELECT origin, version_num FROM lifecycle_installation, {tables.VERSION_TABLE}"  # noqa: S608


def create_journal(
    url: str,
    origin: str | None = None,
    *,
    lock_seconds: float = LOCK_SECONDS,
    durability: Durability | None = None,
    sealing: Sealing | None = None,
) -> SqlJournal:
    """Make a database with an empty history and open it.

    It is made in one transaction: what a killed process leaves holds nothing, and is taken for
    a place where a database can be made. A database of PostgreSQL is there already, and gets
    the tables.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
            ``postgresql://user@server/database``.
        origin: Id of the installation; a random one if none is given. A database that was made,
            but has no record yet, keeps the id it has.
        lock_seconds: How long to wait for another writer, seconds.
        durability: For tests: other settings than the linked SQLite asks for.
        sealing: Whether a record becomes a leaf of the log as it is written, or waits for it;
            inline on SQLite and queued on PostgreSQL if not given.

    Raises:
        DatabaseExists: Something is kept there already.
        DatabaseBroken: A file is there that is no database.
        InvalidInput: The address is none, or of a database that is not supported.
        StorageFailed: The database cannot be made.
    """
    database = database_at(url, lock_seconds, durability)
    engine = database.engine(create=True)
    try:
        # SQLAlchemy's transaction as well: Alembic would commit step by step without it.
        with database.faults, engine.connect() as connection, connection.begin():
            driver = driver_of(connection)
            database.begin(driver, write=True)
            session = Session(driver, database)
            origin = schema.create(connection, session, origin or str(uuid4()))
        database.made()
    finally:
        engine.dispose()
    # From now on nothing is made: where the database is gone, that is an error.
    return SqlJournal(
        database.engine(), origin, database, sealing, partial(_opened, database.reader(), sealing)
    )


def open_journal(
    url: str,
    *,
    lock_seconds: float = LOCK_SECONDS,
    durability: Durability | None = None,
    sealing: Sealing | None = None,
) -> SqlJournal:
    """Open the database at *url*; nothing is made.

    Args:
        url: As for ``create_journal``; with ``?mode=ro`` nothing is ever written.
        lock_seconds: How long to wait for another writer, seconds.
        durability: For tests: other settings than the linked SQLite asks for.
        sealing: As for ``create_journal``.

    Raises:
        DatabaseMissing: There is none.
        DatabaseBroken: The file is damaged, or not a database of this engine.
        DatabaseNewer: A newer release made it.
        InvalidInput: The address is none, or of a database that is not supported.
        StorageFailed: It is locked, or cannot be opened.
    """
    return _opened(partial(database_at, url, lock_seconds, durability), sealing)


def _opened(database_of: Callable[[], Database], sealing: Sealing | None) -> SqlJournal:
    database = database_of()
    again = partial(_opened, database.reader(), sealing)
    journal = SqlJournal(database.engine(), None, database, sealing, again)
    try:
        journal.meet()
    except BaseException:
        journal.close()
        raise
    return journal


class SqlJournal:
    """A history in a database of its own.

    Args:
        engine: Makes connections with the safe settings.
        origin: Id of the installation; of the one that it meets first if not given.
        database: That it leads to.
        sealing: How records come into the log; the database's own way if not given.
        again: Opens the same history for reading, in another process too.
    """

    def __init__(
        self,
        engine: Engine,
        origin: str | None,
        database: Database,
        sealing: Sealing | None = None,
        again: Callable[[], Journal] | None = None,
    ) -> None:
        # That of an earlier release is read, and not written to until it was brought up to date.
        self._revision = ""
        self._connections = Connections(engine, self._recognise)
        self._again = again
        self._sealing: Sealing = sealing or database.sealing
        self._origin = origin or ""
        self._database = database
        self._faults = database.faults

    @property
    def backend(self) -> str:
        """The kind of storage."""
        return self._database.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open one consistent view."""
        with self._transaction(write=False) as driver:
            yield SqlReading(Session(driver, self._database), self._origin)

    @contextmanager
    def auditing(self) -> Iterator[Auditing]:
        """Open one consistent view with everything that verification reads."""
        # Here and below: most processes either read or write.
        from lifecycle.storage.auditing import SqlAuditing

        with (
            self._transaction(write=False, still=True) as driver,
            self._database.lenient(driver),
        ):
            yield SqlAuditing(Session(driver, self._database), self._origin)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Begin a write transaction.

        Raises:
            DatabaseOlder: An earlier release made the schema.
            StorageFailed: The database is locked, read-only, full or broken.
        """
        from lifecycle.storage.writing import SqlWriting

        with self._transaction(write=True) as driver:
            session = Session(driver, self._database)
            if self._database.is_sharded and self._sealing == "inline":
                raise StorageFailed(
                    detail=Message("where schools lie on several servers, records are sealed later")
                )
            if self._revision != tables.SCHEMA:
                schema.check_newest(session)
            with self._faults:
                self._database.check_writable(driver)
            writing = SqlWriting(session, self._origin, self._sealing)
            yield writing
            writing.check_whole()
            with self._faults:
                self._database.commit(driver)

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
            lent = self._connections.lend()
        try:
            with self._faults:
                gone = self._database.cleared(lent.driver)
        finally:
            self._give_back(lent)
        if not gone:
            detail = Message("somebody still reads what was there before")
            raise ErasureUnfinished(detail=detail)

    def elsewhere(self) -> Callable[[], Journal] | None:
        """Return what opens the same history for reading in another process."""
        return self._again

    def joined(self, connection: object) -> Journal:
        """Return the same journal working inside the transaction of a host's own connection.

        Raises:
            TypeError: It is not a connection of SQLAlchemy through the same driver.
        """
        from lifecycle.storage.joined import JoinedJournal

        dialect = self._database.dialect
        if not isinstance(connection, Connection) or (
            (connection.dialect.name, connection.dialect.driver) != (dialect.name, dialect.driver)
        ):
            raise TypeError("a journal joins a sqlalchemy.Connection to the same database")
        return JoinedJournal(connection, self._origin, self._database, self._sealing)

    def meet(self) -> None:
        """Make sure that the history is there; the first connection is kept for whoever comes.

        Raises:
            DatabaseMissing, DatabaseBroken, DatabaseNewer, StorageFailed: As ``open_journal``.
        """
        with self._faults:
            lent = self._connections.lend()
        self._give_back(lent)

    def close(self) -> None:
        """Give back connections; the journal is not used afterwards."""
        self._connections.close()

    @contextmanager
    def _transaction(self, *, write: bool, still: bool = False) -> Iterator[DBAPIConnection]:
        """Lend a connection inside a transaction; what was not committed is undone."""
        lent = self._begun(write=write, still=still)
        driver = lent.driver
        try:
            try:
                yield driver
            finally:
                if not lent.is_inherited:
                    with self._faults:
                        self._database.undo(driver)
        finally:
            self._give_back(lent)

    def _begun(self, *, write: bool, still: bool, again: bool = True) -> Lent:
        """Borrow a connection and begin; one that broke while it lay idle is replaced, once.

        So is one to a file that was moved, deleted or replaced.
        """
        with self._faults:
            lent = self._connections.lend()
        try:
            with self._faults:
                # The first question fixes what the transaction sees.
                found = self._database.begin(lent.driver, write=write, still=still, ask=_MET)
            # What a held connection leads to may be restored from a backup or upgraded meanwhile.
            if found != [(self._origin, self._revision)]:
                self._recognise(lent.driver)
        except BaseException:
            lost = self._database.lost(lent.driver)
            self._give_back(lent)
            if not (lost and again):
                raise
        else:
            return lent
        # The server was started anew, or the file is another one: so it is for all that lie idle.
        self._connections.close()
        return self._begun(write=write, still=still, again=False)

    def _give_back(self, lent: Lent) -> None:
        """Return a connection; one with a transaction in it must not meet the next borrower."""
        sound = not (lent.is_inherited or self._database.in_transaction(lent.driver))
        self._connections.give_back(lent, sound=sound)

    def _recognise(self, driver: DBAPIConnection) -> None:
        """Make sure that a connection leads to the history that was opened.

        Raises:
            DatabaseReplaced: It leads to another one.
            StorageFailed: It leads to none, or to a newer one.
        """
        session = Session(driver, self._database)
        revision, found = schema.check(session), schema.installed(session)
        self._origin = self._origin or found
        if found != self._origin:
            raise DatabaseReplaced(url=self._faults.url, found=found, expected=self._origin)
        self._revision = revision


def database_at(
    url: str, lock_seconds: float = LOCK_SECONDS, durability: Durability | None = None
) -> Database:
    """Return what works with the database at an address.

    Raises:
        InvalidInput: The address is none, or of a database that is not supported.
        StorageFailed: The driver is not installed.
    """
    scheme = sqlite_files.parsed(url).get_backend_name()
    if scheme == "postgresql":
        # Only here: its driver is an extra.
        try:
            from lifecycle.storage.postgres import PostgresDatabase
        except ImportError as error:
            detail = Message(
                "{package} is not installed; PostgreSQL needs it:"
                " pip install 'school-lifecycle[postgres]'",
                {"package": error.name or "psycopg"},
            )
            raise StorageFailed(detail=detail) from error
        return PostgresDatabase(url, lock_seconds)
    place = sqlite_files.place_of(url)
    if place is None:
        detail = Message(
            "{scheme} is not supported; write sqlite:///name.db or postgresql://server/name",
            {"scheme": scheme},
        )
        raise InvalidInput(what="the database address", detail=detail)
    return sqlite.SqliteDatabase(place, lock_seconds, durability)
