"""Commands of ``lifecycle db`` on backups: backup, restore."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import documents, output
from lifecycle.cli.failures import FINDINGS
from lifecycle.cli.findings import finding_lines
from lifecycle.cli.forms import Command, common_options, option
from lifecycle.cli.keys import kept, keys_option, read_text, trusted
from lifecycle.cli.language import say
from lifecycle.cli.session import Session
from lifecycle.cli.sharding import addresses_in
from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.messages import Message

if TYPE_CHECKING:
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.storage.backup_file import Manifest
    from lifecycle.storage.restoring import Restored

accept_option: Final = option(
    "--accept-findings",
    "accept",
    is_flag=True,
    help="Do it in spite of what was found, where that can be done.",
)

programs_option: Final = option(
    "--programs",
    metavar="FOLDER",
    help="Folder with pg_dump and pg_restore, as new as the server at least. Otherwise they are"
    " looked for.",
)

servers_option: Final = option(
    "--servers",
    metavar="FILE",
    help="Addresses of the databases that schools lie in, as for db shard, where they lie on"
    " several servers.",
)


@click.command(
    cls=Command,
    examples=(
        "lifecycle db backup --to /mnt/backups",
        "lifecycle db backup --to today.backup --json",
    ),
)
@option(
    "--to",
    metavar="FILE",
    required=True,
    help="File that is not there yet, or a folder, in which the file gets a name of its own.",
)
@programs_option
@servers_option
@common_options
@click.pass_context
def backup(context: click.Context, to: str, programs: str | None, servers: str | None) -> None:
    """Write the database and its evidence files into one file.

    Others may go on writing meanwhile. The file has its name when it is whole and on the disk,
    only you can read it, and nothing is written over. It holds names and keys of personal files:
    keep it like the database, and not longer than you have to. Ends with 6 if evidence that
    records name is not in the store; the backup is made all the same.
    """
    from lifecycle.maintenance import make_backup
    from lifecycle.storage.backups import Watched

    session = Session.of(context)
    output.check_open()
    if to.endswith(("/", os.sep)) and not Path(to).is_dir():
        # It would become a file beside the place where the medium is to be mounted.
        detail = Message("there is no folder {folder}", {"folder": to})
        raise InvalidInput(what="--to", detail=detail)
    copied = output.Progress(say("database copied: {count} %", count="{count}"))
    files = output.Progress(say("evidence files copied: {count}", count="{count}"))
    try:
        file, manifest = make_backup(
            session.url,
            Path(to),
            evidence=session.evidence,
            programs=None if programs is None else Path(programs),
            servers=addresses_in(servers),
            watched=Watched(copied, files),
        )
    finally:
        files.end()
    session.answer(_document(file, manifest), _made(file, manifest))
    if manifest.absent:
        context.exit(FINDINGS)


def _document(file: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "file": str(file),
        "created_at": manifest.created_at,
        "origin": manifest.origin,
        "schema": manifest.schema,
        "records": manifest.records,
        "size": manifest.size,
        "root": manifest.root,
        "evidence": len(manifest.files) - 1,
        "absent": manifest.absent,
    }


def _made(file: Path, manifest: Manifest) -> Iterator[str]:
    for digest in manifest.absent:
        template = "evidence {sha256} is named by a record, and not in the store in that length"
        yield say(template, sha256=digest)
    yield say(
        "{file}: {records} records, evidence files: {files}",
        file=str(file),
        records=manifest.records,
        files=len(manifest.files) - 1,
    )
    yield say("log: {size} records, root {root}", size=manifest.size, root=manifest.root)


@click.command(
    cls=Command,
    examples=(
        "lifecycle db restore --from today.backup --db sqlite:///restored.db",
        "lifecycle db restore --from today.backup --checkpoint /mnt/usb --key log.vkey",
    ),
)
@option("--from", "file", metavar="FILE", required=True, help="The backup.")
@option(
    "--checkpoint",
    "checkpoints",
    metavar="FILE",
    multiple=True,
    help="A checkpoint that you kept, or the folder where they are kept; may be repeated.",
)
@keys_option
@option(
    "--erasures",
    metavar="FILE",
    multiple=True,
    help="What audit erasure-extract --json printed after the backup; may be repeated.",
)
@accept_option
@programs_option
@servers_option
@common_options
@click.pass_context
def restore(
    context: click.Context,
    file: str,
    checkpoints: tuple[str, ...],
    keys: tuple[str, ...],
    erasures: tuple[str, ...],
    accept: bool,
    programs: str | None,
    servers: str | None,
) -> None:
    """Put a backup in an empty place, if it is whole and verifies.

    The database must not be there yet; one of PostgreSQL is made before and empty, and what a
    killed restore left there is taken away. Every file is compared with the manifest, and the
    history is verified before anybody can open it. With the last checkpoint that was kept outside
    it is told how many records the backup lacks. With findings nothing is put in place and the
    command ends with 6; --accept-findings puts it there and ends with 6 all the same.
    """
    from lifecycle.maintenance import restore_backup

    session = Session.of(context)
    output.check_open()
    if checkpoints and not keys:
        raise click.UsageError(say("name the key of the log: --key VKEY"))
    known, believed = _kept(checkpoints), trusted(keys)
    acts = [one for path in erasures for one in _erasures(path)]
    progress = output.Progress(say("records verified: {count}", count="{count}"))
    try:
        done = restore_backup(
            Path(file),
            session.url,
            progress,
            evidence=session.evidence,
            programs=None if programs is None else Path(programs),
            servers=addresses_in(servers),
            accept=accept,
            checkpoints=known,
            keys=believed,
        )
    finally:
        progress.end()
    again = _to_repeat(session, acts) if done.placed else []
    document = {
        "restored": done.placed,
        **_document(Path(file), done.manifest),
        "missing": _missing(done),
        "erasures": [str(one["record"]) for one in again],
        "findings": [documents.finding(one) for one in done.report.findings],
    }
    session.answer(document, _told(session, done, again, checked=bool(checkpoints)))
    if not done.report.ok or again:
        context.exit(FINDINGS)


def _kept(checkpoints: Sequence[str]) -> list[Kept]:
    from lifecycle.storage.places import Folder

    found: list[Kept] = []
    for one in checkpoints:
        path = Path(one)
        found += Folder(path).notes() if path.is_dir() else kept([one], "--checkpoint")
    if checkpoints and not found:
        detail = Message("no checkpoint is kept there")
        raise InvalidInput(what="--checkpoint", detail=detail)
    return found


def _erasures(path: str) -> list[dict[str, Any]]:
    """Read what ``audit erasure-extract --json`` printed.

    Raises:
        InvalidInput: It cannot be read, or is something else.
    """
    text = read_text(Path(path), "--erasures")
    try:
        found = json.loads(text)["erasures"]
        return [{name: str(one[name]) for name in ("person", "act", "record", "hash")}
                for one in found]  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        detail = Message("{file} is not what audit erasure-extract --json prints", {"file": path})
        raise InvalidInput(what="--erasures", detail=detail) from error


def _to_repeat(session: Session, acts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the erasures that the restored history does not know."""
    if not acts:
        return []
    with session.engine() as engine:
        known = {one.record.hash for one in engine.people.destroyed(None)}
    return [one for one in acts if one["hash"] not in known]


