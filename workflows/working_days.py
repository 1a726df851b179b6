"""Working days of Russia, transferred ones included (Government decrees, by ``holidays``)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


class RussianCalendar:
    """Five-day week with the public holidays and the transfers of each year.

    20.02.2021 was a working Saturday: a deadline on it is not moved.
    """

    def days_late(self, due_on: date, until: date) -> int:
        """Return the working days after *due_on*, up to and including *until*."""
        return _working_days(due_on, until)


# Thousands of schools share the few last days of their road map.
@lru_cache(maxsize=1024)
def _working_days(due_on: date, until: date) -> int:
    if until.year <= due_on.year:
        return _between(due_on, until)
    years = sum(map(_whole, range(due_on.year + 1, until.year)))
    ends = (due_on, date(due_on.year, 12, 31)), (date(until.year - 1, 12, 31), until)
    return years + sum(_between(*one) for one in ends)


@cache
def _whole(year: int) -> int:
    return _between(date(year - 1, 12, 31), date(year, 12, 31))


def _between(after: date, until: date) -> int:
    calendar = _year(until.year)
    days = range(1, (until - after).days + 1)
    return sum(calendar.is_working_day(after + timedelta(days=number)) for number in days)


@cache
def _year(first: int) -> HolidayBase:
    """Return the calendar; later years are added to it as they are asked for."""
    # Only here: most commands count no days.
    from holidays import country_holidays

    return country_holidays("RU", years=first)
