"""Plan against fact: where every activity of a road map stands on a given day.

The office's own activities stand where their records say; those that drive transitions are
fulfilled by the schools, one by one, with nothing entered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from lifecycle.domain.definition import AnswersSubmission, Definition, Transition
from lifecycle.domain.model import SchoolMove, Standing
from lifecycle.domain.occurrences import Occurrence, occurrences_of
from lifecycle.domain.plan import UNTOUCHED, Plan, Progress
from lifecycle.domain.roadmap import Activity

State = Literal["planned", "begun", "done", "cancelled"]
DaysLate = Callable[[date, date], int]


@dataclass(frozen=True, slots=True)
class ActivityStatus:
    """One occurrence of an activity, plan against fact.

    Args:
        activity: The row of the road map.
        occurrence: The time it is due.
        by: Who fulfils it: the ``office`` or the ``schools``.
        state: Where it stands; for schools ``begun`` once some, ``done`` once all fulfilled it.
        due_on: Last day, after postponement.
        closed_on: Date it was done or cancelled; of the last school's act for schools.
        days_overdue: Working days past the last day: until the day asked for while it is open,
            until it was done otherwise; 0 in time, ``None`` without a last day.
        progress: What was entered for an activity of the office.
        fulfilled: Schools that have fulfilled it, with the date of the act.
        missing: Schools that have not.
    """

    activity: Activity
    occurrence: Occurrence
    by: Literal["office", "schools"]
    state: State
    due_on: date | None
    closed_on: date | None
    days_overdue: int | None
    progress: Progress
    fulfilled: Mapping[str, date]
    missing: tuple[str, ...]

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in ("planned", "begun")


@dataclass(frozen=True, slots=True)
class Facts:
    """What has happened under a road map by a day.

    Args:
        definition: Rules in force.
        plan: What became of the office's activities.
        schools: The schools that take part, withdrawn ones left out.
        moves: Date of the first time that each school made each transition, by transition. What
            was returned and submitted again stays fulfilled since the first time: the road maps
            count corrections to the expertise that asked for them.
        known: Facts known of each school, by school and name.
        held: Roles that somebody holds for each school on the day.
        withdrawn: The schools that took part and do not any more.
    """

    definition: Definition
    plan: Plan
    schools: tuple[str, ...]
    moves: Mapping[str, Mapping[str, date]]
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    held: Mapping[str, Set[str]] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()


def facts_on(
    definition: Definition,
    plan: Plan,
    standings: Iterable[Standing],
    moves: Iterable[SchoolMove],
    day: date,
    held: Mapping[str, Set[str]] | None = None,
) -> Facts:
    """Return what has happened by the end of *day*, by the dates that the acts bear.

    Args:
        definition: Rules in force.
        plan: What became of the office's activities by *day*.
        standings: The board as it is now.
        moves: Every transition of the schools, each school's in the order of its history.
        day: The day asked for.
        held: Roles that somebody holds for each school on *day*, where they are asked for.
    """
    made: dict[str, dict[str, date]] = {}
    known: dict[str, dict[str, Any]] = {}
    out: set[str] = set()
    reached, since = dict[str, date](), dict[str, date]()
    abandoned = abandoning(definition)
    for move in moves:
        # As in a replay, an act counts never before the acts it followed, and an enrolment from
        # the first of them at the latest.
        since.setdefault(move.school, min(move.enrolled_on, move.effective_on))
        reached[move.school] = max(reached.get(move.school, move.effective_on), move.effective_on)
        if reached[move.school] > day:
            continue
        dates = made.setdefault(move.transition, {})
        dates[move.school] = min(dates.get(move.school, day), move.effective_on)
        known.setdefault(move.school, {}).update(move.facts)
        if move.transition in abandoned:
            out.add(move.school)
    standings = tuple(standings)
    schools = tuple(
        one.school
        for one in standings
        # Who has made no move yet entered its state when it was enrolled.
        if one.school not in out and since.get(one.school, one.entered_on) <= day
    )
    withdrawn = tuple(one.school for one in standings if one.school in out)
    return Facts(definition, plan, schools, made, known, held or {}, withdrawn)


def abandoning(definition: Definition) -> frozenset[str]:
    """Return the transitions by which a school stops taking part, such as a withdrawal.

    They lead from several states straight into a final one: no activity is fulfilled by them.
    """
    final = {state.name for state in definition.states if state.final}
    return frozenset(
        one.name for one in definition.transitions if one.target in final and len(one.sources) > 1
    )


def plan_status(facts: Facts, day: date, days_late: DaysLate) -> tuple[ActivityStatus, ...]:
    """Return every occurrence of every activity, in the order of the road map.

    Args:
        facts: What has happened by *day*.
        day: The day asked for.
        days_late: Working days from the day after its first to its second argument.
    """
    roadmap = facts.definition.roadmap
    return tuple(
        _of_schools(facts, activity, occurrence, day, days_late)
        if activity.by_schools
        else _of_office(facts.plan, activity, occurrence, day, days_late)
        for activity in roadmap.activities
        for occurrence in occurrences_of(activity, roadmap)
    )


def office_status(
    definition: Definition, plan: Plan, day: date, days_late: DaysLate
) -> Iterator[ActivityStatus]:
    """Yield what ``plan_status`` returns of the office's own activities: no school is asked."""
    roadmap = definition.roadmap
    for activity in roadmap.activities:
        if not activity.by_schools:
            for occurrence in occurrences_of(activity, roadmap):
                yield _of_office(plan, activity, occurrence, day, days_late)


