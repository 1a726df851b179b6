"""Commands on what was recorded: history, replay, verify."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from lifecycle.cli import arguments, documents, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.keys import kept, keys_option, trusted
from lifecycle.cli.language import say, shown
from lifecycle.cli.session import Session
from lifecycle.domain.errors import UnknownRoadmap
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.audit.findings import Report
    from lifecycle.domain.model import Evidence
    from lifecycle.domain.record import Record
    from lifecycle.service import Lifecycle, Snapshot


@click.command(
    cls=Command,
    examples=(
        "lifecycle history krasnogorsk",
        "lifecycle history --roadmap tomari-2022 --json",
        "lifecycle history --installation",
    ),
)
@argument("school", required=False, help="Id of the school.")
@option("--roadmap", metavar="ROADMAP", help="The records of a road map instead.")
@option("--installation", is_flag=True, help="The records on actors and administrators instead.")
@common_options
@click.pass_context
def history(
    context: click.Context, school: str | None, roadmap: str | None, installation: bool
) -> None:
    """Show the records of a school, in order.

    Who did what, in what role, on what evidence, when it happened and when it was written down;
    each record bears the hash of the one before it.
    """
    if (school is not None) + (roadmap is not None) + installation != 1:
        raise click.UsageError(say("name one: SCHOOL, --roadmap ROADMAP or --installation"))
    session = Session.of(context)
    with session.engine() as engine:
        records = _of_office(engine, roadmap) if school is None else engine.history(school)
    if not records:
        session.tell("nothing was recorded yet on {roadmap}", roadmap=roadmap)
    session.answer(documents.history(records), (text for one in records for text in _record(one)))


def _of_office(engine: Lifecycle, roadmap: str | None) -> list[Record]:
    try:
        return engine.administration(roadmap)
    except UnknownRoadmap:
        if roadmap in engine.context.definitions.roadmaps():
            return []  # there is such a road map, but nothing was done under it yet
        raise


def _record(record: Record) -> Iterator[str]:
    done = record.transition or record.kind
    way = f" {record.source or '-'} -> {record.target}" if record.target else ""
    yield f"{record.sequence:>4}  {record.effective_on}  {done}{way}"
    who = say("{actor} as {role}", actor=record.actor.id, role=record.actor.role)
    at = say("recorded {moment}", moment=moment_text(record.recorded_at))
    yield f"      {who}; {at}"
    for piece in record.evidence:
        yield f"      {piece_text(piece)}"
    if record.facts:
        for name, value in record.facts.items():
            yield f"      {name} = {json.dumps(value, ensure_ascii=False)}"
    if record.reason is not None:
        yield "      " + say("reason: {reason}", reason=record.reason)
    yield f"      {record.hash}"


def piece_text(piece: Evidence) -> str:
    """Return a piece of evidence in one line."""
    name = piece.kind if piece.item is None else f"{piece.kind}:{piece.item}"
    if piece.form == "link":
        return f"{name}: {piece.url}"
    if piece.form == "reference":
        dated = piece.dated.isoformat() if piece.dated else ""
        return f"{name}: {piece.number}; {dated}; {piece.issuer}"
    return f"{name}: sha256 {piece.sha256} ({piece.size} B, {piece.media_type})"


@click.command(
    cls=Command,
    examples=(
        "lifecycle replay krasnogorsk",
        "lifecycle replay krasnogorsk --at 2022-04-01T12:00:00+11:00",
        "lifecycle replay krasnogorsk --on 2022-04-01 --json",
    ),
)
@argument("school", help="Id of the school.")
@option(
    "--at",
    metavar="MOMENT",
    help="What was known then: only what had been recorded by this moment. A date alone means"
    " the end of that day, UTC.",
)
@option("--on", metavar="DATE", help="What was true then: only acts that bear this date or before.")
@common_options
@click.pass_context
def replay(context: click.Context, school: str, at: str | None, on: str | None) -> None:
    """Show a school as it was, computed from its records alone.

    State, facts and evidence, by the time of recording, by the date that acts bear, or both.
    """
    session = Session.of(context)
    moment, assumed = (None, False) if at is None else arguments.moment(at)
    with session.engine() as engine:
        snapshot = engine.replay(school, at=moment, on=on)
        as_of = moment or engine.context.clock.now()
    if assumed:
        session.tell("no time zone given: taken as {moment}", moment=moment_text(as_of))
    session.answer(documents.snapshot(snapshot, as_of), _snapshot_lines(snapshot, as_of))


def _snapshot_lines(snapshot: Snapshot, as_of: datetime) -> Iterator[str]:
    known, at = snapshot.participation, moment_text(as_of)
    if snapshot.effective_by is not None and snapshot.recorded_by is None:
        at = snapshot.effective_by.isoformat()
    if known is None:
        yield say(
            "{school} did not take part yet as of {moment}", school=snapshot.school, moment=at
        )
        return
    yield say(
        "{school} as of {moment}: {state}, version {version}",
        school=snapshot.school,
        moment=at,
        state=known.state,
        version=known.version,
    )
    for name, value in known.facts.items():
        yield f"  {name} = {json.dumps(value, ensure_ascii=False)}"
    for filed in known.evidence:
        yield f"  {piece_text(filed.evidence)} [{filed.transition}, {filed.sequence}]"
    for held in known.assignments:
        yield "  " + say("{actor} as {role}", actor=held.actor, role=held.role)


@click.command(
    cls=Command,
    examples=(
        "lifecycle verify",
        "lifecycle verify --db sqlite:///copy.db --json",
        "lifecycle verify --checkpoint /mnt/usb/latest --key log.vkey",
        "lifecycle verify --since /mnt/usb/latest --key log.vkey --workers 4",
    ),
)
@option(
    "--checkpoint",
    "checkpoints",
    metavar="FILE",
    multiple=True,
    help="A checkpoint that you kept; may be repeated.",
)
@option(
    "--since",
    metavar="FILE",
    help="A checkpoint of a log that was verified: only what came later is decided again.",
)
@keys_option
@option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many processes check at once; left out, one, and for large histories one per core.",
)
@common_options
@click.pass_context
def verify(
    context: click.Context,
    checkpoints: tuple[str, ...],
    since: str | None,
    keys: tuple[str, ...],
    workers: int | None,
) -> None:
    """Check everything that is stored against the history.

    Bodies, columns, chains, the board, roles, definitions, evidence files, every decision by
    the rules then in force, and the log. Ends with 0 when nothing is found and with 6 when
    something is. What was cut off, removed as a whole or set back to a copy is shown by a
    checkpoint that you kept outside, and by nothing else.
    """
    from lifecycle.wiring import verify as verify_engine

    session = Session.of(context)
    if (checkpoints or since) and not keys:
        raise click.UsageError(say("name the key of the log: --key VKEY"))
    given, believed = kept(checkpoints), trusted(keys)
    vouched = next(iter(kept([since] if since else [])), None)
    progress = output.Progress(say("records verified: {count}", count="{count}"))
    with session.engine() as engine:
        try:
            report = verify_engine(
                engine,
                progress,
                checkpoints=given,
                keys=believed,
                since=vouched,
                workers=workers,
            )
        finally:
            progress.end()
    session.answer(documents.report(report), _report_lines(report))
    if not report.ok:
        context.exit(FINDINGS)


def _report_lines(report: Report) -> Iterator[str]:
    for found in report.findings:
        yield f"{found.place}: {found.code}: {shown(found.message)}"
    counts = {
        "records": report.records,
        "streams": report.streams,
        "findings": len(report.findings),
    }
    if report.ok:
        yield say("sound: {records} records in {streams} streams, nothing found", **counts)
    else:
        template = "not sound: {records} records in {streams} streams, findings: {findings}"
        yield say(template, **counts)
