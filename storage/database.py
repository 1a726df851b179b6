"""What one kind of database does otherwise than another, behind one protocol.

``sqlite.SqliteDatabase`` and ``postgres.PostgresDatabase`` fit it. The statements, the tables and
the way of a record are the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.logged import Sealing
from lifecycle.domain.spans import Misplaced
from lifecycle.storage.faults import Faults

if TYPE_CHECKING:
    from lifecycle.storage.session import Session


Sent = tuple[str, tuple[Any, ...]]
"""A statement in the database's own words, with its parameters by place."""


SentForMany = tuple[str, Sequence[tuple[Any, ...]]]
"""A statement with the parameters of every row that it is executed for."""


class Database(Protocol):
    """An address, and how the database behind it is worked with."""

    @property
    def faults(self) -> Faults:
        """Translates the driver's errors; knows the address as it may be shown."""
        ...

    @property
    def dialect(self) -> Dialect:
        """Compiles statements."""
        ...

    @property
    def sealing(self) -> Sealing:
        """How records come into the log where nothing else is asked for."""
        ...

    @property
    def is_far(self) -> bool:
        """Whether every answer is waited for, so that it is worth to ask for several at once."""
        ...

    @property
    def is_sharded(self) -> bool:
        """Whether schools lie on other servers, each of which commits by itself.

        Known once there was a connection.
        """
        ...

    def check_writable(self, driver: DBAPIConnection) -> None:
        """Make sure that a transaction that writes can, where its beginning does not tell."""
        ...

    @property
    def proves_indexes(self) -> bool:
        """Whether ``findings`` compares all rows with the indexes, so that they may be believed."""
        ...

    def engine(self, *, create: bool = False) -> Engine:
        """Return a pool of connections with safe settings, which begin nothing by themselves.

        Args:
            create: The schema is to be made there: nothing of ours need be there yet.

        Raises:
            DatabaseMissing: There is no database, and none is to be made.
            DatabaseBroken: Something else is there.
            StorageFailed: Nothing can be made there.
        """
        ...

    def made(self) -> None:
        """Make sure that a database just made survives a power cut."""
        ...

    def begin(
        self, driver: DBAPIConnection, *, write: bool, still: bool = False, ask: str | None = None
    ) -> list[Any]:
        """Begin a transaction: one that sees a single state, or one that writes.

        Args:
            driver: Outside of a transaction.
            write: It is to write.
            still: It is to see one state of all servers, where there are several.
            ask: A query without parameters, asked first of all: in the same go where there is
                a line to a server.

        Returns:
            The rows of the answer; nothing if nothing is asked.
        """
        ...

    def unhurried(self, driver: DBAPIConnection) -> None:
        """Let a transaction that makes no record take as long as it wants."""
        ...

    def announce(self, driver: DBAPIConnection) -> None:
        """Let sealers know, until its end, that a host's transaction may make records.

        Raises:
            StorageFailed: It does not see what others have ended meanwhile.
        """
        ...

    def writing_since(self, driver: DBAPIConnection) -> str | None:
        """Return since when others' transactions, still under way, may make records.

        What they make bears that time or a later one, and nobody sees it before they end.

        Returns:
            A time as records bear it; ``None`` if nobody else's is under way.
        """
        ...

    def commit(self, driver: DBAPIConnection) -> None:
        """Make the transaction last; it did not happen if this raises.

        Raises:
            CommitUnheard, DatabaseMoved: Except then: a server did not answer whether it did, or
                it did in a file that lies elsewhere by now.
        """
        ...

    def undo(self, driver: DBAPIConnection) -> None:
        """Undo the transaction, if there still is one."""
        ...

    def in_transaction(self, driver: DBAPIConnection) -> bool:
        """Tell whether a connection really is inside a transaction."""
        ...

    def lost(self, driver: DBAPIConnection) -> bool:
        """Tell whether a connection broke, or leads to a file that lies elsewhere by now.

        Nothing that was begun on it is to be gone on with.
        """
        ...

    def place(self, driver: DBAPIConnection) -> str:
        """Return what tells the file that a connection leads to from others; nothing of a server.

        Servers behind one address may stand in for one another.
        """
        ...

    def hold(self, driver: DBAPIConnection, name: str) -> bool:
        """Wait for whoever holds *name*, and hold it until the transaction ends.

        Nothing, where a transaction that writes holds the whole database already.

        Returns:
            Whether somebody may have been waited for.
        """
        ...

    def held_at_once(self, driver: DBAPIConnection, name: str) -> bool:
        """Hold *name* as ``hold`` does if nobody else holds it, and tell whether it is held."""
        ...

    def alone(self, driver: DBAPIConnection) -> None:
        """Wait for whoever writes, and let nobody but readers in until the transaction ends."""
        ...

    def together(self, driver: DBAPIConnection, sent: Sequence[Sent]) -> list[Any]:
        """Execute statements in order, in one go if the database is far away.

        Returns:
            A cursor of each.
        """
        ...

    def attempted(self, driver: DBAPIConnection, sent: Sequence[SentForMany]) -> list[int]:
        """Execute statements that write, each for all of its rows, in one go if that is far away.

        If a row is refused, the transaction stays usable: where one statement for one row was
        sent first, nothing was written; of several rows some may have been.

        Returns:
            How many rows each touched.
        """
        ...

    def flowing(self, driver: DBAPIConnection, text: str, values: tuple[Any, ...]) -> Any:
        """Return a cursor of a query, whose rows are not all held in memory."""
        ...

    def bound(self, text: str) -> str:
        """Return the bound of a span of texts as the database can compare it."""
        ...

    def lenient(self, driver: DBAPIConnection) -> AbstractContextManager[None]:
        """Read damaged text as escapes: damage is to be found, not to end the search."""
        ...

    def exact(self, driver: DBAPIConnection) -> AbstractContextManager[None]:
        """Read text as the driver does by itself, with an error where it is none."""
        ...

    def reader(self) -> Callable[[], Database]:
        """Return what leads to the same database for reading, in another process too."""
        ...

    def cleared(self, driver: DBAPIConnection) -> bool:
        """Overwrite what was erased in the files beside the tables; tell whether it is gone."""
        ...

    def present(self, session: Session) -> set[str]:
        """Return the names of our tables that are there."""
        ...

    def mark(self, session: Session) -> None:
        """Mark a database as ours before the tables are made, if nobody else keeps one there."""
        ...

    def findings(self, session: Session, revision: str) -> list[str]:
        """Return what in our tables, indexes and triggers differs from a revision's."""
        ...

    def misplaced(self, session: Session) -> Iterator[Misplaced]:
        """Yield what lies on another server than the rows of its stream do."""
        ...
