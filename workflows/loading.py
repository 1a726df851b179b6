"""A definition file as a value of its form, or every mistake of form in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any, Final, Generic, TypeVar, get_args
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lifecycle.workflows.fields import OF_THE_MACHINE
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.reading import Document, read
from lifecycle.workflows.schema import ProgrammeFile
from lifecycle.workflows.schema_roadmap import RoadmapFile

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


# Error type of pydantic or of ``fields`` -> code and words; the rest falls under LD112.
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
        template = "{name} is not the name of a time zone"
        known = available_timezones().difference(OF_THE_MACHINE)
        findings.unknown("LD114", path, template, given, known)
    else:
        code, template = _MESSAGES.get(detail["type"], ("LD112", "{field} is not valid: {detail}"))
        context = detail.get("ctx", {})
        if "expected" in context:
            words = re.findall(r"\w+", str(context["expected"]))
            context["expected"] = [word.lower() for word in words if word != "or"]
        facts = {**context, "field": field, "given": given, "detail": detail["msg"]}
        shown = {name: fact for name, fact in facts.items() if f"{{{name}}}" in template}
        findings.add(code, path, template, **shown)


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
