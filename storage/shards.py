"""How a history lies on several servers of PostgreSQL, and the statements that lay it so.

One server coordinates: programs know its address alone. What belongs to a school - records, head,
row of the board, roles, queue, outbox and what can be erased - lies together on one of the other
servers, chosen by the hash of its stream. Everything else lies with the coordinator. See
docs/decisions/0017-schools-on-several-servers.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, CreateTable

from lifecycle.domain.model import participation_stream
from lifecycle.domain.spans import before_which
from lifecycle.storage import tables
from lifecycle.storage.postgres_connecting import DURABLE, PLAIN
from lifecycle.storage.postgres_rights import questions as rights_asked
from lifecycle.storage.postgres_schema import DIALECT, ERASABLE, questions
from lifecycle.storage.triggers import POSTGRES_FUNCTION, POSTGRES_TRIGGERS

BY_STREAM: Final = (
    tables.records,
    tables.streams,
    tables.assignments,
    tables.openings,
    tables.evidence_keys,
    tables.sealing_queue,
    tables.outbox,
)
"""Tables whose rows lie where their stream does."""

SHARDED: Final = (*BY_STREAM, tables.standings)
"""All tables that have rows on the shards; the board's key is the school itself."""

SHARED: Final = "_shared"
"""Ends the name of the coordinator's own part of a table: of streams that are no school's."""

SCHOOLS: Final = "_schools"
"""Ends the name of that of a table which has all parts on shards."""

DESCRIPTION: Final = "lifecycle_shard"
"""A view on each shard that tells its schema and settings, for ``lifecycle db check``."""

FIRST: Final = participation_stream("")
AFTER: Final = before_which(FIRST)
"""Streams of schools lie from ``FIRST`` on and before this."""

MAINTAIN_SINCE: Final = 170_000
"""Version of PostgreSQL, before which only the owner can rewrite a table."""

# Otherwise the whole table would be fetched to be joined with the leaves of the log.
_ESTIMATED: Final = {tables.records.name: {"use_remote_estimate": "true"}}
_PARALLEL_COMMIT: Final = 150_000
_PARALLEL_ABORT: Final = 160_000

_ERASABLE_THERE: Final = tuple(table for table in SHARDED if table.name in ERASABLE)
SCHOOL_HASH: Final = "lifecycle_school_hash"
"""A function of the coordinator's that tells by a school where its row of the board lies."""

SCHOOL_HASH_BODY: Final = f"RETURN hashtextextended((('{FIRST}'::text || $1) COLLATE \"C\"), $2)"
"""What it does, in the words of the catalogue."""

REWRITE: Final = "lifecycle_rewrite_shards"
"""A function of the coordinator's that rewrites the erasable tables on all shards."""

REWRITINGS: Final = [
    *(
        f"VACUUM (FULL) {name}{SHARED if name in {one.name for one in SHARDED} else ''}"
        for name in ERASABLE
    ),
    f"SELECT {REWRITE}()",
]
"""What rewrites everywhere the tables that can be erased, outside of a transaction."""

# No transaction may be around it on the shard, so it does not go the way of all other statements.
# As its owner, so that nobody else needs to reach a shard past the coordinator's tables.
REWRITING_BODY: Final = (
    " BEGIN"
    # It runs as a super-user: no function or operator that others made for exactly these types.
    " PERFORM dblink_exec(f.srvname::pg_catalog.text,"
    " 'VACUUM (FULL) '::pg_catalog.text OPERATOR(pg_catalog.||) f.place) FROM"
    " (SELECT s.srvname, pg_catalog.string_agg(pg_catalog.quote_ident(o.option_value),"
    " '.'::pg_catalog.text ORDER BY o.option_name)"
    " AS place FROM pg_catalog.pg_foreign_table AS t"
    " JOIN pg_catalog.pg_foreign_server AS s ON s.oid = t.ftserver"
    " JOIN pg_catalog.pg_class AS c ON c.oid = t.ftrelid,"
    " pg_catalog.pg_options_to_table(t.ftoptions) AS o"
    " WHERE c.relname OPERATOR(pg_catalog.~) '^lifecycle_(openings|evidence_keys)_[0-9]+$'"
    " AND o.option_name IN ('schema_name', 'table_name')"
    " GROUP BY s.srvname, c.relname) AS f; END "
)
"""What it does."""

