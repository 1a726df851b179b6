"""Putting a backup in an empty place: unpacked beside it, compared, verified, and only then there.

The database comes last: it never names evidence that is not in its place. On PostgreSQL the
revision of the schema is held back until then, and a database without it is opened by nobody.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lifecycle.audit.findings import Report
from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.errors_database import CommitUnheard, PlaceTaken, RestoreUnheard
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing
from lifecycle.storage.backup_file import EVIDENCE, SEVERAL, Archive, Manifest, opened
from lifecycle.storage.durable import sync_folder
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import database_at, open_journal
from lifecycle.storage.roles import servers_at
from lifecycle.storage.snapshots import address_of
from lifecycle.storage.sqlite import LOCK_SECONDS
from lifecycle.storage.sqlite_files import BESIDE, sqlite_path
from lifecycle.storage.staging import failing, publish, staging

if TYPE_CHECKING:
    from lifecycle.storage.database import Database
    from lifecycle.storage.postgres_restoring import Source

Progress = Callable[[int], None]
Verify = Callable[[Auditing, EvidenceStore], Report]


@dataclass(frozen=True, slots=True)
class Restored:
    """What restoring came to.

    Args:
        manifest: What the backup says it holds.
        report: What verification came to.
        placed: Whether it is in its place; not, if there are findings that nobody accepted.
    """

    manifest: Manifest
    report: Report
    placed: bool


def restore(
    file: Path,
    url: str,
    evidence: Path,
    verify: Verify,
    *,
    accept: bool = False,
    programs: Path | None = None,
    servers: Sequence[str] = (),
    progress: Progress = lambda done: None,
    lock_seconds: float = LOCK_SECONDS,
) -> Restored:
    """Restore a backup, if it is whole and verifies.

    Args:
        file: The backup.
        url: Where to: an SQLite file that is not there, or an empty database of PostgreSQL.
        evidence: Folder for the evidence files: not there, or empty.
        verify: Verifies everything in a view, with an evidence store.
        accept: Put it in place in spite of findings.
        programs: Folder with the programs of PostgreSQL; ``None`` to look for them.
        servers: Addresses of empty databases for the schools, where they lay on several servers.
        progress: Called with the number of files unpacked.
        lock_seconds: How long to wait for others.

    Raises:
        BackupDamaged: It is no whole backup, or one of another kind of database.
        PlaceTaken: Something is there already.
        ProgramMissing: pg_restore is not there.
        RestoreUnheard: The server was lost at the end: it may be there.
        StorageFailed: It cannot be put there.
    """
    path = sqlite_path(url)
    with opened(file) as archive, failing(evidence if path is None else path):
        _check_kind(archive, path, several=bool(servers))
        _check_empty(evidence, path)
        with staging(evidence.parent) as beside:
            _unpack(archive, beside / "evidence", progress)
            store = EvidenceFolder(beside / "evidence")

            def checked(view: Auditing) -> Report:
                report = verify(view, store)
                _compare(archive, report, view)
                return report

            files = (beside / "evidence" if archive.evidence else None, evidence)
            if path is not None:
                return _to_file(archive, path, checked, files, accept=accept)
            dump = beside / "dump"
            archive.take(archive.manifest.database, dump)
            # Only here: its driver is an extra.
            from lifecycle.storage.postgres_restoring import restoring

            database = database_at(url, lock_seconds)
            source = _source(database, servers, dump, archive)
            with restoring(database, source, archive.manifest.schema, programs) as (view, keep):
                return _kept(archive, checked(view), keep, files, accept=accept)


def _kept(
    archive: Archive,
    report: Report,
    keep: Callable[[], None],
    evidence: tuple[Path | None, Path],
    *,
    accept: bool,
) -> Restored:
    """Keep what was brought back, with its evidence, if that is wanted."""
    wanted = report.ok or accept
    if wanted:
        with _placed(*evidence):
            keep()
        # There, even if all of it was erased: a store that is gone is not made anew.
        EvidenceFolder(evidence[1]).make()
    return Restored(archive.manifest, report, wanted)


def _to_file(
    archive: Archive,
    path: Path,
    verify: Callable[[Auditing], Report],
    evidence: tuple[Path | None, Path],
    *,
    accept: bool,
) -> Restored:
    with staging(path.parent) as stage:
        database = stage / "database"
        archive.take(archive.manifest.database, database)
        journal = open_journal(address_of(database))
        try:
            with journal.auditing() as view:
                report = verify(view)
        finally:
            journal.close()
        keep = partial(publish, database, path)
        return _kept(archive, report, keep, evidence, accept=accept)


@contextmanager
def _placed(files: Path | None, evidence: Path) -> Iterator[None]:
    """Put evidence in its place, and take it away again if the database does not come to its.

    Where nobody knows whether it did, evidence stays: without a database it does no harm.
    """
    if files is not None:
        publish(files, evidence)
    try:
        yield
    except CommitUnheard as error:
        raise RestoreUnheard(folder=str(evidence), **error.facts) from error
    except BaseException:
        if files is not None:
            evidence.rename(files)
        raise


def _source(database: Database, servers: Sequence[str], dump: Path, archive: Archive) -> Source:
    from lifecycle.storage.postgres import PostgresDatabase
    from lifecycle.storage.postgres_restoring import Dump
    from lifecycle.storage.shards_restoring import Dumps

    assert isinstance(database, PostgresDatabase)  # noqa: S101 - there is no third kind
    if not servers:
        return Dump(database, dump)
    manifest = archive.manifest
    return Dumps(database, servers_at(servers), dump, manifest.origin, manifest.schema)


def _check_kind(archive: Archive, path: Path | None, *, several: bool) -> None:
    kind = archive.manifest.kind
    if several != (kind == SEVERAL):
        detail = Message("schools lie on several servers: name them by --servers FILE")
        if several:
            detail = Message("its schools lie on one server: leave --servers out")
        raise InvalidInput(what="--servers", detail=detail)
    if (path is None) != (kind != "sqlite"):
        raise archive.damaged(
            Message("it is a backup of {kind}: name such a place", {"kind": kind})
        )


def _check_empty(evidence: Path, path: Path | None) -> None:
    if path is not None:
        for ending in ("", *BESIDE):
            beside = path.with_name(path.name + ending)
            if beside.exists() or beside.is_symlink():
                raise PlaceTaken(place=str(beside))
    if evidence.exists() and (not evidence.is_dir() or any(evidence.iterdir())):
        raise PlaceTaken(place=str(evidence))


def _unpack(archive: Archive, folder: Path, progress: Progress) -> None:
    """Unpack the evidence files as the store keeps them."""
    folder.mkdir(mode=0o700)
    made = {folder}
    for count, digest in enumerate(archive.evidence, 1):
        place = folder
        for name in ("sha256", digest[:2], digest[2:4]):
            place /= name
            place.mkdir(mode=0o700, exist_ok=True)
            made.add(place)
        archive.take(EVIDENCE + digest, place / digest)
        (place / digest).chmod(stat.S_IRUSR)
        progress(count)
    for place in made:
        sync_folder(place)


def _compare(archive: Archive, report: Report, view: Auditing) -> None:
    """Make sure that the database is the one that the manifest tells of.

    Raises:
        BackupDamaged: It is another one.
    """
    manifest = archive.manifest
    told = (manifest.origin, manifest.records, manifest.size)
    if (view.origin, report.records, view.log.state().size) != told:
        raise archive.damaged(Message("its manifest tells of another history than it holds"))
