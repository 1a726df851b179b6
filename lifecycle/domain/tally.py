"""The board in figures: how many schools stand in each state, and which of them are late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from lifecycle.domain.model import Standing


class Late(NamedTuple):
    """A school that has not left its state in time.

    A tuple, because a nation has tens of thousands of them.

    Args:
        school: Id of the school.
        roadmap: Road map it takes part under.
        state: State it is in.
        due_on: When the state was to be left.
    """

    school: str
    roadmap: str
    state: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Tally:
    """The board in figures.

    Args:
        states: Number of schools by state; states without a school are left out.
        late: The schools that are late, longest first, then by id.
        working_days: Working days past the last days of *late*: up to the latest of the days that
            it now is at the places of the road maps.
    """

    states: Mapping[str, int]
    late: tuple[Late, ...]
    working_days: Mapping[date, int]


Tallied = tuple[Mapping[str, int], Iterable[Late]]
"""The schools of each state, and those that are late."""


def tallied(board: Iterable[Standing], day: date) -> Tallied:
    """Return the schools of each state, and those whose state was to be left before *day*."""
    rows = list(board)
    late = [
        Late(one.school, one.roadmap, one.state, one.due_on)
        for one in rows
        if one.due_on is not None and one.due_on < day
    ]
    return Counter(one.state for one in rows), late
