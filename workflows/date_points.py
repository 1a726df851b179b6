"""The points of time that date cells name, and the days they cover.

A point may lack its month («с 1 по 15 апреля») or its year; it takes them from its neighbours.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from lifecycle.domain.messages import Message

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2099
"""Between them lies what can be the year of a plan."""

_MONTHS_OF: Final = {"quarter": 3, "half_year": 6, "year": 12}
_IN_MONTH: Final = {"day", "month", "decade", "half", "week"}


class Impossible(Exception):
    """The calendar has no such day.

    Args:
        reason: Which day, in words.
    """

    def __init__(self, reason: Message) -> None:
        self.reason = reason
        super().__init__(str(reason))


@dataclass(frozen=True, slots=True)
class Point:
    """A day or a longer stretch of the calendar.

    Args:
        unit: ``day``, ``month``, ``decade``, ``half`` (of a month), ``week``, ``quarter``,
            ``half_year``, ``year`` or ``school`` (year).
        number: Which day, decade, half, week, quarter or half-year; 0 for a month or a year.
        month: The month, 1 to 12.
        year: The year.
        part: ``beginning``, ``middle`` or ``end``, if only a part of the stretch is meant.
    """

    unit: str
    number: int = 0
    month: int | None = None
    year: int | None = None
    part: str | None = None

    @property
    def lacks_month(self) -> bool:
        """Tell whether the month has to come from a neighbour."""
        return self.month is None and self.unit in _IN_MONTH

    def following(self, other: Point) -> Point:
        """Return this point with what it lacks taken from the point after it."""
        month = other.month if self.lacks_month else self.month
        unit = self.unit
        if unit == "bare":  # the «I» of «I-II квартал», the «1» of «1-15 марта»
            unit = other.unit
            month = None if unit == "month" else other.month  # «03-04.2022» is no range of months
        return replace(self, unit=unit, month=month, year=self.year or other.year)

    def days(self) -> tuple[date, date]:
        """Return the first and the last day.

        Raises:
            Impossible: The calendar has no such day.
        """
        if self.year is None or self.lacks_month or self.unit == "bare":
            raise Impossible(Message("a day is named without its month"))
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise Impossible(Message("there is no plan for the year {year}", {"year": self.year}))
        first, last = self._whole(self.year)
        return (first, last) if self.part is None else _third(first, last, self.part)

    def _whole(self, year: int) -> tuple[date, date]:
        if self.unit == "school":
            return date(year, 9, 1), date(year + 1, 8, 31)
        if self.unit in _MONTHS_OF:
            return self._months(year, _MONTHS_OF[self.unit])
        month = self.month or 0
        if not 1 <= month <= 12:
            raise Impossible(Message("there is no month {month}", {"month": month}))
        length = calendar.monthrange(year, month)[1]
        first, last = _SPANS[self.unit](self.number, length)
        if not 1 <= first <= last <= length:
            text = f"{self.number:02d}.{month:02d}.{year}"
            if self.unit == "day":
                raise Impossible(Message("there is no day {date}", {"date": text}))
            raise Impossible(Message("a month has no such part: {number}", {"number": self.number}))
        return date(year, month, first), date(year, month, last)

    def _months(self, year: int, length: int) -> tuple[date, date]:
        number = self.number or 1
        last_month = number * length
        if last_month > 12:
            template = "a year has no such part: {number}"
            raise Impossible(Message(template, {"number": self.number}))
        last = date(year, last_month, calendar.monthrange(year, last_month)[1])
        return date(year, last_month - length + 1, 1), last


def _thirds(number: int, length: int) -> tuple[int, int]:
    return (10 * number - 9, length if number == 3 else 10 * number) if number <= 3 else (0, 0)


_SPANS: Final[Mapping[str, Callable[[int, int], tuple[int, int]]]] = {
    "day": lambda number, length: (number, number),
    "month": lambda number, length: (1, length),
    "decade": _thirds,
    "half": lambda number, length: {1: (1, 15), 2: (16, length)}.get(number, (0, 0)),
    "week": lambda number, length: (7 * number - 6, min(7 * number, length)),
}


def _third(first: date, last: date, part: str) -> tuple[date, date]:
    """Return the first, second or last third; of a month these are its decades."""
    length = 10 if (last - first).days < 31 else (last - first).days // 3
    starts = [first + timedelta(days=length * n) for n in range(3)]
    ends = [starts[1] - timedelta(days=1), starts[2] - timedelta(days=1), last]
    place = ("beginning", "middle", "end").index(part)
    return starts[place], ends[place]
