"""What all use cases share: the ports, the definitions in force, and how a write goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from lifecycle import events
from lifecycle.domain.dates import place_date
from lifecycle.domain.errors import (
    CommandReused,
    Conflict,
    HistoryBroken,
    LifecycleError,
    Refused,
    StorageFailed,
)
from lifecycle.domain.messages import Message
from lifecycle.domain.naming import identifier
from lifecycle.service.memory import Memory
from lifecycle.service.patience import PATIENCE, patiently

# What decides and records is imported where it is used: who only reads needs none of it.
if TYPE_CHECKING:
    from lifecycle.domain.decision import Accepted, Decision, Stamp
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.evidence import EvidenceStore
    from lifecycle.domain.guards import Guards, Unmet
    from lifecycle.domain.model import RefusedAttempt, Standing
    from lifecycle.domain.ports import (
        Calendar,
        Clock,
        Definitions,
        Journal,
        Reading,
        SignatureCheck,
        Writing,
    )
    from lifecycle.domain.record import Record
    from lifecycle.domain.requests import Request
    from lifecycle.events import EventLog
    from lifecycle.service.results import Receipt

Asked = TypeVar("Asked", bound="Request")
Result = TypeVar("Result")
Read = TypeVar("Read")
Begin = Callable[[], "AbstractContextManager[Writing]"]


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
        calendar: Tells working days.
        signatures: Checks the signatures of commands.
        public_keys: Tells 32 bytes that ``signatures`` can accept a signature of.
        patience: Seconds in which a transaction that others hindered is begun again.
        memory: What was looked at, for whoever looks again.
    """

    journal: Journal
    evidence: EvidenceStore
    definitions: Definitions
    clock: Clock
    new_id: Callable[[], str]
    guards: Guards
    log: EventLog
    calendar: Calendar
    signatures: SignatureCheck
    public_keys: Callable[[bytes], bool]
    patience: float = PATIENCE
    memory: Memory = field(default_factory=Memory, repr=False)
    _parsed: dict[str, Definition] = field(default_factory=dict, repr=False)
    _zones: dict[str, str] = field(default_factory=dict, repr=False)

    def definition(self, view: Reading, digest: str) -> Definition:
        """Return the definition that records name by *digest*.

        Raises:
            HistoryBroken: It is not stored, or what is stored is not what was recorded.
        """
        known = self._parsed.get(digest)
        if known is None:
            from lifecycle.domain.definition import Definition

            known = self._parsed[digest] = _stored(view, digest, Definition.from_json)
        return known

    def time_zone(self, view: Reading, digest: str) -> str:
        """Return the time zone of the definition of that digest, without reading the rest of it.

        Raises:
            HistoryBroken: As ``definition``.
        """
        known = self._zones.get(digest)
        if known is None:
            known = self._zones[digest] = _stored(
                view, digest, lambda body: str(body["roadmap"]["time_zone"])
            )
        return known

    def command(self, command_id: str | None) -> str:
        """Return the id of a request: the caller's, or a new one.

        Raises:
            InvalidIdentifier: It cannot be an id.
        """
        return self.new_id() if command_id is None else identifier(command_id, "command")

    def told_again(self, attempt: int, pause: float, error: LifecycleError) -> None:
        """Tell operators that a transaction is begun again."""
        self.log(events.RETRIED, attempt=attempt, pause=round(pause, 3), error=error.code)

    def stamp(
        self, definition: Definition | None = None, *, after: datetime | None = None
    ) -> Stamp:
        """Return a new record's id and times, the day as it is at the place of the road map.

        Args:
            definition: Tells the place.
            after: Time that the record cannot be earlier than, even if the clock was set back.
        """
        from lifecycle.domain.decision import Stamp

        now = self.clock.now()
        now = now if after is None else max(now, after)
        return Stamp(self.new_id(), now, place_date(now, definition))


def _stored(view: Reading, digest: str, read: Callable[[Any], Read]) -> Read:
    """Return what *read* takes out of the stored definition.

    Raises:
        HistoryBroken: It is not stored, or is not what was recorded.
    """
    facts, body = {"digest": digest}, view.definition(digest)
    if body is None:
        raise HistoryBroken(detail=Message("the definition {digest} is missing", facts))
    if sha256(body).hexdigest() != digest:
        raise HistoryBroken(detail=Message("the definition {digest} was changed", facts))
    try:
        return read(json.loads(body))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = Message("the definition {digest} cannot be read", facts)
        raise HistoryBroken(detail=detail) from error


def repeated(view: Reading, request: Request) -> Receipt | None:
    """Return the receipt of the first time, if the command was carried out before.

    Raises:
        CommandReused: It was, but it asked for something else.
    """
    record = view.command(request.command_id)
    if record is None:
        return None
    from lifecycle.service.results import Receipt

    if record.request != request.digest:
        raise CommandReused(command_id=request.command_id)
    return Receipt(record, repeated=True)


