"""What the screen doubts, one thing at a time; the full check says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifecycle.audit.compiled import Act, Roster, compiled
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.pieces import items_of
from lifecycle.audit.spelling import STANDARD
from lifecycle.domain.definition import Definition, PolicyAllows, RoleAssigned
from lifecycle.domain.messages import Text
from lifecycle.domain.model import Assignment
from tests.audit.test_screen import CATALOGUE, Court, history, rechained, rehashed
from tests.factories import ROADMAP

STREAM = f"participation/{ROADMAP}.2"
Body = dict[str, Any]


@pytest.fixture(scope="module")
def court() -> Court:
    return Court(history())


def of(bodies: list[Body], transition: str) -> Body:
    return next(body for body in bodies if body["transition"] == transition)


def members(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new, 1)


BARE = -1  # stands for the place of a transition that brings and states nothing

TEXTS: dict[str, tuple[int, bytes, bytes]] = {
    "an actor with a member more": (0, b'"signature":null}', b'"signature":null,"x":null}'),
    "an actor spelt otherwise": (0, b'{"actor":{"', b'{"actor":{ "'),
    "another start": (BARE, b'{"actor":', b'["actor":'),
    "facts that are a list": (0, b'"facts":{', b'"facts":[{'),
    "evidence where none is asked for": (BARE, b'"evidence":[]', b'"evidence":{}'),
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_body_of_another_shape_is_doubtful(court: Court, what: str) -> None:
    place, old, new = TEXTS[what]
    found = court.streams[STREAM]
    if place == BARE:
        place = next(at for at, row in enumerate(found) if row[8] == "start_questionnaire")
    changed = rehashed(found, place, members(found[place][3], old, new))

    assert not court.passes(STREAM, changed)
    assert court.findings(STREAM, changed) != []


def _role_by_another(bodies: list[Body]) -> None:
    of(bodies, "receive_risk_profile")["actor"]["assignment"] = bodies[0]["record_id"]


def _runs_back(bodies: list[Body]) -> None:
    roles = [body for body in bodies if body["kind"] == "role_assigned"]
    roles[-1]["consulted"]["installation"] = 3


def _revoked_otherwise(bodies: list[Body]) -> None:
    given = next(body for body in bodies if body["kind"] == "role_assigned")
    facts = {**given["facts"], "assignment": bodies[0]["record_id"]}
    bodies.append({**given, "kind": "role_revoked", "facts": facts, "record_id": "r-1",
                   "command_id": "c-1", "recorded_at": bodies[-1]["recorded_at"]})  # fmt: skip


def _administrator_revoked(bodies: list[Body]) -> None:
    _revoked_otherwise(bodies)
    bodies[-1]["facts"]["role"] = "administrator"


FORGERIES: dict[str, Callable[[list[Body]], object]] = {
    "by another's assignment": _role_by_another,
    "with what had been consulted later": _runs_back,
    "by a token that was never issued": lambda bodies: of(bodies, "start_questionnaire")[
        "actor"
    ].update(authentication="token:nothing"),
    "signed, without a signature": lambda bodies: of(bodies, "start_questionnaire")["actor"].update(
        authentication="signed:nothing"
    ),
    "known in no way": lambda bodies: bodies[0]["actor"].update(authentication="rumour:x"),
    "enrolled tomorrow": lambda bodies: bodies[0].update(effective_on="2099-01-01"),
    "advanced tomorrow": lambda bodies: bodies[4].update(effective_on="2099-01-01"),
    "of a role that he did not hold": _revoked_otherwise,
    "of an administrator of a school": _administrator_revoked,
    "with a fact that is not asked for": lambda bodies: of(bodies, "record_visit")["facts"].update(
        outcome="positive_dynamics"
    ),
    "with a fact of another type": lambda bodies: of(bodies, "record_visit")["facts"].update(
        activated_risks="all"
    ),
    "without a fact": lambda bodies: of(bodies, "record_visit").update(facts={}),
    "without evidence": lambda bodies: of(bodies, "record_visit").update(evidence=[]),
    "with evidence given twice": lambda bodies: of(bodies, "record_visit").update(
        evidence=of(bodies, "record_visit")["evidence"] * 2
    ),
    "with a reason where none is asked for": lambda bodies: of(bodies, "record_visit").update(
        reason="mood"
    ),
    "with another reason": lambda bodies: of(bodies, "return_concept_documents").update(
        reason="mood"
    ),
    "for somebody unknown": lambda bodies: bodies[4]["actor"].update(on_behalf_of="stranger"),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_stream_forged_with_all_that_hangs_on_it_is_doubtful(court: Court, how: str) -> None:
    bodies = [json.loads(row[3]) for row in court.streams[STREAM]]
    FORGERIES[how](bodies)
    forged = list(rechained(court.origin, STREAM, bodies))

    assert not court.passes(STREAM, forged)
    assert court.findings(STREAM, forged) != []


@pytest.mark.parametrize("place", [0, 1, 3, 4])
def test_a_request_that_nobody_made_is_doubtful(court: Court, place: int) -> None:
    found = court.streams[STREAM]
    body = json.loads(found[place][3])
    text = members(found[place][3], body["request"].encode(), b"0" * 64)
    changed = rehashed(found, place, text)

    assert not court.passes(STREAM, changed)
    assert [one.code for one in court.findings(STREAM, changed)] == ["request_differs"]


def test_names_that_occur_twice_are_no_plain_rules() -> None:
    definition = CATALOGUE.compiled(ROADMAP)

    assert compiled(definition) is not None
    assert compiled(replace(definition, states=(*definition.states, definition.states[0]))) is None


def test_rules_of_another_shape_are_no_plain_rules() -> None:
    definition = CATALOGUE.compiled(ROADMAP)
    lost: Any = replace(definition.transitions[0], due_on="soon")  # type: ignore[arg-type]

    assert compiled(replace(definition, transitions=(lost, *definition.transitions[1:]))) is None


def _with(requirement: Any) -> Definition:
    definition = CATALOGUE.compiled(ROADMAP)
    move = replace(definition.transitions[0], requirements=(requirement,))
    return replace(definition, transitions=(move, *definition.transitions[1:]))


def test_a_transition_that_a_policy_forbids_is_judged_by_nobody() -> None:
    forbidden = compiled(_with(PolicyAllows("small", Text("нет", "no"), allowed=False)))

    assert forbidden is not None
    assert CATALOGUE.compiled(ROADMAP).transitions[0].name not in forbidden.moves


def test_a_role_is_held_at_the_school_or_on_the_road_map() -> None:
    rules = compiled(_with(RoleAssigned("expert")))
    assert rules is not None
    (check,) = rules.moves[CATALOGUE.compiled(ROADMAP).transitions[0].name].checks
    on_map = Roster([Assignment("r-1", f"roadmap/{ROADMAP}", "eva", "expert", 2)])

    assert check(Act(roster=on_map))
    assert check(Act(own=[("eva", "expert", "r-1", 2)]))
    assert not check(Act())


def test_an_answer_is_waited_for_by_whoever_submitted_last() -> None:
    rules = compiled(CATALOGUE.compiled(ROADMAP))
    assert rules is not None
    waits = rules.moves["accept_concept_documents"].checks[0]

    assert waits(Act(here=["submit_concept_documents", "elsewhere"]))
    assert not waits(Act(here=["submit_concept_documents", "return_concept_documents"]))
    assert not waits(Act(here=["elsewhere"]))


def test_rights_of_a_stream_whose_times_run_back_stand_at_no_moment(court: Court) -> None:
    with history().context.journal.auditing() as view:
        first, second, *_ = view.records("installation")
    grounds = Grounds({}, {})
    grounds.learn(replace(first, recorded_at=second.recorded_at))
    grounds.learn(replace(second, recorded_at=first.recorded_at))

    with pytest.raises(ValueError, match="out of order"):
        grounds.stands("installation", 2)


LINK = {"form": "link", "item": None, "kind": "order", "url": "https://example.org/1"}
ORDER = {"date": "2022-03-01", "form": "reference", "issuer": "Отдел", "item": None,
         "kind": "order", "number": "1"}  # fmt: skip
FILE = {"content": None, "form": "file", "item": None, "kind": "order", "media_type": "text/plain",
        "name": None, "sha256": "0" * 64, "size": 1}  # fmt: skip


@pytest.mark.parametrize(
    "piece",
    [
        ORDER | {"kind": "other"},
        ORDER | {"item": 1},
        ORDER | {"number": " "},
        ORDER | {"issuer": "\n"},
        ORDER | {"date": "2022-3-1"},
        ORDER | {"x": None},
        LINK | {"url": 1},
        FILE | {"size": 0},
        FILE | {"sha256": "x"},
        FILE | {"sha256": "1" * 64},
    ],
)
def test_a_piece_that_is_not_sound_is_doubtful(piece: Any) -> None:
    assert items_of([piece], frozenset({"order"}), lambda sha256, size: sha256 == "0" * 64) is None


@pytest.mark.parametrize("piece", [LINK, ORDER, FILE])
def test_a_sound_piece_is_told_by_its_kind(piece: Any) -> None:
    other = piece | {"item": "x"}

    found = items_of([piece, other], frozenset({"order"}), lambda sha256, size: True)

    assert found == {"order": [None, "x"]}
    assert items_of([piece, piece], frozenset({"order"}), lambda sha256, size: True) is None


@pytest.mark.parametrize(
    "text", [b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b"{", '"я"'.encode("utf-16")]
)
def test_the_standard_library_reads_only_what_is_spelt_as_it_has_to_be(text: bytes) -> None:
    assert STANDARD.value(b'{"a":1}') == {"a": 1}
    with pytest.raises(ValueError, match=r"."):
        STANDARD.value(text)
