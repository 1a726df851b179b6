"""Days: as people write them, and as they are at the place of a road map."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lifecycle.domain.errors import InvalidDate

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition

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
    return zone_date(moment, None if definition is None else definition.roadmap.time_zone)


def zone_date(moment: datetime, name: str | None) -> date:
    """Return the date of *moment* in a time zone of the IANA database; UTC where none is named."""
    return moment.astimezone(UTC if name is None else _zone(name)).date()


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
