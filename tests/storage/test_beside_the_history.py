"""What is kept beside the history: names, refused attempts, the queue and the outbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lifecycle.domain.model import RefusedAttempt
from lifecycle.storage.journal import SqlJournal, open_journal
from lifecycle.storage.memory import MemoryJournal
from tests.storage.samples import START, STREAM, append

ATTEMPT = RefusedAttempt(
    at=START,
    stream=STREAM,
    actor="coordinator",
    what="start_questionnaire",
    command_id="command-1",
    unmet=(
        {"code": "LG101", "parameters": {"role": ("a", "b"), "day": START.date()}, "who": []},
        {"code": "LG102", "parameters": {"given": "не \udcff"}, "who": ["administrator"]},
    ),
)


@pytest.fixture
def raw(path: Path, sqlite_journal: SqlJournal) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


def rows(raw: sqlite3.Connection, table: str) -> list[Any]:
    return raw.execute(f"SELECT * FROM lifecycle_{table}").fetchall()  # noqa: S608


def test_a_name_is_kept_once_and_can_be_corrected_and_erased(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    for name in ("Анна Петровна", "Анна Павловна"):
        with sqlite_journal.writing() as tx:
            tx.keep_name("ana", name)
            tx.keep_name("ben", "Борис")
    assert rows(raw, "persons") == [("ana", "Анна Павловна"), ("ben", "Борис")]

    raw.execute("DELETE FROM lifecycle_persons WHERE actor = 'ana'")
    assert rows(raw, "persons") == [("ben", "Борис")]


def test_no_name_gets_into_the_history(sqlite_journal: SqlJournal, raw: sqlite3.Connection) -> None:
    with sqlite_journal.writing() as tx:
        append(tx, "installation", "actor_added", facts={"actor": "ana"})
        tx.keep_name("ana", "Анна Петровна")

    assert "Петровна" not in str(rows(raw, "records")) + str(rows(raw, "actors"))


def test_refused_attempts_are_kept_with_every_reason(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    with sqlite_journal.writing() as tx:
        tx.keep_refusal(ATTEMPT)
        tx.keep_refusal(ATTEMPT)

    first, second = rows(raw, "refusals")
    assert first[1:-1] == (
        "2022-03-01T09:00:00.000000Z", STREAM, "coordinator", "start_questionnaire", "command-1",
    )  # fmt: skip
    assert json.loads(first[-1]) == [
        {"code": "LG101", "parameters": {"role": ["a", "b"], "day": "2022-03-01"}, "who": []},
        {"code": "LG102", "parameters": {"given": "не \udcff"}, "who": ["administrator"]},
    ]
    assert (first[0], second[0]) == (1, 2)


def test_every_record_is_announced_and_queued_where_it_is_not_sealed_at_once(
    url: str, sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    queueing = open_journal(url, sealing="queued")
    with queueing.writing() as tx:
        records = [append(tx), append(tx), append(tx, "installation", "installed")]
    queueing.close()

    expected = {(one.stream, one.sequence, one.hash, one.columns["recorded_at"]) for one in records}
    assert set(rows(raw, "sealing_queue")) == expected
    assert {row[1:] for row in rows(raw, "outbox")} == expected
    with sqlite_journal.writing() as tx:
        append(tx)
    assert rows(raw, "sealing_queue") == []


def test_an_announcement_never_has_the_id_of_an_earlier_one(
    sqlite_journal: SqlJournal, raw: sqlite3.Connection
) -> None:
    with sqlite_journal.writing() as tx:
        append(tx)
    raw.execute("DELETE FROM lifecycle_outbox")
    with sqlite_journal.writing() as tx:
        append(tx)

    assert [row[0] for row in rows(raw, "outbox")] == [2]


def test_the_journal_in_memory_shows_names_and_refusals_to_tests_of_hosts() -> None:
    journal = MemoryJournal()
    with journal.writing() as tx:
        tx.keep_name("ana", "Анна")
        tx.keep_refusal(ATTEMPT)

    assert journal.names == {"ana": "Анна"}
    assert journal.refusals == (ATTEMPT,)
