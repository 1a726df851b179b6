"""A host's own connection: its rows and the records are committed or vanish together."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import PendingRollbackError

from lifecycle.domain.errors import (
    CommandReused,
    DatabaseLocked,
    StorageFailed,
    VersionConflict,
)
from lifecycle.domain.ports import Journal
from lifecycle.storage.journal import SqlJournal, create_journal
from tests.storage.samples import STREAM, append, record_after


def as_sqlalchemy_makes_it(path: Path) -> Engine:
    """The driver's older mode: it begins a transaction before it changes rows, not earlier."""
    return create_engine(f"sqlite:///{path}")


def with_explicit_transactions(path: Path) -> Engine:
    """The recipe of SQLAlchemy's documents: the driver begins nothing, the engine says BEGIN."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"isolation_level": None})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def with_immediate_transactions(path: Path) -> Engine:
    """The driver's older mode, which takes the lock when it begins."""
    return create_engine(f"sqlite:///{path}", connect_args={"isolation_level": "IMMEDIATE"})


def with_the_drivers_newer_mode(path: Path) -> Engine:
    """Python 3.12 and newer: the driver always is in a transaction."""
    return create_engine(f"sqlite:///{path}", connect_args={"autocommit": False})


MakeEngine = Callable[[Path], Engine]
ENGINES: list[MakeEngine] = [
    as_sqlalchemy_makes_it,
    with_explicit_transactions,
    with_immediate_transactions,
]
if sys.version_info >= (3, 12):
    ENGINES.append(with_the_drivers_newer_mode)


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest, sqlite_journal: SqlJournal, path: Path
) -> Iterator[Engine]:
    """A host's engine for the database, which has a table of its own there."""
    make: MakeEngine = request.param
    engine = make(path)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE visits (id INTEGER PRIMARY KEY)"))
    yield engine
    engine.dispose()


def visit(connection: Connection) -> None:
    connection.execute(text("INSERT INTO visits DEFAULT VALUES"))


def kept(journal: Journal, path: Path) -> tuple[int, int]:
    """How many of the host's rows and of the records another connection sees."""
    with sqlite3.connect(path) as raw:
        (visits,) = raw.execute("SELECT count(*) FROM visits").fetchone()
    raw.close()
    with journal.reading() as view:
        return visits, view.head(STREAM).version


