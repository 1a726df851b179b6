"""Many writers on PostgreSQL, what is erased there, and a host's transaction."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from lifecycle.domain.errors import DatabaseLocked, InvalidInput
from lifecycle.domain.errors_database import StreamHeld
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.storage.journal import SqlJournal, create_journal
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
