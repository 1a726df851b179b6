"""Commands on the plan of a road map: plan, activity, indicators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import arguments, documents, output, plan_documents
from lifecycle.cli.forms import Command, Group, argument, common_options, option
from lifecycle.cli.identity import acting, actor_option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.schools import command_id_option, effective_on_option
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from lifecycle.domain.fulfilment import ActivityStatus
    from lifecycle.domain.requests import Act
    from lifecycle.service import Receipt
    from lifecycle.service.plan import PlanView

TEMPLATES: Final = {
    "planned": "planned",
    "begun": "begun",
    "done": "done",
    "cancelled": "cancelled",
    "office": "office",
    "schools": "schools",
}
"""Words of the plan, for people."""

_COUNT_EXAMPLE: Final = "--count people_trained=25"

roadmap_argument = argument("roadmap_id", metavar="ROADMAP", help="Id of the road map.")
occurrence_option = option(
    "--occurrence",
    metavar="NAME",
    help="Which time, where the activity recurs, such as 2022-03 or 2022-W11.",
)


@click.command(
    cls=Command,
    examples=("lifecycle plan tomari-2022", "lifecycle plan tomari-2022 --on 2022-04-01 --json"),
)
@roadmap_argument
@option("--on", metavar="DATE", help="As it stood on that day; today if not given.")
@common_options
@click.pass_context
def plan(context: click.Context, roadmap_id: str, on: str | None) -> None:
    """Show a road map, plan against fact.

    One line for every occurrence of every activity. What schools fulfil follows from their own
    transitions; what the office does is told with: lifecycle activity.
    """
    session = Session.of(context)
    with session.engine() as engine:
        view = engine.plans.view(roadmap_id, on=on)
    session.answer(plan_documents.plan(view), lambda: _plan(view))


def _plan(view: PlanView) -> None:
    title = view.definition.roadmap.title.in_language(spoken())
    output.line(say("{title}, on {date}", title=title, date=view.day))
    heads = ("row", "time", "by", "state", "due", "done", "days overdue", "schools", "title")
    output.table([say(head) for head in heads], map(_row, view.activities))


def _row(one: ActivityStatus) -> Sequence[Any]:
    schools = None
    if one.by == "schools":
        schools = f"{len(one.fulfilled)}/{len(one.fulfilled) + len(one.missing)}"
    return (
        one.activity.key,
        one.occurrence.name,
        say(TEMPLATES[one.by]),
        say(TEMPLATES[one.state]),
        one.due_on,
        one.closed_on,
        one.days_overdue or None,
        schools,
        one.activity.title,
    )


@click.group(
    cls=Group,
    examples=(
        "lifecycle activity begin tomari-2022 1.3 --actor coordinator-1",
        "lifecycle activity done tomari-2022 1.3 --actor coordinator-1 \\",
        "    --evidence activity_result=plan.pdf",
    ),
)
@common_options
def activity() -> None:
    """Say what became of an activity of the office.

    Activities that schools fulfil by their own transitions are not entered a second time.
    """


@activity.command(
    "begin",
    cls=Command,
    examples=("lifecycle activity begin tomari-2022 1.3 --actor coordinator-1",),
)
@roadmap_argument
@argument("key", help="Key of the activity, as the road map numbers it.")
@occurrence_option
@actor_option
@effective_on_option
@command_id_option
@common_options
@click.pass_context
def begin(context: click.Context, /, **given: Any) -> None:
    """Say that an activity has begun.

    It stays open until it is done or cancelled; its last day stays as it is.
    """
    _act(context, "begun", **given)


@activity.command(
    "done",
    cls=Command,
    examples=(
        "lifecycle activity done tomari-2022 1.3 --actor coordinator-1 \\",
        "    --evidence activity_result=plan.pdf",
        "lifecycle activity done tomari-2022 4.6 --occurrence 2022-03 --actor coordinator-1 \\",
        "    --evidence activity_result=https://school.example/webinar",
        "lifecycle activity done belgorod-2021 7 --actor coordinator-1 \\",
        "    --evidence 'activity_result=ref:17;2021-03-12;Department' \\",
        "    --count municipal_roadmaps=19",
    ),
)
@roadmap_argument
@argument("key", help="Key of the activity, as the road map numbers it.")
@occurrence_option
@actor_option
@option(
    "--evidence",
    metavar="KIND=PATH|URL|ref:NUMBER;DATE;ISSUER",
    multiple=True,
    help="What was reached: activity_result=FILE. May be repeated.",
)
@option(
    "--count",
    metavar="NAME=N",
    multiple=True,
    help="A number that the road map asks for. May be repeated.",
)
@effective_on_option
@command_id_option
@common_options
@click.pass_context
def done(context: click.Context, /, **given: Any) -> None:
    """Say that an activity is done, and show what was reached.

    Numbers that the road map asks for are entered with it.
    """
    _act(context, "done", **given)


@activity.command(
    "postpone",
    cls=Command,
    examples=(
        "lifecycle activity postpone tomari-2022 1.3 --to 2022-04-01 --actor coordinator-1 \\",
        "    --evidence 'basis=ref:61-A;2022-03-20;Tomari education department'",
    ),
)
@roadmap_argument
@argument("key", help="Key of the activity, as the road map numbers it.")
@occurrence_option
@actor_option
@option("--to", "postponed_to", metavar="DATE", help="The new last day.")
@option(
    "--evidence",
    metavar="KIND=PATH|URL|ref:NUMBER;DATE;ISSUER",
    multiple=True,
    help="The document that allows it: basis=FILE. May be repeated.",
)
@effective_on_option
@command_id_option
@common_options
@click.pass_context
def postpone(context: click.Context, /, **given: Any) -> None:
    """Put off the last day of an activity.

    The new day has to be a later one, and a document has to allow it.
    """
    _act(context, "postponed", **given)


@activity.command(
    "cancel",
    cls=Command,
    examples=("lifecycle activity cancel tomari-2022 1.3 --actor coordinator-1 --reason merged",),
)
@roadmap_argument
@argument("key", help="Key of the activity, as the road map numbers it.")
@occurrence_option
@actor_option
@option("--reason", metavar="CODE", help="Reason out of the programme's list.")
@effective_on_option
@command_id_option
@common_options
@click.pass_context
def cancel(context: click.Context, /, **given: Any) -> None:
    """Say that an activity will not take place.

    It is not asked for any more; where it recurs, only this time of it.
    """
    _act(context, "cancelled", **given)


def _act(
    context: click.Context,
    act: Act,
    *,
    roadmap_id: str,
    key: str,
    occurrence: str | None,
    actor: str | None,
    effective_on: str | None,
    command_id: str | None,
    evidence: Sequence[str] = (),
    count: Sequence[str] = (),
    postponed_to: str | None = None,
    reason: str | None = None,
) -> None:
    session = Session.of(context)
    pieces, counts = arguments.evidence(evidence), dict(_counts(count))
    with session.command(command_id) as request, session.engine() as engine:
        receipt = engine.plans.act(
            roadmap_id,
            key,
            act,
            actor=acting(session, engine, actor),
            occurrence=occurrence,
            evidence=pieces,
            counts=counts,
            postponed_to=postponed_to,
            reason=reason,
            effective_on=effective_on,
            command_id=request,
        )
    session.warn(receipt.notices)
    session.answer(
        {
            "roadmap": roadmap_id,
            "activity": key,
            "occurrence": occurrence,
            "act": act,
            **documents.receipt(receipt),
        },
        [_acted(roadmap_id, key, act, receipt)],
    )


def _acted(roadmap: str, key: str, act: Act, receipt: Receipt) -> str:
    record = receipt.record
    facts = {"roadmap": roadmap, "key": key, "sequence": record.sequence, "hash": record.hash[:12]}
    template = "{roadmap} {key}: postponed, record {sequence}, {hash}"
    if act == "begun":
        template = "{roadmap} {key}: begun, record {sequence}, {hash}"
    elif act == "done":
        template = "{roadmap} {key}: done, record {sequence}, {hash}"
    elif act == "cancelled":
        template = "{roadmap} {key}: cancelled, record {sequence}, {hash}"
    if receipt.repeated:
        template = "{roadmap} {key}: recorded before as record {sequence}, {hash}"
    return say(template, **facts)


def _counts(texts: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield every ``NAME=N``.

    Raises:
        click.UsageError: A text has not that form, or a name is given twice.
    """
    seen: set[str] = set()
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not (value.isascii() and value.isdecimal() and len(value) < 16):
            template = "--count {given} has not the form NAME=N; for example: {example}"
            raise click.UsageError(say(template, given=text, example=_COUNT_EXAMPLE))
        if name in seen:
            raise click.UsageError(say("the number {name} is given twice", name=name))
        seen.add(name)
        yield name, int(value)


