"""The journal joined to the transaction of a host's own connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection, NestedTransaction
from sqlalchemy.exc import SQLAlchemyError

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.logged import Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing, Journal, Reading, Writing
from lifecycle.storage import schema
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.database import Database
from lifecycle.storage.reading import SqlReading
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.tables import TOUCH
from lifecycle.storage.writing import SqlWriting


class JoinedJournal:
    """The history through a host's connection: begun, committed and undone by the host.

    Args:
        connection: The host's, to the database that holds the history.
        origin: Id of the installation.
        database: That it leads to.
        sealing: How records come into the log; the database's own way if not given.
    """

    def __init__(
        self,
        connection: Connection,
        origin: str,
        database: Database,
        sealing: Sealing,
    ) -> None:
        self._connection = connection
        self._sealing: Sealing = sealing
        self._origin = origin
        self._database = database
        self._faults = database.faults

    @property
    def backend(self) -> str:
        """The kind of storage."""
        return self._database.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read what the host's transaction sees."""
        yield SqlReading(self._session(), self._origin)

    @contextmanager
    def auditing(self) -> Iterator[Auditing]:
        """Read what the host's transaction sees, with everything that verification reads."""
        session = self._session()
        with self._database.lenient(driver_of(self._connection)):
            yield SqlAuditing(session, self._origin)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Write in the host's transaction; an exception inside undoes only what was written here.

        Raises:
            DatabaseOlder, DatabaseNewer: Another release made the schema.
            StorageFailed: The database is locked, read-only, full or broken, or the connection
                keeps no transaction, or one on a server that does not see what others commit.
        """
        with self._faults:
            # sqlite3 in its older mode begins a transaction before UPDATE, not before SAVEPOINT;
            # a savepoint outside of a transaction would commit when it is released.
            self._connection.execute(TOUCH)
        if not self._database.in_transaction(driver_of(self._connection)):
            raise StorageFailed(
                detail=Message("the host's connection commits every statement by itself")
            )
        if self._database.is_sharded:
            # Each server commits by itself: the host's rows could be lost beside a kept record.
            raise StorageFailed(
                detail=Message("schools on several servers are not joined to a host's transaction")
            )
        session = self._session()
        if not schema.is_newest(session):
            schema.check_newest(session)
        with self._faults:
            savepoint = self._connection.begin_nested()
        try:
            with self._faults:
                self._database.announce(driver_of(self._connection))
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
            session = Session(driver_of(self._connection), self._database)
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
