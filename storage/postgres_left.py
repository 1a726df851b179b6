"""What restoring leaves on a server of PostgreSQL: known by a mark, and taken away.

The mark stands from before the first table is there until everything was verified. Tables without
it are a history, even if they have lost their revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import psycopg
from psycopg import sql

from lifecycle.domain.errors import StorageFailed
from lifecycle.storage import tables
from lifecycle.storage.postgres_connecting import SHARDS
from lifecycle.storage.shards import DESCRIPTION, REWRITE, SCHOOL_HASH

# A server goes on with what it was sent, and pg_restore with its work, whoever is there to hear.
_END: Final = (
    "SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity"
    " WHERE pg_catalog.starts_with(application_name, %s)"
    " AND datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
)
NAMED: Final = "lifecycle-restore-"
_MARKED: Final = "lifecycle: what is being restored"
MARK: Final = f"COMMENT ON FUNCTION lifecycle_refuse() IS '{_MARKED}'"
UNMARK: Final = "COMMENT ON FUNCTION lifecycle_refuse() IS NULL"
_IS_MARKED: Final = (
    "SELECT pg_catalog.obj_description("
    "pg_catalog.to_regprocedure('lifecycle_refuse()')::oid, 'pg_proc') = %s::text"
)

# Those of a shard that a restore laid are its own, and nobody else's.
_ACCOUNTS: Final = (
    "SELECT DISTINCT rolname FROM pg_catalog.pg_class, pg_catalog.aclexplode(relacl) AS given"
    " JOIN pg_catalog.pg_roles AS r ON r.oid = given.grantee"
    " WHERE pg_class.oid = pg_catalog.to_regclass('lifecycle_records')::oid"
    " AND rolname::text LIKE 'lifecycle\\_shard\\_%'"
)

_Driver = psycopg.Connection[Any]


def sweep(driver: _Driver) -> None:
    """Take away what a killed restore left: nobody else restores here as long as this one does.

    Tables without a mark are a history, even if they have lost their revision.
    """
    end_others(driver, NAMED)
    if (
        driver.execute(_IS_MARKED, (_MARKED,)).fetchone() == (True,)
        and has_revision(driver) is not True
    ):
        take_away(driver)


def end_others(driver: _Driver, named: str) -> None:
    """End all other connections to the database whose name begins so.

    Raises:
        StorageFailed: One does not end.
    """
    ended = driver.execute(_END, (named,)).fetchall()
    if not all(done for (done,) in ended):
        raise StorageFailed(detail="a process of the server does not end")


def has_revision(driver: _Driver) -> bool | None:
    """Tell whether the revision of the schema is there; ``None`` if not even its table is."""
    name = tables.VERSION_TABLE
    there = driver.execute("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    if there != (True,):
        return None
    query = sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(name))
    return driver.execute(query).fetchone() is not None


def take_away(driver: _Driver) -> None:
    """Drop what was brought back; nothing of ours was there before."""
    names = sql.SQL(", ").join(map(sql.Identifier, sorted(tables.NAMES)))
    accounts = [name for (name,) in driver.execute(_ACCOUNTS).fetchall()]
    behind = [name for (name,) in driver.execute(SHARDS).fetchall()]
    driver.execute(
        sql.SQL("; ").join(
            [
                sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(names),
                *(sql.SQL("DROP SERVER {} CASCADE").format(sql.Identifier(one)) for one in behind),
                sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(DESCRIPTION)),
                sql.SQL("DROP FUNCTION IF EXISTS {}()").format(sql.Identifier(REWRITE)),
                sql.SQL("DROP OPERATOR FAMILY IF EXISTS lifecycle_school_ops USING hash CASCADE"),
                sql.SQL(f"DROP FUNCTION IF EXISTS {SCHOOL_HASH}(text, bigint)"),
                sql.SQL("DROP FUNCTION IF EXISTS lifecycle_refuse()"),
            ]
        )
    )
    with suppress(psycopg.Error):  # without rights to anything they do no harm
        for account in accounts:
            driver.execute(
                sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(
                    sql.Identifier(account), sql.Identifier(account)
                )
            )


def analyse(driver: _Driver, names: Iterable[str] = tables.NAMES) -> None:
    """Let the server learn how many rows of what there are, or it plans for empty tables."""
    for name in sorted(names):
        driver.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
