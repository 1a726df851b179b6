"""What only PostgreSQL has: its addresses and settings, locks, triggers, and how it fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseExists,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseReadOnly,
    InvalidInput,
    StorageFailed,
    VersionConflict,
)
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import empty_head
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from tests.server import Server
from tests.storage.conftest import ROOT, Spawn
from tests.storage.samples import ORIGIN, STREAM, append, record_after

GUARDED = ("records", "definitions", "installation", "log_leaves", "log_tiles", "checkpoints")


@pytest.fixture
def journal(postgres_url: str) -> Iterator[SqlJournal]:
    """An empty journal on PostgreSQL as users get it."""
    journal = create_journal(postgres_url, ORIGIN)
    yield journal
    journal.close()


@pytest.fixture
def raw(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Somebody else's connection to the database, as its owner."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def findings(journal: SqlJournal) -> list[str]:
    with journal.auditing() as view:
        return view.schema_findings()


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg2://user:secret@localhost/name", "names a driver"),
        ("postgresql://user:secret@localhost", "names no database"),
        ("postgresql://user:secret@localhost/name?mode=rwc", "names no database"),
        ("postgresql://localhost/name?password=secret", "password stands before"),
        ("postgresql://user:secret@localhost/name?colour=red", "colour"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(url: str, said: str) -> None:
    for use in (open_journal, create_journal):
        with pytest.raises(InvalidInput, match=said) as caught:
            use(url)
        assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    url = server.url("postgres").replace("host=", "port=1&host=")

    with pytest.raises(StorageFailed, match="connection"):
        open_journal(url)


def test_a_database_that_is_not_there_is_missing_and_not_made(server: Server) -> None:
    with pytest.raises(DatabaseMissing):
        open_journal(server.url("nowhere"))
    with pytest.raises(StorageFailed, match="create it on the server first"):
        create_journal(server.url("nowhere"))


def test_a_database_without_our_tables_is_missing_until_it_is_made(server: Server) -> None:
    with server.database() as url:
        with psycopg.connect(url) as host:
            host.execute("CREATE TABLE visits (id integer)")
        with pytest.raises(DatabaseMissing):
            open_journal(url)

        journal = create_journal(url)

        assert findings(journal) == []
        with journal.writing() as tx:
            append(tx)
        with pytest.raises(DatabaseExists):
            create_journal(url)
        journal.close()


def test_a_database_that_was_not_made_to_its_end_can_be_made_again(server: Server) -> None:
    code = """
