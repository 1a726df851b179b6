"""Transitions on their way: decided one after the other, and written together or only told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from lifecycle.domain.decide import Situation, decide_advance, standing_of
from lifecycle.domain.decision import Accepted
from lifecycle.domain.errors import CommandReused, TransitionRefused, UnknownSchool
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    Head,
    Standing,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, after
from lifecycle.domain.requests import Advance
from lifecycle.domain.values import quick
from lifecycle.service.context import Context, append_all, repeated
from lifecycle.service.evidence import Offer, keep, store
from lifecycle.service.identity import check_actor, proved
from lifecycle.service.known import Known
from lifecycle.service.results import Receipt
from lifecycle.service.times import after_erasures


@quick
@dataclass(frozen=True, slots=True)
class Decided:
    """A transition that is allowed and not recorded yet.

    Args:
        accepted: The record to be.
        participation: Where the school will stand.
        standing: The row of the board that says so.
    """

    accepted: Accepted
    participation: Participation
    standing: Standing


@dataclass
class _Way:
    """What lies ahead of a stream: bytes of records, the link they begin at, where they lead."""

    begins: str
    head: Head
    bodies: list[bytes] = field(default_factory=list)


class Ahead:
    """What was decided and is not written, on which the next transitions are decided as well.

    A transition looks at its own school's stream and at streams that no transition adds to, so
    the records to be are all that has to be remembered. Their bytes are.
    """

    def __init__(self) -> None:
        self._ways: dict[str, _Way] = {}
        self._commands: dict[str, tuple[str, int]] = {}

    def decide(
        self, context: Context, view: Reading, request: Advance, head: Head, known: Known
    ) -> Decided | Receipt:
        """Decide a transition after those that were decided before it; nothing is written.

        Args:
            context: The adapters.
            view: The history as it is.
            request: What is asked.
            head: Where the school's stream stands in *view*.
            known: What was looked at before.

        Returns:
            The record to be, or the receipt of the first time.

        Raises:
            UnknownActor, CommandReused, AuthenticationFailed: As ``carry_out``.
            TransitionRefused: It is not allowed.
            UnknownSchool, UnknownTransition, VersionConflict, InvalidInput: As ``decide_advance``.
        """
        again = repeated(view, request) or self._repeated(request)
        if again is not None:
            return again
        check_actor(view, request, known)
        head = self._led(head)
        asked = proved(view, request, head)
        situation = situation_of(
            context,
            view,
            request.actor,
            head,
            known,
            lambda stream: [*view.records(stream), *self._records(stream)],
        )
        accepted = _allowed(context, situation, asked, known)
        moved = after(situation.participation, accepted.record)
        return Decided(accepted, moved, standing_of(moved, situation.definition))

    def keep(self, decided: Decided, known: Known) -> None:
        """Remember what will be: the next transitions are decided on it."""
        record = decided.accepted.record
        known.moved(decided.participation)
        way = self._ways.setdefault(record.stream, _Way(record.previous, record.head))
        self._commands[record.command_id] = record.stream, len(way.bodies)
        way.bodies.append(record.body)
        way.head = record.head

    def _led(self, head: Head) -> Head:
        """Return where a stream will stand that stands at *head*."""
        way = self._ways.get(head.stream)
        if way is not None and way.begins != head.hash:
            # Somebody moved the school meanwhile: what was rehearsed does not follow any more.
            del self._ways[head.stream]
            return head
        return head if way is None else way.head

    def _repeated(self, request: Advance) -> Receipt | None:
        stream, place = self._commands.get(request.command_id, ("", 0))
        way = self._ways.get(stream)
        record = Record.decode(way.bodies[place]) if way and place < len(way.bodies) else None
        if record is None or record.command_id != request.command_id:
            return None
        if record.request != request.digest:
            raise CommandReused(command_id=request.command_id)
        return Receipt(record, repeated=True)

    def _records(self, stream: str) -> list[Record]:
        way = self._ways.get(stream)
        return [] if way is None else [Record.decode(body) for body in way.bodies]


def take(
    context: Context,
    tx: Writing,
    request: Advance,
    offer: Offer,
    known: Known,
    ahead: Ahead,
    *,
    wait: bool = True,
) -> Decided | Receipt:
    """Decide a transition that is to be written, and store the files that were brought to it.

    Args:
        context: The adapters.
        tx: The write transaction.
        request: What is asked.
        offer: What was brought; files are stored once nothing else stands in the way.
        known: What was looked at before.
        ahead: What was decided before in this transaction.
        wait: Wait for somebody else who holds the school.

    Returns:
        The record to be, or the receipt of the first time.

    Raises:
        StreamHeld: Somebody else holds the school, and is not to be waited for.
        LifecycleError: As ``Ahead.decide``, or a file could not be stored.
    """
    # Locked first: of two processes with one command id the second has to see the first.
    head = tx.lock(participation_stream(request.school), wait=wait)
    found = ahead.decide(context, tx, request, head, known)
    if isinstance(found, Decided):
        # Before the record that names them can be committed; a refused attempt stores nothing.
        store(context, tx, offer)
        ahead.keep(found, known)
    return found


def write(tx: Writing, decided: Sequence[tuple[Decided, Offer]]) -> list[Receipt]:
    """Append what was decided, with all that hangs on it, and acknowledge it.

    Raises:
        Conflict: A constraint of the database had the last word; the transaction is to be undone.
    """
    receipts = append_all(tx, [(one.accepted, one.standing) for one, _ in decided])
    for receipt, (_, offer) in zip(receipts, decided, strict=True):
        keep(tx, receipt.record, offer)
    return receipts


def situation_of(
    context: Context,
    view: Reading,
    actor: Actor,
    head: Head,
    known: Known,
    records: Callable[[str], Iterable[Record]],
) -> Situation:
    """Return what a transition of a school by *actor* is decided on.

    Args:
        context: The adapters.
        view: The history.
        actor: Who acts.
        head: Of the school's stream.
        known: What was looked at before.
        records: Reads the records of a stream.

    Raises:
        UnknownSchool: It is not enrolled.
    """
    stream = head.stream
    participation = known.participation(head, lambda: records(stream))
    if participation is None:
        raise UnknownSchool(stream.partition("/")[2], view.schools())
    on_map = roadmap_stream(participation.roadmap)
    access = known.access(actor, context.signatures)
    # The version first: the roles that hang on it stay as they are from then on.
    version, on_roadmap = known.roster(on_map)
    return Situation(
        definition=context.definition(view, participation.definition.digest),
        participation=participation,
        access=access,
        roster=(*participation.assignments, *on_roadmap),
        consulted={INSTALLATION: access.version, on_map: version},
        guards=context.guards,
    )


def _allowed(context: Context, situation: Situation, request: Advance, known: Known) -> Accepted:
    """Return the record to be.

    Raises:
        TransitionRefused: The transition is not allowed.
    """
    head = situation.participation.head
    after_all = after_erasures(known, head, *known.consulted())
    stamp = context.stamp(situation.definition, after=after_all)
    decision = decide_advance(situation, request, stamp)
    if isinstance(decision, Accepted):
        return decision
    raise TransitionRefused(decision.unmet, **_facts(request, situation.participation))


def _facts(request: Advance, participation: Participation) -> dict[str, str]:
    return {
        "school": request.school,
        "transition": request.transition,
        "state": participation.state,
        "actor": request.actor.id,
        "what": request.transition,
        "stream": participation.head.stream,
    }
