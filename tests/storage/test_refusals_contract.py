"""What every journal promises of refused attempts: they come back as they were kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle.domain.errors import DatabaseBroken
from lifecycle.domain.model import RefusedAttempt
from lifecycle.domain.ports import Journal
from lifecycle.storage.journal import SqlJournal
from tests.storage.samples import START, STREAM

OTHER = "participation/school-2"
ATTEMPT = RefusedAttempt(
    at=START,
    stream=STREAM,
    actor="coordinator",
    what="start_questionnaire",
    command_id="command-1",
    unmet=({"code": "LG101", "parameters": {"role": ("a", "b")}, "who": ["administrator"]},),
)


def test_the_refused_attempts_on_a_stream_come_back_in_order(journal: Journal) -> None:
    with journal.writing() as tx:
        tx.keep_refusal(ATTEMPT)
        tx.keep_refusal(replace(ATTEMPT, stream=OTHER))
        tx.keep_refusal(replace(ATTEMPT, command_id="command-2"))

    with journal.reading() as view:
        first, second = view.refused(STREAM)
        assert not list(view.refused("participation/nobody"))

    assert (first.command_id, second.command_id) == ("command-1", "command-2")
    assert (first.at, first.actor, first.what) == (START, ATTEMPT.actor, ATTEMPT.what)
    (reason,) = first.unmet
    assert (reason["code"], list(reason["parameters"]["role"])) == ("LG101", ["a", "b"])


@pytest.mark.parametrize(("column", "value"), [("unmet", "{"), ("unmet", "7"), ("at", "noon")])
def test_an_attempt_that_cannot_be_read_is_a_broken_database(
    sqlite_journal: SqlJournal, path: Path, column: str, value: str
) -> None:
    with sqlite_journal.writing() as tx:
        tx.keep_refusal(ATTEMPT)
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(f"UPDATE lifecycle_refusals SET {column} = ?", (value,))  # noqa: S608

    with sqlite_journal.reading() as view, pytest.raises(DatabaseBroken, match="refused attempt"):
        list(view.refused(STREAM))
