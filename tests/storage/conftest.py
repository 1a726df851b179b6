"""Journals of every kind, and real records to put into them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from lifecycle.domain.model import DefinitionRef, Head, Standing
from lifecycle.domain.ports import Journal, Writing
from lifecycle.domain.record import ActedAs, Kind, Record
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.sqlite import ROLLBACK, WAL

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "installation-of-the-tests"
STREAM = "participation/school-1"
START = datetime(2022, 3, 1, 9, 0, tzinfo=UTC)
DIGEST = "d" * 64

MakeJournal = Callable[..., Journal]


# What each kind of record states besides; others may state anything.
_FACTS: dict[str, dict[str, str]] = {
    "enrolled": {"school": "school-1", "roadmap": "tomari-2022", "title": "Школа № 1"},
    "role_assigned": {"actor": "ana", "role": "curator"},
}


def record_after(head: Head, kind: Kind = "advanced", **members: Any) -> Record:
    """Return a sound record that follows *head*; *members* replace its own."""
    sequence = head.version + 1
    values: dict[str, Any] = {
        "origin": head.origin,
        "stream": head.stream,
        "sequence": sequence,
        "previous": head.hash,
        "record_id": str(uuid4()),
        "command_id": str(uuid4()),
        "request": "0" * 64,
        "kind": kind,
        "actor": ActedAs("coordinator", "school_coordinator", "assignment-1", "host:tests"),
        "recorded_at": START + timedelta(seconds=sequence),
        "effective_on": date(2022, 2, 28),
        "facts": _FACTS.get(kind, {}),
        "consulted": {},
    }
    if kind == "advanced":
        values |= {
            "transition": "start_questionnaire",
            "source": "selected",
            "target": "questionnaire",
            "definition": DefinitionRef("500plus", "1", DIGEST),
            "facts": {"risks": [{"factor": "low_equipment", "significance": "высокая"}]},
        }
    return Record(**{**values, **members})


def standing_after(record: Record, **members: Any) -> Standing:
    """Return the row of the board after *record*; *members* replace its own."""
    values: dict[str, Any] = {
        "school": record.stream.partition("/")[2],
        "roadmap": "tomari-2022",
        "title": "МБОУ СОШ с. Красногорск",
        "definition": DIGEST,
        "state": record.target or "selected",
        "version": record.sequence,
        "entered_at": record.recorded_at,
        "entered_on": record.effective_on,
        "due_on": date(2022, 4, 1),
        "final": False,
    }
    return Standing(**{**values, **members})


def append(tx: Writing, stream: str = STREAM, kind: Kind = "advanced", **members: Any) -> Record:
    """Append a sound record to *stream*, with its row of the board where it has one."""
    record = record_after(tx.lock(stream), kind, **members)
    tx.append(record, standing_after(record) if stream.startswith("participation/") else None)
    return record


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Address of a database that is not there yet, in a folder with letters and a space."""
    folder = tmp_path / "папка с данными"
    folder.mkdir()
    return f"sqlite:///{folder}/история.db"


@pytest.fixture(params=["memory", "sqlite", "sqlite-wal"])
def make_journal(request: pytest.FixtureRequest, url: str) -> Iterator[MakeJournal]:
    """Make one journal of each kind: in memory, and on SQLite with either journal mode."""
    made: list[Journal] = []

    def make(lock_seconds: float = 30) -> Journal:
        if request.param == "memory":
            made.append(MemoryJournal(ORIGIN, lock_seconds=lock_seconds))
        else:
            durability = WAL if request.param == "sqlite-wal" else ROLLBACK
            made.append(
                create_journal(url, ORIGIN, lock_seconds=lock_seconds, durability=durability)
            )
        return made[-1]

    yield make
    for journal in made:
        journal.close()


@pytest.fixture
def journal(make_journal: MakeJournal) -> Journal:
    """An empty journal of each kind."""
    return make_journal()


@pytest.fixture
def sqlite_journal(url: str) -> Iterator[SqlJournal]:
    """An empty journal on SQLite as users get it."""
    journal = create_journal(url, ORIGIN)
    yield journal
    journal.close()


@pytest.fixture
def path(url: str) -> Path:
    """The database file behind ``url``."""
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def child() -> Callable[..., str]:
    """Run Python code in a process of its own, and return what it prints."""

    def run(code: str, *arguments: object) -> str:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user of the machine can get at; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)
