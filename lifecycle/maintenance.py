"""Looking after a database: what is done to it as a whole, apart from what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lifecycle.wiring import SystemClock, evidence_folder, evidence_store

if TYPE_CHECKING:
    from lifecycle.audit.checking import Progress
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.audit.findings import Report
    from lifecycle.audit.note import VerifierKey
    from lifecycle.domain.evidence import EvidenceStore
    from lifecycle.domain.ports import Auditing
    from lifecycle.service import Lifecycle
    from lifecycle.storage.backup_file import Manifest
    from lifecycle.storage.backups import Watched
    from lifecycle.storage.diagnosis import Symptom
    from lifecycle.storage.rebuilding import Rebuilt
    from lifecycle.storage.restoring import Restored
    from lifecycle.storage.sharding import Laid


def grant_roles(url: str) -> tuple[str, ...]:
    """Make the roles that work with a database of PostgreSQL; see ``storage.postgres_roles``.

    Args:
        url: Of the database, as the owner of its tables.

    Returns:
        The names of the roles.

    Raises:
        InvalidInput: The address is not one of PostgreSQL.
        StorageFailed: It has no tables of ours, or who asks may not do this.
    """
    from lifecycle.storage.roles import grant

    return grant(url)


def shard_history(url: str, servers: Sequence[str], *, dry_run: bool = False) -> tuple[Laid, ...]:
    """Lay the schools of an empty history on several servers; see ``storage.sharding``.

    Args:
        url: Of the database that programs will work with, as a super-user of its server.
        servers: Addresses of the other databases, as their owners who may make roles.
        dry_run: Change nothing.

    Returns:
        The statements sent to every server, or to be sent, without passwords.

    Raises:
        InvalidInput: An address is not one of PostgreSQL, or the servers are not those of before.
        DatabaseExists: Something is recorded already.
        StorageFailed: A server holds something else, or cannot be used.
    """
    from lifecycle.storage.roles import shard

    return shard(url, servers, dry_run=dry_run)


def upgrade_schema(url: str) -> tuple[str, str]:
    """Bring the schema of an earlier release up to date; see ``storage.upgrading``.

    Args:
        url: Of the database; on PostgreSQL as the owner of its tables.

    Returns:
        The revisions before and after.

    Raises:
        StorageFailed: There is no such database, or it cannot be upgraded.
    """
    from lifecycle.storage.upgrading import upgrade

    return upgrade(url)


def rebuild(
    engine: Lifecycle,
    url: str,
    progress: Progress = lambda done: None,
    *,
    accept: bool = False,
) -> Rebuilt:
    """Rebuild heads, board, roles, actors and credentials; see ``storage.rebuilding``.

    Args:
        engine: On the history: what it knows to verify with.
        url: Where it lies; on PostgreSQL as the owner of the tables.
        progress: Called with the number of records verified, now and then.
        accept: Remove also what may be the last trace of records that are gone.

    Raises:
        StorageFailed: The database failed.
    """
    from lifecycle.audit.verify import verify as verify_view
    from lifecycle.parallel import fast_parser
    from lifecycle.storage import rebuilding

    context = engine.context

    def check(view: Auditing) -> Report:
        now = context.clock.now()
        return verify_view(
            view, context.evidence, context.guards, progress, parser=fast_parser(), now=now
        )

    return rebuilding.rebuild(url, check, accept=accept)


def diagnose(url: str, *, evidence: Path | str | None = None) -> list[Symptom]:
    """Return what endangers a database and its evidence files; see ``storage.doctor``.

    Args:
        url: Of the database; it may be one that the engine would not open.
        evidence: As for ``open_lifecycle``.

    Raises:
        InvalidInput: The address is none.
        StorageFailed: The server cannot be reached.
    """
    from lifecycle.storage.doctor import examine

    return examine(url, evidence_folder(url, evidence), SystemClock().now())


def make_backup(
    url: str,
    to: Path,
    *,
    evidence: Path | str | None = None,
    programs: Path | None = None,
    servers: Sequence[str] = (),
    watched: Watched | None = None,
) -> tuple[Path, Manifest]:
    """Write a backup of a database and its evidence files; see ``storage.backups``.

    Args:
        url: Of the database.
        to: The file, or a folder to put it in.
        evidence: As for ``open_lifecycle``.
        programs: Folder with the programs of PostgreSQL, if it has to be named.
        servers: Addresses of the databases that schools lie in, where these are others.
        watched: Who is told how far it is.

    Returns:
        The file, and what is in it.

    Raises:
        PlaceTaken: There is a file already.
        StorageFailed: The database cannot be read, or the backup not be written.
    """
    from lifecycle.storage.backups import backup

    now = SystemClock().now()
    store = evidence_store(url, evidence)
    return backup(url, to, store, now, programs=programs, servers=servers, watched=watched)


def restore_backup(
    file: Path,
    url: str,
    progress: Progress = lambda done: None,
    *,
    evidence: Path | str | None = None,
    programs: Path | None = None,
    servers: Sequence[str] = (),
    accept: bool = False,
    checkpoints: Sequence[Kept] = (),
    keys: Sequence[VerifierKey] = (),
    lock_seconds: float = 30.0,
) -> Restored:
    """Restore a backup into an empty place, if it verifies; see ``storage.restoring``.

    Args:
        file: The backup.
        url: Where to.
        progress: Called with the number of records verified, now and then.
        evidence: As for ``open_lifecycle``.
        programs: Folder with the programs of PostgreSQL, if it has to be named.
        servers: Addresses of empty databases for the schools, where they lay on several servers.
        accept: Put it in place in spite of findings.
        checkpoints: Checkpoints that were kept outside: of a later one records are missing.
        keys: Whose checkpoints are believed.
        lock_seconds: How long to wait for others.

    Raises:
        BackupDamaged: It is no whole backup.
        PlaceTaken: Something is there already.
        StorageFailed: It cannot be put there.
    """
    from lifecycle.audit.checkpoints import opened, reached
    from lifecycle.audit.verify import verify as verify_view
    from lifecycle.parallel import fast_parser
    from lifecycle.storage.restoring import restore

    def check(view: Auditing, store: EvidenceStore) -> Report:
        now = SystemClock().now()
        report = verify_view(
            view, store, {}, progress,
            parser=fast_parser(), now=now, checkpoints=checkpoints, keys=keys,
        )  # fmt: skip
        # Nobody seals in a backup: what waits there has waited since, and is not missing.
        found = tuple(one for one in report.findings if one.code != "log_queue_late")
        if {one.code for one in found} == {"checkpoint_ahead"}:
            known, _ = opened(view.origin, keys, checkpoints)
            waits = reached(view, known)
            found = tuple(one for one in found if one.field not in waits)
        return replace(report, findings=found)

    folder = evidence_folder(url, evidence)
    return restore(
        file, url, folder, check,
        accept=accept, programs=programs, servers=servers, lock_seconds=lock_seconds,
    )  # fmt: skip
