"""Many writers on PostgreSQL, what is erased there, and a host's transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from lifecycle.domain.errors import DatabaseLocked, InvalidInput, StorageFailed
from lifecycle.domain.errors_database import CommitUnheard, StreamHeld
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import Record
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.postgres import PostgresDatabase
from tests.storage.conftest import Spawn
from tests.storage.samples import ORIGIN, STREAM, append

GUARDED = ("records", "definitions", "installation", "log_leaves", "log_tiles", "checkpoints")


# -- many writers ---------------------------------------------------------------------------------


def test_writers_on_different_streams_do_not_wait_for_each_other(
    postgres_journal: SqlJournal,
) -> None:
    with postgres_journal.writing() as one, postgres_journal.writing() as other:
        append(one)
        append(other, "participation/school-2")
        append(one)

    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 2
        assert view.head("participation/school-2").version == 1


def test_of_many_streams_nobody_waits_for_those_that_somebody_holds(
    postgres_journal: SqlJournal,
) -> None:
    streams = [STREAM, "participation/school-2", "participation/school-3"]
    with postgres_journal.writing() as tx:
        for stream in streams:
            append(tx, stream)
    with postgres_journal.writing() as holder:
        holder.lock(streams[1])
        with postgres_journal.writing() as tx:
            tx.foresee([(stream, f"command-{stream}") for stream in streams])
            with pytest.raises(StreamHeld):
                tx.lock(streams[1], wait=False)
            append(tx, streams[2])
            with pytest.raises(StreamHeld):
                holder.lock(streams[0], wait=False)


def test_a_command_that_somebody_else_carries_out_meanwhile_is_found_afterwards(
    postgres_journal: SqlJournal,
) -> None:
    with postgres_journal.writing() as tx:
        for stream in (STREAM, other := "participation/school-2"):
            append(tx, stream)
    with postgres_journal.writing() as tx, ExitStack() as stack:
        holder = stack.enter_context(postgres_journal.writing())
        holder.lock(other)
        tx.foresee([(STREAM, "mine"), (other, "same")])
        record = append(holder, other, command_id="same")
        stack.close()

        tx.lock(other, wait=False)

        assert tx.command("same") == record


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


def test_two_that_wait_for_each_other_are_parted(postgres_journal: SqlJournal) -> None:
    both = threading.Barrier(2)
    streams = ("roadmap/a", "roadmap/b")
    with postgres_journal.writing() as tx:
        for stream in streams:
            append(tx, stream, "role_assigned")

    def lock(first: str, second: str) -> str:
        try:
            with postgres_journal.writing() as tx:
                tx.lock(first)
                both.wait()
                tx.lock(second)
        except DatabaseLocked as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lock, streams, reversed(streams)))

    assert sorted(ended) == ["LC504", "done"]


def test_sealers_at_once_seal_every_record_once(postgres_journal: SqlJournal) -> None:
    with postgres_journal.writing() as tx:
        for number in range(40):
            append(tx, f"participation/school-{number % 7}")

    def seal(_: int) -> int:
        with postgres_journal.writing() as tx:
            return tx.seal(7)

    with ThreadPoolExecutor(4) as pool:
        sealed = list(pool.map(seal, range(8)))

    assert sum(sealed) == 40
    with postgres_journal.auditing() as view:
        assert view.log.state().size == 40
        assert list(view.log.queued()) == []


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_a_text_that_no_server_keeps_is_refused_before_anything_is_sent(
    postgres_journal: SqlJournal, text: str
) -> None:
    with postgres_journal.writing() as tx:
        append(tx)
        with pytest.raises(InvalidInput):
            tx.lock(text)
        with pytest.raises(InvalidInput):
            tx.foresee([(STREAM, text)])
        append(tx)

    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 2


def test_no_index_is_believed_about_ids_that_are_there_twice(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    with postgres_journal.writing() as tx:
        first, _ = append(tx), append(tx)
    raw_postgres.execute("ALTER TABLE lifecycle_records DISABLE TRIGGER ALL")
    raw_postgres.execute(
        "ALTER TABLE lifecycle_records DROP CONSTRAINT uq_lifecycle_records_command_id"
    )
    raw_postgres.execute(
        "UPDATE lifecycle_records SET command_id = %s WHERE sequence = 2", (first.command_id,)
    )

    with postgres_journal.auditing() as view:
        assert list(view.repeated(indexed=True)) == [("command_id", first.command_id)]


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
    postgres_journal: SqlJournal, postgres_url: str, spawn: Spawn
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

    with postgres_journal.reading() as view:
        assert {one.sequence: one.hash for one in view.records(STREAM)} == told
    assert sorted(told) == list(range(1, 41))


# -- erasing --------------------------------------------------------------------------------------


def erase(postgres_journal: SqlJournal) -> None:
    with postgres_journal.erasing() as tx:
        tx.erasable.erase("ana", [])


def test_nothing_of_what_was_erased_is_left_in_a_table(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection
) -> None:
    size = "SELECT pg_relation_size('lifecycle_persons')"
    with postgres_journal.writing() as tx:
        tx.keep_name("ana", "Анна")
    assert raw_postgres.execute(size).fetchone() != (0,)

    erase(postgres_journal)

    assert raw_postgres.execute(size).fetchone() == (0,)


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


def kept(postgres_journal: SqlJournal, host: Engine) -> tuple[int, int]:
    with host.connect() as connection, postgres_journal.reading() as view:
        (visits,) = connection.execute(text("SELECT count(*) FROM visits")).one()
        return visits, view.head(STREAM).version


def test_a_host_commits_its_rows_and_the_records_together(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        joined = postgres_journal.joined(connection)
        connection.execute(VISIT)
        with joined.writing() as tx:
            append(tx)
        with pytest.raises(ZeroDivisionError), joined.writing() as tx:
            append(tx).sequence / 0
        with joined.auditing() as view:
            assert len(list(view.stored())) == 1
        connection.execute(VISIT)
        assert kept(postgres_journal, host) == (0, 0)
    assert kept(postgres_journal, host) == (2, 1)

    with host.connect() as connection:
        connection.execute(VISIT)
        with postgres_journal.joined(connection).writing() as tx:
            append(tx)
        connection.rollback()
    assert kept(postgres_journal, host) == (2, 1)


def made_now(tx: Writing, stream: str = STREAM) -> Record:
    return append(tx, stream, recorded_at=datetime.now(UTC))


def sealed(journal: SqlJournal) -> int:
    with journal.writing() as tx:
        return tx.seal(10)


def in_the_log(journal: SqlJournal) -> list[str | None]:
    with journal.auditing() as view:
        return [leaf.stream for leaf in view.log.leaves()]


def test_what_is_younger_than_a_host_s_transaction_waits_for_its_end(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with postgres_journal.writing() as tx:
        append(tx, "participation/older")
    with host.begin() as connection:
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/younger")
        assert (sealed(postgres_journal), sealed(postgres_journal)) == (1, 0)
    assert sealed(postgres_journal) == 2
    assert in_the_log(postgres_journal) == ["participation/older", STREAM, "participation/younger"]


def test_nobody_waits_for_a_host_whose_record_was_undone(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        undone = connection.begin_nested()
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        undone.rollback()
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/younger")
        assert sealed(postgres_journal) == 1
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/youngest")
        assert sealed(postgres_journal) == 0
    assert sealed(postgres_journal) == 2


def test_a_record_no_younger_than_the_last_leaf_waits_for_nobody(
    postgres_journal: SqlJournal,
) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=50)
    with postgres_journal.writing() as tx:
        append(tx, recorded_at=ahead)
    assert sealed(postgres_journal) == 1
    with postgres_journal.writing() as other:
        other.lock("participation/another")
        with postgres_journal.writing() as tx:
            append(tx, recorded_at=ahead)
        assert sealed(postgres_journal) == 1


def test_a_transaction_that_stands_still_after_a_pipeline_is_ended(
    postgres_journal: SqlJournal, postgres_url: str
) -> None:
    database = PostgresDatabase(postgres_url, 0.1, stuck_seconds=0.4)
    stuck = SqlJournal(database.engine(), ORIGIN, database)

    def stand_still() -> None:
        with stuck.writing() as tx:
            append(tx)
            append(tx)
            time.sleep(1)

    with pytest.raises(CommitUnheard):
        stand_still()
    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 0
    stuck.close()


def test_a_host_that_commits_every_statement_is_refused(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with (
        host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(StorageFailed, match="commits every statement by itself"),
        postgres_journal.joined(connection).writing(),
    ):
        pytest.fail("records that are committed one by one")


def test_a_connection_to_another_kind_of_database_is_refused(postgres_journal: SqlJournal) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(TypeError):
        postgres_journal.joined(connection)
    engine.dispose()
