"""What a decision comes to, and the one place where records are built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from lifecycle.domain.access import ANY, Access, objections
from lifecycle.domain.commitment import is_commitment
from lifecycle.domain.definition import Authentication
from lifecycle.domain.errors_people import InvalidComment
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Assignment, Head
from lifecycle.domain.record import ActedAs, Kind, Record
from lifecycle.domain.requests import Request
from lifecycle.domain.values import quick

CHECKED: Final = ("role", "date", "authentication")
"""The requirements of every request that is no transition."""


@quick
@dataclass(frozen=True, slots=True)
class Stamp:
    """What a record gets from its server rather than from its request.

    Args:
        record_id: UUIDv7.
        now: The server's clock, UTC.
        today: The date at the place of the road map.
    """

    record_id: str
    now: datetime
    today: date


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth saying that does not stand in the way."""

    code: str
    message: Message


@quick
@dataclass(frozen=True, slots=True)
class Accepted:
    """The record to append, and what is worth saying about it."""

    record: Record
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Every reason why not."""

    unmet: tuple[Unmet, ...]


Decision = Accepted | Refusal


def recorded_at(head: Head, stamp: Stamp) -> datetime:
    """Return the time of the record that follows *head*: never before the one it follows."""
    return max(stamp.now, head.recorded_at or stamp.now)


def build_record(
    head: Head,
    request: Request,
    stamp: Stamp,
    kind: Kind,
    acting: Assignment,
    *,
    effective_on: date | None = None,
    **members: Any,
) -> Record:
    """Build the record that follows *head*; its time never runs backwards within the stream."""
    return Record(
        origin=head.origin,
        stream=head.stream,
        sequence=head.version + 1,
        previous=head.hash,
        record_id=stamp.record_id,
        command_id=request.command_id,
        request=request.digest,
        kind=kind,
        actor=ActedAs(
            id=request.actor.id,
            role=acting.role,
            assignment=acting.record_id or None,
            authentication=request.actor.authentication,
            on_behalf_of=request.actor.on_behalf_of,
            signature=request.actor.signature,
        ),
        recorded_at=recorded_at(head, stamp),
        effective_on=effective_on or request.effective_on or stamp.today,
        **members,
    )


def checked_comment(comment: str | None) -> str | None:
    """Return what a record bears of a comment: a commitment, or nothing.

    Raises:
        InvalidComment: It is something else; a plain text in a hashed body stays for ever.
    """
    if not is_commitment(comment):
        raise InvalidComment(detail=Message("it stands there plainly, not as a commitment"))
    return comment


def authority(
    access: Access,
    roster: tuple[Assignment, ...],
    request: Request,
    stamp: Stamp,
    head: Head,
    roles: tuple[str, ...],
    authentication: Authentication = ANY,
) -> Assignment | Refusal:
    """Return the assignment by which the actor may make *request*, or why he may not.

    Args:
        access: What the installation says of those who may act.
        roster: Roles held where the request counts.
        request: What is asked.
        stamp: Id and clock.
        head: Head of the stream that gets the record.
        roles: Roles that may make it, in order of preference.
        authentication: Which methods of being known are enough.
    """
    held = [one for one in roster if one.actor == request.actor.id and one.role in roles]
    acting = min(held, key=lambda one: (roles.index(one.role), one.sequence), default=None)
    unmet: list[Unmet] = []
    if acting is None:
        message = Message(
            "{actor} holds none of these roles there: {roles}",
            {"actor": request.actor.id, "roles": roles},
        )
        holders = tuple(sorted({one.actor for one in roster if one.role in roles}))
        unmet.append(Unmet("role_missing", message, roles, holders))
    if request.effective_on is not None and request.effective_on > stamp.today:
        message = Message(
            "{effective_on} has not come yet; today is {today}",
            {"effective_on": request.effective_on.isoformat(), "today": stamp.today.isoformat()},
        )
        unmet.append(Unmet("date_in_future", message, roles))
    unmet += objections(access, request, head, recorded_at(head, stamp), authentication)
    return Refusal(tuple(unmet)) if acting is None or unmet else acting