@click.command(
    cls=Command,
    examples=(
        "lifecycle indicators belgorod-2021",
        "lifecycle indicators belgorod-2021 --at 2021-06-30 --json",
    ),
)
@roadmap_argument
@option("--at", metavar="DATE", help="As they stood on that day; today if not given.")
@common_options
@click.pass_context
def indicators(context: click.Context, roadmap_id: str, at: str | None) -> None:
    """Show the results a road map expects, from the history.

    Countable ones with numerator, denominator and who is missing; the others as done or not
    done, with what was shown for them.
    """
    session = Session.of(context)
    with session.engine() as engine:
        view = engine.plans.view(roadmap_id, on=at)
    document = plan_documents.indicators(view)
    session.answer(document, lambda: _indicators(document))


def _indicators(found: dict[str, Any]) -> None:
    output.line(say("{title}, on {date}", title=found["title"], date=found["on"]))
    heads: tuple[str, ...] = (
        "row",
        "value",
        "counted",
        "of",
        "unit",
        "target",
        "met",
        "missing",
        "text",
    )
    rows = [
        (
            one["key"],
            one["value"],
            one["numerator"],
            one["denominator"],
            one["unit"],
            one["target"],
            None if one["met"] is None else say("yes") if one["met"] else say("no"),
            _few(one["missing"]),
            one["text"],
        )
        for one in found["indicators"]
    ]
    if rows:
        output.table([say(head) for head in heads], rows)
    output.line()
    heads = ("row", "done", "times", "papers", "text")
    output.table(
        [say(head) for head in heads],
        [
            (
                one["key"],
                say("yes") if one["done"] else say("no"),
                f"{one['occurrences_done']}/{one['occurrences']}",
                len(one["evidence"]) or None,
                one["result"] or one["title"],
            )
            for one in found["uncountable"]
        ],
    )


def _few(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are: the document has all."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    return shown if more <= 0 else say("{names} and {count} more", names=shown, count=more)
