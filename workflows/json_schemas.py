"""JSON Schemas of the definition files, for editors: what may stand where, and what it means.

They are made from the forms that read the files. What names refer to is not in them: that is told
by ``lifecycle programme check`` and ``lifecycle roadmap check``.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final, Literal

from pydantic import BaseModel

from lifecycle.workflows.schema import ProgrammeFile
from lifecycle.workflows.schema_roadmap import RoadmapFile

Kind = Literal["programme", "roadmap"]
KINDS: Final[tuple[Kind, ...]] = ("programme", "roadmap")

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_FORMS: Final[dict[Kind, type[BaseModel]]] = {"programme": ProgrammeFile, "roadmap": RoadmapFile}

# Of these fields exactly one is filled; an editor offers them as alternatives.
_ONE_OF: Final = {
    "OriginForm": ("states", "any_except_final"),
    "PartiesForm": ("roles", "adjustment"),
    "EvidenceAsked": ("kind", "adjustment"),
    "TransitionForm": ("to", "stays"),
    "RequirementForm": (
        "role_assigned",
        "evidence",
        "fact",
        "reason",
        "answers",
        "different_person",
        "not_holding",
        "policy",
        "registered",
    ),
    "MeasureForm": (
        "schools",
        "schools_fulfilled",
        "occurrences",
        "occurrences_done",
        "count",
        "constant",
    ),
}

_SOURCE: Final = "The row of a road map that says so, such as «tomari-2022 4.5», or inference."
_NOTES: Final = {
    "ProgrammeFile.version": "To be raised with every change: a version in force stays as it is.",
    "ProgrammeFile.initial": "The state of a school that has just been enrolled.",
    "ProgrammeFile.catalogue": "Known codes; another one is accepted with a warning.",
    "ProgrammeFile.escalation": "Who is told of what is overdue; each step later than the last.",
    "RoleForm.scopes": "What the role is held on: one school, a whole road map, or either.",
    "FactForm.type": "choice: one of choices; slugs: a list of codes; records: a list of fields.",
    "FieldForm.catalogue": "Codes outside the catalogue are accepted with a warning.",
    "AdjustmentForm.allowed": "What a road map may choose from, for roles and evidence.",
    "StateForm.final": "Nothing leads out of it.",
    "OriginForm.any_except_final": "Every state that is not final.",
    "PartiesForm.adjustment": "The roles that the road map sets by this adjustment.",
    "EvidenceAsked.each": "One piece for each code of this fact, or of fact.field; no other.",
    "EvidenceAsked.adjustment": "The kinds that the road map sets by this adjustment.",
    "FactAsked.within": "Its codes have to be among those of these facts, or of fact.field.",
    "TransitionForm.from": "The states that it leaves, or any_except_final: true.",
    "TransitionForm.to": "The state that it leads to.",
    "TransitionForm.stays": "The school stays in its state, as with a submission.",
    "TransitionForm.by": "Roles that may make it; one of them is enough.",
    "TransitionForm.approval": "A verdict on somebody's work: no administrator makes it.",
    "AuthenticationForm.any": "Ways of being known that are enough for what is no approval.",
    "AuthenticationForm.approval": "Ways of being known that are enough for an approval.",
    "TransitionForm.requires": "All of these have to be met, and all that are not are told.",
    "RequirementForm.role_assigned": "Somebody holds this role for the school.",
    "RequirementForm.evidence": "Evidence of this kind is given.",
    "RequirementForm.fact": "This fact is given.",
    "RequirementForm.reason": "A reason out of this list is given.",
    "RequirementForm.answers": "This submission was made here and has no answer yet.",
    "RequirementForm.different_person": "The actor made none of these transitions: four eyes.",
    "RequirementForm.not_holding": "The actor holds none of these roles for the school.",
    "RequirementForm.policy": "The road map sets this adjustment, a flag, to true.",
    "RequirementForm.registered": "A guard in Python that the host registers by this name.",
    "PlanForm.by": "Roles that may act on every activity, beside the parties of its row.",
    "RoadmapFile.version": "To be raised with every change: a version in force stays as it is.",
    "RoadmapFile.programme": "Id of the programme.",
    "RoadmapFile.region": "Short name of the region, such as oryol.",
    "RoadmapFile.time_zone": "What day it is there, by the name of the IANA.",
    "RoadmapFile.source": "Name of the file that the lines are lines of.",
    "RoadmapFile.adjustments": "What this road map sets otherwise than the programme.",
    "DocumentForm.contradictions": "What the document says against itself.",
    "AdjustedForm.source": "The row that says so.",
    "ActivityForm.key": "SECTION.NUMBER, or the number where there are no sections.",
    "ActivityForm.title": "Wording of the row, letter for letter.",
    "ActivityForm.when": "Date of the row, letter for letter.",
    "ActivityForm.start": "First day, inclusive, YEAR-MONTH-DAY; null where there is none.",
    "ActivityForm.end": "Last day, inclusive, YEAR-MONTH-DAY; null where there is none.",
    "ActivityForm.recurrence": "RFC 5545 rule where it recurs, or null.",
    "ActivityForm.responsible": "Parties of the row, letter for letter.",
    "ActivityForm.roles": "The same as roles of the programme.",
    "ActivityForm.result": "Expected result of the row, letter for letter.",
    "ActivityForm.drives": "Transitions or states of the schools that fulfil it.",
    "ActivityForm.by": "The office's own work, though it sets the deadline of what it drives.",
    "ActivityForm.lines": "Lines of the source, from 1.",
    "ActivityForm.damage": "What is broken in the source, how it was read, what stays open.",
    "ActivityForm.counts": "Numbers that the office enters when it is done.",
    "IndicatorForm.key": "Key of the activity, with a letter where a row has several.",
    "IndicatorForm.unit": "percent where there is a denominator, else what is counted.",
    "IndicatorForm.target": "What is to be reached, in the unit; null where the row states none.",
    "MeasureForm.schools": "The schools that take part.",
    "MeasureForm.schools_fulfilled": "Those that fulfilled these transitions or states.",
    "MeasureForm.having": "Only schools of which this is known.",
    "MeasureForm.occurrences": "The occurrences of these activities due so far.",
    "MeasureForm.occurrences_done": "Those of them that were done.",
    "MeasureForm.count": "Numbers entered with activities.",
    "MeasureForm.constant": "A number that the document states.",
}


def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of programme or road map files."""
    form = _FORMS[kind]
    schema = form.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")
    for name, one in {form.__name__: schema, **definitions}.items():
        _tell(name, one)
    return {"$schema": _DIALECT, **schema, "$defs": dict(sorted(definitions.items()))}


