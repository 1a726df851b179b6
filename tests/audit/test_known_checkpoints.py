"""The log is compared with what was signed of it, and nothing is signed that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from lifecycle.audit.checkpoints import (
    Kept,
    Known,
    compared,
    misplaced,
    next_checkpoint,
    notes_of,
    opened,
)
from lifecycle.audit.findings import Finding
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import Checkpoint, origin_line
from lifecycle.audit.watching import look
from lifecycle.domain.logged import KeptCheckpoint
from lifecycle.domain.record import moment_text
from lifecycle.storage.journal import open_journal
from tests.audit.breaking_in import BreakIn
from tests.audit.logs import LOG, OLD_LOG, checked, codes, signed, written
from tests.audit.signing import Signer
from tests.databases import new_journal
from tests.storage.samples import ORIGIN, START, STREAM, append


def test_a_log_that_grew_agrees_with_what_was_signed_of_it() -> None:
    journal = written(3)
    kept = signed(journal)
    with journal.writing() as tx:
        for _ in range(300):
            append(tx, recorded_at=START)
    known, unfit = opened(ORIGIN, [LOG.key], [kept])

    assert unfit == []
    assert checked(journal, tuple(known)) == []


def test_a_log_that_was_set_back_and_continued_is_another_one() -> None:
    first = signed(written(3), "first")
    newer = signed(written(5), "newer")
    journal = written(3, 9)  # a copy of the first state, continued otherwise
    known, _ = opened(ORIGIN, [LOG.key], [first, newer])
    found = checked(written(2), tuple(known))

    assert {"checkpoint_ahead"} == set(codes(found))
    with journal.auditing() as view:
        _, looked = look(view, [LOG.key], [newer], None, START)
    assert codes(looked) == ["checkpoint_differs", "log_forked"]
    assert (looked[1].expected, looked[1].found) == (0, 5)


def test_each_kind_of_bad_checkpoint_has_its_own_name() -> None:
    journal = written(3)
    size3 = signed(journal)
    notes = [
        Kept("torn", size3.text[:40]),
        Kept("foreign", Signer(origin_line("elsewhere")).checkpoint(3, bytes(32))),
        Kept("forged", signed(journal, signer=OLD_LOG).text),
    ]
    _, found = opened(ORIGIN, [LOG.key], notes)

    assert [(one.code, one.field) for one in found] == [
        ("checkpoint_invalid", "torn"),
        ("checkpoint_foreign", "foreign"),
        ("checkpoint_forged", "forged"),
    ]
    assert opened(ORIGIN, [], notes[2:])[1] == []
    assert opened(ORIGIN, [LOG.key, OLD_LOG.key], notes[2:])[1] == []


def test_a_checkpoint_that_the_database_keeps_under_another_size_is_told_with_both() -> None:
    journal = written(3)
    with journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(2, signed(journal).text, moment_text(START)))
        tx.keep_checkpoint(KeptCheckpoint(3, signed(journal).text, moment_text(START)))
        tx.keep_checkpoint(KeptCheckpoint(4, "no note", moment_text(START)))
    with journal.auditing() as view:
        found = list(misplaced(view))

    assert found == [Finding("checkpoint_misplaced", None, None, "database/2", 3, 2)]


def test_two_histories_shown_to_two_auditors_are_a_split_view() -> None:
    one, other = Known("one", Checkpoint("log", 2, bytes(32))), bytes([1]) * 32
    found = compared([one, Known("two", Checkpoint("log", 2, other))], 2, lambda _: other)

    assert codes(found) == ["checkpoint_split", "checkpoint_differs", "log_forked"]
    assert (found[0].field, found[0].expected, found[0].found) == ("two", "one", 2)
    assert (found[2].expected, found[2].found) == (0, 2)


def test_a_fork_lies_between_the_last_size_that_agrees_and_the_first_that_does_not() -> None:
    def at(size: int, root: bytes) -> Known:
        return Known(f"at {size}", Checkpoint("log", size, root))

    ours, other = bytes(32), bytes([1]) * 32
    known = [at(9, ours), at(7, other), at(4, ours), at(2, ours), at(8, other)]
    found = compared(known, 9, lambda _: ours)

    assert [(one.code, one.field) for one in found] == [
        ("checkpoint_differs", "at 7"),
        ("checkpoint_differs", "at 8"),
        ("log_forked", None),
    ]
    assert (found[0].expected, found[0].found) == (other.hex(), ours.hex())
    assert (found[2].expected, found[2].found) == (4, 7)


def test_of_two_roots_at_one_size_the_log_that_has_one_agreed_only_before_it() -> None:
    ours, other = bytes(32), bytes([1]) * 32
    known = [
        Known(f"{size} {root[:1].hex()}", Checkpoint("log", size, root))
        for size, root in ((4, ours), (7, ours), (7, other))
    ]

    *_, forked = compared(known, 9, lambda _: ours)
    empty = compared([Known("none", Checkpoint("log", 0, other))], 9, lambda _: ours)

    assert (forked.code, forked.expected, forked.found) == ("log_forked", 4, 7)
    assert (empty[-1].code, empty[-1].expected, empty[-1].found) == ("log_forked", 0, 0)


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


def test_a_monitor_tells_that_nothing_is_left_of_what_was_signed() -> None:
    journal = written(3)
    with journal.auditing() as view:
        assert look(view, [LOG.key], [], None, START)[1] == []  # nothing was signed yet
    kept = signed(journal)
    with journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(3, kept.text, moment_text(START)))
    with journal.auditing() as view:
        assert look(view, [LOG.key], [kept], None, START)[1] == []
        assert look(view, [LOG.key], None, None, START)[1] == []  # no place was named
        assert look(view, [LOG.key], [], None, START)[1] == [
            Finding("checkpoints_gone", None, None, None, 1, 0)
        ]
