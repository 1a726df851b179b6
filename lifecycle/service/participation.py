"""Use cases on schools: enrolment, transitions, and what stands in their way."""

from __future__ import annotations

from dataclasses import replace

from lifecycle.domain.access import admission
from lifecycle.domain.dates import place_date
from lifecycle.domain.decide import (
    Situation,
    attempt_of,
    decide_advance,
    decide_enrol,
    standing_of,
)
from lifecycle.domain.decision import Accepted
from lifecycle.domain.errors import (
    AlreadyExists,
    EnrolmentRefused,
    TransitionRefused,
    UnknownActor,
    UnknownSchool,
)
from lifecycle.domain.guards import judge
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.replay import Participation, after, fold
from lifecycle.domain.requests import Advance, Enrol
from lifecycle.service.administration import adopt, adopted
from lifecycle.service.context import (
    Context,
    after_erasures,
    carry_out,
    check_actor,
    repeated,
    settle,
)
from lifecycle.service.evidence import Offer, keep, store
from lifecycle.service.identity import access_of, proved
from lifecycle.service.results import Option, Outlook, Receipt


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
    # Versions first: what hangs on them stays as it is from then on.
    consulted = {name: tx.head(name).version for name in (INSTALLATION, on_map)}
    decision = decide_enrol(
        access_of(tx, request.actor, context.signatures),
        definition,
        tx.assignments([on_map]),
        request,
        context.stamp(definition, after=head.recorded_at),
        head,
        consulted,
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


def personal_kinds(context: Context, school: str) -> frozenset[str]:
    """Return the kinds of evidence whose files are kept encrypted, by the school's rules.

    They are pinned at its enrolment. A school that is not enrolled has none; it is refused later.
    """
    with context.journal.reading() as view:
        first = view.first(participation_stream(school))
        if first is None or first.definition is None:
            return frozenset()
        definition = context.definition(view, first.definition.digest)
    return frozenset(one.name for one in definition.evidence_kinds if one.personal)


def advance(context: Context, request: Advance, offer: Offer) -> Receipt:
    """Make a transition of a school.

    Args:
        context: The adapters.
        request: What is asked, with every file measured.
        offer: What was brought to it; files are stored once nothing else stands in the way.
    """
    stream = participation_stream(request.school)
    return carry_out(
        context, request, stream, lambda tx, asked: _advance(context, tx, asked, offer)
    )


def _advance(context: Context, tx: Writing, request: Advance, offer: Offer) -> Receipt:
    situation = situation_of(context, tx, request.school, request.actor)
    participation, definition = situation.participation, situation.definition
    stamp = context.stamp(definition, after=after_erasures(tx, participation.head))
    decision = decide_advance(situation, request, stamp)
    if isinstance(decision, Accepted):
        # Before the record that names them can be committed; a refused attempt stores nothing.
        store(context, offer)
    receipt = settle(
        tx,
        decision,
        lambda unmet: TransitionRefused(unmet, **_facts(request, participation)),
        lambda record: standing_of(after(participation, record), definition),
    )
    keep(tx, receipt.record, offer)
    return receipt


def rehearse(context: Context, request: Advance) -> Receipt:
    """Say what would come of a transition; nothing is written."""
    with context.journal.reading() as view:
        again = repeated(view, request)
        if again is not None:
            return replace(again, dry_run=True)
        check_actor(view, request)
        situation = situation_of(context, view, request.school, request.actor)
        head = situation.participation.head
        request = proved(view, request, head)
        stamp = context.stamp(situation.definition, after=after_erasures(view, head))
        decision = decide_advance(situation, request, stamp)
    if isinstance(decision, Accepted):
        return Receipt(decision.record, dry_run=True, notices=decision.notices)
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


def explain(context: Context, school: str, actor: Actor | None) -> Outlook:
    """Return every transition out of the school's state with every unmet requirement."""
    nobody = Actor("", "host:nobody")
    with context.journal.reading() as view:
        situation = situation_of(context, view, school, actor or nobody)
        if actor is not None and not view.has_actor(actor.id):
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


def situation_of(context: Context, view: Reading, school: str, actor: Actor) -> Situation:
    """Return what a transition of the school by *actor* is decided on.

    Raises:
        UnknownSchool: It is not enrolled.
    """
    stream = participation_stream(school)
    participation = fold(view.records(stream))
    if participation is None:
        raise UnknownSchool(school, view.schools())
    on_map = roadmap_stream(participation.roadmap)
    access = access_of(view, actor, context.signatures)
    # The version first: the roles that hang on it stay as they are from then on.
    consulted = {INSTALLATION: access.version, on_map: view.head(on_map).version}
    return Situation(
        definition=context.definition(view, participation.definition.digest),
        participation=participation,
        access=access,
        roster=(*participation.assignments, *view.assignments([on_map])),
        consulted=consulted,
        guards=context.guards,
    )
