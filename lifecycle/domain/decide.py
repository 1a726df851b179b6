"""Decisions on schools: from what is known and what is asked to a record, or every reason why not.

Pure functions. What they look at was read inside the write transaction; what they return is
appended in the same one. Verification decides every record again by these very functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lifecycle.domain import facts as fact_types
from lifecycle.domain.access import Access, objections
from lifecycle.domain.decision import (
    CHECKED,
    Accepted,
    Decision,
    Notice,
    Refusal,
    Stamp,
    authority,
    build_record,
    checked_comment,
    recorded_at,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    InvalidEvidence,
    UnknownTransition,
    VersionConflict,
    closest,
)
from lifecycle.domain.evidence import check_distinct, check_piece
from lifecycle.domain.guards import Attempt, Guards, judge
from lifecycle.domain.machine import gate_of
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Assignment, Head, Standing
from lifecycle.domain.naming import identifier, title_of
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation
from lifecycle.domain.requests import Advance, Enrol
from lifecycle.domain.values import quick


@quick
@dataclass(frozen=True, slots=True)
class Situation:
    """What a transition is decided on.

    Args:
        definition: Rules pinned at enrolment.
        participation: Where the school stands.
        access: What the installation says of those who may act.
        roster: Roles held for the school: on the school and on its road map.
        consulted: Versions of the other streams that access and roster were read from.
        guards: Guards in Python that the host registered.
    """

    definition: Definition
    participation: Participation
    access: Access
    roster: tuple[Assignment, ...]
    consulted: Mapping[str, int]
    guards: Guards


def attempt_of(situation: Situation, request: Advance, today: date) -> Attempt:
    """Return the attempt that *request* is, for the requirements to look at.

    Raises:
        UnknownTransition: The programme has no such transition.
        InvalidEvidence: The programme has no such kind of evidence, or a piece is not sound or
            given twice.
        InvalidFact: A fact is undeclared or not of its type.
    """
    definition = situation.definition
    transition = definition.transition.get(request.transition)
    if transition is None:
        raise UnknownTransition(request.transition, definition.transition, school=request.school)
    _check_evidence(definition, request)
    fact_types.check_facts(definition, request.facts)
    return Attempt(
        definition=definition,
        transition=transition,
        participation=situation.participation,
        roster=situation.roster,
        actor=request.actor.id,
        evidence=request.evidence,
        facts=request.facts,
        reason=request.reason,
        effective_on=request.effective_on or today,
        today=today,
        on_behalf_of=request.actor.on_behalf_of,
    )


def decide_advance(situation: Situation, request: Advance, stamp: Stamp) -> Decision:
    """Decide a transition of a school.

    Raises:
        VersionConflict: The caller expected another version of the school's stream.
        UnknownTransition, InvalidEvidence, InvalidFact: As ``attempt_of``.
    """
    participation, definition = situation.participation, situation.definition
    expected = request.expected_version
    if expected is not None and expected != participation.version:
        raise VersionConflict(
            stream=participation.head.stream, expected=expected, actual=participation.version
        )
    attempt = attempt_of(situation, request, stamp.today)
    verdict = judge(attempt, situation.guards)
    transition, source = attempt.transition, participation.state
    unmet = (
        *verdict.unmet,
        *objections(
            situation.access,
            request,
            participation.head,
            recorded_at(participation.head, stamp),
            definition.authentication,
            approval=transition.approval,
        ),
    )
    target = gate_of(definition).move(source, transition.name, allowed=not unmet)
    if target is None or verdict.acting is None:
        return Refusal(unmet)
    record = build_record(
        participation.head,
        request,
        stamp,
        "advanced",
        verdict.acting,
        transition=transition.name,
        source=source,
        target=target,
        definition=definition.ref,
        requirements=verdict.checked,
        due_on=transition.due_on,
        evidence=request.evidence,
        facts=request.facts,
        reason=request.reason,
        comment=checked_comment(request.comment),
        consulted=situation.consulted,
    )
    return Accepted(record, tuple(_notices(attempt, record)))


def decide_enrol(
    access: Access,
    definition: Definition,
    roster: tuple[Assignment, ...],
    request: Enrol,
    stamp: Stamp,
    head: Head,
    consulted: Mapping[str, int],
) -> Decision:
    """Decide the enrolment of a school.

    Args:
        access: What the installation says of those who may act.
        definition: Rules in force on the road map.
        roster: Roles held on the road map.
        request: What is asked.
        stamp: Id and clock.
        head: Empty head of the school's stream.
        consulted: Versions of the streams that access and roster were read from.

    Raises:
        InvalidIdentifier, InvalidInput: The school or its title cannot be named so.
    """
    identifier(request.school, "school")
    title_of(request.title)
    acting = authority(
        access,
        (*access.roles, *roster),
        request,
        stamp,
        head,
        definition.enrolled_by,
        definition.authentication,
    )
    if isinstance(acting, Refusal):
        return acting
    record = build_record(
        head,
        request,
        stamp,
        "enrolled",
        acting,
        # A school takes part from the beginning of the road map, whenever that is typed in.
        effective_on=request.effective_on or min(stamp.today, definition.roadmap.start),
        target=definition.initial,
        definition=definition.ref,
        requirements=CHECKED,
        facts={"school": request.school, "roadmap": request.roadmap, "title": request.title},
        consulted=consulted,
    )
    return Accepted(record)


def _notices(attempt: Attempt, record: Record) -> Iterator[Notice]:
    for fact, code in fact_types.unknown_codes(attempt.definition, attempt.facts):
        yield Notice(
            "code_not_in_catalogue",
            Message(
                "{code} in fact {fact} is not in the programme's catalogue",
                {"code": code, "fact": fact},
            ),
        )
    if record.due_on is not None and record.effective_on > record.due_on:
        days = (record.effective_on - record.due_on).days
        yield Notice(
            "late",
            Message(
                "late: the road map's deadline was {due_on}, {days} day(s) earlier",
                {"due_on": record.due_on.isoformat(), "days": days},
            ),
        )
    before = max([move.effective_on for move in attempt.participation.moves], default=None)
    if before is not None and record.effective_on < before:
        yield Notice(
            "dates_out_of_order",
            Message(
                "the act bears {effective_on}, but an act before it bears {before}",
                {"effective_on": record.effective_on.isoformat(), "before": before.isoformat()},
            ),
        )


def _check_evidence(definition: Definition, request: Advance) -> None:
    for piece in request.evidence:
        if piece.kind not in definition.evidence_kind:
            near = closest(piece.kind, definition.evidence_kind)
            hint = (
                Message("did you mean {suggestion}?", {"suggestion": near})
                if near
                else Message("the kinds are: {kinds}", {"kinds": tuple(definition.evidence_kind)})
            )
            detail = Message("the programme knows no such kind")
            raise InvalidEvidence(kind=piece.kind, detail=detail, hint=hint)
        check_piece(piece, personal=definition.evidence_kind[piece.kind].personal)
    check_distinct(request.evidence)


def standing_of(participation: Participation, definition: Definition) -> Standing:
    """Return the row of the board for *participation*."""
    state = definition.state[participation.state]
    return Standing(
        school=participation.school,
        roadmap=participation.roadmap,
        title=participation.title,
        definition=participation.definition.digest,
        state=state.name,
        version=participation.version,
        entered_at=participation.entered_at,
        entered_on=participation.entered_on,
        due_on=None if state.final else state.due_on,
        final=state.final,
    )
