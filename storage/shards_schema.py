"""Where the schema on several servers differs from what this release lays there."""

from __future__ import annotations

import json
from functools import cache
from typing import Final

from sqlalchemy import text

from lifecycle.storage import schema, tables
from lifecycle.storage.postgres_connecting import DURABLE
from lifecycle.storage.postgres_schema import (
    VISIBLE,
    Described,
    described,
    of_columns,
    of_table,
    questions,
)
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.shards import (
    BY_STREAM,
    SCHOOLS,
    SHARDED,
    SHARED,
    mark,
    range_of_schools,
    server_name,
)

_PARTS: Final = Statement(
    text(
        "SELECT c.relname, p.relname, pg_catalog.pg_get_expr(c.relpartbound, c.oid),"
        " coalesce((SELECT s.srvname FROM pg_catalog.pg_foreign_table AS t"
        " JOIN pg_catalog.pg_foreign_server AS s ON s.oid = t.ftserver"
        " WHERE t.ftrelid = c.oid), '')"
        " FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid"
        " JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent"
        " WHERE p.relname LIKE 'lifecycle\\_%' AND p.relkind = 'p'"
        " AND pg_catalog.pg_table_is_visible(p.oid)"
    )
)
_ORIGIN: Final = Statement(text("SELECT origin FROM lifecycle_installation"))
_KINDS: Final = ("column", "index", "constraint", "trigger", "between")


def findings(session: Session, count: int, revision: str) -> list[str]:
    """Return where tables, parts, indexes, triggers and settings differ, on every server.

    Args:
        session: On the coordinator.
        count: Of the shards.
        revision: Of the schema that it is compared with.
    """
    asked = questions(_names(count), VISIBLE)
    found = described({kind: session.rows(Statement(text(one))) for kind, one in asked.items()})
    for part, whole, bound, server in session.rows(_PARTS):
        found["part", part] = f"{whole} {bound} {server}"
    told = schema.told(_expected_here(count), found, revision)
    for number in range(1, count + 1):
        told += _of_shard(session, number, count, revision)
    return told


def _of_shard(session: Session, number: int, count: int, revision: str) -> list[str]:
    """Return what the shard's own catalogue and settings tell, each with its number."""
    answers: dict[str, list[list[object]]] = {kind: [] for kind in _KINDS}
    others: dict[str, set[str]] = {"mark": set(), "setting": set()}
    asked = Statement(text(f"SELECT kind, described FROM {server_name(number)}"))  # noqa: S608
    for kind, row in session.rows(asked):
        if kind in others:
            others[kind].add(row)
        else:
            answers[kind].append(list(json.loads(row).values()))
    told = schema.told(_expected_there(), described(answers), revision)
    ((origin,),) = session.rows(_ORIGIN)
    if others["mark"] != {mark(origin, number, count)}:
        told.append(f"it bears {sorted(map(str, others['mark']))}")
    told += [f"{name} is off" for name in DURABLE if f"{name} = off" in others["setting"]]
    return [f"shard {number}: {one}" for one in told]


def _names(count: int) -> set[str]:
    """Return the names of everything of ours on the coordinator that may bear rows or triggers."""
    found = set(tables.NAMES)
    for table in SHARDED:
        found |= {f"{table.name}_{number}" for number in range(1, count + 1)}
    for table in BY_STREAM:
        found |= {table.name + SHARED, table.name + SCHOOLS}
    return found


@cache
def _expected_here(count: int) -> Described:
    expected: Described = {}
    for table in tables.metadata.tables.values():
        name = table.name
        if table not in SHARDED:
            expected |= of_table(table, name)
            continue
        expected |= of_columns(table, name)
        above = name
        if table in BY_STREAM:
            above = name + SCHOOLS
            expected |= of_table(table, name + SHARED) | of_columns(table, above)
            expected["part", name + SHARED] = f"{name} DEFAULT "
            expected["part", above] = f"{name} {range_of_schools()} "
        for number in range(1, count + 1):
            part = f"{name}_{number}"
            expected |= of_columns(table, part)
            bound = f"FOR VALUES WITH (modulus {count}, remainder {number - 1})"
            expected["part", part] = f"{above} {bound} {server_name(number)}"
    return expected


@cache
def _expected_there() -> Described:
    expected: Described = {}
    for table in SHARDED:
        expected |= of_table(table, table.name)
    return expected
