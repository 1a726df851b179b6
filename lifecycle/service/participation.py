"""Use cases on schools: enrolment, transitions, and what stands in their way."""

from __future__ import annotations

from dataclasses import replace

from lifecycle.domain.access import admission
from lifecycle.domain.dates import place_date
from lifecycle.domain.decide import (
    attempt_of,
    decide_enrol,
    standing_of,
)
from lifecycle.domain.errors import (
    AlreadyExists,
    EnrolmentRefused,
    UnknownActor,
)
from lifecycle.domain.guards import judge
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.replay import after
from lifecycle.domain.requests import Advance, Enrol
from lifecycle.service.administration import adopt, adopted
from lifecycle.service.ahead import Ahead, Decided, situation_of, take, write
from lifecycle.service.commands import AdvanceCommand
from lifecycle.service.context import (
    Context,
    carry_out,
    settle,
    transacted,
)
from lifecycle.service.evidence import Offer
from lifecycle.service.identity import access_of, named
from lifecycle.service.known import Known
from lifecycle.service.results import Option, Outlook, Receipt
from lifecycle.service.telling import tell_move
from lifecycle.service.times import no_earlier
from lifecycle.telemetry import span


def enrol(context: Context, request: Enrol) -> Receipt:
    """Let a school take part under a road map; the first enrolment puts the map in force."""
    stream = participation_stream(request.school)
    return carry_out(context, request, stream, lambda tx, asked: _enrol(context, tx, asked))


def _enrol(context: Context, tx: Writing, request: Enrol) -> Receipt:
    definition = adopted(context, tx, request.roadmap)
    if definition is None:
        definition = adopt(context, tx, request, request.roadmap)
    stream, on_map = participation_stream(request.school), roadmap_stream(request.roadmap)
    head = tx.lock(stream)
    if head.version:
        raise AlreadyExists(what="school", name=request.school)
    # Heads first: what hangs on them stays as it is from then on.
    consulted = [tx.head(name) for name in (INSTALLATION, on_map)]
    decision = decide_enrol(
        access_of(tx, request.actor, context.signatures),
        definition,
        tx.assignments([on_map]),
        request,
        context.stamp(definition, after=no_earlier(tx, *consulted)),
        head,
        {one.stream: one.version for one in consulted},
    )
    return settle(
        tx,
        decision,
        lambda unmet: EnrolmentRefused(
            unmet,
            actor=request.actor.id,
            school=request.school,
            roadmap=request.roadmap,
            what="Enrol",
            stream=stream,
        ),
        lambda record: standing_of(after(None, record), definition),
    )


def personal_kinds(context: Context, view: Reading, school: str) -> frozenset[str]:
    """Return the kinds of evidence whose files are kept encrypted, by the school's rules.

    They are pinned at its enrolment. A school that is not enrolled has none; it is refused later.
    """
    first = view.first(participation_stream(school))
    if first is None or first.definition is None:
        return frozenset()
    kinds = context.definition(view, first.definition.digest).evidence_kinds
    return frozenset(one.name for one in kinds if one.personal)


def move(context: Context, command: AdvanceCommand, *, dry_run: bool) -> Receipt:
    """Make a transition as a caller asks for it, or tell what would come of it."""
    with span("advance", backend=context.journal.backend, dry_run=dry_run) as told:
        personal: frozenset[str] = frozenset()
        if command.has_files:
            with context.journal.reading() as view:
                personal = personal_kinds(context, view, command.school)
        request, offer = command.measured(context, personal)
        receipt = rehearse(context, request) if dry_run else advance(context, request, offer)
        tell_move(told, receipt)
    return receipt


def advance(context: Context, request: Advance, offer: Offer) -> Receipt:
    """Make a transition of a school.

    Args:
        context: The adapters.
        request: What is asked, with every file measured.
        offer: What was brought to it; files are stored once nothing else stands in the way.
    """
    stream = participation_stream(request.school)

    def once(tx: Writing) -> Receipt:
        tx.foresee([(stream, request.command_id)], named(request.actor))
        tx.lock(stream)  # before anything else is looked at
        found = take(context, tx, request, offer, Known(tx, context.memory), Ahead())
        if isinstance(found, Receipt):
            return found
        (receipt,) = write(tx, [(found, offer)])
        return receipt

    return transacted(context, request, once)


def rehearse(context: Context, request: Advance) -> Receipt:
    """Say what would come of a transition.

    Raises:
        TransitionRefused: It would be refused; otherwise as ``advance``.
    """
    with context.journal.reading() as view:
        head = view.head(participation_stream(request.school))
        return rehearsed(Ahead().decide(context, view, request, head, Known(view, context.memory)))


def rehearsed(found: Decided | Receipt) -> Receipt:
    """Return the receipt of what was only rehearsed."""
    if isinstance(found, Receipt):
        return replace(found, dry_run=True)
    return Receipt(found.accepted.record, dry_run=True, notices=found.accepted.notices)


def explain(context: Context, school: str, actor: Actor | None) -> Outlook:
    """Return every transition out of the school's state with every unmet requirement."""
    nobody = Actor("", "host:nobody")
    with context.journal.reading() as view:
        known = Known(view, context.memory)
        head = view.head(participation_stream(school))
        situation = situation_of(context, view, actor or nobody, head, known, view.records)
        if actor is not None and not known.has_actor(actor.id):
            raise UnknownActor(actor.id, view.actors())
    participation, definition = situation.participation, situation.definition
    now = context.clock.now()
    today = place_date(now, definition)
    options = []
    for transition in definition.open_in(participation.state):
        nothing = Advance(
            actor=actor or nobody,
            command_id="",
            school=school,
            transition=transition.name,
        )
        attempt = attempt_of(situation, nothing, today)
        if actor is None:
            attempt = replace(attempt, actor=None)
        unmet = judge(attempt, context.guards).unmet
        if actor is not None:
            rules, approval = definition.authentication, transition.approval
            unmet += tuple(admission(situation.access, nothing, now, rules, approval=approval))
        options.append(
            Option(
                name=transition.name,
                title=transition.title,
                target=transition.target or participation.state,
                due_on=transition.due_on,
                unmet=unmet,
            )
        )
    return Outlook(school, participation.state, participation.version, tuple(options))
