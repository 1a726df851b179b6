"""The board in figures says what the board says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.errors import InvalidDate, UnknownRoadmap
from tests.factories import ADMIN, ROADMAP, Office, SetClock

SCHOOL = "krasnogorsk"
ELSEWHERE = "belgorod-2021"


@pytest.fixture
def both(office: Office) -> Lifecycle:
    """Three schools under two road maps, in two states."""
    office.enrol("aleksandrovsk")
    office.lead("aleksandrovsk", "questionnaire")
    office.engine.enrol("belgorod-1", roadmap=ELSEWHERE, title="Школа 1", actor=ADMIN)
    return office.engine


@pytest.mark.parametrize("roadmap", [None, ROADMAP, ELSEWHERE])
@pytest.mark.parametrize("year", [2022, 2024])
def test_it_is_the_board_counted(
    both: Lifecycle, clock: SetClock, roadmap: str | None, year: int
) -> None:
    clock.moment = datetime(year, 7, 1, 9, tzinfo=UTC)

    found, board = both.overview(roadmap=roadmap), both.status(roadmap=roadmap)

    assert found.states == Counter(one.standing.state for one in board)
    said = {
        (school, late.state, late.due_on, late.working_days)
        for late in found.late
        for school in late.schools
    }
    assert said == {
        (row.standing.school, row.standing.state, row.standing.due_on, row.days_overdue)
        for row in board
        if row.days_overdue
    }
    assert [one.due_on for one in found.late] == sorted(one.due_on for one in found.late)


def test_a_day_ends_in_the_east_first(both: Lifecycle, clock: SetClock) -> None:
    (row,) = both.status(roadmap=ROADMAP, school=SCHOOL)
    due_on = row.standing.due_on
    assert due_on is not None
    # Past midnight on Sakhalin, the last day still in Moscow.
    clock.moment = datetime(due_on.year, due_on.month, due_on.day, 14, tzinfo=UTC)

    found = both.overview()

    assert SCHOOL in {school for one in found.late for school in one.schools}
    assert found.states == both.overview(on=due_on).states
    assert SCHOOL not in {school for one in both.overview(on=due_on).late for school in one.schools}


def test_where_nobody_takes_part_there_is_nothing_to_count(engine: Lifecycle) -> None:
    assert (engine.overview().states, engine.overview().late) == ({}, ())
    assert engine.overview(roadmap="kaspiysk-2022").states == {}


def test_it_knows_no_strangers(both: Lifecycle) -> None:
    with pytest.raises(UnknownRoadmap):
        both.overview(roadmap="nowhere")
    with pytest.raises(InvalidDate):
        both.overview(on="soon")
    assert both.overview(on=date(2030, 1, 1)).late
