"""Every kind of requirement: what it accepts, and what it says of what it does not."""

from datetime import timedelta

import pytest

from lifecycle.domain.definition import (
    AnswersSubmission,
    DifferentPerson,
    EvidenceGiven,
    FactGiven,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Registered,
    RoleAssigned,
)
from lifecycle.domain.guards import judge
from lifecycle.domain.model import Evidence
from tests.domain.small import (
    MAP,
    ROSTER,
    TODAY,
    attempt,
    choice,
    held,
    link,
    participation,
    programme,
    text,
    told,
    unmet,
)

JUDGES = ("judge", "chair")


def test_nothing_stands_in_the_way_of_a_complete_attempt() -> None:
    verdict = judge(attempt(), {})

    assert verdict.allowed
    assert verdict.checked == ("state", "role", "date", "authentication")
    assert verdict.acting == held("joe", "judge")


# -- state, role, date ----------------------------------------------------------------------------


def test_a_transition_is_made_from_its_own_states_only() -> None:
    (one,) = unmet(participation=participation(state="done"))

    assert told([one]) == [
        ("not_in_state", {"transition": "judge", "sources": ["drafting"], "state": "done"})
    ]
    assert str(one.message) == "judge is made from drafting; the school is in done"


def test_an_actor_without_the_role_is_told_who_has_it() -> None:
    (one,) = unmet(actor="ann")

    assert told([one]) == [("role_missing", {"actor": "ann", "roles": ["judge", "chair"]})]
    assert (one.who, one.actors) == (JUDGES, ("joe", "sue"))


def test_where_nobody_has_the_role_the_administrator_can_mend_it() -> None:
    (one,) = unmet(actor="ann", roster=(held("ann", "writer"),))

    assert (one.code, one.who, one.actors) == ("role_missing", ("administrator",), ())


def test_an_explanation_for_nobody_names_the_roles() -> None:
    (one,) = unmet(actor=None)

    assert str(one.message) == "this is done by: judge, chair"
    assert (one.who, one.actors) == (JUDGES, ("joe", "sue"))


def test_the_first_role_of_the_transition_is_acted_in() -> None:
    roster = (held("joe", "chair", sequence=1), held("joe", "judge", sequence=2))

    assert judge(attempt(roster=roster), {}).acting == roster[1]


def test_a_role_on_the_school_goes_before_the_same_on_the_road_map() -> None:
    roster = (held("joe", "judge", MAP, sequence=1), held("joe", "judge", sequence=9))

    assert judge(attempt(roster=roster), {}).acting == roster[1]


def test_of_two_equal_roles_the_older_is_acted_in() -> None:
    roster = (held("joe", "judge", sequence=5), held("joe", "judge", sequence=3))

    assert judge(attempt(roster=roster), {}).acting == roster[1]


def test_an_act_of_tomorrow_cannot_be_recorded_today() -> None:
    (one,) = unmet(effective_on=TODAY + timedelta(days=1))

    assert told([one]) == [
        ("date_in_future", {"effective_on": "2022-03-15", "today": "2022-03-14"})
    ]
    assert one.actors == ("joe", "sue")


def test_an_act_of_long_ago_can_be_recorded_today() -> None:
    assert unmet(effective_on=TODAY - timedelta(days=400)) == []


# -- roles of others ------------------------------------------------------------------------------


def test_a_role_has_to_be_assigned_to_somebody() -> None:
    (one,) = unmet(RoleAssigned("writer"), roster=(held("joe", "judge"),))

    assert told([one]) == [("role_not_assigned", {"role": "writer"})]
    assert one.who == ("administrator",)


def test_a_role_may_be_assigned_to_anybody() -> None:
    assert unmet(RoleAssigned("writer")) == []


def test_whoever_holds_an_excluded_role_may_not_act() -> None:
    roster = (*ROSTER, held("joe", "writer"))

    (one,) = unmet(NotHolding(("writer", "chair")), roster=roster)

    assert told([one]) == [("holds_other_role", {"actor": "joe", "role": "writer"})]
    assert (one.who, one.actors) == (JUDGES, ("sue",))


