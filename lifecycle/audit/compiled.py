"""A definition made ready for the screen: each transition as a few small checks on plain values.

A check tells whether a requirement is met beyond doubt. Where it is not, or where the definition
holds anything unusual, the full check decides; the requirements' meaning is that of
``lifecycle.domain.guards`` and is never extended here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lifecycle.audit.spelling import spelt
from lifecycle.domain.definition import (
    AnswersSubmission,
    Definition,
    DifferentPerson,
    EvidenceGiven,
    FactGiven,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Requirement,
    RoleAssigned,
    Transition,
)
from lifecycle.domain.machine import gate_of
from lifecycle.domain.model import Assignment

Facts = dict[str, Any]
Items = dict[str, list[str | None]]
"""What pieces of evidence are about, by kind."""


Own = dict[tuple[str, str], tuple[str, int]]
"""Roles held on a school: the record and its place, by actor and role."""


class Roster:
    """Who held what on a shared stream.

    Args:
        held: The assignments in the order of their records.
    """

    __slots__ = ("given", "holders")

    def __init__(self, held: Iterable[Assignment]) -> None:
        self.given: dict[tuple[str, str], list[str]] = {}
        self.holders: dict[str, set[str]] = {}
        for one in held:
            self.given.setdefault((one.actor, one.role), []).append(one.record_id)
            self.holders.setdefault(one.role, set()).add(one.actor)


@dataclass(slots=True)
class Act:
    """What a transition is judged by, in plain values: the school's course, and the act itself.

    Args:
        persons: The actor and whom he stands in for.
        items: What the evidence is about, by kind.
        facts: What he states.
        known: The latest value of each fact, with those of this act.
        here: Names of the transitions made since the current state was entered.
        movers: Who made each transition, or had it made for him.
        own: Roles held on the school.
        roster: Roles held on its road map.
    """

    persons: tuple[str, ...] = ()
    items: Mapping[str, list[str | None]] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    known: Facts = field(default_factory=dict)
    here: list[str] = field(default_factory=list)
    movers: dict[str, set[str]] = field(default_factory=dict)
    own: Own = field(default_factory=dict)
    roster: Roster = field(default_factory=lambda: Roster(()))

    def assigned(self) -> set[str]:
        """Return the roles that anybody holds for the school."""
        return {role for _, role in self.own}.union(self.roster.holders)

    def holds(self, role: str) -> bool:
        """Tell whether one of those who act holds *role* for the school."""
        shared = self.roster.holders.get(role)
        if shared is not None and not shared.isdisjoint(self.persons):
            return True
        return any((person, role) in self.own for person in self.persons)


Check = Callable[[Act], bool]
Alone = Callable[[Items, Facts], bool]
"""A check of nothing but what is brought and stated."""

NO_REASON = frozenset({b"null"})
"""The reasons of a transition that takes none."""


@dataclass(frozen=True, slots=True, eq=False)
class Move:
    """A transition, made ready.

    Args:
        targets: State after it by state before it, as the machine of the live path moves.
        roles: Who may make it, in order of preference.
        checked: Ids of the requirements, as records name them.
        due_on: Its deadline, as records write it.
        kinds: Kinds of evidence it takes, and whether their files are personal.
        facts: Names of facts it takes.
        reasons: The reasons it takes, as bodies spell them; ``null`` where it takes none.
        checks: The other requirements.
        approval: It is a verdict on somebody's work.
        spelt: Its name, as requests spell it, and how they end.
        definition: What it is a transition of.
        first: The first of the roles.
        assigned: Roles that somebody has to hold for the school.
        alone: Requirements that ask for nothing but what is brought and stated.
    """

    targets: Mapping[str, str]
    roles: tuple[str, ...]
    checked: list[str]
    due_on: str | None
    kinds: Mapping[str, bool]
    facts: frozenset[str]
    reasons: frozenset[bytes]
    checks: tuple[Check, ...]
    approval: bool
    spelt: bytes
    definition: Definition
    first: str | None
    assigned: frozenset[str]
    alone: tuple[Alone, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """A definition, made ready.

    Args:
        definition: The definition itself.
        digest: How records name it.
        moves: The transitions that the screen can judge, by name.
        school_roles: Roles that are given on schools.
    """

    definition: Definition
    digest: str
    moves: Mapping[str, Move]
    school_roles: frozenset[str]


def compiled(definition: Definition) -> Rules | None:
    """Return *definition* made ready; ``None`` where it is not one that the screen can judge by."""
    try:
        return _rules(definition) if _is_plain(definition) else None
    except Exception:  # whatever is wrong with it, the full check will tell
        return None


def _rules(definition: Definition) -> Rules:
    moves = {one.name: _move(definition, one) for one in definition.transitions}
    scopes = {role.name: role.scopes for role in definition.roles}
    return Rules(
        definition=definition,
        digest=definition.ref.digest,
        moves={name: move for name, move in moves.items() if move is not None},
        school_roles=frozenset(name for name, given in scopes.items() if "school" in given),
    )


def _is_plain(definition: Definition) -> bool:
    """Tell whether names occur once, and are ASCII texts as bodies need them.

    A definition is believed as far as its digest, and somebody who forges a history may have
    forged it too.
    """
    names = (
        [one.name for one in definition.states],
        [one.name for one in definition.transitions],
        [one.name for one in definition.facts],
        [one.name for one in definition.roles],
    )
    if any(len(set(one)) != len(one) for one in names):
        return False
    fields = [one for fact in definition.facts for one in fact.fields]
    choices = [one for fact in definition.facts for one in fact.choices]
    choices += (one for member in fields for one in member.choices)
    for move in definition.transitions:
        choices += (
            c for one in move.requirements if isinstance(one, ReasonGiven) for c in one.reasons
        )
    texts: list[Any] = [
        *(name for one in names for name in one),
        *(one.name for one in fields),
        *(one.code for one in choices),
        *(one.name for one in definition.evidence_kinds),
        *(role for one in definition.transitions for role in one.roles),
        *definition.enrolled_by,
        definition.initial,
        definition.roadmap.id,
        definition.roadmap.time_zone,
    ]
    return all(isinstance(text, str) and text.isascii() for text in texts)


def _move(definition: Definition, transition: Transition) -> Move | None:
    alone: list[Alone] = []
    checks: list[Check] = []
    for one in transition.requirements:
        match one:
            case RoleAssigned():
                continue
            case EvidenceGiven(each=None):
                alone.append(_evidence(one.kind))
                continue
            case FactGiven():
                alone.append(_stated(one))
        found = _check(one, definition)
        if found is None:
            return None
        checks += found
    gate = gate_of(definition)
    targets = {
        state.name: gate.move(state.name, transition.name, allowed=True)
        for state in definition.states
        if state.name in transition.sources
    }
    wanted = transition.requirements
    kinds = {one.kind for one in wanted if isinstance(one, EvidenceGiven)}
    known = definition.evidence_kind
    return Move(
        targets={source: target for source, target in targets.items() if target is not None},
        roles=transition.roles,
        checked=["state", "role", "date", "authentication", *(one.id for one in wanted)],
        due_on=transition.due_on.isoformat() if transition.due_on else None,
        kinds={name: known[name].personal for name in kinds & known.keys()},
        facts=frozenset(one.fact for one in wanted if isinstance(one, FactGiven)),
        reasons=_reasons([one for one in wanted if isinstance(one, ReasonGiven)]),
        checks=tuple(checks),
        approval=transition.approval,
        spelt=b"%b}]" % spelt(transition.name).encode(),
        definition=definition,
        first=next(iter(transition.roles), None),
        assigned=frozenset(one.role for one in wanted if isinstance(one, RoleAssigned)),
        alone=tuple(alone),
    )


def _reasons(lists: list[ReasonGiven]) -> frozenset[bytes]:
    if not lists:
        return NO_REASON
    codes = [{choice.code for choice in one.reasons} for one in lists]
    return frozenset(spelt(code).encode() for code in set.intersection(*codes))


def _check(requirement: Requirement, definition: Definition) -> tuple[Check, ...] | None:
    """Return what there is to check; ``None`` where only the full check knows what to do."""
    match requirement:
        case EvidenceGiven(kind=kind, each=str() as path):
            return (_evidence_for_each(kind, path),)
        case FactGiven():
            return (_within(requirement),) if requirement.within else ()
        case AnswersSubmission(submission=submission):
            return (_answers(requirement, submission, definition),)
        case DifferentPerson(transitions=names):
            return (_different(names),)
        case NotHolding(roles=roles):
            return (lambda act: True not in map(act.holds, roles),)
        case ReasonGiven() | PolicyAllows(allowed=True):
            return ()  # The move has the list of reasons.
    return None


def _different(names: tuple[str, ...]) -> Check:
    def others(act: Act) -> bool:
        for name in names:
            before = act.movers.get(name)
            if before is not None and not before.isdisjoint(act.persons):
                return False
        return True

    return others


def _evidence(kind: str) -> Alone:
    def given(items: Items, facts: Facts) -> bool:
        found = items.get(kind, ())
        return found.count(None) == len(found) > 0

    return given


def _stated(requirement: FactGiven) -> Alone:
    name, not_empty = requirement.fact, requirement.not_empty
    return lambda items, facts: name in facts and (not not_empty or bool(facts[name]))


def _evidence_for_each(kind: str, path: str) -> Check:
    codes = _codes(path)

    def given(act: Act) -> bool:
        return set(act.items.get(kind, ())) == set(codes(act.known))

    return given


def _within(requirement: FactGiven) -> Check:
    own, outer = _codes(requirement.fact), [_codes(path) for path in requirement.within]

    def given(act: Act) -> bool:
        found = set(own(act.known))
        return all(found.issubset(codes(act.known)) for codes in outer)

    return given


def _codes(path: str) -> Callable[[Facts], list[str]]:
    """Return what finds the codes under ``fact`` or ``fact.field``."""
    name, _, member = path.partition(".")
    if member:
        return lambda known: [item[member] for item in known.get(name) or ()]
    return lambda known: list(known.get(name) or ())


def _answers(requirement: Requirement, submission: str, definition: Definition) -> Check:
    relevant = {submission} | {
        one.name for one in definition.transitions if requirement in one.requirements
    }

    def waits(act: Act) -> bool:
        for name in reversed(act.here):
            if name in relevant:
                return name == submission
        return False

    return waits
