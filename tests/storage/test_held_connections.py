"""Connections held between transactions: the file may go, a process fork, a borrower be stopped."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifecycle.domain.errors import DatabaseLocked, DatabaseMissing, DatabaseNewer
from lifecycle.domain.errors_database import DatabaseMoved, DatabaseReplaced
from lifecycle.storage.doctor import examine
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability
from lifecycle.storage.tables import SCHEMA
from tests.databases import new_journal
from tests.storage.conftest import Child
from tests.storage.samples import ORIGIN, STREAM, append

both_journal_modes = pytest.mark.parametrize("durability", [ROLLBACK, WAL], ids=str)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
ANOTHER = "another-installation"


def version(journal: SqlJournal) -> int:
    with journal.reading() as view:
        return view.head(STREAM).version


def write(journal: SqlJournal) -> None:
    with journal.writing() as tx:
        append(tx)


def laid(url: str, origin: str = ORIGIN, durability: Durability = ROLLBACK) -> SqlJournal:
    return new_journal(url, origin, durability=durability)


def moved(path: Path, to: Path) -> None:
    """Move a database with all that lies beside it."""
    for one in path.parent.glob(f"{path.name}*"):
        one.rename(to.with_name(to.name + one.name.removeprefix(path.name)))


# -- the locks of the process ---------------------------------------------------------------------

OTHER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    other.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def make_again(url: str, folder: Path) -> None:
    with pytest.raises(DatabaseLocked):
        create_journal(url, lock_seconds=0)


def look(url: str, folder: Path) -> None:
    assert "settings" in {one.code for one in examine(url, folder, datetime.now(UTC))}


@pytest.mark.parametrize("work", [make_again, look])
def test_no_other_process_writes_in_the_middle_of_a_transaction(
    url: str, path: Path, child: Child, work: Callable[[str, Path], None]
) -> None:
    laid(url).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as host:
        host.execute("BEGIN IMMEDIATE")
        work(url, path.parent)

        assert child(OTHER, path) == "database is locked\n"


# -- the file -------------------------------------------------------------------------------------


@both_journal_modes
def test_nothing_is_acknowledged_or_read_once_the_file_is_gone(
    url: str, path: Path, durability: Durability
) -> None:
    journal = laid(url, durability=durability)
    write(journal)
    moved(path, away := path.with_name("away.db"))

    for _ in range(2):
        with pytest.raises(DatabaseMissing):
            write(journal)
        with pytest.raises(DatabaseMissing):
            version(journal)
    assert not path.exists()

    moved(away, path)
    write(journal)
    assert version(journal) == 2
    journal.close()


@both_journal_modes
def test_a_restored_copy_is_gone_on_with_and_keeps_what_is_acknowledged(
    url: str, path: Path, durability: Durability
) -> None:
    journal = laid(url, durability=durability)
    write(journal)
    copied = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as raw, closing(sqlite3.connect(copied)) as copy:
        raw.backup(copy)
    write(journal)
    moved(path, path.with_name("away.db"))
    copied.rename(path)

    write(journal)
    write(journal)

    assert version(journal) == 3
    journal.close()
    again = open_journal(url, durability=durability)
    assert version(again) == 3
    again.close()


def test_another_history_in_the_place_of_the_file_is_not_written_to(url: str, path: Path) -> None:
    journal = laid(url)
    another = laid(f"sqlite:///{path}.another", ANOTHER)
    write(another)
    another.close()
    Path(f"{path}.another").replace(path)

    with pytest.raises(DatabaseReplaced, match=f"{ANOTHER} in place of {ORIGIN}"):
        write(journal)
    with pytest.raises(DatabaseReplaced):
        version(journal)

    journal.close()
    now = open_journal(url)
    assert version(now) == 1
    now.close()


def test_a_history_that_was_copied_over_in_place_is_not_read_for_the_former(
    url: str, path: Path
) -> None:
    journal = laid(url)
    another = laid(f"sqlite:///{path}.another", ANOTHER)
    write(another)
    another.close()
    shutil.copyfile(f"{path}.another", path)

    with pytest.raises(DatabaseReplaced):
        version(journal)
    journal.close()


@both_journal_modes
def test_a_history_that_was_brought_back_in_place_is_not_written_to(
    url: str, path: Path, durability: Durability
) -> None:
    journal, away = laid(url, durability=durability), Path(f"{path}.another")
    write(journal)
    laid(f"sqlite:///{away}", ANOTHER).close()
    with closing(sqlite3.connect(away)) as another, closing(sqlite3.connect(path)) as raw:
        another.backup(raw)

    with pytest.raises(DatabaseReplaced, match=f"{ANOTHER} in place of {ORIGIN}"):
        write(journal)
    with pytest.raises(DatabaseReplaced):
        version(journal)

    journal.close()
    now = open_journal(url, durability=durability)
    assert version(now) == 0
    now.close()


def test_a_schema_that_became_newer_meanwhile_is_not_written_to(url: str, path: Path) -> None:
    journal = laid(url)
    write(journal)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE lifecycle_version SET version_num = '9999'")

    with pytest.raises(DatabaseNewer, match="9999"):
        write(journal)

    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE lifecycle_version SET version_num = ?", (SCHEMA,))
    write(journal)
    assert version(journal) == 2
    journal.close()


def test_another_journal_than_is_safe_here_is_not_written_by(url: str, path: Path) -> None:
    journal = laid(url)
    write(journal)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode=wal").fetchone() == ("wal",)
        other.execute("SELECT count(*) FROM lifecycle_records").fetchone()
        with pytest.raises(DatabaseLocked):
            write(journal)

    write(journal)
    assert version(journal) == 2
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    journal.close()


@both_journal_modes
def test_what_is_written_while_the_file_is_moved_is_not_acknowledged(
    url: str, path: Path, durability: Durability
) -> None:
    journal = laid(url, durability=durability)
    write(journal)

    away = path.with_name("away.db")

    def moved_after(steps: int) -> None:
        with journal.writing() as tx:
            if steps:
                append(tx)
            moved(path, away)
            if not steps:
                append(tx)

    for steps in (1, 0):
        with pytest.raises(DatabaseMoved):
            moved_after(steps)
        moved(away, path)

    assert version(journal) == 1
    journal.close()


def test_only_the_first_connection_makes_a_file(url: str, path: Path) -> None:
    journal = create_journal(url, ORIGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()

    with pytest.raises(DatabaseMissing):
        version(journal)

    assert not path.exists()
    journal.close()


# -- forks and interruptions ----------------------------------------------------------------------

AMONG_THREADS = """
import os, sys, threading, time
going, done = threading.Event(), threading.Event()
def between():  # registered first, so it comes last: right before the process is forked
    going.set()
    time.sleep(0.1)
