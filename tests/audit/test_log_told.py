"""What is wrong with the log is told exactly: where, what should be there, and what is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lifecycle.audit.checkpoints import Known
from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import LogCheck, late
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import Checkpoint, origin_line
from lifecycle.domain.logged import LogLeaf, Queued
from lifecycle.domain.record import moment_text
from lifecycle.storage.journal import SqlJournal, create_journal
from lifecycle.storage.memory import MemoryJournal
from tests.audit.breaking_in import BreakIn
from tests.storage.samples import ORIGIN, START, STREAM, append

NAME = origin_line(ORIGIN)
MINUTE = timedelta(seconds=60)


def written(count: int, *, sealed: bool = True) -> MemoryJournal:
    journal = MemoryJournal(ORIGIN, sealing="inline" if sealed else "queued")
    with journal.writing() as tx:
        for _ in range(count):
            append(tx)
    return journal


def checked(journal: MemoryJournal | SqlJournal, known: tuple[Known, ...] = ()) -> list[Finding]:
    with journal.auditing() as view:
        return list(LogCheck(view.log, known, MINUTE, START + timedelta(days=1)).run())


def test_tiles_that_a_log_of_this_size_cannot_have_are_told(tmp_path: Path) -> None:
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(513):
            append(tx)
    assert checked(journal) == []
    invented = [(0, 2), (0, -1), (1, 0), (-1, 0), (-2, 0), (7, 0), (2**62, 0)]
    with BreakIn(tmp_path) as visit:
        for level, index in invented:
            visit.run("INSERT INTO lifecycle_log_tiles VALUES (?, ?, x'00')", level, index)

    found = checked(journal)

    assert {one.code for one in found} == {"log_tile_invented"}
    assert sorted(str(one.field) for one in found) == sorted(f"{a}/{b}" for a, b in invented)
    journal.close()


def test_a_record_without_a_leaf_is_told_by_the_first_that_is_missing() -> None:
    journal = written(3)
    with journal.auditing() as view:
        check = LogCheck(view.log, (), MINUTE, START)
        check.count({STREAM: 5})
        check.count({"participation/school-2": 1})
        found = list(check.run())

    assert found == [
        Finding("log_leaf_missing", STREAM, 4, None, 5, 3),
        Finding("log_leaf_missing", "participation/school-2", 1, None, 1, 0),
    ]


def test_every_size_that_was_signed_is_compared_the_empty_log_and_the_whole_too() -> None:
    journal = MemoryJournal(ORIGIN)
    known = []
    for size in range(4):
        known.append(Known(str(size), Checkpoint(NAME, size, journal_root(journal))))
        if size < 3:
            with journal.writing() as tx:
                append(tx)

    assert checked(journal, tuple(known)) == []
    wrong = [Known(str(size), Checkpoint(NAME, size, bytes([7]) * 32)) for size in range(4)]
    found = [one.code for one in checked(journal, tuple(wrong))]
    assert found == ["checkpoint_differs"] * 4 + ["log_forked"]


def journal_root(journal: MemoryJournal) -> bytes:
    with journal.auditing() as view:
        state = view.log.state()
    return Frontier.from_bytes(state.size, state.frontier).root()


def test_leaves_that_do_not_fit_are_told_with_what_should_be_there() -> None:
    one = "00" * 32
    with MemoryJournal(ORIGIN).auditing() as view:
        check = LogCheck(view.log)
        leaves = [(0, STREAM, 1, one), (2, STREAM, 3, one), (2, STREAM, 4, None)]
        found = [each for leaf in leaves for each in check.take(LogLeaf(*leaf))]

    assert found == [
        Finding("log_gap", STREAM, 3, "idx", 1, 2),
        Finding("log_order", STREAM, 3, "sequence", 2, 3),
        Finding("log_leaf_invented", STREAM, 4, None, None, 2),
    ]


def test_what_waits_is_told_late_and_early_by_more_than_the_delay_only() -> None:
    waiting = [Queued(STREAM, 1, moment_text(START))]
    second = timedelta(seconds=1)

    assert list(late(waiting, MINUTE, START + MINUTE)) == []
    assert list(late(waiting, MINUTE, START - MINUTE)) == []
    assert list(late(waiting, MINUTE, START + MINUTE + second)) == [
        Finding("log_queue_late", STREAM, 1, None, 60, moment_text(START))
    ]
    assert list(late(waiting, MINUTE, START - MINUTE - second)) == [
        Finding("log_queue_ahead", STREAM, 1, None, 60, moment_text(START))
    ]


def test_what_waits_follows_what_is_in_the_log() -> None:
    journal = written(2, sealed=False)
    with journal.auditing() as view:
        check = LogCheck(view.log, (), MINUTE, START + timedelta(days=1))
        check.count({STREAM: 2})
        late_by_far = list(check.run())
        other = LogCheck(view.log, (), MINUTE)
        other.count({STREAM: 3})
        missing = list(other.run())

    assert [(one.code, one.sequence) for one in late_by_far] == [
        ("log_queue_late", 1), ("log_queue_late", 2),
    ]  # fmt: skip
    assert missing == [Finding("log_leaf_missing", STREAM, 3, None, 3, 2)]
