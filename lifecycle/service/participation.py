"""Use cases on schools: enrolment, transitions, and what stands in their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

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
    Head,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, after
from lifecycle.domain.requests import Advance, Enrol
from lifecycle.service.administration import adopt, adopted
from lifecycle.service.context import (
    Context,
    after_erasures,
    append,
    carry_out,
    held,
    named,
    no_earlier,
    settle,
    transacted,
)
from lifecycle.service.evidence import Offer, keep, store
from lifecycle.service.identity import access_of
from lifecycle.service.known import Known
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


@dataclass(frozen=True, slots=True)
class Decided:
    """A transition that is allowed and not recorded yet.

    Args:
        situation: What it was decided on.
        accepted: The record to be.
        offer: What was brought to it.
    """

    situation: Situation
    accepted: Accepted
    offer: Offer


def advance(context: Context, request: Advance, offer: Offer) -> Receipt:
    """Make a transition of a school.

    Args:
        context: The adapters.
        request: What is asked, with every file measured.
        offer: What was brought to it; files are stored once nothing else stands in the way.
    """
    stream = participation_stream(request.school)

    def once(tx: Writing) -> Receipt:
        tx.foresee(stream, request.command_id, named(request.actor))
        # Locked before anything else is looked at, as every request does it.
        head = tx.lock(stream)
        known = Known(tx, context.memory)

        def work(asked: Advance) -> Receipt:
            return record(tx, decide(context, tx, asked, offer, head, known), known)

        return held(tx, request, stream, work, known)

    return transacted(context, request, once)


def decide(
    context: Context, tx: Writing, request: Advance, offer: Offer, head: Head, known: Known
) -> Decided:
    """Decide a transition, and store its files if it is allowed; nothing else is written.

    Args:
        context: The adapters.
        tx: The write transaction.
        request: As its actor proved it.
        offer: What was brought to it.
        head: Of the school's stream, which is locked.
        known: What was looked at before.

    Raises:
        TransitionRefused: It is not allowed.
        UnknownSchool, UnknownTransition, VersionConflict, InvalidInput: As ``decide_advance``.
    """
    situation = situation_of(context, tx, request.actor, head, known)
    accepted = allowed(context, situation, request, known)
    # Before the record that names them can be committed; a refused attempt stores nothing.
    store(context, offer)
    return Decided(situation, accepted, offer)


def record(tx: Writing, decided: Decided, known: Known) -> Receipt:
    """Append what was decided, with all that hangs on it.

    Raises:
        Conflict: A constraint of the database had the last word; the transaction is to be undone.
    """
    before, definition = decided.situation.participation, decided.situation.definition
    receipt = append(
        tx, decided.accepted, lambda made: standing_of(known.moved(before, made), definition)
    )
    keep(tx, receipt.record, decided.offer)
    return receipt


def allowed(context: Context, situation: Situation, request: Advance, known: Known) -> Accepted:
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


def explain(context: Context, school: str, actor: Actor | None) -> Outlook:
    """Return every transition out of the school's state with every unmet requirement."""
    nobody = Actor("", "host:nobody")
    with context.journal.reading() as view:
        known = Known(view, context.memory)
        head = view.head(participation_stream(school))
        situation = situation_of(context, view, actor or nobody, head, known)
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


def situation_of(
    context: Context,
    view: Reading,
    actor: Actor,
    head: Head,
    known: Known,
    records: Callable[[str], Iterable[Record]] | None = None,
) -> Situation:
    """Return what a transition of a school by *actor* is decided on.

    Args:
        context: The adapters.
        view: The history.
        actor: Who acts.
        head: Of the school's stream.
        known: What was looked at before.
        records: Reads the records of a stream, where it is not *view* that has them all.

    Raises:
        UnknownSchool: It is not enrolled.
    """
    stream = head.stream
    participation = known.participation(head, lambda: (records or view.records)(stream))
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
