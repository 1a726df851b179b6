"""The group ``lifecycle db``: the database itself, apart from what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.forms import Command, Group, common_options
from lifecycle.cli.language import say
from lifecycle.cli.session import Session
from lifecycle.cli.sharding import shard


@click.group(
    cls=Group,
    examples=("lifecycle db check", "lifecycle db grant --db postgresql://owner@server/name"),
)
@common_options
def db() -> None:
    """Look after the database itself."""


@db.command(cls=Command, examples=("lifecycle db check", "lifecycle db check --json"))
@common_options
@click.pass_context
def check(context: click.Context) -> None:
    """Compare the schema with that of this release.

    Tables, indexes and triggers are looked at. A database whose settings endanger what was
    acknowledged is not opened, and the setting is named. What the tables hold is checked by
    verify. Ends with 6 when something is found.
    """
    session = Session.of(context)
    with session.engine() as engine, engine.context.journal.auditing() as view:
        found = view.schema_findings()
    session.answer({"findings": found}, _findings(found))
    if found:
        context.exit(FINDINGS)


def _findings(found: Sequence[str]) -> Iterator[str]:
    yield from found
    yield (
        say("the schema is that of this release")
        if not found
        else say("findings in the schema: {count}", count=len(found))
    )


@db.command(cls=Command, examples=("lifecycle db grant --db postgresql://owner@server/name",))
@common_options
@click.pass_context
def grant(context: click.Context) -> None:
    """Make the roles of PostgreSQL, and give each what it needs.

    lifecycle_app carries out requests, lifecycle_sequencer seals, lifecycle_auditor reads; none
    can change the history, and none can log in. Run it as the owner of the tables, who may make
    roles, and give the roles to the accounts of the programs: GRANT lifecycle_app TO account.
    """
    from lifecycle.wiring import grant_roles

    session = Session.of(context)
    roles = grant_roles(session.url)
    session.answer({"roles": list(roles)}, [say("granted: {role}", role=role) for role in roles])


db.add_command(shard)
