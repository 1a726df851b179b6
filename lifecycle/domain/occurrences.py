"""The occurrences of a recurring activity: one for each month, week or quarter of its window.

Only what road maps say is understood (RFC 5545, section 3.3.10): ``FREQ=`` DAILY, WEEKLY, MONTHLY
or YEARLY with ``INTERVAL=``, or weekly with ``BYDAY=``, monthly with ``BYMONTHDAY=``, yearly with
``BYMONTH=``. An occurrence is a whole calendar period, due on its last day; a single day where the
rule names days of the week; a month up to that day where it names a day of the month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lifecycle.domain.roadmap import Activity, Roadmap

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY: Final = f"(?:{'|'.join(_DAYS)})"
_MONTH: Final = "(?:[1-9]|1[0-2])"
_RULE: Final = re.compile(
    "FREQ=(?:"
    "(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;INTERVAL=[1-9][0-9]?)?"
    f"|WEEKLY;BYDAY={_WEEKDAY}(?:,{_WEEKDAY})*"
    "|MONTHLY;BYMONTHDAY=(?:[1-9]|[12][0-9]|3[01])"
    f"|YEARLY;BYMONTH={_MONTH}(?:,{_MONTH})*"
    ")"
)
# Months of a period -> how many of them a year has and the letter that they are named by.
_PARTS_OF_YEAR: Final = {3: "Q", 6: "H"}

Period = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an activity is due.

    Args:
        activity: Key of the activity.
        name: ``2021-03-05``, ``2021-W09``, ``2021-03``, ``2021-Q1``, ``2021-H1`` or ``2021`` where
            it recurs, else ``None``.
        start: First day, inclusive; ``None`` where the road map gives none.
        end: Last day, inclusive; ``None`` where the road map gives none.
    """

    activity: str
    name: str | None
    start: date | None
    end: date | None


def is_recurrence(rule: str) -> bool:
    """Tell whether *rule* is one of those understood here."""
    return _RULE.fullmatch(rule) is not None


def occurs(rule: str, first: date, last: date) -> bool:
    """Tell whether something that recurs by *rule* does so at all between two days, inclusive."""
    return any(True for _ in _within(rule, first, last))


def occurrences_of(activity: Activity, roadmap: Roadmap) -> tuple[Occurrence, ...]:
    """Return every occurrence of *activity*; a single one where it does not recur.

    The window is the activity's own, else the road map's period; the first and the last
    occurrence are cut to it.
    """
    if activity.recurrence is None:
        return (Occurrence(activity.key, None, activity.start, activity.end),)
    first = activity.start or roadmap.start
    last = activity.end or roadmap.end
    return tuple(
        Occurrence(activity.key, name, start, end)
        for name, (start, end) in _within(activity.recurrence, first, last)
    )


def _within(rule: str, first: date, last: date) -> Iterator[tuple[str, Period]]:
    """Yield name and days of every period by *rule*, cut to the window."""
    for name, (start, end) in _named(rule, first, last):
        cut = max(start, first), min(end, last)
        if cut[0] <= cut[1]:
            yield name, cut


def _named(rule: str, first: date, last: date) -> Iterator[tuple[str, Period]]:
    """Yield name and days of every period between *first* and *last*, in order."""
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    interval = int(parts.get("INTERVAL", "1"))
    if "BYDAY" in parts:
        weekdays = parts["BYDAY"].split(",")
        days = _days(first, last, 1)
        return ((f"{one[0]}", one) for one in days if _DAYS[one[0].weekday()] in weekdays)
    if "BYMONTHDAY" in parts:
        return _days_of_months(int(parts["BYMONTHDAY"]), first, last)
    if "BYMONTH" in parts:
        months = [int(month) for month in parts["BYMONTH"].split(",")]
        every = _months(first, last, 1)
        return ((f"{one[0]:%Y-%m}", one) for one in every if one[0].month in months)
    match parts["FREQ"]:
        case "DAILY":
            return ((f"{one[0]}", one) for one in _days(first, last, interval))
        case "WEEKLY":
            monday = first - timedelta(days=first.weekday())
            return ((f"{one[0]:%G-W%V}", one) for one in _days(monday, last, 7 * interval))
        case frequency:
            length = interval * (12 if frequency == "YEARLY" else 1)
            return ((_name(one[0], length), one) for one in _months(first, last, length))


def _days_of_months(day: int, first: date, last: date) -> Iterator[tuple[str, Period]]:
    """Yield months up to that day; a shorter one whole: «до 31 числа» means all of February."""
    for start, end in _months(first, last, 1):
        due = min(end, start + timedelta(days=day - 1))
        if due <= last:
            yield f"{start:%Y-%m}", (start, due)


def _days(first: date, last: date, days: int) -> Iterator[Period]:
    """Yield periods of so many days."""
    start = first
    while start <= last:
        yield start, start + timedelta(days=days - 1)
        start += timedelta(days=days)


def _months(first: date, last: date, months: int) -> Iterator[Period]:
    """Yield periods of so many calendar months, counted from January of the first year."""
    start = date(first.year, (first.month - 1) // months * months + 1, 1)
    while start <= last:
        years, month = divmod(start.month - 1 + months, 12)
        following = date(start.year + years, month + 1, 1)
        yield start, following - timedelta(days=1)
        start = following


def _name(start: date, months: int) -> str:
    if months in _PARTS_OF_YEAR:
        return f"{start.year}-{_PARTS_OF_YEAR[months]}{(start.month - 1) // months + 1}"
    return str(start.year) if months % 12 == 0 else f"{start:%Y-%m}"
