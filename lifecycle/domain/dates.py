"""Days: as people write them, and as they are at the place of a road map."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidDate

Day = date | str | None


def day_from(text: str) -> date:
    """Read a day written YEAR-MONTH-DAY; the other spellings of ISO 8601 are not taken.

    Raises:
        InvalidDate: It is none.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidDate(value=text) from None
    if day.isoformat() != text:
        raise InvalidDate(value=text)
    return day


def day_of(value: Day) -> date | None:
    """Return the day that a caller gave.

    Raises:
        InvalidDate: It is none, or a moment.
    """
    if isinstance(value, datetime):
        raise InvalidDate(value=value.isoformat())
    return day_from(value) if isinstance(value, str) else value


def place_date(moment: datetime, definition: Definition | None) -> date:
    """Return the date of *moment* where the road map is in force; UTC where there is none."""
    zone = UTC if definition is None else _zone(definition.roadmap.time_zone)
    return moment.astimezone(zone).date()


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
