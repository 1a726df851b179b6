"""Commands that write a plan into a file: calendar, gantt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lifecycle.cli import files
from lifecycle.cli.documents import day
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.plan import roadmap_argument
from lifecycle.cli.session import Session
from lifecycle.domain.errors import DatabaseMissing, UnknownRole

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition
    from lifecycle.service.plan import PlanView


@click.command(
    cls=Command,
    examples=(
        "lifecycle calendar tomari-2022 --out plan.ics",
        "lifecycle calendar tomari-2022 --out curator.ics --role curator --lang ru",
    ),
)
@roadmap_argument
@option("--out", metavar="FILE", required=True, help="Where to write it, such as plan.ics.")
@option("--role", metavar="ROLE", help="Only what this role is responsible for.")
@option("--tasks", is_flag=True, help="Tasks instead of events; fewer programs read them.")
@option("--on", metavar="DATE", help="The plan as it stood on that day; today if not given.")
@files.force_option
@common_options
@click.pass_context
def calendar(
    context: click.Context,
    roadmap_id: str,
    out: str,
    role: str | None,
    tasks: bool,
    on: str | None,
    force: bool,
) -> None:
    """Write what is still open in a plan as a calendar file.

    Every open activity stands on its last day, all day long; one that recurs is one entry with
    its rule. A newer file takes the place of an older one in the calendar.
    """
    from lifecycle.wiring import SystemClock
    from lifecycle.workflows.calendar_export import calendar_of

    session = Session.of(context)
    files.check_free(Path(out), force=force)
    view = _view(session, roadmap_id, on)
    _check_role(view.definition, role)
    exported = calendar_of(
        view.definition,
        view.activities,
        now=SystemClock().now(),
        language=spoken(),
        role=role,
        tasks=tasks,
    )
    files.write(Path(out), exported.content, force=force)
    if exported.undated:
        session.tell("without a last day, so not in the calendar: {keys}", keys=exported.undated)
    session.answer(
        {
            "roadmap": roadmap_id,
            "on": day(view.day),
            "role": role,
            "file": out,
            "entries": exported.entries,
            "occurrences": exported.occurrences,
            "undated": list(exported.undated),
        },
        [say("{file} is written, entries: {count}", file=out, count=exported.entries)],
    )


@click.command(
    "gantt",
    cls=Command,
    examples=(
        "lifecycle roadmap gantt tomari-2022 --out plan.svg",
        "lifecycle roadmap gantt tomari-2022 --at 2022-06-01 --out june.svg --lang ru",
    ),
)
@argument("id", help="Id of the road map.")
@option("--at", metavar="DATE", help="As it stood on that day; today if not given.")
@option("--out", metavar="FILE", required=True, help="Where to write it, such as plan.svg.")
@files.force_option
@common_options
@click.pass_context
def gantt(context: click.Context, id: str, at: str | None, out: str, force: bool) -> None:
    """Draw a road map as bars, plan against fact.

    One bar for every activity, a line for the day, what is overdue in another pattern.
    """
    from lifecycle.pictures import gantt_svg

    session = Session.of(context)
    files.check_free(Path(out), force=force)
    view = _view(session, id, at)
    picture = gantt_svg(view.activities, view.definition, view.day, spoken())
    files.write(Path(out), picture.encode(), force=force)
    session.answer(
        {"roadmap": id, "on": day(view.day), "file": out},
        [say("{file} is written", file=out)],
    )


def _view(session: Session, roadmap: str, on: str | None) -> PlanView:
    """Return the plan; where nothing was begun anywhere yet, as the road map words it.

    Raises:
        DatabaseMissing: A database was named, and it is not there.
    """
    try:
        with session.engine() as engine:
            return engine.plans.view(roadmap, on=on)
    except DatabaseMissing:
        if session.names_database:
            raise
    from lifecycle.domain.model import Actor
    from lifecycle.wiring import MEMORY, create_lifecycle

    with create_lifecycle(
        MEMORY, administrator=Actor("nobody", "host:none"), definitions=session.definitions
    ) as engine:
        view = engine.plans.view(roadmap, on=on)
    session.tell("there is no database here: the plan alone, without facts")
    return view


def _check_role(definition: Definition, role: str | None) -> None:
    if role is not None and role not in definition.role:
        raise UnknownRole(role, definition.role, roles=tuple(definition.role))
