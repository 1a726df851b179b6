"""Decisions on the office's activities: what is accepted, and every reason why not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.decision import Accepted, Stamp
from lifecycle.domain.errors import (
    InvalidEvidence,
    InvalidFact,
    UnknownActivity,
    UnknownOccurrence,
)
from lifecycle.domain.model import Actor, Evidence
from lifecycle.domain.plan import BASIS, RESULT, Plan, Progress, decide_activity, is_plan_record
from lifecycle.domain.record import ActedAs, Record
from tests.domain.acts import (
    CANCELLED,
    DONE,
    HEAD,
    POSTPONED,
    ROSTER,
    RULES,
    accepted,
    at,
    decide,
    refused,
    request,
)
from tests.domain.plans import DAY, NOON
from tests.domain.small import MAP, access, held, link


def test_the_record_says_what_was_done_by_whom_on_what() -> None:
    record = accepted(
        act="done",
        activity="2",
        evidence=(link(RESULT),),
        counts={"teachers": 12, "heads": 0},
        effective_on=date(2022, 3, 10),
    ).record

    assert record == Record(
        origin="origin",
        stream=MAP,
        sequence=1,
        previous=HEAD.hash,
        record_id="record-1",
        command_id="command-1",
        request=record.request,
        kind="activity_done",
        actor=ActedAs("joe", "judge", "given-joe-judge-1", "host:test", None),
        recorded_at=NOON,
        effective_on=date(2022, 3, 10),
        definition=RULES.ref,
        requirements=("role", "date", "authentication", "activity"),
        due_on=date(2022, 3, 31),
        evidence=(link(RESULT),),
        facts={
            "activity": "2",
            "occurrence": None,
            "postponed_to": None,
            "counts": {"teachers": 12, "heads": 0},
        },
        consulted={MAP: 4},
    )
    assert is_plan_record(record)
    assert not is_plan_record(replace(record, kind="advanced"))


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"act": "begun"}, "activity_begun"),
        (DONE, "activity_done"),
        (POSTPONED, "activity_postponed"),
        (CANCELLED, "activity_cancelled"),
    ],
)
def test_an_act_has_its_kind_of_record(members: dict[str, Any], kind: str) -> None:
    assert accepted(**members).record.kind == kind


# -- who and what


def test_a_party_of_the_row_acts_before_those_who_answer_for_all() -> None:
    both = (*ROSTER, held("joe", "writer", MAP, 9))

    decision = decide(roster=both)

    assert isinstance(decision, Accepted)
    assert decision.record.actor.role == "writer"


def test_nobody_else_acts() -> None:
    assert refused(actor=Actor("sue", "host:test")) == [
        "role_missing: sue holds none of these roles there: writer, judge"
    ]


def test_an_act_of_tomorrow_has_not_happened() -> None:
    assert refused(effective_on=date(2022, 3, 15)) == [
        "date_in_future: 2022-03-15 has not come yet; today is 2022-03-14"
    ]


def test_an_unknown_activity_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownActivity, match="44"):
        decide(activity="44")


@pytest.mark.parametrize(
    ("members", "said", "remedy"),
    [
        (
            {"activity": "4", "occurrence": "2023-13"},
            "activity 4 has no occurrence 2023-13",
            "did you mean 2022-03?",
        ),
        (
            {"activity": "4", "occurrence": "spring"},
            "activity 4 has no occurrence spring",
            "name it with --occurrence, one of: 2022-03",
        ),
        (
            {"activity": "4"},
            "activity 4 recurs: say which time is meant",
            "name it with --occurrence, one of: 2022-03",
        ),
        (
            {"activity": "1", "occurrence": "2022-03"},
            "activity 1 has no occurrence 2022-03",
            "it does not recur: leave --occurrence out",
        ),
    ],
)
def test_an_unknown_occurrence_is_told(members: dict[str, Any], said: str, remedy: str) -> None:
    with pytest.raises(UnknownOccurrence) as raised:
        decide(**members)

    assert str(raised.value) == said
    assert str(raised.value.remedy) == remedy


def test_an_occurrence_is_acted_on_by_its_name() -> None:
    record = accepted(activity="4", occurrence="2022-03").record

    assert record.facts is not None
    assert record.facts["occurrence"] == "2022-03"
    assert record.due_on == date(2022, 3, 31)


def test_what_schools_fulfil_is_not_entered_a_second_time() -> None:
    assert refused(activity="3", **DONE) == [
        "fulfilled_by_schools: schools fulfil 3 by their own transitions: ask, visit"
    ]


def test_the_office_s_own_row_is_entered_though_it_sets_a_deadline() -> None:
    record = accepted(activity="5", **DONE).record

    assert record.due_on is None


# -- one thing after another


@pytest.mark.parametrize("state", ["done", "cancelled"])
@pytest.mark.parametrize("members", [{"act": "begun"}, DONE, POSTPONED, CANCELLED])
def test_what_is_closed_stays_so(state: Any, members: dict[str, Any]) -> None:
    assert refused(at(Progress(state, closed_on=DAY)), **members) == [
        f"activity_closed: 1 is {state} already"
    ]


def test_what_is_begun_is_not_begun_again() -> None:
    begun = at(Progress("begun", begun_on=DAY))

    assert refused(begun) == ["activity_closed: 1 is begun already"]
    for members in (DONE, POSTPONED, CANCELLED):
        accepted(begun, **members)


def test_all_that_stands_in_the_way_is_told_at_once() -> None:
    said = refused(
        at(Progress("done", closed_on=DAY)),
        actor=Actor("sue", "host:test"),
        act="cancelled",
        evidence=(link(RESULT),),
        postponed_to=date(2022, 4, 1),
    )

    assert [line.split(":")[0] for line in said] == [
        "role_missing",
        "activity_closed",
        "evidence_unexpected",
        "date_wanted",
        "reason_missing",
    ]


# -- what is shown


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({**DONE, "evidence": ()}, ["evidence_missing: evidence activity_result is missing"]),
        ({**POSTPONED, "evidence": ()}, ["evidence_missing: evidence basis is missing"]),
        (
            {**DONE, "evidence": (link(BASIS),)},
            [
                "evidence_missing: evidence activity_result is missing",
                "evidence_unexpected: done takes no evidence basis",
            ],
        ),
        (
            {"act": "begun", "evidence": (link(RESULT),)},
            ["evidence_unexpected: begun takes no evidence activity_result"],
        ),
        (
            {**CANCELLED, "evidence": (link(BASIS),)},
            ["evidence_unexpected: cancelled takes no evidence basis"],
        ),
    ],
)
def test_evidence_is_what_the_act_asks_for(members: dict[str, Any], said: list[str]) -> None:
    assert refused(**members) == said


def test_several_pieces_may_be_shown() -> None:
    pieces = tuple(
        Evidence(RESULT, form="link", url=f"https://example.org/{name}") for name in "ab"
    )

    assert accepted(act="done", evidence=pieces).record.evidence == pieces


def test_what_the_office_shows_is_for_no_item_of_its_own() -> None:
    assert refused(act="done", evidence=(link(RESULT, "a"),)) == [
        "evidence_item_unexpected: evidence activity_result is not asked for a"
    ]


@pytest.mark.parametrize(
    ("pieces", "said"),
    [
        ((link(RESULT), link(RESULT)), "the same piece is given twice"),
        ((Evidence(RESULT, form="link", url="ftp://example.org"),), "the link is not an address"),
    ],
)
def test_a_piece_has_to_be_sound_and_given_once(pieces: tuple[Evidence, ...], said: str) -> None:
    with pytest.raises(InvalidEvidence, match=said):
        decide(act="done", evidence=pieces)


# -- dates, reasons, numbers


@pytest.mark.parametrize(
    ("plan", "day", "said"),
    [
        (None, date(2022, 4, 1), []),
        (None, date(2022, 3, 31), ["date_not_later: it is due on 2022-03-31; name a later day"]),
        (
            at(Progress(postponed_to=date(2022, 4, 8))),
            date(2022, 4, 8),
            ["date_not_later: it is due on 2022-04-08; name a later day"],
        ),
        (None, None, ["date_wanted: a new date is given when postponing"]),
    ],
)
def test_it_is_postponed_to_a_later_day(plan: Plan | None, day: date | None, said: Any) -> None:
    members = {**POSTPONED, "postponed_to": day}

    if said:
        assert refused(plan, **members) == said
    else:
        accepted(plan, **members)


def test_what_has_no_last_day_is_postponed_to_any() -> None:
    accepted(activity="5", **{**POSTPONED, "postponed_to": date(2022, 1, 1)})


@pytest.mark.parametrize("members", [{"act": "begun"}, DONE])
def test_only_postponing_names_a_new_day(members: dict[str, Any]) -> None:
    assert refused(**members, postponed_to=date(2022, 4, 8)) == [
        "date_wanted: a new date is given when postponing"
    ]


@pytest.mark.parametrize("reason", [None, "rain"])
def test_it_is_cancelled_for_one_of_the_reasons(reason: str | None) -> None:
    assert refused(act="cancelled", reason=reason) == [
        "reason_missing: a reason is missing, one of: merged, mistake"
    ]


@pytest.mark.parametrize("members", [{"act": "begun"}, DONE, POSTPONED])
def test_only_cancelling_has_a_reason(members: dict[str, Any]) -> None:
    (said,) = refused(**members, reason="merged")

    assert said == f"reason_unexpected: {members['act']} takes no reason"


def test_the_numbers_of_the_row_are_entered_when_it_is_done() -> None:
    assert refused(**DONE, activity="2", counts={"heads": 3}) == [
        "fact_missing: the number teachers is missing"
    ]
    assert refused(act="begun", activity="2", counts={"heads": 3}) == [
        "fact_unexpected: numbers are entered when it is done"
    ]


@pytest.mark.parametrize("value", [0, 7, MAX_INTEGER])
def test_a_number_is_a_whole_one(value: int) -> None:
    accepted(**DONE, activity="2", counts={"teachers": value, "heads": value})


@pytest.mark.parametrize("value", [-1, MAX_INTEGER + 1, True, 2.0, "7"])
def test_what_is_no_whole_number_is_none(value: Any) -> None:
    with pytest.raises(InvalidFact, match="it is not a whole number"):
        decide(**DONE, activity="2", counts={"teachers": value, "heads": 1})


@pytest.mark.parametrize(("key", "hint"), [("1", "-"), ("2", "teachers, heads")])
def test_a_number_that_the_row_does_not_ask_for_is_told(key: str, hint: str) -> None:
    with pytest.raises(InvalidFact, match="the activity asks for no such number") as caught:
        decide(**DONE, activity=key, counts={"people": 1})

    assert str(caught.value.remedy) == f"it asks for: {hint}"


# -- what is worth saying


@pytest.mark.parametrize(
    ("plan", "day", "said"),
    [
        (None, date(2022, 3, 14), []),
        (
            at(Progress(begun_on=date(2022, 3, 12), state="begun")),
            date(2022, 3, 11),
            ["dates_out_of_order: the act bears 2022-03-11, but an act before it bears 2022-03-12"],
        ),
    ],
)
def test_dates_out_of_order_are_taken_and_told(plan: Plan | None, day: date, said: Any) -> None:
    notices = accepted(plan, **DONE, effective_on=day).notices

    assert [f"{one.code}: {one.message}" for one in notices] == said


def test_what_is_done_late_is_taken_and_told() -> None:
    later = Stamp("record-1", NOON.replace(month=4), date(2022, 4, 14))

    def notices(plan: Plan, **members: Any) -> list[str]:
        decision = decide_activity(
            access(), RULES, ROSTER, plan, request(**members), later, HEAD, {}
        )
        assert isinstance(decision, Accepted)
        return [f"{one.code}: {one.message}" for one in decision.notices]

    assert notices({}, **DONE) == [
        "late: late: the road map's deadline was 2022-03-31, 14 day(s) earlier"
    ]
    assert notices({}, **DONE, effective_on=date(2022, 3, 31)) == []
    assert notices(at(Progress(postponed_to=date(2022, 4, 14))), **DONE) == []
    assert notices({}, activity="5", **DONE) == []
    assert notices({}, act="begun") == []


def test_one_time_of_several_that_has_not_begun_yet_is_noticed() -> None:
    def notices(day: date) -> list[str]:
        members = {**DONE, "activity": "4", "occurrence": "2022-03", "counts": {}}
        return [
            f"{one.code}: {one.message}" for one in accepted(**members, effective_on=day).notices
        ]

    assert notices(date(2022, 2, 28)) == [
        "before_its_time: 2022-03 begins on 2022-03-01, but the act bears 2022-02-28"
    ]
    assert notices(date(2022, 3, 1)) == []
