"""What is PostgreSQL's own: addresses, safe settings, transactions and locks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import count
from typing import Any, Final, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect, Engine, NullPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import DatabaseMissing, InvalidInput, StorageFailed
from lifecycle.domain.errors_database import CommitUnheard
from lifecycle.domain.logged import Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.spans import Misplaced
from lifecycle.storage import postgres_schema, shards_places, shards_schema, tables
from lifecycle.storage.addresses import is_secret, is_unambiguous, shown_address
from lifecycle.storage.database import Sent, SentForMany
from lifecycle.storage.postgres_clearing import CLOSE, ENTER, LOCKS, OPEN, cleared
from lifecycle.storage.postgres_connecting import CONNECTING, STUCK_SECONDS, settle
from lifecycle.storage.postgres_dialect import PostgresDialect
from lifecycle.storage.postgres_faults import PostgresFaults, no_database
from lifecycle.storage.postgres_pipeline import attempted, piped
from lifecycle.storage.postgres_values import Flow
from lifecycle.storage.postgres_writers import announce, writes, writing_since
from lifecycle.storage.session import Session
from lifecycle.storage.tables import ERASURES, erased

# What the driver tells of a broken connection names the account and the database. A host that has
# set up logging hears it all the same; nobody else finds it beside the answer.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

erased.dialect_options["postgresql"]["where"] = ERASURES

# A transaction that writes sees what was committed before each of its statements, so that it
# goes on from the state that it finds when a lock is given to it.
_BEGIN: Final = {
    True: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    # Who verifies reads for hours, and waits meanwhile for the processes that help him.
    False: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = 0",
}
# Each shard settles what a transaction sees when it is asked first.
_LOOK: Final = "(SELECT kind FROM lifecycle_shard_{} LIMIT 1)"

_BOUNDING: Final = 17_00_00
"""Version of the server."""
_TABLES: Final = sorted(tables.NAMES)


class PostgresDatabase:
    """A database on a server, worked with as ``lifecycle.storage.database`` says.

    Args:
        url: ``postgresql://user@server/database``; what follows a question mark goes to libpq,
            except ``mode=ro``, with which nothing is ever written.
        lock_seconds: How long to wait for another writer, seconds.
        read_only: Nothing is to be written, as with ``mode=ro``.
        stuck_seconds: After which the server ends a statement or a transaction that writes.

    Raises:
        InvalidInput: The address is for another driver, names no database, or carries options
            that libpq does not know.
    """

    sealing: Sealing = "queued"  # nothing that all writers need is held until they commit
    is_far = True
    proves_indexes = False  # the catalogue tells how they are made, not what is in them
    # The parameters by place: one way to send statements for every driver.
    dialect: Dialect = PostgresDialect(paramstyle="format")  # type: ignore[no-untyped-call]

    def __init__(
        self,
        url: str,
        lock_seconds: float,
        *,
        read_only: bool = False,
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self._url = url
        address = make_url(url)
        shown = shown_address(url)
        self._lock_seconds = lock_seconds
        # A statement waits for its lock besides.
        self._bounds = lock_seconds, lock_seconds + stuck_seconds, stuck_seconds
        self._longest = int((lock_seconds + 2 * stuck_seconds) * 1000)
        options = dict(address.query)
        mode = options.pop("mode", "rw")
        if address.get_driver_name() != "psycopg":
            detail = Message("{url} names a driver; write postgresql://", {"url": shown})
            raise InvalidInput(what="the database address", detail=detail)
        if not is_unambiguous(url, address):
            # Where its password ends, nobody can tell: the rest would be shown as a host.
            detail = Message("write %40 for an '@' that does not end the account")
            raise InvalidInput(what="the database address", detail=detail)
        if "password" in options:
            # It would be shown wherever the address is.
            detail = Message("a password stands before the @, or better in ~/.pgpass")
            raise InvalidInput(what="the database address", detail=detail)
        if not address.database or mode not in ("rw", "ro"):
            detail = Message(
                "{url} names no database; write postgresql://user@server/database", {"url": shown}
            )
            raise InvalidInput(what="the database address", detail=detail)
        if str(options.get("client_encoding", "UTF8")).upper() not in ("UTF8", "UTF-8"):
            detail = Message("client_encoding is always UTF8; leave it out")
            raise InvalidInput(what="the database address", detail=detail)
        _, arguments = self.dialect.create_connect_args(address.set(query=options))
        self._arguments: dict[str, Any] = {**CONNECTING, **arguments}
        self.reached = {
            name: str(value)
            for name, value in arguments.items()
            if name != "user" and not is_secret(name)
        }
        account = arguments.get("user") or _usual_account()
        self.faults = PostgresFaults(shown, lock_seconds, str(account))
        self._read_only = read_only or mode == "ro"
        self._shards = 0
        self._numbers = count(1)  # names of cursors are never given twice on a connection
        try:
            psycopg.conninfo.make_conninfo(**self._arguments)
        except psycopg.ProgrammingError as error:
            raise InvalidInput(what="the database address", detail=str(error).strip()) from error

    @property
    def is_sharded(self) -> bool:
        """Whether schools lie on other servers; see ``lifecycle.storage.shards``."""
        return self._shards > 0

    def engine(self, *, create: bool = False) -> Engine:
        """Return a pool of connections, each checked for settings that endanger what it keeps."""

        def connect() -> psycopg.Connection[Any]:
            # Autocommit: the driver begins no transaction of its own accord, see begin().
            connection = self._connected(create)
            try:
                self._shards = settle(connection, self._bounds)
                if not create and not postgres_schema.known(connection):
                    raise DatabaseMissing(url=self.faults.url)
            except BaseException:
                connection.close()
                raise
            return connection

        return create_engine(
            "postgresql+psycopg://",
            creator=connect,
            poolclass=NullPool,  # they are held in Connections
            pool_reset_on_return=None,
        )

    def look_again(self, driver: DBAPIConnection) -> None:
        """Find out anew on how many servers schools lie."""
        self._shards = settle(cast(psycopg.Connection[Any], driver), self._bounds)

    @property
    def lock_milliseconds(self) -> int:
        """How long another writer is waited for."""
        return int(self._lock_seconds * 1000)

    def for_programs(self) -> dict[str, Any]:
        """Return how libpq reaches the database, by its options; some are not to be shown."""
        return dict(self._arguments)

    def unchecked(self) -> psycopg.Connection[Any]:
        """Return a connection to a server that may have settings which endanger what it keeps.

        Raises:
            DatabaseMissing: There is no such database.
        """
        return self._connected(create=False)

    def made(self) -> None:
        """Do nothing: the server has made it last."""

    def begin(
        self, driver: DBAPIConnection, *, write: bool, still: bool = False, ask: str | None = None
    ) -> list[Any]:
        """Begin a transaction: one that sees a single state, or one that writes."""
        steps = [] if ask is None else [ask]
        if write and not self._read_only:
            steps = [_BEGIN[True], *self._writing(driver), *steps]
        elif still and self._shards:
            self.begin_still(driver)
        else:
            steps = [_BEGIN[False], *steps]
        cursor: Any = driver.cursor()
        if steps:
            cursor.execute("; ".join(steps))
            while cursor.nextset():
                pass
        return [] if ask is None else cursor.fetchall()

    def _writing(self, driver: DBAPIConnection) -> list[str]:
        """Return what a transaction that writes begins with."""
        steps = [writes()]
        if _knows_bound(driver):
            steps.append(f"SET LOCAL transaction_timeout = {self._longest}")
        if self._shards:
            steps.append(ENTER)
        return steps

    def unhurried(self, driver: DBAPIConnection) -> None:
        """Take back for a transaction what ends one that takes long."""
        cursor = driver.cursor()
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL statement_timeout = 0")
        if _knows_bound(driver):
            cursor.execute("SET LOCAL transaction_timeout = 0")

    def announce(self, driver: DBAPIConnection) -> None:
        """Tell sealers since when, until its end, a host's transaction may make records."""
        announce(driver.cursor())

    def writing_since(self, driver: DBAPIConnection) -> str | None:
        """Return since when others' transactions may make records that nobody sees yet."""
        return writing_since(driver.cursor())

    def begin_still(
        self, driver: DBAPIConnection, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Begin to read one state of all servers: nobody writes to them while it is settled."""
        cursor = driver.cursor()
        cursor.execute(CLOSE)
        try:
            cursor.execute(_BEGIN[False])
            looks = ", ".join(_LOOK.format(number + 1) for number in range(self._shards))
            cursor.execute(f"SELECT {looks}")
            meanwhile()
        except BaseException:
            self.undo(driver)
            raise
        finally:
            if not self.lost(driver):
                cursor.execute(OPEN)

    def commit(self, driver: DBAPIConnection) -> None:
        """Make the transaction last.

        Raises:
            CommitUnheard: The line broke before the answer came.
            StorageFailed: A statement had failed, so that the server would undo everything and
                call it done.
        """
        if _status(driver) is not TransactionStatus.INTRANS:
            detail = Message("a statement failed, and the transaction went on as if it had not")
            raise StorageFailed(detail=detail)
        try:
            driver.commit()
        except psycopg.Error as error:
            if self.lost(driver):
                raise CommitUnheard(url=self.faults.url) from error
            raise

    def check_writable(self, driver: DBAPIConnection) -> None:
        """Do nothing: the beginning tells."""

    def undo(self, driver: DBAPIConnection) -> None:
        """Undo the transaction, if there still is one: the server does so itself if it is lost."""
        if self.in_transaction(driver) and not self.lost(driver):
            try:
                driver.rollback()
            except psycopg.Error:
                # Who was interrupted asked the server to stop, and it may stop this instead.
                driver.close()

    def in_transaction(self, driver: DBAPIConnection) -> bool:
        """Tell whether a connection really is inside a transaction, or nobody knows."""
        return _status(driver) is not TransactionStatus.IDLE

    def lost(self, driver: DBAPIConnection) -> bool:
        """Tell whether the server went away."""
        return _status(driver) is TransactionStatus.UNKNOWN

    def place(self, driver: DBAPIConnection) -> str:
        """Return nothing: a standby stands in for its server."""
        return ""

    def hold(self, driver: DBAPIConnection, name: str) -> bool:
        """Hold *name* by an advisory lock; two names may fall on one lock, which only waits."""
        driver.cursor().execute(
            "SELECT pg_catalog.pg_advisory_xact_lock(%s, pg_catalog.hashtext(%s))", (LOCKS, name)
        )
        return True

    def held_at_once(self, driver: DBAPIConnection, name: str) -> bool:
        """Hold *name* as ``hold`` does, if nobody else does."""
        found = driver.cursor().execute(
            "SELECT pg_catalog.pg_try_advisory_xact_lock(%s, pg_catalog.hashtext(%s))",
            (LOCKS, name),
        )
        return bool(found.fetchone()[0])

    def alone(self, driver: DBAPIConnection) -> None:
        """Lock our tables against everybody who does more than read them."""
        driver.cursor().execute(f"LOCK TABLE {', '.join(_TABLES)} IN EXCLUSIVE MODE")

    def together(self, driver: DBAPIConnection, sent: Sequence[Sent]) -> list[Any]:
        """Execute statements in order without waiting for the answer of each."""
        return piped(cast(psycopg.Connection[Any], driver), sent)

    def attempted(self, driver: DBAPIConnection, sent: Sequence[SentForMany]) -> list[int]:
        """Execute statements, and undo all of them when one fails: it ends the transaction."""
        return attempted(cast(psycopg.Connection[Any], driver), sent)

    def flowing(self, driver: DBAPIConnection, text: str, values: tuple[Any, ...]) -> Any:
        """Return a cursor of the server's: the driver itself would fetch all rows at once."""
        return Flow(driver, f"lifecycle_flow_{next(self._numbers)}", text, values)

    def bound(self, text: str) -> str:
        """Return the text with U+0001 for U+0000, which no text has here: nothing lies between."""
        return text.replace("\x00", "\x01")

    def lenient(self, driver: DBAPIConnection) -> AbstractContextManager[None]:
        """Do nothing: the server keeps no text that is not sound."""
        return nullcontext()

    def exact(self, driver: DBAPIConnection) -> AbstractContextManager[None]:
        """Do nothing: text is read in one way only."""
        return nullcontext()

    def reader(self) -> Callable[[], PostgresDatabase]:
        """Return what leads to the same database for reading."""
        return partial(PostgresDatabase, self._url, self._lock_seconds, read_only=True)

    def cleared(self, driver: DBAPIConnection) -> bool:
        """Rewrite the tables that can be erased without the rows that were deleted."""
        return cleared(
            driver,
            sharded=self.is_sharded,
            patience=self._lock_seconds,
            statement_seconds=self._bounds[1],
        )

    def present(self, session: Session) -> set[str]:
        """Return the names of our tables that are there."""
        return postgres_schema.present(session)

    def mark(self, session: Session) -> None:
        """Do nothing: nobody takes a database of PostgreSQL for an empty file."""

    def findings(self, session: Session, revision: str) -> list[str]:
        """Return what in our tables, indexes and triggers differs from a revision's."""
        if self._shards:
            return shards_schema.findings(session, self._shards, revision)
        return postgres_schema.findings(session, revision)

    def misplaced(self, session: Session) -> Iterator[Misplaced]:
        """Yield what lies on another server than the rows of its stream do."""
        return shards_places.misplaced(session) if self._shards else iter(())

    def _connected(self, create: bool) -> psycopg.Connection[Any]:
        try:
            return psycopg.connect(autocommit=True, **self._arguments)
        except psycopg.OperationalError as error:
            if not no_database(error):
                raise
            if not create:
                raise DatabaseMissing(url=self.faults.url) from error
            # Making databases is not ours: it needs rights that the engine must not have.
            detail = Message(
                "there is no database at {url}; create it on the server first",
                {"url": self.faults.url},
            )
            raise StorageFailed(detail=detail) from error


def _usual_account() -> str:
    """Return whom libpq comes as where an address names nobody."""
    usual = {one.keyword: one.val for one in psycopg.pq.Conninfo.get_defaults()}
    return (usual[b"user"] or b"?").decode()


def _knows_bound(driver: DBAPIConnection) -> bool:
    """Tell whether the server can bound a whole transaction.

    After a pipeline, for as long as the driver asks for the rest of its answers, the server's watch
    on transactions that do nothing stands still.
    """
    return bool(driver.info.server_version >= _BOUNDING)


def _status(driver: DBAPIConnection) -> TransactionStatus:
    return TransactionStatus(driver.info.transaction_status)
