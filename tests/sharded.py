"""A history on several servers for tests, seen from the coordinator and from each shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from lifecycle.storage.journal import SqlJournal, open_journal


@dataclass(frozen=True)
class Sharded:
    """A history whose schools lie on several servers.

    Args:
        url: Of the coordinator's database.
        shards: Of the other databases.
    """

    url: str
    shards: tuple[str, ...]

    def there(self, number: int, query: str) -> list[tuple[Any, ...]]:
        """Return what a shard itself, counted from 0, answers to its owner."""
        with psycopg.connect(self.shards[number], autocommit=True) as owner:
            cursor = owner.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def place(self, stream: str) -> int:
        """Return the shard that a stream lies on, counted from 0."""
        query = "SELECT stream FROM lifecycle_streams"
        (found,) = (n for n in range(len(self.shards)) if (stream,) in self.there(n, query))
        return found


Lay = Callable[[str], Sharded]
"""Lays a history of an installation on several servers."""


@contextmanager
def opened(url: str, **how: Any) -> Iterator[SqlJournal]:
    journal = open_journal(url, **how)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def refusing(sharded: Sharded, number: int, table: str, event: str) -> Iterator[None]:
    """Let one shard fail when it is to commit, after others have."""
    sharded.there(
        number,
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_catalog.pg_sleep(0.3); RAISE EXCEPTION 'lost'; END $$;"
        f" CREATE CONSTRAINT TRIGGER failing AFTER {event} ON {table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
    )
    try:
        yield
    finally:
        sharded.there(number, f"DROP TRIGGER failing ON {table}; DROP FUNCTION fail()")
