"""Each requirement that the verifier that stands alone asks again, met and not met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit import standalone
from tests.audit.bundles import told

EXPERT = [1, standalone.LARGEST, "ana", "expert"]


def met(requirement: dict[str, Any], *, held: tuple[Any, ...] = (), **members: Any) -> bool:
    history = standalone.History("origin", {})
    stream = history.stream("participation/x")
    for name in ("known", "here", "movers", "rules"):
        if name in members:
            setattr(stream, name, members.pop(name))
    actor = {"id": "ana", "on_behalf_of": members.pop("on_behalf_of", None)}
    body = {"facts": {}, "evidence": [], "reason": None, "actor": actor, **members}
    fits = history.met(requirement, body, stream, [*held])
    assert history.unmade == 0
    return fits


def test_a_role_is_held_by_somebody() -> None:
    assert met({"type": "role_assigned", "role": "expert"}, held=(EXPERT,))
    assert not met({"type": "role_assigned", "role": "curator"}, held=(EXPERT,))
    assert not met({"type": "role_assigned", "role": "expert"})


def test_who_acts_holds_none_of_these_roles() -> None:
    apart = {"type": "not_holding", "roles": ["expert", "reviewer"]}

    assert met(apart)
    assert not met(apart, held=(EXPERT,))
    assert met(apart, held=([*EXPERT[:3], "curator"],))
    assert met(apart, held=([*EXPERT[:2], "boris", "expert"],))
    assert not met(apart, held=([*EXPERT[:2], "boris", "expert"],), on_behalf_of="boris")


def test_another_person_acts_than_in_these_transitions() -> None:
    other = {"type": "different_person", "transitions": ["submit", "confirm"]}

    assert met(other, movers={"submit": {"boris"}, "begin": {"ana"}})
    assert not met(other, movers={"confirm": {"ana", None}})
    assert not met(other, movers={"submit": {"boris"}}, on_behalf_of="boris")


def test_an_answer_is_to_the_last_submission() -> None:
    answer = {"type": "answers", "submission": "submit"}
    moves = {"accept": {"name": "accept", "requirements": [answer]}, "begin": {"name": "begin"}}

    for here, fits in (
        (["submit"], True), (["submit", "begin"], True), (["submit", "accept"], False),
        (["accept", "submit"], True), ([], False), (["begin"], False),
    ):  # fmt: skip
        assert met(answer, here=here, rules={"moves": moves}) is fits


def test_evidence_is_for_each_item_and_for_no_other() -> None:
    each = {"type": "evidence", "kind": "order", "each": "risks.factor"}
    one, two = {"kind": "order", "item": "a"}, {"kind": "order", "item": "b"}
    known = {"risks": [{"factor": "a"}, {"factor": "b"}]}

    assert met(each, known=known, evidence=[one, two, {"kind": "note", "item": "c"}])
    assert not met(each, known=known, evidence=[one])
    assert not met(each, known=known, evidence=[one, two, {"kind": "order", "item": "c"}])
    assert met({"type": "evidence", "kind": "order"}, evidence=[{"kind": "order", "item": None}])
    assert not met({"type": "evidence", "kind": "order"}, evidence=[one])
    assert not met({"type": "evidence", "kind": "order"})


def test_a_fact_is_given_filled_and_within_others() -> None:
    known = {"risks": [{"factor": "a"}, {"factor": "b"}]}
    within = {"type": "fact", "fact": "chosen", "within": ["risks.factor"]}

    assert met(within, known=known, facts={"chosen": ["a"]})
    assert not met(within, known=known, facts={"chosen": ["a", "c"]})
    assert not met(within, known={**known, "chosen": ["a"]})
    assert met({"type": "fact", "fact": "chosen"}, facts={"chosen": []})
    assert not met({"type": "fact", "fact": "chosen", "not_empty": True}, facts={"chosen": []})
    assert met({"type": "fact", "fact": "chosen", "not_empty": True}, facts={"chosen": ["a"]})


def test_a_reason_is_one_of_the_list_and_a_policy_allows() -> None:
    reasons = {"type": "reason", "reasons": [{"code": "late"}, {"code": "incomplete"}]}

    assert met(reasons, reason="incomplete")
    assert not met(reasons, reason="other")
    assert met({"type": "policy", "allowed": True}) is True
    assert met({"type": "policy", "allowed": False}) is False


def advanced(name: str, to: str, who: str, **facts: Any) -> dict[str, Any]:
    return {
        "stream": "participation/x", "sequence": 1, "record_id": "r", "recorded_at": "",
        "kind": "advanced",
        "transition": name, "to": to, "facts": facts,
        "actor": {"id": who, "on_behalf_of": "boris"},
    }  # fmt: skip


def test_a_school_is_followed_by_state_facts_and_movers() -> None:
    history = standalone.History("origin", {})
    for body in (
        advanced("begin", "one", "ana", a=1),
        advanced("submit", "one", "vera", b=2),
        advanced("submit", "one", "ana", a=3),
    ):
        history.follow(body)
    stream = history.stream("participation/x")

    assert (stream.state, stream.here) == ("one", ["submit", "submit"])
    assert stream.known == {"a": 3, "b": 2}
    movers = {name: {*who} for name, who in stream.movers.items()}
    assert movers == {"begin": {"ana", "boris"}, "submit": {"ana", "vera", "boris"}}
    history.follow(advanced("go", "two", "ana"))
    assert (stream.state, stream.here) == ("two", [])


@pytest.mark.parametrize(
    ("one", "name"),
    [
        ({"type": "role_assigned", "role": "expert"}, "role_assigned/expert"),
        ({"type": "evidence", "kind": "order"}, "evidence/order"),
        ({"type": "fact", "fact": "risks"}, "fact/risks"),
        ({"type": "answers", "submission": "submit"}, "answers/submit"),
        ({"type": "policy", "policy": "p"}, "policy/p"),
        ({"type": "different_person", "transitions": ["a", "b"]}, "different_person/a,b"),
        ({"type": "not_holding", "roles": ["a", "b"]}, "not_holding/a,b"),
        ({"type": "reason"}, "reason"),
    ],
)
def test_a_requirement_is_named_as_records_name_it(one: dict[str, Any], name: str) -> None:
    assert standalone.label(one) == name


def test_what_cannot_be_read_at_all_has_a_verdict_with_every_member(tmp_path: Path) -> None:
    code, verdict = told(tmp_path)
    doubts = verdict.pop("doubts")

    assert code == 8
    assert len(doubts) == 1
    assert verdict == {
        "schools": {}, "records": 0, "origin": "?", "verdict": "not verified", "findings": [],
        "notes": [], "partial": False,
    }  # fmt: skip
    assert json.dumps(verdict)
