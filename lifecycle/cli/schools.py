"""Commands on schools: enrol, explain, advance, status."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

import click

from lifecycle.cli import arguments, batches, documents, moments, output
from lifecycle.cli.failures import unmet_lines
from lifecycle.cli.forms import Command, Whole, argument, common_options, option
from lifecycle.cli.identity import acting, actor_option, named
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lifecycle.service import Outlook, StatusRow

effective_on_option = option(
    "--effective-on",
    metavar="DATE",
    help="The date the act bears, YEAR-MONTH-DAY; today, or for an enrolment the first day of"
    " the road map, if not given.",
)
comment_option = option(
    "--comment",
    metavar="TEXT",
    callback=arguments.unseen,
    help="A remark; kept outside the history, where it can be erased. '-' reads it from standard"
    " input, so that no list of processes shows it.",
)
command_id_option = option(
    "--command-id",
    metavar="ID",
    help="Id of this request: repeated with the same id, it has no second effect.",
)


@click.command(
    cls=Command,
    examples=(
        "lifecycle enrol krasnogorsk --roadmap tomari-2022 --title 'МБОУ СОШ с. Красногорск'"
        " --actor admin",
    ),
)
@argument("school", help="Id of the school: ASCII letters, digits, '_', '.', '-'.")
@option("--roadmap", metavar="ROADMAP", required=True, help="Road map it takes part under.")
@option("--title", metavar="TEXT", required=True, help="Name of the school.")
@actor_option
@effective_on_option
@command_id_option
@common_options
@click.pass_context
def enrol(
    context: click.Context,
    school: str,
    roadmap: str,
    title: str,
    actor: str | None,
    effective_on: str | None,
    command_id: str | None,
) -> None:
    """Let a school take part under a road map.

    The first enrolment under a road map puts its rules in force; the school keeps these rules
    to the end. Done by an administrator or by a coordinator of the road map.
    """
    session = Session.of(context)
    with session.command(command_id) as request, session.engine() as engine:
        receipt = engine.enrol(
            school,
            roadmap=roadmap,
            title=title,
            actor=acting(session, engine, actor),
            effective_on=effective_on,
            command_id=request,
        )
    session.warn(receipt.notices)
    session.answer(
        {"school": school, "roadmap": roadmap, **documents.move(receipt)},
        [
            say(
                "{school} takes part under {roadmap}: {state}",
                school=school,
                roadmap=roadmap,
                state=receipt.state,
            )
        ],
    )


@click.command(
    cls=Command,
    examples=(
        "lifecycle explain krasnogorsk",
        "lifecycle explain krasnogorsk --actor curator-1 --json",
        "lifecycle explain krasnogorsk --token-file expert-1.token",
    ),
)
@argument("school", help="Id of the school.")
@actor_option
@common_options
@click.pass_context
def explain(context: click.Context, school: str, actor: str | None) -> None:
    """Tell what a school can do next, and what is missing.

    Lists every transition out of the current state with every unmet requirement and who can
    mend it; without somebody, roles are listed as requirements. Changes nothing.
    """
    session = Session.of(context)
    with session.engine() as engine:
        person = acting(session, engine, actor) if named(session, actor) else None
        outlook = engine.explain(school, actor=person)
    session.answer(documents.outlook(outlook), _outlook_lines(outlook))


def _outlook_lines(outlook: Outlook) -> Iterator[str]:
    yield say(
        "{school}: {state}, version {version}",
        school=outlook.school,
        state=outlook.state,
        version=outlook.version,
    )
    if not outlook.options:
        yield "  " + say("nothing leads out of this state")
    for option_ in outlook.options:
        due = say(", by {due_on}", due_on=option_.due_on) if option_.due_on else ""
        title = option_.title.in_language(spoken())
        yield f"  {option_.name} -> {option_.target}: {title}{due}"
        if option_.allowed:
            yield "    " + say("nothing stands in the way")
        yield from unmet_lines(option_.unmet, "    ")


@click.command(
    cls=Command,
    examples=(
        "lifecycle advance krasnogorsk complete_questionnaire --actor coordinator-1 \\",
        "    --evidence questionnaire_completion=screenshot.png",
        "lifecycle advance krasnogorsk receive_risk_profile --actor coordinator-1 \\",
        "    --evidence risk_profile=https://school.example/profile.pdf \\",
        """    --fact 'risks=[{"factor":"low_equipment","significance":"high"}]'""",
        "lifecycle advance krasnogorsk withdraw --actor coordinator-2 --reason school_closed \\",
        "    --evidence 'order=ref:52-A;2022-03-14;Tomari education department'",
        "lifecycle advance --batch march.csv --actor coordinator-1 --dry-run",
    ),
)
@argument("school", required=False, help="Id of the school.")
@argument("transition", required=False, help="Name of the transition.")
@batches.batch_options
@actor_option
@option(
    "--evidence",
    metavar="KIND[:ITEM]=PATH|URL|ref:NUMBER;DATE;ISSUER",
    multiple=True,
    help="A file, which is copied; a link; or a reference to an order. May be repeated.",
)
@option(
    "--fact",
    metavar="NAME=JSON",
    multiple=True,
    help="A fact; a bare code stands for a text. May be repeated.",
)
@option("--reason", metavar="CODE", help="Reason out of the transition's list.")
@comment_option
@effective_on_option
@command_id_option
@option(
    "--expect-version",
    metavar="N",
    type=Whole(0),
    help="Version that you have seen; another one is a conflict.",
)
@option("--dry-run", is_flag=True, help="Only tell what would come of it.")
@common_options
@click.pass_context
def advance(
    context: click.Context,
    school: str | None,
    transition: str | None,
    batch: str | None,
    stop_on_refusal: bool,
    per_transaction: int | None,
    actor: str | None,
    evidence: Sequence[str],
    fact: Sequence[str],
    reason: str | None,
    comment: str | None,
    effective_on: str | None,
    command_id: str | None,
    expect_version: int | None,
    dry_run: bool,
) -> None:
    """Make a transition of a school.

    Either all requirements are met and one record is added, or nothing changes and every unmet
    requirement is named with those who can mend it.

    With --batch, every line of a file is such a request; its columns are named as the arguments
    and options are. Lines that are not of the right form are told before anything is recorded.
    A line whose command id was recorded before is unchanged, whatever its comment says now:
    comments and contents of personal files are not compared, and the first ones stay.
    """
    session = Session.of(context)
    if batch is not None:
        batches.run(
            context,
            batch,
            actor,
            dry_run=dry_run,
            stop_on_refusal=stop_on_refusal,
            per_transaction=per_transaction,
        )
        return
    batches.refuse_alone(context)
    if school is None or transition is None:
        raise batches.missing(context, "school" if school is None else "transition")
    pieces, facts = arguments.evidence(evidence), arguments.facts(fact)
    with session.command(command_id) as request, session.engine() as engine:
        receipt = engine.advance(
            school,
            transition,
            actor=acting(session, engine, actor),
            evidence=pieces,
            facts=facts,
            reason=reason,
            comment=comment,
            effective_on=effective_on,
            command_id=request,
            expected_version=expect_version,
            dry_run=dry_run,
        )
    session.warn(receipt.notices)
    session.answer({"school": school, **documents.move(receipt)}, [batches.moved(school, receipt)])


@click.command(
    cls=Command,
    examples=(
        "lifecycle status",
        "lifecycle status --roadmap belgorod-2021 --json",
        "lifecycle status --at 2022-04-01T12:00:00+11:00",
        "lifecycle status --roadmap belgorod-2021 --on 2021-05-01",
    ),
)
@argument("school", required=False, help="Only this school.")
@option("--roadmap", metavar="ROADMAP", help="Only schools under this road map.")
@moments.at_option
@moments.on_option
@common_options
@click.pass_context
def status(
    context: click.Context, school: str | None, roadmap: str | None, at: str | None, on: str | None
) -> None:
    """Show where schools stand, or stood.

    One row for each school: its state, since when, by when it is to be left by the road map,
    and how many working days have passed since. The past is computed from the records alone, and
    lateness is judged as of then.
    """
    session = Session.of(context)
    asked = moments.asked(session, at, on)
    with session.engine() as engine:
        if asked.is_now:
            rows = engine.status_each(school, roadmap=roadmap)
        else:
            rows = engine.board_each(school, roadmap=roadmap, at=asked.at, on=asked.on)
        first = list(islice(rows, 1))
        if not first:
            _nobody(session, roadmap, asked)
        _board(session, chain(first, rows), asked, empty=not first)
    output.flush()


def _nobody(session: Session, roadmap: str | None, asked: moments.Asked) -> None:
    if roadmap is not None:
        session.tell("no such school takes part under {roadmap}", roadmap=roadmap)
    elif not asked.is_now:
        session.tell("no school took part yet")
    else:
        session.tell("no school is enrolled; enrol one: lifecycle enrol --help")


def _board(
    session: Session, rows: Iterator[StatusRow], asked: moments.Asked, *, empty: bool
) -> None:
    if session.as_json:
        held = output.Held()
        items = map(documents.board_row, rows)
        output.long_document([("schools", items), *asked.document.items()], held.write)
        held.release()
        return
    if empty:
        return
    heads = ("school", "road map", "state", "since", "due", "overdue", "name")
    output.table(
        [say(head) for head in heads],
        (
            (
                row.standing.school,
                row.standing.roadmap,
                row.standing.state,
                row.standing.entered_on,
                row.standing.due_on,
                row.days_overdue or None,
                row.standing.title,
            )
            for row in rows
        ),
    )
