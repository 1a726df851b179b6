"""On PostgreSQL the database has the last word, and what was done to the schema is found."""

from __future__ import annotations

import psycopg
import pytest

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseLocked,
    StorageFailed,
    VersionConflict,
)
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import empty_head
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from tests.storage.samples import ORIGIN, STREAM, append, record_after

GUARDED = ("records", "definitions", "installation", "log_leaves", "log_tiles", "checkpoints")


def findings(postgres_journal: SqlJournal) -> list[str]:
    with postgres_journal.auditing() as view:
        return view.schema_findings()


def test_the_history_is_changed_by_nobody(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    with postgres_journal.writing() as tx:
        append(tx)
    for role in ("origin", "replica"):
        raw_postgres.execute(f"SET session_replication_role = {role}".encode())
        for statement in (
            "UPDATE lifecycle_records SET actor = 'other'",
            "DELETE FROM lifecycle_records",
            *(f"TRUNCATE lifecycle_{table}" for table in GUARDED),
            "UPDATE lifecycle_installation SET origin = 'other'",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
                raw_postgres.execute(statement.encode())

    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 1
    assert findings(postgres_journal) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "ALTER TABLE lifecycle_records DISABLE TRIGGER lifecycle_records_no_change",
            "trigger lifecycle_records_no_change differs from",
        ),
        (
            "DROP TRIGGER lifecycle_records_no_truncate ON lifecycle_records",
            "trigger lifecycle_records_no_truncate is missing from",
        ),
        (
            "CREATE OR REPLACE FUNCTION lifecycle_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END'",
            "trigger lifecycle_records_no_change differs from",
        ),
        (
            "ALTER TABLE lifecycle_records DROP CONSTRAINT uq_lifecycle_records_command_id",
            "constraint lifecycle_records.uq_lifecycle_records_command_id is missing from",
        ),
        (
            "ALTER TABLE lifecycle_streams ALTER COLUMN hash DROP NOT NULL",
            "column lifecycle_streams.hash differs from",
        ),
        (
            'ALTER TABLE lifecycle_streams ALTER COLUMN hash TYPE text COLLATE "en_US"',
            "column lifecycle_streams.hash differs from",
        ),
        ("ALTER TABLE lifecycle_actors ADD COLUMN note text", "column lifecycle_actors.note is"),
        ("CREATE INDEX mine ON lifecycle_actors (sequence)", "index mine is foreign to"),
        (
            "CREATE RULE quiet AS ON INSERT TO lifecycle_actors DO INSTEAD NOTHING",
            "rule quiet is foreign to",
        ),
        ("CREATE POLICY none ON lifecycle_actors", "policy none is foreign to"),
    ],
)
def test_what_was_done_to_the_schema_is_found(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, statement: str, finding: str
) -> None:
    raw_postgres.execute(
        "CREATE COLLATION IF NOT EXISTS \"en_US\" (provider = builtin, locale = 'C.UTF-8')"
    )
    raw_postgres.execute(statement.encode())

    assert any(one.startswith(finding) for one in findings(postgres_journal)), findings(
        postgres_journal
    )


def test_a_missing_table_is_a_broken_database(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, postgres_url: str
) -> None:
    raw_postgres.execute("DROP TABLE lifecycle_outbox")

    with pytest.raises(DatabaseBroken, match="missing: lifecycle_outbox"):
        open_journal(postgres_url)
    with pytest.raises(DatabaseBroken, match="lifecycle_outbox"), postgres_journal.writing() as tx:
        append(tx)


def test_what_the_key_alone_finds_is_a_conflict_and_leaves_the_transaction_usable(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    """Somebody wrote a record and no head: only the primary key can know of it."""
    with postgres_journal.writing() as tx:
        append(tx)
    raw_postgres.execute("DELETE FROM lifecycle_streams")

    with postgres_journal.writing() as tx:
        with pytest.raises(VersionConflict):
            tx.append(record_after(empty_head(ORIGIN, STREAM)))
        append(tx, "participation/school-2")

    with postgres_journal.reading() as view:
        assert view.head("participation/school-2").version == 1


def test_a_transaction_in_which_a_statement_failed_is_not_called_done(postgres_url: str) -> None:
    journal = create_journal(postgres_url, ORIGIN, lock_seconds=0.1)

    def go_on(tx: Writing) -> None:
        tx.keep_name("ana", "Анна")
        with pytest.raises(DatabaseLocked):
            tx.lock(STREAM)

    with journal.writing() as other:
        append(other)
        with pytest.raises(StorageFailed, match="went on as if"), journal.writing() as tx:
            go_on(tx)

    with journal.reading() as view:
        assert view.erasable.name("ana") is None
    journal.close()


def test_texts_are_sorted_by_code_point(postgres_journal: SqlJournal) -> None:
    with postgres_journal.writing() as tx:
        for name in ("b", "A", "a", "B", "a-b", "ab", "a_b", "a.b"):
            append(tx, "installation", "actor_added", facts={"actor": name})

    with postgres_journal.reading() as view:
        assert view.actors() == sorted(view.actors())
