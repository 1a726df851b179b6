"""Commands on the log as a whole: seal, keygen, checkpoint, watch."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle import events
from lifecycle.cli import documents, files, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.findings import finding_lines
from lifecycle.cli.forms import Command, Whole, common_options, option
from lifecycle.cli.keys import keys_option, private_key, trusted
from lifecycle.cli.language import say
from lifecycle.cli.session import Session
from lifecycle.domain.errors_log import InvalidKey, PlaceFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle import Lifecycle
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.audit.findings import Finding
    from lifecycle.audit.note import Checkpoint, VerifierKey
    from lifecycle.storage.places import Place

_BATCH = 1000  # records sealed in one transaction
_SETTLING = 1.0  # seconds between the database and the places, when a checkpoint is kept


@click.command(cls=Command, examples=("lifecycle audit seal", "lifecycle audit seal --every 20"))
@option(
    "--every",
    metavar="SECONDS",
    type=Whole(1),
    help="Go on for ever, and look again after that many seconds.",
)
@option("--rounds", metavar="N", type=Whole(1), help="With --every: end after that many looks.")
@common_options
@click.pass_context
def seal(context: click.Context, every: int | None, rounds: int | None) -> None:
    """Make the records that wait leaves of the log.

    On SQLite records become leaves as they are written, and only what another program left
    waiting is found here. On PostgreSQL they wait for this command: let it run with --every.
    Several of these may run at once: no record is sealed twice.
    """
    session = Session.of(context)
    if rounds is not None and every is None:
        raise click.UsageError(say("--rounds needs --every"))
    left = _looks(rounds if every is not None else 1)
    sealed = 0
    with session.engine() as engine:
        for last in left:
            count = engine.seal(_BATCH)
            sealed += count
            if not last:
                session.tell("sealed: {count}", count=count)
                time.sleep(every or 0)
        with engine.context.journal.auditing() as view:
            size = view.log.state().size
    session.answer(
        {"sealed": sealed, "size": size},
        [say("sealed {count} records; the log has {size}", count=sealed, size=size)],
    )


def _looks(rounds: int | None) -> Iterator[bool]:
    """Yield for each look whether it is the last one; with ``None`` none ever is."""
    done = 0
    while rounds is None or done < rounds:
        done += 1
        yield done == rounds


@click.command(cls=Command, examples=("lifecycle audit keygen --out log.key",))
@option("--out", metavar="FILE", required=True, help="File for the private key; it must not exist.")
@common_options
@click.pass_context
def keygen(context: click.Context, out: str) -> None:
    """Make the key that signs the log's checkpoints.

    The private key goes to the file, for its owner alone, and never into the database; keep it
    where the administrator of the database cannot read it. The public key is printed: give it
    to every auditor, once, by a way that you trust.
    """
    from lifecycle import signing
    from lifecycle.audit.note import origin_line
    from lifecycle.audit.private_key import PrivateKey

    session = Session.of(context)
    with session.engine() as engine, engine.context.journal.reading() as view:
        name = origin_line(view.origin)
    key = PrivateKey.of(name, signing.new_private_key(), signing.public_key)
    with files.private(out, key.text.encode()):
        session.answer({"key": key.key.text, "file": out}, [key.key.text])


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit checkpoint --key log.key --to /mnt/usb --to /srv/outside",
        "lifecycle audit checkpoint --key log.key --to-git /srv/checkpoints --print --qr",
    ),
)
@option("--key", metavar="FILE", required=True, help="File with the private key.")
@option("--to", metavar="FOLDER", multiple=True, help="Keep it in this folder; may be repeated.")
@option(
    "--to-git",
    metavar="REPOSITORY",
    multiple=True,
    help="Keep and commit it in this git repository; may be repeated.",
)
@option("--print", "as_text", is_flag=True, help="Print it for the minutes.")
@option("--qr", is_flag=True, help="Print it as a QR code as well.")
@option(
    "--trust",
    metavar="VKEY",
    multiple=True,
    help="Public key of an earlier key of the log; may be repeated.",
)
@common_options
@click.pass_context
def checkpoint(
    context: click.Context,
    key: str,
    to: tuple[str, ...],
    to_git: tuple[str, ...],
    as_text: bool,
    qr: bool,
    trust: tuple[str, ...],
) -> None:
    """Sign what the log is now, and keep it outside the database.

    Signed only if the log extends the last checkpoint of the database and of every place named,
    and after the stored bodies of all new records were hashed again. Ends with 6 and says why
    where it may not be signed.
    """
    from lifecycle import signing
    from lifecycle.audit.checkpoints import next_checkpoint, notes_of
    from lifecycle.audit.findings import codes
    from lifecycle.audit.note import origin_line
    from lifecycle.domain.logged import KeptCheckpoint

    session = Session.of(context)
    signer, earlier = private_key(Path(key)), trusted(trust, "--trust")
    places = _places(to, to_git)
    progress = output.Progress(say("records hashed: {count}", count="{count}"))
    with session.engine() as engine:
        outside = [note for place in places for note in place.notes()]
        _tell_of_others(session, places)
        engine.seal(_BATCH)
        with engine.context.journal.auditing() as view:
            if signer.key.name != origin_line(view.origin):
                facts = {"found": signer.key.name, "expected": origin_line(view.origin)}
                detail = Message("it is the key of {found}, not of {expected}", facts)
                raise InvalidKey(what="--key", detail=detail)
            try:
                keys, notes = [signer.key, *earlier], [*notes_of(view), *outside]
                found = next_checkpoint(view, keys, notes, progress)
            finally:
                progress.end()
        if isinstance(found, list):
            engine.context.log(events.CHECKPOINT_REFUSED, findings=codes(found))
            _refuse(context, session, found)
            return
        note = signer.note(found.text, signing.sign)
        at = moment_text(engine.context.clock.now())
        with engine.context.journal.writing() as tx:
            tx.keep_checkpoint(KeptCheckpoint(found.size, note, at))
        engine.context.log(events.CHECKPOINT_SIGNED, size=found.size, root=found.root.hex())
        kept = _put(places, found, note)
        if kept:
            engine.context.log(events.CHECKPOINT_KEPT, size=found.size, places=len(kept))
    document = {**_document(found), "note": note, "files": kept}
    session.answer(document, _signed(found, note, kept, as_text=as_text, qr=qr))
    if not (places or as_text or qr or session.as_json):
        _warn_of_inside(session)


def _warn_of_inside(session: Session) -> None:
    template = (
        "it lies in the database only and proves nothing against who can write there;"
        " keep it outside: --to, --to-git, --print"
    )
    session.tell("warning: {text}", text=say(template))


def _put(places: Sequence[Place], found: Checkpoint, note: str) -> list[str]:
    """Keep a checkpoint in every place that takes it.

    Raises:
        PlaceFailed: One of them does not; the others have it.
    """
    kept: list[str] = []
    failed: list[PlaceFailed] = []
    for place in places:
        try:
            kept.append(str(place.put(found, note)))
        except PlaceFailed as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return kept


def _places(folders: Sequence[str], repositories: Sequence[str]) -> list[Place]:
    """Return the places outside that are named."""
    from lifecycle.storage.places import Folder, GitRepository

    found: list[Place] = [Folder(Path(one)) for one in folders]
    return [*found, *(GitRepository(Path(one)) for one in repositories)]


def _tell_of_others(session: Session, places: Sequence[Place]) -> None:
    """Say what is not looked at: somebody may have kept a checkpoint there under another name."""
    from lifecycle.storage.places import EXAMPLE

    for place in places:
        if count := place.others():
            template = (
                "{place}: files left alone: {count}; checkpoints are read from latest and from"
                " SIZE-HASH.checkpoint, such as {example}"
            )
            session.tell(template, place=place.name, count=count, example=EXAMPLE)


def _document(found: Checkpoint) -> dict[str, Any]:
    return {"origin": found.origin, "size": found.size, "root": found.root.hex()}


def _signed(
    found: Checkpoint, note: str, files: Iterable[str], *, as_text: bool, qr: bool
) -> Iterator[str]:
    template = "signed: {size} records, root {root}"
    yield say(template, size=found.size, root=found.root.hex())
    for file in files:
        yield say("kept: {file}", file=file)
    if as_text:
        yield ""
        yield from note.splitlines()
    if qr:
        yield ""
        yield from _qr(note)


def _qr(note: str) -> list[str]:
    import io

    import segno

    drawn = io.StringIO()
    segno.make(note, error="m", micro=False).terminal(out=drawn, border=2, compact=True)
    return drawn.getvalue().splitlines()


def _refuse(context: click.Context, session: Session, findings: Sequence[Finding]) -> None:
    document = {"signed": False, "findings": [documents.finding(one) for one in findings]}
    session.answer(document, [*finding_lines(findings), say("nothing was signed")])
    context.exit(FINDINGS)


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit watch --key log.vkey --from /mnt/usb --once",
        "lifecycle audit watch --key log.vkey --from /srv/outside --every 300",
    ),
)
@keys_option
@option(
    "--from",
    "folders",
    metavar="FOLDER",
    multiple=True,
    help="Checkpoints are kept in this folder; may be repeated.",
)
@option(
    "--every",
    metavar="SECONDS",
    type=Whole(1),
    default="60",
    help="Seconds between two looks; 60 if not given.",
)
@option("--once", is_flag=True, help="Look once.")
@option("--rounds", metavar="N", type=Whole(1), help="End after that many looks.")
@common_options
@click.pass_context
def watch(
    context: click.Context,
    keys: tuple[str, ...],
    folders: tuple[str, ...],
    every: int,
    once: bool,
    rounds: int | None,
) -> None:
    """Follow the log and the places where its checkpoints are kept.

    Ends with 6 as soon as they do not fit together: a forged or foreign checkpoint, two
    histories, a log that was set back or rewritten, a record that waits for too long, places in
    which nothing is left of what was signed.
    """
    from lifecycle.audit.findings import codes
    from lifecycle.audit.watching import GONE

    session = Session.of(context)
    if not keys:
        raise click.UsageError(say("name the key of the log: --key VKEY"))
    if once and rounds is not None:
        raise click.UsageError(say("name one: --once or --rounds"))
    believed, places = trusted(keys), _places(folders, ())
    before: Checkpoint | None = None
    template = "sound: {size} records, {count} checkpoints outside"
    with session.engine() as engine:
        _tell_of_others(session, places)
        for last in _looks(1 if once else rounds):
            seen, findings, notes = _look(engine, believed, places, before)
            if codes(findings) == [GONE]:
                # Whoever signs the first of all keeps it in the database, and then there.
                time.sleep(_SETTLING)
                seen, findings, notes = _look(engine, believed, places, before)
            before = seen
            if findings:
                engine.context.log(events.WATCH_FOUND, findings=codes(findings))
            if last or findings:
                break
            session.tell(template, size=before.size, count=len({note.text for note in notes}))
            time.sleep(every)
    assert before is not None  # noqa: S101 - there is one look at least
    kept = len({note.text for note in notes})  # ``latest`` repeats one of them.
    document = {
        "ok": not findings,
        **_document(before),
        "checkpoints": kept,
        "findings": [documents.finding(one) for one in findings],
    }
    end = [] if findings else [say(template, size=before.size, count=kept)]
    session.answer(document, [*finding_lines(findings), *end])
    if findings:
        context.exit(FINDINGS)


def _look(
    engine: Lifecycle,
    keys: Sequence[VerifierKey],
    places: Sequence[Place],
    before: Checkpoint | None,
) -> tuple[Checkpoint, list[Finding], list[Kept]]:
    """Look once; return also what was found in the places."""
    from lifecycle.audit.watching import look

    # Before the view: what is signed meanwhile is then part of it.
    notes = [note for place in places for note in place.notes()]
    with engine.context.journal.auditing() as view:
        now = engine.context.clock.now()
        seen, findings = look(view, keys, notes if places else None, before, now)
    return seen, findings, notes
