"""The command on deadlines: what is overdue, and what falls due soon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    if session.as_json:
        output.long_document(_members(found, day, by))
    else:
        _lines(session, found, day, by)
    output.flush()
    if check and any(one.is_late for one in found):
        context.exit(FINDINGS)


def _members(found: Sequence[Due], day: date, by: str | None) -> Iterator[tuple[str, Any]]:
    """Yield the members of the document."""
    yield "on", day.isoformat()
    yield from _both(found)
    if by is not None:
        yield "by", by
        yield (
            "groups",
            (
                {by: one.name, "days_overdue": one.days_overdue}
                | {name: list(entries) for name, entries in _both(one.found)}
                for one in _groups(found, by)
            ),
        )


def _both(found: Iterable[Due]) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Yield what is overdue, and what is still to come; one of them is a document at a time."""
    for name, late in (("overdue", True), ("forecast", False)):
        yield name, (plan_documents.due(one) for one in found if one.is_late is late)


def _day(engine: Lifecycle, found: Sequence[Due], on: str | None) -> date:
    """Return the day asked for; of several places the one where it is latest."""
    from lifecycle.domain.dates import day_of

    days = [one.day for one in found]
    return day_of(on) or max(days, default=engine.context.clock.now().date())


class Group(NamedTuple):
    """What belongs together.

    Args:
        name: Of the school, person or row; ``None`` for what has none.
        days_overdue: Of the one that is overdue longest.
        found: In the order of the answer.
    """

    name: str | None
    days_overdue: int
    found: list[Due]


def _groups(found: Iterable[Due], by: str) -> list[Group]:
    """Return what belongs together, whoever is longest overdue first; last what has no name."""
    groups: dict[str | None, list[Due]] = {}
    for one in found:
        for name in _names(one, by) or [None]:
            groups.setdefault(name, []).append(one)
    made = [
        Group(name, max(one.days_overdue for one in some), some) for name, some in groups.items()
    ]
    return sorted(made, key=lambda one: (one.name is None, -one.days_overdue, one.name or ""))


def _names(one: Due, by: str) -> Sequence[str | None]:
    match by:
        case "person":
            return one.actors
        case "school":
            return [one.subject] if one.kind == "school" else []
        case _:
            return one.activities


def _lines(session: Session, found: Sequence[Due], day: date, by: str | None) -> None:
    if not found:
        session.tell("nothing is overdue on {date}", date=day.isoformat())
        return
    if by is None:
        _table(found)
        return
    for number, group in enumerate(_groups(found, by)):
        if number:
            output.line()
        output.line(group.name or _unnamed(by))
        _table(group.found)


def _unnamed(by: str) -> str:
    if by == "person":
        return say("nobody holds the role")
    return say("the office itself") if by == "school" else say("no row")


def _table(found: Sequence[Due]) -> None:
    heads = ("road map", "what", "state", "due", "days overdue", "whose move", "told", "title")
    rows = (
        (
            one.roadmap,
            one.subject,
            say(STATES[one.state]) if one.kind == "activity" else one.state,
            one.due_on,
            one.days_overdue or None,
            ", ".join(one.actors or one.roles),
            ", ".join(one.told or filter(None, [one.escalated_to])),
            one.title,
        )
        for late in (True, False)
        for one in found
        if one.is_late is late
    )
    output.table([say(head) for head in heads], rows)
