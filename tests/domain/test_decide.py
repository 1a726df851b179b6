"""Decisions on schools: the record that comes of a request, and what is worth saying."""

from datetime import date, timedelta
from typing import Any

import pytest

from lifecycle.domain.administration import delay_seconds
from lifecycle.domain.decide import Situation, decide_advance, decide_enrol, standing_of
from lifecycle.domain.decision import Accepted, Refusal, Stamp
from lifecycle.domain.definition import Definition, EvidenceGiven, FactGiven
from lifecycle.domain.errors import (
    InvalidEvidence,
    InvalidFact,
    UnknownTransition,
    VersionConflict,
)
from lifecycle.domain.model import Actor, Assignment, Evidence
from lifecycle.domain.record import ActedAs, empty_head
from lifecycle.domain.replay import Participation
from lifecycle.domain.requests import Advance, Enrol
from tests.domain.small import (
    MAP,
    NOON,
    ROSTER,
    SCHOOL,
    TODAY,
    access,
    held,
    link,
    participation,
    programme,
)

JOE = Actor("joe", "host:test", on_behalf_of="sue")
STAMP = Stamp("record-1", NOON, TODAY)
DUE = date(2022, 3, 1)


def decide(
    definition: Definition | None = None,
    school: Participation | None = None,
    roster: tuple[Assignment, ...] = ROSTER,
    **request: Any,
) -> Accepted | Refusal:
    situation = Situation(
        definition=definition or programme(),
        participation=school or participation(),
        access=access(),
        roster=roster,
        consulted={MAP: 4},
        guards={},
    )
    usual = {"actor": JOE, "command_id": "command-1", "school": "s-1", "transition": "judge"}
    return decide_advance(situation, Advance(**{**usual, **request}), STAMP)


def accepted(decision: Accepted | Refusal) -> Accepted:
    assert isinstance(decision, Accepted)
    return decision


def test_the_record_says_what_was_decided_by_whom_on_what() -> None:
    definition = programme(EvidenceGiven("order"), FactGiven("outcome"), due_on=DUE)
    piece = link("order")

    record = accepted(
        decide(
            definition,
            participation(("write", "ann")),
            evidence=(piece,),
            facts={"outcome": "good"},
            effective_on=DUE,
        )
    ).record

    assert (record.stream, record.sequence, record.previous) == (SCHOOL, 3, "0" * 64)
    assert (record.kind, record.transition) == ("advanced", "judge")
    assert (record.source, record.target) == ("drafting", "done")
    assert record.actor == ActedAs("joe", "judge", "given-joe-judge-1", "host:test", "sue")
    assert record.definition == definition.ref
    assert record.requirements == (
        "state",
        "role",
        "date",
        "authentication",
        "evidence/order",
        "fact/outcome",
    )
    assert (record.evidence, record.facts) == ((piece,), {"outcome": "good"})
    assert (record.recorded_at, record.effective_on, record.due_on) == (NOON, DUE, DUE)
    assert record.consulted == {MAP: 4}


def test_an_act_without_a_date_bears_the_day_it_is_recorded() -> None:
    assert accepted(decide()).record.effective_on == TODAY


def test_recorded_time_does_not_run_backwards_within_a_stream() -> None:
    early = Stamp("record-1", NOON - timedelta(hours=3), TODAY)
    situation = Situation(programme(), participation(), access(), ROSTER, {}, {})
    request = Advance(actor=JOE, command_id="c", school="s-1", transition="judge")

    decision = accepted(decide_advance(situation, request, early))

    assert decision.record.recorded_at == NOON


def test_a_school_stays_where_the_transition_leads_nowhere() -> None:
    ann = Actor("ann", "host:test")

    record = accepted(decide(actor=ann, transition="write")).record

    assert (record.source, record.target) == ("drafting", "drafting")


def test_a_refusal_gives_the_reasons_and_no_record() -> None:
    decision = decide(school=participation(state="done"), roster=())

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.unmet] == ["not_in_state", "role_missing"]


def test_one_reason_is_enough_for_a_refusal() -> None:
    decision = decide(effective_on=TODAY + timedelta(days=1))

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.unmet] == ["date_in_future"]


def test_another_version_than_expected_is_a_conflict() -> None:
    with pytest.raises(VersionConflict) as conflict:
        decide(expected_version=7)

    assert conflict.value.facts == {"stream": SCHOOL, "expected": 7, "actual": 1}
    assert isinstance(decide(expected_version=1), Accepted)


def test_an_unknown_transition_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownTransition) as unknown:
        decide(transition="Juge")

    assert str(unknown.value.remedy) == "did you mean judge?"


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("ordre", "did you mean order?"), ("xyz", "the kinds are: order, note, letter")],
)
def test_an_unknown_kind_of_evidence_is_answered_with_the_nearest(kind: str, remedy: str) -> None:
    with pytest.raises(InvalidEvidence, match="knows no such kind") as unknown:
        decide(evidence=(link(kind),))

    assert str(unknown.value.remedy) == remedy


def test_the_same_piece_is_not_taken_twice() -> None:
    with pytest.raises(InvalidEvidence, match="the same piece is given twice") as twice:
        decide(evidence=(link("note"), link("order"), link("order")))

    assert twice.value.facts["kind"] == "order"