import os, signal, sys
from lifecycle.storage import journal, schema
real = schema.migrate
schema.migrate = lambda connection: (real(connection), os.kill(os.getpid(), signal.SIGKILL))
journal.create_journal(sys.argv[1])
"""
    with server.database() as url:
        command = [sys.executable, "-c", code, url]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
        with pytest.raises(DatabaseMissing):
            open_journal(url)
        create_journal(url).close()


def test_a_reader_only_writes_nothing(journal: SqlJournal, postgres_url: str) -> None:
    reader = open_journal(f"{postgres_url}&mode=ro")

    with pytest.raises(DatabaseReadOnly), reader.writing() as tx:
        append(tx)
    with reader.reading() as view:
        assert view.head(STREAM).version == 0
    reader.close()


# -- settings -------------------------------------------------------------------------------------


def test_a_server_that_acknowledges_before_it_has_written_is_refused(
    journal: SqlJournal, raw: psycopg.Connection, postgres_url: str
) -> None:
    raw.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off',"
        " current_database()); END $$"
    )

    with pytest.raises(StorageFailed, match="keeps synchronous_commit off"):
        open_journal(postgres_url)


# -- the last word --------------------------------------------------------------------------------


def test_the_history_is_changed_by_nobody(journal: SqlJournal, raw: psycopg.Connection) -> None:
    with journal.writing() as tx:
        append(tx)
    for role in ("origin", "replica"):
        raw.execute(f"SET session_replication_role = {role}".encode())
        for statement in (
            "UPDATE lifecycle_records SET actor = 'other'",
            "DELETE FROM lifecycle_records",
            *(f"TRUNCATE lifecycle_{table}" for table in GUARDED),
            "UPDATE lifecycle_installation SET origin = 'other'",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
                raw.execute(statement.encode())

    with journal.reading() as view:
        assert view.head(STREAM).version == 1
    assert findings(journal) == []


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
    journal: SqlJournal, raw: psycopg.Connection, statement: str, finding: str
) -> None:
    raw.execute("CREATE COLLATION IF NOT EXISTS \"en_US\" (provider = builtin, locale = 'C.UTF-8')")
    raw.execute(statement.encode())

    assert any(one.startswith(finding) for one in findings(journal)), findings(journal)


def test_a_missing_table_is_a_broken_database(
    journal: SqlJournal, raw: psycopg.Connection, postgres_url: str
) -> None:
    raw.execute("DROP TABLE lifecycle_outbox")

    with pytest.raises(DatabaseBroken, match="missing: lifecycle_outbox"):
        open_journal(postgres_url)
    with pytest.raises(DatabaseBroken, match="lifecycle_outbox"), journal.writing() as tx:
        append(tx)


def test_what_the_key_alone_finds_is_a_conflict_and_leaves_the_transaction_usable(
    journal: SqlJournal, raw: psycopg.Connection
) -> None:
    """Somebody wrote a record and no head: only the primary key can know of it."""
    with journal.writing() as tx:
        append(tx)
    raw.execute("DELETE FROM lifecycle_streams")

    with journal.writing() as tx:
        with pytest.raises(VersionConflict):
            tx.append(record_after(empty_head(ORIGIN, STREAM)))
        append(tx, "participation/school-2")

    with journal.reading() as view:
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


def test_texts_are_sorted_by_code_point(journal: SqlJournal) -> None:
    with journal.writing() as tx:
        for name in ("b", "A", "a", "B", "a-b", "ab", "a_b", "a.b"):
            append(tx, "installation", "actor_added", facts={"actor": name})

    with journal.reading() as view:
        assert view.actors() == sorted(view.actors())


# -- many writers ---------------------------------------------------------------------------------


def test_writers_on_different_streams_do_not_wait_for_each_other(journal: SqlJournal) -> None:
    with journal.writing() as one, journal.writing() as other:
        append(one)
        append(other, "participation/school-2")
        append(one)

    with journal.reading() as view:
        assert view.head(STREAM).version == 2
        assert view.head("participation/school-2").version == 1


def test_what_a_decision_rests_on_is_not_moved_before_its_record(postgres_url: str) -> None:
    journal = create_journal(postgres_url, ORIGIN, lock_seconds=0.2)
    with journal.writing() as tx:
        append(tx, "roadmap/tomari", "role_assigned")

    def move() -> None:
        with journal.writing() as tx:
            tx.lock("roadmap/tomari")

    with journal.writing() as tx:
        assert tx.head("roadmap/tomari").version == 1
        with journal.writing() as another:
            assert another.head("roadmap/tomari").version == 1
        with pytest.raises(DatabaseLocked, match=r"0\.2 s"):
            move()
        append(tx)
    move()
    journal.close()


def test_two_that_wait_for_each_other_are_parted(journal: SqlJournal) -> None:
    both = threading.Barrier(2)
    streams = ("roadmap/a", "roadmap/b")
    with journal.writing() as tx:
        for stream in streams:
            append(tx, stream, "role_assigned")

    def lock(first: str, second: str) -> str:
        try:
            with journal.writing() as tx:
                tx.lock(first)
                both.wait()
                tx.lock(second)
        except DatabaseLocked as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lock, streams, reversed(streams)))

    assert sorted(ended) == ["LC504", "done"]


def test_sealers_at_once_seal_every_record_once(journal: SqlJournal) -> None:
    with journal.writing() as tx:
        for number in range(40):
            append(tx, f"participation/school-{number % 7}")

    def seal(_: int) -> int:
        with journal.writing() as tx:
            return tx.seal(7)

    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, range(8)))

    assert sum(sealed) == 40
    with journal.auditing() as view:
        assert view.log.state().size == 40
        assert list(view.log.queued()) == []


WRITER = """
import sys
from lifecycle.domain.errors import VersionConflict
from lifecycle.storage.journal import open_journal
from tests.storage.samples import append
journal = open_journal(sys.argv[1])
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    with journal.writing() as tx:
        record = append(tx)
    print(record.sequence, record.hash, flush=True)
