"""Commands on what travels to an auditor: bundle, verifier."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle import events
from lifecycle.cli import files, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.forms import Command, common_options, option
from lifecycle.cli.keys import read_note, trusted
from lifecycle.cli.language import say
from lifecycle.cli.proofs import latest
from lifecycle.cli.proofs import older as older_than
from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidInput, UnknownSchool
from lifecycle.telemetry import span

if TYPE_CHECKING:
    from lifecycle.audit.bundle import Choice, Summary
    from lifecycle.service import Lifecycle


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit bundle --out bundle.zip --key log.vkey",
        "lifecycle audit bundle --out school.zip --school krasnogorsk --evidence",
    ),
)
@option("--out", metavar="FILE", required=True, help="Where to write it, such as bundle.zip.")
@option(
    "--school",
    "schools",
    metavar="SCHOOL",
    multiple=True,
    help="Only this school, with the streams that its decisions looked at; may be repeated.",
)
@option("--evidence", is_flag=True, help="With the evidence files; personal ones stay encrypted.")
@option("--key", metavar="VKEY", help="Put the log's public key in it, as a line or a file.")
@option(
    "--from",
    "since",
    metavar="FILE",
    multiple=True,
    help="Prove the growth from this checkpoint as well; may be repeated.",
)
@option("--unsound", is_flag=True, help="Write it although the history has findings.")
@files.force_option
@common_options
@click.pass_context
def bundle(
    context: click.Context,
    out: str,
    schools: tuple[str, ...],
    evidence: bool,
    key: str | None,
    since: tuple[str, ...],
    unsound: bool,
    force: bool,
) -> None:
    """Write all that an auditor needs into one archive.

    Records, definitions, checkpoints and proofs under the newest checkpoint, and the program
    that verifies them anywhere. The whole history is verified first; with findings nothing is
    written and the command ends with 6, unless --unsound asks for it as evidence.
    """
    from lifecycle.audit.bundle import Choice, write_bundle
    from lifecycle.audit.note import NoteInvalid

    session = Session.of(context)
    files.check_free(Path(out), force=force)
    keys = trusted([key] if key is not None else [])
    older = tuple(read_note(Path(one), "--from") for one in since)
    with session.engine() as engine:
        _check_older(engine, older)
        found = _findings(engine, schools)
        if found and not unsound:
            session.answer(
                {"file": None, "findings": found},
                [say("not sound, findings: {findings}; nothing is written", findings=found)],
            )
            context.exit(FINDINGS)
        choice = Choice(
            schools=tuple(sorted(set(schools))) or None,
            evidence=evidence,
            keys=tuple(keys),
            findings=found,
            since=older,
        )
        progress = output.Progress(say("records written: {count}", count="{count}"))
        try:
            with (
                span("bundle", backend=engine.context.journal.backend) as told,
                engine.context.journal.auditing() as view,
                files.written(Path(out), force=force) as beside,
                beside.open("wb") as file,
            ):
                summary = write_bundle(file, view, engine.context.evidence, choice, progress)
                told.tell(size=summary.size, records=summary.records, files=summary.files)
        except NoteInvalid as error:
            raise InvalidInput(what="checkpoint", detail=str(error)) from error
        finally:
            progress.end()
        engine.context.log(
            events.BUNDLE_WRITTEN,
            size=summary.size,
            records=summary.records,
            evidence=summary.files,
        )
    _tell(session, out, choice, summary)


def _check_older(engine: Lifecycle, notes: tuple[str, ...]) -> None:
    """Look at what growth is to be proved from, before the history is verified.

    Raises:
        InvalidInput: One is no checkpoint, of another log, or a later one.
    """
    if notes:
        with engine.context.journal.auditing() as view:
            _, newest = latest(view)
        for note in notes:
            older_than(note, newest)


def _findings(engine: Lifecycle, schools: tuple[str, ...]) -> int:
    """Verify the whole history, and return how many findings it has."""
    from lifecycle.wiring import verify

    with engine.context.journal.reading() as view:
        known = view.schools()
    for school in schools:
        if school not in known:
            raise UnknownSchool(school, known)
    progress = output.Progress(say("records verified: {count}", count="{count}"))
    try:
        return len(verify(engine, progress).findings)
    finally:
        progress.end()


def _tell(session: Session, out: str, choice: Choice, summary: Summary) -> None:
    document: dict[str, Any] = {
        "file": out,
        "findings": choice.findings,
        "origin": summary.origin,
        "size": summary.size,
        "records": summary.records,
        "later": summary.later,
        "definitions": summary.definitions,
        "evidence": summary.files,
        "absent": summary.absent,
        "schools": None if choice.schools is None else list(choice.schools),
    }
    if summary.later:
        session.tell("records that no checkpoint covers yet: {count}", count=summary.later)
    if summary.absent:
        template = "evidence files not in the store in the length that was recorded: {count}"
        session.tell(template, count=summary.absent)
    if choice.findings:
        session.tell("the history has findings: {findings}", findings=choice.findings)
    line = say("{file} is written, records: {count}", file=out, count=summary.records)
    session.answer(document, [line])


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit verifier --out verify.py",
        "lifecycle audit verifier --digest",
    ),
)
@option("--out", metavar="FILE", help="Write it to this file instead of the screen.")
@option("--digest", is_flag=True, help="Print only its SHA-256, to compare the one in a bundle.")
@files.force_option
@common_options
@click.pass_context
def verifier(context: click.Context, out: str | None, digest: bool, force: bool) -> None:
    """Print the program that verifies a bundle anywhere.

    One file for Python 3.11 or newer, and nothing else.

    The same file lies in every bundle. Read it, or take it from somebody you trust.
    """
    from lifecycle.audit.bundle import verifier as text

    session = Session.of(context)
    content = text()
    if digest:
        found = sha256(content).hexdigest()
        session.answer({"sha256": found}, [found])
    elif out is not None:
        files.write(Path(out), content, force=force)
        session.answer({"file": out}, [say("{file} is written", file=out)])
    elif session.as_json:
        raise click.UsageError(say("a program is no JSON; name a file: --out FILE"))
    else:
        sys.stdout.write(content.decode())
