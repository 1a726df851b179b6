"""The composition root: which adapters an engine gets."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from lifecycle.audit import ed25519
from lifecycle.audit.checking import Progress
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.findings import Report
from lifecycle.audit.note import VerifierKey
from lifecycle.audit.verify import verify as verify_view
from lifecycle.domain.errors_access import AuthenticationFailed
from lifecycle.domain.guards import GuardFunction
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor
from lifecycle.domain.naming import identifier
from lifecycle.domain.ports import Clock, EvidenceStore, Journal
from lifecycle.logs import event
from lifecycle.service import Lifecycle
from lifecycle.service.context import Context
from lifecycle.settings import DEFAULT_URL

MEMORY = "memory://"
_VERSION_7 = 7


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the moment, UTC."""
        return datetime.now(UTC)


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, 74 random bits."""
    bits = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | _VERSION_7 << 76
    bits = bits & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=bits))


def open_lifecycle(
    url: str = DEFAULT_URL,
    *,
    evidence: Path | str | None = None,
    definitions: Sequence[Path | str] = (),
    guards: Mapping[str, GuardFunction] | None = None,
    clock: Clock | None = None,
) -> Lifecycle:
    """Open the engine on an existing history.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or
            ``postgresql://user@server/database``.
        evidence: Folder of the evidence files; if not given, beside the file of an SQLite
            database, and ``lifecycle.evidence`` in the working folder for one on a server.
        definitions: Folders with further programmes and road maps.
        guards: Guards in Python by the names that definitions call them.
        clock: Another clock than this machine's.

    Raises:
        StorageFailed: There is no such database, or it is broken, newer, locked or unreadable.
    """
    from lifecycle.storage.journal import open_journal

    return _engine(open_journal(url), _store(url, evidence), definitions, guards, clock)


def create_lifecycle(
    url: str = DEFAULT_URL,
    *,
    administrator: Actor,
    evidence: Path | str | None = None,
    definitions: Sequence[Path | str] = (),
    guards: Mapping[str, GuardFunction] | None = None,
    clock: Clock | None = None,
) -> Lifecycle:
    """Begin a history and open the engine on it.

    Args:
        url: As for ``open_lifecycle``, or ``memory://`` for a history that ends with the process.
        administrator: The first administrator; he registers actors and assigns roles.
        evidence: As for ``open_lifecycle``.
        definitions: As for ``open_lifecycle``.
        guards: As for ``open_lifecycle``.
        clock: As for ``open_lifecycle``.

    Raises:
        DatabaseExists: There is a history already.
        InvalidIdentifier: The administrator's id cannot be one; nothing was made.
        StorageFailed: It cannot be written there.
    """
    identifier(administrator.id, "actor")
    engine = _engine(_new_journal(url), _store(url, evidence), definitions, guards, clock)
    engine.found(actor=administrator)
    return engine


def verify(
    engine: Lifecycle,
    progress: Progress = lambda done: None,
    *,
    checkpoints: Sequence[Kept] = (),
    keys: Sequence[VerifierKey] = (),
    since: Kept | None = None,
    workers: int | None = 1,
) -> Report:
    """Verify everything that is stored; see ``lifecycle.audit.verify``.

    Args:
        engine: On the history.
        progress: Called with the number of records read, now and then.
        checkpoints: Checkpoints that were kept outside the database.
        keys: Whose checkpoints are believed.
        since: A checkpoint of a log that was verified before: only later records are decided
            again, with the streams that they stand in.
        workers: How many processes may check at once; ``None`` for what suits size and machine.
            Where it is more than one, the program's main module must be importable
            (``if __name__ == "__main__":``). A history in memory, and guards that cannot be
            sent to another process, are checked in this one.

    Raises:
        EvidenceUnreadable: The evidence store is there, but nothing in it can be read.
        StorageFailed: The database failed.
    """
    # Only here: nothing else starts processes, and it takes its time to load.
    from lifecycle.parallel import Spread, fast_parser

    context = engine.context
    with (
        context.journal.auditing() as view,
        Spread(context.journal, view, context.evidence, workers, progress) as spread,
    ):
        return verify_view(
            view,
            context.evidence,
            context.guards,
            progress,
            parser=fast_parser(),
            spread=spread,
            now=context.clock.now(),
            checkpoints=checkpoints,
            keys=keys,
            since=since,
        )


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


def _engine(
    journal: Journal,
    store: EvidenceStore,
    definitions: Sequence[Path | str],
    guards: Mapping[str, GuardFunction] | None,
    clock: Clock | None,
) -> Lifecycle:
    from lifecycle.workflows.catalogue import Catalogue
    from lifecycle.workflows.working_days import RussianCalendar

    known = dict(guards or {})
    return Lifecycle(
        Context(
            journal=journal,
            evidence=store,
            definitions=Catalogue([Path(folder) for folder in definitions], known.keys()),
            clock=clock or SystemClock(),
            new_id=new_id,
            guards=known,
            log=event,
            calendar=RussianCalendar(),
            # The very code that proves them later: neither can take what the other does not.
            signatures=ed25519.verify,
            public_keys=ed25519.is_public_key,
        )
    )


def _new_journal(url: str) -> Journal:
    if url == MEMORY:
        from lifecycle.storage.memory import MemoryJournal

        return MemoryJournal(new_id())
    from lifecycle.storage.journal import create_journal

    return create_journal(url, new_id())


def _store(url: str, folder: Path | str | None) -> EvidenceStore:
    if folder is None and url == MEMORY:
        from lifecycle.storage.memory_evidence import MemoryEvidence

        return MemoryEvidence()
    from lifecycle.storage.evidence import EvidenceFolder
    from lifecycle.storage.sqlite import sqlite_path

    if folder is None:
        path = sqlite_path(url)
        folder = f"{path}.evidence" if path is not None else "lifecycle.evidence"
    return EvidenceFolder(Path(folder))


def operating_system_actor(actor: str) -> Actor:
    """Return *actor* as the user of this machine that the kernel reports.

    The engine then records which account of the machine claimed to be him. It is the account
    that runs the program: who became it by sudo is told by a variable only, which anybody sets.

    Raises:
        AuthenticationFailed: This system tells its users apart in another way.
    """
    if not hasattr(os, "getuid"):
        raise AuthenticationFailed(Message("this system has no user numbers; act with a token"))
    return Actor(actor, f"os-uid:{os.getuid()}")
