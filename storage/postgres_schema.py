"""The schema as PostgreSQL keeps it: its triggers, and where it differs from this release's."""

from __future__ import annotations

import re
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

_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]
_KNOWN: Final = (
    "SELECT relname FROM pg_catalog.pg_class WHERE relname = ANY(%s) AND relkind = 'r'"
    " AND pg_catalog.pg_table_is_visible(oid)"
)
_names = "', '".join(sorted(tables.NAMES))
# What the path of the session leads to; relations of the same names elsewhere are not ours.
_OURS: Final = (
    f"(SELECT oid FROM pg_catalog.pg_class WHERE relname IN ('{_names}')"  # noqa: S608
    " AND relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid))"
)
_PRESENT: Final = Statement(
    text(f"SELECT relname FROM pg_catalog.pg_class WHERE oid IN {_OURS}")  # noqa: S608
)
_COLUMNS: Final = Statement(
    text(
        "SELECT attrelid::regclass::text, attname, pg_catalog.format_type(atttypid, atttypmod),"  # noqa: S608
        " attnotnull, coalesce((SELECT collname FROM pg_catalog.pg_collation AS c"
        " WHERE c.oid = attcollation), '')"
        f" FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped"
        f" AND attrelid IN {_OURS}"
    )
)
# Of indexes without a constraint; the others are told with their constraints.
_INDEXES: Final = Statement(
    text(
        "SELECT c.relname, pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid"  # noqa: S608
        " FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
        f" WHERE i.indrelid IN {_OURS} AND NOT EXISTS"
        " (SELECT 1 FROM pg_catalog.pg_constraint WHERE conindid = i.indexrelid)"
    )
)
# NOT NULL is told with the columns.
_CONSTRAINTS: Final = Statement(
    text(
        "SELECT conrelid::regclass::text, conname, pg_catalog.pg_get_constraintdef(oid)"  # noqa: S608
        f" FROM pg_catalog.pg_constraint WHERE conrelid IN {_OURS} AND contype <> 'n'"
    )
)
_TRIGGERS: Final = Statement(
    text(
        "SELECT t.tgname, t.tgrelid::regclass::text, t.tgtype, t.tgenabled::text,"  # noqa: S608
        " t.tgqual IS NULL, p.proname, p.prosrc"
        " FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid"
        f" WHERE NOT t.tgisinternal AND t.tgrelid IN {_OURS}"
    )
)
# What changes or hides rows on their way; we make none.
_BETWEEN: Final = Statement(
    text(
        f"SELECT 'rule', rulename FROM pg_catalog.pg_rewrite WHERE ev_class IN {_OURS}"  # noqa: S608
        f" UNION ALL SELECT 'policy', polname FROM pg_catalog.pg_policy WHERE polrelid IN {_OURS}"
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
    """Return where columns, constraints, indexes and triggers differ from a revision's.

    The table of revisions is Alembic's: only what was put on it is told.
    """
    found: Described = {}
    for table, column, kind, needed, collation in session.rows(_COLUMNS):
        if table != tables.VERSION_TABLE:
            found["column", f"{table}.{column}"] = _column(kind, needed, collation)
    for name, definition, valid in session.rows(_INDEXES):
        # The schema that the table lies in is the host's choice.
        found["index", name] = re.sub(r" ON \S+\.", " ON ", definition) + (
            "" if valid else " broken"
        )
    for table, name, definition in session.rows(_CONSTRAINTS):
        if table != tables.VERSION_TABLE:
            found["constraint", f"{table}.{name}"] = definition
    for name, *trigger in session.rows(_TRIGGERS):
        found["trigger", name] = repr(trigger)
    for kind, name in session.rows(_BETWEEN):
        found[kind, name] = ""
    return schema.told(_expected(), found, revision)


@cache
def _expected() -> Described:
    described: Described = {}
    for table in tables.metadata.tables.values():
        described |= _of_table(table)
    for table_name in POSTGRES_TRIGGERS:
        for ending, bits in (("change", _CHANGE), ("truncate", _TRUNCATE)):
            trigger = [table_name, bits, "A", True, "lifecycle_refuse", POSTGRES_REFUSAL]
            described["trigger", f"{table_name}_no_{ending}"] = repr(trigger)
    return described


def _of_table(table: Table) -> Described:
    described: Described = {}
    for column in table.columns:
        kind = column.type.compile(dialect=_DIALECT).split()[0]
        text_column = kind == "TEXT"
        described["column", f"{table.name}.{column.name}"] = _column(
            _TYPES[kind], not column.nullable, "C" if text_column else ""
        )
    for index in table.indexes:
        names = ", ".join(column.name for column in index.columns)
        name = str(index.name)
        described["index", name] = (
            f"CREATE INDEX {name} ON {table.name} USING btree ({names}){_PARTIAL.get(name, '')}"
        )
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            definition = f"CHECK (({constraint.sqltext}))"
        elif isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
            kind = "PRIMARY KEY" if isinstance(constraint, PrimaryKeyConstraint) else "UNIQUE"
            definition = f"{kind} ({', '.join(column.name for column in constraint.columns)})"
        else:
            raise TypeError(f"{constraint} has no text to be compared")
        name = str(_DIALECT.identifier_preparer.format_constraint(constraint))
        described["constraint", f"{table.name}.{name}"] = definition
    return described


def _column(kind: str, needed: bool, collation: str) -> str:
    return f"{kind}{' NOT NULL' if needed else ''}{f' {collation}' if collation else ''}"
