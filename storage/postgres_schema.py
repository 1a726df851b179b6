"""The schema as PostgreSQL keeps it: its triggers, and where it differs from this release's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import psycopg
from sqlalchemy import Table, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.schema import CheckConstraint, PrimaryKeyConstraint, UniqueConstraint

from lifecycle.storage import schema, tables
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.triggers import POSTGRES_REFUSAL, POSTGRES_TRIGGERS

ERASABLE: Final = ("lifecycle_persons", "lifecycle_openings", "lifecycle_evidence_keys")
"""Tables whose deleted rows must not stay in their files."""

DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]
"""Writes our tables in the words of PostgreSQL."""

_KNOWN: Final = (
    "SELECT relname FROM pg_catalog.pg_class WHERE relname = ANY(%s) AND relkind IN ('r', 'p')"
    " AND pg_catalog.pg_table_is_visible(oid)"
)


# The server prefers an operator or a function for exactly the types at hand, wherever it lies: here
# and below functions are asked for in pg_catalog, and operators for types that it has one for.
# From PostgreSQL 18 on it is a constraint, which need not hold for the rows that were there before.
# What the server calls it does not matter; earlier ones keep no such constraint.
_NEEDED: Final = (
    "(attnotnull AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS n"
    " WHERE n.conrelid = attrelid AND n.contype = 'n'"
    " AND n.conkey[1] = attnum AND pg_catalog.pg_get_constraintdef(n.oid)"
    " <> 'NOT NULL '::pg_catalog.text || pg_catalog.quote_ident(attname::pg_catalog.text)))"
)
# One that only bears the name of a server's own is told with all that makes it another.
_COLLATION: Final = (
    "(SELECT CASE WHEN s.nspname = 'pg_catalog' AND c.collprovider = 'c' AND c.collcollate = 'C'"
    " AND c.collisdeterministic THEN c.collname::text"
    " WHEN s.nspname = 'pg_catalog' AND c.collprovider = 'd' THEN 'default'"
    " ELSE pg_catalog.concat_ws(' ', s.nspname, c.collname, c.collprovider, c.collcollate,"
    " c.collisdeterministic) END FROM pg_catalog.pg_collation AS c"
    " JOIN pg_catalog.pg_namespace AS s ON s.oid = c.collnamespace WHERE c.oid = attcollation)"
)
# A sequence that begins anew, ends early, is forgotten in a crash, or lies elsewhere under the same
# name, is not the one that was made.
_DEFAULT: Final = (
    "(SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) || CASE WHEN EXISTS"
    " (SELECT 1 FROM pg_catalog.pg_depend AS p JOIN pg_catalog.pg_class AS s ON s.oid = p.refobjid"
    " JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = s.oid"
    " WHERE p.classid = 'pg_catalog.pg_attrdef'::regclass::oid AND p.objid = d.oid"
    " AND p.refclassid = 'pg_catalog.pg_class'::regclass::oid"
    " AND (q.seqcycle OR q.seqincrement <> 1 OR q.seqmax <> 9223372036854775807"
    " OR s.relpersistence <> 'p' OR s.relnamespace <>"
    " (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = attrelid)))"
    " THEN ' of another sequence' ELSE '' END"
    " FROM pg_catalog.pg_attrdef AS d WHERE d.adrelid = attrelid AND d.adnum = attnum)"
)
# A function with no settings and flags but those that it was made with.
_PLAIN: Final = (
    "p.proconfig IS NULL AND NOT p.prosecdef AND NOT p.proleakproof AND NOT p.proisstrict"
    " AND p.provolatile = 'v' AND p.proparallel = 'u'"
)


def questions(names: Iterable[str], where: str) -> dict[str, str]:
    """Return what is asked of the catalogue to describe relations, by the kind of the answers.

    Args:
        names: Of the relations.
        where: Which of those that bear such a name are ours, as a condition on pg_class.
    """
    listed = "', '".join(sorted(names))
    ours = (
        f"(SELECT oid FROM pg_catalog.pg_class WHERE relname IN ('{listed}')"  # noqa: S608
        f" AND relkind IN ('r', 'p', 'f', 'v', 'm') AND {where})"
    )
    return {
        "table": "SELECT oid::regclass::text, relkind::text, relpersistence::text,"  # noqa: S608
        " relrowsecurity OR relforcerowsecurity AS hides,"
        " coalesce(pg_catalog.pg_get_partkeydef(oid), '') AS divided"
        f" FROM pg_catalog.pg_class WHERE oid IN {ours}",
        # Rows of a table that inherits from another are read as rows of that one.
        "part": "SELECT i.inhrelid::regclass::text, i.inhparent::regclass::text,"  # noqa: S608
        " coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), '') AS bound"
        " FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid"
        f" WHERE i.inhrelid IN {ours} OR i.inhparent IN {ours}",
        "column": "SELECT attrelid::regclass::text, attname,"  # noqa: S608
        f" pg_catalog.format_type(atttypid, atttypmod), {_NEEDED} AS attnotnull,"
        f" coalesce({_COLLATION}, '') AS collation,"
        " attidentity::text || attgenerated::text || coalesce(attfdwoptions::text, '')"
        f" || coalesce({_DEFAULT}, '') AS filled"
        f" FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        f" AND attrelid IN {ours}",
        # Of indexes without a constraint; the others are told with their constraints.
        "index": "SELECT c.relname, pg_catalog.pg_get_indexdef(i.indexrelid),"  # noqa: S608
        " i.indisvalid AND i.indisready AND i.indislive AS whole"
        " FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
        f" WHERE i.indrelid IN {ours} AND NOT EXISTS"
        " (SELECT 1 FROM pg_catalog.pg_constraint WHERE conindid = i.indexrelid)",
        # NOT NULL is told with the columns. A key of a host's that refers to one of our tables
        # keeps its rows from being erased.
        "constraint": "SELECT conrelid::regclass::text, conname,"  # noqa: S608
        " pg_catalog.pg_get_constraintdef(oid),"
        " coalesce((SELECT indisunique AND indisvalid AND indisready AND indislive"
        " FROM pg_catalog.pg_index WHERE indexrelid = conindid), true) AS whole"
        f" FROM pg_catalog.pg_constraint WHERE (conrelid IN {ours} OR confrelid IN {ours})"
        " AND contype <> 'n'",
        # Plain: for every column, without conditions, by a function that lies beside the table.
        "trigger": "SELECT t.tgname, t.tgrelid::regclass::text, t.tgtype, t.tgenabled::text,"  # noqa: S608
        " t.tgqual IS NULL AND t.tgattr::text = '' AND t.tgnargs = 0 AND t.tgconstraint = 0::oid"
        f" AND NOT t.tgdeferrable AND {_PLAIN} AND p.pronamespace = r.relnamespace"
        " AND l.lanname = 'plpgsql' AS plain, p.proname, p.prosrc"
        " FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid"
        " JOIN pg_catalog.pg_class AS r ON r.oid = t.tgrelid"
        " JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang"
        f" WHERE NOT t.tgisinternal AND t.tgrelid IN {ours}",
        # What changes or hides rows on their way, or runs somebody's functions over them when the
        # server gathers statistics; we make none. A view has a rule of its own.
        "between": "SELECT 'rule' AS what, rulename AS name FROM pg_catalog.pg_rewrite"  # noqa: S608
        f" WHERE ev_class IN {ours} UNION ALL"
        f" SELECT 'policy', polname FROM pg_catalog.pg_policy WHERE polrelid IN {ours} UNION ALL"
        " SELECT 'statistics', stxname FROM pg_catalog.pg_statistic_ext"
        f" WHERE stxexprs IS NOT NULL AND stxrelid IN {ours}",
    }


# What the path of the session leads to; relations of the same names elsewhere are not ours.
VISIBLE: Final = "pg_catalog.pg_table_is_visible(oid)"
_QUESTIONS: Final = {
    kind: Statement(text(asked)) for kind, asked in questions(tables.NAMES, VISIBLE).items()
}
_names = "', '".join(sorted(tables.NAMES))
_PRESENT: Final = Statement(
    text(
        f"SELECT relname FROM pg_catalog.pg_class WHERE relname IN ('{_names}')"  # noqa: S608
        f" AND relkind IN ('r', 'p') AND {VISIBLE}"
    )
)
# Bits of pg_trigger.tgtype: ROW 1, BEFORE 2, DELETE 8, UPDATE 16, TRUNCATE 32.
_CHANGE: Final = 1 | 2 | 8 | 16
_TRUNCATE: Final = 2 | 32
# Of a sequence that we may not look at nothing is told.
_BEHIND: Final = (
    "SELECT CASE WHEN pg_catalog.has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')"
    " THEN coalesce(pg_catalog.pg_sequence_last_value(q.seqrelid::regclass), 0)"
    " < (SELECT coalesce(pg_catalog.max({column}), 0) FROM {table}) END"
    " FROM pg_catalog.pg_sequence AS q"
    " WHERE q.seqrelid = pg_catalog.to_regclass('{table}_id_seq')::oid"
)
_TYPES: Final = {"TEXT": "text", "BIGINT": "bigint", "BYTEA": "bytea"}
_PARTIAL: Final = {"ix_lifecycle_records_erased": " WHERE (kind = 'person_erased'::text)"}

Told = tuple[tuple[str, str], str]
Described = dict[tuple[str, str], str]


def known(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether any of our tables is there."""
    return connection.execute(_KNOWN, (sorted(tables.NAMES),)).fetchone() is not None


