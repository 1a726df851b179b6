"""The board in figures: how many schools stand in each state, and which of them are late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.domain.model import Standing


@dataclass(frozen=True, slots=True)
class Group:
    """Schools that stand in one state and have to leave it by the same day.

    Args:
        state: The state.
        due_on: The last day, inclusive; ``None`` in final states and without a deadline.
        count: How many schools they are.
        late: Their ids, sorted, where the last day has passed; else they are only counted.
    """

    state: str
    due_on: date | None
    count: int
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """Schools that have not left a state in time.

    Args:
        state: The state.
        due_on: When it was to be left.
        working_days: Working days that have passed since.
        schools: Their ids, sorted.
    """

    state: str
    due_on: date
    working_days: int
    schools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """The board in figures.

    Args:
        states: Number of schools by state; states without a school are left out.
        late: Who is late, longest first; where it is not the same day everywhere, a state and a
            last day may come once for each road map.
    """

    states: Mapping[str, int]
    late: tuple[Late, ...]


def grouped(board: Iterable[Standing], day: date) -> list[Group]:
    """Return the schools of a board, named where their state was to be left before *day*."""
    found: dict[tuple[str, date | None], list[str]] = {}
    for one in board:
        found.setdefault((one.state, one.due_on), []).append(one.school)
    return [
        Group(
            state,
            due_on,
            len(schools),
            tuple(sorted(schools)) if due_on is not None and due_on < day else (),
        )
        for (state, due_on), schools in found.items()
    ]


def counted(groups: Iterable[Group]) -> dict[str, int]:
    """Return how many schools stand in each state."""
    states = Counter[str]()
    for group in groups:
        states[group.state] += group.count
    return dict(states)
