"""Decisions re-made: each record is decided again by the rules, roles and time then in force.

The record must come out the same to the byte. What the decision looked at is rebuilt from the
history alone: the streams it consulted, up to the versions that the record names.
"""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.audit.asked import asked, who
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import FOUNDING_RECORDS, Grounds
from lifecycle.domain import administration, credentials
from lifecycle.domain.access import Access
from lifecycle.domain.dates import place_date
from lifecycle.domain.decide import Situation, decide_advance, decide_enrol
from lifecycle.domain.decision import Accepted, Decision, Refusal, Stamp
from lifecycle.domain.definition import Definition
from lifecycle.domain.erasure import decide_erase
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.model import (
    INSTALLATION,
    Head,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.naming import is_command
from lifecycle.domain.plan import decide_activity
from lifecycle.domain.record import Record, empty_head, moment_text
from lifecycle.domain.replay import Participation
from lifecycle.domain.requests import (
    ActOnActivity,
    AddActor,
    AddCredential,
    Adopt,
    Advance,
    AssignRole,
    Enrol,
    ErasePerson,
    Found,
    Request,
    RevokeCredential,
    RevokeRole,
)

_CHECKED_BY_CHAIN = ("origin", "stream", "sequence", "previous", "recorded_at")


def decide_again(
    grounds: Grounds, head: Head, participation: Participation | None, record: Record
) -> Iterator[Finding]:
    """Yield where *record*, decided again, comes out otherwise.

    Args:
        grounds: What decisions may rest on.
        head: Where its stream stood before it.
        participation: Where the school stood before it, in a school's stream.
        record: The record in question.
    """
    for name, version in (record.consulted or {}).items():
        if not 0 < version <= grounds.versions.get(name, 0):
            known = grounds.versions.get(name, 0)
            yield _finding(record, "consulted_missing", name, known, version)
        since, moment = grounds.recorded(name, version), moment_text(record.recorded_at)
        if since is not None and moment < since:
            yield _finding(record, "recorded_before_consulted", "recorded_at", since, moment)
    if not is_command(record.command_id, record.kind):
        said = f"{record.command_id[:80]!r} is no id of a command"
        yield _finding(record, "decision_refused", "command_id", None, said)
    if not _founding(record):
        yield from _named(grounds, record)
    remade = _remade(grounds, head, participation, record)
    if isinstance(remade, str):
        yield _finding(record, "decision_refused", None, None, remade)
        return
    expected, found = remade.to_json(), record.to_json()
    for name, value in expected.items():
        if name not in _CHECKED_BY_CHAIN and found[name] != value:
            code = "request_differs" if name == "request" else "decision_differs"
            yield _finding(record, code, name, value, found[name])
    # Whoever forges a record may let it consult roles that had been taken by then.
    later = grounds.as_of(record)
    outcome = remade if later == record else _remade(grounds, head, participation, later)
    if isinstance(outcome, str):
        yield _finding(record, "decision_outdated", None, None, outcome)


def _founding(record: Record) -> bool:
    return record.stream == INSTALLATION and record.sequence <= FOUNDING_RECORDS


def _named(grounds: Grounds, record: Record) -> Iterator[Finding]:
    """Yield where a record names whom nobody had registered by then."""
    own = record.stream == INSTALLATION
    version = record.sequence - 1 if own else (record.consulted or {}).get(INSTALLATION, 0)
    for actor in (record.actor.id, record.actor.on_behalf_of):
        if actor is not None and not grounds.knows(actor, version):
            said = f"{actor} was no actor then"
            yield _finding(record, "decision_refused", None, None, said)


def _finding(
    record: Record, code: str, name: str | None, expected: object, found: object
) -> Finding:
    return Finding(code, record.stream, record.sequence, name, expected, found)


def _remade(
    grounds: Grounds, head: Head, participation: Participation | None, record: Record
) -> Record | str:
    """Return the record as the rules make it, or every reason why they refuse it."""
    try:
        decision = _decide(grounds, head, participation, record)
    except (LifecycleError, ValueError) as error:
        return str(error)
    except Exception as error:  # a forged record or a host's guard must not end the search
        return f"{type(error).__name__}: {error}"
    if isinstance(decision, Refusal):
        return "; ".join(str(one.message) for one in decision.unmet)
    return decision.record


def _decide(
    grounds: Grounds, head: Head, participation: Participation | None, record: Record
) -> Decision:
    if _founding(record):
        return _found(grounds, record)
    definition = _definition(grounds, participation, record)
    stamp = Stamp(record.record_id, record.recorded_at, place_date(record.recorded_at, definition))
    request = asked(record)
    if isinstance(request, Advance):
        return _advance(grounds, participation, definition, record, request, stamp)
    if isinstance(request, Enrol):
        return _enrol(grounds, definition, record, request, stamp, head)
    if isinstance(request, ActOnActivity):
        return _act(grounds, definition, record, request, stamp, head)
    return _administer(grounds, participation, definition, record, request, stamp, head)


def _definition(
    grounds: Grounds, participation: Participation | None, record: Record
) -> Definition | None:
    """Return the rules that the stream is under: pinned by its first record."""
    if participation is not None:
        return grounds.definitions[participation.definition.digest]
    if record.definition is not None:
        return grounds.definitions[record.definition.digest]
    digest = grounds.rules.get(record.stream)
    return grounds.definitions[digest] if digest is not None else None


def _found(grounds: Grounds, record: Record) -> Decision:
    """Found the installation again with the stamps of its first records."""
    stamps = [
        Stamp(one.record_id, one.recorded_at, place_date(one.recorded_at, None))
        for one in grounds.founding
    ]
    command_id = grounds.founding[0].command_id.removesuffix(".1")
    request = Found(actor=who(grounds.founding[0]), command_id=command_id)
    first, second, third = stamps
    records = administration.found(
        request,
        (first, second, third),
        empty_head(record.origin, INSTALLATION),
        (grounds.founding[0].facts or {})["maximum_merge_delay"],
    )
    return Accepted(records[record.sequence - 1])


def _advance(
    grounds: Grounds,
    participation: Participation | None,
    definition: Definition | None,
    record: Record,
    request: Advance,
    stamp: Stamp,
) -> Decision:
    if participation is None or definition is None:
        raise ValueError("the school was not enrolled")
    on_map, consulted = roadmap_stream(participation.roadmap), record.consulted or {}
    seen = {name: consulted[name] for name in (INSTALLATION, on_map)}
    situation = Situation(
        definition=definition,
        participation=participation,
        access=grounds.access(record, seen[INSTALLATION]),
        roster=(*participation.assignments, *grounds.held(on_map, seen[on_map])),
        consulted=seen,
        guards=grounds.guards,
    )
    return decide_advance(situation, request, stamp)


def _enrol(
    grounds: Grounds,
    definition: Definition | None,
    record: Record,
    request: Enrol,
    stamp: Stamp,
    head: Head,
) -> Decision:
    on_map, consulted = roadmap_stream(request.roadmap), record.consulted or {}
    if definition is None or grounds.rules.get(on_map) != definition.ref.digest:
        raise ValueError("the rules are not those in force on the road map")
    if record.stream != participation_stream(request.school):
        raise ValueError(f"the enrolment of {request.school} stands in {record.stream}")
    seen = {name: consulted[name] for name in (INSTALLATION, on_map)}
    access = grounds.access(record, seen[INSTALLATION])
    roster = grounds.held(on_map, seen[on_map])
    return decide_enrol(access, definition, roster, request, stamp, head, seen)


def _act(
    grounds: Grounds,
    definition: Definition | None,
    record: Record,
    request: ActOnActivity,
    stamp: Stamp,
    head: Head,
) -> Decision:
    if definition is None or grounds.rules.get(record.stream) != definition.ref.digest:
        raise ValueError("the rules are not those in force on the road map")
    seen = {INSTALLATION: (record.consulted or {})[INSTALLATION]}
    access = grounds.access(record, seen[INSTALLATION])
    roster = grounds.held(record.stream, head.version)
    plan = grounds.plans.get(record.stream, {})
    return decide_activity(access, definition, roster, plan, request, stamp, head, seen)


def _administer(
    grounds: Grounds,
    participation: Participation | None,
    definition: Definition | None,
    record: Record,
    request: Request,
    stamp: Stamp,
    head: Head,
) -> Decision:
    own = record.stream == INSTALLATION
    version = head.version if own else (record.consulted or {})[INSTALLATION]
    seen = {} if own else {INSTALLATION: version}
    access = grounds.access(record, version)
    if own:
        decision = _of_installation(grounds, access, request, stamp, head)
        if decision is not None:
            return decision
    held = participation.assignments if participation else grounds.held(record.stream, head.version)
    match request:
        case Adopt() if definition is not None and not head.version:
            if record.stream != roadmap_stream(definition.roadmap.id):
                raise ValueError(f"{definition.roadmap.id} was adopted in {record.stream}")
            return administration.decide_adopt(access, definition, request, stamp, head, seen)
        case AssignRole():
            if not grounds.knows(request.assignee, version):
                raise ValueError(f"{request.assignee} was not registered")
            return administration.decide_assign(
                access, definition, held, request, stamp, head, seen
            )
        case RevokeRole():
            return administration.decide_revoke(access, held, request, stamp, head, seen)
    raise ValueError(f"a {record.kind} record has no place here")


def _of_installation(
    grounds: Grounds, access: Access, request: Request, stamp: Stamp, head: Head
) -> Decision | None:
    """Decide what only the installation's stream has; ``None`` for anything else."""
    match request:
        case AddActor():
            known = grounds.knows(request.added, head.version)
            return administration.decide_add_actor(access, request, stamp, head, known=known)
        case AddCredential():
            if not grounds.knows(request.holder, head.version):
                raise ValueError(f"{request.holder} was not registered")
            other = grounds.in_way(request, head.version)
            return credentials.decide_add_credential(access, other, request, stamp, head)
        case RevokeCredential():
            other = grounds.credential(request.credential, head.version)
            return credentials.decide_revoke_credential(access, other, request, stamp, head)
        case ErasePerson():
            if not grounds.knows(request.erased, head.version):
                raise ValueError(f"{request.erased} was not registered")
            return decide_erase(access, request, stamp, head)
    return None
