"""What endangers a database is named, with what it means and how it is mended."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from lifecycle.domain.errors import StorageFailed
from lifecycle.storage import sqlite_doctor
from lifecycle.storage.diagnosis import HAZARDS, NOTES, REMEDIES, TEMPLATES, by_level, symptom
from lifecycle.storage.doctor import examine
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.storage.postgres_doctor import switched, version
from lifecycle.storage.roles import grant
from lifecycle.storage.sqlite_files import place_of
from lifecycle.storage.surroundings import network_kind, rights, room
from tests.databases import new_journal
from tests.server import Server
from tests.storage.samples import ORIGIN, START, append

MENDED, FAULTY = (3, 51, 3), (3, 40, 1)
NOW = START + timedelta(hours=1)
MOUNTS = r"""
/dev/sda1 / ext4 rw,relatime 0 0
server:/schools /srv/schools nfs4 rw,vers=4.2 0 0
//server/share /srv/with\040a\040space cifs rw 0 0
teacher@host:/home /home/teacher/remote fuse.sshfs rw 0 0
/dev/sdb1 /srv/schools/local ext4 rw 0 0
share /mnt/shared 9p rw 0 0
tmpfs /mnt/shared tmpfs rw 0 0
proc /proc
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound file with an evidence folder, both closed to others."""
    path = tmp_path / "a.db"
    with closing(new_journal(f"sqlite:///{path}", ORIGIN)) as journal, journal.writing() as tx:
        append(tx, "installation", kind="installed")
        append(tx)
    path.chmod(0o600)
    Path(f"{path}.evidence").mkdir(mode=0o700)
    return path


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """A list of file systems as the kernel writes it."""
    path = tmp_path / "mounts"
    path.write_text(MOUNTS)
    return path


def codes(
    file: Path,
    mounts: Path = Path("/no/such/list"),
    linked: tuple[int, int, int] = MENDED,
    now: datetime = NOW,
) -> set[str]:
    """Return what is told of a file; what hangs on this machine is left out."""
    place = place_of(f"sqlite:///{file}")
    assert place is not None
    found = sqlite_doctor.examine(place, Path(f"{file}.evidence"), now, mounts, linked)
    return {one.code for one in found} - {"room_none", "room_little"}


def run(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.executescript(statement)


def test_every_code_says_what_is_the_case_and_all_but_notes_how_it_is_mended() -> None:
    assert TEMPLATES.keys() > HAZARDS | NOTES
    assert not HAZARDS & NOTES
    assert TEMPLATES.keys() - NOTES <= REMEDIES.keys() <= TEMPLATES.keys()


def test_a_sound_file_has_no_hazard(file: Path) -> None:
    assert codes(file) == {"settings"}


def test_a_linked_sqlite_with_the_fault_is_a_hazard_where_a_log_is_kept(file: Path) -> None:
    run(file, "PRAGMA journal_mode=DELETE")
    assert codes(file, linked=FAULTY) == {"settings", "wal_avoided"}
    run(file, "PRAGMA journal_mode=WAL")
    assert codes(file, linked=FAULTY) == {"settings", "wal_fault"}
    assert codes(file) == {"settings"}


@pytest.mark.parametrize(
    ("mode", "told"), [(0o600, None), (0o640, "file_group"), (0o604, "file_open")]
)
def test_who_may_read_it_besides_is_told(file: Path, mode: int, told: str | None) -> None:
    file.chmod(mode)
    assert [one.code for one in rights(file)] == ([] if told is None else [told])
    assert codes(file) == {"settings"} | ({told} if told is not None else set())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/schools/a.db", "nfs4"),
        ("/srv/schools", "nfs4"),
        ("/srv/schools/local/a.db", None),
        ("/srv/with a space/a.db", "cifs"),
        ("/home/teacher/remote/a.db", "fuse.sshfs"),
        ("/home/teacher/a.db", None),
        ("/srv/schools-2/a.db", None),
        ("/mnt/shared/a.db", None),  # something else was mounted over it
    ],
)
def test_network_file_systems_are_known_by_the_kernel_s_list(path: str, kind: str | None) -> None:
    assert network_kind(Path(path), MOUNTS) == kind


def test_a_file_on_a_network_file_system_is_a_hazard(file: Path, mounts: Path) -> None:
    assert codes(file, mounts) == {"settings"}
    mounts.write_text(f"server:/x {file.parent} nfs rw 0 0\n")
    assert codes(file, mounts) == {"settings", "network"}


@pytest.mark.parametrize(
    ("free", "told"), [(100 << 20, "room_none"), (300 << 20, "room_little"), (600 << 20, None)]
)
def test_room_that_runs_out_is_told(free: int, told: str | None) -> None:
    found = [one.code for one in room(Path("a.db"), free, 500 << 20)]
    assert found == ([] if told is None else [told])


def test_a_log_without_its_database_is_told_and_so_is_no_database(file: Path) -> None:
    beside = file.with_name("a.db-wal")
    beside.write_bytes(b"x")
    shutil.move(file, file.with_name("b.db"))

    assert codes(file) == {"missing", "left_over"}
    assert codes(file.with_name("c.db")) == {"missing"}


def test_what_a_killed_process_left_is_told_and_not_taken_for_damage(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("CREATE TABLE orders (id)")
        assert codes(file) == {"settings", "unfinished"}


def test_a_file_of_several_names_is_told(file: Path) -> None:
    file.with_name("another.db").hardlink_to(file)
    assert codes(file) == {"settings", "named_twice"}


def test_what_a_killed_process_left_is_found_at_the_end_of_a_link(
    file: Path, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "far" / "link.db"
    link.symlink_to(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("CREATE TABLE orders (id)")
        assert "unfinished" in codes(link)


def test_damage_is_told_and_so_is_what_is_no_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:4096] + b"\xa5" * 9000)
    assert codes(file) == {"settings", "unreadable"}
    file.unlink()
    file.mkdir()
    assert codes(file) == {"unreadable"}


def test_an_earlier_schema_and_a_newer_one_are_told(file: Path) -> None:
    run(file, "UPDATE lifecycle_version SET version_num = '0001'")
    assert codes(file) == {"settings", "schema_older"}
    run(file, "UPDATE lifecycle_version SET version_num = '0042'")
    assert codes(file) == {"settings", "unreadable"}


def remedy(url: str, folder: Path) -> tuple[str, str]:
    """Return what stands in the way of looking into a database, and what to do about it."""
    (one,) = (each for each in examine(url, folder, NOW) if each.code == "unreadable")
    return str(one.facts["error"]), str(one.remedy)


def test_what_stands_in_the_way_of_looking_is_told_with_its_own_remedy(
    file: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{file}"
    run(file, "UPDATE lifecycle_version SET version_num = '0042'")
    assert remedy(url, tmp_path) == ("LC503", "install the newer release")
    file.write_bytes(b"no database" * 99)
    assert remedy(url, tmp_path) == ("LC502", "restore it from a backup; do not write to it")
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    told = remedy(f"sqlite:///{loop}", tmp_path)
    assert told == ("LC500", "mend what is named, and look again: lifecycle db doctor")


def test_a_file_without_our_tables_is_no_database_of_ours(tmp_path: Path) -> None:
    host = tmp_path / "host.db"
    run(host, "CREATE TABLE orders (id)")
    host.chmod(0o600)
    assert codes(host) == {"settings", "missing"}


def test_a_file_that_may_not_be_read_is_told_without_looking_further(
    open_folder: Path, child: Callable[..., str]
) -> None:
    url = f"sqlite:///{open_folder}/a.db"
    new_journal(url, ORIGIN).close()
    (open_folder / "a.db").chmod(0)
    code = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from lifecycle.domain.errors import LifecycleError
from lifecycle.storage import sqlite_doctor  # what cannot be loaded afterwards
from lifecycle.storage.doctor import examine
if os.geteuid() == 0:
    os.setuid(65534)  # root may read everything
try:
    examine(sys.argv[1], Path("none"), datetime.now(UTC))
except LifecycleError as error:
    print(error.code, error)
"""

    assert child(code, url) == f"LC505 {url} cannot be read: Permission denied\n"


