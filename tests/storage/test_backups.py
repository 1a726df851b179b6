"""A backup is whole or not there; what was restored is what was backed up, or it is told."""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from lifecycle import open_lifecycle
from lifecycle.domain.errors import DatabaseBroken
from lifecycle.domain.errors_database import (
    BackupDamaged,
    BackupFailed,
    PlaceTaken,
    ProgramMissing,
)
from lifecycle.storage import tables
from lifecycle.storage.backup_file import MANIFEST, opened
from lifecycle.storage.journal import open_journal
from lifecycle.wiring import verify
from tests.histories import CHIEF, SCHOOL, enrol
from tests.storage.backing_up import Kept, files, rows


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


def test_what_is_restored_is_what_was_backed_up(kept: Kept) -> None:
    file = kept.backup()
    done = kept.restore(file)

    assert (done.placed, done.report.findings) == (True, ())
    assert rows(kept.empty) == rows(kept.url)
    assert files(kept.folder / "again") == files(kept.folder / "evidence")
    with open_lifecycle(kept.empty, evidence=kept.folder / "again") as engine:
        assert verify(engine).ok
        enrol(engine, "third")  # numbers that the server gives go on behind those that are there
        with engine.context.journal.auditing() as view:
            assert view.schema_findings() == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [one for one in kept.folder.iterdir() if ".part" in one.name]


def test_folders_may_have_any_name(on_sqlite: Kept) -> None:
    odd = on_sqlite.folder / "100 % готово? #1"
    odd.mkdir()
    for name in ("a.db", "evidence"):
        (on_sqlite.folder / name).rename(odd / name)
    address = f"sqlite:///{quote(str(odd))}"
    moved = Kept(f"{address}/a.db", odd, f"{address}/b.db")

    assert moved.restore(moved.backup()).placed

    assert (odd / "b.db").is_file()


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


def test_a_bit_that_flipped_is_found_or_changes_nothing(on_sqlite: Kept, tmp_path: Path) -> None:
    """Everywhere in the directory of the archive, and here and there in the rest."""
    file = on_sqlite.backup()
    sound = file.read_bytes()
    with opened(file) as archive:
        expected = archive.manifest.encode()
    found = 0
    for place in sorted({*range(0, len(sound), 997), *range(len(sound) - 300, len(sound))}):
        damaged = bytearray(sound)
        damaged[place] ^= 0x80
        file.write_bytes(damaged)
        try:
            with opened(file) as archive:
                assert archive.manifest.encode() == expected
                for number, name in enumerate(archive.manifest.files):
                    archive.take(name, tmp_path / f"{place}-{number}")
        except BackupDamaged:
            found += 1

    assert found > 200


def test_a_manifest_that_tells_of_another_history_is_no_use(kept: Kept) -> None:
    def change(content: dict[str, bytes]) -> None:
        told = json.loads(content[MANIFEST])
        content[MANIFEST] = json.dumps({**told, "records": told["records"] + 1}).encode()

    file = kept.backup()

    with pytest.raises(BackupDamaged, match="another history"):
        kept.restore(rezipped(file, change))

    assert kept.is_empty()


def test_a_file_of_another_length_is_left_out_and_told(kept: Kept) -> None:
    (file,) = (kept.folder / "evidence" / "sha256").glob("*/*/*")
    file.chmod(0o600)
    os.truncate(file, 2**31)

    kept.backup()

    assert kept.manifest.absent == [file.name]
    assert len(kept.manifest.files) == 1


def test_findings_keep_a_backup_from_its_place_unless_they_are_accepted(kept: Kept) -> None:
    shutil.rmtree(kept.folder / "evidence")
    file = kept.backup()
    assert len(kept.manifest.absent) == 1

    refused = kept.restore(file)
    assert [one.code for one in refused.report.findings] == ["evidence_missing"]
    assert (refused.placed, kept.is_empty()) == (False, True)

    assert kept.restore(file, accept=True).placed
    assert rows(kept.empty) == rows(kept.url)


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


def test_no_secret_of_an_address_stands_on_the_command_line_of_a_program(
    on_postgres: Kept, open_folder: Path
) -> None:
    lines, unseen, secret = open_folder / "lines", open_folder / "unseen", "geheim & =1#"
    for name in ("pg_dump", "pg_restore"):
        (open_folder / name).write_text(
            f'#!/bin/sh\necho "$@" >>"{lines}"\n[ -z "$PGSERVICEFILE" ] || '
            f'{{ stat -c %a "$PGSERVICEFILE"; cat "$PGSERVICEFILE"; }} >>"{unseen}"\n'
            f'exec "{on_postgres.programs}/{name}" "$@"\n'
        )
        (open_folder / name).chmod(0o755)
    asked = f"&sslpassword={quote(secret)}"
    kept = replace(
        on_postgres,
        url=on_postgres.url + asked,
        empty=on_postgres.empty + asked,
        programs=open_folder,
    )

    assert kept.restore(kept.backup()).placed

    assert "--dbname=" in lines.read_text()
    assert "geheim" not in lines.read_text()
    assert unseen.read_text() == f"600\n[lifecycle]\nsslpassword={secret}\n" * 2
    with pytest.raises(BackupFailed, match="sslpassword cannot be handed on"):
        replace(kept, url=f"{kept.url}%20").backup()


def test_what_pg_restore_does_not_take_is_told_and_what_others_made_stays(
    on_postgres: Kept,
) -> None:
    file = on_postgres.backup()
    with psycopg.connect(on_postgres.empty, autocommit=True) as other:
        other.execute("CREATE TYPE lifecycle_outbox AS (id bigint)")

    with pytest.raises(BackupFailed, match="pg_restore"):
        on_postgres.restore(file)

    with psycopg.connect(on_postgres.empty, autocommit=True) as other:
        other.execute("DROP TYPE lifecycle_outbox")
    assert on_postgres.restore(file).placed


def test_a_history_that_lost_its_revision_is_told_as_broken_and_never_taken_away(
    on_postgres: Kept,
) -> None:
    file = on_postgres.backup()
    on_postgres.restore(file)
    shutil.rmtree(on_postgres.folder / "again")
    with psycopg.connect(on_postgres.empty, autocommit=True) as other:
        other.execute("DELETE FROM lifecycle_version")

    with pytest.raises(DatabaseBroken, match="no revision"):
        open_journal(on_postgres.empty)
    with pytest.raises(PlaceTaken):
        on_postgres.restore(file)


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
