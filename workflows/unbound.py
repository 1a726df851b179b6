"""A programme under no road map, to be looked at: nobody can take part under it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from lifecycle.domain.definition import Definition
from lifecycle.workflows.compile import compile_definition
from lifecycle.workflows.fields import FORMAT
from lifecycle.workflows.loading import Source
from lifecycle.workflows.schema import ProgrammeFile, Title
from lifecycle.workflows.schema_roadmap import (
    DocumentForm,
    ParticipantsForm,
    PeriodForm,
    RoadmapFile,
)

UNBOUND = Title(ru="без дорожной карты", en="under no road map")


def compile_unbound(programme: Source[ProgrammeFile], guards: Collection[str] = ()) -> Definition:
    """Return *programme* with everything adjustable as it is by default, and no deadlines.

    Args:
        programme: The programme.
        guards: Names of the guards that the host has registered.

    Raises:
        InvalidDefinition: The programme contradicts itself; all mistakes are named.
    """
    return compile_definition(programme, Source(programme.document, _empty(programme)), guards)


def _empty(programme: Source[ProgrammeFile]) -> RoadmapFile:
    """Return a road map that says nothing; a file could not: it has an activity at least."""
    return RoadmapFile.model_construct(
        format=FORMAT,
        id=programme.content.id,
        version=programme.content.version,
        programme=programme.content.id,
        region="none",
        time_zone="UTC",
        title=UNBOUND,
        document=DocumentForm(kind="other", issuer=None, number=None, date=None),
        source=None,
        period=PeriodForm.model_construct(start=date.min, end=date.max),
        participants=ParticipantsForm(schools=None, municipalities=None),
        adjustments={},
        sections=[],
        activities=[],
        indicators=[],
    )
