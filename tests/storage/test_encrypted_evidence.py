"""Personal files in either store: encrypted, opened by their key only, removed for good."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle.domain.erasable import Secret
from lifecycle.domain.errors import EvidenceLost, InvalidEvidence
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory_evidence import MemoryEvidence

SECRET = Secret(bytes(range(32)), bytes(range(12)))
OTHER = bytes(32)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """An empty store of each kind, for files of up to three mebibytes."""
    limit = 3 * 1024 * 1024
    if request.param == "memory":
        return MemoryEvidence(limit=limit)
    folder = EvidenceFolder(tmp_path / "store", limit=limit)
    folder.make()
    return folder


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file of several chunks."""
    path = tmp_path / "note.txt"
    path.write_bytes(b"Ivanov " * 300_000)
    return path


def test_a_personal_file_is_named_by_its_ciphertext(store: EvidenceStore, note: Path) -> None:
    measured, stored = store.measure(note, SECRET), store.put(note, SECRET)

    with store.open(stored.sha256) as file:
        ciphertext = file.read()
    assert measured == stored
    assert stored.plain == sha256(note.read_bytes()).hexdigest()
    assert stored.sha256 == sha256(ciphertext).hexdigest()
    assert stored.size == len(ciphertext) == note.stat().st_size + 28
    assert ciphertext.startswith(SECRET.nonce)
    assert b"Ivanov" not in ciphertext
    # Another nonce, another ciphertext.
    assert store.measure(note, Secret(SECRET.key, bytes(12))).sha256 != stored.sha256


def test_only_its_key_opens_it(store: EvidenceStore, note: Path) -> None:
    stored = store.put(note, SECRET)

    assert store.read(stored.sha256, SECRET.key) == note.read_bytes()
    found = store.check(stored.sha256, SECRET.key)
    assert found is not None
    assert (found.sha256, found.size, found.plain) == (stored.sha256, stored.size, stored.plain)
    for wrong in (OTHER, b"", SECRET.key[:-1]):
        with pytest.raises(EvidenceLost):
            store.read(stored.sha256, wrong)
        checked = store.check(stored.sha256, wrong)
        assert checked is not None
        assert checked.plain is None
    assert store.read(store.put(note).sha256) == note.read_bytes()


def test_a_personal_file_may_be_as_large_as_any(store: EvidenceStore, tmp_path: Path) -> None:
    largest = tmp_path / "largest"
    largest.write_bytes(bytes(3 * 1024 * 1024))
    stored = store.put(largest, SECRET)

    assert store.read(stored.sha256, SECRET.key) == largest.read_bytes()
    with largest.open("ab") as file:
        file.write(b"x")
    with pytest.raises(InvalidEvidence, match="larger than 3 MiB"):
        store.put(largest, SECRET)
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(InvalidEvidence, match="empty"):
        store.put(empty, SECRET)


def test_a_removed_file_is_gone_and_may_be_removed_again(store: EvidenceStore, note: Path) -> None:
    stored = store.put(note, SECRET)

    store.remove(stored.sha256)
    store.remove(stored.sha256)

    assert store.check(stored.sha256, SECRET.key) is None
    with pytest.raises(EvidenceLost):
        store.read(stored.sha256, SECRET.key)


def test_nothing_but_a_content_address_is_removed(tmp_path: Path) -> None:
    with pytest.raises(EvidenceLost, match="not a content address"):
        EvidenceFolder(tmp_path).remove("../note.txt")
