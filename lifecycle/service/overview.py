"""The board in figures, as it is kept beside the history."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lifecycle.domain.dates import place_date
from lifecycle.domain.tally import Late, Tally
from lifecycle.service.administration import adopted
from lifecycle.service.past import check_known

if TYPE_CHECKING:
    from lifecycle.service.context import Context


def overview(context: Context, roadmap: str | None, on: date | None) -> Tally:
    """Return the board in figures; lateness is judged at the place of each road map."""
    with context.journal.reading() as view:
        check_known(context, view, None, roadmap)
        now, days = context.clock.now(), dict[str, date]()
        for name in [roadmap] if roadmap is not None else view.roadmaps():
            definition = adopted(context, view, name)
            if definition is not None:
                days[name] = on or place_date(now, definition)
        latest = max(days.values(), default=on or now.date())
        states, found = view.tally(latest, roadmap)
    late = list(found)
    if len(set(days.values())) > 1:
        # In the east a new day has begun, and in the west it has not.
        late = [one for one in late if one.due_on < days[one.roadmap]]
    lasts = {one.due_on for one in late}
    passed = {last: context.calendar.days_late(last, latest) for last in lasts}
    return Tally(dict(states), tuple(sorted(late, key=_longest)), passed)


def _longest(one: Late) -> tuple[date, str]:
    return one.due_on, one.school
