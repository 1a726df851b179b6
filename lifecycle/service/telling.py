"""Telling operators what became of a request: called after its transaction has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle import events
from lifecycle.domain.errors import Conflict, LifecycleError, Refused, TransitionRefused
from lifecycle.domain.errors_access import AuthenticationFailed
from lifecycle.domain.errors_people import ErasureUnfinished

if TYPE_CHECKING:
    from lifecycle.domain.requests import Request
    from lifecycle.events import EventLog
    from lifecycle.service.results import Receipt
    from lifecycle.telemetry import Span


def tell_receipt(log: EventLog, receipt: Receipt) -> None:
    """Tell of a request that was carried out, now or before."""
    record = receipt.record
    place = {"stream": record.stream, "sequence": record.sequence}
    if receipt.repeated:
        log(events.COMMAND_REPEATED, **place, kind=record.kind, command_id=record.command_id)
        return
    if record.transition is None:
        log(events.RECORD_APPENDED, **place, kind=record.kind, command_id=record.command_id)
    else:
        log(
            events.TRANSITION_RECORDED,
            **place,
            transition=record.transition,
            source=record.source,
            target=record.target,
            definition=None if record.definition is None else record.definition.digest,
            command_id=record.command_id,
        )
    for piece in record.evidence:
        if piece.sha256 is not None:
            log(
                events.EVIDENCE_STORED,
                **place,
                kind=piece.kind,
                sha256=piece.sha256,
                size=piece.size,
                encrypted=piece.content is not None,
            )


def tell_move(told: Span, receipt: Receipt) -> None:
    """Tell a trace what a transition came to."""
    record = receipt.record
    told.tell(
        stream=record.stream,
        sequence=record.sequence,
        transition=record.transition,
        state_from=record.source,
        state_to=record.target,
        definition=None if record.definition is None else record.definition.digest,
        repeated=receipt.repeated,
    )


def tell_failure(log: EventLog, request: Request, error: LifecycleError) -> None:
    """Tell of a request that was not carried out: refused, too late, or failed on the way.

    What nobody is told of is a request that was not of the form it must have, or named what is
    not there: whoever asked knows, and what he typed may be anything.
    """
    kind = type(request).__name__
    if isinstance(error, ErasureUnfinished):
        return  # recorded, and told by whoever erases
    if isinstance(error, AuthenticationFailed):
        log(events.AUTHENTICATION_FAILED, request=kind, error=error.code)
    elif isinstance(error, Refused):
        moves = isinstance(error, TransitionRefused)
        log(
            events.TRANSITION_REFUSED if moves else events.REQUEST_REFUSED,
            **{"transition": error.facts["what"]} if moves else {"request": kind},
            stream=error.facts["stream"],
            error=error.code,
            unmet=[one.code for one in error.unmet],
            command_id=request.command_id,
        )
    else:
        log(
            events.CONFLICT if isinstance(error, Conflict) else events.STORAGE_FAILED,
            request=kind,
            error=error.code,
            command_id=request.command_id,
        )
