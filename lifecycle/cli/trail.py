"""Commands on what was recorded: history, replay, verify."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import documents, moments, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.findings import finding_lines
from lifecycle.cli.forms import Command, Whole, argument, common_options, option
from lifecycle.cli.keys import kept, keys_option, trusted
from lifecycle.cli.language import say
from lifecycle.cli.pages import Page
from lifecycle.cli.session import Session
from lifecycle.domain.commitment import committed_in
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.audit.findings import Report
    from lifecycle.domain.commitment import Opened
    from lifecycle.domain.model import Evidence
    from lifecycle.domain.record import ActedAs, Record
    from lifecycle.service import Lifecycle, Snapshot


@click.command(
    cls=Command,
    examples=(
        "lifecycle history krasnogorsk",
        "lifecycle history --roadmap tomari-2022 --json",
        "lifecycle history --installation --after 500 --limit 100",
    ),
)
@argument("school", required=False, help="Id of the school.")
@option("--roadmap", metavar="ROADMAP", help="The records of a road map instead.")
@option("--installation", is_flag=True, help="The records on actors and administrators instead.")
@option(
    "--after",
    metavar="N",
    type=Whole(0),
    default="0",
    help="Only the records behind this place: the sequence of the last one that you have seen.",
)
@option("--limit", metavar="N", type=Whole(1), help="So many records at most; all if not given.")
@common_options
@click.pass_context
def history(
    context: click.Context,
    school: str | None,
    roadmap: str | None,
    installation: bool,
    after: int,
    limit: int | None,
) -> None:
    """Show the records of a school, in order.

    Who did what, in what role, on what evidence, when it happened and when it was written down;
    each record bears the hash of the one before it. Memory does not grow with their number.
    """
    if (school is not None) + (roadmap is not None) + installation != 1:
        raise click.UsageError(say("name one: SCHOOL, --roadmap ROADMAP or --installation"))
    session = Session.of(context)
    with session.engine() as engine:
        page = Page(engine, school, roadmap, after, limit)
        if not page.readable():
            session.tell("nothing was recorded yet on {roadmap}", roadmap=roadmap)
        if session.as_json:
            items = (documents.record(one, opened) for one, opened in page)
            output.long_document(_members(items, page))
        else:
            for one, opened in page:
                for text in record_lines(one, opened):
                    output.line(text)
        output.flush()
    if not session.as_json and page.next is not None:
        session.tell("there are more records: --after {sequence}", sequence=page.next)


def _members(items: Iterator[Mapping[str, Any]], page: Page) -> Iterator[tuple[str, Any]]:
    """Yield the members of the document; where it goes on is known behind the last record."""
    yield "records", items
    yield "next", page.next


def record_lines(record: Record, opened: Mapping[str, Opened]) -> Iterator[str]:
    """Yield the lines that show a record."""
    done = record.transition or record.kind
    way = f" {record.source or '-'} -> {record.target}" if record.target else ""
    yield f"{record.sequence:>4}  {record.effective_on}  {done}{way}"
    at = say("recorded {moment}", moment=moment_text(record.recorded_at))
    yield f"      {_who(record.actor)}; {at}"
    for piece in record.evidence:
        yield f"      {piece_text(piece, opened)}"
    if record.facts:
        for name, value in record.facts.items():
            yield f"      {name} = {json.dumps(value, ensure_ascii=False)}"
    if record.reason is not None:
        yield "      " + say("reason: {reason}", reason=record.reason)
    if record.comment is not None:
        yield "      " + say("comment: {text}", text=_seen(record.comment, opened))
    for place in _erasures(record, opened):
        yield "      " + say("erased by {place}", place=place)
    yield f"      {record.hash}"


def _who(actor: ActedAs) -> str:
    """Return who acted, for whom, and how it was known that it was he."""
    template = "{actor} as {role}, known by {how}"
    about = {"actor": actor.id, "role": actor.role}
    if actor.on_behalf_of is not None:
        template = "{actor} for {other} as {role}, known by {how}"
        about["other"] = actor.on_behalf_of
    return say(template, **about, how=actor.authentication)


def _erasures(record: Record, opened: Mapping[str, Opened]) -> list[str]:
    """Return the records by which what *record* committed to was erased."""
    seen = (opened[one.commitment].erasure for one in committed_in(record))
    return sorted({place for place in seen if place is not None})


def _seen(commitment: str, opened: Mapping[str, Opened]) -> str:
    seen = opened[commitment]
    if seen.value is not None:
        return seen.value
    return say("«erased»") if seen.state == "erased" else say("«missing»")


def piece_text(piece: Evidence, opened: Mapping[str, Opened]) -> str:
    """Return a piece of evidence in one line."""
    name = piece.kind if piece.item is None else f"{piece.kind}:{piece.item}"
    if piece.form == "link":
        return f"{name}: {piece.url}"
    if piece.form == "reference":
        dated = piece.dated.isoformat() if piece.dated else ""
        return f"{name}: {piece.number}; {dated}; {piece.issuer}"
    called = f" {_seen(piece.name, opened)}" if piece.name is not None else ""
    if piece.content is not None and opened[piece.content].state == "erased":
        called += " " + say("(personal file, destroyed with its key)")
    return f"{name}:{called} sha256 {piece.sha256} ({piece.size} B, {piece.media_type})"


@click.command(
    cls=Command,
    examples=(
        "lifecycle replay krasnogorsk",
        "lifecycle replay krasnogorsk --at 2022-04-01T12:00:00+11:00",
        "lifecycle replay --roadmap tomari-2022 --on 2022-04-01 --json",
        "lifecycle replay --all --at 2022-04-01",
    ),
)
@argument("school", required=False, help="Id of the school.")
@option("--roadmap", metavar="ROADMAP", help="All schools under this road map instead.")
@option("--all", "everything", is_flag=True, help="All schools instead.")
@moments.at_option
@moments.on_option
@common_options
@click.pass_context
def replay(
    context: click.Context,
    school: str | None,
    roadmap: str | None,
    everything: bool,
    at: str | None,
    on: str | None,
) -> None:
    """Show a school, a road map or all of them as of a moment.

    State, facts and evidence, computed from the records alone: by the time of recording, by the
    date that acts bear, or both.
    """
    if (school is not None) + (roadmap is not None) + everything != 1:
        raise click.UsageError(say("name one: SCHOOL, --roadmap ROADMAP or --all"))
    session = Session.of(context)
    asked = moments.asked(session, at, on)
    with session.engine() as engine:
        as_of = asked.at or engine.context.clock.now()
        if school is not None:
            one = engine.replay(school, at=asked.at, on=asked.on)
            opened = engine.people.opened(engine.history(school))
            document = documents.snapshot(one, as_of, opened)
            session.answer(document, _snapshot_lines(one, as_of, opened))
            return
        _replay_many(session, engine, roadmap, asked, as_of)


def _replay_many(
    session: Session, engine: Lifecycle, roadmap: str | None, asked: moments.Asked, as_of: datetime
) -> None:
    """Show many schools, one of them in memory at a time; nothing before all could be read."""
    held, count = output.Held(), 0
    each = engine.replay_each(roadmap=roadmap, at=asked.at, on=asked.on)
    with engine.people.opening() as opened:

        def snapshots() -> Iterator[tuple[Snapshot, Mapping[str, Opened]]]:
            nonlocal count
            for one, records in each:
                count += 1
                yield one, opened(records)

        if session.as_json:
            items = (documents.snapshot(one, as_of, seen) for one, seen in snapshots())
            about = {"as_of": moment_text(as_of), "on": documents.day(asked.on)}
            output.long_document([("schools", items), *about.items()], held.write)
        else:
            for one, seen in snapshots():
                for text in _snapshot_lines(one, as_of, seen):
                    held.line(text)
    if not count:
        session.tell("no school took part yet")
    held.release()


def _snapshot_lines(
    snapshot: Snapshot, as_of: datetime, opened: Mapping[str, Opened]
) -> Iterator[str]:
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
        yield f"  {piece_text(filed.evidence, opened)} [{filed.transition}, {filed.sequence}]"
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
    help="A checkpoint of a log that was verified: schools without a later record are compared,"
    " but their decisions are not made again.",
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
    given, believed = kept(checkpoints, "--checkpoint"), trusted(keys)
    vouched = next(iter(kept([since] if since else [], "--since")), None)
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
                waits=partial(_waited, session, progress),
            )
        finally:
            progress.end()
    session.answer(documents.report(report), _report_lines(report))
    if not report.ok:
        context.exit(FINDINGS)


def _waited(session: Session, progress: output.Progress, numbers: Sequence[int]) -> None:
    progress.end()
    session.tell(
        "waiting for processes that have answered nothing for 30 s: {numbers}; one that was stopped"
        " goes on by kill -CONT, and of one that is killed the share is verified here",
        numbers=", ".join(map(str, numbers)),
    )


def _report_lines(report: Report) -> Iterator[str]:
    yield from finding_lines(report.findings)
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
    if report.since is not None:
        template = (
            "{schools} schools: bodies hashed and columns compared, decisions not made again,"
            " since {size}"
        )
        yield say(template, schools=report.vouched, size=report.since)
    if report.opened or report.erased or report.missing:
        template = "comments and file names: {opened} opened, {erased} erased, {missing} missing"
        states = {"opened": report.opened, "erased": report.erased, "missing": report.missing}
        yield say(template, **states)
