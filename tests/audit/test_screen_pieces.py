"""Pieces of evidence as the screen judges and spells them, and how it reads values at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.compiled import compiled
from lifecycle.audit.files import Files
from lifecycle.audit.kept import Sealed
from lifecycle.audit.pieces import Pieces, as_asked, items_of, orders, sealed_in
from lifecycle.audit.spelling import STANDARD
from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidEvidence
from lifecycle.domain.model import Actor, Evidence
from lifecycle.domain.requests import Advance
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.audit.court import CATALOGUE
from tests.factories import ROADMAP

LINK = {"form": "link", "item": None, "kind": "order", "url": "https://example.org/1"}
ORDER = {"date": "2022-03-01", "form": "reference", "issuer": "Отдел", "item": None,
         "kind": "order", "number": "1"}  # fmt: skip
FILE = {"content": None, "form": "file", "item": None, "kind": "order", "media_type": "text/plain",
        "name": None, "sha256": "0" * 64, "size": 1}  # fmt: skip

PERSONAL = FILE | {"content": "1" * 64, "kind": "list"}
KINDS = {"order": False, "list": True}


def spelt(pieces: list[Any]) -> str:
    return canonical.encode(pieces).decode()


UNSOUND: list[Any] = [
    ORDER | {"kind": "other"},
    ORDER | {"item": 1},
    ORDER | {"item": "Не код"},
    ORDER | {"number": " "},
    ORDER | {"number": "17 ivan＠mail.example"},
    ORDER | {"number": "б/н "},
    ORDER | {"number": "без номера"},
    ORDER | {"number": "1" * 61},
    ORDER | {"number": "1 ivan@example.org"},
    ORDER | {"issuer": "Иванов, тел. 8 900 123-45-67"},
    ORDER | {"issuer": "\n"},
    ORDER | {"issuer": ""},
    ORDER | {"issuer": " "},
    ORDER | {"issuer": "О" * 301},
    ORDER | {"number": ""},
    ORDER | {"date": "2022-3-1"},
    ORDER | {"x": None},
    LINK | {"url": 1},
    FILE | {"size": 0},
    FILE | {"size": True},
    FILE | {"media_type": 1},
    FILE | {"kind": "list"},
    FILE | {"name": "Иванов.txt"},
    FILE | {"content": "0" * 64},
    FILE | {"content": "0" * 63, "kind": "list"},
    FILE | {"sha256": "x"},
    FILE | {"sha256": "1" * 64},
]


def is_stored(sha256: str, size: int) -> bool:
    return sha256 == "0" * 64


@pytest.mark.parametrize("piece", UNSOUND)
def test_a_piece_that_is_not_sound_is_doubtful(piece: Any) -> None:
    with pytest.raises(Doubtful):
        items_of([piece], KINDS, is_stored)
    assert orders(spelt([piece]), KINDS) is None


SOUND: list[Any] = [
    LINK,
    ORDER,
    ORDER | {"number": "1" * 60, "issuer": "О"},
    ORDER | {"number": "б/н", "issuer": "О" * 300},
    FILE,
    FILE | {"name": "0" * 64, "size": 2**53 - 1},
    PERSONAL,
    PERSONAL | {"sha256": "1" * 64},  # what is personal is looked at with its key, elsewhere
]


@pytest.mark.parametrize("piece", SOUND)
def test_a_sound_piece_is_told_by_its_kind(piece: Any) -> None:
    other = piece | {"item": "x"}

    found = items_of([piece, other], KINDS, is_stored)

    assert found == {piece["kind"]: [None, "x"]}
    with pytest.raises(Doubtful):
        items_of([piece, piece], KINDS, is_stored)


def test_a_file_is_no_larger_than_bodies_can_say() -> None:
    with pytest.raises(Doubtful):
        items_of([FILE | {"size": 2**53}], KINDS, is_stored)


def test_a_link_that_is_no_address_is_not_sound() -> None:
    with pytest.raises(InvalidEvidence):
        items_of([LINK | {"url": "x"}], KINDS, is_stored)


def test_pieces_commit_to_names_and_contents() -> None:
    named = FILE | {"name": "2" * 64}

    assert [sealed_in(one) for one in (LINK, ORDER, FILE)] == [[], [], []]
    assert sealed_in(named) == [Sealed("evidence.name", "2" * 64)]
    assert sealed_in(PERSONAL) == [Sealed("evidence.content", "1" * 64, "0" * 64, 1)]


def test_a_file_given_under_two_names_is_given_twice() -> None:
    with pytest.raises(Doubtful):
        items_of([FILE, FILE | {"name": "0" * 64}], KINDS, is_stored)


def test_orders_are_read_from_their_spelling() -> None:
    pieces = [ORDER, ORDER | {"item": "x"}, ORDER | {"number": "б/н"}]

    assert orders(spelt(pieces), KINDS) == items_of(pieces, KINDS, is_stored)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "[{}",
        spelt([ORDER])[:-2] + "xx",
        "xx" + spelt([ORDER])[2:],
        spelt([LINK]),
        spelt([ORDER, ORDER]),
        spelt([ORDER, LINK]),
        spelt([ORDER | {"issuer": 'Отдел "Юг"'}]),
        spelt([ORDER | {"number": '},{"1'}]),
    ],
)
def test_what_is_not_plainly_orders_is_left_to_the_parser(text: str) -> None:
    assert orders(text, KINDS) is None


@given(
    st.lists(
        st.builds(
            lambda date, issuer, item, kind, number: {
                "date": date, "form": "reference", "issuer": issuer, "item": item, "kind": kind,
                "number": number,
            },
            st.sampled_from(["2022-03-01", "2022-02-30", "", "\u0662022-03-01"]),
            st.text(max_size=6) | st.sampled_from(["Отдел", "8 900 123-45-67", "},{", '"', "\\"]),
            st.sampled_from([None, "x", "X", ""]),
            st.sampled_from(["order", "list", "other", ""]),
            st.text(max_size=4) | st.sampled_from(["1", "б/н", "1@", "1" * 61]),
        ),
        max_size=3,
    )
)  # fmt: skip
def test_orders_are_never_read_otherwise_than_by_the_parser(pieces: list[Any]) -> None:
    found = orders(spelt(pieces), KINDS)

    if found is not None:
        assert found == items_of(pieces, KINDS, is_stored)


@pytest.mark.parametrize(
    "text", [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"{", '"я"'.encode("utf-16")]
)
def test_the_standard_library_reads_only_what_is_spelt_as_it_has_to_be(text: bytes) -> None:
    assert STANDARD.value(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match=r"."):
        STANDARD.value(text)


@pytest.mark.parametrize("item", [None, "x"])
@pytest.mark.parametrize("piece", [LINK, ORDER, FILE, FILE | {"name": "0" * 64}, PERSONAL])
def test_pieces_are_spelt_as_requests_spell_them(piece: Any, item: str | None) -> None:
    brought = Evidence.from_json(piece | {"item": item})
    asked = Advance(
        actor=Actor("eva", "host:test"),
        command_id="c-1",
        school="one",
        transition="submit",
        evidence=(brought,),
        facts={},
    )
    written = {"evidence": [as_asked(piece | {"item": item})], "facts": {}, "school": "one",
               "transition": "submit"}  # fmt: skip

    assert canonical.digest(["Advance", ["eva", None], written]) == asked.digest


def test_orders_are_spelt_as_requests_spell_them() -> None:
    definition = CATALOGUE.compiled(ROADMAP)
    rules = compiled(definition)
    assert rules is not None
    move = rules.moves["withdraw"]
    read = Pieces(STANDARD, is_stored).of

    for piece in (ORDER, ORDER | {"item": "x"}):
        assert read(canonical.encode([piece]), move)[1] == canonical.encode([as_asked(piece)])
    with pytest.raises(Doubtful):
        read(b'{"0":1}', move)


def test_what_an_act_brings_is_read_with_all_that_it_commits_to() -> None:
    pieces: list[Any] = [FILE | {"name": "2" * 64}, LINK, PERSONAL]
    rules = compiled(CATALOGUE.compiled(ROADMAP))
    assert rules is not None
    read = Pieces(STANDARD, is_stored).of

    for _ in (1, 2):
        found = read(canonical.encode(pieces), replace(rules.moves["withdraw"], kinds=KINDS))
        assert found == (
            {"order": [None, None], "list": [None]},
            canonical.encode([as_asked(piece) for piece in pieces]),
            (Sealed("evidence.name", "2" * 64), *sealed_in(PERSONAL)),
        )


def test_a_file_is_there_by_its_digest_and_size(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    store = MemoryEvidence()
    stored = store.put(tmp_path / "note.txt")
    files = Files(store)

    assert files.has(stored.sha256, 1)
    assert not files.has(stored.sha256, 2)
    assert not files.has("0" * 64, 1)
