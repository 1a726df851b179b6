"""Plan against fact: what schools have fulfilled, what the office has done, and how late."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import (
    ActivityStatus,
    abandoning,
    facts_on,
    fulfilment,
    plan_status,
)
from lifecycle.domain.model import SchoolMove
from lifecycle.domain.plan import Plan, Progress
from tests.domain.plans import (
    DAY,
    activity,
    days_late,
    facts,
    move,
    standing,
    statuses,
)
from tests.domain.plans import definition as rules_of

RULES = rules_of()


def fulfilled(drives: list[str], *moves: str) -> str | None:
    """Return the day in March on which a school that moved so fulfilled *drives*."""
    made = [move("s-1", name, f"2022-03-{day:02}") for day, name in enumerate(moves, 1)]
    dates = fulfilment(facts(RULES, *made, schools=["s-1"], day=date(2022, 3, 31)), drives)
    assert set(dates) <= {"s-1"}
    return str(dates["s-1"].day) if dates else None


@pytest.mark.parametrize(
    ("drives", "moves", "day"),
    [
        # a transition that leaves a state
        (["ask"], [], None),
        (["ask"], ["ask"], "1"),
        # one out of each state, in whatever order the row names them
        (["ask", "visit"], ["ask"], None),
        (["visit", "ask"], ["ask", "submit", "visit"], "3"),
        # either of those that leave the same state
        (["visit", "skip"], ["ask", "submit", "skip"], "3"),
        # what leaves a state counts for more than what stays in it
        (["submit", "visit"], ["ask", "submit"], None),
        (["visit", "send_back"], ["ask", "submit", "visit"], "3"),
        # nothing leaves: a submission, not its return
        (["submit"], ["ask", "submit"], "2"),
        (["submit", "send_back"], ["ask", "submit"], "2"),
        (["submit", "send_back"], ["ask"], None),
        # a return alone is asked for as it stands
        (["send_back"], ["ask", "submit"], None),
        (["send_back"], ["ask", "submit", "send_back"], "3"),
        # returned and submitted again: fulfilled since the first time
        (["submit"], ["ask", "submit", "send_back", "submit"], "2"),
        # a state that was left, by whatever way
        (["asked"], ["ask"], None),
        (["asked"], ["ask", "submit", "skip"], "3"),
        (["asked"], ["ask", "rush"], "2"),
        (["enrolled", "visit"], ["ask", "submit", "visit"], "3"),
        # a transition out of several states is made once, from any
        (["rush"], ["rush"], "1"),
        (["rush", "ask"], ["rush"], "1"),
        (["ask", "visit", "rush"], ["ask"], "1"),
        # a final state is fulfilled when it is reached, but not by giving up
        (["ended"], ["ask", "submit", "visit"], None),
        (["ended"], ["ask", "submit", "visit", "end"], "4"),
        (["end", "ended"], ["ask", "submit", "visit", "end"], "4"),
        (["left"], ["ask"], None),
        # nothing driven, nothing fulfilled
        ([], ["ask"], None),
    ],
)
def test_what_a_row_drives_is_fulfilled(drives: list[str], moves: list[str], day: str) -> None:
    assert fulfilled(drives, *moves) == day


def test_giving_up_is_what_leads_from_several_states_to_an_end() -> None:
    assert abandoning(RULES) == {"leave"}


def test_the_programme_s_only_way_of_giving_up_is_withdrawal(definition: Definition) -> None:
    assert abandoning(definition) == {"withdraw"}


def test_a_school_that_gave_up_does_not_take_part_from_that_day() -> None:
    moves = [move("s-1", "ask", "2022-03-01"), move("s-1", "leave", "2022-03-10")]

    assert facts(RULES, *moves, day=date(2022, 3, 9)).schools == ("s-1", "s-2")
    assert facts(RULES, *moves, day=date(2022, 3, 10)).schools == ("s-2",)
    assert fulfilment(facts(RULES, *moves), ["ask"]) == {}


def test_a_school_takes_part_from_its_enrolment() -> None:
    board = [
        standing("early"),
        standing("late", entered_on=date(2022, 3, 15)),
        # They have moved since, so the day on the board is that of their last state.
        standing("moved", entered_on=date(2022, 3, 20)),
        standing("moved late", entered_on=date(2022, 3, 20)),
    ]
    moves = [move(school, "ask", "2022-03-20") for school in ("moved", "moved late")]
    moves[1] = replace(moves[1], enrolled_on=date(2022, 3, 15))

    seen = facts_on(RULES, {}, board, moves, DAY)

    assert seen.schools == ("early", "moved")
    assert seen.moves == {}


def test_a_school_enrolled_on_paper_first_takes_part_from_its_first_act() -> None:
    moved = replace(move("moved", "ask", "2022-03-12"), enrolled_on=date(2026, 11, 25))
    board = [standing("moved", entered_on=date(2022, 3, 12))]

    taking_part = {
        day: facts_on(RULES, {}, board, [moved], date(2022, 3, day)).schools for day in (11, 12)
    }

    assert taking_part == {11: (), 12: ("moved",)}


def test_what_bears_a_later_date_has_not_happened_yet() -> None:
    moves = [move("s-1", "ask", "2022-03-14"), move("s-2", "ask", "2022-03-15")]

    assert facts(RULES, *moves).moves == {"ask": {"s-1": DAY}}


def test_the_first_of_several_dates_counts_whatever_the_order() -> None:
    moves = [move("s-1", "submit", day) for day in ("2022-03-08", "2022-03-02", "2022-03-05")]

    assert facts(RULES, *moves).moves == {"submit": {"s-1": date(2022, 3, 2)}}


def test_the_last_value_of_a_fact_is_known() -> None:
    moves = [
        move("s-1", "visit", "2022-03-01", outcome="bad", pupils=3),
        move("s-1", "end", "2022-03-02", outcome="good"),
        move("s-2", "end", "2022-03-20", outcome="bad"),
    ]

    assert facts(RULES, *moves).known == {"s-1": {"outcome": "good", "pupils": 3}}


def row_of_schools(*moves: SchoolMove, day: date = DAY) -> ActivityStatus:
    rules = rules_of(activity("1", drives=("ask",), end=date(2022, 3, 10)))
    (status,) = statuses(facts(rules, *moves, day=day), day)
    return status


def test_a_row_of_schools_is_planned_until_one_moves() -> None:
    status = row_of_schools()

    assert (status.by, status.state, status.open) == ("schools", "planned", True)
    assert (status.fulfilled, status.missing) == ({}, ("s-1", "s-2"))
    assert (status.due_on, status.closed_on, status.days_overdue) == (date(2022, 3, 10), None, 4)


def test_a_row_of_schools_is_begun_when_some_have_moved() -> None:
    status = row_of_schools(move("s-2", "ask", "2022-03-02"))

    assert (status.state, status.open) == ("begun", True)
    assert (status.fulfilled, status.missing) == ({"s-2": date(2022, 3, 2)}, ("s-1",))
    assert (status.closed_on, status.days_overdue) == (None, 4)


def test_a_row_of_schools_is_done_with_the_last_of_them_and_as_late_as_it() -> None:
    moves = [move("s-1", "ask", "2022-03-12"), move("s-2", "ask", "2022-03-02")]

    status = row_of_schools(*moves)

    assert (status.state, status.open, status.missing) == ("done", False, ())
    assert (status.closed_on, status.days_overdue) == (date(2022, 3, 12), 2)


def test_a_row_of_schools_that_is_not_due_yet_is_not_late() -> None:
    assert row_of_schools(day=date(2022, 3, 10)).days_overdue == 0


def test_a_row_of_schools_without_schools_is_not_done() -> None:
    rules = rules_of(activity("1", drives=("ask",)))

    (status,) = statuses(facts(rules, schools=[]))

    assert (status.state, status.missing) == ("planned", ())


def row_of_office(progress: Progress | None, **members: Any) -> ActivityStatus:
    rules = rules_of(activity("1", **{"end": date(2022, 3, 10), **members}))
    plan: Plan = {} if progress is None else {("1", None): progress}
    (status,) = statuses(facts(rules, plan=plan))
    return status


def test_a_row_of_the_office_stands_where_its_records_say() -> None:
    begun = Progress("begun", begun_on=date(2022, 3, 9))

    assert row_of_office(None).state == "planned"
    status = row_of_office(begun)
    assert (status.by, status.state, status.open) == ("office", "begun", True)
    assert (status.progress, status.fulfilled, status.missing) == (begun, {}, ())
    assert (status.due_on, status.closed_on, status.days_overdue) == (date(2022, 3, 10), None, 4)


def test_a_row_of_the_office_may_set_a_deadline_and_is_not_fulfilled_by_schools() -> None:
    rules = rules_of(activity("1", drives=("ask",), by_office=True))
    moves = [move("s-1", "ask", "2022-03-01"), move("s-2", "ask", "2022-03-01")]

    (status,) = statuses(facts(rules, *moves))

    assert (status.by, status.state) == ("office", "planned")


def test_an_act_counts_never_before_the_acts_it_followed() -> None:
    moves = [move("s-1", "ask", "2022-03-10"), move("s-1", "end", "2022-03-01")]

    before = facts(RULES, *moves, day=date(2022, 3, 9))
    after = facts(RULES, *moves, day=date(2022, 3, 10))

    assert fulfilment(before, ("end",)) == {}
    assert fulfilment(after, ("end",)) == {"s-1": date(2022, 3, 1)}


@pytest.mark.parametrize(
    ("progress", "due_on", "days"),
    [
        (Progress("done", closed_on=date(2022, 3, 10)), date(2022, 3, 10), 0),
        (Progress("done", closed_on=date(2022, 3, 12)), date(2022, 3, 10), 2),
        (Progress(postponed_to=date(2022, 3, 12)), date(2022, 3, 12), 2),
        (Progress(postponed_to=date(2022, 3, 14)), date(2022, 3, 14), 0),
        (Progress("cancelled", closed_on=date(2022, 3, 13)), date(2022, 3, 10), None),
    ],
)
def test_lateness_counts_from_the_last_day_as_postponed(
    progress: Progress, due_on: date, days: int | None
) -> None:
    status = row_of_office(progress)

    assert (status.due_on, status.days_overdue) == (due_on, days)
    assert status.closed_on == progress.closed_on


def test_a_row_without_a_last_day_is_never_late() -> None:
    assert row_of_office(None, end=None).days_overdue is None


def test_each_occurrence_has_its_own_progress_in_the_order_of_the_road_map() -> None:
    rules = rules_of(
        activity("2", recurrence="FREQ=MONTHLY", start=date(2022, 2, 1), end=date(2022, 4, 30)),
        activity("1"),
    )
    plan: Plan = {
        ("2", "2022-02"): Progress("done", closed_on=date(2022, 2, 3)),
        ("2", None): Progress(),
    }

    found = plan_status(facts(rules, plan=plan), DAY, days_late)

    assert [(one.activity.key, one.occurrence.name, one.state) for one in found] == [
        ("2", "2022-02", "done"),
        ("2", "2022-03", "planned"),
        ("2", "2022-04", "planned"),
        ("1", None, "planned"),
    ]


def test_a_school_that_gave_up_does_not_keep_a_row_open() -> None:
    moves = [
        move("s-1", "ask", "2022-03-02"),
        move("s-2", "leave", "2022-03-03"),
    ]

    status = row_of_schools(*moves)

    assert (status.state, status.closed_on) == ("done", date(2022, 3, 2))
