"""Moments and days as the screen reads them."""

from __future__ import annotations

import pytest

from lifecycle.audit.texts import day_at


def test_the_day_of_a_moment_is_that_of_the_place() -> None:
    assert day_at("2022-03-01T18:29:59.999999Z", "Asia/Kolkata") == "2022-03-01"
    assert day_at("2022-03-01T18:30:00.000000Z", "Asia/Kolkata") == "2022-03-02"
    assert day_at("2022-03-01T20:59:59.000000Z", "Europe/Moscow") == "2022-03-01"
    assert day_at("2022-03-01T21:00:00.000000Z", "Europe/Moscow") == "2022-03-02"


@pytest.mark.parametrize(
    "text",
    [
        "0999-01-01T00:00:00.000000Z",
        "2022-02-30T00:00:00.000000Z",
        "2022-03-01T24:00:00.000000Z",
        "2022-03-01T00:00:60.000000Z",
        "2022-03-01 00:00:00.000000Z",
        "2022-03-01T00:00:00Z",
        "",
    ],
)
def test_what_is_no_moment_has_no_day(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no (hour|moment)"):
        day_at(text, "UTC")