def present(session: Session) -> set[str]:
    """Return the names of our tables that are there."""
    return {name for (name,) in session.rows(_PRESENT)}


def findings(session: Session, revision: str) -> list[str]:
    """Return where columns, constraints, indexes and triggers differ from a revision's."""
    found = described({k: session.rows(q) for k, q in _QUESTIONS.items()})
    return [*schema.told(_expected(), found, revision), *behind(session, found)]


def behind(session: Session, found: Described) -> list[str]:
    """Return the sequences that will give numbers again which rows have.

    Args:
        session: Where the tables with numbered rows lie.
        found: What lies there: what is not numbered as it was made is told of already.
    """
    told = []
    for table in tables.metadata.tables.values():
        column = table.autoincrement_column
        if column is None:
            continue
        key = ("column", f"{table.name}.{column.name}")
        if found.get(key) == of_columns(table, table.name)[key]:
            asked = Statement(text(_BEHIND.format(table=table.name, column=column.name)))
            if session.rows(asked) == [(True,)]:
                told.append(f"sequence {table.name}_id_seq gives numbers again that rows have")
    return told


def described(answers: Mapping[str, Iterable[Sequence[Any]]]) -> Described:
    """Return by kind and name what the catalogue answered to ``questions``."""
    told = [
        *_of_tables(answers),
        *(
            # The schema that the table lies in is the host's choice.
            (("index", name), re.sub(r" ON \S+\.", " ON ", definition) + _broken(whole))
            for name, definition, whole in answers["index"]
        ),
        *(
            (("constraint", f"{bare(table)}.{name}"), definition + _broken(whole))
            for table, name, definition, whole in answers["constraint"]
        ),
        *(
            (("trigger", name), repr((bare(table), *trigger)))
            for name, table, *trigger in answers["trigger"]
        ),
        *(((kind, name), "") for kind, name in answers["between"]),
    ]
    found: Described = {}
    for key, made in told:
        # Names that occur twice are no reason to look at one of them only.
        found[key] = f"{found[key]}; {made}" if key in found else made
    return found


