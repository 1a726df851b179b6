"""Addresses of SQLite databases, and the settings of every connection."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from lifecycle.domain.errors import (
    DatabaseLocked,
    InvalidInput,
    StorageFailed,
)
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.session import driver_of
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability, durability_for, make_engine
from lifecycle.storage.sqlite_files import Place, sqlite_path
from tests.storage.samples import ORIGIN, STREAM, append

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
        "mysql://user:secret@localhost/lifecycle",
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
        "wal_autocheckpoint": 4000,
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
