"""Making a database, and what comes of files that are no sound database of this engine."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseExists,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    StorageFailed,
)
from lifecycle.storage import tables
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import ROLLBACK
from tests.storage.conftest import Child
from tests.storage.samples import ORIGIN, STREAM, append

# -- making ---------------------------------------------------------------------------------------


def test_a_new_database_has_the_id_that_is_given_or_one_of_its_own(tmp_path: Path) -> None:
    origins = []
    for name, origin in (("a", ORIGIN), ("b", None), ("c", None)):
        journal = create_journal(f"sqlite:///{tmp_path}/{name}.db", origin)
        with journal.reading() as view:
            origins.append(view.origin)
        journal.close()

    assert origins[0] == ORIGIN
    assert len(set(origins)) == 3


def test_a_history_is_not_begun_twice(sqlite_journal: SqlJournal, url: str) -> None:
    with sqlite_journal.writing() as tx:
        append(tx)

    with pytest.raises(DatabaseExists):
        create_journal(url)

    with sqlite_journal.reading() as view:
        assert view.head(STREAM).version == 1


def test_a_database_without_a_record_can_be_begun_again(
    sqlite_journal: SqlJournal, url: str
) -> None:
    again = create_journal(url, "another")
    with again.reading() as view:
        assert view.origin == ORIGIN
    again.close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match=r"no folder .*missing"):
        create_journal(f"sqlite:///{tmp_path}/missing/a.db")


@pytest.mark.parametrize("step", ["migrate", "insert", "commit"])
def test_a_database_that_was_not_finished_can_be_made_again(
    url: str, path: Path, step: str
) -> None:
    """The process is killed in the middle of making it."""
    code = """
import os, signal, sys
from lifecycle.storage import journal, schema, sqlite
from lifecycle.storage.session import Session
step, real = sys.argv[2], schema.migrate
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if step == "migrate":
    schema.migrate = lambda connection: (real(connection), die())
elif step == "insert":
    change = Session.change
    Session.change = lambda *a, **v: (change(*a, **v), die())
else:
    sqlite.sync_folder = die
