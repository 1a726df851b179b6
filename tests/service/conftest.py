"""Engines on every storage, for tests that have to hold on either."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.domain.ports import Journal
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal
from lifecycle.storage.memory import MemoryJournal
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, Office, SetClock, engine_on
from tests.server import Server


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def postgres_url(server: Server) -> Iterator[str]:
    """Address of a database of PostgreSQL with the tables, where nothing was recorded yet."""
    with server.database(ORIGIN) as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def engine(
    request: pytest.FixtureRequest, catalogue: Catalogue, clock: SetClock, tmp_path: Path
) -> Iterator[Lifecycle]:
    """An engine with one administrator: in memory, on an SQLite file, and on PostgreSQL."""
    journal: Journal
    if request.param == "memory":
        journal = MemoryJournal(ORIGIN)
    elif request.param == "sqlite":
        journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    else:
        journal = create_journal(request.getfixturevalue("postgres_url"), ORIGIN)
    evidence = EvidenceFolder(tmp_path / "evidence")
    with engine_on(journal, catalogue, evidence=evidence, clock=clock) as engine:
        engine.found(actor=ADMIN, command_id="found")
        yield engine


@pytest.fixture
def office(engine: Lifecycle, definition: Definition) -> Office:
    """An office with one school enrolled and all roles assigned, on either storage."""
    return Office(engine, definition).opened("krasnogorsk")
