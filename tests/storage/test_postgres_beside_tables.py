"""On PostgreSQL, what belongs to our tables beside themselves: sequences and a function."""

from __future__ import annotations

import psycopg
import pytest

from lifecycle.storage.journal import SqlJournal
from tests.storage.test_postgres_schema import GUARDED, findings


@pytest.mark.parametrize(
    "change",
    [
        "ALTER SEQUENCE lifecycle_outbox_id_seq MAXVALUE 9000000",
        "ALTER SEQUENCE lifecycle_outbox_id_seq SET UNLOGGED",
    ],
)
def test_a_sequence_that_is_another_one_is_found(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, change: str
) -> None:
    raw_postgres.execute(change.encode())

    assert findings(postgres_journal) == ["column lifecycle_outbox.id differs from the schema 0002"]


@pytest.mark.parametrize(
    "flag", ["SECURITY DEFINER", "SET search_path = public", "STABLE", "STRICT", "LEAKPROOF"]
)
def test_what_keeps_the_history_has_no_flag_that_we_did_not_give_it(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, flag: str
) -> None:
    raw_postgres.execute(f"ALTER FUNCTION lifecycle_refuse() {flag}".encode())

    assert findings(postgres_journal) == [
        f"trigger lifecycle_{table}_no_{what} differs from the schema 0002"
        for table in sorted(GUARDED)
        for what in ("change", "truncate")
    ]


def test_numbers_that_would_be_given_again_are_found(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    name = "lifecycle_refusals_id_seq"
    columns = raw_postgres.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 1"
        " AND attrelid = 'lifecycle_refusals'::regclass AND NOT attisdropped"
    ).fetchall()
    names = ", ".join(column for column, _ in columns)
    values = ", ".join("1" if kind == "bigint" else "'[]'" for _, kind in columns)
    insert = f"INSERT INTO lifecycle_refusals ({names}) VALUES ({values})"  # noqa: S608
    for _ in range(3):
        raw_postgres.execute(insert.encode())
    assert findings(postgres_journal) == []

    told = [f"sequence {name} gives numbers again that rows have"]
    raw_postgres.execute(f"ALTER SEQUENCE {name} RESTART 1".encode())
    assert findings(postgres_journal) == told
    raw_postgres.execute(f"SELECT setval('{name}', 2)".encode())
    assert findings(postgres_journal) == told
    raw_postgres.execute(f"SELECT setval('{name}', 3)".encode())
    assert findings(postgres_journal) == []
