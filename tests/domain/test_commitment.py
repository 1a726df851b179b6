"""Commitments: bound to purpose, value and salt, and telling nothing of the value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import Evidence
from lifecycle.domain.commitment import Opening, commit, committed_in, is_commitment
from lifecycle.domain.record import empty_head
from lifecycle.domain.requests import Advance
from tests.factories import actor
from tests.storage.samples import record_after

SALT = bytes(range(32))


def test_a_commitment_is_the_published_construction() -> None:
    # HMAC-SHA-256 by the command line of another implementation:
    # printf '["comment","Справка"]' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001...1f
    opening = commit("comment", "Справка", SALT)

    assert opening.commitment == (
        "80dc1343c9d8901401f925517389a552f228e90860e5ae6035c64b8d23881755"
    )
    assert opening.fits


@given(st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_an_opening_fits_only_as_it_was_made(value: str, salt: bytes) -> None:
    opening = commit("comment", value, salt)
    changes: list[dict[str, Any]] = [
        {"value": f"{value}."},
        {"salt": bytes([salt[0] ^ 1]) + salt[1:]},
        {"purpose": "evidence.name"},
        {"commitment": "0" * 64},
    ]

    assert opening.fits
    assert is_commitment(opening.commitment)
    assert [replace(opening, **change).fits for change in changes] == [False] * 4


def test_a_salt_has_one_length() -> None:
    salt = SALT[:31] + b"\0"
    opening = commit("comment", "x", salt)
    others = [salt + b"\0", salt[:31]]

    assert opening.fits
    assert [commit("comment", "x", other).commitment for other in others] == (
        [opening.commitment] * 2
    )
    assert [replace(opening, salt=other).fits for other in others] == [False, False]


def test_what_has_no_canonical_form_opens_nothing() -> None:
    assert not Opening("0" * 64, "comment", "x" * 70_000, SALT).fits
    assert not Opening("é", "comment", "x", SALT).fits


@pytest.mark.parametrize("text", ["", "a" * 63, "A" * 64, "a" * 65, "Иванов"])
def test_a_plain_text_is_no_commitment(text: str) -> None:
    assert not is_commitment(text)
    assert is_commitment(None)


def test_every_commitment_of_a_record_is_found_with_its_place() -> None:
    file = Evidence("visit_note", sha256="a" * 64, size=1, name="b" * 64, content="c" * 64)
    head = empty_head("origin", "participation/s")
    record = record_after(head, comment="d" * 64, evidence=(Evidence("x", form="link"), file))

    found = [(one.field, one.purpose, one.commitment[0]) for one in committed_in(record)]

    assert found == [
        ("comment", "comment", "d"),
        ("evidence/1/name", "evidence.name", "b"),
        ("evidence/1/content", "evidence.content", "c"),
    ]
    assert list(committed_in(record_after(head))) == []


def asked(**members: Any) -> str:
    return Advance(
        **{"actor": actor("a"), "command_id": "1", "school": "s", "transition": "t", **members}
    ).digest


def test_the_digest_of_a_request_holds_nothing_of_comment_name_and_personal_content() -> None:
    file = Evidence("visit_note", sha256="a" * 64, size=1, media_type="text/plain", name="b" * 64)
    personal = replace(file, content="c" * 64)
    others = [
        replace(personal, name="0" * 64),
        replace(personal, content="1" * 64),
        replace(personal, sha256="2" * 64),
        replace(personal, size=2),
    ]

    assert asked(comment="d" * 64) == asked(comment="e" * 64) == asked()
    assert asked(evidence=(file,)) == asked(evidence=(replace(file, name=None),))
    assert {asked(evidence=(one,)) for one in others} == {asked(evidence=(personal,))}
    # What is not personal still tells a retry from a reuse.
    assert asked(evidence=(file,)) != asked(evidence=(replace(file, sha256="2" * 64),))
    assert asked(evidence=(personal,)) != asked(evidence=(replace(personal, kind="x"),))
