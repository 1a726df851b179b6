"""Many processes: one chain, nothing lost when they are killed, and no lock across a fork."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.audit.merkle import Frontier
from lifecycle.domain.errors import DatabaseLocked, StorageFailed
from lifecycle.domain.ports import Journal
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability
from tests.storage.conftest import Child, Spawn
from tests.storage.samples import ORIGIN, STREAM, append

both_journal_modes = pytest.mark.parametrize("durability", [ROLLBACK, WAL], ids=str)


def version(journal: SqlJournal) -> int:
    with journal.reading() as view:
        return view.head(STREAM).version


RACER = """
import sys
from lifecycle.domain.errors import VersionConflict
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.samples import STREAM, record_after, standing_after
journal = open_journal(sys.argv[1], durability=Durability(*sys.argv[2:4]))
done = conflicts = 0
while done < 40:
    with journal.reading() as view:
        head = view.head(STREAM)
    record = record_after(head)
    try:
        with journal.writing() as tx:
            tx.append(record, standing_after(record))
    except VersionConflict:
        conflicts += 1
    else:
        print(record.hash)
        done += 1
print("conflicts", conflicts)
"""


@both_journal_modes
def test_processes_that_race_make_one_chain(url: str, spawn: Spawn, durability: Durability) -> None:
    journal = create_journal(url, ORIGIN, durability=durability)
    racers = [spawn(RACER, url, durability.journal_mode, durability.synchronous) for _ in range(3)]
    told = "".join(racer.communicate()[0] for racer in racers).split()

    with journal.reading() as view:
        records = view.records(STREAM)
        (standing,) = view.standings()
    acknowledged = {word for word in told if len(word) == 64}
    conflicts = [int(word) for word in told if word.isdigit()]
    assert {one.hash for one in records} == acknowledged
    assert [one.sequence for one in records] == list(range(1, 121))
    assert [one.previous for one in records[1:]] == [one.hash for one in records[:-1]]
    assert standing.version == 120
    assert len(conflicts) == 3
    journal.close()


def test_two_writers_with_one_command_make_one_record(url: str, spawn: Spawn) -> None:
    """A caller that did not hear the answer repeats its request elsewhere."""
    code = """
import sys
from lifecycle.domain.errors import CommandReused
from lifecycle.storage.journal import open_journal
from tests.storage.samples import append
journal = open_journal(sys.argv[1])
for number in range(20):
    try:
        with journal.writing() as tx:
            append(tx, f"participation/{sys.argv[2]}", command_id=f"command-{number}")
    except CommandReused:
        continue
    print(number)
"""
    journal = create_journal(url, ORIGIN)
    writers = [spawn(code, url, school) for school in ("a", "b", "c")]
    made = [int(word) for writer in writers for word in writer.communicate()[0].split()]

    assert sorted(made) == list(range(20))
    with journal.auditing() as view:
        assert len(list(view.stored())) == 20
    journal.close()


WRITER = """
import sys
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.samples import append
journal = open_journal(sys.argv[1], durability=Durability(*sys.argv[2:4]))
print("ready", flush=True)
while True:
    with journal.writing() as tx:
        record = append(tx)
    print(record.hash, flush=True)
"""


def check_whole(journal: SqlJournal, path: Path, acknowledged: set[str]) -> None:
    """Nothing acknowledged is lost, and nothing is half there."""
    with journal.auditing() as view:
        stored = list(view.stored())
        (head,) = view.streams()
        (standing,) = view.standings()
        findings = view.schema_findings()
        leaves = [leaf.hash for leaf in view.log.leaves()]
        edge = view.log.state()
    with sqlite3.connect(path) as raw:
        queued = raw.execute("SELECT hash FROM lifecycle_sealing_queue").fetchall()
        announced = {row[0] for row in raw.execute("SELECT hash FROM lifecycle_outbox")}
        sound = raw.execute("PRAGMA integrity_check").fetchall()
    raw.close()
    hashes = {one.hash for one in stored}
    assert acknowledged <= hashes
    assert [one.sequence for one in stored] == list(range(1, len(stored) + 1))
    assert (head.version, head.hash) == (len(stored), stored[-1].hash)
    assert standing.version == len(stored)
    assert (queued, announced) == ([], hashes)
    assert leaves == [one.hash for one in stored]
    grown = Frontier()
    for one in stored:
        grown.append(bytes.fromhex(one.hash))
    assert (edge.size, edge.frontier) == (grown.size, grown.to_bytes())
    assert (sound, findings) == ([("ok",)], [])


@both_journal_modes
def test_a_killed_writer_leaves_all_that_it_acknowledged_and_nothing_half_done(
    url: str, path: Path, spawn: Spawn, durability: Durability
) -> None:
    create_journal(url, ORIGIN, durability=durability).close()
    acknowledged: set[str] = set()
    for round_ in range(3):
        writers = [
            spawn(WRITER, url, durability.journal_mode, durability.synchronous) for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            # On a busy machine nothing may be written yet when the time is over.
            acknowledged |= {writer.stdout.readline().strip() for _ in range(2)}
        time.sleep(0.05 + 0.037 * round_)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            acknowledged |= {line for line in writer.communicate()[0].split() if len(line) == 64}
        journal = open_journal(url, durability=durability)
        check_whole(journal, path, acknowledged)
        journal.close()

    assert len(acknowledged) > 10


FORK = """
import os, sys
from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.samples import STREAM, append
journal = open_journal(sys.argv[1], durability=Durability(*sys.argv[2:4]))
def write():
    with journal.writing() as tx:
        append(tx)
def in_child():
    pid = os.fork()
    if pid == 0:
        try:
            write()
        except StorageFailed as error:
            print(error, flush=True)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
"""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@needs_fork
@both_journal_modes
def test_parent_and_forked_child_both_write(url: str, child: Child, durability: Durability) -> None:
    journal = create_journal(url, ORIGIN, durability=durability)
    code = FORK + "write(); in_child(); write(); in_child(); write()"

    said = child(code, url, durability.journal_mode, durability.synchronous)

    assert said == ""
    assert version(journal) == 5
    journal.close()


@needs_fork
@both_journal_modes
def test_a_child_forked_in_the_middle_of_a_transaction_is_refused(
    url: str, child: Child, durability: Durability
) -> None:
    journal = create_journal(url, ORIGIN, durability=durability)
    code = (
        FORK
        + """
with journal.writing() as tx:
    in_child()
    append(tx)
in_child()
"""
    )

    said = child(code, url, durability.journal_mode, durability.synchronous)

    assert said.count("forked in the middle of a transaction") == 1
    assert version(journal) == 2
    journal.close()


def help_while(writer: threading.Thread, opener: Callable[[], Journal]) -> None:
    while writer.is_alive():
        opener().close()


def test_who_helps_to_read_does_not_wait_for_a_writer_who_waits_for_who_is_helped(
    url: str,
) -> None:
    journal = create_journal(url, ORIGIN, durability=ROLLBACK)
    told: list[BaseException | None] = []

    def write() -> None:
        other = open_journal(url, durability=ROLLBACK, lock_seconds=5)
        try:
            with other.writing() as tx:
                append(tx)
            told.append(None)
        except StorageFailed as error:
            told.append(error)
        finally:
            other.close()

    writer = threading.Thread(target=write)
    opener = journal.elsewhere()
    assert opener is not None
    with journal.auditing():
        writer.start()
        with pytest.raises(DatabaseLocked):
            help_while(writer, opener)
        assert writer.is_alive()
    writer.join()
    journal.close()
    assert told == [None]
