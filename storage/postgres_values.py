"""Values on their way to PostgreSQL and back: what it keeps as text, and rows as they come."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy.engine.interfaces import DBAPIConnection


class Flow:
    """A cursor of the server's, which ends with its rows or with the transaction.

    Args:
        driver: Inside a transaction.
        name: Of the cursor, its own on this connection.
        text: The query.
        values: Its parameters.
    """

    def __init__(
        self, driver: DBAPIConnection, name: str, text: str, values: tuple[Any, ...]
    ) -> None:
        self._cursor = driver.cursor()
        self._name = name
        self._cursor.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {text}", values)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows, none after the last."""
        self._cursor.execute(f"FETCH FORWARD {size} FROM {self._name}")
        rows = self._cursor.fetchall()
        if not rows:
            self._cursor.execute(f"CLOSE {self._name}")
        return list(rows)


def check_texts(values: tuple[Any, ...]) -> None:
    """Refuse texts that PostgreSQL does not keep, before they are sent with others.

    Raises:
        DataError: A text has the character U+0000.
        UnicodeEncodeError: A surrogate stands alone in it.
    """
    for value in values:
        if isinstance(value, str):
            value.encode()  # raises, as the driver does, where a surrogate stands alone
            if "\x00" in value:
                raise psycopg.DataError("PostgreSQL keeps no text with U+0000")