_REWRITING: Final = f" RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $${REWRITING_BODY}$$"

# What the account may do with which the coordinator comes: no more than the coordinator's own roles
# and whoever rebuilds, so that nobody changes the history or its triggers through it.
_UPDATES: Final[Mapping[Table, tuple[str, ...]]] = {
    tables.streams: ("version", "hash", "recorded_at"),
    tables.standings: tuple(column.name for column in tables.standings.columns),
}
_DELETES: Final = (
    tables.assignments,
    tables.openings,
    tables.evidence_keys,
    tables.sealing_queue,
)

# A school's row of the board is to lie where its stream does, and is found by the school alone.
_HASHING: Final = (
    f"CREATE OR REPLACE FUNCTION {SCHOOL_HASH}(text, bigint) RETURNS bigint"
    " LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
    f" RETURN pg_catalog.hashtextextended(('{FIRST}' || $1) COLLATE \"C\", $2)"
)
_PLACING: Final = (
    "CREATE OPERATOR CLASS lifecycle_school_ops FOR TYPE text USING hash AS"
    " OPERATOR 1 pg_catalog.= (text, text), FUNCTION 1 pg_catalog.hashtext(text),"
    f" FUNCTION 2 {SCHOOL_HASH}(text, bigint)"
)
# Joins and sums of rows that lie together are done where they lie; plans are made once and not for
# every value, as making one asks the shards what it costs.
_SETTINGS: Final = (
    "enable_partitionwise_join = on",
    "enable_partitionwise_aggregate = on",
    "plan_cache_mode = force_generic_plan",
)


# Whatever is set on a shard: a commit lasts, nobody waits for a lock without end, and what its
# catalogue tells is written as it is compared.
_SETTINGS_THERE: Final = " ".join(
    f"-c {one}"
    for one in (
        "synchronous_commit=on",
        "lock_timeout=30s",
        f"quote_all_identifiers={PLAIN['quote_all_identifiers']}",
    )
)

Query = sql.SQL | sql.Composed
"""A statement that is sent, with its names and values quoted."""


@dataclass(frozen=True)
class Shard:
    """One of the servers that schools lie on.

    Args:
        number: From 1.
        options: How libpq reaches its database, without user and password.
        schema: Where its tables lie.
    """

    number: int
    options: Mapping[str, str]
    schema: str

    @property
    def server(self) -> str:
        """Name of the foreign server on the coordinator."""
        return server_name(self.number)


def server_name(number: int) -> str:
    """Return what the coordinator calls a shard, and the table that tells its schema."""
    return f"lifecycle_shard_{number}"


def range_of_schools() -> str:
    """Return the bound of what lies on shards, in the words of the catalogue."""
    return f"FOR VALUES FROM ('{FIRST}') TO ('{AFTER}')"


def account(origin: str, number: int) -> str:
    """Return the role by which the coordinator comes to a shard; accounts are a server's."""
    return f"lifecycle_shard_{sha256(origin.encode()).hexdigest()[:8]}_{number}"


def mark(origin: str, number: int, count: int) -> str:
    """Return what a shard bears, so that it is not taken for another or for another's."""
    return f"lifecycle: {origin}, {number} of {count}"


def on_shard(marked: str, schema: str, role: str, version: int) -> Iterator[Query]:
    """Yield the statements that make the tables on a shard, for its owner.

    Args:
        marked: What it bears from then on.
        schema: Where the tables will lie.
        role: By which the coordinator comes.
        version: Of its server, as PostgreSQL numbers it.
    """
    yield _plain(POSTGRES_FUNCTION)
    for table in SHARDED:
        yield _plain(str(CreateTable(table).compile(dialect=DIALECT)).strip())
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield _plain(str(CreateIndex(index).compile(dialect=DIALECT)).strip())
        for trigger in POSTGRES_TRIGGERS.get(table.name, ()):
            yield _plain(trigger)
    comment = sql.SQL("COMMENT ON TABLE {} IS {}")
    yield comment.format(sql.Identifier(tables.records.name), sql.Literal(marked))
    yield description(schema)
    yield from granted(schema, role, version)


