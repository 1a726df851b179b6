"""Locks, full disks, failing writes and broken constraints: all or nothing, and typed."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from lifecycle.domain.errors import (
    DatabaseLocked,
    DiskFull,
    InvalidInput,
    LifecycleError,
    StorageFailed,
    VersionConflict,
)
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability, SqliteDatabase, make_engine
from lifecycle.storage.sqlite_files import Place
from lifecycle.storage.sqlite_turns import take_turn
from tests.storage.conftest import Child, Spawn
from tests.storage.samples import ORIGIN, STREAM, append, record_after

both_journal_modes = pytest.mark.parametrize("durability", [ROLLBACK, WAL], ids=str)


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
    spawn: Spawn,
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


def test_a_connection_waits_for_its_locks_again_once_it_has_its_turn(path: Path) -> None:
    pair: list[Any] = [sqlite3.connect(path, isolation_level=None) for _ in range(2)]
    writer, other = pair

    def waits() -> int:
        return int(other.execute("PRAGMA busy_timeout").fetchone()[0])

    take_turn(writer, 30)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        take_turn(other, 0.05)
    assert (waits(), other.in_transaction) == (50, False)
    writer.rollback()
    take_turn(other, 0.07)
    assert (waits(), other.in_transaction) == (70, True)
    for connection in pair:
        connection.close()


def test_who_waits_for_his_turn_gets_it_when_it_is_free(path: Path) -> None:
    pair: list[Any] = [
        sqlite3.connect(path, isolation_level=None, check_same_thread=False) for _ in range(2)
    ]
    writer, other = pair
    take_turn(writer, 30)
    waiting = threading.Thread(target=take_turn, args=(other, 30))
    waiting.start()
    writer.rollback()
    waiting.join()

    assert other.in_transaction
    for connection in pair:
        connection.close()


# -- no room, no luck -----------------------------------------------------------------------------


@both_journal_modes
def test_a_full_disk_undoes_the_transaction(url: str, path: Path, durability: Durability) -> None:
    create_journal(url, ORIGIN, durability=durability).close()
    engine = make_engine(Place(url, path), durability=durability)
    room = path.stat().st_size // 4096 + 12

    @event.listens_for(engine, "connect")
    def limit(driver: sqlite3.Connection, _: object) -> None:
        driver.execute(f"PRAGMA max_page_count={room}")

    journal = SqlJournal(engine, ORIGIN, SqliteDatabase(Place(url, path), 1))

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
from tests.storage.samples import append
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


def test_a_transaction_that_could_not_be_undone_does_not_meet_the_next_one(
    sqlite_journal: SqlJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(database: object, driver: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(SqliteDatabase, "undo", fail)
        with pytest.raises(StorageFailed, match="disk I/O error"), sqlite_journal.writing() as tx:
            raise_after(append(tx))

    assert version(sqlite_journal) == 0
    with sqlite_journal.writing() as tx:
        append(tx)
    assert version(sqlite_journal) == 1


def raise_after(done: object) -> None:
    raise ValueError(done)


# -- what the constraints find that nothing else saw ---------------------------------------------


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else's connection to the database."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def test_a_head_that_was_set_back_does_not_fork_the_history(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    with sqlite_journal.writing() as tx:
        first, _ = append(tx), append(tx)
    raw.execute("UPDATE lifecycle_streams SET version = 1, hash = ?", (first.hash,))

    with pytest.raises(VersionConflict), sqlite_journal.writing() as tx:
        append(tx)

    with sqlite_journal.auditing() as view:
        assert len(list(view.stored())) == 2


def test_a_record_id_is_not_given_twice(sqlite_journal: SqlJournal) -> None:
    with sqlite_journal.writing() as tx:
        record = append(tx)

    with (
        pytest.raises(StorageFailed, match="uq_lifecycle_records_record_id"),
        sqlite_journal.writing() as tx,
    ):
        append(tx, record_id=record.record_id)

    assert version(sqlite_journal) == 1


@pytest.mark.parametrize(
    ("trigger", "error"),
    [
        ("BEFORE INSERT ON lifecycle_standings BEGIN SELECT RAISE(ABORT, 'no'); END", "no"),
        (
            "BEFORE UPDATE ON lifecycle_streams BEGIN SELECT RAISE(IGNORE); END",
            "is at version 2, not 1",
        ),
    ],
)
def test_a_caller_who_goes_on_after_a_failed_append_commits_nothing(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, trigger: str, error: str
) -> None:
    """What hangs on the record cannot be written: the record must not be there without it."""
    with sqlite_journal.writing() as tx:
        tx.append(record_after(tx.lock(STREAM)))
    raw.execute(f"CREATE TRIGGER obstacle {trigger}")

    whole = pytest.raises(StorageFailed, match="without all that hangs on it")
    with whole, sqlite_journal.writing() as tx, pytest.raises(LifecycleError, match=error):
        append(tx)

    assert version(sqlite_journal) == 1
    raw.execute("DROP TRIGGER obstacle")
    with sqlite_journal.writing() as tx:
        append(tx)
    assert version(sqlite_journal) == 2


@pytest.mark.parametrize(
    "table",
    ["records", "streams", "standings", "log_leaves", "log_state", "outbox", "definitions"],
)
def test_a_row_that_a_trigger_swallows_is_an_error(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection, table: str
) -> None:
    raw.execute(
        f"CREATE TRIGGER thief BEFORE INSERT ON lifecycle_{table} BEGIN SELECT RAISE(IGNORE); END"
    )

    def write() -> None:
        with sqlite_journal.writing() as tx:
            tx.keep_definition("d" * 64, b"{}")
            append(tx)

    with pytest.raises(StorageFailed, match="did not take a row"):
        write()

    assert version(sqlite_journal) == 0
    raw.execute("DROP TRIGGER thief")
    write()
    assert version(sqlite_journal) == 1


def test_text_that_is_none_is_invalid_input(sqlite_journal: SqlJournal) -> None:
    with pytest.raises(InvalidInput, match="surrogate"), sqlite_journal.writing() as tx:
        tx.keep_name("ana", "\udcff")
