"""What all use cases share: the ports, the definitions in force, and how a write goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol, TypeVar

from lifecycle.domain.access import known_by
from lifecycle.domain.dates import place_date
from lifecycle.domain.decision import Accepted, Decision, Refusal, Stamp
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    CommandReused,
    HistoryBroken,
    InvalidInput,
    Refused,
    StorageFailed,
    UnknownActor,
)
from lifecycle.domain.guards import Guards, Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor, Head, RefusedAttempt, Standing
from lifecycle.domain.naming import identifier
from lifecycle.domain.ports import (
    Calendar,
    Clock,
    Definitions,
    EvidenceStore,
    Journal,
    Reading,
    SignatureCheck,
    Writing,
)
from lifecycle.domain.record import Record
from lifecycle.domain.requests import Request
from lifecycle.service.identity import proved
from lifecycle.service.known import Known
from lifecycle.service.patience import PATIENCE, patiently
from lifecycle.service.results import Receipt

Asked = TypeVar("Asked", bound=Request)
Result = TypeVar("Result")
Begin = Callable[[], AbstractContextManager[Writing]]


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
        calendar: Tells working days.
        signatures: Checks the signatures of commands.
        public_keys: Tells 32 bytes that ``signatures`` can accept a signature of.
        patience: Seconds in which a transaction that others hindered is begun again.
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
    _parsed: dict[str, Definition] = field(default_factory=dict, repr=False)

    def definition(self, view: Reading, digest: str) -> Definition:
        """Return the definition that records name by *digest*.

        Raises:
            HistoryBroken: It is not stored, or what is stored is not what was recorded.
        """
        known = self._parsed.get(digest)
        if known is None:
            known = self._parsed[digest] = _read_definition(view.definition(digest), digest)
        return known

    def command(self, command_id: str | None) -> str:
        """Return the id of a request: the caller's, or a new one.

        Raises:
            InvalidIdentifier: It cannot be an id.
        """
        return self.new_id() if command_id is None else identifier(command_id, "command")

    def stamp(
        self, definition: Definition | None = None, *, after: datetime | None = None
    ) -> Stamp:
        """Return a new record's id and times, the day as it is at the place of the road map.

        Args:
            definition: Tells the place.
            after: Time that the record cannot be earlier than, even if the clock was set back.
        """
        now = self.clock.now()
        now = now if after is None else max(now, after)
        return Stamp(self.new_id(), now, place_date(now, definition))


def no_earlier(view: Reading | Known, *heads: Head) -> datetime | None:
    """Return the time that a record cannot be earlier than, even if the clock was set back.

    Args:
        view: The history; the log's times do not run back.
        heads: Of the stream that gets the record, and of those that its decision looks at.
    """
    moments = (view.logged_at(), *(head.recorded_at for head in heads))
    return max((one for one in moments if one is not None), default=None)


def after_erasures(view: Reading | Known, *heads: Head) -> datetime | None:
    """Return the time that a record with values that can be erased cannot be earlier than.

    It is later than every erasure, so that times alone tell what an erasure covered.
    """
    last = view.last_erasure()
    moments = [
        last + timedelta(microseconds=1) if last is not None else None,
        no_earlier(view, *heads),
    ]
    return max((one for one in moments if one is not None), default=None)


def _read_definition(body: bytes | None, digest: str) -> Definition:
    if body is None:
        detail = Message("the definition {digest} is missing", {"digest": digest})
        raise HistoryBroken(detail=detail)
    if sha256(body).hexdigest() != digest:
        detail = Message("the definition {digest} was changed", {"digest": digest})
        raise HistoryBroken(detail=detail)
    try:
        return Definition.from_json(json.loads(body))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = Message("the definition {digest} cannot be read", {"digest": digest})
        raise HistoryBroken(detail=detail) from error


def check_form(actor: Actor) -> None:
    """Keep out of records, which are never erased, what does not belong there.

    Raises:
        InvalidIdentifier: The actor stands in for somebody whose id is none.
        InvalidInput: How he was authenticated is not told as it has to be.
    """
    if actor.on_behalf_of is not None:
        identifier(actor.on_behalf_of, "actor")
    if known_by(actor.authentication) is None:
        detail = Message("write it as host:NAME, up to 100 ASCII letters, digits and _.:/-")
        raise InvalidInput(what="authentication", detail=detail)


def check_actor(view: Reading, request: Request, known: Known | None = None) -> None:
    """Refuse an actor whom nobody registered.

    Args:
        view: The history.
        request: What is asked.
        known: What earlier requests of a batch looked at.

    Raises:
        UnknownActor: Nobody registered him.
        InvalidInput: As ``check_form``.
    """
    check_form(request.actor)
    registered = view.has_actor if known is None else known.has_actor
    for actor in _named(request.actor):
        if not registered(actor):
            raise UnknownActor(actor, view.actors())


def _named(actor: Actor) -> tuple[str, ...]:
    """Return whom an actor names: himself, and whoever he stands in for."""
    return (actor.id,) if actor.on_behalf_of is None else (actor.id, actor.on_behalf_of)


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
    if isinstance(decision, Refusal):
        raise refused(decision.unmet)
    return append(tx, decision, standing)


def append(
    tx: Writing, accepted: Accepted, standing: Callable[[Record], Standing] | None = None
) -> Receipt:
    """Append what was accepted, and acknowledge it.

    Raises:
        Conflict: A constraint of the database had the last word; the transaction is to be undone.
        HistoryBroken: What it was decided on belongs to another installation.
    """
    record = accepted.record
    if record.origin != tx.origin:
        detail = Message("{stream} belongs to another installation", {"stream": record.stream})
        raise HistoryBroken(detail=detail)
    tx.append(record, standing(record) if standing else None)
    return Receipt(record, notices=accepted.notices)


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

    def once(tx: Writing) -> Receipt:
        tx.foresee(stream, request.command_id, _named(request.actor))
        return held(tx, request, stream, lambda asked: work(tx, asked))

    return transacted(context, request, once, begin)


def held(
    tx: Writing,
    request: Asked,
    stream: str,
    work: Callable[[Asked], Result],
    known: Known | None = None,
) -> Result | Receipt:
    """Hold *stream* and do *work*, or return the receipt of the first time.

    Args:
        tx: The write transaction.
        request: What is asked.
        stream: That gets the record.
        work: Gets the request as its actor proved it.
        known: What earlier requests of a batch looked at.

    Raises:
        UnknownActor, CommandReused, AuthenticationFailed: As ``carry_out``.
    """
    # Locked first: of two processes with one command id the second has to see the first.
    head = tx.lock(stream)
    again = repeated(tx, request)
    if again is not None:
        return again
    check_actor(tx, request, known)
    return work(proved(tx, request, head))


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
    receipt = attempted(context, request, work, begin)
    tell_receipt(context, receipt)
    return receipt


def tell_receipt(context: Context, receipt: Receipt) -> None:
    """Tell operators of a request that was carried out, now or before."""
    record = receipt.record
    context.log(
        "command_repeated" if receipt.repeated else "record_appended",
        kind=record.kind,
        stream=record.stream,
        sequence=record.sequence,
        transition=record.transition,
        command_id=record.command_id,
    )


def tell_refusal(context: Context, error: Refused) -> None:
    """Tell operators of a request that the rules did not allow."""
    context.log(
        "request_refused",
        stream=error.facts["stream"],
        what=error.facts["what"],
        error=error.code,
        unmet=[one.code for one in error.unmet],
    )


def attempted(
    context: Context,
    request: Request,
    work: Callable[[Writing], Result],
    begin: Begin | None = None,
) -> Result:
    """Do *work* in one write transaction; a refusal is told, and kept outside the history.

    Raises:
        Refused: The request was refused.
    """

    def once() -> Result:
        with (begin or context.journal.writing)() as tx:
            return work(tx)

    def kept() -> None:
        with context.journal.writing() as tx:
            tx.keep_refusal(attempt)

    try:
        return patiently(once, context.patience)
    except Refused as error:
        attempt = refused_attempt(context, request, error)
        try:
            patiently(kept, context.patience)
        except StorageFailed as failed:
            # A refusal stays one, even if there was no room to keep it.
            context.log("refusal_not_kept", error=failed.code, detail=str(failed))
        tell_refusal(context, error)
        raise


def refused_attempt(context: Context, request: Request, error: Refused) -> RefusedAttempt:
    """Return what is kept of a refusal, outside the history."""
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
