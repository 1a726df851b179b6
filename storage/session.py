"""Statements written in SQLAlchemy Core, compiled once and sent by the driver's own cursor.

A transition is a dozen small statements. Sent through ``Connection.execute`` they cost several
times what the database itself needs; the compiled text on the driver's cursor costs next to
nothing more. This is the one place where it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from operator import itemgetter
from typing import Any, Final, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.expression import ClauseElement

from lifecycle.domain.spans import Span
from lifecycle.storage.database import Database, Sent

Values = tuple[Any, ...]
Binding = Callable[[Mapping[str, Any]], Values]

_BATCH: Final = 500  # rows fetched at once


class Statement:
    """A statement with named parameters.

    Args:
        core: The statement. Its conditions are bound parameters without values; names of
            columns are taken when *columns* are given.
        columns: Of an INSERT or UPDATE: what it sets, from parameters of the same names.
    """

    def __init__(self, core: ClauseElement, columns: Sequence[str] | None = None) -> None:
        self._core = core
        self._columns = columns
        self._compiled: dict[str, tuple[str, Binding]] = {}

    def compiled(self, dialect: Dialect) -> tuple[str, Binding]:
        """Return the text for a dialect, and what puts its parameters in order."""
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self._core.compile(dialect=dialect, column_keys=self._columns)
            names = tuple(getattr(compiled, "positiontup", None) or ())
            known = self._compiled[dialect.name] = (str(compiled), _binding(names))
        return known


def _binding(names: tuple[str, ...]) -> Binding:
    if len(names) > 1:
        return itemgetter(*names)
    if names:
        (name,) = names
        return lambda values: (values[name],)
    return lambda values: ()


Question = tuple[Statement, Mapping[str, Any]]
"""A statement with its parameters by name."""

Change = tuple[Statement, Sequence[Mapping[str, Any]]]
"""A statement that writes, with the parameters of every row that it is executed for."""


def driver_of(connection: Connection | PoolProxiedConnection) -> DBAPIConnection:
    """Return the driver's connection behind one of SQLAlchemy or of its pool."""
    lent = connection.connection if isinstance(connection, Connection) else connection
    return cast(DBAPIConnection, lent.driver_connection)


class Session:
    """Sends statements on a driver's connection; the transaction is its owner's.

    Args:
        driver: Connection of the driver, inside a transaction.
        database: That it leads to.
    """

    def __init__(self, driver: DBAPIConnection, database: Database) -> None:
        self.database = database
        self.faults = database.faults
        self._driver = driver
        self._dialect = database.dialect
        self._foreseen: dict[Sent, list[Values]] = {}

    def rows(self, statement: Statement, **values: Any) -> list[Values]:
        """Return all rows of a query, once from what was foreseen."""
        text, bound = sent = self._bound(statement, values)
        if self._foreseen and sent in self._foreseen:
            return self._foreseen.pop(sent)
        with self.faults:
            found: list[Values] = self._driver.cursor().execute(text, bound).fetchall()
            return found

    def all_rows(self, questions: Sequence[Question]) -> list[list[Values]]:
        """Return the rows of several queries, asked in order and in one go."""
        with self.faults:
            cursors = self.database.together(
                self._driver, [self._bound(statement, values) for statement, values in questions]
            )
            return [list(cursor.fetchall()) for cursor in cursors]

    def foresee(self, statement: Statement, answer: list[Values], **values: Any) -> None:
        """Keep the answer of a query for the next time it is asked, until something is written."""
        self._foreseen[self._bound(statement, values)] = answer

    def flow(self, statement: Statement, **values: Any) -> Iterator[Values]:
        """Return the rows of a query, which are fetched a batch at a time."""
        return chain.from_iterable(self._batches(statement, values))

    def _batches(self, statement: Statement, values: Mapping[str, Any]) -> Iterator[list[Values]]:
        text, bound = self._bound(statement, values)
        with self.faults:
            cursor = self.database.flowing(self._driver, text, bound)
        while True:
            with self.faults:
                batch = cursor.fetchmany(_BATCH)
            if not batch:
                return
            yield batch

    def exact_batches(self, statement: Statement) -> Iterator[list[Values]]:
        """Yield the rows of a query in batches, their text read as by ``exact_text``.

        Nothing is held between two of them: whatever else is read meanwhile is read as before.
        """
        text, bound = self._bound(statement, {})
        with self.faults:
            cursor = self.database.flowing(self._driver, text, bound)
        while True:
            with self.faults, self.exact_text():
                batch = cursor.fetchmany(_BATCH)
            if not batch:
                return
            yield batch

    def change(self, statement: Statement, **values: Any) -> int:
        """Execute a statement that writes, and return how many rows it touched.

        Raises:
            ConstraintBroken: A constraint or a trigger refused it.
        """
        self._foreseen.clear()
        text, bound = self._bound(statement, values)
        with self.faults:
            return int(self._driver.cursor().execute(text, bound).rowcount)

    def attempted(self, changes: Sequence[Change]) -> list[int]:
        """Execute statements that write, in one go, and return how many rows each touched.

        The transaction stays usable when one is refused.

        Raises:
            ConstraintBroken: A constraint or a trigger refused one.
        """
        self._foreseen.clear()
        sent = [
            (text, list(map(binding, rows)))
            for statement, rows in changes
            for text, binding in [statement.compiled(self._dialect)]
        ]
        with self.faults:
            return self.database.attempted(self._driver, sent)

    def bounds(self, span: Span) -> tuple[str, str | None]:
        """Return where a span begins, and before what it ends; ``None`` where it does not."""
        first, last = span.first or "", span.last
        bound = self.database.bound
        return bound(first), None if last is None else bound(last)

    def place(self) -> str:
        """Return what tells the place behind the connection from others with the same address."""
        return self.database.place(self._driver)

    def writing_since(self) -> str | None:
        """Return since when others' transactions, still under way, may make records."""
        with self.faults:
            return self.database.writing_since(self._driver)

    def exact_text(self) -> AbstractContextManager[None]:
        """Read text as the driver does by itself: fast, and with an error where it is none."""
        return self.database.exact(self._driver)

    def hold(self, name: str) -> bool:
        """Hold *name* against other transactions that hold it, until the end of this one.

        Returns:
            Whether somebody may have been waited for.

        Raises:
            DatabaseLocked: Somebody else did not let it go.
        """
        self._foreseen.clear()
        with self.faults:
            return self.database.hold(self._driver, name)

    def held_at_once(self, name: str) -> bool:
        """Hold *name* as ``hold`` does if nobody else holds it, and tell whether it is held."""
        self._foreseen.clear()
        with self.faults:
            return self.database.held_at_once(self._driver, name)

    def _bound(self, statement: Statement, values: Mapping[str, Any]) -> Sent:
        text, binding = statement.compiled(self._dialect)
        return text, binding(values)
