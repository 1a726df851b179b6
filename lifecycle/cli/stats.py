"""The command on the installation as a whole: stats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli.forms import Command, common_options, option
from lifecycle.cli.language import say
from lifecycle.cli.session import Session
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.service.stats import Stats


@click.command(
    cls=Command,
    examples=("lifecycle stats", "lifecycle stats --evidence --from /mnt/usb --json"),
)
@option("--evidence", is_flag=True, help="Count the evidence files, too: each is looked at.")
@option(
    "--from",
    "folders",
    metavar="FOLDER",
    multiple=True,
    help="Tell the largest checkpoint that is kept in this folder; may be repeated.",
)
@common_options
@click.pass_context
def stats(context: click.Context, evidence: bool, folders: tuple[str, ...]) -> None:
    """Show the installation in figures.

    Records, what waits for the log and for how long, the last checkpoint, schools by state, rules
    in use, refusals, sizes. Cheap, whatever the number of records: none of them is read. Nothing
    is proved by it: see verify and audit watch.
    """
    session = Session.of(context)
    outside = {folder: _largest(Path(folder)) for folder in folders}
    with session.engine() as engine:
        document = _document(engine.stats(evidence=evidence), outside)
    session.answer(document, _lines(document))


def _largest(folder: Path) -> int | None:
    """Return the size of the largest checkpoint in a folder, believed as it lies there."""
    from lifecycle.audit.note import Checkpoint, NoteInvalid, parse_note
    from lifecycle.storage.places import Folder

    sizes: list[int] = []
    for kept in Folder(folder).notes():
        try:
            sizes.append(Checkpoint.parse(parse_note(kept.text).text).size)
        except NoteInvalid:
            continue
    return max(sizes, default=None)


def _document(found: Stats, outside: dict[str, int | None]) -> dict[str, Any]:
    figures, signed, used = found.figures, found.checkpoint, found.evidence
    rules, states = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in figures.schools:
        rules[one.roadmap, one.definition] += one.schools
        states[one.roadmap, one.state] += one.schools
    waited = found.waited
    return {
        "backend": found.backend,
        "schema": figures.schema,
        "records": found.records,
        "log": {
            "size": figures.sealed,
            "waiting": figures.waiting,
            "oldest": None if figures.oldest is None else moment_text(figures.oldest),
            "waited_seconds": None if waited is None else round(waited.total_seconds()),
            "delay_seconds": round(found.delay.total_seconds()),
            "late": found.late,
        },
        "checkpoint": None if signed is None else {"size": signed.size, "at": signed.at},
        "unsigned": found.unsigned,
        "outside": [{"folder": name, "size": size} for name, size in outside.items()],
        "schools": sum(rules.values()),
        "states": [
            {"roadmap": roadmap, "state": state, "schools": schools}
            for (roadmap, state), schools in sorted(states.items())
        ],
        "definitions": [
            {"roadmap": roadmap, "digest": digest, "schools": schools}
            for (roadmap, digest), schools in sorted(rules.items())
        ],
        "refusals": figures.refusals,
        "bytes": figures.stored_bytes,
        "bytes_per_record": None
        if found.bytes_per_record is None
        else round(found.bytes_per_record),
        "evidence": None if used is None else {"files": used.files, "bytes": used.size},
    }


def _lines(document: dict[str, Any]) -> Iterator[str]:
    log, signed, used = document["log"], document["checkpoint"], document["evidence"]
    revision = document["schema"] or "-"
    yield say("storage: {backend}, schema {revision}", backend=document["backend"],
              revision=revision)  # fmt: skip
    yield say("records: {count}", count=document["records"])
    yield say("log: {size} sealed, {waiting} waiting", size=log["size"], waiting=log["waiting"])
    if log["waited_seconds"] is not None:
        template = "the oldest has waited for {seconds} s; published: {limit} s"
        if log["late"]:
            template = "LATE: the oldest has waited for {seconds} s; published: {limit} s"
        yield "  " + say(template, seconds=log["waited_seconds"], limit=log["delay_seconds"])
    if signed is None:
        yield say("no checkpoint was signed yet")
    else:
        template = "last checkpoint: {size} records, {moment}; records after it: {count}"
        yield say(template, size=signed["size"], moment=signed["at"], count=document["unsigned"])
    for one in document["outside"]:
        size = "-" if one["size"] is None else one["size"]
        yield say("kept in {folder}: {size}", folder=one["folder"], size=size)
    yield say("schools: {count}", count=document["schools"])
    for one in document["states"]:
        yield f"  {one['roadmap']}  {one['state']}  {one['schools']}"
    for one in document["definitions"]:
        template = "rules of {roadmap}: {digest}, schools: {count}"
        yield say(template, roadmap=one["roadmap"], digest=one["digest"][:12],
                  count=one["schools"])  # fmt: skip
    yield say("refused attempts: {count}", count=document["refusals"])
    if document["bytes"] is not None:
        template = "database: {count} bytes, {each} a record"
        yield say(template, count=document["bytes"], each=document["bytes_per_record"])
    if used is not None:
        template = "evidence files: {count}, {size} bytes"
        yield say(template, count=used["files"], size=used["bytes"])
