"""Whether the states and transitions of a programme, and what these require, hold together."""

from __future__ import annotations

from collections.abc import Collection

from lifecycle.workflows.checks_sense import check_sense, closure
from lifecycle.workflows.names import known
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.schema import (
    EvidenceAsked,
    FactAsked,
    ProgrammeFile,
    RequirementForm,
    TransitionForm,
)


def check_moves(programme: ProgrammeFile, findings: Findings, guards: Collection[str]) -> None:
    """Note every state, transition and requirement of *programme* that cannot work."""
    _Moves(programme, findings, guards).check()


class _Moves:
    """Checks states, transitions and what they require."""

    def __init__(
        self, programme: ProgrammeFile, findings: Findings, guards: Collection[str]
    ) -> None:
        self._programme = programme
        self._findings = findings
        self._guards = guards
        self._states = {state.id: state for state in programme.states}
        self._roles = {role.id for role in programme.roles}
        self._kinds = {kind.id for kind in programme.evidence}
        self._facts = {fact.id: fact for fact in programme.facts}
        self._reasons = {reasons.id for reasons in programme.reasons}
        self._adjustments = {form.id: form for form in programme.adjustments}
        self._transitions = {form.id: form for form in programme.transitions}
        self._stated = {
            asked.fact.name
            for form in programme.transitions
            for asked in form.requires
            if asked.fact is not None
        }

    def check(self) -> None:
        sound = self._known("state", self._programme.initial, self._states, ("initial",))
        for place, form in enumerate(self._programme.transitions):
            path = ("transitions", place)
            sound &= self._ends(form, path)
            self._parties(form, path)
            self._requirements(form, path)
        self._twice()
        if sound:
            self._ways()
        if not self._findings.problems:
            check_sense(self._programme, self._findings)

    def _known(self, kind: str, name: str, names: Collection[str], path: Path) -> bool:
        return known(kind, name, names, path, self._findings)

    def _ends(self, form: TransitionForm, path: Path) -> bool:
        """Check where the transition leads from and to; tell whether the names are sound."""
        sound = True
        if bool(form.origin.states) is bool(form.origin.any_except_final):
            template = "name the states to leave, or write any_except_final: true"
            self._findings.add("LD221", (*path, "from"), template)
        for place, name in enumerate(form.origin.states):
            where = (*path, "from", place)
            sound &= self._known("state", name, self._states, where)
            if name in self._states and self._states[name].final:
                template = "{name} is final: nothing leads out of it"
                self._findings.add("LD222", where, template, name=name)
        if form.to is not None:
            sound &= self._known("state", form.to, self._states, (*path, "to"))
        if (form.to is None) is (form.stays is None):
            template = "name the state to lead to, or write stays: true"
            self._findings.add("LD221", (*path, "to"), template)
        return sound

    def _parties(self, form: TransitionForm, path: Path) -> None:
        where = (*path, "by")
        if bool(form.by.roles) is (form.by.adjustment is not None):
            template = "name roles, or one adjustment of kind roles"
            self._findings.add("LD223", where, template)
        for place, name in enumerate(form.by.roles):
            self._known("role", name, self._roles, (*where, place))
        if form.by.adjustment is not None:
            self._adjusted(form.by.adjustment, "roles", (*where, "adjustment"))

    def _adjusted(self, name: str, kind: str, path: Path) -> list[str]:
        """Check a reference to an adjustment of *kind*, and return what it may be set to."""
        if not self._known("adjustment", name, self._adjustments, path):
            return []
        form = self._adjustments[name]
        if form.kind != kind:
            template = "the adjustment {name} is of kind {kind}; {wanted} is needed here"
            self._findings.add("LD243", path, template, name=name, kind=form.kind, wanted=kind)
        return form.allowed

    def _requirements(self, form: TransitionForm, path: Path) -> None:
        seen: set[str] = set()
        for place, asked in enumerate(form.requires):
            where = (*path, "requires", place)
            said = asked.said()
            if len(said) != 1:
                template = "a requirement asks for one thing; this one asks for nothing"
                if said:
                    template = "a requirement asks for one thing; this one asks for: {said}"
                self._findings.add("LD230", where, template, said=said)
                continue
            for name in self._requirement(form, asked, said[0], (*where, said[0])):
                if name in seen:
                    template = "{name} is asked for twice"
                    self._findings.add("LD231", where, template, name=name)
                seen.add(name)

    def _requirement(
        self, form: TransitionForm, asked: RequirementForm, said: str, path: Path
    ) -> list[str]:
        """Check one requirement, and return what it asks for."""
        if asked.evidence is not None:
            return self._evidence(asked.evidence, path)
        if asked.fact is not None:
            return self._fact(asked.fact, path)
        if asked.answers is not None:
            self._answers(form, asked.answers, path)
        if asked.policy is not None:
            self._adjusted(asked.policy, "flag", path)
        lists: dict[str, tuple[str, Collection[str]]] = {
            "role_assigned": ("role", self._roles),
            "reason": ("reasons", self._reasons),
            "different_person": ("transition", self._transitions),
            "not_holding": ("role", self._roles),
            "registered": ("guard", self._guards),
        }
        value = getattr(asked, said)
        if said in lists:
            kind, names = lists[said]
            for place, name in enumerate([value] if isinstance(value, str) else value):
                self._known(kind, name, names, (*path, place))
        return [said if said == "reason" else f"{said} {value}"]

    def _evidence(self, asked: EvidenceAsked, path: Path) -> list[str]:
        if (asked.kind is None) is (asked.adjustment is None):
            template = "name one kind of evidence, or one adjustment of kind evidence"
            self._findings.add("LD232", path, template)
        if asked.each is not None:
            self._codes(asked.each, (*path, "each"))
        kinds: list[str] = []
        if asked.kind is not None:
            self._known("evidence", asked.kind, self._kinds, (*path, "kind"))
            kinds.append(asked.kind)
        if asked.adjustment is not None:
            kinds += self._adjusted(asked.adjustment, "evidence", (*path, "adjustment"))
        return [f"evidence {kind}" for kind in kinds]

    def _fact(self, asked: FactAsked, path: Path) -> list[str]:
        if self._known("fact", asked.name, self._facts, (*path, "name")):
            type_ = self._facts[asked.name].type
            for field, types in (("not_empty", ("slugs", "records")), ("within", ("slugs",))):
                if getattr(asked, field) and type_ not in types:
                    template = "{field} makes no sense for a fact of type {type}"
                    self._findings.add("LD233", (*path, field), template, field=field, type=type_)
        for place, name in enumerate(asked.within):
            self._codes(name, (*path, "within", place))
        return [f"fact {asked.name}"]

    def _codes(self, reference: str, path: Path) -> None:
        """Check a reference to the codes of a fact: ``fact`` or ``fact.field``."""
        name, dot, member = reference.partition(".")
        if not self._known("fact", name, self._facts, path):
            return
        fact = self._facts[name]
        members = [field.id for field in fact.fields]
        single = fact.type == "slugs" and not dot
        if not single and not (fact.type == "records" and member in members):
            references = [f"{name}.{one}" for one in members] or [name]
            template = "{reference} is not a list of codes; these are: {references}"
            if fact.type not in ("slugs", "records"):
                template, references = "{reference} is not a list of codes", []
            self._findings.add("LD234", path, template, reference=reference, references=references)
        elif name not in self._stated:
            template = "no transition asks for the fact {name}, so it is always empty"
            self._findings.add("LD235", path, template, name=name)

    def _answers(self, form: TransitionForm, name: str, path: Path) -> None:
        if not self._known("transition", name, self._transitions, path):
            return
        submission = self._transitions[name]
        states = self._programme.states
        missing = set(form.origin.among(states)) - set(submission.origin.among(states))
        if missing or submission.to is not None:
            template = "{name} cannot be answered here: it has to stay in the same states"
            self._findings.add("LD236", path, template, name=name)

    def _twice(self) -> None:
        """Check that a name and a state lead to one transition, and a name to one thing."""
        leaves: dict[str, set[str]] = {}
        for place, form in enumerate(self._programme.transitions):
            path = ("transitions", place, "id")
            states = set(form.origin.among(self._programme.states))
            if form.id in self._states:
                template = "{name} is the name of a state already"
                self._findings.add("LD204", path, template, name=form.id)
            if form.id in leaves:
                both = sorted(states & leaves[form.id])
                template = "there are two transitions {name}"
                if both:
                    template = "there are two transitions {name} out of: {states}"
                self._findings.add("LD224", path, template, name=form.id, states=both)
            leaves.setdefault(form.id, set()).update(states)

    def _ways(self) -> None:
        """Check that every state is reached, and that from each one a final state is."""
        programme = self._programme
        moves = {
            (source, form.to)
            for form in programme.transitions
            if form.to is not None
            for source in form.origin.among(programme.states)
        }
        finals = {state.id for state in programme.states if state.final}
        if not finals:
            self._findings.add("LD225", ("states",), "no state is final")
        reached = closure({programme.initial}, moves)
        ending = closure(finals, {(target, source) for source, target in moves})
        for place, state in enumerate(programme.states):
            path = ("states", place, "id")
            if state.id not in reached:
                template = "no way leads from {initial} to {name}"
                self._findings.add(
                    "LD226", path, template, initial=programme.initial, name=state.id
                )
            if finals and state.id not in ending:
                template = "no way leads from {name} to a final state"
                self._findings.add("LD227", path, template, name=state.id)
