"""Commands that show the past to auditors: audit timeline, audit report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lifecycle.cli import documents, files, output
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session
from lifecycle.cli.trail import record_lines
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.domain.commitment import Opened
    from lifecycle.domain.model import RefusedAttempt
    from lifecycle.service.past import Entry, Timeline


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit timeline krasnogorsk",
        "lifecycle audit timeline krasnogorsk --json",
    ),
)
@argument("school", help="Id of the school.")
@common_options
@click.pass_context
def timeline(context: click.Context, school: str) -> None:
    """Show all that happened with a school, in order.

    Every record with what was known and what was true from then on, the gap between the date an
    act bears and the day it was written down, reasons, evidence and hashes; and the attempts that
    were refused. Those are kept outside the history: nothing proves that they are complete.
    """
    session = Session.of(context)
    with session.engine() as engine:
        found = engine.timeline(school)
        opened = engine.people.opened(entry.record for entry in found.entries)
    document = documents.timeline(school, found, opened)
    session.answer(document, _timeline_lines(found, opened))


def _timeline_lines(found: Timeline, opened: Mapping[str, Opened]) -> Iterator[str]:
    refusals = list(found.refusals)
    for entry in found.entries:
        while refusals and refusals[0].at <= entry.record.recorded_at:
            yield from _refusal_lines(refusals.pop(0))
        yield from _entry_lines(entry, opened)
    for attempt in refusals:
        yield from _refusal_lines(attempt)


def _entry_lines(entry: Entry, opened: Mapping[str, Opened]) -> Iterator[str]:
    *lines, hashed = record_lines(entry.record, opened)
    yield from lines
    if entry.days_between:
        template = "! days from the date it bears to the day it was written down: {days}"
        yield "      " + say(template, days=entry.days_between)
    template = "known from then on: {state}; true from {day}"
    yield "      " + say(template, state=entry.state, day=entry.true_from)
    yield hashed


def _refusal_lines(attempt: RefusedAttempt) -> Iterator[str]:
    yield "   -  " + say(
        "refused: {what} by {actor}, {moment}",
        what=attempt.what,
        actor=attempt.actor,
        moment=moment_text(attempt.at),
    )
    for reason in attempt.unmet:
        told = json.dumps(reason.get("parameters", {}), ensure_ascii=False)
        yield f"      {reason.get('code')}: {told}"


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit report --out audit.html",
        "lifecycle audit report --out tomari.html --roadmap tomari-2022 --lang ru",
    ),
)
@option("--out", metavar="FILE", required=True, help="Where to write it, such as audit.html.")
@option("--roadmap", metavar="ROADMAP", help="Only schools under this road map.")
@files.force_option
@common_options
@click.pass_context
def report(context: click.Context, out: str, roadmap: str | None, force: bool) -> None:
    """Write the whole past into one HTML file.

    The board with a slider over time, every school's history with reasons, evidence and hashes,
    search, both languages, printable. It needs no network and opens from an e-mail. It shows what
    the database holds and proves nothing by itself; lifecycle verify does.
    """
    from lifecycle.report import report_html

    session = Session.of(context)
    files.check_free(Path(out), force=force)
    progress = output.Progress(say("schools read: {count}", count="{count}"))
    with session.engine() as engine, engine.histories(roadmap) as past:
        try:
            made = report_html(
                past.schools,
                origin=past.origin,
                size=past.records,
                made_at=past.read_at,
                days_late=engine.context.calendar.days_late,
                checkpoint=past.checkpoint,
                language=spoken(),
                roadmap=roadmap,
                progress=progress,
            )
        finally:
            progress.end()
    with files.written(Path(out), force=force) as beside, beside.open("wb") as stream:
        size = sum(map(stream.write, made.pieces()))
    session.answer(
        {
            "file": out,
            "roadmap": roadmap,
            "schools": made.schools,
            "records": made.records,
            "bytes": size,
        },
        [say("{file} is written, schools: {count}", file=out, count=made.schools)],
    )