journal.create_journal(sys.argv[1])
"""
    done = subprocess.run([sys.executable, "-c", code, url, step], check=False)
    assert done.returncode == -9
    assert path.exists()

    if step != "commit":
        with pytest.raises(DatabaseMissing):
            open_journal(url)
    journal = create_journal(url)
    with journal.auditing() as view:
        assert view.schema_findings() == []
    journal.close()


@pytest.mark.parametrize("content", [b"x", b"\x00", b"SQLite format 3", b"text" * 1000])
def test_a_file_with_something_in_it_is_not_written_over(
    url: str, path: Path, content: bytes
) -> None:
    path.write_bytes(content)

    with pytest.raises(DatabaseBroken, match="file is not a database"):
        create_journal(url)

    assert path.read_bytes() == content


def test_an_empty_file_is_room_for_a_database(url: str, path: Path) -> None:
    path.touch()

    create_journal(url).close()

    open_journal(url).close()


def test_a_file_made_through_a_link_and_one_that_was_empty_are_closed_to_others(
    tmp_path: Path,
) -> None:
    (tmp_path / "away").mkdir()
    real, link, empty = tmp_path / "away" / "a.db", tmp_path / "link.db", tmp_path / "empty.db"
    link.symlink_to(real)
    empty.touch(0o644)

    for path in (link, empty):
        create_journal(f"sqlite:///{path}").close()

    assert link.is_symlink()
    assert [path.stat().st_mode & 0o777 for path in (real, empty)] == [0o600, 0o600]


# -- what is no sound database --------------------------------------------------------------------


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE orders (id)")
    connection.close()


def text_file(path: Path) -> None:
    path.write_text("школа;состояние\n" * 1000, "utf-8")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 8192)


def overwritten(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * (size - 4096))


def other_application(path: Path) -> None:
    path.unlink()
    foreign(path)


def changed(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with sqlite3.connect(path, isolation_level=None) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return change


DAMAGE: list[tuple[Callable[[Path], object], type[StorageFailed], str]] = [
    (Path.unlink, DatabaseMissing, "there is no database at"),
    (lambda path: os.truncate(path, 0), DatabaseMissing, "there is no database at"),
    (text_file, DatabaseBroken, "file is not a database"),
    (cut_off, DatabaseBroken, "malformed"),
    (overwritten, DatabaseBroken, "malformed"),
    (folder, DatabaseBroken, "it is a folder"),
    (pipe, DatabaseBroken, "it is no ordinary file"),
    (other_application, DatabaseMissing, "there is no database at"),
    (changed("DROP TABLE lifecycle_records"), DatabaseBroken, "missing: lifecycle_records"),
    (changed("DROP TABLE lifecycle_version"), DatabaseBroken, "missing: lifecycle_version"),
    (changed("DELETE FROM lifecycle_version"), DatabaseBroken, "no revision"),
    (
        changed("UPDATE lifecycle_version SET version_num = '0042'"),
        DatabaseNewer,
        f"schema 0042, this release knows {tables.SCHEMA}",
    ),
    (
        changed(
            "DROP TRIGGER lifecycle_installation_no_delete", "DELETE FROM lifecycle_installation"
        ),
        DatabaseBroken,
        "no single id",
    ),
]


@pytest.mark.parametrize(("damage", "error", "text"), DAMAGE)
def test_what_is_no_sound_database_is_told_apart_and_left_alone(
    sqlite_journal: SqlJournal,
    url: str,
    path: Path,
    damage: Callable[[Path], object],
    error: type[StorageFailed],
    text: str,
) -> None:
    with sqlite_journal.writing() as tx:
        append(tx)
    sqlite_journal.close()
    damage(path)
    before = path.read_bytes() if path.is_file() else None

    def use() -> None:
        journal = open_journal(url)
        try:
            with journal.auditing() as view:
                list(view.stored())
        finally:
            journal.close()

    with pytest.raises(error, match=text) as caught:
        use()

    assert type(caught.value) is error
    assert (path.read_bytes() if path.is_file() else None) == before
    assert caught.value.remedy is not None


def test_opening_makes_nothing(url: str, path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        open_journal(url)
    with pytest.raises(DatabaseMissing):
        open_journal(f"{url}/below/it.db")

    assert list(path.parent.iterdir()) == []


def test_a_name_that_no_file_can_have_is_an_error(tmp_path: Path) -> None:
    for use in (open_journal, create_journal):
        with pytest.raises(StorageFailed, match="File name too long"):
            use(f"sqlite:///{tmp_path}/{'x' * 300}.db")


def test_a_database_opened_for_reading_is_never_written(
    sqlite_journal: SqlJournal, url: str, path: Path
) -> None:
    with sqlite_journal.writing() as tx:
        record = append(tx)
    sqlite_journal.close()
    before = path.read_bytes()

    journal = open_journal(f"{url}?mode=ro")
    with journal.reading() as view:
        assert view.records(STREAM) == [record]
    with pytest.raises(DatabaseReadOnly, match="cannot be written"), journal.writing():
        pytest.fail("a transaction that cannot write")
    journal.close()

    assert path.read_bytes() == before


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_database_without_the_right_to_write_can_be_read(
    open_folder: Path, child: Child, closed: str
) -> None:
    url = f"sqlite:///{open_folder}/a.db"
    journal = create_journal(url, ORIGIN, durability=ROLLBACK)
    with journal.writing() as tx:
        append(tx)
    journal.close()
    # Made for its owner alone; whoever reads it here is another user.
    (open_folder / "a.db").chmod(0o444 if closed == "file" else 0o666)
    open_folder.chmod(0o555)
    code = """
import os, sys
from tests.storage.samples import START, STREAM, append
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.record import moment_from, moment_text
from lifecycle.storage.journal import open_journal
from lifecycle.storage import writing  # what cannot be loaded afterwards, as the next line does
from lifecycle.storage.sqlite import ROLLBACK
moment_from(moment_text(START))
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everything
journal = open_journal(sys.argv[1], durability=ROLLBACK)
with journal.reading() as view:
    print(view.head(STREAM).version)
try:
    with journal.writing() as tx:
        append(tx)
except LifecycleError as error:
    print(type(error).__name__)
with journal.reading() as view:
    print(view.head(STREAM).version)
"""

    done = child(code, url)

    assert done == "1\nDatabaseReadOnly\n1\n"
