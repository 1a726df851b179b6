"""Many transitions at once: each decided as it would be alone, several to a transaction."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

from lifecycle import events
from lifecycle.domain.errors import (
    Conflict,
    InvalidInput,
    LifecycleError,
    NotFound,
    Refused,
    StorageFailed,
)
from lifecycle.domain.errors_database import StreamHeld
from lifecycle.domain.model import participation_stream
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.requests import Advance
from lifecycle.domain.values import quick
from lifecycle.service.ahead import Ahead, Decided, take, write
from lifecycle.service.commands import AdvanceCommand
from lifecycle.service.context import (
    Context,
    refused_attempt,
)
from lifecycle.service.evidence import Offer
from lifecycle.service.known import Known
from lifecycle.service.participation import personal_kinds, rehearsed
from lifecycle.service.patience import patiently
from lifecycle.service.results import Receipt
from lifecycle.service.telling import tell_failure, tell_receipt
from lifecycle.telemetry import span

Kind = Literal["recorded", "unchanged", "refused", "invalid", "not_found", "conflict"]

_KINDS: Final[Mapping[type[LifecycleError], Kind]] = {
    NotFound: "not_found",
    Refused: "refused",
    InvalidInput: "invalid",
    Conflict: "conflict",
}
# What a command can come to by itself; a database that fails ends the batch.
_OF_ONE: Final = tuple(_KINDS)
_LONGEST: Final = 1.0  # seconds that a transaction goes on; other writers wait for it


@quick
@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one command of a batch: a receipt, or the error that alone it would raise.

    Args:
        command: What was asked.
        receipt: That it was carried out, now or before, or would be.
        error: Why it was not; nothing of it was recorded.
    """

    command: AdvanceCommand
    receipt: Receipt | None = None
    error: LifecycleError | None = None

    @property
    def kind(self) -> Kind:
        """In one word; ``unchanged`` is a command that had been carried out before."""
        if self.error is not None:
            return next(kind for family, kind in _KINDS.items() if isinstance(self.error, family))
        return "unchanged" if self.receipt is not None and self.receipt.repeated else "recorded"


@quick
@dataclass(frozen=True, slots=True)
class _Asked:
    """A command with its files measured, or the error that this came to."""

    command: AdvanceCommand
    request: Advance | LifecycleError
    offer: Offer = field(default_factory=Offer)

    def asked(self) -> Advance:
        if isinstance(self.request, LifecycleError):
            raise self.request
        return self.request


