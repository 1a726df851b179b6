"""Commands on road maps: list, show, check, import. None of them needs a database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import checking, documents, imports, output
from lifecycle.cli.exports import gantt
from lifecycle.cli.forms import Command, Group, argument, common_options
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidDefinition

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition

# A programme declares states and transitions; a road map never does, whatever its mistakes are.
_PROGRAMME = re.compile(rb"""^["']?(states|transitions)["']?\s*:""", re.MULTILINE)


@click.group(
    cls=Group,
    examples=("lifecycle roadmap list", "lifecycle roadmap show tomari-2022"),
)
@common_options
def roadmap() -> None:
    """Show the road maps, or import and check a new one."""


roadmap.add_command(imports.import_roadmap)
roadmap.add_command(gantt)


@roadmap.command(
    "list",
    cls=Command,
    examples=("lifecycle roadmap list", "lifecycle roadmap list --definitions plans/"),
)
@common_options
@click.pass_context
def list_roadmaps(context: click.Context) -> None:
    """List the road maps that schools can be enrolled under.

    The shipped ones, and those of further folders. Needs no database.
    """
    from lifecycle.workflows.catalogue import Catalogue

    session = Session.of(context)
    catalogue = Catalogue(session.definitions)
    found = checking.sound(
        catalogue.roadmaps(), lambda name: documents.roadmap_summary(catalogue.compiled(name))
    )
    session.answer({"roadmaps": found}, lambda: _list(found))


def _list(found: list[dict[str, Any]]) -> None:
    heads = ("road map", "from", "to", "activities", "schools", "title")
    members = ("id", "start", "end", "activities", "schools", "title")
    output.table([say(head) for head in heads], [[one[name] for name in members] for one in found])


@roadmap.command(
    "show",
    cls=Command,
    examples=("lifecycle roadmap show tomari-2022", "lifecycle roadmap show belgorod-2021 --json"),
)
@argument("id", help="Id of the road map.")
@common_options
@click.pass_context
def show_roadmap(context: click.Context, id: str) -> None:
    """Show a road map with every row, as the order words it.

    Wording, dates, responsible parties and results are those of the document; the window is
    our reading of the date. Needs no database.
    """
    from lifecycle.workflows.catalogue import Catalogue

    session = Session.of(context)
    catalogue = Catalogue(session.definitions)
    definition = catalogue.compiled(id)
    source = _source_document(id, session.definitions)
    session.answer(documents.roadmap(definition, source), _roadmap_lines(definition))


def _source_document(name: str, folders: Sequence[Path]) -> str | None:
    """Return the document that a road map file was written after, if the file names one."""
    from lifecycle.workflows.loading import load
    from lifecycle.workflows.schema_roadmap import RoadmapFile

    shipped = [files("lifecycle.workflows.roadmaps") / f"{name}.yaml"]
    others = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    # The file of a later folder stands for the one of an earlier folder, as in the catalogue.
    for path in [*reversed(others), *shipped]:
        with suppress(InvalidDefinition):
            content = load(RoadmapFile, path).content
            if content.id == name:
                return content.source
    return None


def _roadmap_lines(definition: Definition) -> Iterator[str]:
    plan = definition.roadmap
    paper = plan.document
    yield f"{plan.id}: {plan.title.in_language(spoken())}"
    if paper.issuer is not None:
        yield f"  {paper.issuer}"
    if paper.number is not None and paper.date is not None:
        yield "  " + say("No. {number} of {date}", number=paper.number, date=paper.date)
    for contradiction in paper.contradictions:
        yield "  ! " + contradiction.in_language(spoken())
    titles = {section.number: section.title for section in plan.sections}
    section = None
    for row in plan.activities:
        if row.section is not None and row.section != section:
            section = row.section
            yield ""
            yield f"{section}. {titles[section]}"
        yield ""
        yield f"{row.key}  {row.title}"
        window = "" if row.start is None or row.end is None else f" [{row.start} - {row.end}]"
        if row.when is not None or window:
            yield f"      {row.when or ''}{window}".rstrip()
        for text in (row.responsible, row.result):
            if text is not None:
                yield f"      {text}"
        if row.drives:
            yield "      " + say("drives: {names}", names=row.drives)
        for damage in row.damage:
            yield "      ! " + damage.in_language(spoken())


@roadmap.command(
    "check",
    cls=Command,
    examples=("lifecycle roadmap check plans/new-2024.yaml",),
)
@argument("file", help="File of a road map, or of a programme.")
@common_options
@click.pass_context
def check_roadmap(context: click.Context, file: str) -> None:
    """Check the file of a road map or programme.

    Prints every mistake and every warning as file:line:column: code: message, and ends with 5
    if there is a mistake. Where there is a database, a road map in force must not have been
    edited: its rules are pinned.
    """
    from lifecycle.workflows.catalogue import check_programme_file, check_roadmap_file

    session = Session.of(context)
    path = Path(file)
    found = (
        check_programme_file(path)
        if _is_programme(path)
        else check_roadmap_file(
            path, session.definitions, in_force=lambda name: checking.in_force(session, name)
        )
    )
    checking.answer(context, session, file, found)


def _is_programme(path: Path) -> bool:
    from lifecycle.workflows.reading import MAX_FILE_BYTES

    try:
        if not path.is_file():  # to open a pipe is to wait for who writes into it
            return False
        with path.open("rb") as stream:
            return _PROGRAMME.search(stream.read(MAX_FILE_BYTES)) is not None
    except OSError:
        return False
