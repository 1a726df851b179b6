"""Journals of every kind, and processes to try them from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from lifecycle.domain.logged import Sealing
from lifecycle.domain.ports import Journal
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.roles import shard
from lifecycle.storage.sqlite import ROLLBACK, WAL
from tests.databases import new_journal
from tests.histories import small_history
from tests.server import Server
from tests.sharded import Lay, Sharded
from tests.storage.backing_up import Kept
from tests.storage.samples import ORIGIN

ROOT = Path(__file__).resolve().parents[2]

Child = Callable[..., str]
Spawn = Callable[..., subprocess.Popen[str]]
MakeJournal = Callable[..., Journal]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Address of a database that is not there yet, in a folder with letters and a space."""
    folder = tmp_path / "папка с данными"
    folder.mkdir()
    return f"sqlite:///{folder}/история.db"


@pytest.fixture
def postgres_url(server: Server) -> Iterator[str]:
    """Address of a database of PostgreSQL with the tables, where nothing was recorded yet."""
    with server.database(ORIGIN) as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "sqlite-wal", "postgres"])
def make_journal(request: pytest.FixtureRequest, url: str) -> Iterator[MakeJournal]:
    """Make one journal of each kind: in memory, on SQLite in either journal mode, PostgreSQL."""
    made: list[Journal] = []
    address = request.getfixturevalue("postgres_url") if request.param == "postgres" else url

    def make(lock_seconds: float = 30, sealing: Sealing = "inline") -> Journal:
        if request.param == "memory":
            made.append(MemoryJournal(ORIGIN, lock_seconds=lock_seconds, sealing=sealing))
        else:
            made.append(
                create_journal(address, ORIGIN, lock_seconds=lock_seconds, sealing=sealing)
                if request.param == "postgres"
                else new_journal(
                    url,
                    ORIGIN,
                    lock_seconds=lock_seconds,
                    durability=WAL if request.param == "sqlite-wal" else ROLLBACK,
                    sealing=sealing,
                )
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
    journal = new_journal(url, ORIGIN)
    yield journal
    journal.close()


@pytest.fixture
def postgres_journal(postgres_url: str) -> Iterator[SqlJournal]:
    """An empty journal on PostgreSQL as users get it."""
    journal = create_journal(postgres_url, ORIGIN)
    yield journal
    journal.close()


@pytest.fixture
def raw_postgres(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Somebody else's connection to that database, as its owner."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


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


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start Python code in processes of their own; none outlives the test."""
    started = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        started.append(
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def servers(server: Server) -> Iterator[Sequence[Server]]:
    """Three servers, which ask the coordinator's account for its password."""
    with ExitStack() as stack:
        started = [stack.enter_context(Server(like=server)) for _ in range(3)]
        for one in started:
            one.demand_passwords("lifecycle_shard_")
        yield started


@pytest.fixture(scope="session")
def lay(server: Server, servers: Sequence[Server]) -> Iterator[Lay]:
    """Lay a history of an installation, where nothing was recorded yet."""
    with ExitStack() as stack:

        def laid(origin: str) -> Sharded:
            url = stack.enter_context(server.database(origin))
            shards = tuple(stack.enter_context(one.database()) for one in servers)
            shard(url, shards)
            return Sharded(url, shards)

        yield laid


@pytest.fixture(scope="session")
def in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small history in a file; it is copied."""
    folder = tmp_path_factory.mktemp("file")
    with small_history(f"sqlite:///{folder}/a.db", folder):
        return folder


@pytest.fixture(scope="session")
def on_a_server(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of a small history on a server and the folder of its files; both are copied."""
    folder = tmp_path_factory.mktemp("server")
    with server.database() as url:
        with small_history(url, folder):
            pass
        yield url, folder


@pytest.fixture
def on_sqlite(in_a_file: Path, tmp_path: Path) -> Kept:
    """A small history in a file."""
    shutil.copytree(in_a_file, tmp_path, dirs_exist_ok=True)
    return Kept(f"sqlite:///{tmp_path}/a.db", tmp_path, f"sqlite:///{tmp_path}/b.db")


@pytest.fixture
def on_postgres(on_a_server: tuple[str, Path], server: Server, tmp_path: Path) -> Iterator[Kept]:
    """A small history on a server."""
    shutil.copytree(on_a_server[1], tmp_path, dirs_exist_ok=True)
    with server.copy(on_a_server[0]) as url, server.database() as empty:
        yield Kept(url, tmp_path, empty, server.programs)


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """A small history of either kind."""
    found: Kept = request.getfixturevalue(request.param)
    return found
