"""The command ``lifecycle`` and what it takes."""

from __future__ import annotations

from typing import Final

import click

from lifecycle.cli import output
from lifecycle.cli.forms import Command, Group, Whole, common_options, option
from lifecycle.cli.language import spoken
from lifecycle.cli.session import Session

# What stands here is told by --help without loading thirty modules; a test compares it.
_LATER: Final = {
    name: (f"lifecycle.cli.{module}", short)
    for module, named in {
        "people": {
            "init": "Make a database and its first administrator.",
            "actor": "Register those who may be given roles.",
            "assign": "Give somebody a role.",
            "revoke": "Take a role from somebody.",
        },
        "credentials": {
            "token": "Issue, list and revoke personal tokens.",
            "key": "Make, add, list and revoke personal keys.",
        },
        "schools": {
            "enrol": "Let a school take part under a road map.",
            "explain": "Tell what a school can do next, and what is missing.",
            "advance": "Make a transition of a school.",
            "status": "Show where schools stand, or stood.",
        },
        "trail": {
            "history": "Show the records of a school, in order.",
            "replay": "Show a school, a road map or all of them as of a moment.",
            "verify": "Check everything that is stored against the history.",
        },
        "plan": {
            "plan": "Show a road map, plan against fact.",
            "activity": "Say what became of an activity of the office.",
            "indicators": "Show the results a road map expects, from the history.",
        },
        "due": {
            "overdue": "Show what is overdue, whose move it is, and who is told.",
        },
        "exports": {
            "calendar": "Write what is still open in a plan as a calendar file.",
        },
        "plans": {
            "roadmap": "Show the road maps, or import and check a new one.",
        },
        "programmes": {
            "programme": "Show the programmes, draw one, or check a new one.",
        },
        "schemas": {
            "schema": "Print the JSON Schema of programme or road map files.",
        },
        "persons": {
            "person": "Keep, show and erase people's data.",
            "evidence": "Take evidence files out again.",
            "refusals": "Show what was tried and refused.",
        },
        "stats": {
            "stats": "Show the installation in figures.",
        },
        "analysis": {
            "export": "Write the history as tables for analysis.",
        },
        "audit": {
            "audit": "Prove what happened, to those who trust nobody here.",
        },
        "database": {
            "db": "Look after the database itself.",
        },
    }.items()
    for name, short in named.items()
}


def _show_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    import json
    from importlib.metadata import version

    found = version("school-lifecycle")
    as_json = Session.of(context).as_json
    output.line(json.dumps({"version": found}) if as_json else f"lifecycle {found}")
    context.exit()


@click.group(
    cls=Group,
    later=_LATER,
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


program.add_command(demo)
