"""Plans in every state, made by the domain itself, and pictures read back as XML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from xml.etree.ElementTree import Element, fromstring

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus, Facts, plan_status
from lifecycle.domain.occurrences import occurrences_of
from lifecycle.domain.plan import Place, Plan, Progress
from lifecycle.domain.roadmap import Activity
from lifecycle.workflows.working_days import RussianCalendar

ROADMAPS = (
    "belgorod-2021",
    "dmitrovsk-2022",
    "kaspiysk-2022",
    "neklinovsky-2022",
    "tomari-2022",
)
SCHOOLS = ("s-1", "s-2", "s-3")
SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> Element:
    """Return the root of an SVG."""
    return fromstring(picture)  # noqa: S314 - what the project has just written


def having(root: Element, name: str) -> list[Element]:
    """Return the elements with that attribute, in the order of the picture."""
    return [element for element in root.iter() if name in element.attrib]


def words(element: Element) -> str:
    """Return the text that is shown, without the titles."""
    return " ".join(span.text or "" for span in element.iter() if span.tag != f"{SVG}title").strip()


def title_of(element: Element) -> str:
    """Return the text that explains *element*."""
    title = element.find(f"{SVG}title")
    assert title is not None
    return title.text or ""


def days_of(definition: Definition) -> tuple[date, ...]:
    """Return days before, in and after the road map's period."""
    start, end = definition.roadmap.start, definition.roadmap.end
    return (start - timedelta(days=20), start + timedelta(days=90), end, end + timedelta(days=30))


def eventful(definition: Definition, day: date) -> tuple[ActivityStatus, ...]:
    """Return a plan by *day* in which everything has happened that can happen."""
    return status_of(definition, dict(_said(definition, day)), _moves(definition, day), day)


def status_of(
    definition: Definition,
    plan: Mapping[tuple[str, None], Progress] | Plan,
    moves: Mapping[str, Mapping[str, date]],
    day: date,
) -> tuple[ActivityStatus, ...]:
    """Return where every occurrence stands, counted in working days of Russia."""
    facts = Facts(definition, dict[Place, Progress](plan.items()), SCHOOLS, moves)
    return plan_status(facts, day, RussianCalendar().days_late)


def under(definition: Definition, *activities: Activity) -> Definition:
    """Return *definition* with other activities on its road map."""
    return replace(definition, roadmap=replace(definition.roadmap, activities=activities))


def _said(definition: Definition, day: date) -> Iterator[tuple[Place, Progress]]:
    """Yield every kind of progress in turn, on the occurrences that have begun."""
    roadmap = definition.roadmap
    number = 0
    for activity in roadmap.activities:
        for occurrence in occurrences_of(activity, roadmap):
            if activity.by_schools or (occurrence.start or roadmap.start) > day:
                continue
            number += 1
            begun_on = max(occurrence.start or roadmap.start, roadmap.start)
            due_on = occurrence.end or roadmap.end
            late = min(due_on + timedelta(days=9), day)
            said = (
                None,
                Progress("done", begun_on=begun_on, closed_on=max(begun_on, min(due_on, day))),
                Progress("done", closed_on=late),
                Progress("begun", begun_on=begun_on),
                Progress("begun", begun_on=begun_on, postponed_to=due_on + timedelta(days=45)),
                Progress("cancelled", closed_on=begun_on, reason="merged"),
            )[number % 6]
            if said is not None:
                yield (activity.key, occurrence.name), said


def _moves(definition: Definition, day: date) -> dict[str, dict[str, date]]:
    """Return the moves of schools around the deadlines; the last one lags behind."""
    moves: dict[str, dict[str, date]] = {}
    for transition in definition.transitions:
        for number, school in enumerate(SCHOOLS):
            made_on = (transition.due_on or day) + timedelta(days=20 * number - 15)
            if transition.due_on is not None and made_on <= day:
                moves.setdefault(transition.name, {})[school] = made_on
    return moves