def test_a_clock_behind_the_last_record_is_a_hazard(file: Path) -> None:
    assert codes(file, now=START + timedelta(seconds=1)) == {"settings"}
    assert codes(file, now=START - timedelta(minutes=5)) == {"settings", "clock_behind"}


def test_records_that_nobody_seals_are_told(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    journal = new_journal(f"sqlite:///{path}", ORIGIN, sealing="queued")
    with closing(journal), journal.writing() as tx:
        append(tx, "installation", kind="installed")
    path.chmod(0o600)

    assert codes(path, now=START + timedelta(seconds=30)) == {"settings"}
    assert codes(path) == {"settings", "sealing_late"}


def test_evidence_that_has_to_be_there_is_missed(file: Path) -> None:
    folder = Path(f"{file}.evidence")
    folder.rmdir()
    assert codes(file) == {"settings"}  # no record names a file
    golden = Path(__file__).parents[1] / "golden" / "format-1" / "lifecycle.db"
    shutil.copy(golden, file)
    file.chmod(0o600)
    late = datetime(2100, 1, 1, tzinfo=UTC)
    assert codes(file, now=late) == {"settings", "schema_older", "evidence_missing"}
    folder.write_text("a file")
    assert codes(file, now=late) == {"settings", "schema_older", "evidence_unreadable"}


def test_evidence_on_another_file_system_is_told(file: Path, tmp_path: Path) -> None:
    place = place_of(f"sqlite:///{file}")
    assert place is not None
    elsewhere = Path("/proc/self/fdinfo")  # a folder that is surely on another one

    found = sqlite_doctor.examine(place, elsewhere, NOW, tmp_path / "none", MENDED)

    assert "evidence_elsewhere" in {one.code for one in found}


def test_hazards_come_first() -> None:
    found = [symptom("version", version="18.1"), symptom("no_archive"), symptom("missing", url="")]
    assert [one.level for one in by_level(found)] == ["hazard", "advice", "note"]


@pytest.fixture
def served(server: Server, tmp_path: Path) -> Iterator[str]:
    """The address of a database on a server where something was recorded."""
    with server.database(ORIGIN) as url:
        with closing(open_journal(url)) as journal, journal.writing() as tx:
            append(tx, "installation", kind="installed", recorded_at=datetime.now(UTC))
        yield url


def told(url: str, tmp_path: Path) -> dict[str, str]:
    return {one.code: one.level for one in examine(url, tmp_path / "evidence", datetime.now(UTC))}


def test_a_server_as_it_comes_has_no_hazard(served: str, tmp_path: Path) -> None:
    assert told(served, tmp_path) == {"version": "note", "no_archive": "advice"}


def test_a_server_that_the_engine_refuses_is_looked_at_all_the_same(
    served: str, server: Server, tmp_path: Path
) -> None:
    name = served.partition("@/")[2].partition("?")[0]
    with psycopg.connect(served, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
        owner.execute("ALTER TABLE lifecycle_outbox SET UNLOGGED")
        owner.execute("UPDATE lifecycle_streams SET recorded_at = '2100-01-01T00:00:00.000000Z'")
    with pytest.raises(StorageFailed):
        open_journal(served)

    hazards = {code for code, level in told(served, tmp_path).items() if level == "hazard"}

    assert hazards == {"setting_off", "role_setting", "unlogged", "clock_behind"}


def test_who_may_change_the_tables_beside_the_roles_that_are_made_for_it_is_told(
    served: str, tmp_path: Path
) -> None:
    grant(served)
    assert set(told(served, tmp_path)) == {"version", "no_archive"}
    with psycopg.connect(served) as owner:
        owner.execute("CREATE ROLE odd_one; GRANT SELECT ON lifecycle_records TO PUBLIC, odd_one")
        owner.execute("GRANT UPDATE (name) ON lifecycle_persons TO odd_one")
        owner.execute("GRANT ALL ON lifecycle_records, lifecycle_streams TO PUBLIC")
        owner.execute("ALTER TABLE lifecycle_actors OWNER TO odd_one")
        owner.commit()

        found = {
            str(one.message): one.level
            for one in examine(served, tmp_path / "evidence", datetime.now(UTC))
            if one.code in ("rights_wide", "owner_differs")
        }

        owner.execute("ALTER TABLE lifecycle_actors OWNER TO postgres; DROP OWNED BY odd_one")
        owner.execute("DROP ROLE odd_one")
    odd, public, other = sorted(found)
    assert odd.startswith("PUBLIC has the rights DELETE, INSERT")
    assert "on lifecycle_records, lifecycle_streams, beside" in odd
    assert public == "lifecycle_actors belongs to odd_one, other tables to postgres"
    assert other.startswith("odd_one has the rights UPDATE on lifecycle_persons, beside")
    assert set(found.values()) == {"hazard"}


def test_a_database_without_our_tables_or_without_a_revision_is_told(
    server: Server, tmp_path: Path
) -> None:
    with server.database() as url:
        assert told(url, tmp_path)["missing"] == "hazard"
        create_journal(url, ORIGIN).close()
        assert "missing" not in told(url, tmp_path)
        with psycopg.connect(url) as owner:
            owner.execute("DELETE FROM lifecycle_version")
        assert "unreadable" in told(url, tmp_path)


SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum": "on"}


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("fsync", "off", "setting_off"),
        ("full_page_writes", "off", "setting_off"),
        ("synchronous_commit", "off", "setting_off"),
        ("synchronous_commit", "local", "commit_remote"),
        ("synchronous_commit", "remote_apply", None),
        ("autovacuum", "off", "autovacuum_off"),
        ("zero_damaged_pages", "on", "damage_hidden"),
        ("ignore_checksum_failure", "on", "damage_hidden"),
        ("ignore_system_indexes", "off", None),
    ],
)
def test_settings_that_lose_or_hide_something_are_told(
    setting: str, value: str, code: str | None
) -> None:
    found = [one.code for one in switched({**SAFE, setting: value})]
    assert found == ([] if code is None else [code])


def test_versions_of_the_server_end() -> None:
    def of(number: int, today: date) -> set[str]:
        return {one.code for one in version(number, today)}

    assert of(140_020, date(2026, 11, 11)) == {"version"}
    assert of(140_020, date(2026, 11, 12)) == {"version", "version_ended"}
    assert of(130_000, date(2024, 1, 1)) == {"version", "version_old"}
    assert of(190_000, date(2026, 1, 1)) == {"version"}
