"""How actors are known: the forms, and what is said of a signature by nobody's key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lifecycle.domain.access import (
    Access,
    admission,
    credential_of,
    known_by,
    objections,
    statement,
)
from lifecycle.domain.definition import Authentication
from lifecycle.domain.model import Actor, Evidence, Head
from lifecycle.domain.record import empty_head
from lifecycle.domain.requests import AddActor, Advance
from tests.domain.small import MAP, NOON, access, unsigned


@pytest.mark.parametrize(
    ("authentication", "known"),
    [
        ("host:portal", ("host", "portal")),
        ("os-uid:1000", ("os-uid", "1000")),
        ("token:0123456789", ("token", "0123456789")),
        ("signed:0123456789", ("signed", "0123456789")),
        ("host:", None),
        ("host", None),
        ("host:" + "x" * 96, None),
        ("os-uid:root", None),
        ("os-uid:-1", None),
        ("token:", None),
        ("signed:a b", None),
        ("password:x", None),
        ("", None),
    ],
)
def test_there_are_four_ways_to_be_known(
    authentication: str, known: tuple[str, str] | None
) -> None:
    assert known_by(authentication) == known
    own = known is not None and known[0] in ("token", "signed")
    assert credential_of(authentication) == (known[1] if known is not None and own else None)


FILE = Evidence("note", sha256="1" * 64, size=9, name="2" * 64, content="3" * 64)


@pytest.mark.parametrize(
    "change",
    [
        {"comment": "5" * 64},
        {"evidence": (replace(FILE, name="5" * 64),)},
        {"evidence": (replace(FILE, content="5" * 64),)},
        {"evidence": (replace(FILE, sha256="5" * 64),)},
        {"evidence": (replace(FILE, size=8),)},
    ],
)
def test_a_signature_holds_what_a_retry_may_differ_in(change: dict[str, Any]) -> None:
    actor, head = Actor("joe", "signed:0123456789"), empty_head("o", MAP)
    asked = Advance(
        actor=actor, command_id="c-1", school="s", transition="t", evidence=(FILE,), comment="4"
    )
    other = replace(asked, **change)

    assert other.digest == asked.digest
    assert statement(head, other) != statement(head, asked)


def test_a_signature_fits_one_place_of_one_history() -> None:
    head = Head("origin", MAP, 7, "a" * 64, NOON)
    asked = AddActor(actor=Actor("joe", "signed:0123456789"), command_id="c-1", added="new")
    others = (
        replace(head, origin="other"),
        replace(head, stream="other"),
        replace(head, version=8),
        replace(head, hash="b" * 64),
    )

    assert len({statement(one, asked) for one in (head, *others)}) == 5
    assert statement(head, asked) != statement(head, replace(asked, command_id="c-2"))


def test_a_signature_by_nobodys_key_is_told_once() -> None:
    actor = Actor("joe", "signed:0123456789", signature="AAAA")
    request = AddActor(actor=actor, command_id="c-1", added="new")

    found = list(objections(Access(3, (), None, unsigned), request, empty_head("o", MAP), NOON))

    assert [one.code for one in found] == ["credential_unknown"]


def test_what_is_not_enough_for_anything_is_told_so() -> None:
    rules = Authentication(any=("host",), approval=("host",))
    request = AddActor(actor=Actor("joe", "os-uid:1000"), command_id="c-1", added="new")

    (found,) = admission(access(), request, NOON, rules)

    assert str(found.message) == "os-uid is not enough here; joe has to be known by: host"
