"""Looking at a database and its surroundings for what endangers what is kept there.

A database that the engine refuses to open is looked at all the same, as far as that can be done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from lifecycle.domain.administration import published_delay
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.record import moment_from, moment_text
from lifecycle.storage import schema, tables
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.diagnosis import Symptom, by_level, symptom
from lifecycle.storage.figures import waiting
from lifecycle.storage.journal import database_at
from lifecycle.storage.rows import as_bytes, names_file
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.sqlite_files import place_of
from lifecycle.storage.surroundings import MOUNTS, placed

_TOLERANCE: Final = timedelta(seconds=60)
_LAST: Final = Statement(select(func.max(tables.streams.c.recorded_at)))


def examine(url: str, evidence: Path, now: datetime, mounts: Path = MOUNTS) -> list[Symptom]:
    """Return what is worth telling about a database, hazards first.

    Args:
        url: Of the database.
        evidence: Folder of the evidence files.
        now: The moment, UTC.
        mounts: Where the system lists its file systems.

    Raises:
        InvalidInput: The address is none.
        StorageFailed: The server cannot be reached, or its driver is not installed.
    """
    place = place_of(url)
    if place is not None:
        from lifecycle.storage import sqlite_doctor

        found = sqlite_doctor.examine(place, evidence, now, mounts)
    else:
        # Only here: its driver is an extra.
        database = database_at(url)
        from lifecycle.storage import postgres_doctor

        found = postgres_doctor.examine(database, evidence, now, mounts)
    return by_level(found)


def history(session: Session, evidence: Path, now: datetime) -> Iterator[Symptom]:
    """Yield what the history tells: of the clock, of sealing, of evidence that has to be there.

    Raises:
        StorageFailed: It cannot be read.
    """
    if not session.database.present(session):
        yield symptom("missing", url=session.faults.url)
        return
    revision = schema.check(session)
    if revision != tables.SCHEMA:
        yield symptom("schema_older", found=revision)
    view = SqlAuditing(session, schema.installed(session))
    ((last,),) = session.rows(_LAST)
    latest = None if last is None else moment_from(last)
    if latest is not None and latest > now + _TOLERANCE:
        behind = int((latest - now).total_seconds())
        yield symptom("clock_behind", seconds=behind, last=moment_text(latest))
    _, oldest = waiting(session)
    if oldest is not None:
        first = view.first(INSTALLATION)
        if moment_from(oldest) + published_delay(first) < now:
            held = session.writing_since()
            if held is not None and held <= oldest:
                yield symptom("sealing_held", since=held)
            else:
                yield symptom("sealing_late", since=oldest)
    needed = (names_file(as_bytes(one.body)) for one in view.stored())
    if not os.path.lexists(evidence) and any(needed):
        yield symptom("evidence_missing", folder=str(evidence))


def kept_evidence(evidence: Path, mounts: Path, beside: Path | None = None) -> Iterator[Symptom]:
    """Yield what is wrong with the folder of the evidence files, if it is there.

    Args:
        evidence: The folder.
        mounts: Where the system lists its file systems.
        beside: The file of the database, if it is one.
    """
    if not os.path.lexists(evidence):
        return
    if not evidence.is_dir() or not os.access(evidence, os.R_OK | os.W_OK | os.X_OK):
        yield symptom("evidence_unreadable", folder=str(evidence))
        return
    yield from placed(evidence, 0, mounts)
    if beside is not None and beside.stat().st_dev != evidence.stat().st_dev:
        yield symptom("evidence_elsewhere", folder=str(evidence))
