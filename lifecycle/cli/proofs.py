"""Commands on proofs: prove, check-proof."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lifecycle.cli import files
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.forms import Command, Whole, argument, common_options, option
from lifecycle.cli.keys import keys_option, read_note, read_text, trusted
from lifecycle.cli.language import say, shown
from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidInput, UnknownRoadmap, UnknownSchool
from lifecycle.domain.errors_log import NoCheckpoint, NotCovered, UnknownRecord
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, participation_stream, roadmap_stream

if TYPE_CHECKING:
    from lifecycle.audit.merkle import ProofInvalid
    from lifecycle.audit.note import Checkpoint
    from lifecycle.audit.proof import Growth, Inclusion
    from lifecycle.domain.ports import Auditing
    from lifecycle.service import Lifecycle


@click.command(
    cls=Command,
    examples=(
        "lifecycle audit prove krasnogorsk 3 --out record.tlog-proof",
        "lifecycle audit prove --roadmap tomari-2022 1",
        "lifecycle audit prove --from /mnt/usb/latest",
    ),
)
@argument("words", nargs=-1, metavar="[SCHOOL] SEQ", help="The school, and the record's number.")
@option("--roadmap", metavar="ROADMAP", help="A record of a road map instead.")
@option("--installation", is_flag=True, help="A record on actors and administrators instead.")
@option(
    "--from",
    "old",
    metavar="FILE",
    help="Prove instead that the log only grew since this checkpoint.",
)
@option("--out", metavar="FILE", help="Write the proof to this file.")
@files.force_option
@common_options
@click.pass_context
def prove(
    context: click.Context,
    words: tuple[str, ...],
    roadmap: str | None,
    installation: bool,
    old: str | None,
    out: str | None,
    force: bool,
) -> None:
    """Prove that a record stands in the log, or that it only grew.

    Both under the latest checkpoint that was signed; ends with 6 where the log, or the checkpoint
    that was kept, is not what was signed. The proof of a record bears the record and
    is whole in itself: whoever has the log's public key checks it without us, with
    audit check-proof or with any program that reads C2SP's tlog-proof.
    """
    from lifecycle.audit.merkle import ProofInvalid

    session = Session.of(context)
    if old is not None and (words or roadmap is not None or installation):
        raise click.UsageError(say("--from stands alone: it is about the whole log"))
    proof: Growth | Inclusion
    with session.engine() as engine, engine.context.journal.auditing() as view:
        note, checkpoint = latest(view)
        try:
            if old is not None:
                proof, document = _growth(view, Path(old), note, checkpoint)
            else:
                stream, sequence = _record(words, roadmap, installation)
                _check_known(engine, view, stream)
                proof, document = _inclusion(view, stream, sequence, note, checkpoint)
        except ProofInvalid as error:
            session.answer(*_not_proved(error))
            context.exit(FINDINGS)
    if out is not None:
        files.write(Path(out), proof.text.encode(), force=force)
    lines = [say("{file} is written", file=out)] if out is not None else proof.text.splitlines()
    session.answer({**document, "proof": proof.text, "file": out}, lines)


def _record(words: Sequence[str], roadmap: str | None, installation: bool) -> tuple[str, int]:
    own = (roadmap is not None) + installation
    if own > 1 or len(words) != 2 - own:
        raise click.UsageError(
            say("name a record: SCHOOL SEQ, --roadmap ROADMAP SEQ or --installation SEQ")
        )
    sequence = Whole(1).convert(words[-1], None, None)
    if roadmap is not None:
        return roadmap_stream(roadmap), sequence
    return (INSTALLATION if installation else participation_stream(words[0])), sequence


def _check_known(engine: Lifecycle, view: Auditing, stream: str) -> None:
    """Make sure that there is such a school or road map: a mistyped one has no record 1.

    Raises:
        UnknownSchool, UnknownRoadmap: No such thing.
    """
    kind, _, name = stream.partition("/")
    if kind == "participation" and name not in (schools := view.schools()):
        raise UnknownSchool(name, schools)
    if kind == "roadmap" and name not in (roadmaps := engine.context.definitions.roadmaps()):
        raise UnknownRoadmap(name, roadmaps)


def latest(view: Auditing) -> tuple[str, Checkpoint]:
    """Return the latest checkpoint of the database.

    Raises:
        NoCheckpoint: Nothing was signed yet.
        InvalidInput: What is kept is none.
    """
    from lifecycle.audit.note import Checkpoint, NoteInvalid, parse_note

    kept = view.log.checkpoints()
    if not kept:
        raise NoCheckpoint(view.origin)
    try:
        return kept[-1].note, Checkpoint.parse(parse_note(kept[-1].note).text)
    except NoteInvalid as error:
        raise InvalidInput(what="checkpoint", detail=error.message) from error


def _inclusion(
    view: Auditing, stream: str, sequence: int, note: str, checkpoint: Checkpoint
) -> tuple[Inclusion, dict[str, Any]]:
    from lifecycle.audit.merkle import (
        ProofInvalid,
        inclusion_proof,
        leaf_hash,
        root_from_inclusion,
    )
    from lifecycle.audit.proof import Inclusion
    from lifecycle.audit.tiles import Tiles

    records = view.records(stream)
    if sequence > len(records):
        raise UnknownRecord(stream, sequence=sequence)
    index = view.log.place(stream, sequence)
    if index is None or index >= checkpoint.size:
        raise NotCovered(stream, sequence=sequence)
    tiles = Tiles(view.log.tile, view.log.hashes)
    path = inclusion_proof(index, checkpoint.size, tiles.node)
    body = records[sequence - 1].body
    proof = Inclusion(index, tuple(path), note, body)
    # Whoever gets the proof would find out; so say it here, where it can be looked into.
    if root_from_inclusion(index, checkpoint.size, leaf_hash(body), path) != checkpoint.root:
        raise ProofInvalid("the log is not the one that was signed; see: lifecycle verify")
    document = {"stream": stream, "sequence": sequence, "index": index, "size": checkpoint.size}
    return proof, document


def _growth(
    view: Auditing, path: Path, note: str, checkpoint: Checkpoint
) -> tuple[Growth, dict[str, Any]]:
    from lifecycle.audit.merkle import check_consistency, consistency_proof
    from lifecycle.audit.proof import Growth
    from lifecycle.audit.tiles import Tiles

    old = older(read_note(path, "--from"), checkpoint)
    tiles = Tiles(view.log.tile, view.log.hashes)
    path_up = consistency_proof(old.size, checkpoint.size, tiles.node)
    check_consistency(old.size, old.root, checkpoint.size, checkpoint.root, path_up)
    return Growth(old.size, tuple(path_up), note), {"old": old.size, "size": checkpoint.size}


def older(text: str, checkpoint: Checkpoint) -> Checkpoint:
    """Read a checkpoint from which growth up to another one can be proved.

    Raises:
        InvalidInput: It is none, of another log, or a later one.
    """
    from lifecycle.audit.note import Checkpoint, NoteInvalid, parse_note

    try:
        old = Checkpoint.parse(parse_note(text).text)
    except NoteInvalid as error:
        raise InvalidInput(what="--from", detail=error.message) from error
    if old.origin != checkpoint.origin or old.size > checkpoint.size:
        facts = {"origin": old.origin, "old": old.size, "new": checkpoint.size}
        detail = Message(
            "it is of {origin} with {old} records; the latest one of this log has {new}", facts
        )
        raise InvalidInput(what="--from", detail=detail)
    return old


@click.command(
    "check-proof",
    cls=Command,
    examples=(
        "lifecycle audit check-proof record.tlog-proof --key log.vkey",
        "lifecycle audit check-proof growth.proof --key log.vkey --from old.checkpoint",
    ),
)
@argument("file", help="The proof.")
@keys_option
@option("--record", metavar="FILE", help="The body of the record, where the proof bears none.")
@option("--from", "old", metavar="FILE", help="The older checkpoint, for a proof of growth.")
@common_options
@click.pass_context
def check_proof(
    context: click.Context,
    file: str,
    keys: tuple[str, ...],
    record: str | None,
    old: str | None,
) -> None:
    """Check a proof; no database is needed.

    Ends with 0 where it proves what it says, and with 6 where it does not.
    """
    from lifecycle.audit.merkle import ProofInvalid

    session = Session.of(context)
    if not keys:
        raise click.UsageError(say("name the key of the log: --key VKEY"))
    believed = trusted(keys)
    text = read_text(Path(file), "FILE")
    try:
        document, line = _checked(text, believed, record, old)
    except ProofInvalid as error:
        session.answer(*_not_proved(error))
        context.exit(FINDINGS)
    session.answer(document, [line])


def _not_proved(error: ProofInvalid) -> tuple[dict[str, Any], list[str]]:
    document = {"ok": False, "reason": shown(error.message)}
    return document, [say("not proved: {reason}", reason=error.message)]


def _checked(
    text: str, keys: Sequence[Any], record: str | None, old: str | None
) -> tuple[dict[str, Any], str]:
    """Return what a proof proves.

    Raises:
        ProofInvalid: Nothing.
    """
    from lifecycle.audit.merkle import ProofInvalid, leaf_hash
    from lifecycle.audit.note import NoteInvalid, open_checkpoint
    from lifecycle.audit.proof import Growth, parse_proof

    proof = parse_proof(text)
    if isinstance(proof, Growth):
        if old is None or record is not None:
            raise click.UsageError(say("a proof of growth needs --from FILE, and no --record"))
        try:
            before = open_checkpoint(read_note(Path(old), "--from"), keys)
        except NoteInvalid as error:
            raise ProofInvalid("{detail}", detail=error.message) from error
        after = proof.check(before, keys)
        document = {"ok": True, "origin": after.origin, "old": before.size, "size": after.size}
        template = "proved: {origin} only grew, from {old} to {size} records"
        return document, say(template, origin=after.origin, old=before.size, size=after.size)
    if old is not None:
        raise click.UsageError(say("a proof of a record needs no --from"))
    body = proof.body if record is None else read_text(Path(record), "--record").encode()
    if not body:
        raise click.UsageError(say("the proof bears no record: --record FILE"))
    after = proof.check(leaf_hash(body), keys)
    facts = {"origin": after.origin, "index": proof.index, "size": after.size}
    template = "proved: this record is leaf {index} of the {size} of {origin}"
    return {"ok": True, **facts, "record": body.decode("utf-8", "replace")}, "\n".join(
        [say(template, **facts), body.decode("utf-8", "replace")]
    )
