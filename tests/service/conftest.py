"""Engines on both storages, for tests that have to hold on either."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.domain.ports import Journal
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory import MemoryJournal
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, Office, SetClock, engine_on
from tests.identities import Identities


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=["memory", "sqlite"])
def engine(
    request: pytest.FixtureRequest, catalogue: Catalogue, clock: SetClock, tmp_path: Path
) -> Iterator[Lifecycle]:
    """An engine with one administrator: in memory, and on a real SQLite file."""
    journal: Journal = (
        MemoryJournal(ORIGIN)
        if request.param == "memory"
        else new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    )
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
    return Identities(office.engine)
