"""Drives the schools through their stories, with the means that every caller has.

What a transition needs is not known here: the engine is asked (``explain``) and what it misses
is brought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from lifecycle import (
    Actor,
    Evidence,
    EvidenceFile,
    Lifecycle,
    LifecycleError,
    Message,
    Receipt,
    Refused,
    Unmet,
)
from lifecycle.demo.cast import (
    ADMINISTRATOR,
    ON_ROADMAP,
    ON_SCHOOL,
    SHOWS_HIS_OWN,
    SIGNS,
    School,
    everybody,
)
from lifecycle.demo.papers import Papers
from lifecycle.demo.stories import days_of
from lifecycle.domain.definition import Definition
from lifecycle.keys import new_key

_SIGNIFICANCE = ("high", "medium", "low")
_OUTCOMES = ("positive_dynamics", "partial_dynamics", "positive_dynamics", "no_dynamics")


def known_as(actor: str) -> Actor:
    """Return *actor* as this program vouches for him."""
    return Actor(actor, "host:demo")


@dataclass(frozen=True, slots=True)
class Act:
    """One attempt at a transition, with all that it brings."""

    school: School
    transition: str
    actor: str
    day: date
    evidence: tuple[Evidence | EvidenceFile, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    reason: str | None = None
    command_id: str | None = None

    def make(self, stage: Stage) -> Receipt:
        """Ask the engine for the transition."""
        return stage.engine.advance(
            self.school.id,
            self.transition,
            actor=stage.known(self.actor),
            evidence=self.evidence,
            facts=self.facts,
            reason=self.reason,
            effective_on=self.day,
            command_id=self.command_id,
        )


@dataclass(frozen=True, slots=True)
class Met:
    """A refusal that was met: what was tried where, by whom, and the engine's answer."""

    place: str
    what: str
    actor: str
    error: Refused


@dataclass(frozen=True, slots=True)
class Repetition:
    """A command that was sent twice: its receipts, and the school's records after each."""

    command_id: str
    first: Receipt
    second: Receipt
    records_after_first: int
    records_after_second: int


Hurdle = Callable[["Stage", Act], None]


