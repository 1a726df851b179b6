"""What is overdue or falls due: by school and by activity, with who is to act and who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Generic, Literal, TypeVar

from lifecycle.domain.definition import AnswersSubmission, Definition, EscalationStep
from lifecycle.domain.fulfilment import ActivityStatus, DaysLate, abandoning
from lifecycle.domain.model import (
    Assignment,
    SchoolMove,
    Standing,
    participation_stream,
)

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a school stood on a day.

    Args:
        school: Id of the school.
        title: Name of the school.
        state: State it was in.
        since: Date of the act that led into the state.
        moves_here: Transitions made since then, in order.
        held: Roles held on the school now.
    """

    school: str
    title: str
    state: str
    since: date
    moves_here: tuple[str, ...]
    held: Sequence[Assignment]


@dataclass(frozen=True, slots=True)
class Due:
    """Something with a last day.

    Args:
        kind: A ``school`` that is to submit something or to leave a state, or an ``activity`` of
            the office.
        roadmap: Id of the road map.
        subject: Id of the school, or key of the activity (``KEY@OCCURRENCE`` where it recurs).
        title: Name of the school or wording of the activity.
        state: State of the school or of the activity.
        due_on: Last day, inclusive.
        days_overdue: Working days past it; 0 while it is still to come.
        days_left: Calendar days until it; 0 once it has passed.
        day: The day asked for.
        activities: Keys of the rows of the road map that set the last day.
        roles: Who is to act.
        actors: Who holds these roles.
        escalated_to: Role that is told by now, if any.
        told: Who holds that role.
    """

    kind: Literal["school", "activity"]
    roadmap: str
    subject: str
    title: str
    state: str
    due_on: date
    days_overdue: int
    days_left: int
    day: date
    activities: tuple[str, ...]
    roles: tuple[str, ...]
    actors: tuple[str, ...]
    escalated_to: str | None
    told: tuple[str, ...]

    @property
    def is_late(self) -> bool:
        """Whether the last day has passed, be it by days that are not worked."""
        return self.due_on < self.day


@dataclass(frozen=True, slots=True)
class _Deadline:
    """A last day as it stands on the day asked for: the same for all who stand alike.

    Args:
        due_on: Last day, inclusive.
        days_overdue: Working days past it.
        days_left: Calendar days until it.
        activities: Keys of the rows of the road map that set it.
        roles: Who is to act.
        told: Role that is told by now, if any.
    """

    due_on: date
    days_overdue: int
    days_left: int
    activities: tuple[str, ...]
    roles: tuple[str, ...]
    told: str | None


def holders(roles: Iterable[str], *held: Iterable[Assignment]) -> tuple[str, ...]:
    """Return who holds one of *roles* by any of the assignments, sorted."""
    wanted = set(roles)
    return tuple(sorted({one.actor for some in held for one in some if one.role in wanted}))


def places_on(
    definition: Definition,
    standings: Iterable[Standing],
    moves: Iterable[SchoolMove],
    held: Iterable[Assignment],
    day: date,
) -> Iterator[Place]:
    """Yield where every school stood by the end of *day*, by the dates that the acts bear.

    Args:
        definition: Rules in force.
        standings: The board, by school.
        moves: Transitions of these schools, in the same order.
        held: Roles held on these schools, in the same order.
        day: The day asked for.
    """
    moves_of = _Along(moves, lambda one: one.school)
    held_on = _Along(held, lambda one: one.stream)
    for standing in standings:
        own = moves_of.take(standing.school)
        roles = held_on.take(participation_stream(standing.school))
        place = _place(definition, standing, own, roles, day)
        if place is not None:
            yield place


class _Along(Generic[Row]):
    """Rows read along with the schools that they belong to, which come in the same order.

    Args:
        rows: In the order of the schools.
        name: Tells whose a row is.
    """

    def __init__(self, rows: Iterable[Row], name: Callable[[Row], str]) -> None:
        self._rows = groupby(rows, key=name)
        self._next = next(self._rows, None)

    def take(self, name: str) -> list[Row]:
        """Return the rows of the school whose turn it is."""
        if self._next is None or self._next[0] != name:
            return []
        found = list(self._next[1])
        self._next = next(self._rows, None)
        return found


def _place(
    definition: Definition,
    standing: Standing,
    moves: Sequence[SchoolMove],
    held: Sequence[Assignment],
    day: date,
) -> Place | None:
    since = standing.entered_on
    if moves:  # As in a replay, the enrolment counts from the first act at the latest.
        since = min(moves[0].enrolled_on, moves[0].effective_on)
    if since > day:
        return None
    state, here = definition.initial, list[str]()
    for move in moves:
        if move.effective_on > day:
            break  # An act counts never before the acts it followed.
        if move.target == move.source:
            here.append(move.transition)
        else:
            state, since, here = move.target, move.effective_on, []
    return Place(standing.school, standing.title, state, since, tuple(here), held)


def schools_due(
    definition: Definition,
    places: Iterable[Place],
    on_roadmap: Sequence[Assignment],
    day: date,
    late: DaysLate,
) -> Iterator[Due]:
    """Yield every school that has a deadline before it.

    Args:
        definition: Rules in force.
        places: Where the schools stood on *day*.
        on_roadmap: Roles held on the road map.
        day: The day asked for.
        late: Working days from the day after its first to its second argument.
    """
    known: dict[tuple[str, tuple[str, ...]], _Deadline | None] = {}
    for place in places:
        alike = place.state, place.moves_here
        if alike not in known:
            known[alike] = _before(definition, place, day, late)
        deadline = known[alike]
        if deadline is not None:
            what = place.school, place.title, place.state
            yield _due(definition, "school", what, deadline, day, on_roadmap, place.held)


