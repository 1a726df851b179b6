"""Profiles for generated tests, an office and a server that the tests of many parts share."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ROADMAP, Office, memory_engine
from tests.server import Server

# Deadlines and health checks measure the machine, not the code; "ci" is the same on every run.
settings.register_profile(
    "ci",
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "thorough", parent=settings.get_profile("ci"), max_examples=1000, derandomize=False
)
settings.register_profile(
    "mutants",  # thousands of times the same tests: few examples, and a failure is not made simple
    parent=settings.get_profile("ci"),
    max_examples=8,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Thousands of databases are made, and commit as safely as anywhere else; where files lie in memory
# that costs no wait for a disk. Without such a place, or room in it, they lie where all such files
# do. Who sets TMPDIR is obeyed.
MEMORY = Path("/dev/shm")  # noqa: S108 - where temporary files are to lie, closed to others
ROOM = 2 * 1024**3
"""Bytes; several times what a run needs, and only what failed stays after it."""


def _roomy(folder: Path) -> bool:
    """Tell whether tests can lie in a folder: there is room, and programs in it can be run."""
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


# Thousands of tests, and what they are made from, stay until the end: the collector would go
# through all of it again and again, and finds nothing there.
gc.disable()
_RARER = (20_000, 20, 20)


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but leave alone what was there before the first test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_RARER)
    gc.enable()


# Coverage takes longer than what it measures here. These make every forgery, ask everybody for
# everything or lead whole districts to their ends; what they reach, quick tests reach as well.
UNMEASURED = {
    "audit": {
        "test_auditors_page", "test_catalogue", "test_catalogue_outside", "test_catalogue_tables",
        "test_every_member", "test_forged_transitions", "test_single_bytes",
    },
    "campaigns": {"test_campaigns", "test_corpus", "test_durability"},
    "cli": {"test_mining", "test_options", "test_shapes"},
    "demo": {"test_demo", "test_plans_shown"},
    "mining": {"check_miners", "test_cases", "test_nets", "test_ocel", "test_xes"},
    "pictures": {"test_determinism"},
    "report": {"test_in_browser"},
    "service": {
        "test_batch_laws", "test_erased_people", "test_laws", "test_matrix", "test_who_matrix",
    },
    "importing": {"test_seeds"},
    "tests": {"test_readme"},
}  # fmt: skip
"""Modules of tests, by their folder, that are run without having coverage measured."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is not measured."""
    for item in items:
        if item.path.stem in UNMEASURED.get(item.path.parent.name, ()):
            item.add_marker("no_cover")


if sys.platform == "linux" and _roomy(MEMORY):
    os.environ.setdefault("TMPDIR", str(MEMORY))
    tempfile.tempdir = None  # It may have been looked up already.


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