def _missing(done: Restored) -> int | None:
    """Return how many records a checkpoint covers that the backup lacks, at least.

    One at least: the log does not come to that checkpoint with all that waits, and where there
    are as many records, some of them are others.
    """
    ahead = [int(one.expected) for one in done.report.findings if one.code == "checkpoint_ahead"]
    return max(1, max(ahead) - done.manifest.records) if ahead else None


def _told(
    session: Session, done: Restored, again: Sequence[dict[str, Any]], *, checked: bool
) -> Iterator[str]:
    manifest, missing = done.manifest, _missing(done)
    yield from finding_lines(done.report.findings)
    if missing is not None:
        template = (
            "the backup is older than the checkpoint: {count} records or more are missing;"
            " look for a later backup"
        )
        yield say(template, count=missing)
    if not done.placed:
        yield say("nothing was restored; in spite of the findings: --accept-findings")
        return
    yield say(
        "restored: {records} records, as they were on {moment}",
        records=manifest.records,
        moment=manifest.created_at,
    )
    yield say("log: {size} records, root {root}", size=manifest.size, root=manifest.root)
    yield from (f"  - {text}" for text in _next(session, manifest, again, checked=checked))


def _next(
    session: Session, manifest: Manifest, again: Sequence[dict[str, Any]], *, checked: bool
) -> Iterator[str]:
    """Yield what is to be done after a backup was restored."""
    from lifecycle.storage.tables import SCHEMA

    if manifest.schema != SCHEMA:
        yield say("the schema is of an earlier release: lifecycle db upgrade")
    if manifest.kind != "sqlite":
        yield say("give the roles their rights again: lifecycle db grant")
    if manifest.records != manifest.size:
        yield say("records wait for the log: lifecycle audit seal")
    if not checked:
        yield say("compare it with the last checkpoint kept outside: lifecycle verify --checkpoint")
    for one in again:
        yield say("erase {person} again, act {act}", person=one["person"], act=one["act"])
    yield say("repeat the erasures that were made after the backup: it holds what they destroyed")
    yield say(
        "repeat what was recorded after the backup, with the same command ids, and tell whoever"
        " has checkpoints of it"
    )
