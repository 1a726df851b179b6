"""Evidence files: kept by content, complete before they are named, and never trusted blindly."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle.domain.errors import EvidenceLost, InvalidEvidence
from lifecycle.domain.ports import EvidenceStore, StoredFile
from lifecycle.storage.evidence import MAX_FILE_BYTES, EvidenceFolder
from lifecycle.storage.memory import MemoryEvidence
from tests.storage.conftest import ROOT

CONTENT = "Справка о посещении школы\n".encode() * 100
DIGEST = sha256(CONTENT).hexdigest()
LIMIT = 10_000  # bytes; the real one is tried once


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """A store of each kind with a small limit."""
    if request.param == "memory":
        return MemoryEvidence(limit=LIMIT)
    return EvidenceFolder(tmp_path / "evidence store", limit=LIMIT)


@pytest.fixture
def folder(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "evidence")


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file with a name that is nobody's business."""
    path = tmp_path / "Иванов И.И. справка.PDF"
    path.write_bytes(CONTENT)
    return path


def files(folder: EvidenceFolder) -> list[Path]:
    return [path for path in folder.root.rglob("*") if path.is_file()]


# -- what every store promises --------------------------------------------------------------------


def test_a_file_is_kept_by_its_content(store: EvidenceStore, note: Path) -> None:
    stored = store.put(note)
    note.write_bytes(b"changed afterwards")

    assert stored == StoredFile(DIGEST, len(CONTENT), "application/pdf")
    with store.open(DIGEST) as kept:
        assert kept.read() == CONTENT


def test_measuring_says_the_same_and_keeps_nothing(store: EvidenceStore, note: Path) -> None:
    measured = store.measure(note)

    assert store.check(DIGEST) is None
    assert store.put(note) == measured


def test_the_same_content_is_kept_once_whatever_its_name(
    store: EvidenceStore, note: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(CONTENT)

    assert store.put(note).sha256 == store.put(other).sha256 == store.put(note).sha256
    with store.open(DIGEST) as kept:
        assert kept.read() == CONTENT


def test_a_kept_file_is_hashed_again(store: EvidenceStore, note: Path) -> None:
    store.put(note)
    found = store.check(DIGEST)

    assert found is not None
    assert (found.sha256, found.size) == (DIGEST, len(CONTENT))


@pytest.mark.parametrize(
    "digest", ["0" * 64, "", "../../etc/passwd", DIGEST.upper(), "\0", "а" * 64]
)
def test_what_is_not_kept_is_not_found(store: EvidenceStore, note: Path, digest: str) -> None:
    store.put(note)

    assert store.check(digest) is None
    with pytest.raises(EvidenceLost):
        store.open(digest)


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        (".pdf", "application/pdf"),
        (".PNG", "image/png"),
        (".jpeg", "image/jpeg"),
        (".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (".odt", "application/vnd.oasis.opendocument.text"),
        (".txt", "text/plain"),
        (".csv", "text/csv"),
        (".zip", "application/zip"),
        (".pdf.p7s", "application/pkcs7-signature"),
        (".html", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_the_ending_declares_the_type(
    store: EvidenceStore, tmp_path: Path, ending: str, media_type: str
) -> None:
    path = tmp_path / f"file{ending}"
    path.write_bytes(CONTENT)

    assert store.put(path).media_type == media_type


def missing(path: Path) -> Path:
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


def directory(path: Path) -> Path:
    path.mkdir()
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def device(path: Path) -> Path:
    path.symlink_to("/dev/zero")
    return path


def below_a_file(path: Path) -> Path:
    path.write_bytes(CONTENT)
    return path / "file.pdf"


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


def too_long(path: Path) -> Path:
    return path.parent / ("x" * 300)


def with_zero(path: Path) -> Path:
    return Path(f"{path}\0")


def too_large(path: Path) -> Path:
    path.write_bytes(b"x" * (LIMIT + 1))
    return path


@pytest.mark.parametrize(
    ("make", "detail"),
    [
        (missing, "there is no such file"),
        (empty, "it is empty"),
        (directory, "it is a folder"),
        (pipe, "it is not an ordinary file"),
        (device, "it is not an ordinary file"),
        (below_a_file, "it cannot be read"),
        (loop, "it cannot be read"),
        (too_long, "it cannot be read"),
        (with_zero, "it cannot be read"),
        (too_large, "it is larger than"),
    ],
)
def test_what_is_no_file_with_content_is_refused_with_a_remedy(
    store: EvidenceStore, tmp_path: Path, make: Callable[[Path], Path], detail: str
) -> None:
    path = make(tmp_path / "Иванов.pdf")

    for take in (store.put, store.measure):
        with pytest.raises(InvalidEvidence, match=detail) as caught:
            take(path)

        assert str(caught.value.remedy)
        assert "Иванов" not in f"{caught.value} {caught.value.facts}"


def test_a_file_of_exactly_the_limit_is_taken(store: EvidenceStore, tmp_path: Path) -> None:
    path = tmp_path / "file.pdf"
    path.write_bytes(b"x" * LIMIT)

    assert store.put(path).size == LIMIT


# -- the folder -----------------------------------------------------------------------------------


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

    with pytest.raises(EvidenceLost, match="could not be written") as caught:
        EvidenceFolder(in_the_way).put(note)
    assert caught.value.facts["folder"] == str(in_the_way)


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
EvidenceFolder(sys.argv[1]).put(sys.argv[2])
print("stored")
"""


def test_a_process_killed_at_any_step_leaves_nothing_incomplete(
    folder: EvidenceFolder, note: Path
) -> None:
    """Now and then the next process finds what the killed one had stored already."""
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
