"""Cases: the histories of participations that are exported, one after the other.

An event is a record of a school's stream that moves it: its enrolment and every transition. Roles
given and taken are no steps of the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import HistoryBroken
from lifecycle.domain.messages import Message
from lifecycle.domain.model import DefinitionRef, participation_stream
from lifecycle.domain.ports import Reading
from lifecycle.domain.record import Record

ENROLLED: Final = "enrolled"
"""Activity by which every case begins; the others are named by their transitions."""

_STEPS: Final = (ENROLLED, "advanced")

Which = Literal["finished", "open", "all"]


@dataclass(frozen=True, slots=True)
class Case:
    """The history of one participation.

    Args:
        school: Id of the school.
        roadmap: Id of the road map.
        definition: Rules pinned at enrolment.
        events: Enrolment and transitions in order; at least the enrolment.
        finished: Nothing leads out of the state it is in.
    """

    school: str
    roadmap: str
    definition: DefinitionRef
    events: tuple[Record, ...]
    finished: bool


@dataclass(frozen=True, slots=True)
class Choosing:
    """Which cases are exported.

    Args:
        roadmap: Only those under this road map.
        definition: Only those under the rules of this digest.
        school: Only this school's.
        which: The finished ones, those still open, or all. A case that goes on does not reach
            the end of the net: it fits only the net with a way out of every state.
    """

    roadmap: str | None = None
    definition: str | None = None
    school: str | None = None
    which: Which = "finished"


@dataclass(slots=True)
class Tally:
    """What was exported.

    Args:
        cases: Cases passed on so far.
        events: Their events.
        left_out: Cases left out because they are still open, or because they are finished.
    """

    cases: int = 0
    events: int = 0
    left_out: int = 0


def activity_of(record: Record) -> str:
    """Return the name of a record's activity: its transition, or ``enrolled``."""
    return record.transition or ENROLLED


def choose(
    view: Reading,
    choosing: Choosing,
    definition: Callable[[str], Definition],
    tally: Tally,
    progress: Callable[[int], None],
) -> Iterator[Case]:
    """Yield the cases chosen, by road map and school, one in memory at a time.

    Args:
        view: The history.
        choosing: Which ones.
        definition: Returns the rules by their digest.
        tally: Counts what is yielded and what is left out.
        progress: Is told the number of cases yielded.

    Raises:
        HistoryBroken: A case does not begin with an enrolment.
    """
    for standing in view.standings(choosing.school, choosing.roadmap):
        if choosing.definition not in (None, standing.definition):
            continue
        case = _case(view, standing.school, definition)
        if choosing.which not in ("all", "finished" if case.finished else "open"):
            tally.left_out += 1
            continue
        yield case
        tally.cases += 1
        tally.events += len(case.events)
        progress(tally.cases)


def _case(view: Reading, school: str, definition: Callable[[str], Definition]) -> Case:
    stream = participation_stream(school)
    events = tuple(one for one in view.records(stream) if one.kind in _STEPS)
    rules = events[0].definition if events else None
    if rules is None or events[0].kind != ENROLLED:
        template = "{stream} does not begin with an enrolment"
        raise HistoryBroken(detail=Message(template, {"stream": stream}))
    facts = events[0].facts or {}
    state = definition(rules.digest).state.get(events[-1].target or "")
    finished = state is not None and state.final
    return Case(facts["school"], facts["roadmap"], rules, events, finished)
