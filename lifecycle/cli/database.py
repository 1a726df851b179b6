"""The group ``lifecycle db``: the database itself, apart from what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import documents, output
from lifecycle.cli.backups import accept_option, backup, restore
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.findings import finding_lines
from lifecycle.cli.forms import Command, Group, common_options
from lifecycle.cli.language import say, shown
from lifecycle.cli.session import Session
from lifecycle.cli.sharding import shard

if TYPE_CHECKING:
    from lifecycle.storage.rebuilding import Difference, Rebuilt

TEMPLATES = {
    "missing": "{table}: {key} was missing",
    "invented": "{table}: {key} was invented",
    "differs": "{table}: {key} was another",
}
"""What was wrong with a row that was rebuilt."""

LEVELS = {"hazard": "hazard", "advice": "advice", "note": "note"}
"""How bad a symptom is."""


@click.group(
    cls=Group,
    examples=("lifecycle db doctor", "lifecycle db backup --to /mnt/backups"),
)
@common_options
def db() -> None:
    """Look after the database itself."""


@db.command(cls=Command, examples=("lifecycle db check", "lifecycle db check --json"))
@common_options
@click.pass_context
def check(context: click.Context) -> None:
    """Compare the schema with the one that a release made.

    Tables, indexes and triggers are looked at; a schema of an earlier release is named. What the
    tables hold is checked by verify, and what endangers them by doctor. Ends with 6 when
    something is found.
    """
    from lifecycle.storage.tables import SCHEMA
    from lifecycle.storage.upgrading import revision_of

    session = Session.of(context)
    with session.engine() as engine, engine.context.journal.auditing() as view:
        found = view.schema_findings()
    revision = revision_of(session.url)
    session.answer({"findings": found, "schema": revision}, _findings(found))
    if revision != SCHEMA:
        session.tell(
            "the schema {found} is of an earlier release; before anything is written, run:"
            " lifecycle db upgrade",
            found=revision,
        )
    if found:
        context.exit(FINDINGS)


def _findings(found: Sequence[str]) -> Iterator[str]:
    yield from found
    yield (
        say("the schema is as a release made it")
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
    from lifecycle.maintenance import grant_roles

    session = Session.of(context)
    roles = grant_roles(session.url)
    session.answer({"roles": list(roles)}, [say("granted: {role}", role=role) for role in roles])


@db.command(cls=Command, examples=("lifecycle db doctor", "lifecycle db doctor --json"))
@common_options
@click.pass_context
def doctor(context: click.Context) -> None:
    """Name what endangers the database and its evidence files.

    Settings of the server, the linked SQLite, file systems, rights, room, the clock, records that
    nobody seals: each with what it means and how it is mended. Also where the engine refuses to
    open the database. What it holds is checked by verify. Ends with 6 if something is a hazard.
    """
    from lifecycle.maintenance import diagnose

    session = Session.of(context)
    output.check_open()
    found = diagnose(session.url, evidence=session.evidence)
    hazards = sum(one.level == "hazard" for one in found)
    told = [
        {
            "code": one.code,
            "level": one.level,
            "message": shown(one.message),
            "remedy": shown(one.remedy) if one.remedy else None,
        }
        for one in found
    ]
    session.answer({"hazards": hazards, "symptoms": told}, _symptoms(told, hazards))
    if hazards:
        context.exit(FINDINGS)


def _symptoms(told: Sequence[dict[str, Any]], hazards: int) -> Iterator[str]:
    for one in told:
        yield f"{say(LEVELS[one['level']])}: {one['message']} [{one['code']}]"
        if one["remedy"]:
            yield f"  {one['remedy']}"
    yield say("hazards: {count}", count=hazards)


@db.command(cls=Command, examples=("lifecycle db upgrade", "lifecycle db upgrade --json"))
@common_options
@click.pass_context
def upgrade(context: click.Context) -> None:
    """Bring the schema of an earlier release up to date.

    The history is not touched. It happens as a whole or not at all; back the database up before,
    and on PostgreSQL run it as the owner of the tables. Nothing is upgraded unasked: until then
    the database is read and verified as it is, and not written to.
    """
    from lifecycle.maintenance import upgrade_schema

    session = Session.of(context)
    output.check_open()
    before, after = upgrade_schema(session.url)
    template = "the schema was {before} and is {after} now"
    if before == after:
        template = "the schema is {after}, the newest one, already"
    session.answer({"before": before, "after": after}, [say(template, before=before, after=after)])


@db.command(cls=Command, examples=("lifecycle db rebuild", "lifecycle db rebuild --json"))
@accept_option
@common_options
@click.pass_context
def rebuild(context: click.Context, accept: bool) -> None:
    """Rebuild from the records what follows from them.

    Heads of the streams, board, roles, actors and credentials, in one transaction, which others
    who write wait for; only rows that differ are written, and told. The records are verified
    first: if they do not verify, or if a row knows of later records than there are, nothing is
    rebuilt, and the command ends with 6. Such a row may be the last trace of records that
    somebody removed: restore a backup, and only where there is none give --accept-findings.
    """
    from lifecycle.maintenance import rebuild as rebuild_in

    session = Session.of(context)
    progress = output.Progress(say("records verified: {count}", count="{count}"))
    with session.engine() as engine:
        try:
            done = rebuild_in(engine, session.url, progress, accept=accept)
        finally:
            progress.end()
    session.answer(_rebuilt(done), _rebuilt_lines(done))
    if done.hindering:
        context.exit(FINDINGS)


def _rebuilt(done: Rebuilt) -> dict[str, Any]:
    return {
        "records": done.records,
        "rebuilt": [
            {"table": one.table, "key": one.key, "what": one.what} for one in done.differences
        ],
        "findings": [documents.finding(one) for one in done.hindering],
    }


def _rebuilt_lines(done: Rebuilt) -> Iterator[str]:
    if done.hindering:
        yield from finding_lines(done.hindering)
        yield say("nothing was rebuilt")
        return
    for one in done.differences:
        yield _difference(one)
    count = len(done.differences)
    yield say("{records} records, rows rebuilt: {count}", records=done.records, count=count)


def _difference(one: Difference) -> str:
    return say(TEMPLATES[one.what], table=one.table, key=one.key)


for _command in (backup, restore, shard):
    db.add_command(_command)