class Batch:
    """Carries out commands, some to a transaction, or rehearses them.

    Args:
        context: The adapters.
        per_transaction: How many at most.
        dry_run: Only tell what would come of them.
        stop: End with the first command that is not carried out.

    Raises:
        ValueError: *per_transaction* is less than 1.
    """

    def __init__(
        self, context: Context, *, per_transaction: int, dry_run: bool, stop: bool
    ) -> None:
        if per_transaction < 1:
            raise ValueError("a transaction takes at least one command")
        self._context = context
        self._per_transaction = per_transaction
        self._stop = stop
        self._ahead = Ahead() if dry_run else None

    def outcomes(self, commands: Iterable[AdvanceCommand]) -> Iterator[Outcome]:
        """Yield what becomes of each command, in order, once that is durable."""
        source = iter(commands)
        while some := list(islice(source, self._per_transaction)):
            left: Sequence[_Asked] = self._measured(some)
            while left:
                done = self._recorded(left) if self._ahead is None else self._rehearsed(left)
                yield from done
                if self._stop and done[-1].error is not None:
                    return
                left = left[len(done) :]

    def _measured(self, commands: Sequence[AdvanceCommand]) -> list[_Asked]:
        """Measure the files of *commands*, outside of any transaction: that may take its time."""
        schools = {one.school for one in commands if one.has_files}
        if not schools:
            with _uncollected():
                return [self._asked(one, frozenset()) for one in commands]
        with self._context.journal.reading() as view:
            personal = {one: personal_kinds(self._context, view, one) for one in schools}
        return [self._asked(one, personal.get(one.school, frozenset())) for one in commands]

    def _asked(self, command: AdvanceCommand, personal: frozenset[str]) -> _Asked:
        try:
            return _Asked(command, *command.measured(self._context, personal))
        except _OF_ONE as error:
            return _Asked(command, error)

    def _rehearsed(self, asked: Sequence[_Asked]) -> list[Outcome]:
        assert self._ahead is not None  # noqa: S101 - asked for by a dry run only
        outcomes: list[Outcome] = []
        with self._context.journal.reading() as view:
            known = Known(view, self._context.memory)
            for one in asked:
                outcomes.append(self._foreseen(self._ahead, view, one, known))
                if self._stop and outcomes[-1].error is not None:
                    break
        return outcomes

    def _foreseen(self, ahead: Ahead, view: Reading, one: _Asked, known: Known) -> Outcome:
        try:
            request, head = one.asked(), view.head(participation_stream(one.command.school))
            found = ahead.decide(self._context, view, request, head, known)
        except _OF_ONE as error:
            return _failed(one, error)
        if isinstance(found, Decided):
            ahead.keep(found, known)
        return Outcome(one.command, rehearsed(found))

    def _recorded(self, asked: Sequence[_Asked]) -> list[Outcome]:
        """Carry out the first of *asked* in one transaction, and tell of them when it is ended."""
        context = self._context
        try:
            outcomes = patiently(
                lambda: self._transaction(asked), context.patience, context.told_again
            )
        except StorageFailed as error:
            context.log(events.STORAGE_FAILED, request="Batch", error=error.code, command_id=None)
            raise
        except (Conflict, InvalidInput) as error:
            # The database had the last word on a record, and all of the transaction is undone.
            if len(asked) > 1:
                return self._recorded(asked[: len(asked) // 2])
            outcomes = [_failed(asked[0], error)]
        self._tell(asked, outcomes)
        return outcomes

    def _tell(self, asked: Sequence[_Asked], outcomes: Sequence[Outcome]) -> None:
        """Tell operators what became of a transaction, which has ended."""
        log, kinds = self._context.log, Counter(one.kind for one in outcomes)
        for one, found in zip(asked, outcomes, strict=False):
            if found.receipt is not None:
                tell_receipt(log, found.receipt)
            elif isinstance(found.error, Refused):
                tell_failure(log, one.asked(), found.error)
            elif found.error is not None:
                # Its school may be anything that stood in the wrong column.
                log(events.BATCH_LINE_FAILED, outcome=found.kind, error=found.error.code)
        counts = {kind: kinds.pop(kind, 0) for kind in ("recorded", "unchanged", "refused")}
        log(events.BATCH_COMMITTED, **counts, failed=kinds.total())

    def _transaction(self, asked: Sequence[_Asked]) -> list[Outcome]:
        """Decide one after the other, then write everything in one go.

        Raises:
            Conflict: The database had the last word; the transaction was undone.
        """
        outcomes: list[Outcome] = []
        made: dict[int, tuple[Decided, Offer]] = {}
        ends = time.monotonic() + _LONGEST
        journal = self._context.journal
        with (
            _uncollected(),
            span("batch", backend=journal.backend) as told,
            journal.writing() as tx,
        ):
            if places := _places(asked):
                tx.foresee(places)
            known, ahead = Known(tx, self._context.memory), Ahead()
            for place, one in enumerate(asked):
                try:
                    found = self._decided(tx, one, known, ahead, wait=not place)
                except StreamHeld:
                    break  # Waited for by the next transaction, which holds nobody up meanwhile.
                if isinstance(found, Decided):
                    made[place] = found, one.offer
                    found = Outcome(one.command)
                outcomes.append(found)
                if time.monotonic() > ends or (self._stop and found.error is not None):
                    break
            receipts = write(tx, list(made.values()))
            told.tell(commands=len(outcomes))
        for place, receipt in zip(made, receipts, strict=True):
            outcomes[place] = Outcome(asked[place].command, receipt)
        return outcomes

    def _decided(
        self, tx: Writing, one: _Asked, known: Known, ahead: Ahead, *, wait: bool
    ) -> Decided | Outcome:
        """Decide one command and store its files, or say what became of it."""
        context = self._context
        try:
            request = one.asked()
            found = take(context, tx, request, one.offer, known, ahead, wait=wait)
        except _OF_ONE as error:
            if isinstance(error, Refused):
                tx.keep_refusal(refused_attempt(context, request, error))
            return _failed(one, error)
        return found if isinstance(found, Decided) else Outcome(one.command, found)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage meanwhile: all that a transaction makes is held to its end.

    The collector would go through it again and again, for a fifth of the time. That is a matter of
    the whole process; a transaction takes no more than a second or so.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _places(asked: Sequence[_Asked]) -> list[tuple[str, str]]:
    """Return what each request is on: the school's stream, and its command id."""
    return [
        (participation_stream(one.request.school), one.request.command_id)
        for one in asked
        if isinstance(one.request, Advance)
    ]


def _failed(one: _Asked, error: LifecycleError) -> Outcome:
    """Return the outcome of a command that was not carried out.

    Its error forgets where it was raised: that would keep all of the batch's frames alive.
    """
    return Outcome(one.command, error=error.with_traceback(None))
