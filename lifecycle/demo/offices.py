"""What the offices do with their plans until the middle of the year, with the public library.

Most of it is done in time and shown; something is late, put off, cancelled or forgotten, as it is
in life. What schools fulfil is not entered here: it follows from their transitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from lifecycle import Actor, Lifecycle, Receipt
from lifecycle.demo.cast import (
    BELGOROD,
    DMITROVSK,
    KASPIYSK,
    NEKLINOVSKY,
    ON_ROADMAP,
    ROADMAPS,
    TOMARI,
)
from lifecycle.demo.drive import known_as
from lifecycle.demo.papers import Papers
from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.plan import BASIS, RESULT
from lifecycle.domain.requests import Act

_LATE_EVERY: Final = 8  # every eighth activity is done some days after its last day
_LATE_BY: Final = timedelta(days=4)

# Keys, with the occurrence where there are several, and what is deviated by.
_PUT_OFF: Final[Mapping[str, tuple[str, timedelta]]] = {
    TOMARI: ("4.8", timedelta(days=21)),
    BELGOROD: ("6", timedelta(days=31)),
    DMITROVSK: ("1.1", timedelta(days=14)),
    KASPIYSK: ("10", timedelta(days=30)),
    NEKLINOVSKY: ("2.2", timedelta(days=30)),
}
_CANCELLED: Final[Mapping[str, tuple[str, str]]] = {
    TOMARI: ("4.3@2022-W18", "cancelled_by_organiser"),
    BELGOROD: ("9@2021-W18", "cancelled_by_organiser"),
    KASPIYSK: ("11@2022-W18", "no_longer_needed"),
    NEKLINOVSKY: ("2.9", "merged"),
}
_FORGOTTEN: Final = frozenset(
    {
        (TOMARI, "1.7"),
        (TOMARI, "4.6@2022-04"),
        (BELGOROD, "5"),
        (DMITROVSK, "2.1"),
        (KASPIYSK, "20"),
        (NEKLINOVSKY, "2.3"),
        (NEKLINOVSKY, "3.3"),
    }
)
_COUNTS: Final = {
    "municipal_roadmaps": 19,
    "candidates": 4,
    "candidates_questioned": 4,
    "schools_attended": 2,
    "schools_with_section": 3,
    "teachers_trained": 512,
    "teachers_trained_500plus": 118,
}


def report_day(definition: Definition) -> date:
    """Return the day on which the demonstration looks at a plan: in the middle of its year."""
    return date(definition.roadmap.end.year, 6, 15)


@dataclass
class Offices:
    """The offices of all road maps at their work.

    Args:
        engine: The engine.
        papers: Makes the evidence.
        receipts: What was recorded.
    """

    engine: Lifecycle
    papers: Papers
    receipts: list[Receipt] = field(default_factory=list)

    def work(self) -> None:
        """Let every office do what falls to it until the day that is looked at."""
        for roadmap in ROADMAPS:
            definition = self.engine.context.definitions.compiled(roadmap)
            day = report_day(definition)
            view = self.engine.plans.view(roadmap, on=definition.roadmap.start)
            own = [one for one in view.activities if one.by == "office"]
            for number, one in enumerate(own):
                self._treat(definition, one, number, day)

    def _treat(self, definition: Definition, one: ActivityStatus, number: int, day: date) -> None:
        roadmap, name = definition.roadmap.id, named(one)
        due_on = one.due_on
        if due_on is None or (roadmap, name) in _FORGOTTEN:
            return
        start = one.occurrence.start
        if due_on > day:
            if start is not None and start <= day and one.occurrence.name is None and number % 2:
                self._act(definition, one, "begun", start)
            return
        cancelled, reason = _CANCELLED.get(roadmap, ("", ""))
        if name == cancelled:
            self._act(definition, one, "cancelled", due_on, reason=reason)
            return
        put_off, by = _PUT_OFF[roadmap]
        if name == put_off:
            self._act(definition, one, "postponed", due_on - _LATE_BY, postponed_to=due_on + by)
            due_on += by
        done_on = due_on + _LATE_BY if number % _LATE_EVERY == _LATE_EVERY - 1 else due_on
        if done_on <= day:
            self._act(definition, one, "done", done_on)

    def _act(
        self,
        definition: Definition,
        one: ActivityStatus,
        act: Act,
        day: date,
        *,
        reason: str | None = None,
        postponed_to: date | None = None,
    ) -> None:
        kinds = {"done": RESULT, "postponed": BASIS}
        evidence = []
        if act in kinds:
            evidence.append(self.papers.of_office(definition, one.activity, kinds[act], day))
        asked = one.activity.counts if act == "done" else ()
        self.receipts.append(
            self.engine.plans.act(
                definition.roadmap.id,
                one.activity.key,
                act,
                actor=_actor(definition, one),
                occurrence=one.occurrence.name,
                evidence=evidence,
                counts={count.name: _COUNTS[count.name] for count in asked},
                reason=reason,
                postponed_to=postponed_to,
                effective_on=day,
            )
        )


def named(one: ActivityStatus) -> str:
    """Return the key of an activity, with the occurrence where there are several."""
    name = one.occurrence.name
    return one.activity.key if name is None else f"{one.activity.key}@{name}"


def _actor(definition: Definition, one: ActivityStatus) -> Actor:
    """Return who acts: a party of the row who holds the role on the road map, or a coordinator."""
    held = dict(reversed(ON_ROADMAP[definition.roadmap.id]))
    roles: Iterator[str] = iter((*one.activity.roles, *definition.planned_by))
    return known_as(next(held[role] for role in roles if role in held))
