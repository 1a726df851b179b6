"""Use cases of administrators: the founding, actors, roles, road maps put in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lifecycle.domain import administration as decisions
from lifecycle.domain.decide import standing_of
from lifecycle.domain.decision import Accepted, Decision, Stamp
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    AdministrationRefused,
    DatabaseExists,
    Refused,
    UnknownActor,
    UnknownRoadmap,
    UnknownSchool,
)
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    INSTALLATION,
    Head,
    Standing,
    roadmap_stream,
    scope_of,
)
from lifecycle.domain.ports import Reading, Writing
from lifecycle.domain.record import Record
from lifecycle.domain.replay import after, fold
from lifecycle.domain.requests import AddActor, Adopt, AssignRole, Found, Request, RevokeRole
from lifecycle.service.context import (
    Asked,
    Context,
    carry_out,
    settle,
    transacted,
)
from lifecycle.service.identity import access_of, check_form, proved
from lifecycle.service.results import Receipt
from lifecycle.service.times import no_earlier

_REQUESTS: Mapping[type[Request], Message] = {
    AddActor: Message("register actors"),
    Adopt: Message("put road maps in force"),
    AssignRole: Message("assign roles"),
    RevokeRole: Message("revoke roles"),
}


def found(context: Context, request: Found) -> Receipt:
    """Begin the history of a new installation."""
    check_form(request.actor)

    def work(tx: Writing) -> Receipt:
        head = tx.lock(INSTALLATION)
        if head.version:
            raise DatabaseExists(url=head.origin)
        first = context.stamp()
        second = context.stamp(after=first.now)
        third = context.stamp(after=second.now)
        records = decisions.found(request, (first, second, third), head)
        for record in records:
            tx.append(record)
        return Receipt(records[-1])

    return transacted(context, request, work)


def add_actor(context: Context, request: AddActor, name: str | None) -> Receipt:
    """Register an actor; his name goes to the erasable table only."""

    def decide(tx: Writing, asked: AddActor, head: Head) -> Decision:
        return decisions.decide_add_actor(
            access_of(tx, asked.actor, context.signatures),
            asked,
            context.stamp(after=no_earlier(tx, head)),
            head,
            known=tx.has_actor(asked.added),
        )

    def work(tx: Writing, asked: AddActor) -> Receipt:
        receipt = _change(context, tx, asked, INSTALLATION, decide)
        if name is not None:
            tx.keep_name(asked.added, name)
        return receipt

    return carry_out(context, request, INSTALLATION, work)


def assign(context: Context, request: AssignRole) -> Receipt:
    """Give somebody a role; the first one on a road map puts the road map in force."""

    def decide(tx: Writing, asked: AssignRole, head: Head) -> Decision:
        if not tx.has_actor(asked.assignee):
            raise UnknownActor(asked.assignee, tx.actors())
        return decisions.decide_assign(
            access_of(tx, asked.actor, context.signatures),
            _rules(context, tx, asked.stream),
            tx.assignments([asked.stream]),
            asked,
            _stamp(context, tx, head),
            head,
            _consulted(tx, asked.stream),
        )

    def work(tx: Writing, asked: AssignRole) -> Receipt:
        if _adopt_first(context, tx, asked):
            # What he signed named the place before the adoption.
            asked = proved(tx, asked, tx.lock(asked.stream))
        return _change(context, tx, asked, asked.stream, decide)

    return carry_out(context, request, request.stream, work)


def revoke(context: Context, request: RevokeRole) -> Receipt:
    """Take a role from somebody."""

    def decide(tx: Writing, asked: RevokeRole, head: Head) -> Decision:
        return decisions.decide_revoke(
            access_of(tx, asked.actor, context.signatures),
            tx.assignments([asked.stream]),
            asked,
            _stamp(context, tx, head),
            head,
            _consulted(tx, asked.stream),
        )

    return carry_out(
        context,
        request,
        request.stream,
        lambda tx, asked: _change(context, tx, asked, asked.stream, decide),
    )


def adopt(context: Context, tx: Writing, request: Request, roadmap: str) -> Definition:
    """Put a road map in force inside the transaction of the request that needs it.

    Returns:
        The rules that are in force from now on.

    Raises:
        AdministrationRefused: The actor is no administrator.
        UnknownRoadmap, InvalidDefinition: There is no such road map, or it has mistakes.
    """
    definition = context.definitions.compiled(roadmap)
    part = Adopt(
        actor=request.actor,
        command_id=f"{request.command_id}~adopt",  # no caller can choose such an id
        roadmap=roadmap,
        definition=definition.ref.digest,
    )
    stream = roadmap_stream(roadmap)
    head = tx.lock(stream)
    part = proved(tx, part, head)
    decision = decisions.decide_adopt(
        access_of(tx, part.actor, context.signatures),
        definition,
        part,
        context.stamp(definition, after=no_earlier(tx, tx.head(INSTALLATION))),
        head,
        _consulted(tx, stream),
    )
    if isinstance(decision, Accepted):
        tx.keep_definition(definition.ref.digest, definition.canonical_bytes)
    settle(tx, decision, _refused(part, stream))
    return definition


def adopted(context: Context, view: Reading, roadmap: str) -> Definition | None:
    """Return the rules in force on a road map, or ``None`` if it was not adopted yet."""
    return _rules(context, view, roadmap_stream(roadmap))


def _adopt_first(context: Context, tx: Writing, request: AssignRole) -> bool:
    """Put the road map of an assignment in force, unless it is; tell whether it was done."""
    if scope_of(request.stream) != "roadmap" or tx.head(request.stream).version:
        return False
    adopt(context, tx, request, request.stream.partition("/")[2])
    return True


def _change(
    context: Context,
    tx: Writing,
    request: Asked,
    stream: str,
    decide: Callable[[Writing, Asked, Head], Decision],
) -> Receipt:
    head = tx.lock(stream)
    _check_stream(context, tx, stream, head)
    decision = decide(tx, request, head)
    school = scope_of(stream) == "school"
    return settle(
        tx,
        decision,
        _refused(request, stream),
        (lambda record: _standing(context, tx, record)) if school else None,
    )


def _standing(context: Context, tx: Writing, record: Record) -> Standing:
    before = fold(tx.records(record.stream))
    assert before is not None  # noqa: S101 - the stream was checked before the decision
    participation = after(before, record)
    return standing_of(participation, context.definition(tx, participation.definition.digest))


def _check_stream(context: Context, view: Reading, stream: str, head: Head) -> None:
    if head.version or stream == INSTALLATION:
        return
    kind, _, name = stream.partition("/")
    if kind == "roadmap":
        others = [one for one in context.definitions.roadmaps() if one != name]
        raise UnknownRoadmap(name, others)
    raise UnknownSchool(name, view.schools())


def _rules(context: Context, view: Reading, stream: str) -> Definition | None:
    """Return the rules that the first record of a stream pinned, if it pinned any."""
    first = view.first(stream)
    if first is None or first.definition is None:
        return None
    return context.definition(view, first.definition.digest)


def _consulted(view: Reading, stream: str) -> dict[str, int]:
    return {} if stream == INSTALLATION else {INSTALLATION: view.head(INSTALLATION).version}


def _stamp(context: Context, view: Reading, head: Head) -> Stamp:
    """Return a stamp no earlier than the log has come to, for some of it may rest on these roles.

    So times tell which roles were held when a record was made, even if the clock was set back.
    """
    after = no_earlier(view, head, view.head(INSTALLATION))
    return context.stamp(_rules(context, view, head.stream), after=after)


def _refused(request: Request, stream: str) -> Callable[[tuple[Unmet, ...]], Refused]:
    return lambda unmet: AdministrationRefused(
        unmet,
        actor=request.actor.id,
        request=_REQUESTS[type(request)],
        what=type(request).__name__,
        stream=stream,
    )
