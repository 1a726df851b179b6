"""The verifier that stands alone draws its limits where the package draws them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit import merkle, note, standalone
from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from tests.audit.signing import Signer

SIGNER = Signer("school-lifecycle/origin-1")
KEY = standalone.key_from(SIGNER.key.text)
ROOT = bytes(range(32))


def refuses(what: Callable[[], Any]) -> bool:
    try:
        what()
    except standalone.BROKEN:
        return True
    return False


@pytest.mark.parametrize(
    "data",
    [
        b'"' + b"x" * 65_533 + b'"',
        b'"' + b"x" * 65_534 + b'"',
        b"[" * 15 + b"1" + b"]" * 15,
        b"[" * 16 + b"1" + b"]" * 16,
        b'{"a":' * 15 + b"1" + b"}" * 15,
        b'{"a":' * 16 + b"1" + b"}" * 16,
        str(2**53 - 1).encode(),
        str(2**53).encode(),
        str(1 - 2**53).encode(),
        str(-(2**53)).encode(),
        b"true",
        b"1.0",
        '{"й":1}'.encode(),
        b'{"a":1.0}',
        b'[{"a":9007199254740992}]',
    ],
)
def test_a_body_is_read_or_refused_as_the_package_does(data: bytes) -> None:
    try:
        expected = canonical.decode(data)
    except InvalidBody:
        assert refuses(lambda: standalone.value_from(data))
    else:
        assert standalone.value_from(data) == expected


def checkpoint(size: int) -> str:
    return SIGNER.checkpoint(size, ROOT)


def long_checkpoint(characters: int) -> str:
    """A checkpoint of that length, which a stranger's key signed beside the log's."""
    stranger = note.Signature("s", b"abcd", b"x").line
    text = checkpoint(5)
    rest = characters - len(text) - len(stranger) - 1
    return text + stranger.replace(" s ", f" {'s' * (rest + 1)} ") + "\n"


@pytest.mark.parametrize(
    "text",
    [
        checkpoint(0),
        checkpoint(2**63 - 1),
        checkpoint(2**63),
        checkpoint(10**19),
        long_checkpoint(65_536),
        long_checkpoint(65_537),
        checkpoint(5) + note.Signature("s", b"abcd", b"x").line * 2 + "\n",
        checkpoint(5) + (note.Signature("s", b"abcd", b"x").line + "\n") * 63,
        checkpoint(5) + (note.Signature("s", b"abcd", b"x").line + "\n") * 64,
        checkpoint(5).replace("\n5\n", "\n05\n"),
        checkpoint(5).replace("\n5\n", "\n6\n"),
        checkpoint(5) + note.Signature(*KEY[:2], bytes(64)).line + "\n",
        SIGNER.note(note.Checkpoint(SIGNER.key.name, 5, ROOT[:31]).text),
        SIGNER.note(note.Checkpoint("school-lifecycle/other", 5, ROOT).text),
    ],
)
def test_a_checkpoint_is_read_or_refused_as_the_package_does(text: str) -> None:
    try:
        expected = note.open_checkpoint(text, [SIGNER.key])
    except note.NoteInvalid:
        assert refuses(lambda: standalone.checkpoint_from(text, [KEY]))
    else:
        found = standalone.checkpoint_from(text, [KEY])
        assert found == (expected.size, expected.root)


def hashes(count: int) -> str:
    return (note.text64(ROOT) + "\n") * count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"old 7\n{hashes(128)}\nnote", 128),
        (f"old 7\n{hashes(129)}\nnote", None),
        (f"old 7\n{hashes(1)}\nnote", 1),
        ("old 7\n\nnote", 0),
        ("old 8\n\nnote", None),
        ("index 7\n\nnote", None),
        ("c2sp.org/tlog-proof@v1\nindex 7\n\nnote", None),
        ("old 7\n\nother", None),
        (f"old 7\n{note.text64(ROOT[:31])}\n\nnote", None),
        ("old 7\n\nnote" + " " * 131_072, None),
    ],
)
def test_a_proof_has_its_word_its_size_its_hashes_and_its_note(
    text: str, count: int | None
) -> None:
    if count is None:
        assert refuses(lambda: standalone.proof_from(text, "old", 7, "note"))
    else:
        assert standalone.proof_from(text, "old", 7, "note") == [ROOT] * count


def test_a_proof_of_the_greatest_length_is_read() -> None:
    newest = "n" * (131_072 - len("old 7\n\n"))

    assert standalone.proof_from(f"old 7\n\n{newest}", "old", 7, newest) == []
    longer = newest + "n"
    assert refuses(lambda: standalone.proof_from(f"old 7\n\n{longer}", "old", 7, longer))


def test_a_claim_that_no_tree_can_bear_is_refused_by_its_numbers() -> None:
    leaf = merkle.leaf_hash(b"")

    assert standalone.led(1, 1, [], leaf, True) == [leaf, leaf]
    for index, size, path in ((-1, 2, [leaf]), (1, 1, []), (0, 1, [leaf]), (0, 2, []), (0, 0, [])):
        assert refuses(partial(standalone.led, index + 1, size, path, leaf, True))
    assert standalone.led(1, 1, [], leaf, False) == [leaf, leaf]
    for old, new, path in ((0, 1, []), (2, 1, []), (1, 1, [leaf]), (1, 2, [])):
        assert refuses(partial(standalone.led, old, new, path, leaf, False))


def archive(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["checkpoint", "proofs/0", "growth/10", "evidence/" + "a" * 64])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_file_that_has_a_place_is_read(tmp_path: Path, name: str, method: int) -> None:
    made = standalone.Archive(str(archive(tmp_path / "b.zip", {name: b"text"}, method)))

    assert made.read(name) == b"text"
    assert made.names == {name}


@pytest.mark.parametrize(
    "name",
    [
        "proofs/01", "proofs/", "growth/x", "evidence/" + "a" * 63, "evidence/" + "A" * 64,
        "bundleXjson", "checkpoint\n", "definitions/../x", "README.md",
    ],
)  # fmt: skip
def test_a_file_that_has_no_place_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "b.zip", {name: b"text"})

    with pytest.raises(ValueError, match="has no place in a bundle"):
        standalone.Archive(str(path))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_file_that_is_packed_otherwise_is_refused(tmp_path: Path, method: int) -> None:
    path = archive(tmp_path / "b.zip", {"checkpoint": b"text"}, method)

    with pytest.raises(ValueError, match="packed oddly"):
        standalone.Archive(str(path))


def test_an_archive_that_unpacks_to_more_than_is_in_proportion_is_refused(tmp_path: Path) -> None:
    longest = bytes(1 << 26)
    path = archive(tmp_path / "b.zip", {"proofs/0": longest})
    assert len(standalone.Archive(str(path)).read("proofs/0")) == 1 << 26

    path = archive(tmp_path / "c.zip", {"proofs/0": longest, "proofs/1": longest})
    with pytest.raises(OSError, match="beyond measure"):
        standalone.Archive(str(path))


def test_a_line_of_the_greatest_length_is_read_and_a_longer_one_is_not(tmp_path: Path) -> None:
    longest = b"x" * 65_535
    path = archive(tmp_path / "b.zip", {"records.jsonl": b"short\n\n" + longest + b"\n"})
    longer = archive(tmp_path / "c.zip", {"records.jsonl": b"short\n" + longest * 2 + b"\n"})

    assert [*standalone.Archive(str(path)).lines()] == [b"short", b"", longest]
    with pytest.raises(ValueError, match="without an end, or too long"):
        list(standalone.Archive(str(longer)).lines())


def test_findings_are_told_up_to_a_thousand() -> None:
    report = standalone.Report(findings=[])
    for number in range(1_000):
        with report.at(f"record {number}"):
            raise ValueError("broken")
    assert len(report.findings) == 1_000
    assert report.findings[0] == {"place": "record 0", "text": "broken"}

    with pytest.raises(OSError, match="too many findings"), report.at("record 1000"):
        raise KeyError("name")
    assert report.findings[-1] == {"place": "record 1000", "text": "KeyError: 'name'"}
