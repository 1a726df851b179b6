"""Decisions of administrators: actors, roles, road maps put in force, and the founding.

Every one of them is a record, so replay can prove who let whom act, and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from lifecycle.domain.access import Access, known_by
from lifecycle.domain.decision import (
    CHECKED,
    Accepted,
    Decision,
    Refusal,
    Stamp,
    authority,
    build_record,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    AlreadyExists,
    InvalidInput,
    InvalidScope,
    UnknownAssignment,
    UnknownRoadmap,
    UnknownRole,
)
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    ADMINISTRATOR,
    AUDITOR,
    INSTALLATION,
    Actor,
    Assignment,
    Head,
    scope_of,
)
from lifecycle.domain.naming import identifier
from lifecycle.domain.record import Kind, Record
from lifecycle.domain.requests import AddActor, Adopt, AssignRole, Found, Request, RevokeRole

_BY_ADMINISTRATOR = (ADMINISTRATOR,)
# Who lets others act does not check that they acted rightly.
_APART: Final = {ADMINISTRATOR: AUDITOR, AUDITOR: ADMINISTRATOR}

MERGE_DELAY = "60"
"""Seconds, published in the first record: no record is outside the log for longer."""

_LONGEST_DELAY = 24 * 60 * 60


def found(
    request: Found,
    stamps: tuple[Stamp, Stamp, Stamp],
    head: Head,
    merge_delay: str = MERGE_DELAY,
) -> tuple[Record, ...]:
    """Return the records that found an installation and its first administrator.

    They are the only ones without an assignment: nobody can have a role before them. Their
    command ids derive from the request's.

    Args:
        request: Who founds it.
        stamps: Ids and clock.
        head: Empty head of the installation's stream.
        merge_delay: How long a record may be outside the log at most, seconds.

    Raises:
        InvalidIdentifier: Nobody can be named so.
        InvalidInput: The founder is known otherwise than by the host, but nobody has issued a
            credential yet; or he signs, or stands in for somebody whom nobody can know yet.
        ValueError: The delay is not a whole number of seconds of a day.
    """
    delay_seconds(merge_delay)
    _check_founder(request.actor)
    founder = Assignment("", INSTALLATION, request.actor.id, ADMINISTRATOR, 0)
    first = request.actor.id
    steps: tuple[tuple[Kind, dict[str, str]], ...] = (
        ("installed", {"maximum_merge_delay": merge_delay}),
        ("actor_added", {"actor": first}),
        ("role_assigned", {"actor": first, "role": ADMINISTRATOR}),
    )
    records: list[Record] = []
    for (kind, facts), stamp in zip(steps, stamps, strict=True):
        part = Found(actor=request.actor, command_id=f"{request.command_id}.{len(records) + 1}")
        record = build_record(head, part, stamp, kind, founder, facts=facts)
        records.append(record)
        head = record.head
    return tuple(records)


def _check_founder(actor: Actor) -> None:
    identifier(actor.id, "actor")
    known = known_by(actor.authentication)
    if known is None or known[0] not in ("host", "os-uid"):
        detail = Message("no credential exists before the founding")
        raise InvalidInput(what="authentication", detail=detail)
    if actor.signature is not None or actor.on_behalf_of not in (None, actor.id):
        detail = Message("who founds an installation acts for himself, and signs nothing yet")
        raise InvalidInput(what="authentication", detail=detail)


def delay_seconds(text: str) -> int:
    """Read the published delay.

    Raises:
        ValueError: It is not a whole number of seconds, from one up to a day.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LONGEST_DELAY))):
        raise ValueError(f"{text[:20]!r} is no number of seconds")
    if text != str(int(text)) or not 0 < int(text) <= _LONGEST_DELAY:
        raise ValueError(f"{text} is not from 1 to {_LONGEST_DELAY} seconds")
    return int(text)


def published_delay(first: Record | None) -> timedelta:
    """Return how long a record may wait for the log, as the first record published it."""
    facts = first.facts if first is not None else None
    try:
        return timedelta(seconds=delay_seconds((facts or {})["maximum_merge_delay"]))
    except (KeyError, ValueError):  # Verification finds it.
        return timedelta(seconds=int(MERGE_DELAY))


def decide_add_actor(
    access: Access,
    request: AddActor,
    stamp: Stamp,
    head: Head,
    *,
    known: bool,
) -> Decision:
    """Decide the registration of an actor.

    Args:
        access: What the installation says of those who may act.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the installation's stream.
        known: Whether the actor is registered already.

    Raises:
        AlreadyExists: He is.
        InvalidIdentifier: Nobody can be named so.
    """
    identifier(request.added, "actor")
    acting = authority(access, access.roles, request, stamp, head, _BY_ADMINISTRATOR)
    if isinstance(acting, Refusal):
        return acting
    if known:
        raise AlreadyExists(what="actor", name=request.added)
    return _accepted(head, request, stamp, "actor_added", acting, {}, {"actor": request.added})