os.register_at_fork(before=between)
from lifecycle.storage.journal import open_journal
from tests.storage.samples import append
journal = open_journal(sys.argv[1], lock_seconds=1)
def write(seconds=0):
    with journal.writing() as tx:
        append(tx)
        time.sleep(seconds)
def borrow():
    going.wait()
    write(0.3)
write()
thread = threading.Thread(target=borrow)
thread.start()
if os.fork() == 0:
    try:
        write()
    except BaseException as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.wait()
thread.join()
"""

INTERRUPTED = """
import sys
from lifecycle.storage import connections, journal as journals
from tests.storage.samples import append
journal = journals.open_journal(sys.argv[1])
WATCHED = {connections.__file__, journals.__file__}
def write():
    with journal.writing() as tx:
        append(tx)
def interrupted(at):
    left = at
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename not in WATCHED:
            return None
        left -= event == "line"
        if left < 0:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace
    sys.settrace(trace)
    try:
        write()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False
for idle in (True, False):
    at = 0
    while interrupted(at):
        if journal._connections.in_use:
            print("interrupted at step", at, "and lost")
        if not idle:
            journal.close()
        at += 1
    print(at > 20)
write()
"""

IN_THE_MIDDLE = """
import os, sys
from pathlib import Path
from lifecycle.storage.journal import open_journal
from tests.storage.samples import append
journal = open_journal(sys.argv[1])
beside = Path(sys.argv[2] + "-journal")
try:
    with journal.writing() as tx:
        append(tx)
        if os.fork() == 0:
            raise KeyboardInterrupt
        os.wait()
        print(beside.exists())
except KeyboardInterrupt:
    os._exit(0)
"""


@needs_fork
def test_nobody_borrows_a_connection_while_the_process_is_forked(url: str, child: Child) -> None:
    journal = laid(url)

    assert child(AMONG_THREADS, url) == ""

    assert version(journal) == 3
    journal.close()


@needs_fork
def test_a_forked_child_leaves_the_transaction_of_its_parent_alone(
    url: str, path: Path, child: Child
) -> None:
    journal = laid(url)

    assert child(IN_THE_MIDDLE, url, path) == "True\n"

    assert version(journal) == 1
    journal.close()


def test_a_borrower_interrupted_at_any_step_leaves_no_connection_behind(
    url: str, child: Child
) -> None:
    laid(url).close()

    assert child(INTERRUPTED, url) == "True\nTrue\n"
