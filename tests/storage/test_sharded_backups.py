"""Backups of schools on several servers: of one moment, restored whole or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifecycle import open_lifecycle
from lifecycle.audit.findings import Finding, Report
from lifecycle.domain.errors import DatabaseLocked, InvalidInput, StorageFailed
from lifecycle.domain.errors_database import PlaceTaken
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.ports import Auditing
from lifecycle.maintenance import make_backup, restore_backup
from lifecycle.storage.backups import backup
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.restoring import restore
from lifecycle.storage.roles import shard
from lifecycle.storage.session import driver_of
from lifecycle.storage.sharding import connected
from tests.histories import enrol, small_history
from tests.server import Server
from tests.sharded import Lay, Sharded, opened
from tests.storage.backing_up import rows
from tests.storage.conftest import Spawn
from tests.storage.samples import append

WRITER = """
import sys
from lifecycle import open_lifecycle
from tests.histories import enrol
with open_lifecycle(sys.argv[1], evidence=sys.argv[2]) as engine:
    for number in range(10_000):
        enrol(engine, f"school-{number}")
        print(number, flush=True)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the evidence."""
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def history(lay: Lay, folder: Path) -> Sharded:
    """A small history whose schools lie on several servers."""
    sharded = lay("backed up")
    with small_history(sharded.url, folder):
        return sharded


@pytest.fixture
def empty(server: Server, servers: Sequence[Server]) -> Iterator[Sharded]:
    """As many databases where nothing is."""
    with ExitStack() as stack:
        url = stack.enter_context(server.database())
        yield Sharded(url, tuple(stack.enter_context(one.database()) for one in servers))


def left(places: Sharded) -> set[str]:
    """Return what is left in places that nothing was put in."""
    found = set()
    for url in (places.url, *places.shards):
        with psycopg.connect(url) as owner:
            for asked in (
                "SELECT relname FROM pg_class WHERE relname LIKE 'lifecycle%'",
                "SELECT proname FROM pg_proc WHERE proname LIKE 'lifecycle%'",
                "SELECT opfname FROM pg_opfamily WHERE opfname LIKE 'lifecycle%'",
                "SELECT srvname FROM pg_foreign_server",
            ):
                found |= {name for (name,) in owner.execute(asked.encode())}
    return found


def test_a_backup_among_writers_is_of_one_moment_and_restored_as_a_whole_or_not_at_all(
    history: Sharded, empty: Sharded, folder: Path, server: Server, spawn: Spawn, tmp_path: Path
) -> None:
    places: dict[str, Any] = {"programs": server.programs, "servers": empty.shards}
    again, this = tmp_path / "again", os.getpid()
    writer = spawn(WRITER, history.url, folder / "evidence")
    assert writer.stdout is not None
    writer.stdout.readline()
    file, manifest = make_backup(
        history.url,
        tmp_path,
        evidence=folder / "evidence",
        programs=server.programs,
        servers=history.shards,
    )
    writer.stdout.readline()
    assert writer.poll() is None
    writer.kill()

    def doubted(view: Auditing, store: EvidenceStore) -> Report:
        if os.getpid() != this:
            os.kill(os.getpid(), signal.SIGKILL)
        return Report(manifest.records, 0, (Finding("gap", "installation"),))

    accounts = empty.there(0, "SELECT rolname FROM pg_roles ORDER BY 1")
    assert not restore(file, empty.url, again, doubted, **places).placed
    assert left(empty) == set()
    assert empty.there(0, "SELECT rolname FROM pg_roles ORDER BY 1") == accounts
    child = os.fork()
    if child == 0:
        try:
            restore(file, empty.url, again, doubted, **places)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert "lifecycle_records" in left(empty)
    done = restore_backup(file, empty.url, evidence=again, **places)

    assert (done.placed, done.report.findings) == (True, ())
    before, after = rows(history.url), rows(empty.url)
    assert len(before["lifecycle_records"]) > len(after["lifecycle_records"]) == manifest.records
    for table in ("lifecycle_records", "lifecycle_openings", "lifecycle_outbox"):
        assert {*before[table]} >= {*after[table]} > set()
    # Each has accounts of its own, and numbers go on where they were.
    shard(empty.url, empty.shards)
    for url, evidence in ((history.url, folder / "evidence"), (empty.url, again)):
        with open_lifecycle(url, evidence=evidence) as engine:
            enrol(engine, "third")
            engine.seal()
            with engine.context.journal.auditing() as view:
                assert view.schema_findings() == []
    with pytest.raises(PlaceTaken):
        restore(file, empty.url, tmp_path / "b", doubted, **places)


def test_servers_that_are_not_those_of_the_history_are_refused(
    history: Sharded, folder: Path, servers: Sequence[Server], tmp_path: Path
) -> None:
    def backed_up(*servers: str, url: str = history.url) -> None:
        make_backup(url, tmp_path, evidence=folder / "evidence", servers=servers)

    first, second, third = history.shards
    with pytest.raises(StorageFailed, match="name them by --servers"):
        backed_up()
    with pytest.raises(InvalidInput, match="on 3 servers, not on 2"):
        backed_up(first, second)
    with pytest.raises(StorageFailed, match=r"stands the server «.*, 3 of 3», not «.*, 2 of 3»"):
        backed_up(first, third, second)
    with servers[0].copy(first) as stale:
        with psycopg.connect(stale) as owner:
            owner.execute("INSERT INTO lifecycle_streams VALUES ('participation/x', 1, '', '')")
        with pytest.raises(StorageFailed, match="not the server whose turn it is"):
            backed_up(stale, second, third)
    with pytest.raises(InvalidInput, match=r"postgresql:// only"):
        backed_up(first, url="sqlite:///a.db")
    assert [*tmp_path.iterdir()] == []


def test_a_backup_waits_for_whoever_writes_to_any_of_the_servers(
    history: Sharded, folder: Path, tmp_path: Path
) -> None:
    store, now = EvidenceFolder(folder / "evidence"), datetime.now(UTC)
    with opened(history.url) as journal, journal.writing() as tx:
        append(tx, "participation/fourth")
        with pytest.raises(DatabaseLocked):
            backup(history.url, tmp_path, store, now, servers=history.shards, lock_seconds=0.1)


def test_nobody_writes_while_servers_settle_what_they_show(history: Sharded) -> None:
    database = PostgresDatabase(history.url, 30)

    def kept_out() -> None:
        with (
            opened(history.url, lock_seconds=0.1) as hasty,
            pytest.raises(DatabaseLocked),
            hasty.writing(),
        ):
            pass
        settled.append(True)

    settled: list[bool] = []
    with connected(database) as connection:
        database.begin_still(driver_of(connection), kept_out)
        with opened(history.url, lock_seconds=0.1) as other, other.writing():
            pass
        database.undo(driver_of(connection))

    assert settled == [True]
