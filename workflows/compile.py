"""From a programme file and a road map file to the definition that the engine decides by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from lifecycle.domain.definition import (
    AnswersSubmission,
    Authentication,
    Choice,
    Definition,
    DifferentPerson,
    EscalationStep,
    EvidenceGiven,
    EvidenceKind,
    FactField,
    FactGiven,
    FactType,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Registered,
    Requirement,
    Role,
    RoleAssigned,
    State,
    Transition,
)
from lifecycle.domain.messages import Text
from lifecycle.domain.roadmap import (
    Activity,
    Count,
    Document,
    Indicator,
    Measure,
    Roadmap,
    Section,
)
from lifecycle.workflows.checks import check_programme
from lifecycle.workflows.checks_roadmap import check_roadmap
from lifecycle.workflows.loading import Source
from lifecycle.workflows.schema import (
    ChoiceForm,
    EvidenceAsked,
    FactForm,
    ProgrammeFile,
    RequirementForm,
    Title,
    TransitionForm,
)
from lifecycle.workflows.schema_roadmap import (
    ActivityForm,
    IndicatorForm,
    MeasureForm,
    RoadmapFile,
)


def compile_definition(
    programme: Source[ProgrammeFile],
    roadmap: Source[RoadmapFile],
    guards: Collection[str] = (),
) -> Definition:
    """Return *programme* as it is in force under *roadmap*.

    Args:
        programme: The programme that the road map names.
        roadmap: The road map.
        guards: Names of the guards that the host has registered.

    Raises:
        InvalidDefinition: One of the files contradicts itself or the other; all mistakes of the
            programme, or else all of the road map, are named.
    """
    findings = programme.document.findings()
    check_programme(programme.content, findings, guards)
    findings.end()
    findings = roadmap.document.findings()
    check_roadmap(programme.content, roadmap.content, findings)
    findings.end()
    return _Compiler(programme.content, roadmap.content).definition()


class _Compiler:
    """Puts one programme and one road map together; both are known to be sound."""

    def __init__(self, programme: ProgrammeFile, roadmap: RoadmapFile) -> None:
        self._programme = programme
        self._roadmap = roadmap
        self._settings: dict[str, Any] = {
            form.id: form.default for form in programme.adjustments
        } | {name: adjusted.value for name, adjusted in roadmap.adjustments.items()}
        self._titles = {form.id: _text(form.title) for form in programme.adjustments}
        self._reasons = {one.id: _choices(one.choices) for one in programme.reasons}

    def definition(self) -> Definition:
        programme = self._programme
        return Definition(
            programme=programme.id,
            programme_version=programme.version,
            title=_text(programme.title),
            roadmap=_roadmap(self._roadmap),
            initial=programme.initial,
            states=tuple(self._states()),
            transitions=tuple(map(self._transition, programme.transitions)),
            roles=tuple(
                Role(one.id, _text(one.title), tuple(one.scopes), one.source)
                for one in programme.roles
            ),
            evidence_kinds=tuple(
                EvidenceKind(one.id, _text(one.title), one.source) for one in programme.evidence
            ),
            facts=tuple(map(_fact, programme.facts)),
            enrolled_by=tuple(programme.enrolment.by),
            catalogue=_choices(programme.catalogue),
            planned_by=tuple(programme.plan.by) if programme.plan else (),
            cancellation_reasons=(
                _choices(programme.plan.cancellation_reasons) if programme.plan else ()
            ),
            escalation=tuple(
                EscalationStep(one.after_working_days, one.role, one.source)
                for one in programme.escalation
            ),
            authentication=_authentication(programme),
        )

    def _states(self) -> Iterator[State]:
        for one in self._programme.states:
            names = {one.id} | {
                form.id
                for form in self._programme.transitions
                if form.to is not None and one.id in self._leaves(form)
            }
            due_on, keys = self._deadline(names)
            yield State(one.id, _text(one.title), one.source, one.final, due_on, keys)

    def _transition(self, form: TransitionForm) -> Transition:
        due_on, keys = self._deadline({form.id})
        return Transition(
            name=form.id,
            title=_text(form.title),
            source=form.source,
            sources=tuple(self._leaves(form)),
            target=form.to,
            roles=tuple(self._set(form.by.adjustment, form.by.roles)),
            requirements=tuple(one for asked in form.requires for one in self._required(asked)),
            due_on=due_on,
            driven_by=keys,
            approval=form.approval is True,
        )

    def _leaves(self, form: TransitionForm) -> list[str]:
        return form.origin.among(self._programme.states)

    def _deadline(self, names: set[str]) -> tuple[date | None, tuple[str, ...]]:
        """Return the latest end of the activities that drive one of *names*, and their keys."""
        driving = [
            (one.end, one.key)
            for one in self._roadmap.activities
            if one.end is not None and names.intersection(one.drives)
        ]
        return max((end for end, _ in driving), default=None), tuple(key for _, key in driving)

    def _set(self, adjustment: str | None, otherwise: Iterable[str]) -> Iterable[str]:
        return otherwise if adjustment is None else self._settings[adjustment]

    def _required(self, asked: RequirementForm) -> Iterator[Requirement]:
        if asked.evidence is not None:
            yield from self._evidence(asked.evidence)
        if asked.fact is not None:
            yield FactGiven(asked.fact.name, asked.fact.not_empty, tuple(asked.fact.within))
        if asked.role_assigned is not None:
            yield RoleAssigned(asked.role_assigned)
        if asked.reason is not None:
            yield ReasonGiven(self._reasons[asked.reason])
        if asked.answers is not None:
            yield AnswersSubmission(asked.answers)
        if asked.different_person is not None:
            yield DifferentPerson(tuple(asked.different_person))
        if asked.not_holding is not None:
            yield NotHolding(tuple(asked.not_holding))
        if asked.policy is not None:
            policy = asked.policy
            yield PolicyAllows(policy, self._titles[policy], self._settings[policy])
        if asked.registered is not None:
            yield Registered(asked.registered)

    def _evidence(self, asked: EvidenceAsked) -> Iterator[EvidenceGiven]:
        kinds = self._set(asked.adjustment, [] if asked.kind is None else [asked.kind])
        return (EvidenceGiven(kind, asked.each) for kind in kinds)


def _authentication(programme: ProgrammeFile) -> Authentication:
    """Return which methods are enough; a programme that does not say takes all of them."""
    form = programme.authentication
    return Authentication(tuple(form.any), tuple(form.approval)) if form else Authentication()


def _text(title: Title) -> Text:
    return Text(title.ru, title.en)


def _choices(choices: Iterable[ChoiceForm]) -> tuple[Choice, ...]:
    return tuple(Choice(one.code, _text(one.title), one.source) for one in choices)


def _fact(form: FactForm) -> FactType:
    fields = (
        FactField(one.id, one.type, _choices(one.choices), one.catalogue) for one in form.fields
    )
    return FactType(
        form.id, _text(form.title), form.type, form.source, _choices(form.choices), tuple(fields)
    )


def _roadmap(form: RoadmapFile) -> Roadmap:
    paper = form.document
    return Roadmap(
        id=form.id,
        version=form.version,
        title=_text(form.title),
        region=form.region,
        time_zone=form.time_zone,
        start=form.period.start,
        end=form.period.end,
        document=Document(
            kind=paper.kind,
            issuer=paper.issuer,
            number=paper.number,
            date=paper.date,
            contradictions=tuple(map(_text, paper.contradictions)),
        ),
        sections=tuple(Section(one.number, one.title) for one in form.sections),
        activities=tuple(map(_activity, form.activities)),
        schools=form.participants.schools,
        municipalities=form.participants.municipalities,
        indicators=tuple(map(_indicator, form.indicators)),
    )


def _activity(form: ActivityForm) -> Activity:
    return Activity(
        key=form.key,
        section=form.section,
        title=form.title,
        when=form.when,
        start=form.start,
        end=form.end,
        recurrence=form.recurrence,
        responsible=form.responsible,
        roles=tuple(form.roles),
        result=form.result,
        drives=tuple(form.drives),
        lines=tuple(form.lines),
        damage=tuple(map(_text, form.damage)),
        counts=tuple(Count(one.name, _text(one.title)) for one in form.counts),
        by_office=form.by == "office",
    )


def _indicator(form: IndicatorForm) -> Indicator:
    return Indicator(
        key=form.key,
        activity=form.activity,
        text=form.text,
        unit=form.unit,
        numerator=_measure(form.numerator),
        denominator=_measure(form.denominator) if form.denominator else None,
        target=form.target,
    )


def _measure(form: MeasureForm) -> Measure:
    if form.schools_fulfilled is not None:
        of = tuple(form.schools_fulfilled)
        if form.having is None:
            return Measure("schools_fulfilled", of)
        codes = tuple(form.having.codes)
        return Measure("schools_fulfilled", of, fact=form.having.fact, codes=codes)
    if form.occurrences is not None:
        return Measure("occurrences", tuple(form.occurrences))
    if form.occurrences_done is not None:
        return Measure("occurrences_done", tuple(form.occurrences_done))
    if form.count is not None:
        return Measure("count", tuple(form.count.of), count=form.count.name)
    if form.constant is not None:
        return Measure("constant", value=form.constant)
    return Measure("schools")
