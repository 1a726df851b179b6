"""The evidence folder: complete before it is named, synced in order, and whole after a kill."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle.domain.errors import EvidenceLost, InvalidEvidence
from lifecycle.domain.errors_evidence import EvidenceMissing
from lifecycle.domain.evidence import StoredFile
from lifecycle.storage.evidence import MAX_FILE_BYTES, EvidenceFolder
from lifecycle.wiring import evidence_store
from tests.storage.conftest import ROOT

CONTENT = "Справка о посещении школы\n".encode() * 100
DIGEST = sha256(CONTENT).hexdigest()
LIMIT = 10_000  # bytes; the real one is tried once


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    made = EvidenceFolder(tmp_path / "evidence")
    made.make()
    return made


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file with a name that is nobody's business."""
    path = tmp_path / "Иванов И.И. справка.PDF"
    path.write_bytes(CONTENT)
    return path


def files(folder: EvidenceFolder) -> list[Path]:
    return [path for path in folder.root.rglob("*") if path.is_file()]


def test_the_limit_is_fifty_mebibytes(folder: EvidenceFolder, tmp_path: Path) -> None:
    path = tmp_path / "file.pdf"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES)
    assert folder.measure(path).size == 50 * 1024 * 1024
    with path.open("ab") as file:
        file.write(b"x")

    with pytest.raises(InvalidEvidence, match="larger than 50 MiB"):
        folder.put(path)
    assert files(folder) == []


def test_a_file_lies_under_its_address_and_nowhere_else(folder: EvidenceFolder, note: Path) -> None:
    folder.put(note)
    folder.put(note)

    (kept,) = files(folder)
    assert kept == folder.root / "sha256" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    assert stat.S_IMODE(kept.stat().st_mode) == 0o400
    assert kept.stat().st_nlink == 1
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700


