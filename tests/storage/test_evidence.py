"""What every evidence store promises: files kept by content, and nothing taken in blindly."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle.domain.errors import EvidenceLost, InvalidEvidence
from lifecycle.domain.evidence import EvidenceStore, StoredFile
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory_evidence import MemoryEvidence

CONTENT = "Справка о посещении школы\n".encode() * 100
DIGEST = sha256(CONTENT).hexdigest()
LIMIT = 10_000  # bytes; the real one is tried once


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """A store of each kind with a small limit."""
    if request.param == "memory":
        return MemoryEvidence(limit=LIMIT)
    folder = EvidenceFolder(tmp_path / "evidence store", limit=LIMIT)
    folder.make()
    return folder


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file with a name that is nobody's business."""
    path = tmp_path / "Иванов И.И. справка.PDF"
    path.write_bytes(CONTENT)
    return path


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


def test_a_file_is_read_only_if_it_is_as_long_as_recorded(store: EvidenceStore, note: Path) -> None:
    store.put(note)
    size = len(CONTENT)

    unread = store.check(DIGEST, None, size + 1)
    assert unread is not None
    assert (unread.sha256, unread.size) == ("", size)
    assert store.read(DIGEST, None, size) == CONTENT
    for given in (store.read, lambda digest, key, length: store.open(digest, length)):
        with pytest.raises(EvidenceLost, match=f"has {size} bytes, {size + 1} were recorded"):
            given(DIGEST, None, size + 1)


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
