"""Making a backup: the database at one moment, and every evidence file that its records name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lifecycle.audit.merkle import Frontier
from lifecycle.domain.errors import DatabaseBroken, EvidenceLost
from lifecycle.domain.errors_database import PlaceTaken
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import moment_text
from lifecycle.storage.backup_file import EVIDENCE, Manifest, Written
from lifecycle.storage.journal import database_at
from lifecycle.storage.roles import servers_at
from lifecycle.storage.rows import as_bytes, names_file
from lifecycle.storage.snapshots import Snapshot, snapshot
from lifecycle.storage.sqlite import LOCK_SECONDS
from lifecycle.storage.staging import failing, publish, staging

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Watched:
    """Who is told how far it is.

    Args:
        database: Percentage of the database that is copied.
        files: How many evidence files are copied.
    """

    database: Progress = lambda done: None
    files: Progress = lambda done: None


def backup(
    url: str,
    to: Path,
    store: EvidenceStore,
    now: datetime,
    *,
    programs: Path | None = None,
    servers: Sequence[str] = (),
    watched: Watched | None = None,
    lock_seconds: float = LOCK_SECONDS,
) -> tuple[Path, Manifest]:
    """Write a backup, while others go on writing.

    It has its name when it is whole and on the disk; only this user can read it.

    Args:
        url: Of the database.
        to: The file, or a folder that is there; then the file gets the name of installation
            and moment.
        store: Evidence files; they are copied after the database, so that those which records
            in it name are there.
        now: The moment, UTC.
        programs: Folder with the programs of PostgreSQL; ``None`` to look for them.
        servers: Addresses of the databases that schools lie in, where these are others.
        watched: Who is told how far it is.
        lock_seconds: How long to wait for others who write.

    Returns:
        The file, and what is in it.

    Raises:
        PlaceTaken: There is a file of that name.
        ProgramMissing: pg_dump is not there.
        StorageFailed: The database cannot be read, or the file not be written.
    """
    watched = watched or Watched()
    in_folder = to.is_dir()
    if not in_folder and (to.exists() or to.is_symlink()):
        raise PlaceTaken(place=str(to))
    database = database_at(url, lock_seconds)
    others = servers_at(servers)
    if others:
        servers_at([url])
    with failing(to), staging(to if in_folder else to.parent) as stage:
        copy = stage / "database"
        with snapshot(database, copy, programs, watched.database, others) as found:
            manifest = _described(found, now, database.faults.url)
            named = _named(found.view, manifest)
        file = _written(stage, copy, manifest, named, store, watched.files)
        if in_folder:
            stamp = now.strftime("%Y%m%dT%H%M%S")
            to = to / f"lifecycle-{manifest.origin[-8:]}-{stamp}Z.backup"
        publish(file, to)
    return to, manifest


def _described(found: Snapshot, now: datetime, url: str) -> Manifest:
    """Return the manifest, without files.

    Raises:
        DatabaseBroken: The right edge of the log cannot be read.
    """
    state = found.view.log.state()
    try:
        root = Frontier.from_bytes(state.size, state.frontier).root()
    except (TypeError, ValueError) as error:
        raise DatabaseBroken(url=url, detail=f"the log: {error}") from error
    return Manifest(
        kind=found.kind,
        origin=found.view.origin,
        created_at=moment_text(now),
        schema=found.schema,
        records=0,
        size=state.size,
        root=root.hex(),
    )


def _named(view: Auditing, manifest: Manifest) -> dict[str, tuple[bool, int]]:
    """Count the records, and return which files they name: whether erased, and how long."""
    named: dict[str, tuple[bool, int]] = {}
    for stored in view.stored():
        manifest.records += 1
        body = as_bytes(stored.body)
        if not names_file(body):
            continue
        # A body that cannot be read names nothing: verification tells.
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            for piece in json.loads(body)["evidence"]:
                if piece["form"] == "file":
                    named[str(piece["sha256"])] = (_erased(view, piece), piece["size"])
    return named


def _erased(view: Auditing, piece: dict[str, Any]) -> bool:
    """Tell whether a personal file has no key any more."""
    if piece["content"] is None:
        return False
    kept = view.erasable.key(str(piece["sha256"]))
    return kept is None or kept.key is None


def _written(
    stage: Path,
    copy: Path,
    manifest: Manifest,
    named: dict[str, tuple[bool, int]],
    store: EvidenceStore,
    progress: Progress,
) -> Path:
    file = stage / "backup"
    archive = Written(file)
    try:
        with copy.open("rb") as source:
            archive.add(manifest.database, source, packed=manifest.kind == "sqlite")
        copy.unlink()
        for count, (digest, (erased, size)) in enumerate(sorted(named.items()), 1):
            try:
                with store.open(digest, size) as source:
                    # As it lies there: where it is not what it was, verification tells.
                    archive.add(EVIDENCE + digest, source)
            except EvidenceLost:
                if not erased:
                    manifest.absent.append(digest)
            progress(count)
        archive.close(manifest)
    except BaseException:
        archive.abandon()
        raise
    return file
