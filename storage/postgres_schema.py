"""The schema as PostgreSQL keeps it: its triggers, and where it differs from this release's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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


def questions(names: Iterable[str], where: str) -> dict[str, str]:
    """Return what is asked of the catalogue to describe relations, by the kind of the answers.

    Args:
        names: Of the relations.
        where: Which of those that bear such a name are ours, as a condition on pg_class.
    """
    listed = "', '".join(sorted(names))
    ours = (
        f"(SELECT oid FROM pg_catalog.pg_class WHERE relname IN ('{listed}')"  # noqa: S608
        f" AND relkind IN ('r', 'p', 'f') AND {where})"
    )
    return {
        "column": "SELECT attrelid::regclass::text, attname,"  # noqa: S608
        " pg_catalog.format_type(atttypid, atttypmod), attnotnull,"
        " coalesce((SELECT collname FROM pg_catalog.pg_collation AS c"
        " WHERE c.oid = attcollation), '') AS collation"
        f" FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        f" AND attrelid IN {ours}",
        # Of indexes without a constraint; the others are told with their constraints.
        "index": "SELECT c.relname, pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid"  # noqa: S608
        " FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
        f" WHERE i.indrelid IN {ours} AND NOT EXISTS"
        " (SELECT 1 FROM pg_catalog.pg_constraint WHERE conindid = i.indexrelid)",
        # NOT NULL is told with the columns.
        "constraint": "SELECT conrelid::regclass::text, conname,"  # noqa: S608
        " pg_catalog.pg_get_constraintdef(oid)"
        f" FROM pg_catalog.pg_constraint WHERE conrelid IN {ours} AND contype <> 'n'",
        "trigger": "SELECT t.tgname, t.tgrelid::regclass::text, t.tgtype, t.tgenabled::text,"  # noqa: S608
        " t.tgqual IS NULL AS always, p.proname, p.prosrc"
        " FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid"
        f" WHERE NOT t.tgisinternal AND t.tgrelid IN {ours}",
        # What changes or hides rows on their way; we make none.
        "between": "SELECT 'rule' AS what, rulename AS name FROM pg_catalog.pg_rewrite"  # noqa: S608
        f" WHERE ev_class IN {ours} UNION ALL"
        f" SELECT 'policy', polname FROM pg_catalog.pg_policy WHERE polrelid IN {ours}",
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
_TYPES: Final = {"TEXT": "text", "BIGINT": "bigint", "BYTEA": "bytea"}
_PARTIAL: Final = {"ix_lifecycle_records_erased": " WHERE (kind = 'person_erased'::text)"}

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
    return schema.told(_expected(), found, revision)


def described(answers: Mapping[str, Iterable[Sequence[Any]]]) -> Described:
    """Return by kind and name what the catalogue answered to ``questions``.

    The table of revisions is Alembic's: only what was put on it is told.
    """
    found: Described = {}
    for table, column, kind, needed, collation in answers["column"]:
        if bare(table) != tables.VERSION_TABLE:
            found["column", f"{bare(table)}.{column}"] = _column(kind, needed, collation)
    for name, definition, valid in answers["index"]:
        # The schema that the table lies in is the host's choice.
        found["index", name] = re.sub(r" ON \S+\.", " ON ", definition) + (
            "" if valid else " broken"
        )
    for table, name, definition in answers["constraint"]:
        if bare(table) != tables.VERSION_TABLE:
            found["constraint", f"{bare(table)}.{name}"] = definition
    for name, table, *trigger in answers["trigger"]:
        found["trigger", name] = repr((bare(table), *trigger))
    for kind, name in answers["between"]:
        found[kind, name] = ""
    return found


def bare(table: str) -> str:
    """Return the name of a table without that of its schema."""
    return table.rpartition(".")[2]


@cache
def _expected() -> Described:
    expected: Described = {}
    for table in tables.metadata.tables.values():
        expected |= of_table(table, table.name)
    return expected


def of_table(table: Table, name: str) -> Described:
    """Return what this release puts on a table that lies under *name*."""
    return of_columns(table, name) | _of_keys(table, name) | _of_triggers(table, name)


def of_columns(table: Table, name: str) -> Described:
    """Return the columns of a table that lies under *name*."""
    expected: Described = {}
    for column in table.columns:
        kind = column.type.compile(dialect=DIALECT).split()[0]
        expected["column", f"{name}.{column.name}"] = _column(
            _TYPES[kind], not column.nullable, "C" if kind == "TEXT" else ""
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


def _column(kind: str, needed: bool, collation: str) -> str:
    return f"{kind}{' NOT NULL' if needed else ''}{f' {collation}' if collation else ''}"
