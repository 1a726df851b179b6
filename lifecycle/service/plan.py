"""Use cases on the plan of a road map: what became of its activities, and what is overdue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.domain.dates import Day, day_of, place_date
from lifecycle.domain.decision import Accepted
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import ActivityRefused, RoadmapNotInForce, UnknownRoadmap
from lifecycle.domain.fulfilment import (
    ActivityStatus,
    Facts,
    facts_on,
    office_status,
    plan_status,
)
from lifecycle.domain.indicators import Reading as IndicatorReading
from lifecycle.domain.indicators import read_indicators
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    Evidence,
    EvidenceFile,
    SchoolMove,
    Standing,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.overdue import Due, activities_due, places_on, schools_due
from lifecycle.domain.plan import Plan, decide_activity, plan_of
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.replay import roles_on
from lifecycle.domain.requests import Act, ActOnActivity
from lifecycle.service.administration import adopted
from lifecycle.service.arguments import told_by_name
from lifecycle.service.context import (
    Context,
    carry_out,
    settle,
)
from lifecycle.service.evidence import Offer, keep, store, taken_in
from lifecycle.service.identity import access_of
from lifecycle.service.results import Receipt
from lifecycle.service.times import after_erasures


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


@told_by_name
class Plans:
    """The plans of the road maps.

    Args:
        context: The adapters.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def act(
        self,
        roadmap: str,
        activity: str,
        act: Act,
        *,
        actor: Actor,
        occurrence: str | None = None,
        evidence: Iterable[Evidence | EvidenceFile] = (),
        counts: Mapping[str, int] | None = None,
        postponed_to: Day = None,
        reason: str | None = None,
        comment: str | None = None,
        effective_on: Day = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Say what became of an activity that is the office's own work.

        Args:
            roadmap: A road map in force.
            activity: Key of the activity.
            act: What became of it.
            actor: Who says so.
            occurrence: Which one, where the activity recurs, such as ``2021-03``.
            evidence: ``activity_result`` for ``done``, ``basis`` for ``postponed``.
            counts: Numbers that the road map asks for, by name.
            postponed_to: New last day, for ``postponed``.
            reason: Code from the programme's list, for ``cancelled``.
            comment: A remark; kept outside the history, where it can be erased.
            effective_on: The date the act bears.
            command_id: Id of the request.

        Raises:
            ActivityRefused: With every reason, such as that schools fulfil the activity.
            RoadmapNotInForce, UnknownRoadmap: Nobody works under it yet; there is none.
            UnknownActivity: There is no such activity or occurrence.
        """
        offer = taken_in(self._context, tuple(evidence), comment)
        request = ActOnActivity(
            actor=actor,
            command_id=self._context.command(command_id),
            effective_on=day_of(effective_on),
            act=act,
            roadmap=roadmap,
            activity=activity,
            occurrence=occurrence,
            evidence=offer.evidence,
            counts=dict(counts or {}),
            postponed_to=day_of(postponed_to),
            reason=reason,
            comment=offer.comment,
        )
        return carry_out(
            self._context,
            request,
            roadmap_stream(roadmap),
            lambda tx, asked: _act(self._context, tx, asked, offer),
        )

    def in_force(self, roadmap: str) -> Definition | None:
        """Return the rules that a road map is in force by; ``None`` if nobody works under it."""
        with self._context.journal.reading() as reading:
            return adopted(self._context, reading, roadmap)

    def view(self, roadmap: str, *, on: Day = None) -> PlanView:
        """Return a road map on a day, plan against fact, with its indicators.

        Args:
            roadmap: Id of the road map; nothing is done yet on one that is not in force.
            on: The day; today at the place of the road map if ``None``.

        Raises:
            UnknownRoadmap: There is none of that id.
        """
        with self._context.journal.reading() as reading:
            return view_of(self._context, reading, roadmap, day_of(on))

    def due(
        self, roadmap: str | None = None, *, on: Day = None, within: int = 0
    ) -> tuple[Due, ...]:
        """Return what is overdue, and what falls due within some days, the longest overdue first.

        Args:
            roadmap: Id of a road map in force; all of them if ``None``.
            on: The day; today at the place of the road map if ``None``.
            within: Calendar days to look ahead.

        Raises:
            RoadmapNotInForce, UnknownRoadmap: Nobody works under it yet; there is none.
        """
        context, wanted = self._context, list[Due]()
        with context.journal.reading() as reading:
            for name in [roadmap] if roadmap is not None else reading.roadmaps():
                definition = in_force(context, reading, name)
                day = day_of(on) or place_date(context.clock.now(), definition)
                found = _due(context, reading, definition, day)
                wanted += (one for one in found if one.days_overdue or one.days_left <= within)
        return tuple(sorted(wanted, key=lambda one: (-one.days_overdue, one.due_on, one.subject)))


def view_of(context: Context, reading: Reading, roadmap: str, on: date | None) -> PlanView:
    """Return a road map on a day, as ``Plans.view`` does, by a view that is open.

    Raises:
        UnknownRoadmap: There is none of that id.
    """
    in_use = adopted(context, reading, roadmap)
    definition = in_use or context.definitions.compiled(roadmap)
    day = on or place_date(context.clock.now(), definition)
    standings = list(reading.standings(roadmap=roadmap))
    moves = reading.moves(roadmap, facts=_counts_facts(definition))
    held = _held(reading, definition, standings, day)
    facts = _facts(reading, definition, standings, moves, day, held)
    statuses = plan_status(facts, day, context.calendar.days_late)
    return PlanView(definition, day, statuses, read_indicators(facts, statuses, day))


def _due(context: Context, reading: Reading, definition: Definition, day: date) -> Iterator[Due]:
    name, late = definition.roadmap.id, context.calendar.days_late
    on_roadmap = reading.assignments([roadmap_stream(name)])
    places = places_on(
        definition,
        reading.standings(roadmap=name),
        reading.moves(name, facts=False),
        reading.held_on_schools(name),
        day,
    )
    yield from schools_due(definition, places, on_roadmap, day, late)
    statuses = office_status(definition, _plan(reading, name, day), day, late)
    yield from activities_due(definition, statuses, on_roadmap, day)


def _act(context: Context, tx: Writing, request: ActOnActivity, offer: Offer) -> Receipt:
    stream = roadmap_stream(request.roadmap)
    definition = in_force(context, tx, request.roadmap)
    head = tx.lock(stream)
    access = access_of(tx, request.actor, context.signatures)
    decision = decide_activity(
        access,
        definition,
        tx.assignments([stream]),
        plan_of(tx.records(stream)),
        request,
        context.stamp(definition, after=after_erasures(tx, head, tx.head(INSTALLATION))),
        head,
        {INSTALLATION: access.version},
    )
    if isinstance(decision, Accepted):
        store(context, tx, offer)
    receipt = settle(
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
    keep(tx, receipt.record, offer)
    return receipt


def _facts(
    reading: Reading,
    definition: Definition,
    standings: Iterable[Standing],
    moves: Iterable[SchoolMove],
    day: date,
    held: Mapping[str, frozenset[str]],
) -> Facts:
    plan = _plan(reading, definition.roadmap.id, day)
    return facts_on(definition, plan, standings, moves, day, held)


def _plan(reading: Reading, roadmap: str, day: date) -> Plan:
    records = reading.records(roadmap_stream(roadmap))
    return plan_of(record for record in records if record.effective_on <= day)


def _counts_facts(definition: Definition) -> bool:
    """Tell whether an indicator looks at facts, so that the body of every record is read."""
    measures = (
        measure
        for one in definition.roadmap.indicators
        for measure in (one.numerator, one.denominator)
    )
    return any(one is not None and one.fact is not None for one in measures)


def _held(
    reading: Reading, definition: Definition, standings: Iterable[Standing], day: date
) -> dict[str, frozenset[str]]:
    """Return the roles held for each school on *day*, if an indicator asks for them."""
    indicators = definition.roadmap.indicators
    if not any(one.numerator.type == "schools_assigned" for one in indicators):
        return {}  # else every record of every school is read
    everywhere = roles_on(reading.records(roadmap_stream(definition.roadmap.id)), day)
    return {
        one.school: everywhere | roles_on(reading.records(participation_stream(one.school)), day)
        for one in standings
    }


def in_force(context: Context, reading: Reading, roadmap: str) -> Definition:
    """Return the rules in force on a road map.

    Raises:
        RoadmapNotInForce: Nobody works under it yet.
        UnknownRoadmap: There is none of that id.
    """
    definition = adopted(context, reading, roadmap)
    if definition is None:
        known = context.definitions.roadmaps()
        raise RoadmapNotInForce(roadmap) if roadmap in known else UnknownRoadmap(roadmap, known)
    return definition
