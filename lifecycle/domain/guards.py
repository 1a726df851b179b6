"""Requirements and their verdicts: every unmet one at once, with who can mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lifecycle.domain.definition import (
    AnswersSubmission,
    Definition,
    DifferentPerson,
    EvidenceGiven,
    FactGiven,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Registered,
    Requirement,
    RoleAssigned,
    Transition,
)
from lifecycle.domain.messages import Message
from lifecycle.domain.model import ADMINISTRATOR, Assignment, Evidence
from lifecycle.domain.naming import is_slug
from lifecycle.domain.replay import Participation
from lifecycle.domain.values import quick


@dataclass(frozen=True, slots=True)
class Unmet:
    """One reason why not.

    Args:
        code: Stable name of the reason.
        message: The reason in words; its parameters are part of the interface.
        who: Roles that can mend it.
        actors: Opaque ids of those who hold these roles for the school now.
    """

    code: str
    message: Message
    who: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything that requirements may look at.

    Args:
        definition: Rules in force.
        transition: The move attempted.
        participation: Where the school stands.
        roster: Roles held for the school: on the school itself and on its road map.
        actor: Who attempts it; ``None`` when it is only being explained.
        evidence: What he brings.
        facts: What he states.
        reason: The reason he gives.
        effective_on: The date the act bears.
        today: The date at the place of the road map.
        on_behalf_of: Whom the actor stands in for, if anybody.
    """

    definition: Definition
    transition: Transition
    participation: Participation
    roster: tuple[Assignment, ...]
    actor: str | None
    evidence: tuple[Evidence, ...]
    facts: Mapping[str, Any]
    reason: str | None
    effective_on: date
    today: date
    on_behalf_of: str | None = None

    @property
    def persons(self) -> tuple[str, ...]:
        """Everybody whose act this is: the actor and whom he stands in for."""
        return tuple(one for one in (self.actor, self.on_behalf_of) if one is not None)

    def holders(self, roles: Iterable[str]) -> tuple[str, ...]:
        """Return the actors who hold one of *roles* for the school, in a stable order."""
        wanted = set(roles)
        return tuple(sorted({held.actor for held in self.roster if held.role in wanted}))

    def fact_codes(self, path: str) -> tuple[str, ...]:
        """Return the codes under ``fact`` or ``fact.field``, given now or known before."""
        name, _, member = path.partition(".")
        known = {**self.participation.facts, **self.facts}.get(name) or ()
        return tuple(item[member] if member else item for item in known)


GuardFunction = Callable[[Attempt], Sequence[Unmet]]
Guards = Mapping[str, GuardFunction]