def settle(
    tx: Writing,
    decision: Decision,
    refused: Callable[[tuple[Unmet, ...]], Refused],
    standing: Callable[[Record], Standing] | None = None,
) -> Receipt:
    """Append what was accepted.

    Args:
        tx: The write transaction that the decision was made in.
        decision: What the request came to.
        refused: Makes the error for a refusal.
        standing: Makes the row of the board after the record, for schools' streams.

    Raises:
        Refused: The decision was a refusal.
        HistoryBroken: What it was made on belongs to another installation.
    """
    from lifecycle.domain.decision import Refusal

    if isinstance(decision, Refusal):
        raise refused(decision.unmet)
    row = standing(decision.record) if standing else None
    (receipt,) = append_all(tx, [(decision, row)])
    return receipt


def append_all(tx: Writing, accepted: Sequence[tuple[Accepted, Standing | None]]) -> list[Receipt]:
    """Append what was accepted, each with its row of the board, and acknowledge it.

    Raises:
        Conflict: A constraint of the database had the last word; the transaction is to be undone.
        HistoryBroken: What it was decided on belongs to another installation.
    """
    from lifecycle.service.results import Receipt

    for one, _ in accepted:
        if one.record.origin != tx.origin:
            place = {"stream": one.record.stream}
            detail = Message("{stream} belongs to another installation", place)
            raise HistoryBroken(detail=detail)
    tx.append_all([(one.record, standing) for one, standing in accepted])
    return [Receipt(one.record, notices=one.notices) for one, _ in accepted]


def carry_out(
    context: Context,
    request: Asked,
    stream: str,
    work: Callable[[Writing, Asked], Receipt],
    begin: Begin | None = None,
) -> Receipt:
    """Hold *stream*, and do *work* for a known actor unless the command was carried out before.

    *work* gets the request as its actor proved it: with his signature, where he signs.

    Args:
        context: The adapters.
        request: What is asked.
        stream: That gets the record.
        work: Decides and appends.
        begin: Begins another transaction than an ordinary one.

    Raises:
        UnknownActor: Nobody registered the actor.
        CommandReused: The command was carried out before, but asked for something else.
        AuthenticationFailed: The actor did not prove what his authentication says.
        Refused: As ``transacted``.
    """
    from lifecycle.service.identity import check_actor, named, proved

    def once(tx: Writing) -> Receipt:
        tx.foresee([(stream, request.command_id)], named(request.actor))
        # Locked first: of two processes with one command id the second has to see the first.
        head = tx.lock(stream)
        again = repeated(tx, request)
        if again is not None:
            return again
        check_actor(tx, request)
        return work(tx, proved(tx, request, head))

    return transacted(context, request, once, begin)


def transacted(
    context: Context,
    request: Request,
    work: Callable[[Writing], Receipt],
    begin: Begin | None = None,
) -> Receipt:
    """Do *work* in one write transaction, and tell operators what came of it.

    A refusal undoes whatever was appended on the way to it, such as the adoption of a road map,
    and is kept as an entry outside the history.

    Raises:
        Refused: The request was refused.
    """
    from lifecycle.service.telling import tell_receipt

    receipt = attempted(context, request, work, begin)
    tell_receipt(context.log, receipt)
    return receipt


def attempted(
    context: Context,
    request: Request,
    work: Callable[[Writing], Result],
    begin: Begin | None = None,
) -> Result:
    """Do *work* in one write transaction; operators are told why nothing came of it.

    A refusal is kept outside the history, if there is room for it.

    Raises:
        Refused: The request was refused.
        Conflict: Somebody else was first.
        StorageFailed: The database failed.
    """

    def once() -> Result:
        with (begin or context.journal.writing)() as tx:
            return work(tx)

    def kept() -> None:
        with context.journal.writing() as tx:
            tx.keep_refusal(attempt)

    try:
        try:
            return patiently(once, context.patience, context.told_again)
        except Refused as error:
            attempt = refused_attempt(context, request, error)
            try:
                patiently(kept, context.patience, context.told_again)
            except StorageFailed as failed:
                # A refusal stays one, even if there was no room to keep it.
                context.log(events.REFUSAL_NOT_KEPT, error=failed.code)
            raise
    except (Refused, Conflict, StorageFailed) as error:
        from lifecycle.service.telling import tell_failure

        tell_failure(context.log, request, error)
        raise


def refused_attempt(context: Context, request: Request, error: Refused) -> RefusedAttempt:
    """Return what is kept of a refusal, outside the history."""
    from lifecycle.domain.model import RefusedAttempt

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
