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
from lifecycle.storage.foresight import LOCK
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.triggers import POSTGRES_REFUSAL
from tests.sharded import opened
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


NO_CHANGE = "lifecycle_records_no_change"
ANEW = f"DROP TRIGGER {NO_CHANGE} ON lifecycle_records; CREATE TRIGGER {NO_CHANGE} BEFORE"
ALWAYS = f"ALTER TABLE lifecycle_records ENABLE ALWAYS TRIGGER {NO_CHANGE}"
UNSEEN = {
    "CREATE TABLE hidden () INHERITS (lifecycle_standings)": "part hidden is foreign to",
    "CREATE SCHEMA far; CREATE TABLE far.lifecycle_outbox () INHERITS (lifecycle_outbox)": (
        "part lifecycle_outbox is foreign to"
    ),
    f"{ANEW} DELETE OR UPDATE OF transition ON lifecycle_records FOR EACH ROW"
    f" EXECUTE FUNCTION lifecycle_refuse(); {ALWAYS}": f"trigger {NO_CHANGE} differs from",
    "ALTER TABLE lifecycle_tables_of_hosts ENABLE ROW LEVEL SECURITY": "",
    "ALTER TABLE lifecycle_refusals ENABLE ROW LEVEL SECURITY": (
        "table lifecycle_refusals differs from"
    ),
    "ALTER TABLE lifecycle_actors FORCE ROW LEVEL SECURITY": "table lifecycle_actors differs from",
    "ALTER TABLE lifecycle_persons SET UNLOGGED": "table lifecycle_persons differs from",
    "DROP TABLE lifecycle_openings; CREATE TABLE lifecycle_openings"
    ' (stream text COLLATE "C" NOT NULL, sequence bigint NOT NULL, commitment text COLLATE'
    ' "C" NOT NULL, purpose text COLLATE "C" NOT NULL, salt bytea NOT NULL, value text COLLATE'
    ' "C" NOT NULL, CONSTRAINT pk_lifecycle_openings PRIMARY KEY (stream, sequence, commitment))'
    " PARTITION BY LIST (stream)": "table lifecycle_openings differs from",
    "ALTER TABLE lifecycle_streams ALTER COLUMN version SET DEFAULT 1": (
        "column lifecycle_streams.version differs from"
    ),
    "ALTER TABLE lifecycle_credentials DROP COLUMN revoked, ADD COLUMN revoked bigint"
    " GENERATED ALWAYS AS (NULL) STORED": "column lifecycle_credentials.revoked differs from",
    "DROP INDEX ix_lifecycle_assignments_stream_sequence; CREATE INDEX"
    " ix_lifecycle_assignments_stream_sequence ON lifecycle_assignments"
    ' (stream COLLATE "POSIX", sequence)': (
        "index ix_lifecycle_assignments_stream_sequence differs from"
    ),
    "UPDATE pg_index SET indisunique = false"
    " WHERE indexrelid = 'uq_lifecycle_records_hash'::regclass": (
        "constraint lifecycle_records.uq_lifecycle_records_hash differs from"
    ),
    'CREATE SCHEMA other; CREATE COLLATION other."C" (provider = builtin,'
    " locale = 'C.UTF-8'); ALTER TABLE lifecycle_actors"
    ' ALTER actor TYPE text COLLATE other."C"': "column lifecycle_actors.actor differs from",
    "ALTER TABLE lifecycle_assignments ALTER stream DROP NOT NULL; ALTER TABLE"
    " lifecycle_assignments ADD CONSTRAINT whatever NOT NULL stream NOT VALID": (
        "column lifecycle_assignments.stream differs from"
    ),
    "ALTER TABLE lifecycle_assignments ALTER actor DROP NOT NULL; ALTER TABLE"
    " lifecycle_assignments ADD CONSTRAINT alone NOT NULL actor NO INHERIT": (
        "column lifecycle_assignments.actor differs from"
    ),
    "ALTER SEQUENCE lifecycle_refusals_id_seq MAXVALUE 100000 CYCLE": (
        "column lifecycle_refusals.id differs from"
    ),
    "CREATE SCHEMA third; CREATE SEQUENCE third.lifecycle_outbox_id_seq; ALTER TABLE"
    " lifecycle_outbox ALTER id SET DEFAULT nextval('third.lifecycle_outbox_id_seq')": (
        "column lifecycle_outbox.id differs from"
    ),
    # Rows that a host's refer to cannot be removed.
    "CREATE TABLE child (school text REFERENCES lifecycle_standings (school))": (
        "constraint child.child_school_fkey is foreign to"
    ),
    "ALTER TABLE lifecycle_version ADD COLUMN note text DEFAULT 'x'": (
        "column lifecycle_version.note is foreign to"
    ),
    "ALTER TABLE lifecycle_version ALTER version_num TYPE text": (
        "column lifecycle_version.version_num differs from"
    ),
    "CREATE TABLE far.lifecycle_version (one text REFERENCES public.lifecycle_actors (actor))": (
        "constraint lifecycle_version.lifecycle_version_one_fkey is foreign to"
    ),
    # Whoever gathers statistics would run it over the rows.
    "CREATE FUNCTION theirs(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';"
    " CREATE STATISTICS guess ON theirs(stream) FROM lifecycle_records": (
        "statistics guess is foreign to"
    ),
    # Of columns alone: they run nothing.
    "CREATE STATISTICS harmless (ndistinct) ON stream, kind FROM lifecycle_records": "",
    # Its name is that of a good one.
    "CREATE TRIGGER lifecycle_definitions_no_change BEFORE INSERT ON lifecycle_checkpoints"
    " FOR EACH ROW EXECUTE FUNCTION lifecycle_refuse()": (
        "trigger lifecycle_definitions_no_change differs from"
    ),
}
"""What changes, hides or doubles rows though every name is as it was, and how it is told."""


