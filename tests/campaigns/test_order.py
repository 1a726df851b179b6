"""The judge of orders: sound histories pass, and each planted anomaly is named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaigns.order import (
    DOUBLED,
    FUTURE,
    INVERTED,
    LOST,
    LOST_UPDATE,
    STALE,
    UNASKED,
    Event,
    anomalies,
)

ROWS = ["a", "b", "c"]
SOUND = [
    Event("recorded", "a", 0, 10, 1),
    Event("seen", "", 11, 12, 1),
    Event("recorded", "b", 5, 30, 2, expected=1),
    Event("refused", "x", 31, 33, 2, expected=1),
    Event("unheard", "c", 34, None),
    Event("seen", "", 40, 41, 3),
]


def kinds(events: list[Event], rows: list[str] | None = None) -> set[str]:
    return {one.kind for one in anomalies(events, ROWS if rows is None else rows)}


def test_a_sound_history_has_no_anomaly() -> None:
    assert anomalies(SOUND, ROWS) == []


def test_a_command_that_nobody_heard_of_may_be_there_or_not() -> None:
    assert anomalies(SOUND[:5], ["a", "b"]) == []


@pytest.mark.parametrize(
    ("planted", "rows", "kind"),
    [
        ([*SOUND, Event("recorded", "d", 50, 60, 4)], ROWS, LOST),
        ([*SOUND, Event("recorded", "d", 50, 60, 3)], ROWS, LOST),
        (SOUND, [*ROWS, "b"], DOUBLED),
        (SOUND, [*ROWS, "x"], UNASKED),
        (SOUND, [*ROWS, "nobody's"], UNASKED),
        ([*SOUND, Event("recorded", "d", 50, 60, 4, expected=2)], [*ROWS, "d"], LOST_UPDATE),
        ([*SOUND, Event("seen", "", 50, 60, 2)], ROWS, STALE),
        ([*SOUND, Event("refused", "y", 50, 60, 1)], ROWS, STALE),
        ([*SOUND[1:], replace(SOUND[0], asked=31, heard=35)], ROWS, INVERTED),
        ([*SOUND, Event("seen", "", 1, 3, 2)], ROWS, FUTURE),
    ],
)
def test_a_planted_anomaly_is_named(planted: list[Event], rows: list[str], kind: str) -> None:
    assert kind in kinds(planted, rows)


def test_two_that_see_one_version_may_look_in_any_order() -> None:
    looks = [Event("seen", "", 60, 61, 3), Event("seen", "", 50, 51, 3)]

    assert anomalies([*SOUND, *looks], ROWS) == []


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), max_size=30))
def test_whatever_happened_one_after_the_other_is_an_order(
    steps: list[tuple[int, int, bool]],
) -> None:
    """Each took effect at a moment of its own between asking and answer."""
    events, rows = [], list[str]()
    for moment, (before, after, writes) in enumerate(steps):
        asked, heard = 10 * moment - before, 10 * moment + after
        if writes:
            rows.append(f"command-{moment}")
            events.append(Event("recorded", rows[-1], asked, heard, len(rows)))
        else:
            events.append(Event("seen", "", asked, heard, len(rows)))

    assert anomalies(events, rows) == []
    if rows:
        assert {one.kind for one in anomalies(events, rows[:-1])} == {LOST}
