"""Working days of Russia, transferred ones included (Government decrees, by ``holidays``).

The years that decrees are known for stand here, as the library gives them; a test compares every
day. The library is asked for all others only: to load it takes longer than most commands do,
because it brings the calendars of two hundred countries.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from holidays import HolidayBase

# Month and day of every day that is not as its day of the week says: a day off from Monday to
# Friday, or a working Saturday or Sunday.
ODD: Final = {
    2018: "0101 0102 0103 0104 0105 0108 0223 0308 0309 0428 0430"
    " 0501 0502 0509 0609 0611 0612 1105 1229 1231",
    2019: "0101 0102 0103 0104 0107 0108 0308 0501 0502 0503 0509 0510 0612 1104",
    2020: "0101 0102 0103 0106 0107 0108 0224 0309 0501 0504 0505 0511 0612 1104",
    2021: "0101 0104 0105 0106 0107 0108 0220 0222 0223 0308 0503 0510 0614 1104 1105 1231",
    2022: "0103 0104 0105 0106 0107 0223 0305 0307 0308 0502 0503 0509 0510 0613 1104",
    2023: "0102 0103 0104 0105 0106 0223 0224 0308 0501 0508 0509 0612 1106",
    2024: "0101 0102 0103 0104 0105 0108 0223 0308 0427 0429 0430"
    " 0501 0509 0510 0612 1102 1104 1228 1230 1231",
    2025: "0101 0102 0103 0106 0107 0108 0501 0502 0508 0509 0612 0613 1101 1103 1104 1231",
    2026: "0101 0102 0105 0106 0107 0108 0109 0223 0309 0501 0511 0612 1104 1231",
    2027: "0101 0104 0105 0106 0107 0108 0220 0222 0223 0308 0503 0510 0614 1104 1105 1231",
}


class RussianCalendar:
    """Five-day week with the public holidays and the transfers of each year.

    20.02.2021 was a working Saturday: a deadline on it is not moved.
    """

    def days_late(self, due_on: date, until: date) -> int:
        """Return the working days after *due_on*, up to and including *until*."""
        return _working_days(due_on, until)


def is_working(day: date) -> bool:
    """Tell whether a day is worked."""
    if day.year not in ODD:
        return _asked(day.year).is_working_day(day)
    return (day.weekday() < 5) != ((day.month, day.day) in _odd(day.year))  # Monday is 0


@cache
def _odd(year: int) -> frozenset[tuple[int, int]]:
    return frozenset((int(one[:2]), int(one[2:])) for one in ODD[year].split())


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
    days = range(1, (until - after).days + 1)
    return sum(is_working(after + timedelta(days=number)) for number in days)


@cache
def _asked(year: int) -> HolidayBase:
    from holidays import country_holidays

    return country_holidays("RU", years=year)