def granted(schema: str, role: str, version: int) -> Iterator[Query]:
    """Yield what lets the coordinator's account work on a shard; done again, nothing changes.

    Args:
        schema: Where the tables lie.
        role: By which the coordinator comes.
        version: Of its server, as PostgreSQL numbers it.
    """
    to = sql.Identifier(role)
    yield sql.SQL("; ").join(
        [
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), to),
            sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(names_of(SHARDED), to),
            sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(DESCRIPTION), to),
        ]
    )
    for table, columns in _UPDATES.items():
        yield sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table.name), to
        )
    yield sql.SQL("GRANT DELETE ON {} TO {}").format(names_of(tuple(_UPDATES)), to)
    # Rows are locked before they are deleted, which asks for the right to change them.
    yield sql.SQL("GRANT UPDATE, DELETE ON {} TO {}").format(names_of(_DELETES), to)
    if version >= MAINTAIN_SINCE:
        yield sql.SQL("GRANT MAINTAIN ON {} TO {}").format(names_of(_ERASABLE_THERE), to)


def description(schema: str) -> Query:
    """Return the view that tells the coordinator what the shard's catalogue says."""
    names = [table.name for table in SHARDED]
    space = sql.Literal(sql.Identifier(schema).as_string(None)).as_string(None)
    here = f"relnamespace = {space}::regnamespace::oid"
    asked = [
        f"SELECT '{kind}'::text AS kind, pg_catalog.to_json(t)::text AS described FROM ({one}) AS t"  # noqa: S608
        for kind, one in questions(names, here).items()
    ]
    # Whoever asks is the coordinator's account, which may do what it is to do.
    for kind, one in rights_asked(names, f"c.{here}", "SESSION_USER").items():
        asked.append(f"SELECT '{kind}', pg_catalog.to_json(t)::text FROM ({one}) AS t")  # noqa: S608
    asked.append(
        f"SELECT 'mark', pg_catalog.obj_description('{tables.records.name}'::regclass, 'pg_class')"
    )
    asked += [
        f"SELECT 'setting', '{name} = ' || pg_catalog.current_setting('{name}')" for name in DURABLE
    ]
    return _plain(f"CREATE OR REPLACE VIEW {DESCRIPTION} AS {' UNION ALL '.join(asked)}")


def on_coordinator(
    shards: list[Shard], database: str, schema: str, version: int
) -> Iterator[Query]:
    """Yield the statements that put the shards behind the coordinator's tables, for a super-user.

    Args:
        shards: All of them.
        database: Name of the coordinator's.
        schema: Where its tables lie.
        version: Of its server, as PostgreSQL numbers it.
    """
    yield _plain("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    yield _plain("CREATE EXTENSION IF NOT EXISTS dblink")
    yield from functions(schema)
    yield _plain(_PLACING)
    for shard in shards:
        yield sql.SQL("CREATE SERVER {} FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({})").format(
            sql.Identifier(shard.server), _options(dict(shard.options) | _behaviour(version))
        )
    for table in BY_STREAM:
        yield from _divided(table.name)
        parent = table.name + SCHOOLS
        yield sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({}) {}").format(
            sql.Identifier(parent),
            sql.Identifier(table.name),
            sql.Literal(FIRST),
            sql.Literal(AFTER),
            sql.SQL("PARTITION BY HASH (stream)"),
        )
        yield from _foreign(table.name, parent, shards)
    board = sql.Identifier(tables.standings.name)
    empty = sql.Identifier(tables.standings.name + SHARED)
    yield sql.SQL("ALTER TABLE {} RENAME TO {}").format(board, empty)
    yield sql.SQL(
        "CREATE TABLE {} (LIKE {}) PARTITION BY HASH (school lifecycle_school_ops)"
    ).format(board, empty)
    yield sql.SQL("DROP TABLE {}").format(empty)
    yield from _foreign(tables.standings.name, tables.standings.name, shards)
    for shard in shards:
        yield sql.SQL(
            "CREATE FOREIGN TABLE {} (kind text, described text) SERVER {} OPTIONS ({})"
        ).format(
            sql.Identifier(shard.server),
            sql.Identifier(shard.server),
            _options({"schema_name": shard.schema, "table_name": DESCRIPTION}),
        )
    for setting in _SETTINGS:
        yield sql.SQL("ALTER DATABASE {} SET {}").format(sql.Identifier(database), _plain(setting))


