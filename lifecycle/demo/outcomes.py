"""What the demonstration prints of the plans: plan against fact, indicators, what is overdue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from lifecycle import Lifecycle, Message
from lifecycle.demo.cast import ROADMAPS
from lifecycle.demo.offices import report_day
from lifecycle.demo.printing import Page
from lifecycle.domain.indicators import Reading
from lifecycle.domain.overdue import Due
from lifecycle.service.plan import PlanView

_STATES: Final = ("planned", "begun", "done", "cancelled")
_LONGEST: Final = 3  # of each road map's overdue, that are told
_WORDING: Final = 64  # characters of a wording
_NAMES: Final = 3


def plans(page: Page, engine: Lifecycle) -> dict[str, object]:
    """Print how all five plans stand in the middle of their year.

    Returns:
        ``roadmaps``, ``activities``, ``indicators``, ``indicators_met``, ``overdue_on_the_day``:
        how many there are.
    """
    views = []
    for roadmap in ROADMAPS:
        day = report_day(engine.context.definitions.compiled(roadmap))
        views.append((engine.plans.view(roadmap, on=day), engine.plans.due(roadmap, on=day)))
    _against_fact(page, views)
    for view, _ in views:
        if view.indicators:
            _indicators(page, view)
    for view, due in views:
        _overdue(page, view, due)
    readings = [one for view, _ in views for one in view.indicators]
    return {
        "roadmaps": len(views),
        "activities": sum(len(view.definition.roadmap.activities) for view, _ in views),
        "indicators": len(readings),
        "indicators_met": sum(one.met is True for one in readings),
        "overdue_on_the_day": sum(len(_late(due)) for _, due in views),
    }


def _late(due: Sequence[Due]) -> list[Due]:
    return [one for one in due if one.due_on < one.day]


def _against_fact(page: Page, views: Sequence[tuple[PlanView, Sequence[Due]]]) -> None:
    heads = (
        Message("road map"),
        Message("on"),
        Message("rows"),
        Message("planned"),
        Message("begun"),
        Message("done"),
        Message("cancelled"),
        Message("overdue"),
    )
    rows = []
    for view, due in views:
        counted = Counter(one.state for one in view.activities)
        rows.append(
            (
                view.definition.roadmap.id,
                view.day.isoformat(),
                str(len(view.definition.roadmap.activities)),
                *(str(counted[state]) for state in _STATES),
                str(len(_late(due))),
            )
        )
    page.heading(
        Message("The plans in the middle of their year, an activity that recurs each time")
    )
    page.table(heads, rows)


def _indicators(page: Page, view: PlanView) -> None:
    heads = (
        Message("row"),
        Message("value"),
        Message("target"),
        Message("met"),
        Message("missing"),
        Message("indicator"),
    )
    facts = {"roadmap": view.definition.roadmap.id, "day": view.day.isoformat()}
    page.heading(Message("Indicators of {roadmap} on {day}, from the history", facts))
    page.table(heads, [_reading(page, one) for one in view.indicators])


def _reading(page: Page, one: Reading) -> tuple[str | None, ...]:
    indicator = one.indicator
    percent = "%" if indicator.unit == "percent" else ""
    met = None if one.met is None else page.in_words(Message("yes") if one.met else Message("no"))
    shown = [*one.missing[:_NAMES], *(["..."] if len(one.missing) > _NAMES else [])]
    return (
        indicator.key,
        None if one.value is None else f"{int(one.value)}{percent}",
        None if indicator.target is None else f"{indicator.target}{percent}",
        met,
        ", ".join(shown),
        _short(indicator.text),
    )


def _overdue(page: Page, view: PlanView, due: Sequence[Due]) -> None:
    late = _late(due)
    facts = {
        "roadmap": view.definition.roadmap.id,
        "day": view.day.isoformat(),
        "count": len(late),
    }
    page.heading(Message("Overdue in {roadmap} on {day}: {count}; the longest", facts))
    heads = (
        Message("what"),
        Message("due"),
        Message("working days"),
        Message("whose move"),
        Message("told"),
        Message("title"),
    )
    rows = [
        (
            one.subject,
            one.due_on.isoformat(),
            str(one.days_overdue),
            ", ".join(one.actors),
            ", ".join(one.told),
            _short(one.title),
        )
        for one in late[:_LONGEST]
    ]
    page.table(heads, rows)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _WORDING else f"{words[: _WORDING - 1]}…"