def _before(definition: Definition, place: Place, day: date, late: DaysLate) -> _Deadline | None:
    """Return what is before everybody who stands where *place* is."""
    due_on, keys = to_meet(definition, place)
    if definition.state[place.state].final or due_on is None:
        return None
    return _deadline(definition, due_on, late(due_on, day), keys, to_act(definition, place), day)


def activities_due(
    definition: Definition,
    statuses: Iterable[ActivityStatus],
    on_roadmap: Sequence[Assignment],
    day: date,
) -> Iterator[Due]:
    """Yield every open activity that has a last day, out of those of the office."""
    for one in statuses:
        if not one.open or one.due_on is None:
            continue
        name = one.occurrence.name
        subject = one.activity.key if name is None else f"{one.activity.key}@{name}"
        roles = one.activity.roles
        if not holders(roles, on_roadmap):
            # Curators are held on schools: those who answer for the whole road map have to see to
            # what the curators of all schools are to do.
            roles = tuple(dict.fromkeys((*roles, *definition.planned_by)))
        deadline = _deadline(
            definition, one.due_on, one.days_overdue or 0, (one.activity.key,), roles, day
        )
        what = subject, one.activity.title, one.state
        yield _due(definition, "activity", what, deadline, day, on_roadmap)


def to_meet(definition: Definition, place: Place) -> tuple[date | None, tuple[str, ...]]:
    """Return the last day that a school has to meet next, and the rows that set it.

    What is to be submitted has a last day of its own, until it was submitted for the first time;
    then, as where nothing is, the school is to leave its state in time. Of two the earlier counts.
    Where no row dates either, the school is late when it is late for what comes next.
    """
    abandoned = abandoning(definition)
    states, seen, made = [place.state], set[str](), place.moves_here
    while states:
        deadlines = [one for name in states for one in _deadlines(definition, name, made)]
        first = min((due_on for due_on, _ in deadlines), default=None)
        if first is not None:
            keys = [key for due_on, driven_by in deadlines if due_on == first for key in driven_by]
            return first, tuple(dict.fromkeys(keys))
        seen.update(states)
        ways = [way for name in states for way in definition.open_in(name)]
        targets = [way.target for way in ways if way.target and way.name not in abandoned]
        states, made = [name for name in dict.fromkeys(targets) if name not in seen], ()
    return None, ()


def _deadlines(
    definition: Definition, name: str, made: tuple[str, ...]
) -> Iterator[tuple[date, tuple[str, ...]]]:
    """Yield the last days of a state: of leaving it, and of submissions that were not *made*."""
    state = definition.state[name]
    if state.due_on is not None:
        yield state.due_on, state.driven_by
    for transition in definition.open_in(name):
        for one in transition.requirements:
            if isinstance(one, AnswersSubmission) and one.submission not in made:
                submission = definition.transition[one.submission]
                if submission.due_on is not None:
                    yield submission.due_on, submission.driven_by


def to_act(definition: Definition, place: Place) -> tuple[str, ...]:
    """Return the roles whose move it is.

    Where the way out answers a submission, it is theirs who submit until something waits for an
    answer, and theirs who answer from then on.
    """
    abandoned = abandoning(definition)
    roles: dict[str, None] = {}
    for transition in definition.open_in(place.state):
        if transition.target is None or transition.name in abandoned:
            continue
        wanted = transition.roles
        for requirement in transition.requirements:
            if isinstance(requirement, AnswersSubmission):
                waits = place.moves_here[-1:] == (requirement.submission,)
                submit = definition.transition[requirement.submission]
                wanted = transition.roles if waits else submit.roles
        roles |= dict.fromkeys(wanted)
    return tuple(roles)


def told_by(ladder: Sequence[EscalationStep], days_overdue: int) -> str | None:
    """Return the role that is told of something *days_overdue* working days late."""
    steps = [step for step in ladder if step.after_working_days <= days_overdue]
    return steps[-1].role if steps else None


def _deadline(
    definition: Definition,
    due_on: date,
    days_overdue: int,
    activities: tuple[str, ...],
    roles: tuple[str, ...],
    day: date,
) -> _Deadline:
    left = max(timedelta(0), due_on - day).days
    told = told_by(definition.escalation, days_overdue) if day > due_on else None
    return _Deadline(due_on, days_overdue, left, activities, roles, told)


def _due(
    definition: Definition,
    kind: Literal["school", "activity"],
    what: tuple[str, str, str],
    deadline: _Deadline,
    day: date,
    *held: Sequence[Assignment],
) -> Due:
    subject, title, state = what
    return Due(
        kind=kind,
        roadmap=definition.roadmap.id,
        subject=subject,
        title=title,
        state=state,
        due_on=deadline.due_on,
        days_overdue=deadline.days_overdue,
        days_left=deadline.days_left,
        day=day,
        activities=deadline.activities,
        roles=deadline.roles,
        actors=holders(deadline.roles, *held),
        escalated_to=deadline.told,
        told=holders([deadline.told], *held) if deadline.told else (),
    )
