"""The form of a road map file, as pydantic models; of a programme: ``schema``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lifecycle.workflows.fields import (
    Count,
    Format,
    Identifier,
    IsoDate,
    Line,
    Lines,
    Recurrence,
    Setting,
    Slug,
    TimeZone,
)
from lifecycle.workflows.schema import Form, Title


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
    contradictions: list[Contradiction] = Field(default_factory=list)


class PeriodForm(Form):
    """First and last day, inclusive."""

    start: IsoDate
    end: IsoDate


class ParticipantsForm(Form):
    """Who takes part, as far as the document says it."""

    schools: Count | None
    municipalities: Count | None
    named: list[Line] = Field(default_factory=list)
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


class CountForm(Form):
    """A number that is entered with an activity."""

    name: Slug
    title: Title


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
    by: Literal["office"] | None = None
    lines: list[Annotated[int, Field(ge=1)]]
    damage: list[Title] = Field(default_factory=list)
    counts: list[CountForm] = Field(default_factory=list)


Names = Annotated[list[Line], Field(min_length=1)]


class HavingForm(Form):
    """What has to be known of a school to be counted: one of these codes of a fact."""

    fact: Slug
    codes: Annotated[list[Slug], Field(min_length=1)]


class CountedForm(Form):
    """A number that is entered with activities."""

    of: Names
    name: Slug


class MeasureForm(Form):
    """How a number comes about: one of these fields; with ``having``, of such schools only."""

    schools: Literal[True] | None = None
    schools_fulfilled: Names | None = None
    schools_assigned: Names | None = None
    having: HavingForm | None = None
    occurrences: Names | None = None
    occurrences_done: Names | None = None
    count: CountedForm | None = None
    constant: Annotated[int, Field(ge=1)] | None = None

    def said(self) -> list[str]:
        """Return the names of the fields that are filled, less the condition."""
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        return [name for name in given if name != "having"]


class IndicatorForm(Form):
    """A countable result of a row."""

    key: Line
    activity: Line
    text: Line
    unit: Slug
    numerator: MeasureForm
    denominator: MeasureForm | None = None
    target: Count | None


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
    adjustments: dict[Slug, AdjustedForm] = Field(default_factory=dict)
    sections: list[SectionForm] = Field(default_factory=list)
    activities: Annotated[list[ActivityForm], Field(min_length=1)]
    indicators: list[IndicatorForm] = Field(default_factory=list)
