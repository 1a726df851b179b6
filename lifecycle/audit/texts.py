"""Days and moments as bodies write them, told apart from other texts at little cost."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

_MOMENT = re.compile(
    r"([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
)


@lru_cache(maxsize=65_536)
def is_day(text: str) -> bool:
    """Tell whether *text* is a day as bodies write it, of the year 1000 or later."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and text[0] != "0"


def is_moment(text: str) -> bool:
    """Tell whether *text* is a moment as bodies write it; such texts sort as the moments do."""
    found = _MOMENT.fullmatch(text)
    return found is not None and is_day(found[1])


@lru_cache(maxsize=65_536)
def _days(hour: str, zone: str) -> tuple[str, str]:
    """Return the days that an hour begins and ends with in a time zone."""
    first = datetime.fromisoformat(f"{hour}:00:00Z")
    last = datetime.fromisoformat(f"{hour}:59:59.999999Z")
    place = ZoneInfo(zone)
    one, other = (at.astimezone(place).date().isoformat() for at in (first, last))
    return one, other


def day_at(moment: str, zone: str) -> str:
    """Return the day of a moment in a time zone; both as bodies write them.

    No time zone skips a day forth and back within one hour of UTC, so most moments need only
    their hour.
    """
    first, last = _days(moment[:13], zone)
    if first == last:
        return first
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date().isoformat()
