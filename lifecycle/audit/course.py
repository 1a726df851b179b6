"""How far the screen followed a school's stream, in plain values."""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle.audit.acting import Consulted
from lifecycle.audit.compiled import Act, Rules
from lifecycle.audit.spelling import Row

COLUMNS = (
    "stream",
    "sequence",
    "hash",
    "body",
    "previous",
    "record_id",
    "command_id",
    "kind",
    "transition",
    "source",
    "target",
    "definition",
    "actor",
    "role",
    "recorded_at",
    "effective_on",
)
"""What the screen takes a row of a record to be made of."""


@dataclass(slots=True, kw_only=True)
class Course(Act):
    """How far a school's stream was followed.

    Args:
        rules: Rules pinned at its enrolment.
        school: Id of the school.
        roadmap: Road map it takes part under.
        title: Its name.
        state: Current state.
        entered_at: When that was entered.
        entered_on: Date of the act that led there.
        on_map: Stream of the road map.
        zone: Time zone of the road map.
        place: The stream, as bodies spell it.
        asked: The school, as requests spell it.
        dated: The last request gave its date.
        today: The day at the place of the road map when the record was written down.
        consulted: What was consulted last by a transition, or by the enrolment.
        spelt: How its body spelt that; empty where no transition was made yet.
    """

    rules: Rules
    school: str
    roadmap: str
    title: str
    state: str
    entered_at: str
    entered_on: str
    on_map: str
    zone: str
    place: str
    asked: bytes
    consulted: Consulted
    dated: bool = False
    today: str = ""
    spelt: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a stream that was passed came to; how storage has to show it.

    Args:
        records: How many it has.
        head: Version, hash and time.
        standing: Row of the board.
        held: Rows of the roles held on the school, without the stream.
    """

    records: int
    head: Row
    standing: Row
    held: list[Row]


def passed(course: Course, head: Row) -> Passed:
    """Return what a stream came to, whose head is *head*."""
    state = course.rules.definition.state[course.state]
    due_on = None if state.final or state.due_on is None else state.due_on.isoformat()
    standing = (
        course.school,
        course.roadmap,
        course.title,
        course.rules.digest,
        course.state,
        head[0],
        course.entered_at,
        course.entered_on,
        due_on,
        int(state.final),
    )
    held = [(record_id, actor, role, place) for actor, role, record_id, place in course.own]
    return Passed(head[0], head, standing, held)