def test_every_excluded_role_is_named() -> None:
    roster = (*ROSTER, held("joe", "writer"), held("joe", "chair"))

    found = unmet(NotHolding(("writer", "chair")), roster=roster)

    assert [one.message.parameters["role"] for one in found] == ["writer", "chair"]


@pytest.mark.parametrize("actor", ["joe", None])
def test_an_excluded_role_of_others_is_no_hindrance(actor: str | None) -> None:
    codes = [one.code for one in unmet(NotHolding(("writer",)), actor=actor)]

    assert "holds_other_role" not in codes


# -- evidence -------------------------------------------------------------------------------------


def test_evidence_has_to_be_given() -> None:
    (one,) = unmet(EvidenceGiven("order"), EvidenceGiven("note"), evidence=(link("note"),))

    assert told([one]) == [("evidence_missing", {"kind": "order"})]
    assert (one.who, one.actors) == (JUDGES, ("joe", "sue"))


def test_more_than_one_piece_of_a_kind_may_be_given() -> None:
    pieces = (link("order"), Evidence("order", form="link", url="https://b.org/"))

    assert unmet(EvidenceGiven("order"), evidence=pieces) == []


def test_evidence_of_another_kind_has_no_place() -> None:
    (one,) = unmet(EvidenceGiven("order"), evidence=(link("order"), link("letter", "fire")))

    assert told([one]) == [
        ("evidence_unexpected", {"transition": "judge", "kind": "letter", "item": "fire"})
    ]


def test_evidence_as_a_whole_is_for_no_item() -> None:
    (one,) = unmet(EvidenceGiven("order"), evidence=(link("order", "fire"),))

    assert told([one]) == [("evidence_item_unexpected", {"kind": "order", "item": "fire"})]


def test_evidence_is_given_for_each_item_and_for_no_other() -> None:
    known = participation(facts={"chosen": ["fire", "flood", "frost"]})
    pieces = (link("note", "fire"), link("note", "theft"), link("note"))

    found = unmet(EvidenceGiven("note", "chosen"), participation=known, evidence=pieces)

    assert told(found) == [
        ("evidence_item_missing", {"kind": "note", "item": "flood"}),
        ("evidence_item_missing", {"kind": "note", "item": "frost"}),
        ("evidence_item_unexpected", {"kind": "note", "item": "theft"}),
        ("evidence_item_missing", {"kind": "note", "item": None}),
    ]
    assert str(found[-1].message) == "evidence note has to say what it is for: note:ITEM"


def test_items_are_those_of_the_facts_given_now() -> None:
    known = participation(facts={"chosen": ["fire"]})
    requirements = (FactGiven("chosen"), EvidenceGiven("note", "chosen"))

    (one,) = unmet(
        *requirements,
        participation=known,
        facts={"chosen": ["flood"]},
        evidence=(link("note", "fire"), link("note", "flood")),
    )

    assert told([one]) == [("evidence_item_unexpected", {"kind": "note", "item": "fire"})]


def test_where_no_fact_names_an_item_no_evidence_is_asked_for() -> None:
    assert unmet(EvidenceGiven("note", "chosen")) == []


def test_items_may_be_a_member_of_records() -> None:
    known = participation(facts={"risks": [{"factor": "fire", "weight": "high"}]})

    (one,) = unmet(EvidenceGiven("note", "risks.factor"), participation=known)

    assert told([one]) == [("evidence_item_missing", {"kind": "note", "item": "fire"})]


# -- facts ----------------------------------------------------------------------------------------


def test_a_fact_has_to_be_given_now() -> None:
    known = participation(facts={"outcome": "good"})

    (one,) = unmet(FactGiven("outcome"), participation=known)

    assert told([one]) == [("fact_missing", {"fact": "outcome"})]


def test_a_fact_that_must_not_be_empty_may_not_be_empty() -> None:
    (one,) = unmet(FactGiven("chosen", not_empty=True), facts={"chosen": []})

    assert told([one]) == [("fact_empty", {"fact": "chosen"})]


def test_a_fact_may_be_empty_otherwise() -> None:
    assert unmet(FactGiven("chosen"), facts={"chosen": []}) == []


