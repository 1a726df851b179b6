"""Who may do what in a database of PostgreSQL: three roles beside the owner of the tables.

The owner makes and upgrades the tables and does nothing else. A role cannot log in by itself: the
administrator of the server gives it to the accounts that the programs use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Table

from lifecycle.storage import tables
from lifecycle.storage.database import Database
from lifecycle.storage.postgres_connecting import SHARDS
from lifecycle.storage.postgres_schema import ERASABLE
from lifecycle.storage.session import driver_of
from lifecycle.storage.shards import MAINTAIN_SINCE, REWRITE, SHARED, names_of

APP: Final = "lifecycle_app"
"""Carries out requests: adds to the history, moves the projections, erases."""

SEQUENCER: Final = "lifecycle_sequencer"
"""Makes records leaves of the log and keeps checkpoints; writes nothing else."""

AUDITOR: Final = "lifecycle_auditor"
"""Reads everything and writes nothing; backups are made as it."""

ROLES: Final = (APP, SEQUENCER, AUDITOR)

_ALL: Final = tuple(tables.metadata.tables.values())
# Column by column: what is not named, such as the number of a row, nobody can make up.
_INSERTS: Final[dict[str, tuple[Table, ...]]] = {
    APP: (
        tables.records,
        tables.definitions,
        tables.streams,
        tables.standings,
        tables.assignments,
        tables.actors,
        tables.credentials,
        tables.persons,
        tables.openings,
        tables.evidence_keys,
        tables.refusals,
        tables.sealing_queue,
        tables.outbox,
    ),
    SEQUENCER: (tables.log_leaves, tables.log_tiles, tables.log_state, tables.checkpoints),
}
_UPDATES: Final[dict[str, dict[Table, tuple[str, ...]]]] = {
    APP: {
        tables.streams: ("version", "hash", "recorded_at"),
        tables.standings: tuple(column.name for column in tables.standings.columns),
        tables.credentials: ("revoked",),
        tables.persons: ("name",),
        tables.evidence_keys: ("key",),
    },
    SEQUENCER: {tables.log_state: ("size", "frontier")},
}
_DELETES: Final[dict[str, tuple[Table, ...]]] = {
    APP: (tables.assignments, tables.persons, tables.openings, tables.evidence_keys),
    SEQUENCER: (tables.sealing_queue,),
}
_NUMBERED: Final = (tables.refusals, tables.outbox)
_REWRITTEN: Final = (
    "SELECT CASE c.relkind WHEN 'p' THEN n || %s::text ELSE n END"
    " FROM pg_catalog.unnest(%s::text[]) AS n"
    " JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(n)::oid"
)

_CLOSED: Final = (
    "SELECT n.nspname, role FROM pg_catalog.pg_class AS c"
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace,"
    " pg_catalog.unnest(%s::text[]) AS role WHERE c.oid = pg_catalog.to_regclass(%s)::oid"
    " AND NOT pg_catalog.has_schema_privilege(role::name, n.oid, 'USAGE')"
)


_MAKE: Final = sql.SQL(
    "DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
)


def grant_in(database: Database) -> tuple[str, ...]:
    """Make the roles, where they are missing, and give each exactly what it needs.

    Args:
        database: As the owner of its tables, who may make roles.

    Returns:
        The names of the roles.

    Raises:
        StorageFailed: There are no tables of ours, or who asks may not do this.
    """
    engine = database.engine()
    try:
        with database.faults, engine.connect() as connection:
            driver = driver_of(connection)
            assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
            with driver.transaction():
                # Of a table with parts on several servers, the part that lies here.
                found = driver.execute(_REWRITTEN, (SHARED, list(ERASABLE))).fetchall()
                # Each has a table of that name, which tells its schema.
                shards = [str(name) for (name,) in driver.execute(SHARDS).fetchall()]
                for statement in (
                    *_statements(driver.info.server_version, [str(name) for (name,) in found]),
                    *_for_shards(shards),
                ):
                    driver.execute(statement)
                for statement in _for_schemas(driver):
                    driver.execute(statement)
    finally:
        engine.dispose()
    return ROLES


def _statements(version: int, erasable: list[str]) -> list[sql.Composed]:
    everything = names_of(_ALL)
    statements = [_MAKE.format(role=sql.Identifier(role)) for role in ROLES]
    for holder in (*map(sql.Identifier, ROLES), sql.SQL("PUBLIC")):
        statements.append(sql.SQL("REVOKE ALL ON {} FROM {}").format(everything, holder))
    readable = sql.SQL(", ").join([everything, sql.Identifier(tables.VERSION_TABLE)])
    for role in ROLES:
        to = sql.Identifier(role)
        statements.append(sql.SQL("GRANT SELECT ON {} TO {}").format(readable, to))
        for table in _INSERTS.get(role, ()):
            columns = [column.name for column in table.columns if not _numbers(table, column.name)]
            statements.append(_on_columns("INSERT", table, columns, role))
        for table, names in _UPDATES.get(role, {}).items():
            statements.append(_on_columns("UPDATE", table, list(names), role))
        if role in _DELETES:
            deletable = names_of(_DELETES[role])
            statements.append(sql.SQL("GRANT DELETE ON {} TO {}").format(deletable, to))
    for table in _NUMBERED:
        numbers = sql.Identifier(f"{table.name}_id_seq")
        to = sql.Identifier(APP)
        statements.append(sql.SQL("GRANT USAGE ON SEQUENCE {} TO {}").format(numbers, to))
        # A backup takes where the numbers stand along.
        to = sql.Identifier(AUDITOR)
        statements.append(sql.SQL("GRANT SELECT ON SEQUENCE {} TO {}").format(numbers, to))
    if version >= MAINTAIN_SINCE:
        rewritten = sql.SQL(", ").join(map(sql.Identifier, erasable))
        to = sql.Identifier(APP)
        statements.append(sql.SQL("GRANT MAINTAIN ON {} TO {}").format(rewritten, to))
    return statements


def _for_schemas(driver: psycopg.Connection[Any]) -> Iterator[sql.Composed]:
    """Yield what the roles need to see tables that do not lie where everybody may look."""
    for schema, role in driver.execute(_CLOSED, (list(ROLES), tables.records.name)).fetchall():
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
            sql.Identifier(schema), sql.Identifier(role)
        )


def _for_shards(shards: list[str]) -> Iterator[sql.Composed]:
    """Yield what the roles need where schools lie on other servers, beside the tables."""
    if not shards:
        return
    readable = sql.SQL(", ").join(map(sql.Identifier, shards))
    for role in ROLES:
        yield sql.SQL("GRANT SELECT ON {} TO {}").format(readable, sql.Identifier(role))
    rewriting, to = sql.Identifier(REWRITE), sql.Identifier(APP)
    yield sql.SQL("GRANT EXECUTE ON FUNCTION {}() TO {}").format(rewriting, to)


def _on_columns(action: str, table: Table, columns: list[str], role: str) -> sql.Composed:
    return sql.SQL("GRANT {} ({}) ON {} TO {}").format(
        sql.SQL(action),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(table.name),
        sql.Identifier(role),
    )


def _numbers(table: Table, column: str) -> bool:
    """Tell whether the server itself numbers the rows of a table by that column."""
    return table in _NUMBERED and column == "id"


def given() -> frozenset[tuple[str, str, str, str | None]]:
    """Return what the roles may change: role, right, table, and column if not the whole table."""
    columns = {
        (role, "INSERT", table.name, column.name)
        for role, inserted in _INSERTS.items()
        for table in inserted
        for column in table.columns
        if not _numbers(table, column.name)
    } | {
        (role, "UPDATE", table.name, name)
        for role, updated in _UPDATES.items()
        for table, names in updated.items()
        for name in names
    }
    whole = {
        (role, "DELETE", table.name, None)
        for role, deleted in _DELETES.items()
        for table in deleted
    } | {(APP, "MAINTAIN", name, None) for name in ERASABLE}
    return frozenset(columns | whole)
