"""An office whose schools have come to every state, and their cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.mining import Case
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import Office, memory_engine
from tests.mining.reading import cases_of


@pytest.fixture(scope="session")
def led(catalogue: Catalogue, definition: Definition) -> Iterator[Lifecycle]:
    """An engine in memory with one school of Tomari in every state; read it only."""
    with memory_engine(catalogue) as engine:
        office = Office(engine, definition).opened()
        for state in definition.state:
            office.enrol(f"in.{state}")
            office.lead(f"in.{state}", state)
        yield engine


@pytest.fixture(scope="session")
def cases(led: Lifecycle) -> list[Case]:
    """The cases of all these schools."""
    return cases_of(led, which="all")