@quick
@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a transition came to.

    Args:
        checked: Ids of the requirements that were checked.
        unmet: Every reason why not; empty when the transition is allowed.
        acting: The assignment that gives the actor his role, if he holds one.
    """

    checked: tuple[str, ...]
    unmet: tuple[Unmet, ...]
    acting: Assignment | None

    @property
    def allowed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.unmet


def judge(attempt: Attempt, guards: Guards) -> Verdict:
    """Check every requirement of the attempt and collect all reasons against it."""
    acting = acting_assignment(attempt)
    unmet = [
        *_state(attempt),
        *_role(attempt, acting),
        *_date(attempt),
        *_undeclared(attempt),
    ]
    for requirement in attempt.transition.requirements:
        unmet.extend(_check(requirement, attempt, guards))
    return Verdict(attempt.transition.checked, tuple(unmet), acting)


def acting_assignment(attempt: Attempt) -> Assignment | None:
    """Return the assignment the actor acts by: first role of the transition, school before map."""
    actor, roles = attempt.actor, attempt.transition.roles
    fitting = [one for one in attempt.roster if one.actor == actor and one.role in roles]
    if len(fitting) > 1:
        fitting.sort(
            key=lambda one: (roles.index(one.role), one.stream.startswith("roadmap/"), one.sequence)
        )
    return fitting[0] if fitting else None


def _check(requirement: Requirement, attempt: Attempt, guards: Guards) -> Iterable[Unmet]:
    match requirement:
        case RoleAssigned():
            return _role_assigned(requirement, attempt)
        case EvidenceGiven():
            return _evidence(requirement, attempt)
        case FactGiven():
            return _fact(requirement, attempt)
        case ReasonGiven():
            return _reason(requirement, attempt)
        case AnswersSubmission():
            return _answers(requirement, attempt)
        case DifferentPerson():
            return _different_person(requirement, attempt)
        case NotHolding():
            return _not_holding(requirement, attempt)
        case PolicyAllows():
            return _policy(requirement, attempt)
        case _:  # Registered: types are checked against every kind that is added
            return _registered(requirement, attempt, guards)


def _unmet(attempt: Attempt, code: str, template: str, **parameters: Any) -> Unmet:
    """Build a reason that those who may make the transition can mend."""
    roles = attempt.transition.roles
    return Unmet(code, Message(template, parameters), roles, attempt.holders(roles))


def _state(attempt: Attempt) -> Iterator[Unmet]:
    transition, state = attempt.transition, attempt.participation.state
    if state not in transition.sources:
        yield Unmet(
            "not_in_state",
            Message(
                "{transition} is made from {sources}; the school is in {state}",
                {"transition": transition.name, "sources": transition.sources, "state": state},
            ),
        )


def _role(attempt: Attempt, acting: Assignment | None) -> Iterator[Unmet]:
    if acting is not None:
        return
    roles = attempt.transition.roles
    holders = attempt.holders(roles)
    if attempt.actor is None:
        template = "this is done by: {roles}"
    else:
        template = "{actor} holds none of these roles for the school: {roles}"
    who = roles if holders else (ADMINISTRATOR,)
    message = Message(template, {"actor": attempt.actor, "roles": roles})
    yield Unmet("role_missing", message, who, holders)


def _date(attempt: Attempt) -> Iterator[Unmet]:
    if attempt.effective_on > attempt.today:
        yield _unmet(
            attempt,
            "date_in_future",
            "{effective_on} has not come yet; today is {today}",
            effective_on=attempt.effective_on.isoformat(),
            today=attempt.today.isoformat(),
        )


def _undeclared(attempt: Attempt) -> Iterator[Unmet]:
    """Refuse what the transition does not ask for: a record bears nothing undeclared."""
    wanted = attempt.transition.requirements
    kinds = {one.kind for one in wanted if isinstance(one, EvidenceGiven)}
    for piece in attempt.evidence:
        if piece.kind not in kinds:
            yield _unmet(
                attempt,
                "evidence_unexpected",
                "{transition} takes no evidence {kind}",
                transition=attempt.transition.name,
                kind=piece.kind,
                item=piece.item,
            )
    names = {one.fact for one in wanted if isinstance(one, FactGiven)} if attempt.facts else set()
    for name in sorted(set(attempt.facts) - names):
        yield _unmet(
            attempt,
            "fact_unexpected",
            "{transition} takes no fact {fact}",
            transition=attempt.transition.name,
            fact=name,
        )
    if attempt.reason is not None and not any(isinstance(one, ReasonGiven) for one in wanted):
        yield _unmet(
            attempt,
            "reason_unexpected",
            "{transition} takes no reason",
            transition=attempt.transition.name,
        )


def _role_assigned(requirement: RoleAssigned, attempt: Attempt) -> Iterator[Unmet]:
    if not attempt.holders([requirement.role]):
        yield Unmet(
            "role_not_assigned",
            Message("nobody is assigned as {role} of the school", {"role": requirement.role}),
            (ADMINISTRATOR,),
        )


def _evidence(requirement: EvidenceGiven, attempt: Attempt) -> Iterator[Unmet]:
    given = [piece for piece in attempt.evidence if piece.kind == requirement.kind]
    if requirement.each is None:
        if not given:
            yield _unmet(
                attempt, "evidence_missing", "evidence {kind} is missing", kind=requirement.kind
            )
        for piece in given:
            if piece.item is not None:
                yield _item_unexpected(attempt, requirement.kind, piece.item)
        return
    wanted = attempt.fact_codes(requirement.each)
    brought = {piece.item for piece in given}
    for item in wanted:
        if item not in brought:
            yield _unmet(
                attempt,
                "evidence_item_missing",
                "evidence {kind} for {item} is missing",
                kind=requirement.kind,
                item=item,
            )
    for piece in given:
        if piece.item not in wanted:
            yield _item_unexpected(attempt, requirement.kind, piece.item)


def _item_unexpected(attempt: Attempt, kind: str, item: str | None) -> Unmet:
    if item is None:
        template = "evidence {kind} has to say what it is for: {kind}:ITEM"
        return _unmet(attempt, "evidence_item_missing", template, kind=kind, item=None)
    template = "evidence {kind} is not asked for {item}"
    return _unmet(attempt, "evidence_item_unexpected", template, kind=kind, item=item)


def _fact(requirement: FactGiven, attempt: Attempt) -> Iterator[Unmet]:
    name = requirement.fact
    if name not in attempt.facts:
        yield _unmet(attempt, "fact_missing", "fact {fact} is missing", fact=name)
        return
    if requirement.not_empty and not attempt.facts[name]:
        yield _unmet(attempt, "fact_empty", "fact {fact} must not be empty", fact=name)
    for path in requirement.within:
        allowed = attempt.fact_codes(path)
        outside = [code for code in attempt.fact_codes(name) if code not in allowed]
        if outside:
            yield _unmet(
                attempt,
                "fact_outside",
                "{fact} names {outside}, which {path} does not",
                fact=name,
                outside=tuple(outside),
                path=path,
                allowed=allowed,
            )


def _reason(requirement: ReasonGiven, attempt: Attempt) -> Iterator[Unmet]:
    codes = tuple(choice.code for choice in requirement.reasons)
    # Words are not told back: refused attempts are kept, and nobody erases them.
    if attempt.reason is None or not is_slug(attempt.reason):
        yield _unmet(
            attempt, "reason_missing", "a reason is missing, one of: {reasons}", reasons=codes
        )
    elif attempt.reason not in codes:
        yield _unmet(
            attempt,
            "reason_unknown",
            "{reason} is no reason for this; one of: {reasons}",
            reason=attempt.reason,
            reasons=codes,
        )


def _answers(requirement: AnswersSubmission, attempt: Attempt) -> Iterator[Unmet]:
    submission = requirement.submission
    relevant = {submission} | {
        one.name for one in attempt.definition.transitions if requirement in one.requirements
    }
    moves = (move for move in reversed(attempt.participation.moves_here) if move.name in relevant)
    last = next(moves, None)
    if last is None or last.name != submission:
        submit = attempt.definition.transition[submission]
        yield Unmet(
            "nothing_submitted",
            Message(
                "nothing submitted waits for an answer: {submission}", {"submission": submission}
            ),
            submit.roles,
            attempt.holders(submit.roles),
        )


def _different_person(requirement: DifferentPerson, attempt: Attempt) -> Iterator[Unmet]:
    for move in attempt.participation.moves:
        same = {move.actor, move.on_behalf_of} & {*attempt.persons}
        if same and move.name in requirement.transitions:
            others = set(attempt.holders(attempt.transition.roles)) - same
            message = Message(
                "{actor} made {transition} (record {sequence}); another person has to do this",
                {
                    "actor": min(str(one) for one in same),
                    "transition": move.name,
                    "sequence": move.sequence,
                },
            )
            yield Unmet("same_person", message, attempt.transition.roles, tuple(sorted(others)))
            return


def _not_holding(requirement: NotHolding, attempt: Attempt) -> Iterator[Unmet]:
    for role in requirement.roles:
        holding = {*attempt.persons} & {*attempt.holders([role])}
        if holding:
            others = set(attempt.holders(attempt.transition.roles)) - holding
            message = Message(
                "{actor} is {role} of this school; somebody else has to do this",
                {"actor": min(holding), "role": role},
            )
            yield Unmet(
                "holds_other_role", message, attempt.transition.roles, tuple(sorted(others))
            )


def _policy(requirement: PolicyAllows, attempt: Attempt) -> Iterator[Unmet]:
    if not requirement.allowed:
        message = Message(
            "the road map {roadmap} does not provide for this: {policy}",
            {"roadmap": attempt.participation.roadmap, "policy": requirement.policy},
        )
        yield Unmet("policy_forbids", message)


def _registered(requirement: Registered, attempt: Attempt, guards: Guards) -> Iterable[Unmet]:
    guard = guards.get(requirement.name)
    if guard is None:
        # Rules outlive hosts: a history may be opened, or verified, where the guard is unknown.
        message = Message("no guard is registered as {name}", {"name": requirement.name})
        return (Unmet("guard_missing", message),)
    return guard(attempt)
