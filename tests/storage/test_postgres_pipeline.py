"""Statements sent together to PostgreSQL, and whoever is interrupted while he waits for them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from lifecycle.storage.journal import SqlJournal
from lifecycle.storage.postgres_connecting import settle
from lifecycle.storage.postgres_pipeline import piped
from lifecycle.storage.tables import NAMES


@contextmanager
def interrupted(error: type[BaseException], seconds: float) -> Iterator[None]:
    """Have a signal's handler raise *error* after some time."""

    def handler(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError])
def test_whoever_is_interrupted_while_he_waits_is_told_so_and_nothing_else(
    postgres_journal: SqlJournal, error: type[BaseException]
) -> None:
    with (  # noqa: PT012 - the interruption comes from the clock
        pytest.raises(error),
        postgres_journal.writing() as tx,
        interrupted(error, 0.1),
    ):
        session = tx._session  # type: ignore[attr-defined]
        session.database.together(session._driver, [("SELECT pg_sleep(20)", ())] * 2)

    with postgres_journal.writing() as tx:
        assert tx.head("installation").version == 0


def test_the_answers_come_in_the_order_of_the_statements(
    raw_postgres: psycopg.Connection,
) -> None:
    found = piped(raw_postgres, [("SELECT %s::text", (name,)) for name in sorted(NAMES)])

    assert [cursor.fetchone() for cursor in found] == [(name,) for name in sorted(NAMES)]


def test_a_commit_goes_on_waiting_for_the_disk_whatever_the_server_is_told_later(
    raw_postgres: psycopg.Connection,
) -> None:
    settle(raw_postgres, (1, 2, 3))

    found = raw_postgres.execute(
        "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"
    ).fetchone()
    # A setting of the session stands above those of the server, the database and the account.
    assert found == ("on", "session")
