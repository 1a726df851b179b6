"""Addresses, settings, and what comes of files that are no sound database of this engine."""

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
    DatabaseLocked,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseReadOnly,
    InvalidInput,
    StorageFailed,
)
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import (
    ROLLBACK,
    WAL,
    Durability,
    Place,
    driver_of,
    durability_for,
    make_engine,
    sqlite_path,
)
from tests.storage.conftest import ORIGIN, STREAM, append

Child = Callable[..., str]

# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///lifecycle.db", Path.cwd() / "lifecycle.db"),
        ("sqlite:////srv/lifecycle.db", Path("/srv/lifecycle.db")),
        ("sqlite+pysqlite:////srv/a.db", Path("/srv/a.db")),
        ("sqlite:////srv/%D0%B0%20b.db", Path("/srv/а b.db")),
        ("sqlite:////srv/школа 1.db", Path("/srv/школа 1.db")),
        ("sqlite:////srv/100%25.db?mode=ro", Path("/srv/100%.db")),
        ("postgresql://localhost/lifecycle", None),
    ],
)
def test_an_address_names_a_file(url: str, path: Path | None) -> None:
    assert sqlite_path(url) == path


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lifecycle.db",
        "postgresql//user:secret@host/db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/a.db",
        "sqlite:///a%00b.db",
        "sqlite:///a.db?mode=rwc",
        "sqlite:///a.db?immutable=1",
        "postgresql://user:secret@localhost/lifecycle",
        "unknown://user:secret@localhost/lifecycle",
    ],
)
def test_an_address_that_names_no_file_is_not_valid(url: str) -> None:
    for use in (open_journal, create_journal):
        with pytest.raises(InvalidInput, match="the database address") as caught:
            use(url)

        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a b.db", "история.db", "100%.db", "50%20off.db", "a#b?c.db", "'q'.db"]
)
def test_a_database_may_have_any_name(tmp_path: Path, name: str) -> None:
    escaped = name.replace("%", "%25").replace("?", "%3F")
    journal = create_journal(f"sqlite:///{tmp_path}/{escaped}", ORIGIN)
    journal.close()

    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_relative_address_holds_after_a_change_of_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    journal = create_journal("sqlite:///lifecycle.db", ORIGIN)
    monkeypatch.chdir("/")
    with journal.writing() as tx:
        append(tx)
    journal.close()

    assert (tmp_path / "lifecycle.db").is_file()


# -- settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "durability"),
    [
        ((3, 37, 0), ROLLBACK),
        ((3, 40, 1), ROLLBACK),
        ((3, 44, 5), ROLLBACK),
        ((3, 44, 6), WAL),
        ((3, 44, 9), WAL),
        ((3, 45, 0), ROLLBACK),
        ((3, 50, 6), ROLLBACK),
        ((3, 50, 7), WAL),
        ((3, 51, 0), ROLLBACK),
        ((3, 51, 2), ROLLBACK),
        ((3, 51, 3), WAL),
        ((3, 52, 0), WAL),
        ((4, 0, 0), WAL),
    ],
)
def test_the_linked_sqlite_decides_how_commits_are_made_durable(
    version: tuple[int, int, int], durability: Durability
) -> None:
    assert durability_for(version) == durability


@pytest.mark.parametrize("durability", [ROLLBACK, WAL, None], ids=str)
def test_every_connection_has_the_safe_settings(
    sqlite_journal: SqlJournal, url: str, path: Path, durability: Durability | None
) -> None:
    engine = make_engine(Place(url, path), durability=durability, lock_seconds=30)
    expected = durability or durability_for(sqlite3.sqlite_version_info)
    settings = {
        "journal_mode": expected.journal_mode,
        "synchronous": {"FULL": 2, "EXTRA": 3}[expected.synchronous],
        "busy_timeout": 30_000,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "trusted_schema": 0,
        "cell_size_check": 1,
    }
    sqlite_journal.close()

    with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            found = {
                name: driver_of(connection).cursor().execute(f"PRAGMA {name}").fetchone()[0]
                for name in settings
            }
            assert found == settings
    engine.dispose()


def test_a_setting_that_sqlite_does_not_take_is_an_error(url: str) -> None:
    with pytest.raises(StorageFailed, match="PRAGMA journal_mode at delete, not nonsense"):
        create_journal(url, durability=Durability("nonsense", "FULL"))


def test_a_file_is_changed_to_the_safe_journal_mode_or_not_used(url: str, path: Path) -> None:
    journal = create_journal(url, ORIGIN, durability=WAL)
    with journal.writing() as tx:
        append(tx)
    with pytest.raises(DatabaseLocked):
        open_journal(url, durability=ROLLBACK, lock_seconds=0.1)
    journal.close()

    journal = open_journal(url, durability=ROLLBACK)
    with journal.reading() as view:
        assert view.head(STREAM).version == 1
    journal.close()
    assert list(path.parent.iterdir()) == [path]


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


def test_what_another_application_made_is_not_written_over(url: str, path: Path) -> None:
    foreign(path)
    before = path.read_bytes()

    with pytest.raises(DatabaseExists):
        create_journal(url)

    assert path.read_bytes() == before


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
from lifecycle.storage import journal, schema
from lifecycle.storage.session import Session
step, real = sys.argv[2], schema.migrate
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if step == "migrate":
    schema.migrate = lambda connection: (real(connection), die())
elif step == "insert":
    change = Session.change
    Session.change = lambda *a, **v: (change(*a, **v), die())
else:
    journal._sync_folder = die
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
    (other_application, DatabaseBroken, "another application made it"),
    (changed("PRAGMA application_id=7"), DatabaseBroken, "another application made it"),
    (changed("DROP TABLE records"), DatabaseBroken, "missing: records"),
    (changed("DROP TABLE lifecycle_version"), DatabaseBroken, "missing: lifecycle_version"),
    (changed("DELETE FROM lifecycle_version"), DatabaseBroken, "no revision"),
    (
        changed("UPDATE lifecycle_version SET version_num = '0042'"),
        DatabaseNewer,
        "schema 0042, this release knows 0001",
    ),
    (
        changed("DROP TRIGGER installation_no_delete", "DELETE FROM installation"),
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
    if closed == "file":
        (open_folder / "a.db").chmod(0o444)
    open_folder.chmod(0o555)
    code = """
import os, sys
from tests.storage.conftest import START, STREAM, append
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.record import moment_from, moment_text
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import ROLLBACK
moment_from(moment_text(START))  # loads what cannot be loaded afterwards
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