def fulfilment(facts: Facts, drives: Iterable[str], *, withdrawn: bool = False) -> dict[str, date]:
    """Return the schools that have fulfilled what *drives* names, with the date of the act.

    Schools that take part are looked at; if asked for, those that are *withdrawn* as well.

    A transition that leaves states counts for more than one that stays in its state: a school has
    fulfilled such transitions when it made one of those that leave the same state, for each state.
    A state is fulfilled when the school left it by any transition other than abandoning; a final
    one, when the school reached it so. Where nothing leaves a state, submissions count for more
    than the answers that return them.
    """
    wanted = _wanted(facts.definition, tuple(drives))
    result: dict[str, date] = {}
    for school in (*facts.schools, *(facts.withdrawn if withdrawn else ())):
        dates = [_first(facts, school, group) for group in wanted]
        if dates and None not in dates:
            result[school] = max(one for one in dates if one is not None)
    return result


def _wanted(definition: Definition, drives: tuple[str, ...]) -> list[frozenset[str]]:
    """Return groups of transitions: one of each group has to be made."""
    leaving: dict[frozenset[str], frozenset[str]] = {}  # states -> ways out of them
    staying: list[Transition] = []
    for name in drives:
        transition = definition.transition.get(name)
        if transition is None:
            states, ways = {name}, set(_ways(definition, name))
        elif transition.target is not None:
            states, ways = set(transition.sources), {name}
        else:
            staying.append(transition)
            continue
        for others in [one for one in leaving if one & states]:
            states |= others
            ways |= leaving.pop(others)
        leaving[frozenset(states)] = frozenset(ways)
    if leaving:
        return list(leaving.values())
    submissions = [one for one in staying if not _answers(one)]
    return [frozenset({one.name}) for one in submissions or staying]


def _ways(definition: Definition, state: str) -> Iterator[str]:
    """Yield the transitions by which *state* is fulfilled: out of it, or into a final one."""
    abandoned = abandoning(definition)
    for one in definition.transitions:
        ends = one.target == state if definition.state[state].final else state in one.sources
        if ends and one.target is not None and one.name not in abandoned:
            yield one.name


def _answers(transition: Transition) -> bool:
    return any(isinstance(one, AnswersSubmission) for one in transition.requirements)


def _first(facts: Facts, school: str, group: Iterable[str]) -> date | None:
    dates = [facts.moves[name][school] for name in group if school in facts.moves.get(name, {})]
    return min(dates, default=None)


def _of_schools(
    facts: Facts, activity: Activity, occurrence: Occurrence, day: date, days_late: DaysLate
) -> ActivityStatus:
    fulfilled = fulfilment(facts, activity.drives)
    missing = tuple(school for school in facts.schools if school not in fulfilled)
    done = bool(fulfilled) and not missing
    closed_on = max(fulfilled.values()) if done else None
    return ActivityStatus(
        activity=activity,
        occurrence=occurrence,
        by="schools",
        state="done" if done else "begun" if fulfilled else "planned",
        due_on=occurrence.end,
        closed_on=closed_on,
        days_overdue=_late(occurrence.end, closed_on or day, days_late),
        progress=UNTOUCHED,
        fulfilled=fulfilled,
        missing=missing,
    )


def _of_office(
    plan: Plan, activity: Activity, occurrence: Occurrence, day: date, days_late: DaysLate
) -> ActivityStatus:
    progress = plan.get((activity.key, occurrence.name), UNTOUCHED)
    due_on = progress.postponed_to or occurrence.end
    late = None if progress.state == "cancelled" else due_on
    return ActivityStatus(
        activity=activity,
        occurrence=occurrence,
        by="office",
        state=progress.state,
        due_on=due_on,
        closed_on=progress.closed_on,
        days_overdue=_late(late, progress.closed_on or day, days_late),
        progress=progress,
        fulfilled={},
        missing=(),
    )


def _late(due_on: date | None, until: date, days_late: DaysLate) -> int | None:
    if due_on is None:
        return None
    return days_late(due_on, until) if until > due_on else 0
