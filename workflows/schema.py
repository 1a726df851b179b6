"""The form of a programme file, as pydantic models; of a road map: ``schema_roadmap``.

Strict, and every unknown field is a mistake. What names in a file refer to is checked afterwards
(``lifecycle.workflows.checks``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lifecycle.domain.model import Method
from lifecycle.workflows.fields import Format, Identifier, Line, Setting, Slug, within


class Form(BaseModel):
    """A mapping of a definition file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Title(Form):
    """A text in both languages."""

    ru: Line
    en: Line


class ChoiceForm(Form):
    """A code of a closed list."""

    code: Slug
    title: Title
    source: Line | None = None


class RoleForm(Form):
    """A role and what it can be held on."""

    id: Slug
    title: Title
    scopes: Annotated[list[Literal["roadmap", "school"]], Field(min_length=1)]
    source: Line


class EvidenceForm(Form):
    """A kind of evidence."""

    id: Slug
    title: Title
    source: Line


class FieldForm(Form):
    """A member of the records that a fact lists."""

    id: Slug
    type: Literal["slug", "choice"]
    choices: list[ChoiceForm] = []
    catalogue: bool = False


class FactForm(Form):
    """A fact and its type."""

    id: Slug
    title: Title
    type: Literal["choice", "slugs", "records", "integer", "date", "boolean"]
    source: Line
    choices: list[ChoiceForm] = []
    fields: list[FieldForm] = []


class ReasonsForm(Form):
    """A closed list of reasons."""

    id: Slug
    choices: Annotated[list[ChoiceForm], Field(min_length=1)]


class AdjustmentForm(Form):
    """What a road map may set otherwise, and within which limits."""

    id: Slug
    title: Title
    kind: Literal["flag", "roles", "evidence"]
    default: Setting
    allowed: list[Slug] = []
    source: Line


class EnrolmentForm(Form):
    """Who may enrol a school."""

    by: Annotated[list[Slug], Field(min_length=1)]
    source: Line


class StateForm(Form):
    """A state of participation."""

    id: Slug
    title: Title
    source: Line
    final: bool = False


class OriginForm(Form):
    """The states that a transition leaves: named, or all that something leads out of."""

    states: list[Slug] = []
    any_except_final: Literal[True] | None = None

    def among(self, states: Sequence[StateForm]) -> list[str]:
        """Return the names of the states meant."""
        if self.any_except_final:
            return [state.id for state in states if not state.final]
        return self.states


class PartiesForm(Form):
    """The roles that may make a transition: named, or set by an adjustment."""

    roles: list[Slug] = []
    adjustment: Slug | None = None


class EvidenceAsked(Form):
    """Evidence of a kind, once or for each code of a fact; or of the kinds of an adjustment."""

    kind: Slug | None = None
    each: Line | None = None
    adjustment: Slug | None = None


class FactAsked(Form):
    """A fact, and what must hold of its codes."""

    name: Slug
    not_empty: bool = False
    within: list[Line] = []


class RequirementForm(Form):
    """One requirement: one of these fields, and its source where the transition's is another."""

    role_assigned: Slug | None = None
    evidence: Annotated[EvidenceAsked, within("kind")] | None = None
    fact: Annotated[FactAsked, within("name")] | None = None
    reason: Slug | None = None
    answers: Slug | None = None
    different_person: Annotated[list[Slug], Field(min_length=1)] | None = None
    not_holding: Annotated[list[Slug], Field(min_length=1)] | None = None
    policy: Slug | None = None
    registered: Identifier | None = None
    source: Line | None = None

    def said(self) -> list[str]:
        """Return the names of the fields that are filled, less the source."""
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        return [name for name in given if name != "source"]


class AuthenticationForm(Form):
    """Which ways of being known are enough: for any act, and for an approval."""

    any: Annotated[list[Method], Field(min_length=1)]
    approval: Annotated[list[Method], Field(min_length=1)]
    source: Line


class TransitionForm(Form):
    """A move, who may make it and what it requires."""

    id: Slug
    title: Title
    source: Line
    origin: Annotated[OriginForm, within("states")] = Field(alias="from")
    to: Slug | None = None
    stays: Literal[True] | None = None
    by: Annotated[PartiesForm, within("roles")]
    approval: Literal[True] | None = None
    requires: list[RequirementForm] = []


class PlanForm(Form):
    """Who acts on every activity of a road map, and why one may be cancelled."""

    by: Annotated[list[Slug], Field(min_length=1)]
    source: Line
    cancellation_reasons: list[ChoiceForm] = []


class EscalationForm(Form):
    """Who is told of what is overdue, from how many working days on."""

    after_working_days: Annotated[int, Field(ge=1)]
    role: Slug
    source: Line


class ProgrammeFile(Form):
    """A programme."""

    format: Format
    id: Identifier
    version: Identifier
    title: Title
    initial: Slug
    enrolment: EnrolmentForm
    authentication: AuthenticationForm | None = None
    plan: PlanForm | None = None
    escalation: list[EscalationForm] = []
    roles: Annotated[list[RoleForm], Field(min_length=1)]
    evidence: list[EvidenceForm] = []
    facts: list[FactForm] = []
    reasons: list[ReasonsForm] = []
    catalogue: list[ChoiceForm] = []
    adjustments: list[AdjustmentForm] = []
    states: Annotated[list[StateForm], Field(min_length=1)]
    transitions: Annotated[list[TransitionForm], Field(min_length=1)]
