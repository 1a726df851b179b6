"""What becomes of activities, record by record, and that a record is decided again as it was."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.decision import Accepted
from lifecycle.domain.plan import (
    BASIS,
    RESULT,
    UNTOUCHED,
    Progress,
    decide_activity,
    plan_of,
    request_of,
)
from lifecycle.domain.record import Record
from tests.domain.acts import (
    CANCELLED,
    DONE,
    HEAD,
    JOE,
    POSTPONED,
    ROSTER,
    RULES,
    STAMP,
    accepted,
    decide,
    request,
)
from tests.domain.small import MAP, access, link


def record(kind: str, day: int, **members: Any) -> Record:
    """Return a record of the plan, however it came to be."""
    usual = accepted(**CANCELLED).record
    facts: dict[str, Any] = {"activity": "1", "occurrence": None, "postponed_to": None}
    return replace(
        usual,
        kind=kind,  # type: ignore[arg-type]
        effective_on=date(2022, 3, day),
        reason=members.pop("reason", None),
        evidence=members.pop("evidence", ()),
        facts={**facts, "counts": {}, **members},
    )


def test_the_plan_is_folded_record_by_record() -> None:
    done, basis = link(RESULT), link(BASIS)
    records = [
        record("role_assigned", 1),
        record("activity_begun", 2),
        record("activity_postponed", 3, postponed_to="2022-04-08", evidence=(basis,)),
        record("activity_done", 9, counts={"teachers": 12}, evidence=(done,)),
        record("activity_cancelled", 4, activity="4", occurrence="2022-03", reason="merged"),
    ]

    plan = plan_of(records)

    assert plan == {
        ("1", None): Progress(
            state="done",
            begun_on=date(2022, 3, 2),
            closed_on=date(2022, 3, 9),
            postponed_to=date(2022, 4, 8),
            counts={"teachers": 12},
            evidence=(basis, done),
        ),
        ("4", "2022-03"): Progress(state="cancelled", closed_on=date(2022, 3, 4), reason="merged"),
    }
    assert [one.open for one in plan.values()] == [False, False]
    assert plan_of(records[:3])["1", None].open
    assert UNTOUCHED.open


def test_what_is_postponed_while_it_runs_goes_on_running() -> None:
    plan = plan_of(
        [record("activity_begun", 2), record("activity_postponed", 3, postponed_to="2022-04-08")]
    )

    assert plan["1", None] == Progress(
        "begun", begun_on=date(2022, 3, 2), postponed_to=date(2022, 4, 8), evidence=()
    )


@pytest.mark.parametrize("new", [None, "", "soon", "2022-02-30"])
def test_a_forged_postponement_postpones_nothing(new: str | None) -> None:
    plan = plan_of([record("activity_postponed", 3, postponed_to=new)])

    assert plan == {("1", None): UNTOUCHED}


ACTS: list[dict[str, Any]] = [
    {"act": "begun", "activity": "4", "occurrence": "2022-03"},
    {**DONE, "activity": "2", "counts": {"teachers": 12, "heads": 1}},
    POSTPONED,
    CANCELLED,
]


@pytest.mark.parametrize("members", ACTS)
def test_a_record_is_decided_again_as_it_was(members: dict[str, Any]) -> None:
    made = accepted(**members).record

    again = request_of(
        made, "map", actor=JOE, command_id="command-1", effective_on=made.effective_on
    )

    decision = decide_activity(access(), RULES, ROSTER, {}, again, STAMP, HEAD, {MAP: 4})
    assert isinstance(decision, Accepted)
    assert replace(decision.record, request=made.request) == made
    assert again == request(**members, effective_on=made.effective_on)


OPEN = ["planned", "begun"]


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 14)), max_size=8))
def test_whatever_is_tried_the_plan_only_goes_forward(tried: list[tuple[Any, int]]) -> None:
    records: list[Record] = []
    for members, day in tried:
        plan = plan_of(records)
        where = {**members, "activity": "1", "occurrence": None, "counts": {}}
        decision = decide(plan, **where, effective_on=date(2022, 3, day))
        before = plan.get(("1", None), UNTOUCHED)
        if isinstance(decision, Accepted):
            assert before.open
            records.append(decision.record)
        else:
            after_closing = not before.open
            twice = members["act"] == "begun" and before.state == "begun"
            same_day = members["act"] == "postponed" and before.postponed_to is not None
            assert after_closing or twice or same_day
    states = [plan_of(records[:n]).get(("1", None), UNTOUCHED).state for n in range(len(records))]
    assert all(state in OPEN for state in states)
