"""The board in figures, as it is kept beside the history."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lifecycle.domain.dates import place_date
from lifecycle.domain.tally import Group, Late, Tally, counted
from lifecycle.service.administration import adopted
from lifecycle.service.past import check_known

if TYPE_CHECKING:
    from lifecycle.domain.ports import Reading
    from lifecycle.service.context import Context


def overview(context: Context, roadmap: str | None, on: date | None) -> Tally:
    """Return the board in figures; lateness is judged at the place of each road map."""
    found: list[tuple[Group, date]] = []
    with context.journal.reading() as view:
        check_known(context, view, None, roadmap)
        days = _days(context, view, roadmap, on)
        if len(set(days.values())) == 1 and roadmap is None:
            (day,) = set(days.values())
            found += [(group, day) for group in view.tally(day)]
        else:
            # In the east a new day has begun, and in the west it has not.
            for name, day in days.items():
                found += [(group, day) for group in view.tally(day, name)]
    late = [
        Late(one.state, one.due_on, context.calendar.days_late(one.due_on, day), one.late)
        for one, day in found
        if one.late and one.due_on is not None
    ]
    late.sort(key=lambda one: (one.due_on, one.state, one.schools))
    return Tally(counted(group for group, _ in found), tuple(late))


def _days(context: Context, view: Reading, roadmap: str | None, on: date | None) -> dict[str, date]:
    """Return the day that it is under each road map in force."""
    now, days = context.clock.now(), dict[str, date]()
    for name in view.roadmaps() if roadmap is None else [roadmap]:
        definition = adopted(context, view, name)
        if definition is not None:
            days[name] = on or place_date(now, definition)
    return days
