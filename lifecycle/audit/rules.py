"""Decisions re-made: each record is decided again by the rules, roles and time then in force.

The record must come out the same to the byte. What the decision looked at is rebuilt from the
history alone: the streams it consulted, up to the versions that the record names.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lifecycle.audit.findings import Finding
from lifecycle.domain import administration
from lifecycle.domain.dates import place_date
from lifecycle.domain.decide import Situation, decide_advance, decide_enrol
from lifecycle.domain.decision import Accepted, Decision, Refusal, Stamp
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.guards import Guards
from lifecycle.domain.model import (
    INSTALLATION,
    Actor,
    Assignment,
    Head,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.plan import Place, Progress, decide_activity, is_plan_record, request_of
from lifecycle.domain.record import Record, empty_head, moment_text
from lifecycle.domain.replay import Participation, assignments_after
from lifecycle.domain.requests import (
    AddActor,
    Adopt,
    Advance,
    AssignRole,
    Enrol,
    Found,
    RevokeRole,
)

FOUNDING_RECORDS = 3
_CHECKED_BY_CHAIN = ("origin", "stream", "sequence", "previous", "recorded_at")


@dataclass
class Grounds:
    """What decisions may rest on, rebuilt from the installation's and the road maps' records.

    Args:
        definitions: Stored definitions by digest, altered ones left out.
        guards: Guards in Python that the host registered.
        rules: Digest of the definition that each road map's stream adopted.
        actors: Sequence number of the record that registered each actor.
        founding: The records that founded the installation.
        versions: How many records each shared stream has.
        plans: What became of each road map's activities, up to the record being decided.
    """

    definitions: Mapping[str, Definition]
    guards: Guards
    rules: dict[str, str] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    founding: list[Record] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    plans: dict[str, dict[Place, Progress]] = field(default_factory=dict)
    _roles: dict[str, dict[str, tuple[Assignment, int | None]]] = field(default_factory=dict)
    _turns: dict[str, list[int]] = field(default_factory=dict)
    _moments: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    def learn(self, record: Record) -> None:
        """Take in a record of a shared stream."""
        facts = record.facts or {}
        moments = self._moments.setdefault(record.stream, [])
        moments.append((moment_text(record.recorded_at), record.sequence))
        self.versions[record.stream] = record.sequence
        if record.kind in ("role_assigned", "role_revoked"):
            self._turns.setdefault(record.stream, []).append(record.sequence)
        if record.kind == "actor_added":
            self.actors.setdefault(facts["actor"], record.sequence)
        elif record.kind == "roadmap_adopted" and record.definition is not None:
            self.rules.setdefault(record.stream, record.definition.digest)
        elif record.kind == "role_assigned":
            (given,) = assignments_after((), record)
            self._roles.setdefault(record.stream, {})[given.record_id] = (given, None)
        elif record.kind == "role_revoked":
            roles = self._roles.get(record.stream, {})
            if facts["assignment"] in roles:
                given, _ = roles[facts["assignment"]]
                roles[given.record_id] = (given, record.sequence)
        if record.stream == INSTALLATION and record.sequence <= FOUNDING_RECORDS:
            self.founding.append(record)

    def held(self, stream: str, version: int) -> tuple[Assignment, ...]:
        """Return the roles held on a shared stream after its record *version*."""
        return tuple(
            given
            for given, until in self._roles.get(stream, {}).values()
            if given.sequence <= version and (until is None or version < until)
        )

    def turn(self, stream: str, version: int) -> int:
        """Return the last version up to *version* at which roles on a shared stream changed."""
        turns = self._turns.get(stream, [])
        place = bisect_right(turns, version)
        return turns[place - 1] if place else 0

    def as_of(self, record: Record) -> Record:
        """Return *record* as if it had consulted all that was recorded before it.

        Times prove that order: roles change no earlier than whatever consulted them before.
        """
        consulted = {
            name: max(version, self.version_at(name, moment_text(record.recorded_at)))
            for name, version in (record.consulted or {}).items()
        }
        return replace(record, consulted=consulted)

    def version_at(self, stream: str, moment: str) -> int:
        """Return how many records *stream* had before *moment*, which is written as in bodies."""
        moments = self._moments.get(stream, [])
        place = bisect_left(moments, (moment, 0))
        return moments[place - 1][1] if place else 0

    def knows(self, actor: str, version: int) -> bool:
        """Tell whether the actor was registered by record *version* of the installation."""
        return self.actors.get(actor, version + 1) <= version


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
    standing_for = record.actor.on_behalf_of
    if standing_for is not None and standing_for not in grounds.actors:
        yield _finding(record, "decision_refused", None, None, f"{standing_for} is no actor")
    remade = _remade(grounds, head, participation, record)
    if isinstance(remade, str):
        yield _finding(record, "decision_refused", None, None, remade)
        return
    expected, found = remade.to_json(), record.to_json()
    for name, value in expected.items():
        if name not in _CHECKED_BY_CHAIN and found[name] != value:
            yield _finding(record, "decision_differs", name, value, found[name])
    # Whoever forges a record may let it consult roles that had been taken by then.
    later = grounds.as_of(record)
    outcome = remade if later == record else _remade(grounds, head, participation, later)
    if isinstance(outcome, str):
        yield _finding(record, "decision_outdated", None, None, outcome)


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
    # The request itself is not part of the history, only its digest.
    return replace(decision.record, request=record.request)


def _decide(
    grounds: Grounds, head: Head, participation: Participation | None, record: Record
) -> Decision:
    if record.stream == INSTALLATION and record.sequence <= FOUNDING_RECORDS:
        return _found(grounds, record)
    definition = _definition(grounds, participation, record)
    stamp = Stamp(record.record_id, record.recorded_at, place_date(record.recorded_at, definition))
    if record.kind == "advanced":
        return _advance(grounds, participation, definition, record, stamp)
    if record.kind == "enrolled":
        return _enrol(grounds, definition, record, stamp, head)
    if is_plan_record(record):
        return _act(grounds, definition, record, stamp, head)
    return _administer(grounds, participation, definition, record, stamp, head)


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
    request = Found(actor=_actor(grounds.founding[0]), command_id=command_id)
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
    stamp: Stamp,
) -> Decision:
    if participation is None or definition is None or record.transition is None:
        raise ValueError("the school was not enrolled")
    on_map = roadmap_stream(participation.roadmap)
    seen = (record.consulted or {})[on_map]
    situation = Situation(
        definition=definition,
        participation=participation,
        roster=(*participation.assignments, *grounds.held(on_map, seen)),
        consulted={on_map: seen},
        guards=grounds.guards,
    )
    request = Advance(
        actor=_actor(record),
        command_id=record.command_id,
        effective_on=record.effective_on,
        school=participation.school,
        transition=record.transition,
        evidence=record.evidence,
        facts=record.facts or {},
        reason=record.reason,
    )
    return decide_advance(situation, request, stamp)


def _enrol(
    grounds: Grounds, definition: Definition | None, record: Record, stamp: Stamp, head: Head
) -> Decision:
    facts, consulted = record.facts or {}, record.consulted or {}
    on_map = roadmap_stream(facts["roadmap"])
    if definition is None or grounds.rules.get(on_map) != definition.ref.digest:
        raise ValueError("the rules are not those in force on the road map")
    if record.stream != participation_stream(facts["school"]):
        raise ValueError(f"the enrolment of {facts['school']} stands in {record.stream}")
    roster = [one for name in (INSTALLATION, on_map) for one in grounds.held(name, consulted[name])]
    request = Enrol(
        actor=_actor(record),
        command_id=record.command_id,
        effective_on=record.effective_on,
        school=facts["school"],
        title=facts["title"],
        roadmap=facts["roadmap"],
    )
    seen = {name: consulted[name] for name in (INSTALLATION, on_map)}
    return decide_enrol(definition, tuple(roster), request, stamp, head, seen)


def _act(
    grounds: Grounds, definition: Definition | None, record: Record, stamp: Stamp, head: Head
) -> Decision:
    if definition is None or grounds.rules.get(record.stream) != definition.ref.digest:
        raise ValueError("the rules are not those in force on the road map")
    request = request_of(
        record,
        definition.roadmap.id,
        actor=_actor(record),
        command_id=record.command_id,
        effective_on=record.effective_on,
    )
    roster = grounds.held(record.stream, head.version)
    plan = grounds.plans.get(record.stream, {})
    return decide_activity(definition, roster, plan, request, stamp, head, {})


def _administer(
    grounds: Grounds,
    participation: Participation | None,
    definition: Definition | None,
    record: Record,
    stamp: Stamp,
    head: Head,
) -> Decision:
    facts = record.facts or {}
    own = record.stream == INSTALLATION
    version = head.version if own else (record.consulted or {})[INSTALLATION]
    seen = {} if own else {INSTALLATION: version}
    administrators = grounds.held(INSTALLATION, version)
    held = participation.assignments if participation else grounds.held(record.stream, head.version)
    actor, command, day = _actor(record), record.command_id, record.effective_on
    match record.kind:
        case "actor_added" if own:
            added = facts["actor"]
            known = grounds.knows(added, head.version)
            request = AddActor(actor=actor, command_id=command, effective_on=day, added=added)
            return administration.decide_add_actor(
                administrators, request, stamp, head, known=known
            )
        case "roadmap_adopted" if definition is not None and not head.version:
            if record.stream != roadmap_stream(definition.roadmap.id):
                raise ValueError(f"{definition.roadmap.id} was adopted in {record.stream}")
            adopt = Adopt(
                actor=actor,
                command_id=command,
                effective_on=day,
                roadmap=definition.roadmap.id,
                definition=definition.ref.digest,
            )
            return administration.decide_adopt(administrators, definition, adopt, stamp, head, seen)
        case "role_assigned":
            if not grounds.knows(facts["actor"], version):
                raise ValueError(f"{facts['actor']} was not registered")
            assign = AssignRole(
                actor=actor,
                command_id=command,
                effective_on=day,
                assignee=facts["actor"],
                role=facts["role"],
                stream=record.stream,
            )
            return administration.decide_assign(
                administrators, definition, held, assign, stamp, head, seen
            )
        case "role_revoked":
            revoke = RevokeRole(
                actor=actor,
                command_id=command,
                effective_on=day,
                assignee=facts["actor"],
                role=facts["role"],
                stream=record.stream,
            )
            return administration.decide_revoke(administrators, held, revoke, stamp, head, seen)
    raise ValueError(f"a {record.kind} record has no place here")


def _actor(record: Record) -> Actor:
    return Actor(record.actor.id, record.actor.authentication, record.actor.on_behalf_of)
