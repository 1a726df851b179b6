"""What only servers have: roles, and other servers behind one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message
from lifecycle.storage import sqlite
from lifecycle.storage.journal import database_at

if TYPE_CHECKING:
    from lifecycle.storage.postgres import PostgresDatabase
    from lifecycle.storage.sharding import Laid


def grant(url: str) -> tuple[str, ...]:
    """Make the roles of a database and give each what it needs; return their names.

    Raises:
        InvalidInput: The address is none, or of a database without roles.
        StorageFailed: It has no tables of ours, or who asks may not do this.
    """
    detail = Message("a file has no roles; they are granted on postgresql:// only")
    database = _server(url, detail)
    # Only here: its driver is an extra.
    from lifecycle.storage.postgres_roles import grant_in

    return grant_in(database)


def shard(url: str, servers: Sequence[str], *, dry_run: bool = False) -> tuple[Laid, ...]:
    """Lay the schools of an empty history on several servers, and return what was done.

    Raises:
        InvalidInput: An address is none, or not of a server, or the servers are not those of
            before.
        DatabaseExists: Something is recorded already.
        StorageFailed: A server holds something else, or cannot be used.
    """
    found = servers_at([url, *servers])
    # Only here: its driver is an extra.
    from lifecycle.storage.sharding import shard_in

    return shard_in(found[0], found[1:], dry_run=dry_run)


def servers_at(addresses: Sequence[str]) -> list[PostgresDatabase]:
    """Return the databases at the addresses of several servers.

    Raises:
        InvalidInput: An address is none, or not of a server.
    """
    detail = Message("schools are laid on several servers of postgresql:// only")
    return [_server(one, detail) for one in addresses]


def _server(url: str, detail: Message) -> PostgresDatabase:
    database = database_at(url)
    if isinstance(database, sqlite.SqliteDatabase):
        raise InvalidInput(what="the database address", detail=detail)
    return cast("PostgresDatabase", database)
