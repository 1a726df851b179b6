"""The command on deadlines: what is overdue, and what falls due soon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import output, plan_documents
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.forms import Command, Whole, common_options, option
from lifecycle.cli.language import say
from lifecycle.cli.plan import TEMPLATES as STATES
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from datetime import date

    from lifecycle.domain.overdue import Due
    from lifecycle.service import Lifecycle

GROUPINGS: Final = ("school", "person", "activity")

Entry = dict[str, Any]


@click.command(
    cls=Command,
    examples=(
        "lifecycle overdue",
        "lifecycle overdue --on 2022-04-01 --within 14 --by person",
        "lifecycle overdue --roadmap tomari-2022 --check --json",
    ),
)
@option("--on", metavar="DATE", help="As it stood on that day; today if not given.")
@option("--roadmap", "roadmap_id", metavar="ROADMAP", help="Only under this road map.")
@option(
    "--within",
    metavar="DAYS",
    type=Whole(0),
    default="0",
    help="What falls due within so many calendar days, too.",
)
@option(
    "--by",
    type=click.Choice(GROUPINGS),
    help="Together by school, by the person whose move it is, or by row of the road map.",
)
@option("--check", is_flag=True, help="End with 6 if anything is overdue.")
@common_options
@click.pass_context
def overdue(
    context: click.Context,
    on: str | None,
    roadmap_id: str | None,
    within: int,
    by: str | None,
    check: bool,
) -> None:
    """Show what is overdue, whose move it is, and who is told.

    Schools in their states and activities of the office, by the road map in force, in working
    days with the transfers of each year.
    """
    session = Session.of(context)
    with session.engine() as engine:
        found = engine.plans.due(roadmap_id, on=on, within=within)
        day = _day(engine, found, on)
    document = plan_documents.overdue(found, day)
    if by is not None:
        document |= {"by": by, "groups": list(_groups(document, by))}
    session.answer(document, lambda: _lines(session, document))
    if check and document["overdue"]:
        context.exit(FINDINGS)


def _day(engine: Lifecycle, found: tuple[Due, ...], on: str | None) -> date:
    """Return the day asked for; of several places the one where it is latest."""
    from lifecycle.domain.dates import day_of

    days = [one.day for one in found]
    return day_of(on) or max(days, default=engine.context.clock.now().date())


def _groups(document: dict[str, Any], by: str) -> Iterator[dict[str, Any]]:
    """Yield what belongs together, whoever is longest overdue first; last what has no name."""
    groups: dict[str | None, tuple[list[Entry], list[Entry]]] = {}
    for place, kind in enumerate(("overdue", "forecast")):
        for one in document[kind]:
            for name in _names(one, by) or [None]:
                groups.setdefault(name, ([], []))[place].append(one)
    longest = {
        name: max((one["days_overdue"] for one in late), default=0)
        for name, (late, _) in groups.items()
    }
    order = sorted(groups, key=lambda name: (name is None, -longest[name], name or ""))
    for name in order:
        late, coming = groups[name]
        yield {by: name, "days_overdue": longest[name], "overdue": late, "forecast": coming}


def _names(one: Entry, by: str) -> list[str | None]:
    match by:
        case "person":
            return list(one["actors"])
        case "school":
            return [one["school"]] if one["school"] else []
        case _:
            return list(one["activities"])


def _lines(session: Session, document: dict[str, Any]) -> None:
    if not document["overdue"] and not document["forecast"]:
        session.tell("nothing is overdue on {date}", date=document["on"])
        return
    if "by" not in document:
        _table(document)
        return
    for number, group in enumerate(document["groups"]):
        if number:
            output.line()
        output.line(group[document["by"]] or _unnamed(document["by"]))
        _table(group)


def _unnamed(by: str) -> str:
    if by == "person":
        return say("nobody holds the role")
    return say("the office itself") if by == "school" else say("no row")


def _table(document: dict[str, Any]) -> None:
    heads = ("road map", "what", "state", "due", "days overdue", "whose move", "told", "title")
    rows = [
        (
            one["roadmap"],
            one["school"] or one["activity"],
            say(STATES[one["state"]]) if one["activity"] else one["state"],
            one["due_on"],
            one["days_overdue"] or None,
            ", ".join(one["actors"] or one["roles"]),
            ", ".join(one["told"] or filter(None, [one["escalated_to"]])),
            one["title"],
        )
        for one in (*document["overdue"], *document["forecast"])
    ]
    output.table([say(head) for head in heads], rows)
