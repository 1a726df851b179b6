"""A compiled workflow: one programme under one road map, every adjustment resolved.

Nothing here knows a file format. The definition travels as canonical JSON (``to_json``), is
stored with the history under the digest of those bytes, and rebuilt from them
(``lifecycle.domain.codec``) long after the files have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Literal

from lifecycle.domain import canonical, codec
from lifecycle.domain.messages import Text
from lifecycle.domain.model import METHODS, DefinitionRef, Method, Scope
from lifecycle.domain.roadmap import Roadmap
from lifecycle.domain.values import Kept


@dataclass(frozen=True, slots=True)
class Choice:
    """A code out of a closed list, with its title and where the list comes from."""

    code: str
    title: Text
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the programme and what it can be held on."""

    name: str
    title: Text
    scopes: tuple[Scope, ...]
    source: str


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    """A kind of evidence that transitions may ask for.

    Args:
        name: Name of the kind.
        title: What it is.
        source: Row of a road map, or ``inference``.
        personal: Files of it speak of persons: they are kept encrypted, each under a key of its
            own, so that they can be erased.
    """

    name: str
    title: Text
    source: str
    personal: bool = False


@dataclass(frozen=True, slots=True)
class FactField:
    """One member of the records that a ``records`` fact lists."""

    name: str
    type: Literal["slug", "choice"]
    choices: tuple[Choice, ...] = ()
    catalogue: bool = False