def functions(schema: str) -> Iterator[Query]:
    """Yield what makes the coordinator's functions, in place of those of an earlier release.

    Args:
        schema: Where its tables lie.
    """
    yield _plain(_HASHING)
    yield sql.SQL(
        "CREATE OR REPLACE FUNCTION {}() {} SET search_path = pg_catalog, {}, pg_temp"
    ).format(sql.Identifier(REWRITE), _plain(_REWRITING), sql.Identifier(schema))
    yield sql.SQL("REVOKE ALL ON FUNCTION {}() FROM PUBLIC").format(sql.Identifier(REWRITE))


def moved(shard: Shard, known: Collection[str]) -> Query:
    """Return the statement that names the address of a shard anew.

    Args:
        shard: With its address.
        known: Names of the options that its server has already.
    """
    return sql.SQL("ALTER SERVER {} OPTIONS ({})").format(
        sql.Identifier(shard.server),
        sql.SQL(", ").join(
            sql.SQL("{} {} {}").format(
                sql.SQL("SET" if name in known else "ADD"),
                sql.Identifier(name),
                sql.Literal(value),
            )
            for name, value in (dict(shard.options) | {"options": _SETTINGS_THERE}).items()
        ),
    )


def _divided(table: str) -> Iterator[Query]:
    """Yield how a table becomes the coordinator's own part of one that has other parts."""
    names = {"whole": sql.Identifier(table), "own": sql.Identifier(table + SHARED)}
    yield sql.SQL("ALTER TABLE {whole} RENAME TO {own}").format(**names)
    yield sql.SQL(
        "CREATE TABLE {whole} (LIKE {own} INCLUDING DEFAULTS) PARTITION BY RANGE (stream)"
    ).format(**names)
    yield sql.SQL("ALTER TABLE {whole} ATTACH PARTITION {own} DEFAULT").format(**names)


def _foreign(table: str, parent: str, shards: list[Shard]) -> Iterator[Query]:
    for shard in shards:
        yield sql.SQL(
            "CREATE FOREIGN TABLE {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})"
            " SERVER {} OPTIONS ({})"
        ).format(
            sql.Identifier(f"{table}_{shard.number}"),
            sql.Identifier(parent),
            sql.Literal(len(shards)),
            sql.Literal(shard.number - 1),
            sql.Identifier(shard.server),
            _options(
                {"schema_name": shard.schema, "table_name": table} | _ESTIMATED.get(table, {})
            ),
        )


def _behaviour(version: int) -> dict[str, str]:
    """Return how the coordinator works with a shard."""
    found = {
        "async_capable": "true",  # shards are asked side by side
        "fetch_size": "1000",
        "options": _SETTINGS_THERE,
    }
    if version >= _PARALLEL_COMMIT:
        found["parallel_commit"] = "true"
    if version >= _PARALLEL_ABORT:
        found["parallel_abort"] = "true"
    return found


def _options(options: Mapping[str, str]) -> Query:
    return sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.Literal(value))
        for name, value in options.items()
    )


def names_of(chosen: tuple[Table, ...]) -> Query:
    """Return the names of tables, as statements list them."""
    return sql.SQL(", ").join(sql.Identifier(table.name) for table in chosen)


def _plain(text: str) -> sql.SQL:
    return sql.SQL(text)  # our own words, none of a user's
