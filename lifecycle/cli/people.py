"""Commands of administrators: init, actor add, assign, revoke."""

from __future__ import annotations

from typing import Any, Final, Literal

import click

from lifecycle.cli import documents, output
from lifecycle.cli.forms import Command, Group, argument, common_options, option, together
from lifecycle.cli.identity import acting, actor_option
from lifecycle.cli.language import say
from lifecycle.cli.schools import command_id_option, effective_on_option
from lifecycle.cli.session import Session
from lifecycle.domain.model import ADMINISTRATOR, AUDITOR

# What is asked to give or to take a role, behind the actor it is about.
_role_options: Final = together(
    argument("role", help="Role of the programme, administrator or auditor."),
    option("--school", metavar="SCHOOL", help="The role is held on this school."),
    option(
        "--roadmap", metavar="ROADMAP", help="The role is held on all schools of this road map."
    ),
    actor_option,
    effective_on_option,
    command_id_option,
    common_options,
    click.pass_context,
)


@click.command(
    cls=Command,
    examples=(
        "lifecycle init --administrator admin",
        "lifecycle init --db sqlite:////srv/lifecycle.db --administrator admin",
    ),
)
@option("--administrator", metavar="ID", required=True, help="Id of the first administrator.")
@common_options
@click.pass_context
def init(context: click.Context, administrator: str) -> None:
    """Make a database and its first administrator.

    Ids of people are opaque: letters, digits, '_', '.', '-'; a person's name does not belong
    into records that are never erased.
    """
    from lifecycle.wiring import create_lifecycle, operating_system_actor

    session = Session.of(context)
    output.check_open()
    with create_lifecycle(
        session.url,
        administrator=operating_system_actor(administrator),
        evidence=session.evidence,
        definitions=session.definitions,
    ) as engine:
        records = engine.administration()
    session.answer(
        {
            "database": session.shown_url,
            "administrator": administrator,
            "origin": records[-1].origin,
            "version": records[-1].sequence,
            "hash": records[-1].hash,
        },
        [
            say(
                "{url} is ready; administrator: {administrator}",
                url=session.shown_url,
                administrator=administrator,
            )
        ],
    )
    session.tell("next: register people, give them roles, enrol a school")
    for example in (
        f"lifecycle actor add ID --actor {administrator}",
        f"lifecycle assign ID municipal_coordinator --roadmap tomari-2022 --actor {administrator}",
        f"lifecycle enrol SCHOOL --roadmap tomari-2022 --title TEXT --actor {administrator}",
    ):
        output.tell(f"  {example}")


@click.group(cls=Group, examples=("lifecycle actor add curator-1 --actor admin",))
@common_options
def actor() -> None:
    """Register those who may be given roles."""


@actor.command(
    "add",
    cls=Command,
    examples=("lifecycle actor add curator-1 --name 'Т. Петрова' --actor admin",),
)
@argument("id", help="Opaque id of the new actor.")
@option("--name", metavar="TEXT", help="Name; kept outside the history, where it can be erased.")
@actor_option
@command_id_option
@common_options
@click.pass_context
def add_actor(
    context: click.Context, id: str, name: str | None, actor: str | None, command_id: str | None
) -> None:
    """Register an actor.

    Records name people by their opaque ids only.
    """
    session = Session.of(context)
    with session.command(command_id) as request, session.engine() as engine:
        administrator = acting(session, engine, actor)
        receipt = engine.add_actor(id, actor=administrator, name=name, command_id=request)
    session.answer(
        {"actor": id, **documents.receipt(receipt)}, [say("actor {id} is registered", id=id)]
    )


@click.command(
    cls=Command,
    examples=(
        "lifecycle assign coordinator-1 municipal_coordinator --roadmap tomari-2022 --actor admin",
        "lifecycle assign curator-1 curator --school krasnogorsk --actor admin",
        "lifecycle assign admin-2 administrator --actor admin",
    ),
)
@argument("actor_id", metavar="ACTOR", help="Who gets the role.")
@_role_options
def assign(context: click.Context, /, **given: Any) -> None:
    """Give somebody a role.

    On a school or on a road map; only administrator and auditor are held on neither. The first
    assignment on a road map puts its rules in force. Done by an administrator; nobody is both
    administrator and auditor.
    """
    template = "{actor} is {role} now, by record {sequence} of {stream}"
    _change(Session.of(context), "assign", template, **given)


@click.command(
    cls=Command,
    examples=("lifecycle revoke curator-1 curator --school krasnogorsk --actor admin",),
)
@argument("actor_id", metavar="ACTOR", help="Who loses the role.")
@_role_options
def revoke(context: click.Context, /, **given: Any) -> None:
    """Take a role from somebody.

    What was done in the role stays in the history. The last administrator cannot be removed.
    """
    template = "{actor} is {role} no more, by record {sequence} of {stream}"
    _change(Session.of(context), "revoke", template, **given)


def _check_scope(role: str, school: str | None, roadmap: str | None) -> None:
    if school is not None and roadmap is not None:
        raise click.UsageError(say("give --school or --roadmap, not both"))
    if school is None and roadmap is None and role not in (ADMINISTRATOR, AUDITOR):
        template = "say where {role} is held: --school SCHOOL or --roadmap ROADMAP"
        raise click.UsageError(say(template, role=role))


def _change(
    session: Session,
    change: Literal["assign", "revoke"],
    template: str,
    *,
    actor_id: str,
    role: str,
    school: str | None,
    roadmap: str | None,
    actor: str | None,
    effective_on: str | None,
    command_id: str | None,
) -> None:
    """Give or take a role, and say so by *template*."""
    _check_scope(role, school, roadmap)
    with session.command(command_id) as request, session.engine() as engine:
        receipt = (engine.assign if change == "assign" else engine.revoke)(
            actor_id,
            role,
            actor=acting(session, engine, actor),
            school=school,
            roadmap=roadmap,
            effective_on=effective_on,
            command_id=request,
        )
    session.warn(receipt.notices)
    record = receipt.record
    session.answer(
        {
            "actor": actor_id,
            "role": role,
            "school": school,
            "roadmap": roadmap,
            **documents.receipt(receipt),
        },
        [say(template, actor=actor_id, role=role, sequence=record.sequence, stream=record.stream)],
    )