def _of_tables(answers: Mapping[str, Iterable[Sequence[Any]]]) -> Iterator[Told]:
    """Yield what was answered on tables, their parts and columns."""
    for table, *how in answers["table"]:
        yield ("table", bare(table)), _table(*how)
    for part, whole, bound in answers["part"]:
        yield ("part", bare(part)), _part(bare(whole), bound)
    for table, column, kind, needed, collation, filled in answers["column"]:
        made = re.sub(r"'(?:[^']*\.)?(\w+)'::regclass", r"'\1'", filled)
        yield ("column", f"{bare(table)}.{column}"), _column(kind, needed, collation, made)


def bare(table: str) -> str:
    """Return the name of a table without that of its schema."""
    return table.rpartition(".")[2]


@cache
def _expected() -> Described:
    expected = of_revisions()
    for table in tables.metadata.tables.values():
        expected |= of_table(table, table.name)
    return expected


def of_table(table: Table, name: str) -> Described:
    """Return what this release puts on a table that lies under *name*."""
    parts = (of_relation(name), of_columns(table, name), _of_keys(table, name))
    return {key: made for one in (*parts, _of_triggers(table, name)) for key, made in one.items()}


def of_relation(name: str, kind: str = "r", divided: str = "") -> Described:
    """Return of what kind the relation *name* is.

    Args:
        name: Of the relation.
        kind: ``r`` for a table, ``p`` for one in parts, ``f`` for one on another server.
        divided: By what it is in parts.
    """
    return {("table", name): _table(kind, "p", False, divided)}


