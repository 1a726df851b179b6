"""A backup is whole or not there; what was restored is what was backed up, or it is told."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifecycle import open_lifecycle
from lifecycle.domain.errors import DatabaseBroken, LifecycleError
from lifecycle.domain.errors_database import (
    BackupDamaged,
    BackupFailed,
    PlaceTaken,
    ProgramMissing,
)
from lifecycle.storage import tables
from lifecycle.storage.backup_file import MANIFEST
from lifecycle.storage.journal import open_journal
from lifecycle.storage.restoring import Restored
from lifecycle.wiring import make_backup, restore_backup, verify
from tests.histories import CHIEF, SCHOOL, enrol, small_history
from tests.killing import killed_anywhere
from tests.server import Server
from tests.storage.conftest import Spawn

WRITER = """
import sys
from pathlib import Path
from lifecycle import EvidenceFile, open_lifecycle
from tests.histories import COORDINATOR, enrol
with open_lifecycle(sys.argv[1], evidence=sys.argv[2]) as engine:
    for number in range(10_000):
        enrol(engine, f"school-{number}")
        paper = Path(sys.argv[2]).parent / "paper.txt"
        paper.write_text(f"{number}")
        engine.advance(f"school-{number}", "complete_questionnaire", actor=COORDINATOR,
                       evidence=[EvidenceFile("questionnaire_completion", paper)])
        print(number, flush=True)
"""


@dataclass
class Kept:
    """A history, where it lies, and a place where it can be restored.

    Args:
        url: Of the database.
        folder: With the evidence.
        empty: Address of a place where nothing is.
        programs: Folder with the programs of PostgreSQL.
    """

    url: str
    folder: Path
    empty: str
    programs: Path | None = None

    def backup(self, to: Path | None = None, **more: Any) -> Path:
        options: dict[str, Any] = {"programs": self.programs} | more
        file, self.manifest = make_backup(
            self.url, to or self.folder, evidence=self.folder / "evidence", **options
        )
        return file

    def restore(self, file: Path, **more: Any) -> Restored:
        options: dict[str, Any] = {"programs": self.programs} | more
        return restore_backup(file, self.empty, evidence=self.folder / "again", **options)

    def is_empty(self) -> bool:
        """Tell whether nothing was put in the empty place, or left beside it."""
        left = [one.name for one in self.folder.iterdir() if ".part" in one.name]
        if self.empty.startswith("sqlite"):
            there = Path(self.empty.removeprefix("sqlite:///")).exists()
        else:
            with psycopg.connect(self.empty) as other:
                found = other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
                there = found.fetchone() != (0,)
        return not (left or there or (self.folder / "again").exists())


@pytest.fixture(scope="module")
def in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small history in a file; it is copied."""
    folder = tmp_path_factory.mktemp("file")
    with small_history(f"sqlite:///{folder}/a.db", folder):
        return folder


@pytest.fixture(scope="module")
def on_a_server(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of a small history on a server and the folder of its files; both are copied."""
    folder = tmp_path_factory.mktemp("server")
    with server.database() as url:
        with small_history(url, folder):
            pass
        yield url, folder


@pytest.fixture
def on_sqlite(in_a_file: Path, tmp_path: Path) -> Kept:
    """A small history in a file."""
    shutil.copytree(in_a_file, tmp_path, dirs_exist_ok=True)
    return Kept(f"sqlite:///{tmp_path}/a.db", tmp_path, f"sqlite:///{tmp_path}/b.db")


@pytest.fixture
def on_postgres(on_a_server: tuple[str, Path], server: Server, tmp_path: Path) -> Iterator[Kept]:
    """A small history on a server."""
    shutil.copytree(on_a_server[1], tmp_path, dirs_exist_ok=True)
    with server.copy(on_a_server[0]) as url, server.database() as empty:
        yield Kept(url, tmp_path, empty, server.programs)


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def history(request: pytest.FixtureRequest) -> Kept:
    """A small history of either kind."""
    found: Kept = request.getfixturevalue(request.param)
    return found


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of ours."""
    names = sorted(tables.NAMES)
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
            return {
                name: sorted(raw.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608
                for name in names
            }
    with psycopg.connect(url) as connection:
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}".encode()), key=repr)  # noqa: S608
            for name in names
        }


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "sha256").rglob("*")
        if path.is_file()
    }


