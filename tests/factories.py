"""What tests of the core build with: an office with people, and requests that are complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lifecycle import Actor, Evidence, Lifecycle, Receipt
from lifecycle.audit import ed25519
from lifecycle.domain.definition import (
    AnswersSubmission,
    Definition,
    EvidenceGiven,
    FactGiven,
    FactType,
    PolicyAllows,
    ReasonGiven,
    Transition,
)
from lifecycle.domain.guards import Guards
from lifecycle.domain.model import Assignment
from lifecycle.domain.ports import Definitions, EvidenceStore, Journal
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, assignments_after
from lifecycle.service.context import Context
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.memory_evidence import MemoryEvidence
from lifecycle.workflows.working_days import RussianCalendar

ROADMAP = "tomari-2022"
ORIGIN = "origin-1"
ADMIN = Actor("admin", "host:test")
START = datetime(2022, 3, 1, 9, tzinfo=UTC)
RISKS = ("low_equipment", "staff_deficit")


def actor(name: str) -> Actor:
    """Return somebody for whom the test vouches."""
    return Actor(name, "host:test")


@dataclass
class SetClock:
    """A clock that a test sets; every look takes a second, so that no two records are equal."""

    moment: datetime = START
    step: timedelta = timedelta(seconds=1)

    def now(self) -> datetime:
        """Return the moment and go on by one step."""
        self.moment += self.step
        return self.moment

    def advance(self, **amount: int) -> None:
        """Let time pass; a negative amount sets the clock back."""
        self.moment += timedelta(**amount)


@dataclass
class Ids:
    """Ids in order, so that two engines with the same requests make the same records."""

    last: int = 0

    def __call__(self) -> str:
        self.last += 1
        return f"00000000-0000-7000-8000-{self.last:012d}"


def engine_on(
    journal: Journal,
    definitions: Definitions,
    *,
    evidence: EvidenceStore | None = None,
    clock: SetClock | None = None,
    ids: Ids | None = None,
    guards: Guards | None = None,
) -> Lifecycle:
    """Return an engine on *journal*, with a clock and ids that are the same on every run."""
    return Lifecycle(
        Context(
            journal=journal,
            evidence=evidence or MemoryEvidence(),
            definitions=definitions,
            clock=clock or SetClock(),
            new_id=ids or Ids(),
            guards=guards or {},
            log=lambda event, /, **facts: None,
            calendar=RussianCalendar(),
            signatures=ed25519.verify,
            public_keys=ed25519.is_public_key,
        )
    )


def memory_engine(definitions: Definitions, **adapters: Any) -> Lifecycle:
    """Return an engine in memory whose history is founded by ``ADMIN``."""
    engine = engine_on(MemoryJournal(ORIGIN), definitions, **adapters)
    engine.found(actor=ADMIN, command_id="found")
    return engine


def order(kind: str, item: str | None = None, number: str = "52 -а") -> Evidence:
    """Return a reference to an order as evidence."""
    return Evidence(
        kind=kind,
        item=item,
        form="reference",
        number=number,
        dated=date(2022, 3, 14),
        issuer="Отдел образования МО «Томаринский городской округ»",
    )


def complete(
    definition: Definition, transition: Transition, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return evidence, facts and reason with which *transition* is complete, generated from it.

    Args:
        definition: The rules.
        transition: The move that is to be made.
        known: Facts known before.
    """
    facts: dict[str, Any] = {}
    evidence: list[Evidence] = []
    reason = None
    for one in transition.requirements:
        if isinstance(one, FactGiven):
            facts[one.fact] = _value(definition.fact[one.fact], one, {**known, **facts})
        elif isinstance(one, ReasonGiven):
            reason = one.reasons[0].code
    for one in transition.requirements:
        if isinstance(one, EvidenceGiven) and one.each is None:
            evidence.append(order(one.kind))
        elif isinstance(one, EvidenceGiven):
            items = codes({**known, **facts}, one.each or "")
            evidence += [order(one.kind, item) for item in items]
    return {"facts": facts, "evidence": evidence, "reason": reason}


def codes(known: Mapping[str, Any], path: str) -> list[str]:
    """Return the codes that ``fact`` or ``fact.field`` names."""
    name, _, member = path.partition(".")
    return [one[member] if member else one for one in known.get(name, ())]