def text_of(kind: Kind) -> str:
    """Return the schema as the text that is shipped."""
    return json.dumps(schema_of(kind), ensure_ascii=False, indent=2) + "\n"


def shipped(kind: Kind) -> str:
    """Return the shipped file: that the definition files name in their first line."""
    return (files("lifecycle.workflows") / f"{kind}.schema.json").read_text("utf-8")


def _tell(name: str, schema: dict[str, Any]) -> None:
    """Say in the schema of one form what its code says."""
    schema.pop("title", None)
    for field, one in schema.get("properties", {}).items():
        if isinstance(one, dict):
            _simplify(one)
            note = _NOTES.get(f"{name}.{field}", _SOURCE if field == "source" else None)
            if note is not None:
                one["description"] = note
    if name in _ONE_OF:
        schema["oneOf"] = [{"required": [field]} for field in _ONE_OF[name]]


def _simplify(schema: dict[str, Any]) -> None:
    """Drop titles made up from names, and null where leaving a field out says the same."""
    schema.pop("title", None)
    kinds = schema.get("anyOf", [])
    for one in kinds:
        one.pop("title", None)
    if "default" in schema and schema["default"] is None:
        del schema["default"]
        left = [one for one in kinds if one != {"type": "null"}]
        if len(left) == 1:
            del schema["anyOf"]
            schema.update(left[0])
        else:
            schema["anyOf"] = left
