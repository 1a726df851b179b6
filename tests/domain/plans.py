"""A small road map made by hand, schools that moved under it, and working days without weekends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from lifecycle.domain.definition import AnswersSubmission, Definition, State, Transition
from lifecycle.domain.fulfilment import ActivityStatus, Facts, facts_on, plan_status
from lifecycle.domain.model import SchoolMove, Standing
from lifecycle.domain.plan import Plan
from lifecycle.domain.roadmap import Activity, Indicator
from tests.domain import small

NOON = datetime(2022, 3, 14, 12, tzinfo=UTC)
DAY = date(2022, 3, 14)
SCHOOLS = ("s-1", "s-2")


def activity(key: str, **members: Any) -> Activity:
    """Return a row of the office for March 2022 that waits for nothing, but for *members*."""
    usual: dict[str, Any] = {
        "section": None,
        "title": f"row {key}",
        "when": "март",
        "start": date(2022, 3, 1),
        "end": date(2022, 3, 31),
        "recurrence": None,
        "responsible": None,
        "roles": (),
        "result": None,
        "drives": (),
        "lines": (1,),
    }
    return Activity(key, **{**usual, **members})


def definition(
    *activities: Activity, indicators: tuple[Indicator, ...] = (), **members: Any
) -> Definition:
    """Return a programme of five states under a road map of *activities*.

    ``enrolled`` is left by ``ask``; ``asked`` by ``visit`` or ``skip``, which answer ``submit``, or
    stays so by ``submit`` and ``send_back``; ``visited`` by ``end``. ``rush`` leads from the first
    two to ``visited``, ``leave`` from the first three out of the programme.
    """
    states = [("enrolled", False), ("asked", False), ("visited", False)]
    states += [("ended", True), ("left", True)]
    answers = (AnswersSubmission("submit"),)
    moves: list[tuple[str, tuple[str, ...], str | None, tuple[AnswersSubmission, ...]]] = [
        ("ask", ("enrolled",), "asked", ()),
        ("submit", ("asked",), None, ()),
        ("send_back", ("asked",), None, answers),
        ("visit", ("asked",), "visited", answers),
        ("skip", ("asked",), "visited", answers),
        ("rush", ("enrolled", "asked"), "visited", ()),
        ("end", ("visited",), "ended", ()),
        ("leave", ("enrolled", "asked", "visited"), "left", ()),
    ]
    return replace(
        small.programme(),
        roadmap=replace(small.ROADMAP, activities=activities, indicators=indicators),
        initial="enrolled",
        states=tuple(
            State(name, small.text(name), "inference", final=final) for name, final in states
        ),
        transitions=tuple(
            Transition(name, small.text(name), "inference", sources, target, ("judge",), asked)
            for name, sources, target, asked in moves
        ),
        **members,
    )


def standing(school: str, entered_on: date = date(2021, 1, 11), state: str = "x") -> Standing:
    """Return a school's row of the board; plans look at who it is and since when."""
    return Standing(school, "map", school, "0" * 64, state, 1, NOON, entered_on, None, False)


def move(school: str, transition: str, day: str, **facts: Any) -> SchoolMove:
    """Return a transition that bears *day*; plans ask for no states."""
    made = date.fromisoformat(day)
    return SchoolMove(school, transition, "x", "y", made, date(2021, 1, 11), facts)


def facts(
    rules: Definition,
    *moves: SchoolMove,
    plan: Plan | None = None,
    schools: Iterable[str] = SCHOOLS,
    day: date = DAY,
) -> Facts:
    """Return what has happened by *day* to *schools*."""
    return facts_on(rules, plan or {}, [standing(school) for school in schools], moves, day)


def days_late(due_on: date, until: date) -> int:
    """Count the days after *due_on*, every one of them worked."""
    return (until - due_on).days


def statuses(seen: Facts, day: date = DAY) -> tuple[ActivityStatus, ...]:
    """Return every occurrence of every activity."""
    return plan_status(seen, day, days_late)