def test_the_codes_of_a_fact_lie_within_every_fact_named() -> None:
    known = participation(facts={"risks": [{"factor": "fire", "weight": "high"}]})
    requirement = FactGiven("chosen", within=("risks.factor", "verified"))

    found = unmet(requirement, participation=known, facts={"chosen": ["fire", "flood"]})

    outside = [(one.code, one.message.parameters["outside"]) for one in found]
    assert outside == [("fact_outside", ("flood",)), ("fact_outside", ("fire", "flood"))]
    assert found[0].message.parameters["allowed"] == ("fire",)


def test_a_fact_that_the_transition_does_not_ask_for_has_no_place() -> None:
    found = unmet(FactGiven("outcome"), facts={"rural": True, "outcome": "bad", "pupils": 3})

    assert told(found) == [
        ("fact_unexpected", {"transition": "judge", "fact": "pupils"}),
        ("fact_unexpected", {"transition": "judge", "fact": "rural"}),
    ]


# -- reasons, policies, answers, other persons ----------------------------------------------------


def test_a_reason_out_of_the_list_has_to_be_given() -> None:
    reasons = ReasonGiven((choice("late"), choice("lost")))

    assert unmet(reasons, reason="lost") == []
    assert told(unmet(reasons)) == [("reason_missing", {"reasons": ["late", "lost"]})]
    assert told(unmet(reasons, reason="mood")) == [
        ("reason_unknown", {"reason": "mood", "reasons": ["late", "lost"]})
    ]
    # Refused attempts are kept, and nobody erases them.
    assert told(unmet(reasons, reason="Иванов болен")) == told(unmet(reasons))


def test_a_reason_that_nobody_asks_for_has_no_place() -> None:
    assert told(unmet(reason="late")) == [("reason_unexpected", {"transition": "judge"})]


def test_a_policy_of_the_road_map_may_forbid() -> None:
    assert unmet(PolicyAllows("sampling", text("sampling"), allowed=True)) == []

    (one,) = unmet(PolicyAllows("sampling", text("sampling"), allowed=False))

    assert told([one]) == [("policy_forbids", {"roadmap": "map", "policy": "sampling"})]
    assert (one.who, one.actors) == ((), ())


WRITTEN = AnswersSubmission("write")


def test_every_reason_is_told_at_once() -> None:
    requirements = (
        RoleAssigned("chair"),
        EvidenceGiven("order"),
        EvidenceGiven("note", "chosen"),
        FactGiven("outcome"),
        ReasonGiven((choice("late"),)),
        WRITTEN,
        DifferentPerson(("gossip",)),
        NotHolding(("writer",)),
        PolicyAllows("sampling", text("sampling"), allowed=False),
        Registered("money"),
    )

    found = unmet(
        *requirements,
        actor="ann",
        roster=ROSTER[:2],
        participation=participation(("gossip", "ann"), state="done", facts={"chosen": ["fire"]}),
        evidence=(link("letter"),),
        facts={"rural": True},
        effective_on=TODAY + timedelta(days=1),
    )

    assert [one.code for one in found] == [
        "not_in_state",
        "role_missing",
        "date_in_future",
        "evidence_unexpected",
        "fact_unexpected",
        "role_not_assigned",
        "evidence_missing",
        "evidence_item_missing",
        "fact_missing",
        "reason_missing",
        "nothing_submitted",
        "same_person",
        "holds_other_role",
        "policy_forbids",
        "guard_missing",
    ]


def test_records_name_the_requirements_that_were_checked() -> None:
    definition = programme(
        RoleAssigned("writer"),
        EvidenceGiven("order"),
        FactGiven("outcome"),
        ReasonGiven(()),
        WRITTEN,
        DifferentPerson(("write", "decline")),
        NotHolding(("writer",)),
        PolicyAllows("sampling", text("sampling"), allowed=True),
        Registered("money"),
    )
    made = attempt(definition=definition, transition=definition.transition["judge"])

    assert judge(made, {}).checked == (
        "state",
        "role",
        "date",
        "authentication",
        "role_assigned/writer",
        "evidence/order",
        "fact/outcome",
        "reason",
        "answers/write",
        "different_person/write,decline",
        "not_holding/writer",
        "policy/sampling",
        "registered/money",
    )
