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
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, Office, SetClock, engine_on
from tests.identities import Identities
from tests.server import Server


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def postgres_url(server: Server) -> Iterator[str]:
    """Address of a database of PostgreSQL with the tables, where nothing was recorded yet."""
    with server.database(ORIGIN) as url:
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try what is done with an engine in memory and on SQLite; on PostgreSQL where marked.

    The statements are the same on every database, and the contract suite of storage tries all of
    them on a server. Here it is tried where transactions, locks or erasures are what is asked.
    """
    if "storage" in metafunc.fixturenames:
        served = metafunc.definition.get_closest_marker("postgres") is not None
        metafunc.parametrize("storage", ["memory", "sqlite", *(["postgres"] if served else [])])


@pytest.fixture
def engine(
    request: pytest.FixtureRequest,
    storage: str,
    catalogue: Catalogue,
    clock: SetClock,
    tmp_path: Path,
) -> Iterator[Lifecycle]:
    """An engine with one administrator: in memory, on an SQLite file, or on PostgreSQL."""
    journal: Journal
    if storage == "memory":
        journal = MemoryJournal(ORIGIN)
    elif storage == "sqlite":
        journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
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


@pytest.fixture
def identities(office: Office) -> Identities:
    """Tokens and keys of the office's people."""
    return Identities(office.engine)
