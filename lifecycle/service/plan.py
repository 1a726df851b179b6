"""Use cases on the plan of a road map: what became of its activities, and what is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lifecycle.domain.decision import Accepted
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import ActivityRefused, UnknownRoadmap
from lifecycle.domain.fulfilment import ActivityStatus, Facts, facts_on, plan_status
from lifecycle.domain.indicators import Reading as IndicatorReading
from lifecycle.domain.indicators import read_indicators
from lifecycle.domain.model import EvidenceFile, roadmap_stream
from lifecycle.domain.plan import decide_activity, plan_of
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.requests import ActOnActivity
from lifecycle.service.administration import adopted
from lifecycle.service.context import (
    Context,
    carry_out,
    check_actor,
    place_date,
    repeated,
    settle,
)
from lifecycle.service.evidence import store
from lifecycle.service.results import Receipt


@dataclass(frozen=True, slots=True)
class PlanView:
    """A road map on a day, plan against fact.

    Args:
        definition: Rules in force.
        day: The day asked for.
        activities: Every occurrence of every activity, in the order of the road map.
        indicators: Every countable indicator.
    """

    definition: Definition
    day: date
    activities: tuple[ActivityStatus, ...]
    indicators: tuple[IndicatorReading, ...]


def act(context: Context, request: ActOnActivity, files: Sequence[EvidenceFile]) -> Receipt:
    """Record what became of an activity."""
    return carry_out(context, request, lambda tx: _act(context, tx, request, files))


def _act(
    context: Context, tx: Writing, request: ActOnActivity, files: Sequence[EvidenceFile]
) -> Receipt:
    stream = roadmap_stream(request.roadmap)
    head = tx.lock(stream)
    again = repeated(tx, request)
    if again is not None:
        return again
    check_actor(tx, request)
    definition = in_force(context, tx, request.roadmap)
    decision = decide_activity(
        definition,
        tx.assignments([stream]),
        plan_of(tx.records(stream)),
        request,
        context.stamp(definition),
        head,
        {},
    )
    if isinstance(decision, Accepted):
        store(context, request.evidence, files)
    return settle(
        tx,
        decision,
        lambda unmet: ActivityRefused(
            unmet,
            activity=request.activity,
            roadmap=request.roadmap,
            what=request.act,
            stream=stream,
            actor=request.actor.id,
        ),
    )


def view(context: Context, roadmap: str, on: date | None) -> PlanView:
    """Return plan against fact on a day; today at the place of the road map if not told.

    A road map that is not in force yet is shown with nothing done.

    Raises:
        UnknownRoadmap: There is none of that id.
    """
    with context.journal.reading() as reading:
        definition = adopted(context, reading, roadmap)
        records: list[Record] = []
        if definition is None:
            definition = context.definitions.compiled(roadmap)
        else:
            records = reading.records(roadmap_stream(roadmap))
        day = on or place_date(context.clock.now(), definition)
        facts = _facts(reading, definition, records, day)
    statuses = plan_status(facts, day, context.calendar.days_late)
    return PlanView(definition, day, statuses, read_indicators(facts, statuses, day))


def _facts(reading: Reading, definition: Definition, records: Sequence[Record], day: date) -> Facts:
    roadmap = definition.roadmap.id
    plan = plan_of(record for record in records if record.effective_on <= day)
    standings = reading.standings(roadmap=roadmap)
    return facts_on(definition, plan, standings, reading.moves(roadmap), day)


def in_force(context: Context, reading: Reading, roadmap: str) -> Definition:
    """Return the rules in force on a road map.

    Raises:
        UnknownRoadmap: It is not in force.
    """
    definition = adopted(context, reading, roadmap)
    if definition is None:
        raise UnknownRoadmap(roadmap, context.definitions.roadmaps())
    return definition