def of_revisions() -> Described:
    """Return what Alembic makes of the table of revisions."""
    name = tables.VERSION_TABLE
    return {
        **of_relation(name),
        ("column", f"{name}.version_num"): _column("character varying(32)", True, "default", ""),
        ("constraint", f"{name}.{name}_pkc"): "PRIMARY KEY (version_num)",
    }


def of_part(part: str, whole: str, bound: str) -> Described:
    """Return that the table *part* has the rows of *whole* within *bound*."""
    return {("part", part): _part(whole, bound)}


def of_columns(table: Table, name: str) -> Described:
    """Return the columns of a table that lies under *name*."""
    expected: Described = {}
    for column in table.columns:
        kind = column.type.compile(dialect=DIALECT).split()[0]
        numbered = f"nextval('{table.name}_id_seq')" if column is table.autoincrement_column else ""
        expected["column", f"{name}.{column.name}"] = _column(
            _TYPES[kind], not column.nullable, "C" if kind == "TEXT" else "", numbered
        )
    return expected


def _of_triggers(table: Table, name: str) -> Described:
    if table.name not in POSTGRES_TRIGGERS:
        return {}
    return {
        ("trigger", f"{table.name}_no_{ending}"): repr(
            (name, bits, "A", True, "lifecycle_refuse", POSTGRES_REFUSAL)
        )
        for ending, bits in (("change", _CHANGE), ("truncate", _TRUNCATE))
    }


def _of_keys(table: Table, name: str) -> Described:
    expected: Described = {}
    for index in table.indexes:
        names = ", ".join(column.name for column in index.columns)
        key = str(index.name)
        expected["index", key] = (
            f"CREATE INDEX {key} ON {name} USING btree ({names}){_PARTIAL.get(key, '')}"
        )
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            definition = f"CHECK (({constraint.sqltext}))"
        elif isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            kind = "PRIMARY KEY" if isinstance(constraint, PrimaryKeyConstraint) else "UNIQUE"
            definition = f"{kind} ({', '.join(column.name for column in constraint.columns)})"
        else:
            raise TypeError(f"{constraint} has no text to be compared")
        key = str(DIALECT.identifier_preparer.format_constraint(constraint))
        expected["constraint", f"{name}.{key}"] = definition
    return expected


def _table(kind: str, persistence: str, hides: bool, divided: str) -> str:
    return f"{kind} {persistence}{' hides rows' if hides else ''} {divided}"


def _part(whole: str, bound: str) -> str:
    return f"{whole} {bound}"


def _column(kind: str, needed: bool, collation: str, filled: str) -> str:
    needs = " NOT NULL" if needed else ""
    return f"{kind}{needs}{f' {collation}' if collation else ''}{f' {filled}' if filled else ''}"


def _broken(whole: bool) -> str:
    return "" if whole else " broken"
