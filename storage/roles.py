"""Roles, where a database has them."""

from __future__ import annotations

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message
from lifecycle.storage import sqlite
from lifecycle.storage.journal import database_at


def grant(url: str) -> tuple[str, ...]:
    """Make the roles of a database and give each what it needs; return their names.

    Raises:
        InvalidInput: The address is none, or of a database without roles.
        StorageFailed: It has no tables of ours, or who asks may not do this.
    """
    database = database_at(url)
    if isinstance(database, sqlite.SqliteDatabase):
        detail = Message("a file has no roles; they are granted on postgresql:// only")
        raise InvalidInput(what="the database address", detail=detail)
    # Only here: its driver is an extra.
    from lifecycle.storage.postgres_roles import grant_in

    return grant_in(database)
