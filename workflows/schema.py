"""The forms of a programme file and of a road map file, as pydantic models.

Strict, and every unknown field is a mistake. What names in a file refer to is checked afterwards
(``lifecycle.workflows.checks``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Generic, Literal, TypeVar, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lifecycle.domain.naming import is_identifier, is_slug
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.reading import Document, read

FORMAT: Final = 1
"""The only format of definition files so far."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RECURRENCE = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*")


def _slug(value: str) -> str:
    if not is_slug(value):
        raise PydanticCustomError("slug", "not a code")
    return value


def _identifier(value: str) -> str:
    if not is_identifier(value):
        raise PydanticCustomError("identifier", "not an id")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "blank")
    return value


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "not a date")


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError("time_zone", "no time zone") from error
    return value


def _recurrence(value: str) -> str:
    if not _RECURRENCE.fullmatch(value):
        raise PydanticCustomError("recurrence", "no rule")
    return value


def _format(value: int) -> int:
    if value != FORMAT:
        raise PydanticCustomError("format", "unknown format", {"known": FORMAT})
    return value


def _setting(value: Any) -> bool | list[str]:
    if isinstance(value, bool) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ):
        return value
    raise PydanticCustomError("setting", "neither a flag nor a list of names")


def _within(field: str) -> BeforeValidator:
    """Let a text or list stand for the mapping that holds it under *field*."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else {field: value})


Slug = Annotated[str, AfterValidator(_slug)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Line = Annotated[str, AfterValidator(_text)]
IsoDate = Annotated[date, BeforeValidator(_date)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Recurrence = Annotated[str, AfterValidator(_recurrence)]
Format = Annotated[int, AfterValidator(_format)]
Count = Annotated[int, Field(ge=0)]
Lines = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
Setting = Annotated[Any, AfterValidator(_setting)]


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
    evidence: Annotated[EvidenceAsked, _within("kind")] | None = None
    fact: Annotated[FactAsked, _within("name")] | None = None
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


class TransitionForm(Form):
    """A move, who may make it and what it requires."""

    id: Slug
    title: Title
    source: Line
    origin: Annotated[OriginForm, _within("states")] = Field(alias="from")
    to: Slug | None = None
    stays: Literal[True] | None = None
    by: Annotated[PartiesForm, _within("roles")]
    requires: list[RequirementForm] = []


class ProgrammeFile(Form):
    """A programme."""

    format: Format
    id: Identifier
    version: Identifier
    title: Title
    initial: Slug
    enrolment: EnrolmentForm
    roles: Annotated[list[RoleForm], Field(min_length=1)]
    evidence: list[EvidenceForm] = []
    facts: list[FactForm] = []
    reasons: list[ReasonsForm] = []
    catalogue: list[ChoiceForm] = []
    adjustments: list[AdjustmentForm] = []
    states: Annotated[list[StateForm], Field(min_length=1)]
    transitions: Annotated[list[TransitionForm], Field(min_length=1)]


class Contradiction(Title):
    """What a document says against itself, and where."""

    lines: Lines


class DocumentForm(Form):
    """The order that approved the road map."""

    kind: Literal[
        "regional_order_and_roadmap",
        "regional_roadmap",
        "municipal_order_and_roadmap",
        "municipal_roadmap",
        "other",
    ]
    issuer: Line | None
    number: Line | None
    date: IsoDate | None
    lines: Lines | None = None
    contradictions: list[Contradiction] = []


class PeriodForm(Form):
    """First and last day, inclusive."""

    start: IsoDate
    end: IsoDate


class ParticipantsForm(Form):
    """Who takes part, as far as the document says it."""

    schools: Count | None
    municipalities: Count | None
    named: list[Line] = []
    lines: Lines | None = None


class AdjustedForm(Form):
    """What this road map sets, and the row that says so."""

    value: Setting
    source: Line


class SectionForm(Form):
    """A heading of the table."""

    number: Line
    title: Line
    lines: Lines | None = None


class ActivityForm(Form):
    """A row of the road map."""

    key: Line
    section: Line | None
    title: Line
    when: Line | None
    start: IsoDate | None
    end: IsoDate | None
    recurrence: Recurrence | None
    responsible: Line | None
    roles: list[Slug]
    result: Line | None
    drives: list[Slug]
    lines: list[Annotated[int, Field(ge=1)]]
    damage: list[Title] = []


class RoadmapFile(Form):
    """A road map."""

    format: Format
    id: Identifier
    version: Identifier
    programme: Identifier
    region: Slug
    time_zone: TimeZone
    title: Title
    document: DocumentForm
    source: Line | None = None
    period: PeriodForm
    participants: ParticipantsForm
    adjustments: dict[Slug, AdjustedForm] = {}
    sections: list[SectionForm] = []
    activities: Annotated[list[ActivityForm], Field(min_length=1)]


File = TypeVar("File", ProgrammeFile, RoadmapFile)


@dataclass(frozen=True, slots=True)
class Source(Generic[File]):
    """A definition file that has the right form.

    Args:
        document: Where everything in it stands.
        content: What it says.
    """

    document: Document
    content: File


def load(form: type[File], path: Traversable) -> Source[File]:
    """Read the file at *path* as a *form*.

    Raises:
        InvalidDefinition: It cannot be read, or fields are unknown, missing or of the wrong type;
            all of these are named.
    """
    document = read(path)
    try:
        return Source(document, form.model_validate(document.content))
    except ValidationError as error:
        findings = document.findings()
        for detail in error.errors(include_url=False):
            _note(detail, form, document.content, findings)
        raise findings.error() from error


# Error type of pydantic or of this module -> code and words; the rest falls under LD112.
_MESSAGES: Final = {
    "missing": ("LD111", "the field {field} is missing"),
    "string_type": ("LD112", "{field} has to be a text; put it in quotes"),
    "int_type": ("LD112", "{field} has to be a whole number"),
    "greater_than_equal": ("LD112", "{field} has to be {ge} or more"),
    "bool_type": ("LD112", "{field} has to be true or false"),
    "list_type": ("LD112", "{field} has to be a list"),
    "dict_type": ("LD112", "{field} has to be a mapping of fields"),
    "model_type": ("LD112", "{field} has to be a mapping of fields"),
    "too_short": ("LD112", "{field} must not be empty"),
    "blank": ("LD112", "{field} must not be empty"),
    "literal_error": ("LD112", "{field} has to be one of: {expected}"),
    "setting": ("LD112", "{field} has to be true, false, or a list of names"),
    "iso_date": ("LD113", "{given} is not a date; write YEAR-MONTH-DAY, such as 2022-03-01"),
    "slug": ("LD115", "{given} cannot be a code: small ASCII letters, digits and _ only"),
    "identifier": ("LD116", "{given} cannot be an id: ASCII letters, digits, _, . and - only"),
    "format": ("LD118", "format {given} is not known; this release reads format {known}"),
    "recurrence": ("LD117", "{given} is not a recurrence; write one such as FREQ=MONTHLY"),
}


def _note(detail: ErrorDetails, form: type[BaseModel], content: Any, findings: Findings) -> None:
    loc, given = detail["loc"], detail["input"]
    path = _existing(loc, content)
    named = loc if detail["type"] == "missing" else path
    field = _field(named)
    if detail["type"] == "extra_forbidden":
        template = "there is no field {name} here"
        findings.unknown("LD110", path, template, field, _fields(form, loc[:-1]))
    elif detail["type"] == "time_zone":
        template = "{name} is not a time zone such as Europe/Moscow"
        findings.unknown("LD114", path, template, given, available_timezones())
    else:
        code, template = _MESSAGES.get(detail["type"], ("LD112", "{field} is not valid: {detail}"))
        context = detail.get("ctx", {})
        if "expected" in context:
            words = re.findall(r"\w+", str(context["expected"]))
            context["expected"] = [word.lower() for word in words if word != "or"]
        parameters = {**context, "field": field, "given": given, "detail": detail["msg"]}
        findings.add(code, path, template, **parameters)


def _field(path: Path) -> str:
    """Name a place for a person: the field, and which item of it, counted from 1."""
    items = ""
    for part in reversed(path):
        if isinstance(part, str):
            return part + items
        items = f"[{part + 1}]{items}"
    return "file"


def _existing(loc: Path, content: Any) -> Path:
    """Return the part of *loc* that the file has: not what a shorthand stands for."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(content, dict):
            there = part in content
        else:
            there = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if there:
            content = content[part]
            path.append(part)
    return tuple(path)


def _fields(form: type[BaseModel], loc: Path) -> list[str]:
    """Return the names of the fields that the mapping at *loc* may have."""
    for part in loc:
        for name, field in form.model_fields.items():
            if part == (field.alias or name):
                form = _form_in(field.annotation) or form
                break
    return [field.alias or name for name, field in form.model_fields.items()]


def _form_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_form_in, get_args(annotation))), None)
