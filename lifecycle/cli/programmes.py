"""Commands on programmes: list, show, check, diagram. None of them needs a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import checking, files, output
from lifecycle.cli.documents import day
from lifecycle.cli.forms import Command, Group, argument, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition, Transition
    from lifecycle.domain.messages import Text

_FORMATS = ("mermaid", "dot", "svg")


@click.group(
    cls=Group,
    examples=("lifecycle programme list", "lifecycle programme show 500plus"),
)
@common_options
def programme() -> None:
    """Show the programmes, draw one, or check a new one."""


@programme.command(
    "list",
    cls=Command,
    examples=("lifecycle programme list", "lifecycle programme list --definitions plans/"),
)
@common_options
@click.pass_context
def list_programmes(context: click.Context) -> None:
    """List the programmes that road maps can be written for.

    The shipped ones, and those of further folders. Needs no database.
    """
    from lifecycle.workflows.catalogue import Catalogue

    session = Session.of(context)
    catalogue = Catalogue(session.definitions)
    found = checking.sound(catalogue.programmes(), lambda name: _summary(catalogue.programme(name)))
    session.answer({"programmes": found}, lambda: _list(found))


def _list(found: list[dict[str, Any]]) -> None:
    heads = ("programme", "version", "states", "transitions", "title")
    members = ("id", "version", "states", "transitions", "title")
    rows = [
        [len(one[name]) if isinstance(one[name], list) else one[name] for name in members]
        for one in found
    ]
    output.table([say(head) for head in heads], rows)


@programme.command(
    "show",
    cls=Command,
    examples=("lifecycle programme show 500plus", "lifecycle programme show 500plus --json"),
)
@argument("id", help="Id of the programme.")
@option("--roadmap", "roadmap_id", metavar="ROADMAP", help="As it is under this road map.")
@common_options
@click.pass_context
def show_programme(context: click.Context, id: str, roadmap_id: str | None) -> None:
    """Show the states, transitions and roles of a programme.

    Under no road map everything adjustable is as it is by default. Needs no database.
    """
    session = Session.of(context)
    definition = definition_of(session, id, roadmap_id)
    session.answer(_document(definition), _lines(definition))


@programme.command(
    "check",
    cls=Command,
    examples=("lifecycle programme check plans/grants.yaml",),
)
@argument("file", help="File of a programme.")
@common_options
@click.pass_context
def check_programme(context: click.Context, file: str) -> None:
    """Check the file of a programme.

    Prints every mistake and every warning as file:line:column: code: message, and ends with 5
    if there is a mistake.
    """
    from lifecycle.workflows.catalogue import check_programme_file

    session = Session.of(context)
    checking.answer(context, session, file, check_programme_file(Path(file)))


@programme.command(
    "diagram",
    cls=Command,
    examples=(
        "lifecycle programme diagram 500plus --format mermaid --lang ru",
        "lifecycle programme diagram 500plus --format svg --roadmap tomari-2022 --out tomari.svg",
    ),
)
@argument("id", help="Id of the programme.")
@option(
    "--format",
    "format_",
    type=click.Choice(_FORMATS),
    default="mermaid",
    help="mermaid for a page, dot for tools, svg for people; mermaid if not given.",
)
@option("--roadmap", "roadmap_id", metavar="ROADMAP", help="With the deadlines of this road map.")
@option("--out", metavar="FILE", help="Where to write it; to standard output if not given.")
@files.force_option
@common_options
@click.pass_context
def diagram(
    context: click.Context,
    id: str,
    format_: str,
    roadmap_id: str | None,
    out: str | None,
    force: bool,
) -> None:
    """Draw the states and transitions of a programme.

    Titles are in the language of --lang. Needs no database.
    """
    from lifecycle import pictures

    session = Session.of(context)
    if out is not None:
        files.check_free(Path(out), force=force)
    definition = definition_of(session, id, roadmap_id)
    draw = {"mermaid": pictures.mermaid, "dot": pictures.dot, "svg": pictures.svg}[format_]
    picture = draw(definition, spoken())
    document: dict[str, Any] = {"programme": id, "roadmap": roadmap_id, "format": format_}
    if out is None:
        session.answer({**document, "diagram": picture}, lambda: output.write(picture))
        return
    files.write(Path(out), picture.encode(), force=force)
    session.answer({**document, "file": out}, [say("{file} is written", file=out)])


def definition_of(session: Session, programme: str, roadmap: str | None) -> Definition:
    """Return a programme, under a road map if one is named.

    Raises:
        UnknownProgramme, UnknownRoadmap: There is none of that id.
        click.UsageError: The road map is one of another programme.
    """
    from lifecycle.workflows.catalogue import Catalogue

    catalogue = Catalogue(session.definitions)
    if roadmap is None:
        return catalogue.programme(programme)
    definition = catalogue.compiled(roadmap)
    if definition.programme != programme:
        catalogue.programme(programme)  # an unknown one is told as such
        template = "{roadmap} is a road map of {programme}"
        facts = {"roadmap": roadmap, "programme": definition.programme}
        raise click.UsageError(say(template, **facts))
    return definition


def _title(text: Text) -> str:
    return text.in_language(spoken())


def _summary(definition: Definition) -> dict[str, Any]:
    return {
        "id": definition.programme,
        "version": definition.programme_version,
        "title": _title(definition.title),
        "initial": definition.initial,
        "states": [one.name for one in definition.states],
        "transitions": [one.name for one in definition.transitions],
    }


def _document(definition: Definition) -> dict[str, Any]:
    return {
        **_summary(definition),
        "states": [
            {
                "id": one.name,
                "title": _title(one.title),
                "final": one.final,
                "due_on": day(one.due_on),
                "source": one.source,
            }
            for one in definition.states
        ],
        "transitions": [_transition(one) for one in definition.transitions],
        "roles": [
            {
                "id": one.name,
                "title": _title(one.title),
                "scopes": list(one.scopes),
                "source": one.source,
            }
            for one in definition.roles
        ],
        "evidence": [
            {"id": one.name, "title": _title(one.title), "source": one.source}
            for one in definition.evidence_kinds
        ],
        "facts": [
            {"id": one.name, "title": _title(one.title), "type": one.type, "source": one.source}
            for one in definition.facts
        ],
        "enrolled_by": list(definition.enrolled_by),
        "planned_by": list(definition.planned_by),
        "cancellation_reasons": [
            {"code": one.code, "title": _title(one.title)}
            for one in definition.cancellation_reasons
        ],
        "escalation": [
            {"after_working_days": one.after_working_days, "role": one.role}
            for one in definition.escalation
        ],
    }


def _transition(one: Transition) -> dict[str, Any]:
    return {
        "id": one.name,
        "title": _title(one.title),
        "from": list(one.sources),
        "to": one.target,
        "by": list(one.roles),
        "requires": [required.id for required in one.requirements],
        "due_on": day(one.due_on),
        "source": one.source,
    }


def _lines(definition: Definition) -> Iterator[str]:
    yield f"{definition.programme} {definition.programme_version}: {_title(definition.title)}"
    for state in definition.states:
        final = say(" (final)") if state.final else ""
        due = say(", by {due_on}", due_on=state.due_on) if state.due_on else ""
        yield ""
        yield f"{state.name}: {_title(state.title)}{final}{due}"
        for one in definition.open_in(state.name):
            yield f"  {one.name} -> {one.target or state.name}: {_title(one.title)}"
            yield "    " + say("by {roles}", roles=one.roles)
            for required in one.requirements:
                yield f"    - {required.id}"
    yield ""
    for role in definition.roles:
        yield say("role {name}: {title}", name=role.name, title=_title(role.title))
