"""Locks, full disks, failing writes, races and killed processes: all or nothing, and typed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from lifecycle.domain.errors import DatabaseLocked, DiskFull, InvalidInput, StorageFailed
from lifecycle.storage.faults import Faults
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability, Place, make_engine
from tests.storage.conftest import ORIGIN, ROOT, STREAM, append

Child = Callable[..., str]
both_journal_modes = pytest.mark.parametrize("durability", [ROLLBACK, WAL], ids=str)


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in processes of their own; none outlives the test."""
    started = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def version(journal: SqlJournal) -> int:
    with journal.reading() as view:
        return view.head(STREAM).version


# -- locks ----------------------------------------------------------------------------------------

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_database_held_by_another_process_is_locked(
    sqlite_journal: SqlJournal,
    url: str,
    path: Path,
    spawn: Callable[..., subprocess.Popen[str]],
) -> None:
    sqlite_journal.close()
    journal = open_journal(url, lock_seconds=0.2)
    holder = spawn(HOLDER, path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with (
        pytest.raises(DatabaseLocked, match=r"locked by another process for 0\.2 s"),
        journal.writing(),
    ):
        pytest.fail("a transaction in a database that is held")

    holder.communicate("go\n")
    with journal.writing() as tx:
        append(tx)
    assert version(journal) == 1
    journal.close()


def test_a_view_that_stays_open_makes_a_commit_fail_whole(url: str) -> None:
    """With a rollback journal; with a write-ahead log views hold nobody up."""
    journal = create_journal(url, ORIGIN, lock_seconds=0.2, durability=ROLLBACK)
    with journal.reading() as view:
        with pytest.raises(DatabaseLocked), journal.writing() as tx:
            append(tx)
        assert view.head(STREAM).version == 0

    assert version(journal) == 0
    with journal.writing() as tx:
        append(tx)
    assert version(journal) == 1
    journal.close()


# -- no room, no luck -----------------------------------------------------------------------------


@both_journal_modes
def test_a_full_disk_undoes_the_transaction(url: str, path: Path, durability: Durability) -> None:
    create_journal(url, ORIGIN, durability=durability).close()
    engine = make_engine(Place(url, path), durability=durability)
    room = path.stat().st_size // 4096 + 12

    @event.listens_for(engine, "connect")
    def limit(driver: sqlite3.Connection, _: object) -> None:
        driver.execute(f"PRAGMA max_page_count={room}")

    journal = SqlJournal(engine, ORIGIN, Faults(url, 1))

    def fill() -> None:
        while True:
            with journal.writing() as tx:
                append(tx)
                tx.keep_definition(os.urandom(32).hex(), os.urandom(2000))
                append(tx)

    with pytest.raises(DiskFull, match="no room left"):
        fill()

    found = version(journal)
    assert found > 0
    assert found % 2 == 0
    with journal.auditing() as audit:
        assert len(list(audit.stored())) == found
        assert len(list(audit.definitions())) == found // 2
    journal.close()


@both_journal_modes
def test_a_write_that_fails_undoes_the_transaction(
    url: str, path: Path, child: Child, durability: Durability
) -> None:
    create_journal(url, ORIGIN, durability=durability).close()
    code = """
import resource, signal, sys
from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.conftest import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = open_journal(sys.argv[1], durability=Durability(*sys.argv[2:4]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]),) * 2)
try:
    for done in range(100_000):
        with journal.writing() as tx:
            append(tx)
            append(tx)
except StorageFailed as error:
    print(type(error).__name__, error, done)
"""

    said = child(
        code, url, durability.journal_mode, durability.synchronous, path.stat().st_size + 60_000
    )

    journal = open_journal(url, durability=durability)
    assert said.startswith("StorageFailed the database failed: disk I/O error")
    assert version(journal) == 2 * int(said.split()[-1])
    with journal.auditing() as audit:
        assert audit.schema_findings() == []
    journal.close()


# -- many processes -------------------------------------------------------------------------------

RACER = """
import sys
from lifecycle.domain.errors import VersionConflict
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.conftest import STREAM, record_after, standing_after
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
def test_processes_that_race_make_one_chain(
    url: str, spawn: Callable[..., subprocess.Popen[str]], durability: Durability
) -> None:
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


WRITER = """
import sys
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.conftest import append
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
    with sqlite3.connect(path) as raw:
        queued = {row[0] for row in raw.execute("SELECT hash FROM sealing_queue")}
        announced = {row[0] for row in raw.execute("SELECT hash FROM outbox")}
        sound = raw.execute("PRAGMA integrity_check").fetchall()
    raw.close()
    hashes = {one.hash for one in stored}
    assert acknowledged <= hashes
    assert [one.sequence for one in stored] == list(range(1, len(stored) + 1))
    assert (head.version, head.hash) == (len(stored), stored[-1].hash)
    assert standing.version == len(stored)
    assert queued == announced == hashes
    assert (sound, findings) == ([("ok",)], [])


@both_journal_modes
def test_a_killed_writer_leaves_all_that_it_acknowledged_and_nothing_half_done(
    url: str, path: Path, spawn: Callable[..., subprocess.Popen[str]], durability: Durability
) -> None:
    create_journal(url, ORIGIN, durability=durability).close()
    acknowledged: set[str] = set()
    for round_ in range(4):
        writers = [
            spawn(WRITER, url, durability.journal_mode, durability.synchronous) for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.037 * round_)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            acknowledged |= {line for line in writer.communicate()[0].split() if len(line) == 64}
        journal = open_journal(url, durability=durability)
        check_whole(journal, path, acknowledged)
        journal.close()

    assert len(acknowledged) > 20


FORK = """
import os, sys
from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from tests.storage.conftest import STREAM, append
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


def test_views_and_writers_of_many_threads_do_not_disturb_each_other(
    sqlite_journal: SqlJournal,
) -> None:
    def write() -> None:
        for _ in range(15):
            with sqlite_journal.writing() as tx:
                append(tx)

    def look() -> None:
        while not over.is_set():
            with sqlite_journal.reading() as view:
                head, records = view.head(STREAM), view.records(STREAM)
                board = [one.version for one in view.standings()]
            if records and (records[-1].head != head or board != [head.version]):
                torn.append(head.version)

    over, torn = threading.Event(), list[int]()
    writers = [threading.Thread(target=write) for _ in range(3)]
    viewers = [threading.Thread(target=look) for _ in range(3)]
    for thread in writers + viewers:
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in viewers:
        thread.join()

    assert torn == []
    assert version(sqlite_journal) == 45


def test_a_caller_who_goes_on_after_a_failed_append_commits_nothing(
    sqlite_journal: SqlJournal, path: Path
) -> None:
    """The board's row cannot be written: the record must not be there without it."""
    with sqlite3.connect(path) as raw:
        raw.execute(
            "CREATE TRIGGER full BEFORE INSERT ON standings BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    raw.close()

    whole = pytest.raises(StorageFailed, match="without all that hangs on it")
    with whole, sqlite_journal.writing() as tx, pytest.raises(StorageFailed, match="no"):
        append(tx)

    assert version(sqlite_journal) == 0


def test_text_that_is_none_is_invalid_input(sqlite_journal: SqlJournal) -> None:
    with pytest.raises(InvalidInput, match="surrogate"), sqlite_journal.writing() as tx:
        tx.keep_name("ana", "\udcff")
