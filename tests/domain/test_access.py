"""How actors are known: the forms, and what is said of a signature by nobody's key."""

from __future__ import annotations

import pytest

from lifecycle.domain.access import Access, admission, credential_of, known_by, objections
from lifecycle.domain.definition import Authentication
from lifecycle.domain.model import Actor
from lifecycle.domain.record import empty_head
from lifecycle.domain.requests import AddActor
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


def test_a_signature_by_nobodys_key_is_told_once() -> None:
    actor = Actor("joe", "signed:0123456789", signature="AAAA")
    request = AddActor(actor=actor, command_id="c-1", added="new")

    found = list(objections(Access(3, (), None, unsigned), request, empty_head("o", MAP), NOON))

    assert [one.code for one in found] == ["credential_unknown"]


def test_what_is_not_enough_for_anything_is_told_so() -> None:
    rules = Authentication(any=("host",), approval=("host",))
    actor = Actor("joe", "os-uid:1000")

    (found,) = admission(access(), actor, rules)

    assert str(found.message) == "os-uid is not enough here; joe has to be known by: host"