def rezipped(file: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write the archive anew with its files changed, as somebody else would."""
    with zipfile.ZipFile(file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    change(content)
    changed = file.with_name("changed.backup")
    with zipfile.ZipFile(changed, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return changed


def test_what_is_restored_is_what_was_backed_up(history: Kept) -> None:
    file = history.backup()
    done = history.restore(file)

    assert (done.placed, done.report.findings) == (True, ())
    assert rows(history.empty) == rows(history.url)
    assert files(history.folder / "again") == files(history.folder / "evidence")
    with open_lifecycle(history.empty, evidence=history.folder / "again") as engine:
        assert verify(engine).ok
        enrol(engine, "second")  # numbers that the server gives go on behind those that are there
        with engine.context.journal.auditing() as view:
            assert view.schema_findings() == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [one for one in history.folder.iterdir() if ".part" in one.name]


def test_the_manifest_tells_what_is_in_it(on_sqlite: Kept) -> None:
    file = on_sqlite.backup(on_sqlite.folder / "one.backup")

    with zipfile.ZipFile(file) as archive:
        told = json.loads(archive.read(MANIFEST))
    with open_journal(on_sqlite.url).reading() as view:
        assert told["origin"] == view.origin
    assert (told["kind"], told["schema"], told["absent"]) == ("sqlite", tables.SCHEMA, [])
    assert told["records"] == told["size"] == len(rows(on_sqlite.url)["lifecycle_records"])
    assert len(told["files"]) == 2
    assert told["format"] == "school-lifecycle/backup/1"


def test_nothing_is_written_over(on_sqlite: Kept) -> None:
    file = on_sqlite.backup(on_sqlite.folder / "one.backup")
    before = file.read_bytes()

    with pytest.raises(PlaceTaken):
        on_sqlite.backup(file)
    on_sqlite.restore(file)
    with pytest.raises(PlaceTaken):
        on_sqlite.restore(file)
    shutil.rmtree(on_sqlite.folder / "again")
    with pytest.raises(PlaceTaken):
        on_sqlite.restore(file)
    Path(on_sqlite.empty.removeprefix("sqlite:///")).rename(on_sqlite.folder / "b.db-wal")
    with pytest.raises(PlaceTaken):
        on_sqlite.restore(file)

    assert file.read_bytes() == before


def test_a_database_with_tables_of_ours_is_no_empty_place(on_postgres: Kept) -> None:
    file = on_postgres.backup()
    on_postgres.restore(file)
    shutil.rmtree(on_postgres.folder / "again")
    before = rows(on_postgres.empty)

    with pytest.raises(PlaceTaken):
        on_postgres.restore(file)

    assert rows(on_postgres.empty) == before


@pytest.mark.parametrize("part", ["database", "evidence", MANIFEST, "more", "fewer", "cut", "none"])
def test_what_is_no_whole_backup_is_not_restored(on_sqlite: Kept, part: str) -> None:
    file = on_sqlite.backup()

    def change(content: dict[str, bytes]) -> None:
        for name in list(content):
            if name.startswith(part):
                content[name] = content[name][:-2] + b"??"
            if part == "fewer" and name.startswith("evidence"):
                del content[name]
        if part == "more":
            content["../more"] = b"escaped"

    changed = rezipped(file, change)
    if part == "cut":
        changed.write_bytes(file.read_bytes()[:-30])
    elif part == "none":
        changed.write_bytes(b"")

    with pytest.raises(BackupDamaged):
        on_sqlite.restore(changed)

    assert on_sqlite.is_empty()


def test_a_manifest_that_tells_of_another_history_is_no_use(history: Kept) -> None:
    def change(content: dict[str, bytes]) -> None:
        told = json.loads(content[MANIFEST])
        content[MANIFEST] = json.dumps({**told, "records": told["records"] + 1}).encode()

    file = history.backup()

    with pytest.raises(BackupDamaged, match="another history"):
        history.restore(rezipped(file, change))

    assert history.is_empty()


def test_findings_keep_a_backup_from_its_place_unless_they_are_accepted(history: Kept) -> None:
    shutil.rmtree(history.folder / "evidence")
    file = history.backup()
    assert len(history.manifest.absent) == 1

    refused = history.restore(file)
    assert [one.code for one in refused.report.findings] == ["evidence_missing"]
    assert (refused.placed, history.is_empty()) == (False, True)

    assert history.restore(file, accept=True).placed
    assert rows(history.empty) == rows(history.url)


def test_a_backup_of_one_kind_is_not_restored_in_the_other(
    on_sqlite: Kept, on_postgres: Kept
) -> None:
    with pytest.raises(BackupDamaged, match="sqlite"):
        on_postgres.restore(on_sqlite.backup())
    with pytest.raises(BackupDamaged, match="postgresql"):
        on_sqlite.restore(on_postgres.backup())


def test_a_program_that_is_missing_or_too_old_is_named(on_postgres: Kept, tmp_path: Path) -> None:
    with pytest.raises(ProgramMissing, match="pg_dump of PostgreSQL 18"):
        on_postgres.backup(programs=tmp_path)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n")
    old.chmod(0o755)
    with pytest.raises(ProgramMissing, match="pg_dump: 15"):
        on_postgres.backup(programs=tmp_path)

    file = on_postgres.backup()
    with pytest.raises(ProgramMissing, match="pg_restore of PostgreSQL 18"):
        on_postgres.restore(file, programs=tmp_path)
    assert on_postgres.is_empty()


def test_backups_taken_while_others_write_hold_one_moment_each(history: Kept, spawn: Spawn) -> None:
    writers = [spawn(WRITER, history.url, history.folder / "evidence")]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    sizes = []
    for number in range(2):
        file = history.backup(history.folder / f"{number}.backup")
        sizes.append(history.manifest.records)
        assert history.manifest.absent == []
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
    for writer in writers:
        assert writer.poll() is None
        writer.kill()

    done = history.restore(file)

    assert (done.placed, done.report.findings, done.report.records) == (True, (), sizes[-1])
    assert sizes[0] < sizes[1]


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(on_sqlite: Kept) -> None:
    target = on_sqlite.folder / "killed" / "one.backup"
    target.parent.mkdir()
    before = rows(on_sqlite.url)

    def prepare() -> None:
        # Left by one that is dead: nobody holds it, and it is not young.
        for one in target.parent.iterdir():
            os.utime(one, (0, 0))
        target.unlink(missing_ok=True)

    for _ in killed_anywhere(lambda: on_sqlite.backup(target), 4, prepare):
        if target.exists():
            assert on_sqlite.restore(target).placed
        assert len([*target.parent.glob(".*.part")]) <= 1
        assert not [
            one for one in target.parent.iterdir() if one.suffix not in (".part", ".backup")
        ]
    prepare()
    on_sqlite.backup(target)
    assert [one.name for one in target.parent.iterdir()] == ["one.backup"]
    assert rows(on_sqlite.url) == before


def test_a_restore_that_is_killed_leaves_nothing_that_looks_like_a_database(
    history: Kept,
) -> None:
    file = history.backup()
    whole = rows(history.url)

    def prepare() -> None:
        shutil.rmtree(history.folder / "again", ignore_errors=True)
        if history.empty.startswith("sqlite"):
            Path(history.empty.removeprefix("sqlite:///")).unlink(missing_ok=True)
        else:
            with psycopg.connect(history.empty, autocommit=True) as other:
                other.execute("DROP SCHEMA public CASCADE")
                other.execute("CREATE SCHEMA public")

    for _ in killed_anywhere(lambda: history.restore(file), 3, prepare):
        with suppress(LifecycleError):
            open_journal(history.empty).close()
            assert rows(history.empty) == whole
            with open_lifecycle(history.empty, evidence=history.folder / "again") as engine:
                assert verify(engine).ok
    prepare()
    assert history.restore(file).placed


def test_what_pg_restore_left_without_a_revision_is_told_as_broken(on_postgres: Kept) -> None:
    """What a process leaves that is killed before everything was verified."""
    on_postgres.restore(on_postgres.backup())
    with psycopg.connect(on_postgres.empty, autocommit=True) as other:
        other.execute("DELETE FROM lifecycle_version")

    with pytest.raises(DatabaseBroken, match="no revision"):
        open_journal(on_postgres.empty)


def test_a_backup_that_cannot_be_written_is_told(on_sqlite: Kept, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="no-folder"):
        on_sqlite.backup(tmp_path / "no-folder" / "one.backup")


def test_a_young_folder_and_one_that_is_held_stay(on_sqlite: Kept) -> None:
    import fcntl

    young, held = on_sqlite.folder / ".lifecycle-a.part", on_sqlite.folder / ".lifecycle-b.part"
    young.mkdir()
    held.mkdir()
    os.utime(held, (0, 0))
    lock = os.open(held, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)

    on_sqlite.backup()
    assert young.is_dir()
    assert held.is_dir()
    os.close(lock)
    os.utime(young, (time.time() - 3600,) * 2)
    on_sqlite.backup(on_sqlite.folder / "two.backup")

    assert not young.exists()
    assert not held.exists()


def test_a_backup_keeps_what_was_erased_after_it(on_sqlite: Kept) -> None:
    """The page for operators says what is to be done then."""
    file = on_sqlite.backup()
    with open_lifecycle(on_sqlite.url, evidence=on_sqlite.folder / "evidence") as engine:
        engine.people.erase("coordinator", ground="consent_withdrawn", act="1", actor=CHIEF)
        now = {one.value for one in engine.people.opened(engine.history(SCHOOL)).values()}
    assert now == {None}

    on_sqlite.restore(file)

    with open_lifecycle(on_sqlite.empty, evidence=on_sqlite.folder / "again") as engine:
        values = {one.value for one in engine.people.opened(engine.history(SCHOOL)).values()}
    assert "заполнили вместе" in values