def decide_adopt(
    access: Access,
    definition: Definition,
    request: Adopt,
    stamp: Stamp,
    head: Head,
    consulted: Mapping[str, int],
) -> Decision:
    """Decide to put a road map in force; its stream begins with this record.

    Args:
        access: What the installation says of those who may act.
        definition: The programme under that road map.
        request: What is asked.
        stamp: Id and clock.
        head: Empty head of the road map's stream.
        consulted: Version of the installation's stream.

    Raises:
        UnknownRoadmap: The rules are those of another road map.
    """
    if definition.roadmap.id != request.roadmap:
        raise UnknownRoadmap(request.roadmap, [definition.roadmap.id])
    acting = authority(access, access.roles, request, stamp, head, _BY_ADMINISTRATOR)
    if isinstance(acting, Refusal):
        return acting
    record = build_record(
        head,
        request,
        stamp,
        "roadmap_adopted",
        acting,
        definition=definition.ref,
        requirements=CHECKED,
        facts={"roadmap": request.roadmap},
        consulted=consulted,
    )
    return Accepted(record)


def decide_assign(
    access: Access,
    definition: Definition | None,
    held: tuple[Assignment, ...],
    request: AssignRole,
    stamp: Stamp,
    head: Head,
    consulted: Mapping[str, int],
) -> Decision:
    """Decide to give somebody a role.

    Args:
        access: What the installation says of those who may act.
        definition: Rules of the road map or school; ``None`` for the installation.
        held: Roles held on the same stream.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the stream of the road map, school or installation.
        consulted: Version of the installation's stream, where that is another one.

    Raises:
        UnknownRole: There is no such role.
        InvalidScope: The role is not given on such a thing.
        AlreadyExists: He holds it there already.
    """
    acting = authority(access, access.roles, request, stamp, head, _BY_ADMINISTRATOR)
    if isinstance(acting, Refusal):
        return acting
    _check_role(definition, request)
    if any(one.actor == request.assignee and one.role == request.role for one in held):
        raise AlreadyExists(what="assignment", name=f"{request.assignee} {request.role}")
    apart = _APART.get(request.role)
    if apart is not None and request.assignee in access.holders(apart):
        message = Message(
            "{actor} is {role}; nobody is both administrator and auditor",
            {"actor": request.assignee, "role": apart},
        )
        return Refusal((Unmet("role_excluded", message, _BY_ADMINISTRATOR),))
    facts = {"actor": request.assignee, "role": request.role}
    return _accepted(head, request, stamp, "role_assigned", acting, consulted, facts)


def decide_revoke(
    access: Access,
    held: tuple[Assignment, ...],
    request: RevokeRole,
    stamp: Stamp,
    head: Head,
    consulted: Mapping[str, int],
) -> Decision:
    """Decide to take a role from somebody.

    Args:
        access: What the installation says of those who may act.
        held: Roles held on the same stream.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the stream of the road map, school or installation.
        consulted: Version of the installation's stream, where that is another one.

    Raises:
        UnknownAssignment: He does not hold it there.
    """
    acting = authority(access, access.roles, request, stamp, head, _BY_ADMINISTRATOR)
    if isinstance(acting, Refusal):
        return acting
    fitting = [one for one in held if one.actor == request.assignee and one.role == request.role]
    if not fitting:
        near = [one.actor for one in held if one.role == request.role]
        raise UnknownAssignment(request.assignee, near, role=request.role)
    if request.role == ADMINISTRATOR and len(access.holders(ADMINISTRATOR)) == 1:
        message = Message(
            "{actor} is the last administrator; assign another one first",
            {"actor": request.assignee},
        )
        return Refusal((Unmet("last_administrator", message, _BY_ADMINISTRATOR),))
    facts = {
        "actor": request.assignee,
        "role": request.role,
        "assignment": fitting[0].record_id,
    }
    return _accepted(head, request, stamp, "role_revoked", acting, consulted, facts)


def _check_role(definition: Definition | None, request: AssignRole) -> None:
    scope = scope_of(request.stream)
    scopes: dict[str, tuple[str, ...]] = dict.fromkeys(_APART, (INSTALLATION,))
    if definition is not None:
        scopes |= {role.name: role.scopes for role in definition.roles}
    if request.role not in scopes:
        raise UnknownRole(request.role, scopes, roles=tuple(scopes))
    if scope not in scopes[request.role]:
        raise InvalidScope(role=request.role, scope=scope, scopes=scopes[request.role])


def _accepted(
    head: Head,
    request: Request,
    stamp: Stamp,
    kind: Kind,
    acting: Assignment,
    consulted: Mapping[str, int],
    facts: Mapping[str, str],
) -> Accepted:
    record = build_record(
        head,
        request,
        stamp,
        kind,
        acting,
        requirements=CHECKED,
        consulted=consulted,
        facts=facts,
    )
    return Accepted(record)
