"""What all use cases share: the ports, the definitions in force, and how a write goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from lifecycle.domain.decision import Decision, Refusal, Stamp
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import CommandReused, Refused, UnknownActor, UnknownDefinition
from lifecycle.domain.guards import Guards, Unmet
from lifecycle.domain.model import RefusedAttempt, Standing
from lifecycle.domain.ports import Clock, Definitions, EvidenceStore, Journal, Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.requests import Request
from lifecycle.service.results import Receipt


class EventLog(Protocol):
    """Where operators read what happened; never part of the proof."""

    def __call__(self, event: str, /, **facts: Any) -> None:
        """Take one event with its facts."""


@dataclass(frozen=True)
class Context:
    """The adapters a use case works with.

    Args:
        journal: Where the history is kept.
        evidence: Where files are kept.
        definitions: What can be put in force.
        clock: The server's clock.
        new_id: Makes record and command ids (UUIDv7).
        guards: Guards in Python that the host registered.
        log: Takes the events for operators.
    """

    journal: Journal
    evidence: EvidenceStore
    definitions: Definitions
    clock: Clock
    new_id: Callable[[], str]
    guards: Guards
    log: EventLog
    _parsed: dict[str, Definition] = field(default_factory=dict, repr=False)

    def definition(self, view: Reading, digest: str) -> Definition:
        """Return the definition that records name by *digest*.

        Raises:
            UnknownDefinition: It is not stored.
        """
        known = self._parsed.get(digest)
        if known is None:
            body = view.definition(digest)
            if body is None:
                raise UnknownDefinition(digest)
            known = self._parsed[digest] = Definition.from_json(json.loads(body))
        return known

    def stamp(self, definition: Definition | None = None) -> Stamp:
        """Return a new record's id and times, the day as it is at the place of the road map."""
        now = self.clock.now()
        return Stamp(self.new_id(), now, place_date(now, definition))


def place_date(moment: datetime, definition: Definition | None) -> date:
    """Return the date of *moment* where the road map is in force; UTC where there is none."""
    if definition is None:
        return moment.astimezone(UTC).date()
    return moment.astimezone(_zone(definition.roadmap.time_zone)).date()


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def check_actor(view: Reading, request: Request) -> None:
    """Refuse an actor whom nobody registered.

    Raises:
        UnknownActor: Nobody registered him.
    """
    if not view.has_actor(request.actor.id):
        raise UnknownActor(request.actor.id, view.actors())


def repeated(view: Reading, request: Request) -> Receipt | None:
    """Return the receipt of the first time, if the command was carried out before.

    Raises:
        CommandReused: It was, but it asked for something else.
    """
    record = view.command(request.command_id)
    if record is None:
        return None
    if record.request != request.digest:
        raise CommandReused(command_id=request.command_id)
    return Receipt(record, repeated=True)


def settle(
    context: Context,
    tx: Writing,
    request: Request,
    decision: Decision,
    refused: Callable[[tuple[Unmet, ...]], Refused],
    standing: Callable[[Record], Standing] | None = None,
) -> Receipt | Refused:
    """Append what was accepted, or keep the refused attempt outside the history.

    Args:
        context: The adapters.
        tx: The write transaction that the decision was made in.
        request: What was asked.
        decision: What it came to.
        refused: Makes the error for a refusal; it is returned, so that the entry is committed
            before it is raised.
        standing: Makes the row of the board after the record, for schools' streams.
    """
    if isinstance(decision, Refusal):
        error = refused(decision.unmet)
        tx.keep_refusal(_attempt(context, request, error))
        return error
    record = decision.record
    tx.append(record, standing(record) if standing else None)
    return Receipt(record, notices=decision.notices)


def _attempt(context: Context, request: Request, error: Refused) -> RefusedAttempt:
    return RefusedAttempt(
        at=context.clock.now(),
        stream=str(error.facts["stream"]),
        actor=request.actor.id,
        what=str(error.facts["what"]),
        command_id=request.command_id,
        unmet=tuple(
            {"code": one.code, "parameters": one.message.plain_parameters(), "who": list(one.who)}
            for one in error.unmet
        ),
    )


def acknowledge(context: Context, outcome: Receipt | Refused) -> Receipt:
    """Tell operators what happened and hand over the receipt, or raise the refusal.

    Raises:
        Refused: The decision was a refusal.
    """
    if isinstance(outcome, Refused):
        codes = [one.code for one in outcome.unmet]
        context.log(
            "request_refused",
            stream=outcome.facts["stream"],
            what=outcome.facts["what"],
            error=outcome.code,
            unmet=codes,
        )
        raise outcome
    record = outcome.record
    context.log(
        "command_repeated" if outcome.repeated else "record_appended",
        kind=record.kind,
        stream=record.stream,
        sequence=record.sequence,
        transition=record.transition,
        command_id=record.command_id,
    )
    return outcome
