"""Profiles for generated tests, an office and a server that the tests of many parts share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ROADMAP, Office, memory_engine
from tests.server import Server

# Deadlines and health checks measure the machine, not the code; "ci" is the same on every run.
settings.register_profile(
    "ci",
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "thorough", parent=settings.get_profile("ci"), max_examples=1000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The shipped programmes and road maps, each compiled once for all tests."""
    return Catalogue()


@pytest.fixture(scope="session")
def definition(catalogue: Catalogue) -> Definition:
    """The programme 500+ under the road map of Tomari."""
    return catalogue.compiled(ROADMAP)


@pytest.fixture
def engine(catalogue: Catalogue) -> Iterator[Lifecycle]:
    """An engine in memory with one administrator."""
    with memory_engine(catalogue) as engine:
        yield engine


@pytest.fixture
def office(engine: Lifecycle, definition: Definition) -> Office:
    """An office in memory, the road map in force, one school enrolled, all roles assigned."""
    return Office(engine, definition).opened("krasnogorsk")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL of its own, started when the first test asks for it."""
    with Server() as server:
        yield server