def _value(fact: FactType, wanted: FactGiven, known: Mapping[str, Any]) -> Any:
    allowed = [set(codes(known, path)) for path in wanted.within]
    match fact.type:
        case "choice":
            return fact.choices[0].code
        case "slugs":
            return sorted(set.intersection(*allowed)) if allowed else list(RISKS)
        case "records":
            return [
                {
                    member.name: code if member.type == "slug" else member.choices[0].code
                    for member in fact.fields
                }
                for code in RISKS
            ]
        case "integer":
            return 3
        case "date":
            return "2022-03-01"
        case "boolean":
            return True


def route(definition: Definition, state: str) -> list[Transition]:
    """Return the shortest way to *state*: transitions that the policies allow."""
    ways: dict[str, list[Transition]] = {definition.initial: []}
    for reached in (places := [definition.initial]):
        for one in definition.open_in(reached):
            forbidden = any(
                isinstance(need, PolicyAllows) and not need.allowed for need in one.requirements
            )
            if one.target is not None and one.target not in ways and not forbidden:
                ways[one.target] = [*ways[reached], one]
                places.append(one.target)
    return ways[state]


def submissions(definition: Definition, transition: Transition) -> Iterable[Transition]:
    """Yield what has to be submitted before *transition* can answer it."""
    for one in transition.requirements:
        if isinstance(one, AnswersSubmission):
            yield definition.transition[one.submission]


@dataclass
class Office:
    """An office that leads schools through a programme, one person for each role.

    Args:
        engine: The engine it works with.
        definition: The programme under its road map.
        admin: Its administrator.
    """

    engine: Lifecycle
    definition: Definition
    admin: Actor = ADMIN
    people: dict[tuple[str, str | None], Actor] = field(default_factory=dict)

    @property
    def roadmap(self) -> str:
        """Id of the road map."""
        return self.definition.roadmap.id

    def opened(self, *schools: str) -> Office:
        """Assign the roles held on the road map and enrol *schools*; return the office."""
        for role in self.definition.roles:
            if "roadmap" in role.scopes:
                self.assign(role.name)
        for school in schools:
            self.enrol(school)
        return self

    def enrol(self, school: str, **changes: Any) -> Receipt:
        """Enrol a school and assign the roles that are held on schools only."""
        by = self.definition.enrolled_by[-1]
        receipt = self.engine.enrol(
            school,
            **{
                "roadmap": self.roadmap,
                "title": f"Школа {school}",
                "actor": self.people[by, None],
                **changes,
            },
        )
        for role in self.definition.roles:
            if "roadmap" not in role.scopes:
                self.assign(role.name, school)
        return receipt

    def assign(self, role: str, school: str | None = None, name: str | None = None) -> Actor:
        """Register somebody and give him *role* on the school, or else on the road map.

        The first one acts in that role from now on.
        """
        person = actor(name or f"{role}.{school or self.roadmap}")
        self.engine.add_actor(person.id, actor=self.admin)
        where = {"school": school} if school else {"roadmap": self.roadmap}
        self.engine.assign(person.id, role, actor=self.admin, **where)
        self.people.setdefault((role, school), person)
        return person

    def who(self, role: str, school: str) -> Actor:
        """Return the one who holds *role* for the school."""
        return self.people.get((role, school)) or self.people[role, None]

    def known(self, school: str) -> Mapping[str, Any]:
        """Return the facts known of the school."""
        return self._participation(school).facts

    def state(self, school: str) -> str:
        """Return the state that the school is in; the clock is not looked at."""
        return self._participation(school).state

    def _participation(self, school: str) -> Participation:
        participation = self.engine.replay(school).participation
        assert participation is not None
        return participation

    def make(self, school: str, transition: str, **changes: Any) -> Receipt:
        """Make a transition with a complete request, except for *changes*."""
        move = self.definition.transition[transition]
        request = complete(self.definition, move, self.known(school))
        request["actor"] = self.who(move.roles[0], school)
        return self.engine.advance(school, transition, **{**request, **changes})

    def lead(self, school: str, state: str) -> None:
        """Lead a newly enrolled school to *state* by the shortest way."""
        for move in route(self.definition, state):
            for submission in submissions(self.definition, move):
                self.make(school, submission.name)
            self.make(school, move.name)

    def submit(self, school: str) -> None:
        """Submit everything that could be answered in the state the school is in."""
        state = self.state(school)
        waiting = {
            submission.name: submission
            for move in self.definition.open_in(state)
            for submission in submissions(self.definition, move)
        }
        for name in waiting:
            self.make(school, name)


def held_after(records: Iterable[Record]) -> tuple[Assignment, ...]:
    """Return the roles held after all *records* of one stream."""
    held: tuple[Assignment, ...] = ()
    for record in records:
        held = assignments_after(held, record)
    return held
