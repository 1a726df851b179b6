"""Whether the names in a programme refer to something and its rules hold together.

Codes: LD201 to LD209 names declared wrongly, LD210 to LD220 names that nothing bears, LD221 to
LD229 states and moves, LD23x requirements, LD24x adjustments, LD25x rows of a road map, LD26x
indicators, LD27x roles held on a road map, the plan,
authentication; LD30x and LD31x warnings.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lifecycle.domain.model import ADMINISTRATOR, AUDITOR
from lifecycle.workflows.checks_moves import check_moves
from lifecycle.workflows.names import known, once
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.schema import (
    AdjustmentForm,
    ChoiceForm,
    FactForm,
    FieldForm,
    ProgrammeFile,
)


def check_programme(
    programme: ProgrammeFile, findings: Findings, guards: Collection[str] = ()
) -> None:
    """Note everything in *programme* that cannot work."""
    _Declarations(programme, findings).check()
    check_moves(programme, findings, guards)


class _Declarations:
    """Checks what the programme declares, before anything refers to it."""

    def __init__(self, programme: ProgrammeFile, findings: Findings) -> None:
        self._programme = programme
        self._findings = findings
        self._roles = {role.id for role in programme.roles}
        self._kinds = {kind.id for kind in programme.evidence}

    def check(self) -> None:
        programme, findings = self._programme, self._findings
        for field in ("roles", "evidence", "facts", "reasons", "adjustments", "states"):
            once((one.id for one in getattr(programme, field)), (field,), "id", findings)
        for place, role in enumerate(programme.roles):
            if role.id in (ADMINISTRATOR, AUDITOR):
                template = "{name} is the engine's own role and is not declared"
                findings.add("LD202", ("roles", place, "id"), template, name=role.id)
        for place, name in enumerate(programme.enrolment.by):
            roles = {*self._roles, ADMINISTRATOR}
            path: Path = ("enrolment", "by", place)
            if known("role", name, roles, path, findings) and name != ADMINISTRATOR:
                self._on_roadmap(name, path)
        self._authentication()
        self._plan()
        self._choices(programme.catalogue, ("catalogue",))
        for place, reasons in enumerate(programme.reasons):
            self._choices(reasons.choices, ("reasons", place, "choices"))
        for place, fact in enumerate(programme.facts):
            self._fact(fact, ("facts", place))
        for place, form in enumerate(programme.adjustments):
            self._adjustment(form, ("adjustments", place))

    def _authentication(self) -> None:
        """Check that approvals ask for more than anything else, and that they ask for something."""
        form, findings = self._programme.authentication, self._findings
        if form is not None:
            once(form.any, ("authentication", "any"), "", findings)
            once(form.approval, ("authentication", "approval"), "", findings)
            for place, name in enumerate(form.approval):
                if name not in form.any:
                    template = "{name} is enough to approve, but not for anything else: {methods}"
                    path: Path = ("authentication", "approval", place)
                    findings.add("LD274", path, template, name=name, methods=form.any)
        for place, transition in enumerate(self._programme.transitions):
            if transition.approval and form is None:
                template = "{name} is an approval, but authentication does not say what is enough"
                path = ("transitions", place, "approval")
                findings.add("LD273", path, template, name=transition.id)

    def _plan(self) -> None:
        """Check who acts on activities, why one may be cancelled, and who is told of delays."""
        plan, findings = self._programme.plan, self._findings
        path: Path
        for place, name in enumerate(plan.by if plan else []):
            path = ("plan", "by", place)
            if known("role", name, self._roles, path, findings):
                self._on_roadmap(name, path)
        if plan is not None:
            self._choices(plan.cancellation_reasons, ("plan", "cancellation_reasons"))
        days = 0
        for place, step in enumerate(self._programme.escalation):
            path = ("escalation", place)
            known("role", step.role, self._roles, (*path, "role"), findings)
            if step.after_working_days <= days:
                template = "a step comes after more working days than the one before it, {days}"
                findings.add("LD272", (*path, "after_working_days"), template, days=days)
            days = step.after_working_days

    def _on_roadmap(self, name: str, path: Path) -> None:
        """Note a role that is held on schools only where it has to be held on a road map."""
        scopes = {role.id: role.scopes for role in self._programme.roles}
        if "roadmap" not in scopes[name]:
            self._findings.add("LD271", path, "nobody holds {name} on a road map", name=name)

    def _choices(self, choices: list[ChoiceForm], path: Path) -> None:
        once((choice.code for choice in choices), path, "code", self._findings)

    def _fact(self, fact: FactForm, path: Path) -> None:
        self._members(fact, fact.type, "choices", fact.type == "choice", path)
        self._members(fact, fact.type, "fields", fact.type == "records", path)
        self._choices(fact.choices, (*path, "choices"))
        once((field.id for field in fact.fields), (*path, "fields"), "id", self._findings)
        for place, field in enumerate(fact.fields):
            where = (*path, "fields", place)
            self._members(field, field.type, "choices", field.type == "choice", where)
            self._choices(field.choices, (*where, "choices"))

    def _members(
        self, form: FactForm | FieldForm, type_: str, field: str, wanted: bool, path: Path
    ) -> None:
        if bool(getattr(form, field)) is not wanted:
            template = "what is of type {type} has no {field}"
            if wanted:
                template = "what is of type {type} needs {field}"
            self._findings.add("LD203", (*path, field), template, type=type_, field=field)

    def _adjustment(self, form: AdjustmentForm, path: Path) -> None:
        names = {"flag": set[str](), "roles": self._roles, "evidence": self._kinds}[form.kind]
        kind = "role" if form.kind == "roles" else "evidence"
        for place, name in enumerate(form.allowed):
            known(kind, name, names, (*path, "allowed", place), self._findings)
        setting(form, form.default, (*path, "default"), self._findings)


def setting(form: AdjustmentForm, value: Any, path: Path, findings: Findings) -> None:
    """Note what in *value* the adjustment does not allow."""
    if form.kind == "flag":
        if not isinstance(value, bool):
            findings.add("LD241", path, "{name} is either true or false", name=form.id)
    elif isinstance(value, bool) or not value:
        template = "{name} is a list, one of these or more: {allowed}"
        findings.add("LD241", path, template, name=form.id, allowed=form.allowed)
    else:
        once(value, path, "", findings)
        for place, item in enumerate(value):
            if item not in form.allowed:
                template = "{name} does not allow {value}; allowed are: {allowed}"
                where = (*path, place)
                findings.add(
                    "LD242", where, template, name=form.id, value=item, allowed=form.allowed
                )
