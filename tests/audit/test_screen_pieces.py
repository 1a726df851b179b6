"""Pieces of evidence as the screen judges and spells them, and how it reads values at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit.checking import Checking
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.pieces import items_of
from lifecycle.audit.spelling import STANDARD, as_asked
from lifecycle.domain import canonical
from lifecycle.storage.memory_evidence import MemoryEvidence

LINK = {"form": "link", "item": None, "kind": "order", "url": "https://example.org/1"}
ORDER = {"date": "2022-03-01", "form": "reference", "issuer": "Отдел", "item": None,
         "kind": "order", "number": "1"}  # fmt: skip
FILE = {"content": None, "form": "file", "item": None, "kind": "order", "media_type": "text/plain",
        "name": None, "sha256": "0" * 64, "size": 1}  # fmt: skip

KINDS = {"order": False, "list": True}


@pytest.mark.parametrize(
    "piece",
    [
        ORDER | {"kind": "other"},
        ORDER | {"item": 1},
        ORDER | {"item": "Не код"},
        ORDER | {"number": " "},
        ORDER | {"number": "б/н "},
        ORDER | {"number": "без номера"},
        ORDER | {"number": "1" * 61},
        ORDER | {"number": "1 ivan@example.org"},
        ORDER | {"issuer": "Иванов, тел. 8 900 123-45-67"},
        ORDER | {"issuer": "\n"},
        ORDER | {"date": "2022-3-1"},
        ORDER | {"x": None},
        LINK | {"url": 1},
        FILE | {"size": 0},
        FILE | {"kind": "list"},
        FILE | {"name": "0" * 64},
        FILE | {"sha256": "x"},
        FILE | {"sha256": "1" * 64},
    ],
)
def test_a_piece_that_is_not_sound_is_doubtful(piece: Any) -> None:
    assert items_of([piece], KINDS, lambda sha256, size: sha256 == "0" * 64) is None


@pytest.mark.parametrize("piece", [LINK, ORDER, FILE])
def test_a_sound_piece_is_told_by_its_kind(piece: Any) -> None:
    other = piece | {"item": "x"}

    found = items_of([piece, other], KINDS, lambda sha256, size: True)

    assert found == {"order": [None, "x"]}
    assert items_of([piece, piece], KINDS, lambda sha256, size: True) is None


@pytest.mark.parametrize(
    "text", [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"{", '"я"'.encode("utf-16")]
)
def test_the_standard_library_reads_only_what_is_spelt_as_it_has_to_be(text: bytes) -> None:
    assert STANDARD.value(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match=r"."):
        STANDARD.value(text)


def test_requests_leave_out_what_has_its_usual_value() -> None:
    assert as_asked(canonical.encode(FILE)) == canonical.encode(
        {"kind": "order", "media_type": "text/plain", "sha256": "0" * 64, "size": 1}
    )


def test_a_file_is_there_by_its_digest_and_size(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    store = MemoryEvidence()
    stored = store.put(tmp_path / "note.txt")
    run = Checking(store, Grounds({}, {}), lambda done: None)

    assert run.has_file(stored.sha256, 1)
    assert not run.has_file(stored.sha256, 2)
    assert not run.has_file("0" * 64, 1)