def test_a_relative_folder_holds_after_a_change_of_folder(
    tmp_path: Path, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = EvidenceFolder("evidence")
    monkeypatch.chdir("/")

    store.make()
    store.put(note)
    assert (tmp_path / "evidence").is_dir()


@pytest.mark.parametrize("change", [b"", b"another document", CONTENT[:-1], CONTENT + b"\n"])
def test_a_stored_file_that_was_changed_is_found_and_not_built_on(
    folder: EvidenceFolder, note: Path, change: bytes
) -> None:
    folder.put(note)
    (kept,) = files(folder)
    kept.chmod(0o600)
    kept.write_bytes(change)

    found = folder.check(DIGEST)
    assert found is not None
    assert (found.sha256, found.size) == (sha256(change).hexdigest(), len(change))
    with pytest.raises(EvidenceLost, match="is not that content"):
        folder.put(note)
    assert files(folder) == [kept]


def test_a_folder_in_a_files_place_is_no_file(folder: EvidenceFolder) -> None:
    (folder.root / "sha256" / DIGEST[:2] / DIGEST[2:4] / DIGEST).mkdir(parents=True)

    assert folder.check(DIGEST) is None
    with pytest.raises(EvidenceLost):
        folder.open(DIGEST)


def test_a_store_that_cannot_be_made_is_an_error(tmp_path: Path, note: Path) -> None:
    in_the_way = tmp_path / "evidence"
    in_the_way.write_text("a file where the folder should be", "utf-8")

    with pytest.raises(EvidenceLost, match="could not be made") as caught:
        EvidenceFolder(in_the_way).make()
    assert caught.value.facts["folder"] == str(in_the_way)


@pytest.mark.parametrize("left", ["evidence", "evidence/sha256"])
def test_a_store_that_is_gone_or_not_mounted_is_not_made_anew(
    folder: EvidenceFolder, note: Path, left: str
) -> None:
    """Neither where nothing is left, nor in the empty folder that a disk is mounted at."""
    shutil.rmtree(folder.root.parent / left)

    with pytest.raises(EvidenceMissing, match="no evidence store in"):
        folder.put(note)

    assert not (folder.root / "sha256").exists()
    folder.make()
    folder.put(note)


def test_many_threads_may_store_the_same_file(folder: EvidenceFolder, note: Path) -> None:
    def put() -> None:
        stored.append(folder.put(note))

    stored: list[StoredFile] = []
    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert stored == [StoredFile(DIGEST, len(CONTENT), "application/pdf")] * 8
    assert len(files(folder)) == 1


def test_a_file_system_without_links_will_do(
    folder: EvidenceFolder, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        folder.put(note)

    (kept,) = files(folder)
    assert kept.read_bytes() == CONTENT
    assert stat.S_IMODE(kept.stat().st_mode) == 0o400


def test_a_copy_is_on_the_disk_before_it_has_its_name(
    folder: EvidenceFolder, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content first, then the name, then the folder that holds the name."""
    done: list[str] = []
    sync, link = os.fsync, os.link

    def synced(handle: int) -> None:
        mode = os.fstat(handle).st_mode
        place = Path(f"/proc/self/fd/{handle}").readlink()
        done.append(f"sync {'folder' if stat.S_ISDIR(mode) else 'file'} {place.name}")
        sync(handle)

    def linked(source: Path, target: Path) -> None:
        done.append("name")
        link(source, target)

    folder.put(note)
    (kept,) = files(folder)
    kept.unlink()
    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    folder.put(note)

    name = done.index("name")
    assert [one for one in done[:name] if one.startswith("sync file")]
    assert done[name + 1 :] == [f"sync folder {DIGEST[2:4]}"]
    # The names of the folders above, which another process may have made and not synced.
    assert {f"sync folder {DIGEST[:2]}", "sync folder sha256", "sync folder evidence"} <= set(done)


@pytest.mark.parametrize(
    ("number", "tolerated"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)]
)
def test_a_folder_that_cannot_be_synced_is_borne_where_there_is_no_such_thing(
    folder: EvidenceFolder,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    tolerated: bool,
) -> None:
    sync = os.fsync

    def fail_on_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fail_on_folders)

    if tolerated:
        assert folder.put(note).sha256 == DIGEST
    else:
        with pytest.raises(EvidenceLost, match=os.strerror(number)):
            folder.put(note)


KILLED = """
import os, signal, sys
from lifecycle.storage.evidence import EvidenceFolder
step = int(sys.argv[3])
def counted(name):
    real = getattr(os, name)
    def call(*arguments, **options):
        global step
        step -= 1
        if step == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(os, name, call)
for name in ("open", "fsync", "link", "mkdir", "unlink", "chmod"):
    counted(name)
store = EvidenceFolder(sys.argv[1])
store.make()
store.put(sys.argv[2])
print("stored")
"""


def test_a_process_killed_at_any_step_leaves_nothing_incomplete(tmp_path: Path, note: Path) -> None:
    """Now and then the next process finds what the killed one had stored already."""
    folder = EvidenceFolder(tmp_path / "evidence")
    step, said = 0, ""
    while not said:
        step += 1
        command = [sys.executable, "-c", KILLED, str(folder.root), str(note), str(step)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        said = done.stdout
        assert done.returncode == (0 if said else -signal.SIGKILL), done.stderr

        for kept in folder.root.glob("sha256/*/*/*"):
            assert kept.read_bytes() == CONTENT
            assert kept.name == DIGEST
        if step % 4 and not said:
            for kept in folder.root.glob("sha256/*/*/*"):
                kept.unlink()

    assert step > 10
    assert folder.check(DIGEST) == StoredFile(DIGEST, len(CONTENT), "application/octet-stream")


def test_a_full_disk_is_an_error_that_leaves_nothing(
    folder: EvidenceFolder, tmp_path: Path
) -> None:
    note = tmp_path / "file.pdf"
    note.write_bytes(b"x" * 200_000)
    code = """
import resource, signal, sys
from lifecycle.domain.errors import EvidenceLost
from lifecycle.storage.evidence import EvidenceFolder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    EvidenceFolder(sys.argv[1]).put(sys.argv[2])
except EvidenceLost as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(folder.root), str(note)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "evidence could not be stored: could not be written: File too large\n"
    assert files(folder) == []


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    folder: EvidenceFolder, note: Path
) -> None:
    folder.put(note)
    place = folder.root / "sha256" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    place.unlink()
    os.mkfifo(place)

    with pytest.raises(EvidenceLost, match="no file"):
        folder.open(DIGEST)


def test_evidence_lies_beside_the_database_that_a_link_leads_to_now(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    link.symlink_to(tmp_path / "one" / "a.db")
    store = evidence_store(f"sqlite:///{link}", None)
    store.make()
    link.unlink()
    link.symlink_to(tmp_path / "other" / "a.db")
    store.make()

    made = sorted(path.parent.name for path in tmp_path.glob("*/a.db.evidence"))
    assert made == ["one", "other"]
