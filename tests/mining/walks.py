"""Histories for miners: the real engine led through random lawful walks, by its own rules.

The seed is fixed, so that every run exports the same histories but for their ids and times.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from lifecycle import Lifecycle, TransitionRefused
from lifecycle.domain.definition import Definition, PolicyAllows
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import Office

SEED = 20260301
ENROLLED = "enrolled"
_LONGEST = 40  # steps of a walk; one that returns for ever stays open
_STOPS = 0.02  # share of steps after which a participation is left open
_WITHDRAWS = 0.12  # weight of a withdrawal beside another transition


def lead_many(engine: Lifecycle, catalogue: Catalogue, roadmaps: Sequence[str], each: int) -> None:
    """Lead *each* schools under every road map through a walk of their own."""
    rng = random.Random(SEED)  # noqa: S311 - the same walks on every run are the point
    for roadmap in roadmaps:
        office = Office(engine, catalogue.compiled(roadmap)).opened()
        for number in range(each):
            school = f"{roadmap}.{number:02}"
            office.enrol(school)
            walk(office, school, rng)


def walk(office: Office, school: str, rng: random.Random) -> None:
    """Make transitions at random until nothing is open any more, or the walk breaks off."""
    for _ in range(_LONGEST):
        names = [one.name for one in office.definition.open_in(office.state(school))]
        while names:
            weights = [_WITHDRAWS if one == "withdraw" else 1.0 for one in names]
            (name,) = rng.choices(names, weights)
            try:
                office.make(school, name)
                break
            except TransitionRefused:  # nothing to answer yet, or forbidden by the road map
                names.remove(name)
        if not names or rng.random() < _STOPS:
            return


def activities(definition: Definition) -> list[str]:
    """Return the names of all activities that a history under *definition* may have."""
    return [ENROLLED, *_allowed(definition)]


def accepts(definition: Definition, word: Sequence[str]) -> bool:
    """Tell whether a finished history may read like this as far as states go.

    Written against the definition, not against the nets: it is what they are compared with.
    """
    state = None
    for activity in word:
        if activity == ENROLLED:
            if state is not None:
                return False
            state = definition.initial
            continue
        move = definition.transition.get(activity)
        if move is None or activity not in _allowed(definition) or state not in move.sources:
            return False
        state = move.target or state
    return state is not None and definition.state[state].final


def _allowed(definition: Definition) -> list[str]:
    return [
        one.name
        for one in definition.transitions
        if not any(isinstance(need, PolicyAllows) and not need.allowed for need in one.requirements)
    ]
