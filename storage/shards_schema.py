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
    behind,
    described,
    of_columns,
    of_part,
    of_relation,
    of_revisions,
    of_table,
    questions,
)
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.shards import (
    BY_STREAM,
    DESCRIPTION,
    REWRITE,
    REWRITING_BODY,
    SCHOOL_HASH,
    SCHOOL_HASH_BODY,
    SCHOOLS,
    SHARDED,
    SHARED,
    mark,
    range_of_schools,
    server_name,
)

# Where the coordinator looks for a table on a shard, and beside it what it has of a foreign one.
_PLACES: Final = (
    "SELECT c.relname, s.srvname, o.option_name, o.option_value"
    " FROM pg_catalog.pg_foreign_table AS t"
    " JOIN pg_catalog.pg_foreign_server AS s ON s.oid = t.ftserver"
    " JOIN pg_catalog.pg_class AS c ON c.oid = t.ftrelid,"
    # For arrays of texts the server has no operator of its own.
    " pg_catalog.pg_options_to_table(pg_catalog.array_cat(t.ftoptions, s.srvoptions)) AS o"
    " WHERE c.relname IN ('{}') AND pg_catalog.pg_table_is_visible(c.oid)"
    " AND o.option_name IN ('schema_name', 'table_name', 'updatable')"
)
# What each does, as whom, by which path, and whether it is what plans take it for.
_FUNCTIONS: Final = Statement(
    text(
        "SELECT p.proname,"  # noqa: S608 - our own names
        " coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc), l.lanname,"
        " p.prosecdef, p.provolatile::text, p.proisstrict,"
        " coalesce(pg_catalog.array_to_string(p.proconfig, ' '), ''),"
        " pg_catalog.concat('search_path=pg_catalog, ', pg_catalog.quote_ident(s.nspname::text),"
        " ', pg_temp') FROM pg_catalog.pg_proc AS p"
        " JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang"
        " JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace"
        f" WHERE p.proname IN ('{REWRITE}', '{SCHOOL_HASH}')"
        " AND pg_catalog.pg_function_is_visible(p.oid)"
    )
)
_EXPECTED_FUNCTIONS: Final = {
    ("function", REWRITE): repr([REWRITING_BODY, "plpgsql", True, "v", False, "its own path"]),
    ("function", SCHOOL_HASH): repr([SCHOOL_HASH_BODY, "sql", False, "i", True, ""]),
}
_ORIGIN: Final = Statement(text("SELECT origin FROM lifecycle_installation"))
_KINDS: Final = tuple(questions((), VISIBLE))


def findings(session: Session, count: int, revision: str) -> list[str]:
    """Return where tables, parts, indexes, triggers and settings differ, on every server.

    Args:
        session: On the coordinator.
        count: Of the shards.
        revision: Of the schema that it is compared with.
    """
    asked = questions(_names(count), VISIBLE)
    found = described({kind: session.rows(Statement(text(one))) for kind, one in asked.items()})
    places, schemas = _places(session, count)
    expected = _expected_here(count) | _expected_places(schemas) | _EXPECTED_FUNCTIONS
    told = schema.told(expected, found | places | _functions(session), revision)
    for number in range(1, count + 1):
        told += _of_shard(session, number, count, revision)
    return [*told, *behind(session, found)]


def outdated(session: Session) -> list[str]:
    """Return the coordinator's functions that are missing or not as this release makes them."""
    found = _functions(session)
    return [key[1] for key, how in _EXPECTED_FUNCTIONS.items() if found.get(key) != how]


def _functions(session: Session) -> Described:
    """Return what the coordinator's functions do."""
    found: Described = {}
    for name, *how, path, own in session.rows(_FUNCTIONS):
        key, made = ("function", name), repr([*how, "its own path" if path == own else path])
        # Another of the same name takes values of other types, and may be preferred.
        found[key] = found.get(key, "") + made
    return found


def _places(session: Session, count: int) -> tuple[Described, tuple[str, ...]]:
    """Return where foreign tables lead, and the schema that each shard tells of itself."""
    servers = [server_name(number) for number in range(1, count + 1)]
    listed = "', '".join(sorted({*_names(count), *servers}))
    options: dict[tuple[str, str], dict[str, str]] = {}
    for name, server, option, value in session.rows(Statement(text(_PLACES.format(listed)))):
        options.setdefault((name, server), {})[option] = value
    told = {
        ("place", name): f"{server} {of.get('schema_name')}.{of.get('table_name')}"
        + (" only read" if of.get("updatable", "true") != "true" else "")
        for (name, server), of in options.items()
    }
    return told, tuple(options.get((one, one), {}).get("schema_name", "") for one in servers)


def _of_shard(session: Session, number: int, count: int, revision: str) -> list[str]:
    """Return what the shard's own catalogue and settings tell, each with its number."""
    answers: dict[str, list[list[object]]] = {kind: [] for kind in _KINDS}
    others: dict[str, set[str]] = {"mark": set(), "setting": set()}
    listed = "', '".join((*_KINDS, *others))
    asked = Statement(
        text(
            f"SELECT kind, described FROM {server_name(number)}"  # noqa: S608
            f" WHERE kind IN ('{listed}')"
        )
    )
    for kind, row in session.rows(asked):
        if kind in others:
            others[kind].add(row)
        else:
            answers[kind].append(list(json.loads(row).values()))
    if not answers["table"]:
        # Nothing would be compared with what was never asked there.
        return [f"shard {number}: its view is of an earlier release; run: lifecycle db shard"]
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
    expected = of_revisions()
    for table in tables.metadata.tables.values():
        name = table.name
        if table not in SHARDED:
            expected |= of_table(table, name)
            continue
        above, divided = name, "HASH (school lifecycle_school_ops)"
        if table in BY_STREAM:
            above = name + SCHOOLS
            expected |= of_relation(name, "p", "RANGE (stream)") | of_columns(table, name)
            expected |= of_table(table, name + SHARED) | of_part(name + SHARED, name, "DEFAULT")
            expected |= of_part(above, name, range_of_schools())
            divided = "HASH (stream)"
        expected |= of_relation(above, "p", divided) | of_columns(table, above)
        for number in range(1, count + 1):
            part = f"{name}_{number}"
            expected |= of_relation(part, "f") | of_columns(table, part)
            bound = f"FOR VALUES WITH (modulus {count}, remainder {number - 1})"
            expected |= of_part(part, above, bound)
    return expected


@cache
def _expected_places(schemas: tuple[str, ...]) -> Described:
    """Return where foreign tables have to lead, given the schema on each shard."""
    expected: Described = {}
    for number, there in enumerate(schemas, start=1):
        server = server_name(number)
        expected["place", server] = f"{server} {there}.{DESCRIPTION}"
        for table in SHARDED:
            expected["place", f"{table.name}_{number}"] = f"{server} {there}.{table.name}"
    return expected


@cache
def _expected_there() -> Described:
    expected: Described = {}
    for table in SHARDED:
        expected |= of_table(table, table.name)
    return expected
