"""The occurrences of a recurring activity: one for each month, week or quarter of its window.

Only what road maps say is understood: ``FREQ=`` WEEKLY, MONTHLY or YEARLY with ``INTERVAL=``
(RFC 5545, section 3.3.10); an occurrence is a whole calendar period, due on its last day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from lifecycle.domain.roadmap import Activity, Roadmap

_MONTHS = {"MONTHLY": 1, "YEARLY": 12}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an activity is due.

    Args:
        activity: Key of the activity.
        name: ``2021-03``, ``2021-W09``, ``2021-Q1`` or ``2021`` where it recurs, else ``None``.
        start: First day, inclusive; ``None`` where the road map gives none.
        end: Last day, inclusive; ``None`` where the road map gives none.
    """

    activity: str
    name: str | None
    start: date | None
    end: date | None


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
        Occurrence(activity.key, name, max(start, first), min(end, last))
        for name, start, end in _periods(activity.recurrence, first, last)
    )


def _periods(rule: str, first: date, last: date) -> Iterator[tuple[str, date, date]]:
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    interval = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] == "WEEKLY":
        start = first - timedelta(days=first.weekday())
        while start <= last:
            year, week, _ = start.isocalendar()
            yield f"{year}-W{week:02}", start, start + timedelta(weeks=interval, days=-1)
            start += timedelta(weeks=interval)
        return
    months = _MONTHS[parts["FREQ"]] * interval
    start = date(first.year, (first.month - 1) // months * months + 1 if months <= 12 else 1, 1)
    while start <= last:
        following = _months_after(start, months)
        yield _name(start, months), start, following - timedelta(days=1)
        start = following


def _months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _name(start: date, months: int) -> str:
    if months == 3:
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return str(start.year) if months == 12 else f"{start:%Y-%m}"
