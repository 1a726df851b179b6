"""What is signed of the log, and what a monitor remembers of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle.audit.checkpoints import next_checkpoint, notes_of
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import Checkpoint
from lifecycle.audit.watching import look
from lifecycle.domain.logged import KeptCheckpoint
from lifecycle.domain.record import moment_text
from lifecycle.storage.journal import open_journal
from tests.audit.breaking_in import BreakIn
from tests.audit.test_log import LOG, codes, signed, written
from tests.databases import new_journal
from tests.storage.samples import ORIGIN, START, STREAM, append


def test_the_next_checkpoint_goes_on_from_the_last_and_hashes_the_new_bodies() -> None:
    journal = written(1200)
    kept = signed(journal)
    with journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(1200, kept.text, moment_text(START)))
        for _ in range(1100):
            append(tx, recorded_at=START)
    seen: list[int] = []
    with journal.auditing() as view:
        assert [one.text for one in notes_of(view)] == [kept.text]
        found = next_checkpoint(view, [LOG.key], notes_of(view), seen.append)
        state = view.log.state()

    assert isinstance(found, Checkpoint)
    assert found.root == Frontier.from_bytes(state.size, state.frontier).root()
    assert (found.size, seen) == (2300, [2000])


@pytest.mark.parametrize(
    ("statement", "code", "place", "field"),
    [
        (
            "UPDATE lifecycle_records SET body = CAST('{}' AS BLOB) WHERE sequence = 2",
            "body_altered",
            f"{STREAM}#2",
            "hash",
        ),
        (
            "UPDATE lifecycle_log_leaves SET idx = 9 WHERE idx = 2",
            "log_gap",
            f"{STREAM}#3",
            "idx",
        ),
        (
            "UPDATE lifecycle_log_state SET size = 2, frontier = x'00'",
            "log_state_differs",
            "database",
            "size",
        ),
    ],
)
def test_nothing_is_signed_over_a_changed_record_or_log(
    tmp_path: Path, statement: str, code: str, place: str, field: str
) -> None:
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(3):
            append(tx, recorded_at=START)
    journal.close()
    with BreakIn(tmp_path) as visit:
        visit.run(statement)
    journal = open_journal(f"sqlite:///{tmp_path}/lifecycle.db")
    with journal.auditing() as view:
        found = next_checkpoint(view, [LOG.key], [])
    journal.close()

    assert isinstance(found, list)
    assert [(one.code, one.place, one.field) for one in found] == [(code, place, field)]


def test_nothing_is_signed_that_does_not_extend_what_was_signed() -> None:
    with written(3).auditing() as view:
        found = next_checkpoint(view, [LOG.key], [signed(written(5))])

    assert isinstance(found, list)
    assert codes(found) == ["checkpoint_ahead"]


def test_a_monitor_remembers_what_it_saw() -> None:
    with written(5).auditing() as view:
        before, found = look(view, [LOG.key], [], None, START)
    assert found == []
    with written(3).auditing() as view:
        _, found = look(view, [LOG.key], [], before, START)

    assert [(one.code, one.field) for one in found] == [("checkpoint_ahead", "watch")]