def test_evidence_of_nothing_is_not_taken() -> None:
    with pytest.raises(InvalidEvidence):
        decide(programme(EvidenceGiven("order")), evidence=(Evidence("order"),))


def test_a_fact_of_another_type_is_not_taken() -> None:
    with pytest.raises(InvalidFact):
        decide(programme(FactGiven("outcome")), facts={"outcome": 5})


# -- notices --------------------------------------------------------------------------------------


def notices(decision: Accepted | Refusal) -> list[tuple[str, dict[str, Any]]]:
    found = accepted(decision).notices
    return [(one.code, one.message.plain_parameters()) for one in found]


def test_an_act_in_time_and_in_order_needs_no_notice() -> None:
    same_day = participation(("write", "ann"))

    assert notices(decide(programme(due_on=DUE), effective_on=DUE)) == []
    assert notices(decide(school=same_day, effective_on=TODAY)) == []


def test_a_late_act_is_recorded_and_called_late() -> None:
    decision = decide(programme(due_on=DUE), effective_on=DUE + timedelta(days=2))

    assert notices(decision) == [("late", {"due_on": "2022-03-01", "days": 2})]


def test_an_act_that_bears_an_earlier_date_than_one_before_it_is_noticed() -> None:
    school = participation(("write", "ann"))

    decision = decide(school=school, effective_on=TODAY - timedelta(days=1))

    expected = {"effective_on": "2022-03-13", "before": "2022-03-14"}
    assert notices(decision) == [("dates_out_of_order", expected)]


def test_a_code_beside_the_catalogue_is_noticed() -> None:
    risks = [{"factor": name, "weight": "low"} for name in ("fire", "frost")]

    decision = decide(programme(FactGiven("risks")), facts={"risks": risks})

    assert notices(decision) == [("code_not_in_catalogue", {"code": "frost", "fact": "risks"})]


# -- enrolment ------------------------------------------------------------------------------------

ADMIN = held("ada", "administrator", "installation")


def enrol(roster: tuple[Assignment, ...] = (ADMIN,), **changes: Any) -> Accepted | Refusal:
    usual = {
        "actor": Actor("ada", "host:test"),
        "command_id": "command-1",
        "school": "s-1",
        "title": "School",
        "roadmap": "map",
    }
    stamp = Stamp("record-1", NOON, changes.pop("today", TODAY))
    head = empty_head("origin", SCHOOL)
    return decide_enrol(
        access(*roster),
        programme(),
        (),
        Enrol(**{**usual, **changes}),
        stamp,
        head,
        {"installation": 3, MAP: 1},
    )


def test_a_school_is_enrolled_in_the_initial_state() -> None:
    record = accepted(enrol()).record

    assert (record.kind, record.source, record.target) == ("enrolled", None, "drafting")
    assert record.facts == {"school": "s-1", "roadmap": "map", "title": "School"}
    assert record.consulted == {"installation": 3, MAP: 1}
    assert (record.sequence, record.definition) == (1, programme().ref)


@pytest.mark.parametrize(
    ("today", "given", "borne"),
    [
        (TODAY, None, date(2022, 1, 17)),
        (date(2021, 12, 1), None, date(2021, 12, 1)),
        (TODAY, date(2022, 2, 2), date(2022, 2, 2)),
    ],
)
def test_enrolment_counts_from_the_first_day_of_the_road_map_unless_told(
    today: date, given: date | None, borne: date
) -> None:
    assert accepted(enrol(today=today, effective_on=given)).record.effective_on == borne


def test_who_may_not_enrol_is_told_every_reason() -> None:
    decision = enrol((), effective_on=TODAY + timedelta(days=1))

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.unmet] == ["role_missing", "date_in_future"]


def test_an_enrolment_of_today_is_no_enrolment_of_tomorrow() -> None:
    assert isinstance(enrol(effective_on=TODAY), Accepted)

    decision = enrol(effective_on=TODAY + timedelta(days=1))

    assert isinstance(decision, Refusal)
    assert [one.code for one in decision.unmet] == ["date_in_future"]


def test_neither_another_role_nor_another_holder_is_enough_to_enrol() -> None:
    roster = (held("ada", "judge", MAP), held("bob", "administrator", "installation"))

    decision = enrol(roster)

    assert isinstance(decision, Refusal)
    (one,) = decision.unmet
    assert (one.code, one.who, one.actors) == ("role_missing", ("administrator",), ("bob",))


# -- the board ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "due_on"), [("drafting", date(2022, 2, 1)), ("done", None)])
def test_a_final_state_has_no_deadline_on_the_board(state: str, due_on: date | None) -> None:
    standing = standing_of(participation(state=state), programme())

    assert (standing.state, standing.due_on, standing.final) == (state, due_on, state == "done")


@pytest.mark.parametrize("text", ["", "x", "1.5", "-1", "0", "01", "86401", "9" * 9, "٣"])
def test_a_published_delay_is_a_whole_number_of_seconds_of_a_day(text: str) -> None:
    assert [delay_seconds(one) for one in ("1", "60", "86400")] == [1, 60, 86400]
    with pytest.raises(ValueError, match="seconds"):
        delay_seconds(text)