"""


def test_processes_on_one_stream_make_one_chain_of_what_they_acknowledged(
    journal: SqlJournal, postgres_url: str, spawn: Spawn
) -> None:
    processes = [spawn(WRITER, postgres_url, 10) for _ in range(4)]
    told: dict[int, str] = {}
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, _ = process.communicate()
        for line in out.splitlines():
            sequence, digest = line.split()
            told[int(sequence)] = digest

    with journal.reading() as view:
        assert {one.sequence: one.hash for one in view.records(STREAM)} == told
    assert sorted(told) == list(range(1, 41))


# -- erasing --------------------------------------------------------------------------------------


def erase(journal: SqlJournal) -> None:
    with journal.erasing() as tx:
        tx.erasable.erase("ana", [])


def test_nothing_of_what_was_erased_is_left_in_a_table(
    journal: SqlJournal, raw: psycopg.Connection
) -> None:
    size = "SELECT pg_relation_size('lifecycle_persons')"
    with journal.writing() as tx:
        tx.keep_name("ana", "Анна")
    assert raw.execute(size).fetchone() != (0,)

    erase(journal)

    assert raw.execute(size).fetchone() == (0,)


def test_a_reader_of_what_was_there_before_keeps_an_erasure_unfinished(postgres_url: str) -> None:
    journal = create_journal(postgres_url, ORIGIN, lock_seconds=0.2)
    with journal.writing() as tx:
        tx.keep_name("ana", "Анна")

    with journal.reading() as view:
        with pytest.raises(ErasureUnfinished, match="still reads"):
            erase(journal)
        assert view.erasable.name("ana") == "Анна"
    erase(journal)

    with journal.reading() as view:
        assert view.erasable.name("ana") is None
    journal.close()


# -- a host's transaction -------------------------------------------------------------------------


@pytest.fixture
def host(postgres_url: str) -> Iterator[Engine]:
    """A host's engine for the database, which has a table of its own there."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE visits (id integer)"))
    yield engine
    engine.dispose()


VISIT = text("INSERT INTO visits VALUES (1)")


def kept(journal: SqlJournal, host: Engine) -> tuple[int, int]:
    with host.connect() as connection, journal.reading() as view:
        (visits,) = connection.execute(text("SELECT count(*) FROM visits")).one()
        return visits, view.head(STREAM).version


def test_a_host_commits_its_rows_and_the_records_together(
    journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        joined = journal.joined(connection)
        connection.execute(VISIT)
        with joined.writing() as tx:
            append(tx)
        with pytest.raises(ZeroDivisionError), joined.writing() as tx:
            append(tx).sequence / 0
        with joined.auditing() as view:
            assert len(list(view.stored())) == 1
        connection.execute(VISIT)
        assert kept(journal, host) == (0, 0)
    assert kept(journal, host) == (2, 1)

    with host.connect() as connection:
        connection.execute(VISIT)
        with journal.joined(connection).writing() as tx:
            append(tx)
        connection.rollback()
    assert kept(journal, host) == (2, 1)


def test_a_host_that_commits_every_statement_is_refused(journal: SqlJournal, host: Engine) -> None:
    with (
        host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(StorageFailed, match="commits every statement by itself"),
        journal.joined(connection).writing(),
    ):
        pytest.fail("records that are committed one by one")


def test_a_connection_to_another_kind_of_database_is_refused(journal: SqlJournal) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(TypeError):
        journal.joined(connection)
    engine.dispose()
