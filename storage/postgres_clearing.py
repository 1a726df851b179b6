"""What was erased leaves PostgreSQL's tables too, once nobody sees it; who is waited for before."""

from __future__ import annotations

import time
from typing import Final

import psycopg
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.storage import postgres_schema, shards

LOCKS: Final = 0x4C435343  # "LCSC": our half of the numbers of advisory locks

# Whoever writes to several servers holds it with others, and whoever wants to see one state of all
# of them alone: no school is called that.
_GATE: Final = "SELECT pg_catalog.pg_advisory{}({}, pg_catalog.hashtext('writers'))"
ENTER: Final = _GATE.format("_xact_lock_shared", LOCKS)
"""Writes to several servers, until the end of the transaction."""
CLOSE: Final = _GATE.format("_lock", LOCKS)
"""Waits for whoever writes to several servers, and lets nobody begin to."""
OPEN: Final = _GATE.format("_unlock", LOCKS)
"""Lets others begin again."""

_UNDER_WAY: Final = (
    "SELECT pid, xact_start FROM pg_catalog.pg_stat_activity"
    " WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
    " AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)"
)
_PAUSE: Final = 0.02  # seconds between two looks at who is still there


def cleared(
    driver: DBAPIConnection, *, sharded: bool, patience: float, statement_seconds: float
) -> bool:
    """Rewrite the tables that can be erased without the rows that were deleted.

    Whoever began to read before sees the deleted rows, and PostgreSQL keeps them for him; so he is
    waited for first. The write-ahead log keeps them until it is recycled.

    Args:
        driver: Outside of a transaction.
        sharded: Schools lie on several servers.
        patience: How long to wait for others, seconds.
        statement_seconds: The usual bound of a statement.

    Returns:
        Whether nobody stood in the way.
    """
    cursor = driver.cursor()
    cursor.execute("SET statement_timeout = 0")  # it takes as long as it takes
    try:
        if not _outwaited(driver, sharded, patience):
            return False
        for statement in (
            shards.REWRITINGS
            if sharded
            else [f"VACUUM (FULL) {table}" for table in postgres_schema.ERASABLE]
        ):
            cursor.execute(statement)
    except psycopg.errors.LockNotAvailable:
        return False
    finally:
        cursor.execute(f"SET statement_timeout = {int(statement_seconds * 1000)}")
    return True


def _outwaited(driver: DBAPIConnection, sharded: bool, patience: float) -> bool:
    """Wait until every transaction that is under way has ended; tell whether they have."""
    cursor = driver.cursor()
    if sharded:
        # Who writes may be seen by the shards only.
        cursor.execute(CLOSE)
        cursor.execute(OPEN)
    cursor.execute(_UNDER_WAY)
    before = set(cursor.fetchall())
    until = time.monotonic() + patience
    while before:
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE)
        cursor.execute(_UNDER_WAY)
        before &= set(cursor.fetchall())
    return True
