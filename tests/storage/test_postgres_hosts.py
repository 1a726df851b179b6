"""A host's transaction on PostgreSQL, and what waits for its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from lifecycle.domain.errors import DatabaseNewer, StorageFailed
from lifecycle.domain.errors_database import CommitUnheard
from lifecycle.domain.ports import Writing
from lifecycle.domain.record import Record
from lifecycle.storage.doctor import examine
from lifecycle.storage.journal import SqlJournal
from lifecycle.storage.postgres import PostgresDatabase
from tests.storage.samples import ORIGIN, STREAM, append


@pytest.fixture
def host(postgres_url: str) -> Iterator[Engine]:
    """A host's engine for the database, which has a table of its own there."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE visits (id integer)"))
    yield engine
    engine.dispose()


VISIT = text("INSERT INTO visits VALUES (1)")


def kept(postgres_journal: SqlJournal, host: Engine) -> tuple[int, int]:
    with host.connect() as connection, postgres_journal.reading() as view:
        (visits,) = connection.execute(text("SELECT count(*) FROM visits")).one()
        return visits, view.head(STREAM).version


def test_a_host_commits_its_rows_and_the_records_together(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        joined = postgres_journal.joined(connection)
        connection.execute(VISIT)
        with joined.writing() as tx:
            append(tx)
        with pytest.raises(ZeroDivisionError), joined.writing() as tx:
            append(tx).sequence / 0
        with joined.auditing() as view:
            assert len(list(view.stored())) == 1
        connection.execute(VISIT)
        assert kept(postgres_journal, host) == (0, 0)
    assert kept(postgres_journal, host) == (2, 1)

    with host.connect() as connection:
        connection.execute(VISIT)
        with postgres_journal.joined(connection).writing() as tx:
            append(tx)
        connection.rollback()
    assert kept(postgres_journal, host) == (2, 1)


def made_now(tx: Writing, stream: str = STREAM) -> Record:
    return append(tx, stream, recorded_at=datetime.now(UTC))


def sealed(journal: SqlJournal) -> int:
    with journal.writing() as tx:
        return tx.seal(10)


def in_the_log(journal: SqlJournal) -> list[str | None]:
    with journal.auditing() as view:
        return [leaf.stream for leaf in view.log.leaves()]


def test_what_is_younger_than_a_host_s_transaction_waits_for_its_end(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with postgres_journal.writing() as tx:
        append(tx, "participation/older")
    with host.begin() as connection:
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/younger")
        assert (sealed(postgres_journal), sealed(postgres_journal)) == (1, 0)
    assert sealed(postgres_journal) == 2
    assert in_the_log(postgres_journal) == ["participation/older", STREAM, "participation/younger"]


def test_nobody_waits_for_a_host_whose_record_was_undone(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        undone = connection.begin_nested()
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        undone.rollback()
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/younger")
        assert sealed(postgres_journal) == 1
        with postgres_journal.joined(connection).writing() as tx:
            made_now(tx)
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/youngest")
        assert sealed(postgres_journal) == 0
    assert sealed(postgres_journal) == 2


def test_a_record_no_younger_than_the_last_leaf_waits_for_nobody(
    postgres_journal: SqlJournal,
) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=50)
    with postgres_journal.writing() as tx:
        append(tx, recorded_at=ahead)
    assert sealed(postgres_journal) == 1
    with postgres_journal.writing() as other:
        other.lock("participation/another")
        with postgres_journal.writing() as tx:
            append(tx, recorded_at=ahead)
        assert sealed(postgres_journal) == 1


def test_a_transaction_that_stands_still_after_a_pipeline_is_ended(
    postgres_journal: SqlJournal, postgres_url: str
) -> None:
    database = PostgresDatabase(postgres_url, 0.1, stuck_seconds=0.4)
    stuck = SqlJournal(database.engine(), ORIGIN, database)

    def stand_still() -> None:
        with stuck.writing() as tx:
            append(tx)
            append(tx)
            time.sleep(1)

    with pytest.raises(CommitUnheard):
        stand_still()
    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 0
    stuck.close()


def test_a_host_that_does_not_see_what_others_commit_is_refused(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with (
        host.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        pytest.raises(StorageFailed, match="is REPEATABLE READ; records are made at READ"),
        postgres_journal.joined(connection).writing(),
    ):
        pytest.fail("a record that is stamped by what was there before")


def test_a_host_does_not_write_to_a_newer_schema(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with host.begin() as connection:
        connection.execute(text("UPDATE lifecycle_version SET version_num = '9999'"))
    with (
        host.begin() as connection,
        pytest.raises(DatabaseNewer),
        postgres_journal.joined(connection).writing(),
    ):
        pytest.fail("a record in a schema that nobody knows")


def test_whom_the_log_waits_for_is_told(
    postgres_journal: SqlJournal, host: Engine, postgres_url: str, tmp_path: Path
) -> None:
    with host.begin() as connection:
        with postgres_journal.joined(connection).writing() as tx:
            tx.head(STREAM)
        with postgres_journal.writing() as tx:
            made_now(tx, "participation/younger")
        later = datetime.now(UTC) + timedelta(seconds=90)
        told = {one.code for one in examine(postgres_url, tmp_path / "none", later)}
        assert "sealing_held" in told
        assert "sealing_late" not in told


def test_a_host_that_commits_every_statement_is_refused(
    postgres_journal: SqlJournal, host: Engine
) -> None:
    with (
        host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        pytest.raises(StorageFailed, match="commits every statement by itself"),
        postgres_journal.joined(connection).writing(),
    ):
        pytest.fail("records that are committed one by one")


def test_a_connection_to_another_kind_of_database_is_refused(postgres_journal: SqlJournal) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(TypeError):
        postgres_journal.joined(connection)
    engine.dispose()