def test_rows_and_records_are_committed_together(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    with engine.begin() as connection:
        visit(connection)
        with sqlite_journal.joined(connection).writing() as tx:
            append(tx)
        visit(connection)

        assert kept(sqlite_journal, path) == (0, 0)
    assert kept(sqlite_journal, path) == (2, 1)


@pytest.mark.parametrize("host_first", [True, False])
def test_rows_and_records_vanish_together(
    sqlite_journal: SqlJournal, engine: Engine, path: Path, host_first: bool
) -> None:
    with engine.connect() as connection:
        if host_first:
            visit(connection)
        with sqlite_journal.joined(connection).writing() as tx:
            append(tx)
        if not host_first:
            visit(connection)
        connection.rollback()

    assert kept(sqlite_journal, path) == (0, 0)


def test_a_failure_inside_undoes_only_the_records(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    with engine.begin() as connection:
        visit(connection)
        joined = sqlite_journal.joined(connection)
        with joined.writing() as tx:
            append(tx)
        with pytest.raises(ZeroDivisionError), joined.writing() as tx:
            append(tx).sequence / 0
        visit(connection)

    assert kept(sqlite_journal, path) == (2, 1)


def test_a_failure_of_the_first_write_leaves_the_hosts_transaction_open(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    with engine.begin() as connection:
        with pytest.raises(ZeroDivisionError), sqlite_journal.joined(connection).writing() as tx:
            append(tx).sequence / 0
        visit(connection)

    assert kept(sqlite_journal, path) == (1, 0)


def test_conflicts_are_told_inside_a_hosts_transaction(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    with engine.begin() as connection:
        joined = sqlite_journal.joined(connection)
        with joined.reading() as view:
            old = view.head(STREAM)
        with joined.writing() as tx:
            record = append(tx)
        with pytest.raises(VersionConflict), joined.writing() as tx:
            tx.append(record_after(old))
        with pytest.raises(CommandReused), joined.writing() as tx:
            append(tx, command_id=record.command_id)
        with joined.reading() as view, joined.auditing() as audit:
            assert view.records(STREAM) == [record]
            assert [one.hash for one in audit.stored()] == [record.hash]

    assert kept(sqlite_journal, path) == (0, 1)


def test_reading_leaves_the_hosts_transaction_as_it_is(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    with sqlite_journal.writing() as tx:
        append(tx)

    with engine.begin() as connection:
        visit(connection)
        with sqlite_journal.joined(connection).auditing() as audit:
            next(audit.stored())
        text_factory = getattr(connection.connection.driver_connection, "text_factory", None)
        visit(connection)

    assert text_factory is str
    assert kept(sqlite_journal, path) == (2, 1)


@pytest.mark.parametrize(
    "options",
    [{"isolation_level": "AUTOCOMMIT"}, {"connect_args": {"isolation_level": None}}],
    ids=str,
)
def test_a_connection_that_commits_by_itself_is_refused(
    sqlite_journal: SqlJournal, path: Path, options: dict[str, Any]
) -> None:
    engine = create_engine(f"sqlite:///{path}", **options)

    with (
        engine.connect() as connection,
        pytest.raises(StorageFailed, match="commits every statement by itself"),
        sqlite_journal.joined(connection).writing(),
    ):
        pytest.fail("records that are committed one by one")
    engine.dispose()


def test_a_connection_to_another_installation_is_refused(
    sqlite_journal: SqlJournal, tmp_path: Path
) -> None:
    create_journal(f"sqlite:///{tmp_path}/other.db", "other").close()
    engine = create_engine(f"sqlite:///{tmp_path}/other.db")

    with engine.connect() as connection:
        joined = sqlite_journal.joined(connection)
        for context in (joined.reading, joined.auditing, joined.writing):
            with pytest.raises(StorageFailed, match="another installation, other"), context():
                pytest.fail("the history of somebody else")
    engine.dispose()


def test_a_connection_to_a_database_without_history_is_refused(
    sqlite_journal: SqlJournal,
) -> None:
    engine = create_engine("sqlite://")

    with (
        engine.connect() as connection,
        pytest.raises(StorageFailed, match="no such table"),
        sqlite_journal.joined(connection).writing(),
    ):
        pytest.fail("a history that is not there")
    engine.dispose()


def test_a_joined_journal_is_not_joined_again_and_closes_nothing(
    sqlite_journal: SqlJournal, engine: Engine
) -> None:
    with engine.connect() as connection:
        joined = sqlite_journal.joined(connection)
        with pytest.raises(TypeError):
            joined.joined(connection)
        joined.close()
        visit(connection)


def test_a_host_that_cannot_write_is_told_that_the_database_is_locked(
    sqlite_journal: SqlJournal, path: Path
) -> None:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.1})

    with sqlite_journal.writing() as tx:
        append(tx)
        with (
            engine.connect() as connection,
            pytest.raises(DatabaseLocked),
            sqlite_journal.joined(connection).writing(),
        ):
            pytest.fail("two writers at once")
    engine.dispose()


def test_a_transaction_that_sqlite_gave_up_is_not_gone_on_with(
    sqlite_journal: SqlJournal, engine: Engine, path: Path
) -> None:
    """The host's rows are undone as well: it must not believe that they are there."""
    with sqlite3.connect(path) as raw:
        raw.execute(
            "CREATE TRIGGER gone BEFORE INSERT ON lifecycle_outbox"
            " BEGIN SELECT RAISE(ROLLBACK, 'gone'); END"
        )
    raw.close()

    with engine.connect() as connection:
        visit(connection)
        joined = sqlite_journal.joined(connection)
        with pytest.raises(StorageFailed, match="gone"), joined.writing() as tx:
            append(tx)
        with pytest.raises(PendingRollbackError):
            visit(connection)
        connection.rollback()
        visit(connection)
        connection.commit()

    assert kept(sqlite_journal, path) == (1, 0)