LYING = "; ".join(
    f"CREATE FUNCTION lie({left}, {right}) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
    f"CREATE OPERATOR {sign} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = lie)"
    for left, right, sign in (
        ("oid", "regclass", "="),
        ("regclass", "oid", "="),
        ("oid", "int4", "="),
        ("int2[]", "int2[]", "="),
        ("text", "name", "<>"),
    )
) + (
    "; CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql"
    " AS $$SELECT pg_catalog.quote_ident($1::text) || ' NOT VALID'$$;"
    'CREATE FUNCTION concat_ws(text, name, name, "char", text, boolean) RETURNS text LANGUAGE sql'
    " AS $$SELECT 'C'$$"
)
"""Operators and functions for exactly the types at hand, which a server prefers to its own."""


@pytest.mark.parametrize("after", ["SELECT 1", LYING], ids=["plain", "lying"])
def test_what_changes_or_hides_rows_under_the_old_names_is_found(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, after: str
) -> None:
    raw_postgres.execute("CREATE TABLE lifecycle_tables_of_hosts ()")
    for statement in UNSEEN:
        raw_postgres.execute(statement.encode())
    raw_postgres.execute(after.encode())

    assert findings(postgres_journal) == sorted(
        f"{one} the schema 0002" for one in UNSEEN.values() if one
    )


def test_a_function_of_the_same_name_and_words_elsewhere_is_not_ours(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    raw_postgres.execute(
        f"CREATE SCHEMA far; CREATE FUNCTION far.lifecycle_refuse() RETURNS trigger"
        f" LANGUAGE plpgsql AS $${POSTGRES_REFUSAL}$$; {ANEW} UPDATE OR DELETE ON"
        f" lifecycle_records FOR EACH ROW EXECUTE FUNCTION far.lifecycle_refuse();"
        f" {ALWAYS}".encode()
    )

    assert findings(postgres_journal) == [f"trigger {NO_CHANGE} differs from the schema 0002"]


def test_no_function_of_others_stands_before_the_servers(
    postgres_url: str, raw_postgres: psycopg.Connection
) -> None:
    """The owner of a database says where names are looked up first."""
    raw_postgres.execute(
        "CREATE SCHEMA far; CREATE FUNCTION far.none(text, text) RETURNS boolean LANGUAGE sql"
        " AS 'SELECT false';"
        "CREATE OPERATOR far.= (LEFTARG = text, RIGHTARG = text, FUNCTION = far.none)"
    )
    name = raw_postgres.info.dbname
    raw_postgres.execute(
        f"ALTER DATABASE {name} SET search_path = far, public, pg_catalog".encode()
    )

    with opened(postgres_url) as journal:
        with journal.writing() as tx:
            append(tx)
        with journal.auditing() as view:
            assert (view.head(STREAM).version, view.schema_findings()) == (1, [])


def test_what_account_and_database_set_changes_no_answer(
    postgres_url: str, raw_postgres: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for setting in (
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "DateStyle = German",
        "client_encoding = WIN1251",
        "bytea_output = escape",
    ):
        change = f"ALTER DATABASE {raw_postgres.info.dbname} SET {setting}"
        raw_postgres.execute(change.encode())
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")

    with opened(postgres_url) as journal:
        with journal.writing() as tx:
            append(tx)
            tx.keep_name("head", "Иванова ≥ 日")
        with journal.auditing() as view:
            assert view.schema_findings() == []
            assert view.erasable.name("head") == "Иванова ≥ 日"
        with journal.erasing():
            pass


def test_only_numbered_servers_are_those_of_schools_and_none_may_be_missing(
    postgres_url: str, raw_postgres: psycopg.Connection
) -> None:
    raw_postgres.execute(
        "CREATE FOREIGN DATA WRAPPER another;"
        " CREATE SERVER lifecycle_shard_old FOREIGN DATA WRAPPER another;"
        " CREATE SERVER lifecycle_shard_0 FOREIGN DATA WRAPPER another"
    )
    with opened(postgres_url) as journal, journal.auditing() as view:
        assert view.schema_findings() == []

    raw_postgres.execute("CREATE SERVER lifecycle_shard_2 FOREIGN DATA WRAPPER another")
    with pytest.raises(StorageFailed, match="are numbered 2, not 1, 2, 3 and so on"):
        open_journal(postgres_url)


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


def test_text_is_compared_with_text_for_which_the_server_has_operators() -> None:
    text, _ = LOCK.compiled(PostgresDatabase.dialect)

    assert "= %s::pg_catalog.text" in text
