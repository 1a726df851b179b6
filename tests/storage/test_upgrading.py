"""A database of an earlier release: read as it is, written to only once it was upgraded."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from lifecycle import open_lifecycle
from lifecycle.domain.errors import DatabaseBroken, DatabaseNewer
from lifecycle.domain.errors_database import DatabaseOlder
from lifecycle.storage import tables
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.storage.upgrading import revision_of, upgrade
from lifecycle.wiring import verify
from tests.databases import new_journal
from tests.killing import killed_anywhere
from tests.server import Server
from tests.storage.samples import ORIGIN, append

INDEX = "ix_lifecycle_sealing_queue_queued_at"
GOLDEN = Path(__file__).parents[1] / "golden" / "format-1"
MAKE = f"CREATE INDEX {INDEX} ON lifecycle_sealing_queue (queued_at)"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """A copy of the database that the first release left; its schema is revision 0001."""
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden" / "lifecycle.db"


@pytest.fixture(params=["sqlite", "postgres"])
def older(request: pytest.FixtureRequest, golden: Path) -> Iterator[str]:
    """The address of a database with the schema of the first release."""
    if request.param == "sqlite":
        yield f"sqlite:///{golden}"
        return
    server: Server = request.getfixturevalue("server")
    with server.database(ORIGIN) as url:
        run(url, f"DROP INDEX {INDEX}", "UPDATE lifecycle_version SET version_num = '0001'")
        yield url


def run(url: str, *statements: str) -> None:
    """Execute statements as somebody else."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as raw:
            raw.executescript(";".join(statements))
        return
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def findings(url: str) -> list[str]:
    journal = open_journal(url)
    with journal.auditing() as view:
        found = view.schema_findings()
    journal.close()
    return found


def test_what_an_earlier_release_wrote_verifies_and_is_not_changed(golden: Path) -> None:
    before = golden.read_bytes()

    with open_lifecycle(f"sqlite:///{golden}") as engine:
        report = verify(engine)

    assert (report.ok, report.findings) == (True, ())
    assert golden.read_bytes() == before
    assert {one.name for one in golden.parent.iterdir()} == {one.name for one in GOLDEN.iterdir()}


def test_an_earlier_schema_is_not_written_to_and_the_command_is_named(older: str) -> None:
    journal = open_journal(older)
    with pytest.raises(DatabaseOlder, match="0001") as raised, journal.writing():
        raise AssertionError("nobody may come here")

    assert "lifecycle db upgrade" in str(raised.value.remedy)
    assert revision_of(older) == "0001"
    assert upgrade(older) == ("0001", tables.SCHEMA)
    with journal.writing() as tx:  # the one that was open before, too
        append(tx, "participation/new")
    journal.close()
    assert findings(older) == []


def test_figures_tell_the_revision_that_a_database_has(older: str) -> None:
    with closing(open_journal(older)) as journal:
        with journal.auditing() as view:
            assert view.figures().schema == "0001"
        upgrade(older)
        with journal.auditing() as view:
            assert view.figures().schema == tables.SCHEMA


def test_a_host_s_connection_does_not_write_to_an_earlier_schema_either(golden: Path) -> None:
    engine = create_engine(f"sqlite:///{golden}")
    with closing(open_journal(f"sqlite:///{golden}")) as journal, engine.begin() as connection:
        joined = journal.joined(connection)
        with pytest.raises(DatabaseOlder), joined.writing():
            raise AssertionError("nobody may come here")
        with joined.reading() as view:
            assert view.schools()
    engine.dispose()


def test_an_upgrade_is_done_once_and_changes_no_record(older: str) -> None:
    def everything() -> list[object]:
        with closing(open_journal(older)) as journal, journal.auditing() as view:
            return [*view.stored(), *view.streams(), *view.standings(), *view.log.leaves()]

    before = everything()

    assert upgrade(older) == ("0001", "0002")
    assert upgrade(older) == ("0002", "0002")

    assert everything() == before
    assert findings(older) == []


@pytest.mark.parametrize(
    ("lie", "finding"),
    [
        ("UPDATE lifecycle_version SET version_num = '0002'", "is missing from the schema 0002"),
        (MAKE, "is foreign to the schema 0001"),
    ],
)
def test_a_database_that_lies_about_its_revision_is_found(
    older: str, lie: str, finding: str
) -> None:
    assert findings(older) == []

    run(older, lie)

    assert findings(older) == [f"index {INDEX} {finding}"]


def test_what_is_not_as_its_revision_says_is_not_upgraded(older: str) -> None:
    run(older, MAKE)

    with pytest.raises(DatabaseBroken, match="foreign to the schema 0001"):
        upgrade(older)

    assert revision_of(older) == "0001"


def test_a_newer_schema_is_neither_read_nor_upgraded(older: str) -> None:
    run(older, "UPDATE lifecycle_version SET version_num = '0042'")

    for use in (open_journal, upgrade):
        with pytest.raises(DatabaseNewer, match="0042"):
            use(older)


def test_an_empty_history_of_an_earlier_release_is_taken_over_and_upgraded(url: str) -> None:
    new_journal(url, ORIGIN).close()
    run(url, f"DROP INDEX {INDEX}", "UPDATE lifecycle_version SET version_num = '0001'")

    create_journal(url, "another").close()

    assert (revision_of(url), findings(url)) == (tables.SCHEMA, [])


def test_whoever_kills_an_upgrade_leaves_the_earlier_schema_or_the_new_one(older: str) -> None:
    """As a whole or not at all, wherever it is killed; and it can be repeated."""

    def put_back() -> None:
        if revision_of(older) != "0001":
            run(older, f"DROP INDEX {INDEX}", "UPDATE lifecycle_version SET version_num = '0001'")

    for _ in killed_anywhere(lambda: upgrade(older), 6, put_back):
        assert findings(older) == []
        before = revision_of(older)
        assert upgrade(older) == (before, tables.SCHEMA)