@dataclass(frozen=True, slots=True)
class FactType:
    """The declared type of a fact; undeclared facts and free text have no place in a record.

    Args:
        name: Name of the fact.
        title: What it means.
        type: ``choice`` one of ``choices``; ``slugs`` a list of codes; ``records`` a list of
            objects with ``fields``; ``integer``; ``date``; ``boolean``.
        choices: For ``choice``.
        fields: For ``records``; the first one is the key and may not repeat.
        source: Row of a road map, or ``inference``.
    """

    name: str
    title: Text
    type: Literal["choice", "slugs", "records", "integer", "date", "boolean"]
    source: str
    choices: tuple[Choice, ...] = ()
    fields: tuple[FactField, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleAssigned:
    """Somebody holds *role* for the school, whoever acts."""

    role: str
    type: Literal["role_assigned"] = "role_assigned"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"role_assigned/{self.role}"


@dataclass(frozen=True, slots=True)
class EvidenceGiven:
    """Evidence of *kind* is given; with *each*, one piece for each value of that fact, no other."""

    kind: str
    each: str | None = None
    type: Literal["evidence"] = "evidence"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"evidence/{self.kind}"


@dataclass(frozen=True, slots=True)
class FactGiven:
    """The fact is given; its codes lie within each of the facts (or ``fact.field``) named."""

    fact: str
    not_empty: bool = False
    within: tuple[str, ...] = ()
    type: Literal["fact"] = "fact"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"fact/{self.fact}"


@dataclass(frozen=True, slots=True)
class ReasonGiven:
    """A reason out of the list is given."""

    reasons: tuple[Choice, ...]
    type: Literal["reason"] = "reason"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return "reason"


@dataclass(frozen=True, slots=True)
class AnswersSubmission:
    """The transition named was made in this state and has not been answered yet."""

    submission: str
    type: Literal["answers"] = "answers"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"answers/{self.submission}"


@dataclass(frozen=True, slots=True)
class DifferentPerson:
    """The actor has made none of the transitions named in this participation (four eyes)."""

    transitions: tuple[str, ...]
    type: Literal["different_person"] = "different_person"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"different_person/{','.join(self.transitions)}"


@dataclass(frozen=True, slots=True)
class NotHolding:
    """The actor holds none of these roles for the school."""

    roles: tuple[str, ...]
    type: Literal["not_holding"] = "not_holding"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"not_holding/{','.join(self.roles)}"


@dataclass(frozen=True, slots=True)
class PolicyAllows:
    """The road map adopted the policy; resolved when the definition is compiled."""

    policy: str
    title: Text
    allowed: bool
    type: Literal["policy"] = "policy"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"policy/{self.policy}"


@dataclass(frozen=True, slots=True)
class Registered:
    """A guard written in Python and registered by the host under *name*."""

    name: str
    type: Literal["registered"] = "registered"

    @property
    def id(self) -> str:
        """Stable name of the requirement in records."""
        return f"registered/{self.name}"


Requirement = (
    RoleAssigned
    | EvidenceGiven
    | FactGiven
    | ReasonGiven
    | AnswersSubmission
    | DifferentPerson
    | NotHolding
    | PolicyAllows
    | Registered
)


@dataclass(frozen=True, slots=True)
class State:
    """A state of participation.

    Args:
        name: Id of the state.
        title: For people.
        source: Row of a road map, or ``inference``.
        final: Nothing leads out.
        due_on: When the state is to be left, by the road map; inclusive.
        driven_by: Keys of the activities that set the deadline.
    """

    name: str
    title: Text
    source: str
    final: bool = False
    due_on: date | None = None
    driven_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transition:
    """A move that a participation can make.

    Args:
        name: Id of the transition.
        title: For people.
        source: Row of a road map, or ``inference``.
        sources: States it leaves.
        target: State it leads to; ``None`` where the participation stays.
        roles: Who may make it, in order of preference.
        requirements: What else must hold.
        due_on: Deadline by the road map, inclusive.
        driven_by: Keys of the activities that set the deadline.
        approval: It is a verdict on somebody's work: no administrator makes it, and it may ask
            for a better authentication.
    """

    name: str
    title: Text
    source: str
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[str, ...]
    requirements: tuple[Requirement, ...] = ()
    due_on: date | None = None
    driven_by: tuple[str, ...] = ()
    approval: bool = False

    @Kept
    def checked(self) -> tuple[str, ...]:
        """Ids of all that is checked, as records bear them; how the actor is known is among it."""
        return ("state", "role", "date", "authentication", *(one.id for one in self.requirements))


@dataclass(frozen=True, slots=True)
class Authentication:
    """Which methods of being known are enough.

    Args:
        any: For what is no approval.
        approval: For approvals.
    """

    any: tuple[Method, ...] = METHODS
    approval: tuple[Method, ...] = METHODS


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Who is told of what is overdue, and when.

    Args:
        after_working_days: Working days past the last day.
        role: Who is told from then on.
        source: Row of a road map, or ``inference``.
    """

    after_working_days: int
    role: str
    source: str | None = None


@dataclass(frozen=True, eq=False)
class Definition:
    """A programme under a road map, ready to decide by.

    Args:
        programme: Id and version of the programme.
        roadmap: The road map in force.
        initial: State of a newly enrolled school.
        states: In the order of the programme.
        transitions: In the order of the programme.
        roles: In the order of the programme.
        evidence_kinds: All kinds that transitions may ask for.
        facts: All facts that transitions may bear.
        enrolled_by: Roles that may enrol a school under the road map.
        catalogue: Known codes; another one is accepted with a warning.
        planned_by: Roles that may act on every activity of the road map.
        cancellation_reasons: Why an activity may be cancelled.
        escalation: Who is told of what is overdue, in the order of days.
        authentication: Which methods of being known are enough for what.
    """

    programme: str
    programme_version: str
    title: Text
    roadmap: Roadmap
    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    roles: tuple[Role, ...]
    evidence_kinds: tuple[EvidenceKind, ...]
    facts: tuple[FactType, ...]
    enrolled_by: tuple[str, ...]
    catalogue: tuple[Choice, ...] = ()
    planned_by: tuple[str, ...] = ()
    cancellation_reasons: tuple[Choice, ...] = ()
    escalation: tuple[EscalationStep, ...] = ()
    authentication: Authentication = Authentication()

    def to_json(self) -> dict[str, Any]:
        """Return the definition as JSON values; the digest is taken over their canonical bytes."""
        return {**codec.to_json(self), "format": 1}

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Definition:
        """Rebuild a definition from what ``to_json`` gave."""
        return codec.from_json(cls, {key: body[key] for key in body if key != "format"})

    @Kept
    def canonical_bytes(self) -> bytes:
        """The bytes that are stored and hashed."""
        return canonical.encode(self.to_json(), limit=canonical.MAX_DEFINITION_BYTES)

    @Kept
    def ref(self) -> DefinitionRef:
        """How records name this definition."""
        return DefinitionRef(
            id=f"{self.programme}/{self.roadmap.id}",
            version=f"{self.programme_version}/{self.roadmap.version}",
            digest=sha256(self.canonical_bytes).hexdigest(),
        )

    @Kept
    def state(self) -> dict[str, State]:
        """The states by name."""
        return {state.name: state for state in self.states}

    @Kept
    def transition(self) -> dict[str, Transition]:
        """The transitions by name."""
        return {transition.name: transition for transition in self.transitions}

    @Kept
    def role(self) -> dict[str, Role]:
        """The roles by name."""
        return {role.name: role for role in self.roles}

    @Kept
    def evidence_kind(self) -> dict[str, EvidenceKind]:
        """The evidence kinds by name."""
        return {kind.name: kind for kind in self.evidence_kinds}

    @Kept
    def fact(self) -> dict[str, FactType]:
        """The fact types by name."""
        return {fact.name: fact for fact in self.facts}

    def open_in(self, state: str) -> Iterator[Transition]:
        """Yield the transitions that leave *state*."""
        return (one for one in self.transitions if state in one.sources)
