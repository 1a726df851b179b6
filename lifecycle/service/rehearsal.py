"""Rehearsals: what would come of requests, each after the ones before it; nothing is written."""

from __future__ import annotations

from dataclasses import replace

from lifecycle.domain.errors import CommandReused
from lifecycle.domain.model import Head, participation_stream
from lifecycle.domain.ports import Reading
from lifecycle.domain.record import Record
from lifecycle.domain.requests import Advance
from lifecycle.service.context import Context, check_actor, repeated
from lifecycle.service.identity import proved
from lifecycle.service.known import Known
from lifecycle.service.participation import allowed, situation_of
from lifecycle.service.results import Receipt


def rehearse(context: Context, request: Advance) -> Receipt:
    """Say what would come of a transition.

    Raises:
        TransitionRefused: It would be refused; otherwise as ``advance``.
    """
    with context.journal.reading() as view:
        return Rehearsal().advance(context, view, request, Known(view, context.memory))


class Rehearsal:
    """The records that would have been made, which the next requests are decided on as well.

    A transition looks at its own school's stream and at streams that no transition adds to, so
    these records are all that a rehearsal has to remember. It keeps their bytes.
    """

    def __init__(self) -> None:
        self._ahead: dict[str, list[bytes]] = {}
        self._commands: dict[str, tuple[str, int]] = {}

    def advance(self, context: Context, view: Reading, request: Advance, known: Known) -> Receipt:
        """Say what would come of a transition after those that were rehearsed before it.

        Args:
            context: The adapters.
            view: The history as it is.
            request: What is asked.
            known: What was looked at before.

        Raises:
            TransitionRefused: It would be refused; otherwise as ``advance``.
        """
        again = repeated(view, request) or self._repeated(request)
        if again is not None:
            return replace(again, dry_run=True)
        check_actor(view, request, known)
        head = self._head(view, participation_stream(request.school))
        situation = situation_of(
            context,
            view,
            request.actor,
            head,
            known,
            lambda stream: [*view.records(stream), *self._records(stream)],
        )
        accepted = allowed(context, situation, proved(view, request, head), known)
        self._keep(accepted.record)
        known.moved(situation.participation, accepted.record)
        return Receipt(accepted.record, dry_run=True, notices=accepted.notices)

    def _head(self, view: Reading, stream: str) -> Head:
        """Return where *stream* would stand."""
        head = view.head(stream)
        ahead = self._records(stream)
        if ahead and ahead[0].previous != head.hash:
            # Somebody moved the school meanwhile: what was rehearsed does not follow any more.
            del self._ahead[stream]
            return head
        return ahead[-1].head if ahead else head

    def _repeated(self, request: Advance) -> Receipt | None:
        stream, place = self._commands.get(request.command_id, ("", 0))
        records = self._records(stream)[place : place + 1]
        if not records or records[0].command_id != request.command_id:
            return None
        if records[0].request != request.digest:
            raise CommandReused(command_id=request.command_id)
        return Receipt(records[0], repeated=True)

    def _records(self, stream: str) -> list[Record]:
        return [Record.decode(body) for body in self._ahead.get(stream, ())]

    def _keep(self, record: Record) -> None:
        ahead = self._ahead.setdefault(record.stream, [])
        self._commands[record.command_id] = record.stream, len(ahead)
        ahead.append(record.body)
