"""A commit that goes unheard: what is there is told truthfully, and evidence is never missing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from lifecycle import open_lifecycle
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.errors_database import (
    BackupFailed,
    CommitUnheard,
    RestoreLeft,
    RestoreUnheard,
)
from lifecycle.maintenance import restore_backup
from lifecycle.storage.journal import open_journal
from lifecycle.storage.restoring import Restored
from lifecycle.wiring import verify
from tests.campaigns.connections import folder_of
from tests.campaigns.proxy import Proxy
from tests.storage.backing_up import Kept, files, rows
from tests.storage.samples import append

_PG_RESTORE, _OURS = 2, 3  # whose commit; the first one ends what SQLAlchemy asks a new server


@contextmanager
def by_way_of(url: str) -> Iterator[tuple[Proxy, str]]:
    """Lend a proxy before a server, and the address of the same database by way of it."""
    with (
        tempfile.TemporaryDirectory() as folder,  # a socket's path must be short
        Proxy(folder_of(url), Path(folder)) as proxy,
    ):
        yield proxy, f"{url.partition('?')[0]}?host={folder}"


@contextmanager
def muted(kept: Kept, number: int, *, lasting: bool = False, done: bool = True) -> Iterator[Kept]:
    """Lend the same place by way of a line that is cut when a commit is to be answered."""
    with by_way_of(kept.empty) as (proxy, url):
        proxy.mute(number, lasting=lasting, done=done)
        yield replace(kept, empty=url)
        assert proxy.cuts == 1


def restored(kept: Kept, file: Path) -> Restored:
    evidence = kept.folder / "again"
    return restore_backup(
        file, kept.empty, evidence=evidence, programs=kept.programs, lock_seconds=0.2
    )


def test_of_a_commit_that_went_unheard_nobody_says_that_nothing_was_recorded(
    postgres_url: str,
) -> None:
    with by_way_of(postgres_url) as (proxy, url), closing(open_journal(url)) as journal:
        proxy.mute(1, lasting=False)
        with pytest.raises(CommitUnheard) as told, journal.writing() as tx:
            append(tx, "installation")

        assert str(told.value.remedy).startswith("it is not known whether it was recorded")
        with journal.reading() as view:
            assert view.head("installation") is not None
        proxy.arm("answered", 1, lasting=True)
        with pytest.raises(StorageFailed) as lost, journal.reading():
            pass
        assert "recorded" not in f"{lost.value} {lost.value.remedy}"


def test_a_restore_whose_commit_went_unheard_is_there_with_its_evidence(on_postgres: Kept) -> None:
    file = on_postgres.backup()

    with muted(on_postgres, _OURS) as kept:
        assert restored(kept, file).placed

    assert rows(on_postgres.empty) == rows(on_postgres.url)
    assert files(on_postgres.folder / "again") == files(on_postgres.folder / "evidence")
    with open_lifecycle(on_postgres.empty, evidence=on_postgres.folder / "again") as engine:
        assert verify(engine).ok


def test_evidence_stays_where_nobody_can_ask_whether_the_database_is_there(
    on_postgres: Kept,
) -> None:
    file = on_postgres.backup()

    with (
        muted(on_postgres, _OURS, lasting=True) as kept,
        pytest.raises(RestoreUnheard, match="not known") as told,
    ):
        restored(kept, file)

    assert str(on_postgres.folder / "again") in str(told.value.remedy)
    with open_lifecycle(on_postgres.empty, evidence=on_postgres.folder / "again") as engine:
        assert verify(engine).ok


def test_what_pg_restore_committed_unheard_is_taken_away_and_a_repeat_goes_through(
    on_postgres: Kept,
) -> None:
    file = on_postgres.backup()

    with muted(on_postgres, _PG_RESTORE) as kept, pytest.raises(BackupFailed, match="pg_restore"):
        restored(kept, file)

    assert on_postgres.is_empty()
    assert restored(on_postgres, file).placed


def test_a_restore_whose_commit_never_came_leaves_nothing_and_a_repeat_goes_through(
    on_postgres: Kept,
) -> None:
    file = on_postgres.backup()

    with muted(on_postgres, _OURS, done=False) as kept, pytest.raises(BackupFailed, match="broke"):
        restored(kept, file)

    assert on_postgres.is_empty()
    assert restored(on_postgres, file).placed


def test_what_cannot_be_taken_away_is_told_with_the_way_to_repeat(on_postgres: Kept) -> None:
    file = on_postgres.backup()

    with (
        muted(on_postgres, _PG_RESTORE, lasting=True) as kept,
        pytest.raises(RestoreLeft) as told,
    ):
        restored(kept, file)

    assert "restore once more" in str(told.value.remedy)
    with psycopg.connect(on_postgres.empty) as other:
        assert other.execute("SELECT count(*) FROM lifecycle_version").fetchone() == (0,)
    assert not (on_postgres.folder / "again").exists()
    assert restored(on_postgres, file).placed
