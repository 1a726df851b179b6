"""The JSON documents of the commands on plans: their members are a promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from lifecycle.cli import documents
from lifecycle.cli.documents import day
from lifecycle.cli.language import spoken

if TYPE_CHECKING:
    from datetime import date

    from lifecycle.domain.fulfilment import ActivityStatus
    from lifecycle.domain.indicators import Reading
    from lifecycle.domain.overdue import Due
    from lifecycle.service.plan import PlanView

_PLACES: Final = 2  # of a share in percent


def plan(view: PlanView) -> dict[str, Any]:
    """Return a road map, plan against fact."""
    found = [status(one, view.day) for one in view.activities]
    states = Counter(one["state"] for one in found)
    return {
        **_place(view),
        "totals": {
            **{state: states[state] for state in ("planned", "begun", "done", "cancelled")},
            "overdue": sum(one["overdue"] for one in found),
        },
        "activities": found,
    }


def _place(view: PlanView) -> dict[str, Any]:
    definition = view.definition
    return {
        "roadmap": definition.roadmap.id,
        "title": definition.roadmap.title.in_language(spoken()),
        "version": definition.roadmap.version,
        "digest": definition.ref.digest,
        "on": day(view.day),
    }


def status(one: ActivityStatus, on: date) -> dict[str, Any]:
    """Return one occurrence of an activity; who fulfilled it is named where schools do."""
    row, progress = one.activity, one.progress
    return {
        "key": row.key,
        "occurrence": one.occurrence.name,
        "section": row.section,
        "title": row.title,
        "by": one.by,
        "state": one.state,
        "start": day(one.occurrence.start),
        "end": day(one.occurrence.end),
        "due_on": day(one.due_on),
        "begun_on": day(progress.begun_on),
        "closed_on": day(one.closed_on),
        "postponed_to": day(progress.postponed_to),
        "reason": progress.reason,
        "days_overdue": one.days_overdue,
        "overdue": is_overdue(one, on),
        "roles": list(row.roles),
        "responsible": row.responsible,
        "counts": dict(progress.counts or {}),
        "evidence": [documents.evidence(piece) for piece in progress.evidence],
        "fulfilled": [
            {"school": school, "on": day(then)} for school, then in one.fulfilled.items()
        ],
        "missing": list(one.missing),
    }


def is_overdue(one: ActivityStatus, on: date) -> bool:
    """Tell whether the last day has passed on *on* and it is still to be done."""
    return one.open and one.due_on is not None and one.due_on < on


def due(one: Due) -> dict[str, Any]:
    """Return something that is overdue, or still to come."""
    return {
        "kind": one.kind,
        "roadmap": one.roadmap,
        "school": one.subject if one.kind == "school" else None,
        "activity": one.subject if one.kind == "activity" else None,
        "activities": list(one.activities),
        "state": one.state,
        "title": one.title,
        "due_on": day(one.due_on),
        "days_overdue": one.days_overdue,
        "days_left": one.days_left,
        "roles": list(one.roles),
        "actors": list(one.actors),
        "escalated_to": one.escalated_to,
        "told": list(one.told),
    }


def indicators(view: PlanView) -> dict[str, Any]:
    """Return the countable results with what was counted, and the others as done or not."""
    return {
        **_place(view),
        "indicators": [reading(one) for one in view.indicators],
        "uncountable": list(_uncountable(view)),
    }


def reading(one: Reading) -> dict[str, Any]:
    """Return an indicator; its value is null where nothing can be divided by yet."""
    indicator = one.indicator
    return {
        "key": indicator.key,
        "activity": indicator.activity,
        "text": indicator.text,
        "value": number(one.value),
        "numerator": one.numerator,
        "denominator": one.denominator,
        "unit": indicator.unit,
        "target": indicator.target,
        "met": one.met,
        "missing": list(one.missing),
    }


def number(value: Fraction | None) -> int | float | None:
    """Return a number as JSON has it, a share cut to two places: 99.999 % are not all."""
    if value is None or value.denominator == 1:
        return None if value is None else int(value)
    scale = 10**_PLACES
    return (value * scale).__floor__() / scale


def _uncountable(view: PlanView) -> Iterator[dict[str, Any]]:
    """Yield every activity that no indicator counts, with the evidence shown for it."""
    counted = {one.activity for one in view.definition.roadmap.indicators}
    rows: dict[str, list[ActivityStatus]] = {}
    for one in view.activities:
        if one.activity.key not in counted:
            rows.setdefault(one.activity.key, []).append(one)
    for key, occurrences in rows.items():
        row = occurrences[0].activity
        wanted = [one for one in occurrences if one.state != "cancelled"]
        done = [one for one in wanted if one.state == "done"]
        yield {
            "key": key,
            "title": row.title,
            "result": row.result,
            "by": occurrences[0].by,
            "done": bool(wanted) and len(done) == len(wanted),
            "occurrences_done": len(done),
            "occurrences": len(wanted),
            "evidence": [
                documents.evidence(piece) for one in occurrences for piece in one.progress.evidence
            ],
            "missing": list(dict.fromkeys(name for one in wanted for name in one.missing)),
        }
