"""Days and moments as bodies write them, told apart from other texts at little cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

# The days of the hours in them are looked at apart: there are few of these.
_MOMENTS = re.compile(r"(?:[0-9-]{10}T[0-9]{2}:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z)*")
HOURS = len("2022-03-01T09")
"""How much of a moment names its hour."""

_MOMENT = len("2022-03-01T09:00:00.000000Z")
_HOUR = re.compile(r"([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3])")


@lru_cache(maxsize=65_536)
def is_day(text: str) -> bool:
    """Tell whether *text* is a day as bodies write it, of the year 1000 or later."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and text[0] != "0"


def _days(hour: str, zone: str) -> tuple[str, str]:
    """Return the days that an hour begins and ends with in a time zone.

    Raises:
        ValueError: It is no hour of the year 1000 or later.
    """
    found = _HOUR.fullmatch(hour)
    if found is None or not is_day(found[1]):
        raise ValueError(f"{hour} is no hour")
    first = datetime.fromisoformat(f"{hour}:00:00Z")
    last = datetime.fromisoformat(f"{hour}:59:59.999999Z")
    place = ZoneInfo(zone)
    one, other = (at.astimezone(place).date().isoformat() for at in (first, last))
    return one, other


def are_moments(texts: Sequence[str]) -> bool:
    """Tell whether each of *texts* is written as moments are; its hour is for ``day_at`` to judge.

    Moments written so sort as texts.
    """
    return {*map(len, texts)} == {_MOMENT} and _MOMENTS.fullmatch("".join(texts)) is not None


@lru_cache(maxsize=65_536)
def day_within(hour: str, zone: str) -> str:
    """Return the day of all of an hour in a time zone; empty where one ends within it.

    Raises:
        ValueError: It is no hour of the year 1000 or later.
    """
    first, last = _days(hour, zone)
    return first if first == last else ""


def day_at(moment: str, zone: str) -> str:
    """Return the day of a moment in a time zone; both as bodies write them.

    No time zone skips a day forth and back within one hour of UTC, so most moments need only
    their hour.

    Args:
        moment: One that ``are_moments`` let pass.
        zone: Name of the time zone.

    Raises:
        ValueError: It has no hour of the year 1000 or later.
    """
    day = day_within(moment[:HOURS], zone)
    return day or datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat()
