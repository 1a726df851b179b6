"""The composition root: which adapters an engine gets."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifecycle import events
from lifecycle.domain import canonical
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Actor
from lifecycle.domain.naming import identifier
from lifecycle.domain.ports import Clock, Definitions, Journal
from lifecycle.logs import event
from lifecycle.service import Lifecycle
from lifecycle.service.context import Context
from lifecycle.settings import DEFAULT_URL
from lifecycle.telemetry import span

if TYPE_CHECKING:
    from lifecycle.audit.checking import Progress
    from lifecycle.audit.checkpoints import Kept
    from lifecycle.audit.findings import Report
    from lifecycle.audit.note import VerifierKey
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.guards import GuardFunction
    from lifecycle.parallel import Waits
    from lifecycle.storage.sqlite_files import Place

MEMORY = "memory://"
_VARIANT = "89ab"


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the moment, UTC."""
        return datetime.now(UTC)


class _Shipped:
    """The catalogue, loaded when it is first asked: a history has the rules in force itself."""

    def __init__(self, folders: Sequence[Path], guards: Collection[str]) -> None:
        self._given = folders, guards

    @cached_property
    def _catalogue(self) -> Definitions:
        from lifecycle.workflows.catalogue import Catalogue

        return Catalogue(*self._given)

    def roadmaps(self) -> Sequence[str]:
        """Return the ids of the road maps, sorted."""
        return self._catalogue.roadmaps()

    def compiled(self, roadmap: str) -> Definition:
        """Return the programme under that road map."""
        return self._catalogue.compiled(roadmap)


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, 74 random bits."""
    moment, drawn = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10).hex()
    # The version is 7, and the variant is told by the two highest bits of a digit.
    variant = _VARIANT[int(drawn[3], 16) & 0b11]
    return f"{moment[:8]}-{moment[8:]}-7{drawn[:3]}-{variant}{drawn[4:7]}-{drawn[7:19]}"


def quick_json(value: Any) -> bytes:
    """Return the canonical bytes of a value of the profile; see ``canonical.write_by``.

    Raises:
        TypeError: The value is of a derived type, or no Unicode.
    """
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS)


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

    engine = _engine(open_journal(url), evidence_store(url, evidence), definitions, guards, clock)
    engine.context.log(events.OPENED, backend=engine.context.journal.backend)
    return engine


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
    engine = _engine(_new_journal(url), evidence_store(url, evidence), definitions, guards, clock)
    engine.found(actor=administrator)
    engine.context.log(events.CREATED, backend=engine.context.journal.backend)
    return engine


def verify(
    engine: Lifecycle,
    progress: Progress = lambda done: None,
    *,
    checkpoints: Sequence[Kept] = (),
    keys: Sequence[VerifierKey] = (),
    since: Kept | None = None,
    workers: int | None = 1,
    waits: Waits = lambda numbers: None,
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
        waits: Called with the numbers of processes that have answered nothing for half a minute;
            they are waited for.

    Raises:
        EvidenceUnreadable: The evidence store is there, but nothing in it can be read.
        StorageFailed: The database failed.
    """
    # Only here: nothing else starts processes, and it takes its time to load.
    from lifecycle.audit.verify import verify as verify_view
    from lifecycle.parallel import Spread, fast_parser

    context, began = engine.context, time.monotonic()
    with (
        span("verify", backend=context.journal.backend) as told,
        context.journal.auditing() as view,
        Spread(context.journal, view, context.evidence, workers, progress, waits) as spread,
    ):
        report = verify_view(
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
        told.tell(records=report.records, findings=len(report.findings))
    _tell_verified(engine, report, time.monotonic() - began)
    return report


def _tell_verified(engine: Lifecycle, report: Report, took: float) -> None:
    from lifecycle.audit.findings import codes

    facts = {"records": report.records, "streams": report.streams, "seconds": round(took, 3)}
    if report.ok:
        engine.context.log(events.VERIFIED, **facts)
    else:
        found = codes(report.findings)
        engine.context.log(events.VERIFICATION_FAILED, **facts, findings=found)


def _checks_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Check a signature; see ``lifecycle.audit.ed25519``."""
    # The very code that proves them later: neither can take what the other does not.
    from lifecycle.audit.ed25519 import verify as verify_signature

    return verify_signature(public, message, signature)


def _is_public_key(key: bytes) -> bool:
    """Tell whether signatures can be checked by *key*; see ``lifecycle.audit.ed25519``."""
    from lifecycle.audit.ed25519 import is_public_key

    return is_public_key(key)


def _engine(
    journal: Journal,
    store: EvidenceStore,
    definitions: Sequence[Path | str],
    guards: Mapping[str, GuardFunction] | None,
    clock: Clock | None,
) -> Lifecycle:
    from lifecycle.workflows.working_days import RussianCalendar

    canonical.write_by(quick_json)
    known = dict(guards or {})
    return Lifecycle(
        Context(
            journal=journal,
            evidence=store,
            definitions=_Shipped([Path(folder) for folder in definitions], known.keys()),
            clock=clock or SystemClock(),
            new_id=new_id,
            guards=known,
            log=event,
            calendar=RussianCalendar(),
            signatures=_checks_signature,
            public_keys=_is_public_key,
        )
    )


def _new_journal(url: str) -> Journal:
    if url == MEMORY:
        from lifecycle.storage.memory import MemoryJournal

        return MemoryJournal(new_id())
    from lifecycle.storage.journal import create_journal

    return create_journal(url, new_id())


def evidence_store(url: str, folder: Path | str | None) -> EvidenceStore:
    """Return the store of the evidence files that belongs to a database; see ``open_lifecycle``."""
    if folder is None and url == MEMORY:
        from lifecycle.storage.memory_evidence import MemoryEvidence

        return MemoryEvidence()
    from lifecycle.storage.evidence import EvidenceFolder
    from lifecycle.storage.sqlite_files import place_of

    place = place_of(url) if folder is None else None
    if place is not None:
        # The database may come to lie elsewhere: its evidence is wherever that lies.
        return EvidenceFolder(partial(_beside_now, place))
    return EvidenceFolder(evidence_folder(url, folder))


def evidence_folder(url: str, folder: Path | str | None) -> Path:
    """Return the folder of the evidence files of a database; see ``open_lifecycle``."""
    from lifecycle.storage.sqlite_files import sqlite_path

    if folder is None:
        path = sqlite_path(url)
        folder = _beside(path) if path is not None else "lifecycle.evidence"
    return Path(folder).absolute()


def _beside_now(place: Place) -> Path:
    return _beside(place.file)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.evidence")


def operating_system_actor(actor: str) -> Actor:
    """Return *actor* as the user of this machine that the kernel reports.

    The engine then records which account of the machine claimed to be him. It is the account
    that runs the program: who became it by sudo is told by a variable only, which anybody sets.

    Raises:
        AuthenticationFailed: This system tells its users apart in another way.
    """
    if not hasattr(os, "getuid"):
        from lifecycle.domain.errors_access import AuthenticationFailed

        raise AuthenticationFailed(Message("this system has no user numbers; act with a token"))
    return Actor(actor, f"os-uid:{os.getuid()}")
