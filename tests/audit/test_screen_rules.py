"""Definitions as the screen makes them ready: each requirement on plain values, met or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lifecycle.audit.compiled import NO_REASON, Act, Check, Move, Roster, Rules, compiled
from lifecycle.domain.definition import (
    AnswersSubmission,
    Choice,
    Definition,
    DifferentPerson,
    EvidenceGiven,
    FactField,
    FactGiven,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    RoleAssigned,
)
from lifecycle.domain.machine import gate_of
from lifecycle.domain.messages import Text
from lifecycle.domain.model import Assignment
from tests.audit.court import CATALOGUE
from tests.factories import ROADMAP

PLAIN = CATALOGUE.compiled(ROADMAP)
FIRST = PLAIN.transitions[0].name
NAMED = Text("нет", "no")
ON_MAP = Roster([Assignment("r-1", f"roadmap/{ROADMAP}", "eva", "expert", 2)])


def ready(definition: Definition) -> Rules:
    rules = compiled(definition)
    assert rules is not None
    return rules


def with_first(*requirements: Any, **members: Any) -> Definition:
    """Return the definition whose first transition asks for other things."""
    first, *others = PLAIN.transitions
    changed = replace(first, requirements=requirements, **members)
    return replace(PLAIN, transitions=(changed, *others))


def move_with(*requirements: Any, **members: Any) -> Move:
    return ready(with_first(*requirements, **members)).moves[FIRST]


def check_of(requirement: Any) -> Check:
    move = move_with(requirement)
    assert len(move.checks) + len(move.alone) in {1, 2}
    return lambda act: (
        all(check(act) for check in move.checks)
        and all(check(dict(act.items), act.facts) for check in move.alone)
    )


def test_a_role_is_held_at_the_school_or_on_the_road_map() -> None:
    asked = move_with(RoleAssigned("expert")).assigned

    assert asked == {"expert"}
    assert asked <= Act(roster=ON_MAP).assigned()
    assert asked <= Act(own={("eva", "expert"): ("r-1", 2)}).assigned()
    both = {("eva", "curator"): ("r-1", 2), ("ivan", "expert"): ("r-2", 3)}
    assert asked <= Act(own=both).assigned()
    assert not asked <= Act(own={("eva", "curator"): ("r-1", 2)}).assigned()
    assert not asked <= Act().assigned()


def test_whoever_holds_a_role_on_the_road_map_holds_it_for_the_school() -> None:
    check = check_of(NotHolding(("curator", "expert")))

    assert not check(Act(persons=("eva",), roster=ON_MAP))
    assert not check(Act(persons=("ivan", "eva"), roster=ON_MAP))
    assert not check(Act(persons=("eva",), own={("eva", "expert"): ("r-1", 2)}))
    assert not check(Act(persons=("ivan",), own={("ivan", "expert"): ("r-2", 2)}, roster=ON_MAP))
    assert check(Act(persons=("ivan",), own={("eva", "expert"): ("r-1", 2)}, roster=ON_MAP))
    assert check(Act(persons=("eva",)))


def test_whoever_made_the_one_transition_does_not_make_the_other() -> None:
    check = check_of(DifferentPerson(("begin", "submit")))

    assert check(Act(persons=("eva",)))
    assert check(Act(persons=("eva",), movers={"submit": {"ivan"}, "other": {"eva"}}))
    assert not check(Act(persons=("eva",), movers={"submit": {"ivan", "eva"}}))
    assert not check(Act(persons=("ivan", "eva"), movers={"begin": {"eva"}}))
    assert not check(Act(persons=("eva",), movers={"begin": {"ivan"}, "submit": {"eva"}}))


def test_evidence_of_a_kind_is_there_and_about_nothing_else() -> None:
    check = check_of(EvidenceGiven("order"))

    assert check(Act(items={"order": [None]}))
    assert check(Act(items={"order": [None, None], "list": ["x"]}))
    assert not check(Act(items={"list": [None]}))
    for pieces in ([], ["x"], [None, "x"], ["x", None]):
        assert not check(Act(items={"order": [*pieces]}))


def test_evidence_for_each_is_about_each_and_nothing_else() -> None:
    check = check_of(EvidenceGiven("order", each="risks"))
    known = {"risks": ["one", "two"]}

    assert check(Act(items={"order": ["two", "one", "one"]}, known=known))
    assert check(Act(known={}))
    assert check(Act(known={"risks": None}))
    for pieces in ([], ["one"], ["one", "two", "three"], ["one", "two", None]):
        assert not check(Act(items={"order": [*pieces]}, known=known))
    assert not check(Act(items={"list": ["one", "two"]}, known=known))


def test_a_fact_is_stated_and_filled() -> None:
    stated, filled = check_of(FactGiven("risks")), check_of(FactGiven("risks", not_empty=True))
    known = {"risks": ["one"]}

    assert stated(Act(facts={"risks": []}))
    assert stated(Act(facts={"risks": ["one"]}))
    assert filled(Act(facts={"risks": ["one"]}))
    assert not filled(Act(facts={"risks": []}))
    for check in (stated, filled):
        assert not check(Act(known=known)), "what was stated earlier is not stated now"
        assert not check(Act(facts={"other": ["one"]}))


def test_what_is_stated_lies_within_what_is_known() -> None:
    check = check_of(FactGiven("risks", within=("all", "plan.risk")))
    facts = {"risks": ["one"]}

    def known(*everything: str, plan: tuple[str, ...]) -> dict[str, Any]:
        return {**facts, "all": [*everything], "plan": [{"risk": one} for one in plan]}

    assert check(Act(facts=facts, known=known("one", "two", plan=("two", "one"))))
    assert not check(Act(facts=facts, known=known("two", plan=("one",))))
    assert not check(Act(facts=facts, known=known("one", plan=("two",))))
    assert not check(Act(facts=facts, known={**facts, "all": ["one"]}))
    assert check(Act(facts={"risks": []}, known={"risks": []}))
    assert not check(Act(facts={}, known=known("one", plan=("one",))))


def test_an_answer_is_waited_for_by_whoever_submitted_last() -> None:
    waits = ready(PLAIN).moves["accept_concept_documents"].checks[0]

    assert waits(Act(here=["submit_concept_documents", "elsewhere"]))
    assert waits(Act(here=["return_concept_documents", "submit_concept_documents"]))
    for answer in ("return_concept_documents", "accept_concept_documents"):
        assert not waits(Act(here=["submit_concept_documents", answer, "elsewhere"]))
    assert not waits(Act(here=["elsewhere"]))
    assert not waits(Act())


def test_a_submission_is_waited_for_though_nothing_else_answers_it() -> None:
    check = check_of(AnswersSubmission("submit"))

    assert check(Act(here=["submit"]))
    assert not check(Act(here=["submit", FIRST]))


def test_a_reason_is_one_of_every_list() -> None:
    one, two, three = (Choice(code, NAMED) for code in ("one", "two", "three"))

    assert move_with().reasons is NO_REASON == frozenset({b"null"})
    assert move_with(ReasonGiven((one, two))).reasons == {b'"one"', b'"two"'}
    both = move_with(ReasonGiven((one, two)), ReasonGiven((two, three)))
    assert both.reasons == {b'"two"'}
    assert not both.checks
    assert not both.alone


def test_a_policy_that_allows_asks_for_nothing_and_one_that_forbids_is_judged_by_nobody() -> None:
    allowed = PolicyAllows("small", NAMED, allowed=True)

    assert not move_with(allowed).checks
    assert not move_with(allowed).alone
    forbidden = ready(with_first(replace(allowed, allowed=False)))
    assert [*forbidden.moves] == [one.name for one in PLAIN.transitions[1:]]


def test_a_transition_asks_for_all_that_it_asks_for_in_order() -> None:
    kind = replace(PLAIN.evidence_kinds[0], name="list", personal=True)
    wanted = RoleAssigned("expert"), EvidenceGiven("list"), FactGiven("risks"), FactGiven("plan")
    definition = replace(with_first(*wanted), evidence_kinds=(*PLAIN.evidence_kinds, kind))
    move = ready(definition).moves[FIRST]

    assert move.assigned == {"expert"}
    assert move.checks == ()
    assert len(move.alone) == 3
    assert [check({"list": [None]}, {}) for check in move.alone] == [True, False, False]
    assert move.checked == [
        "state", "role", "date", "authentication", "role_assigned/expert", "evidence/list",
        "fact/risks", "fact/plan",
    ]  # fmt: skip
    assert move.kinds == {"list": True}
    assert move.facts == {"risks", "plan"}
    assert move_with(EvidenceGiven("nothing")).kinds == {}


def test_rules_say_what_the_definition_says() -> None:
    rules = ready(PLAIN)
    gate = gate_of(PLAIN)

    assert (rules.definition, rules.digest) == (PLAIN, PLAIN.ref.digest)
    assert rules.school_roles == {one.name for one in PLAIN.roles if "school" in one.scopes}
    assert [*rules.moves] == [one.name for one in PLAIN.transitions]
    for one in PLAIN.transitions:
        move = rules.moves[one.name]
        assert (move.roles, move.approval) == (one.roles, one.approval)
        assert move.spelt.decode() == f'"{one.name}"}}]'
        assert move.due_on == (None if one.due_on is None else str(one.due_on))
        assert move.targets == {
            source: one.target if one.target is not None else source for source in one.sources
        }
        assert all(gate.move(*step, allowed=True) for step in ((s, one.name) for s in one.sources))
    assert {True, False} <= {move.approval for move in rules.moves.values()}
    assert move_with(due_on=date(2022, 3, 1)).due_on == "2022-03-01"
    assert move_with(due_on=None).due_on is None


def test_rules_of_another_shape_are_no_plain_rules() -> None:
    lost: Any = replace(PLAIN.transitions[0], due_on="soon")  # type: ignore[arg-type]

    assert compiled(replace(PLAIN, transitions=(lost, *PLAIN.transitions[1:]))) is None


@pytest.mark.parametrize("what", ["states", "transitions", "facts", "roles"])
def test_names_that_occur_twice_are_no_plain_rules(what: str) -> None:
    every: tuple[Any, ...] = getattr(PLAIN, what)
    twice: dict[str, Any] = {what: (*every, every[0])}

    assert compiled(PLAIN) is not None
    assert compiled(replace(PLAIN, **twice)) is None


def _renamed(what: str, **members: Any) -> Definition:
    """Return the definition with one more thing, of another name."""
    every: tuple[Any, ...] = getattr(PLAIN, what)
    more: dict[str, Any] = {what: (*every, replace(every[0], **members))}
    return replace(PLAIN, **more)


def _listing(code: Any) -> dict[str, Definition]:
    choice = Choice(code, NAMED)
    return {
        "a state": _renamed("states", name=code),
        "a transition": _renamed("transitions", name=code),
        "a fact": _renamed("facts", name=code),
        "a role": _renamed("roles", name=code),
        "a kind of evidence": _renamed("evidence_kinds", name=code),
        "a choice of a fact": _renamed("facts", name="new", choices=(choice,)),
        "a field": _renamed("facts", name="new", fields=(FactField(code, "slug"),)),
        "a choice of a field": _renamed(
            "facts", name="new", fields=(FactField("field", "choice", (choice,)),)
        ),
        "a reason": with_first(ReasonGiven((choice,))),
        "who makes a transition": with_first(roles=(code,)),
        "who enrols": replace(PLAIN, enrolled_by=(code,)),
        "where schools begin": replace(PLAIN, initial=code),
        "the road map": replace(PLAIN, roadmap=replace(PLAIN.roadmap, id=code)),
        "the time zone": replace(PLAIN, roadmap=replace(PLAIN.roadmap, time_zone=code)),
    }


@pytest.mark.parametrize("what", _listing("x"))
def test_names_that_are_no_ascii_texts_are_no_plain_rules(what: str) -> None:
    assert compiled(_listing("other")[what]) is not None
    assert compiled(_listing("я")[what]) is None
    assert compiled(_listing(1)[what]) is None
