"""What only PostgreSQL has: its addresses and settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text

from lifecycle.domain.errors import (
    DatabaseExists,
    DatabaseMissing,
    DatabaseReadOnly,
    InvalidInput,
    StorageFailed,
)
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.session import Statement
from lifecycle.storage.upgrading import changing
from tests.server import Server
from tests.storage.conftest import ROOT
from tests.storage.samples import ORIGIN, STREAM, append

GUARDED = ("records", "definitions", "installation", "log_leaves", "log_tiles", "checkpoints")


def findings(postgres_journal: SqlJournal) -> list[str]:
    with postgres_journal.auditing() as view:
        return view.schema_findings()


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg2://user:secret@localhost/name", "names a driver"),
        ("postgresql://user:secret@localhost", "names no database"),
        ("postgresql://user:secret@localhost/name?mode=rwc", "names no database"),
        ("postgresql://localhost/name?password=secret", "password stands before"),
        ("postgresql://user:secret@localhost/name?colour=red", "colour"),
        ("postgresql://user:secret@localhost/name?client_encoding=koi8", "is always UTF8"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(url: str, said: str) -> None:
    for use in (open_journal, create_journal):
        with pytest.raises(InvalidInput, match=said) as caught:
            use(url)
        assert "secret" not in str(caught.value)


def test_of_a_broken_connection_the_driver_says_nothing_besides(
    postgres_url: str, child: Callable[..., str]
) -> None:
    code = """
import io, sys
from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.postgres import PostgresDatabase
database = PostgresDatabase(sys.argv[1], 5)
sys.stderr = told = io.StringIO()
driver, other = database.unchecked(), database.unchecked()
other.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
try:
    with database.faults:
        database.together(driver, [("SELECT 1", ())] * 999)
except StorageFailed as error:
    print("failed", repr(told.getvalue()))
"""

    assert child(code, postgres_url) == "failed ''\n"


def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    url = server.url("postgres").replace("host=", "port=1&host=")

    with pytest.raises(StorageFailed, match="connection"):
        open_journal(url)


def test_a_database_that_is_not_there_is_missing_and_not_made(server: Server) -> None:
    with pytest.raises(DatabaseMissing):
        open_journal(server.url("nowhere"))
    with pytest.raises(StorageFailed, match="create it on the server first"):
        create_journal(server.url("nowhere"))


def test_a_database_without_our_tables_is_missing_until_it_is_made(server: Server) -> None:
    with server.database() as url:
        with psycopg.connect(url) as host:
            host.execute("CREATE TABLE visits (id integer)")
        with pytest.raises(DatabaseMissing):
            open_journal(url)

        journal = create_journal(url)

        assert findings(journal) == []
        with journal.writing() as tx:
            append(tx)
        with pytest.raises(DatabaseExists):
            create_journal(url)
        journal.close()


def test_a_database_that_was_not_made_to_its_end_can_be_made_again(server: Server) -> None:
    code = """
import os, signal, sys
from lifecycle.storage import journal, schema
real = schema.migrate
schema.migrate = lambda connection: (real(connection), os.kill(os.getpid(), signal.SIGKILL))
journal.create_journal(sys.argv[1])
"""
    with server.database() as url:
        command = [sys.executable, "-c", code, url]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
        with pytest.raises(DatabaseMissing):
            open_journal(url)
        create_journal(url).close()


def test_a_reader_only_writes_nothing(postgres_journal: SqlJournal, postgres_url: str) -> None:
    reader = open_journal(f"{postgres_url}&mode=ro")

    with pytest.raises(DatabaseReadOnly), reader.writing() as tx:
        append(tx)
    with reader.reading() as view:
        assert view.head(STREAM).version == 0
    reader.close()


# -- settings -------------------------------------------------------------------------------------


def test_a_server_that_acknowledges_before_it_has_written_is_refused(
    postgres_journal: SqlJournal, raw_postgres: psycopg.Connection, postgres_url: str
) -> None:
    raw_postgres.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off',"
        " current_database()); END $$"
    )

    with pytest.raises(StorageFailed, match="keeps synchronous_commit off"):
        open_journal(postgres_url)


# -- nobody waits for ever ------------------------------------------------------------------------


def bounds(journal: SqlJournal, *, write: bool) -> list[str]:
    """Return the bounds that the server keeps inside a transaction."""
    with journal._transaction(write=write) as driver:
        cursor = driver.cursor()
        cursor.execute(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
            " current_setting('idle_in_transaction_session_timeout'),"
            " current_setting('transaction_timeout')"
        )
        return list(cursor.fetchall()[0])


def test_a_writer_is_bounded_and_a_reader_may_take_hours(postgres_journal: SqlJournal) -> None:
    assert bounds(postgres_journal, write=True) == ["30s", "330s", "5min", "630s"]
    assert bounds(postgres_journal, write=False) == ["30s", "0", "0", "0"]
    with postgres_journal.erasing() as tx:
        append(tx)
    assert bounds(postgres_journal, write=True) == ["30s", "330s", "5min", "630s"]


def test_what_makes_no_record_may_take_its_time(
    postgres_journal: SqlJournal, postgres_url: str
) -> None:
    with changing(PostgresDatabase(postgres_url, 30)) as (_, session):
        question = text(
            "SELECT current_setting('idle_in_transaction_session_timeout'),"
            " current_setting('transaction_timeout')"
        )
        assert session.rows(Statement(question)) == [("0", "0")]


def test_a_writer_that_stands_still_lets_the_others_go_on(
    postgres_journal: SqlJournal, postgres_url: str
) -> None:
    database = PostgresDatabase(postgres_url, 30, stuck_seconds=0.2)
    stuck = SqlJournal(database.engine(), ORIGIN, database)

    def stand_still() -> None:
        with stuck.writing() as tx:
            append(tx)
            with postgres_journal.writing() as other:
                append(other)  # waits until the server has ended the one that does nothing
            append(tx)

    with pytest.raises(StorageFailed, match="closed the connection"):
        stand_still()

    with postgres_journal.reading() as view:
        assert view.head(STREAM).version == 1
    stuck.close()


def test_a_statement_that_does_not_end_is_ended(
    postgres_url: str, postgres_journal: SqlJournal
) -> None:
    database = PostgresDatabase(postgres_url, 0.1, stuck_seconds=0.1)
    journal = SqlJournal(database.engine(), ORIGIN, database)

    with (
        pytest.raises(StorageFailed, match="statement timeout"),
        journal._transaction(write=True) as driver,
        database.faults,
    ):
        driver.cursor().execute("SELECT pg_sleep(20)")

    with journal.writing() as tx:
        append(tx)
    journal.close()


def test_a_server_that_vanishes_is_noticed_unless_the_address_says_otherwise() -> None:
    told = PostgresDatabase("postgresql://server/name", 30)._arguments
    chosen = PostgresDatabase("postgresql://server/name?tcp_user_timeout=5000", 30)._arguments

    assert (told["connect_timeout"], told["tcp_user_timeout"]) == (10, 60_000)
    assert told["keepalives_idle"] + told["keepalives_count"] * told["keepalives_interval"] == 50
    assert int(chosen["tcp_user_timeout"]) == 5000


def test_what_others_are_told_to_reach_a_database_by_lets_nobody_in() -> None:
    url = "postgresql://me:word@server/name?sslpassword=secret&sslmode=require"

    reached = PostgresDatabase(url, 1).reached

    assert {"host": "server", "dbname": "name", "sslmode": "require"}.items() <= reached.items()
    assert not {"user", "password", "sslpassword"} & set(reached)
