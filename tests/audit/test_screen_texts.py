"""Moments and days as the screen reads them."""

from __future__ import annotations

import pytest

from lifecycle.audit.texts import are_moments, day_at, day_within, is_day

NOW = "2022-03-01T09:00:00.000000Z"


def test_the_day_of_a_moment_is_that_of_the_place() -> None:
    assert day_at("2022-03-01T18:29:59.999999Z", "Asia/Kolkata") == "2022-03-01"
    assert day_at("2022-03-01T18:30:00.000000Z", "Asia/Kolkata") == "2022-03-02"
    assert day_at("2022-03-01T20:59:59.000000Z", "Europe/Moscow") == "2022-03-01"
    assert day_at("2022-03-01T21:00:00.000000Z", "Europe/Moscow") == "2022-03-02"


def test_an_hour_has_a_day_where_none_ends_within_it() -> None:
    assert day_within("2022-03-01T18", "Asia/Kolkata") == ""
    assert day_within("2022-03-01T17", "Asia/Kolkata") == "2022-03-01"


@pytest.mark.parametrize("text", ["2022-03-01", "1000-01-01", "2024-02-29", "9999-12-31"])
def test_a_day_is_written_in_one_way(text: str) -> None:
    assert is_day(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "0999-12-31", "20220301", "2022-W10-1", "2022-02-30", "2022-3-1", "2022-03-01 "],
)
def test_what_is_written_otherwise_is_no_day(text: str) -> None:
    assert not is_day(text)


@pytest.mark.parametrize(
    "text",
    [
        "0999-01-01T00:00:00.000000Z",
        "2022-02-30T00:00:00.000000Z",
        "2022-03-01T24:00:00.000000Z",
        "2022-03-01 00:00:00.000000Z",
        "",
    ],
)
def test_what_is_of_no_hour_has_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no hour"):
        day_at(text, "UTC")


@pytest.mark.parametrize(
    "text",
    [
        "2022-03-01T00:00:60.000000Z",
        "2022-03-01T00:60:00.000000Z",
        "2022-03-01 00:00:00.000000Z",
        "2022-03-01T00:00:00Z",
        "2022-03-01T00:00:00.00000\u0660Z",
        f"{NOW}\n",
        "",
    ],
)
def test_what_is_written_otherwise_is_no_moment_wherever_it_stands(text: str) -> None:
    assert are_moments([NOW, NOW])
    assert not are_moments([text])
    assert not are_moments([NOW, text])
    assert not are_moments([text, NOW])


def test_moments_that_are_cut_in_another_place_are_none() -> None:
    assert not are_moments([NOW[:-1], f"Z{NOW}"])
    assert not are_moments([f"{NOW}{NOW}"])
