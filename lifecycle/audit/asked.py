"""The request that a record answers, rebuilt from the record alone.

A request leaves its digest in the record, and the signature of whoever signed it. Everything that
it asked stands in the record as well, except whether the date was given or left out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from lifecycle.domain.model import Actor, participation_stream, roadmap_stream
from lifecycle.domain.plan import is_plan_record, request_of
from lifecycle.domain.record import Record
from lifecycle.domain.requests import (
    AddActor,
    AddCredential,
    Adopt,
    Advance,
    AssignRole,
    Enrol,
    Request,
    RevokeCredential,
    RevokeRole,
)


def asked(record: Record) -> Request:
    """Return the request that *record* answers, with the date that it bears or, as it was, without.

    Raises:
        KeyError, TypeError, ValueError: No request leads to such a record.
    """
    given = _request(record, record.effective_on)
    left_out = replace(given, effective_on=None)
    return left_out if left_out.digest == record.request else given


def who(record: Record) -> Actor:
    """Return the actor of *record* as he asked."""
    one = record.actor
    return Actor(one.id, one.authentication, one.on_behalf_of, one.signature)


def _request(record: Record, day: date) -> Request:
    facts = record.facts or {}
    common: dict[str, Any] = {
        "actor": who(record),
        "command_id": record.command_id,
        "effective_on": day,
    }
    if record.kind == "advanced":
        return _advance(record, common)
    if is_plan_record(record):
        return request_of(record, record.stream.removeprefix(roadmap_stream("")), **common)
    match record.kind:
        case "enrolled":
            place = {name: facts[name] for name in ("school", "title", "roadmap")}
            return Enrol(**common, **place)
        case "actor_added":
            return AddActor(**common, added=facts["actor"])
        case "roadmap_adopted" if record.definition is not None:
            digest = record.definition.digest
            return Adopt(**common, roadmap=facts["roadmap"], definition=digest)
        case "role_assigned":
            given = {"assignee": facts["actor"], "role": facts["role"]}
            return AssignRole(**common, **given, stream=record.stream)
        case "role_revoked":
            given = {"assignee": facts["actor"], "role": facts["role"]}
            return RevokeRole(**common, **given, stream=record.stream)
        case "credential_added":
            members = ("credential", "method", "proof", "scopes", "expires_at")
            shown = {name: facts[name] for name in members}
            return AddCredential(**common, **shown, holder=facts["actor"])
        case "credential_revoked":
            return RevokeCredential(**common, credential=facts["credential"])
    raise ValueError(f"a {record.kind} record has no place here")


def _advance(record: Record, common: dict[str, Any]) -> Advance:
    if record.transition is None:
        raise ValueError("it names no transition")
    return Advance(
        **common,
        school=record.stream.removeprefix(participation_stream("")),
        transition=record.transition,
        evidence=record.evidence,
        facts=record.facts or {},
        reason=record.reason,
    )
