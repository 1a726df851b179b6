"""Backups while others write, and backups and restores that are killed anywhere."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from lifecycle import open_lifecycle
from lifecycle.audit.findings import Report
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.errors_database import BackupFailed
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.ports import Auditing
from lifecycle.storage.journal import open_journal
from lifecycle.storage.restoring import restore
from lifecycle.storage.staging import publish
from lifecycle.wiring import verify
from tests.killing import killed_anywhere
from tests.storage.backing_up import Kept, rows
from tests.storage.conftest import Spawn

_NOBODY = 65534

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


def test_backups_taken_while_others_write_hold_one_moment_each(kept: Kept, spawn: Spawn) -> None:
    writers = [spawn(WRITER, kept.url, kept.folder / "evidence")]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    sizes = []
    for number in range(2):
        file = kept.backup(kept.folder / f"{number}.backup")
        sizes.append(kept.manifest.records)
        assert kept.manifest.absent == []
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
    for writer in writers:
        assert writer.poll() is None
        writer.kill()

    done = kept.restore(file)

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


def test_a_disk_that_takes_no_more_is_named_and_nothing_is_left(on_sqlite: Kept) -> None:
    """As a limit on the size of files, which the system enforces as it does the end of a disk."""
    file = on_sqlite.backup(on_sqlite.folder / "one.backup")

    def refused(work: Callable[[], object], where: str) -> bool:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            try:
                work()
            except BackupFailed as error:
                os._exit(8 if f" failed: {where}:" in str(error) else 7)
            finally:
                os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8

    before = sorted(on_sqlite.folder.iterdir())
    second, empty = on_sqlite.folder / "two.backup", on_sqlite.empty.removeprefix("sqlite:///")

    assert refused(lambda: on_sqlite.backup(second), str(second))
    assert refused(lambda: on_sqlite.restore(file), empty)

    assert sorted(on_sqlite.folder.iterdir()) == before


def test_a_name_that_cannot_be_put_on_the_disk_is_taken_back(open_folder: Path) -> None:
    """A folder that may be written to and not be read cannot be synced; a super-user reads all."""

    def taken_back(number: int, make: Callable[[Path], object]) -> bool:
        made, folder = open_folder / f"made-{number}", open_folder / f"unreadable-{number}"
        make(made)
        folder.mkdir(mode=0o300)
        try:
            publish(made, folder / "place")
        except PermissionError:
            return made.exists() and not os.path.lexists(folder / "place")
        return False

    makes: tuple[Callable[[Path], object], ...] = (Path.touch, Path.mkdir)
    for number, make in enumerate(makes):
        child = os.fork()
        if child == 0:
            try:
                if os.geteuid() == 0:
                    os.setuid(_NOBODY)
                os._exit(8 if taken_back(number, make) else 7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8


def test_a_restore_that_is_killed_leaves_nothing_that_looks_like_a_database(
    kept: Kept,
) -> None:
    file = kept.backup()
    whole = rows(kept.url)

    def prepare() -> None:
        shutil.rmtree(kept.folder / "again", ignore_errors=True)
        if kept.empty.startswith("sqlite"):
            Path(kept.empty.removeprefix("sqlite:///")).unlink(missing_ok=True)
        else:
            with psycopg.connect(kept.empty, autocommit=True) as other:
                other.execute("DROP SCHEMA public CASCADE")
                other.execute("CREATE SCHEMA public")

    for _ in killed_anywhere(lambda: kept.restore(file), 3, prepare):
        with suppress(LifecycleError):
            open_journal(kept.empty).close()
            assert rows(kept.empty) == whole
            with open_lifecycle(kept.empty, evidence=kept.folder / "again") as engine:
                assert verify(engine).ok
    prepare()
    assert kept.restore(file).placed


def test_a_restore_that_was_killed_on_a_server_is_simply_begun_again(
    on_postgres: Kept, open_folder: Path
) -> None:
    """Killed while all is verified, and while pg_restore goes on without whoever started it."""
    file, stand_in = on_postgres.backup(), open_folder / "pg_restore"
    assert on_postgres.programs is not None
    stand_in.write_text(
        '#!/bin/sh\ncase "$*" in *--single-transaction*) kill -9 $PPID;; esac\n'
        f'exec "{on_postgres.programs}/pg_restore" "$@"\n'
    )
    stand_in.chmod(0o755)

    def killed(programs: Path | None) -> None:
        child = os.fork()
        if child == 0:
            try:
                evidence = on_postgres.folder / "again"
                restore(file, on_postgres.empty, evidence, ended, programs=programs)
            finally:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL

    def ended(view: Auditing, store: EvidenceStore) -> Report:
        os.kill(os.getpid(), signal.SIGKILL)
        return Report(0, 0, ())

    def begun() -> bool:
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'lifecycle-restore-%'"
        with psycopg.connect(on_postgres.empty) as other:
            return other.execute(query).fetchone() is not None or not on_postgres.is_empty()

    killed(on_postgres.programs)
    assert not on_postgres.is_empty()
    killed(open_folder)
    while not begun():
        time.sleep(0.01)

    assert on_postgres.restore(file).placed
    assert rows(on_postgres.empty) == rows(on_postgres.url)