@dataclass
class Stage:
    """The engine with everything that a demonstration carries along.

    Args:
        engine: The engine.
        papers: Makes the evidence.
        hurdles: What is tried in vain before an act, by school, transition and how many times
            the school has made that transition before.
        refusals: Refusals met so far.
        late: Receipts of acts that the engine marked late.
        repetition: The command that was sent twice.
        shown: Those who show something of their own to be known: a token, a key.
    """

    engine: Lifecycle
    papers: Papers
    hurdles: Mapping[tuple[str, str, int], Hurdle]
    refusals: list[Met] = field(default_factory=list)
    late: list[Receipt] = field(default_factory=list)
    repetition: Repetition | None = None
    shown: dict[str, Actor] = field(default_factory=dict)

    def known(self, actor: str) -> Actor:
        """Return *actor* by what he shows himself, or else as this program vouches for him."""
        return self.shown.get(actor) or known_as(actor)

    def definition(self, school: School) -> Definition:
        """Return the rules that the school is under."""
        return self.engine.context.definitions.compiled(school.roadmap)

    def prepare(self, schools: tuple[School, ...]) -> None:
        """Register everybody and give out the roles held on road maps."""
        administrator = known_as(ADMINISTRATOR)
        for actor in everybody(schools):
            self.engine.add_actor(actor, actor=administrator)
        for roadmap, held in ON_ROADMAP.items():
            start = self.engine.context.definitions.compiled(roadmap).roadmap.start
            for role, actor in held:
                self.engine.assign(
                    actor, role, actor=administrator, roadmap=roadmap, effective_on=start
                )
        self._let_show(administrator)

    def _let_show(self, administrator: Actor) -> None:
        """Issue a token to one who approves; another one signs with a key of his own."""
        credentials, key = self.engine.credentials, new_key()
        issued = credentials.issue_token(SHOWS_HIS_OWN, actor=administrator, scopes=["advance"])
        self.shown[SHOWS_HIS_OWN] = self.engine.authenticate(issued.token)
        credentials.add_key(SIGNS, key.public, actor=administrator)
        self.shown[SIGNS] = credentials.of_key(key.public, key.sign)

    def drive(self, school: School) -> str:
        """Enrol a school and take it through its story; return the state it comes to."""
        self._enrol(school)
        definition = self.definition(school)
        days = days_of(definition, school.story, school.number)
        state = definition.initial
        for place, (transition, day) in enumerate(zip(school.story, days, strict=True)):
            before = school.story[:place].count(transition)
            hurdle = self.hurdles.get((school.id, transition, before))
            if hurdle is not None:
                hurdle(self, self.prepared(school, transition, day))
            if transition == "receive_risk_profile":
                self._assign(school, "curator", day)
            act = self.prepared(school, transition, day)
            ends = place == len(school.story) - 1
            receipt = self._twice(act) if ends and not self.repetition else act.make(self)
            if any(notice.code == "late" for notice in receipt.notices):
                self.late.append(receipt)
            state = receipt.state or state
        return state

    def prepared(self, school: School, transition: str, day: date) -> Act:
        """Return the act with everything that the engine says it needs."""
        roles = self.definition(school).transition[transition].roles
        actor = next(school.people[role] for role in roles if role in school.people)
        outlook = self.engine.explain(school.id, actor=self.known(actor))
        option = next(one for one in outlook.options if one.name == transition)
        act = Act(school, transition, actor, day)
        for unmet in option.unmet:
            act = self._bring(act, unmet)
        return act

    def refused(self, act: Act) -> None:
        """Try *act*, which the rules do not allow, and keep the refusal."""
        self.meet(act.school.id, act.transition, act.actor, lambda: act.make(self))

    def meet(self, place: str, what: str, actor: str, attempt: Callable[[], Receipt]) -> None:
        """Make an attempt that the rules do not allow, and keep the refusal.

        Raises:
            LifecycleError: It was not refused.
        """
        try:
            attempt()
        except Refused as error:
            self.refusals.append(Met(place, what, actor, error))
        else:
            facts = {"what": what, "place": place}
            detail = Message("{what} of {place} should have been refused", facts)
            raise LifecycleError(detail=detail)

    def _twice(self, act: Act) -> Receipt:
        """Send one command twice, as a caller does who lost the first answer."""
        command_id = f"demo.{act.school.id}.{act.transition}"
        act = replace(act, command_id=command_id)
        first = act.make(self)
        before = len(self.engine.history(act.school.id))
        second = act.make(self)
        after = len(self.engine.history(act.school.id))
        self.repetition = Repetition(command_id, first, second, before, after)
        return first

    def _enrol(self, school: School) -> None:
        coordinator = known_as(school.people["regional_coordinator"])
        self.engine.enrol(school.id, roadmap=school.roadmap, title=school.title, actor=coordinator)
        on_map = ON_ROADMAP[school.roadmap]
        for role in ON_SCHOOL:
            if (role, school.people[role]) not in on_map:
                self._assign(school, role, self.definition(school).roadmap.start)

    def _assign(self, school: School, role: str, day: date) -> None:
        self.engine.assign(
            school.people[role],
            role,
            actor=known_as(ADMINISTRATOR),
            school=school.id,
            effective_on=day,
        )

    def _bring(self, act: Act, unmet: Unmet) -> Act:
        given = unmet.message.parameters
        match unmet.code:
            case "evidence_missing" | "evidence_item_missing":
                rules, item = self.definition(act.school), given.get("item")
                piece = self.papers.piece(rules, act.school, given["kind"], item, act.day)
                return replace(act, evidence=(*act.evidence, piece))
            case "fact_missing":
                name = given["fact"]
                facts = facts_of(act.school, self.definition(act.school))
                return replace(act, facts={**act.facts, name: facts[name]})
            case "reason_missing":
                reasons = given["reasons"]
                return replace(act, reason=reasons[act.school.number % len(reasons)])
        return act  # cannot be brought: the engine will say so


def facts_of(school: School, definition: Definition) -> dict[str, Any]:
    """Return what is known of a school; it differs by its number and is otherwise made up."""
    codes, number = [choice.code for choice in definition.catalogue], school.number
    # 7 has no divisor in common with 12, the number of factors: none comes twice.
    factors = [codes[(5 * number + 7 * place) % len(codes)] for place in range(3 + number % 3)]
    verified = factors[:-1]
    return {
        "risks": [
            {"factor": factor, "significance": _SIGNIFICANCE[place % len(_SIGNIFICANCE)]}
            for place, factor in enumerate(factors)
        ],
        "verified_risks": verified,
        "activated_risks": verified[: 2 + number % 2],
        "outcome": _OUTCOMES[number % len(_OUTCOMES)],
    }
