"""What endangers a file of SQLite."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import DatabaseMissing, LifecycleError
from lifecycle.domain.errors_database import FileClosed
from lifecycle.storage import doctor
from lifecycle.storage.diagnosis import Symptom, symptom, unreadable
from lifecycle.storage.session import Session
from lifecycle.storage.sqlite import WAL, SqliteDatabase, durability_for
from lifecycle.storage.sqlite_files import Place, check_file
from lifecycle.storage.surroundings import placed

_BESIDE: Final = ("-wal", "-journal")
_LOCK_SECONDS: Final = 5.0


def examine(
    place: Place,
    evidence: Path,
    now: datetime,
    mounts: Path,
    version: tuple[int, int, int] = sqlite3.sqlite_version_info,
) -> Iterator[Symptom]:
    """Yield what is worth telling about a file, its surroundings and what is in it.

    Args:
        place: The file.
        evidence: Folder of the evidence files.
        now: The moment, UTC.
        mounts: Where the system lists its file systems.
        version: Of the SQLite that commits.

    Raises:
        FileClosed: The account may not read the file: nothing can be told of it.
    """
    file = place.file
    beside = [file.with_name(file.name + ending) for ending in _BESIDE]
    left = [one for one in beside if os.path.lexists(one)]
    try:
        check_file(place)
    except DatabaseMissing:
        yield symptom("missing", url=place.url)
        yield from (symptom("left_over", file=str(one)) for one in left)
        return
    except LifecycleError as error:
        yield unreadable(error)
        return
    if not os.access(place.path, os.R_OK):
        raise FileClosed(url=place.url, detail=os.strerror(errno.EACCES))
    chosen = durability_for(version)
    yield symptom("settings", journal=chosen.journal_mode, synchronous=chosen.synchronous)
    yield from (symptom("unfinished", file=str(one)) for one in left)
    here = place.path.stat()
    if here.st_nlink > 1:
        yield symptom("named_twice", file=str(place.path), names=here.st_nlink)
    yield from placed(place.path, here.st_size, mounts)
    yield from doctor.kept_evidence(evidence, mounts, place.path)
    yield from _inside(place, evidence, now, version)


def _inside(
    place: Place, evidence: Path, now: datetime, version: tuple[int, int, int]
) -> Iterator[Symptom]:
    """Look into the file without changing a setting of it."""
    database = SqliteDatabase(place, _LOCK_SECONDS)
    mode = "ro" if place.read_only else "rw"
    try:
        with (
            database.faults,
            closing(
                sqlite3.connect(
                    f"{place.path.as_uri()}?mode={mode}",
                    uri=True,
                    timeout=_LOCK_SECONDS,
                    isolation_level=None,
                )
            ) as driver,
        ):
            ((kept_with,),) = driver.execute("PRAGMA journal_mode").fetchall()
            if durability_for(version) != WAL:
                code = "wal_fault" if kept_with == WAL.journal_mode else "wal_avoided"
                yield symptom(code, version=".".join(map(str, version)))
            driver.execute("BEGIN")
            session = Session(cast(DBAPIConnection, driver), database)
            yield from doctor.history(session, evidence, now)
    except LifecycleError as error:
        yield unreadable(error)
