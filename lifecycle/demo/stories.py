"""What happens to the schools, and on which days: stories that fit the plan of the road map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from lifecycle.domain.definition import Definition

_TO_CONCEPT: Final = (
    "start_questionnaire",
    "complete_questionnaire",
    "receive_risk_profile",
    "record_visit",
    "submit_concept_documents",
)
_ACCEPTED: Final = (*_TO_CONCEPT, "accept_concept_documents")
_RETURNED: Final = (*_TO_CONCEPT, "return_concept_documents")
_ACCEPTED_AT_LAST: Final = (*_RETURNED, "submit_concept_documents", "accept_concept_documents")

_STAGE_1: Final = ("submit_stage_1_evidence", "confirm_stage_1")
_STAGE_1_RETURNED: Final = ("submit_stage_1_evidence", "return_stage_1_evidence")
_STAGE_2: Final = ("submit_stage_2_evidence", "confirm_stage_2")
_STAGE_2_RETURNED: Final = ("submit_stage_2_evidence", "return_stage_2_evidence")

_NOT_DRAWN: Final = ("submit_stage_2_evidence", "waive_stage_2_expertise", "conclude")

# Tomari's stage 2 is a sample, and its one school was not drawn.
TOMARI_STORY: Final = (*_ACCEPTED_AT_LAST, *_STAGE_1, *_NOT_DRAWN)

# Every kind of ending is among the first four, so that a small demonstration has them all.
BELGOROD_STORIES: Final[Mapping[int, tuple[str, ...]]] = {
    1: (*_ACCEPTED_AT_LAST, *_STAGE_1, *_STAGE_2, "conclude"),
    2: _RETURNED,
    3: (*_ACCEPTED, "withdraw"),
    4: (*_ACCEPTED, *_STAGE_1_RETURNED),
    9: (*_ACCEPTED, *_STAGE_1, *_STAGE_2_RETURNED),
    14: _ACCEPTED,
    19: (*_ACCEPTED, *_STAGE_1, *_STAGE_2),
}

# The others come to the end: straight, or with one return on the way.
BELGOROD_ELSE: Final = (
    (*_ACCEPTED, *_STAGE_1, *_STAGE_2, "conclude"),
    (*_ACCEPTED, *_STAGE_1_RETURNED, *_STAGE_1, *_STAGE_2, "conclude"),
    (*_ACCEPTED, *_STAGE_1, *_STAGE_2, "conclude"),
    (*_ACCEPTED, *_STAGE_1, *_STAGE_2_RETURNED, *_STAGE_2, "conclude"),
)

# The schools of a district: one comes to the end, one is on its way, one has stopped early.
DISTRICT_STORIES: Final = (
    (*_ACCEPTED, *_STAGE_1, *_STAGE_2, "conclude"),
    (*_ACCEPTED, *_STAGE_1),
    _TO_CONCEPT[:3],
)
SELECTIVE_STORY: Final = (*_ACCEPTED, *_STAGE_1, *_NOT_DRAWN)

_VARIETY = 3  # schools act up to two days earlier than they have to


def days_of(definition: Definition, story: Sequence[str], number: int) -> list[date]:
    """Return the day of each act: in time by the road map where that can be.

    A first submission keeps its own deadline. What follows a return keeps the one of the state
    only, so a second submission may well be late, as it is in life.
    """
    limits = _limits(definition, story)
    result: list[date] = []
    for place, limit in enumerate(limits):
        # Later acts under the same limit need a day each.
        waiting = limits[place + 1 :].count(limit)
        day = limit - timedelta(days=waiting + number % _VARIETY)
        result.append(max(day, result[-1] if result else definition.roadmap.start))
    return result


def _limits(definition: Definition, story: Sequence[str]) -> list[date]:
    """Return the last day for each act that leaves the later ones their time."""
    state, limits = definition.initial, []
    for place, name in enumerate(story):
        transition = definition.transition[name]
        by_state = definition.state[state].due_on or definition.roadmap.end
        again = name in story[:place]
        limits.append(by_state if again else transition.due_on or by_state)
        state = transition.target or state
    for place in range(len(limits) - 2, -1, -1):
        limits[place] = min(limits[place], limits[place + 1])
    return limits
