"""The command ``lifecycle`` and what it takes."""

from __future__ import annotations

import json

import click

from lifecycle.cli import output
from lifecycle.cli.audit import audit
from lifecycle.cli.backups import backup, restore
from lifecycle.cli.credentials import key, token
from lifecycle.cli.database import db
from lifecycle.cli.due import overdue
from lifecycle.cli.erasures import erasure_extract
from lifecycle.cli.exports import calendar, gantt
from lifecycle.cli.forms import Command, Group, Whole, common_options, option
from lifecycle.cli.language import spoken
from lifecycle.cli.people import actor, assign, init, revoke
from lifecycle.cli.persons import evidence, person, refusals
from lifecycle.cli.plan import activity, indicators, plan
from lifecycle.cli.plans import roadmap
from lifecycle.cli.programmes import programme
from lifecycle.cli.schemas import schema
from lifecycle.cli.schools import advance, enrol, explain, status
from lifecycle.cli.session import Session
from lifecycle.cli.trail import history, replay, verify


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from importlib.metadata import version

    found = version("school-lifecycle")
    as_json = Session.of(context).as_json
    output.line(json.dumps({"version": found}) if as_json else f"lifecycle {found}")
    context.exit()


@click.group(
    cls=Group,
    examples=(
        "lifecycle demo --db sqlite:///demo.db",
        "lifecycle init --administrator admin",
        "lifecycle explain SCHOOL",
    ),
)
@option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@common_options
def program() -> None:
    """Lead schools through a programme; the history proves itself.

    Every move is decided by the rules in force, kept as a record, and can be replayed and
    verified years later.

    Exit codes: 0 done; 1 unexpected; 2 usage; 3 not found; 4 refused by the rules; 5 invalid
    input; 6 findings; 7 conflict; 8 storage.
    """


@click.command(
    cls=Command,
    examples=("lifecycle demo --db sqlite:///demo.db", "lifecycle demo --schools 5 --lang ru"),
)
@option(
    "--schools",
    metavar="N",
    type=Whole(1),
    default="22",
    help="How many schools of Belgorod to lead beside the ten others; 22 if not given.",
)
@common_options
@click.pass_context
def demo(context: click.Context, schools: int) -> None:
    """Lead schools and offices through five real road maps.

    Makes a new database, enrols the schools, assigns people, moves every school with real
    evidence files, works on the plans, and prints the board, one history, the indicators, what
    is overdue and the verification. The database stays, to be tried on.
    """
    from lifecycle.demo import run

    session = Session.of(context)
    output.check_open()
    lines = (lambda text: None) if session.as_json else output.line
    summary = run(
        session.url,
        schools,
        spoken(),
        out=lines,
        progress=output.tell,
        evidence=session.evidence,
    )
    session.answer(summary, ())


for _command in (
    init,
    actor,
    token,
    key,
    assign,
    revoke,
    enrol,
    explain,
    advance,
    status,
    history,
    replay,
    plan,
    activity,
    overdue,
    indicators,
    calendar,
    roadmap,
    programme,
    schema,
    verify,
    person,
    evidence,
    refusals,
    audit,
    db,
    demo,
):
    program.add_command(_command)
roadmap.add_command(gantt)
db.add_command(backup)
db.add_command(restore)
audit.add_command(erasure_extract)
