"""The log is compared with the records: what was done to either is found, and where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lifecycle.audit.checkpoints import (
    next_checkpoint,
)
from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import LogCheck, late
from lifecycle.audit.note import Checkpoint
from lifecycle.audit.watching import look
from lifecycle.domain.administration import published_delay
from lifecycle.domain.logged import LogLeaf, Queued
from lifecycle.domain.record import moment_text
from lifecycle.storage.memory import MemoryJournal
from tests.audit.breaking_in import STREAM as SCHOOL_STREAM
from tests.audit.breaking_in import BreakIn, told
from tests.audit.logs import LOG, MINUTE, checked, codes, written
from tests.databases import new_journal
from tests.storage.samples import ORIGIN, START, STREAM, append


def test_a_sound_log_has_no_findings_at_any_size() -> None:
    for counts in ((), (1,), (255, 1), (256, 1), (300, 300)):
        assert checked(written(*counts)) == []


def test_two_levels_of_tiles_are_compared() -> None:
    journal = written(1)
    with journal.auditing() as view:
        check = LogCheck(view.log)
        (leaf,) = view.log.leaves()
        found = [
            finding.field
            for index in range(256 * 256)
            for finding in check.take(LogLeaf(index, leaf.stream, index + 1, leaf.hash))
        ]
        assert found == [*(f"0/{place}" for place in range(256)), "1/0"]
        assert check.frontier.size == 65536


@pytest.mark.parametrize(
    ("leaves", "expected"),
    [
        ([(0, STREAM, 1, "00" * 32), (2, STREAM, 2, "00" * 32)], ["log_gap"]),
        ([(0, STREAM, 2, "00" * 32)], ["log_order"]),
        ([(0, STREAM, 1, "00" * 32), (1, STREAM, 1, "00" * 32)], ["log_order"]),
        ([(0, STREAM, 1, None)], ["log_leaf_invented"]),
        ([(0, STREAM, 1, "zz")], []),
        ([(0, STREAM, 1, "00")], []),
    ],
)
def test_leaves_that_do_not_fit_are_told(
    leaves: list[tuple[int, str, int, str | None]], expected: list[str]
) -> None:
    with MemoryJournal(ORIGIN).auditing() as view:
        check = LogCheck(view.log, (), MINUTE, START)
        found = [one for leaf in leaves for one in check.take(LogLeaf(*leaf))]
        closing = list(check.close())

    assert codes(found) == expected
    assert codes(closing) == ["log_state_differs"]


def timed(*seconds: int | str, now: int | None = 0) -> list[tuple[str, int | None]]:
    """Return what is said of leaves that bear these times, seconds after a moment."""
    texts = [
        one if isinstance(one, str) else moment_text(START + timedelta(seconds=one))
        for one in seconds
    ]
    with MemoryJournal(ORIGIN).auditing() as view:
        moment = None if now is None else START + timedelta(seconds=now)
        check = LogCheck(view.log, (), MINUTE, moment)
        found = [
            one
            for index, text in enumerate(texts)
            for one in check.take(LogLeaf(index, STREAM, index + 1, "00" * 32, text))
        ]
    assert {one.field for one in found} <= {"recorded_at"}
    return [(one.code, one.sequence) for one in found]


def test_times_run_back_in_the_log_by_no_more_than_a_record_may_wait() -> None:
    assert timed(0, 60, 0, 60, now=99) == []
    assert timed(0, 61, 0, 61, now=99) == [("recorded_out_of_order", 3)]
    assert timed(30, -30, -31, "soon", -30) == [("recorded_out_of_order", 3)]


def test_no_record_is_ahead_of_the_clock_by_more_than_it_may_wait() -> None:
    assert timed(0, 60, now=0) == []
    # What follows one of the year 2999 is not late because of it.
    assert timed(0, 999_999, 60, now=0) == [("recorded_ahead", 2)]
    assert timed(999_999, now=None) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"idx": 257}, "log_gap"),
        ({"sequence": 2}, "log_order"),
        ({"hash": None}, "log_leaf_invented"),
        ({"recorded_at": moment_text(START)}, "recorded_out_of_order"),
    ],
)
@pytest.mark.parametrize("place", [256, 300, 511])
def test_a_leaf_that_does_not_fit_is_found_in_a_whole_row(
    change: dict[str, Any], code: str, place: int
) -> None:
    moment = moment_text(START + timedelta(hours=2))
    leaves = [LogLeaf(idx, f"s-{idx}", 1, "00" * 32, moment) for idx in range(2 * 256)]
    if "idx" in change:
        leaves[place:] = [one._replace(idx=one.idx + 1) for one in leaves[place:]]
    else:
        leaves[place] = leaves[place]._replace(**change)
    log: Any = SimpleNamespace(leaves=lambda: iter(leaves), tile=lambda *_: None)
    check = LogCheck(log, (), MINUTE, START + timedelta(hours=3))
    found = [one for one in check.take_all() if not one.code.startswith("log_tile")]

    assert (found[0].code, found[0].stream) == (code, f"s-{place}")


def test_a_row_of_leaves_out_of_time_is_looked_at_one_by_one() -> None:
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        append(tx, "participation/school-1", recorded_at=START + timedelta(hours=2))
        append(tx, "participation/school-2", recorded_at=START)
        append(tx, "participation/school-3", recorded_at=START + timedelta(hours=9))
    with journal.auditing() as view:
        check = LogCheck(view.log, (), MINUTE, START + timedelta(hours=3))
        found = [(one.code, one.stream) for one in check.take_all()]

    assert found == [
        ("recorded_out_of_order", "participation/school-2"),
        ("recorded_ahead", "participation/school-3"),
    ]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE lifecycle_log_state SET size = size + 1", ("log_state_differs", "size")),
        ("UPDATE lifecycle_log_state SET frontier = x'00'", ("log_state_differs", "frontier")),
        ("INSERT INTO lifecycle_log_tiles VALUES (0, 0, x'00')", ("log_tile_invented", "0/0")),
        ("INSERT INTO lifecycle_log_tiles VALUES (99, 0, x'00')", ("log_tile_invented", "99/0")),
        ("INSERT INTO lifecycle_log_tiles VALUES (-1, 0, x'00')", ("log_tile_invented", "-1/0")),
        (
            "INSERT INTO lifecycle_sealing_queue"
            " SELECT stream, sequence, hash, recorded_at FROM lifecycle_records LIMIT 1",
            ("log_queue_invented", None),
        ),
        (
            "INSERT INTO lifecycle_sealing_queue VALUES ('participation/x', 1, '', '')",
            ("log_queue_invented", None),
        ),
        (
            "INSERT INTO lifecycle_log_leaves"
            " SELECT max(idx) + 1, 'participation/x', 1 FROM lifecycle_log_leaves",
            ("log_leaf_invented", None),
        ),
        (
            "DELETE FROM lifecycle_log_leaves"
            " WHERE idx = (SELECT max(idx) FROM lifecycle_log_leaves)",
            ("log_leaf_missing", None),
        ),
        (
            "UPDATE lifecycle_log_leaves SET idx = idx + 1"
            " WHERE idx = (SELECT max(idx) FROM lifecycle_log_leaves)",
            ("log_gap", "idx"),
        ),
    ],
)
def test_every_edit_of_the_log_is_found(
    folder: Path, statement: str, expected: tuple[str, str | None]
) -> None:
    with BreakIn(folder) as visit:
        visit.run(statement)

    assert expected in [(code, field) for code, _, field in told(folder)]


def test_two_swapped_leaves_are_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        first, second = visit.run(
            "SELECT idx, sequence FROM lifecycle_log_leaves WHERE stream = ? LIMIT 2",
            SCHOOL_STREAM,
        )
        for index, sequence in ((first[0], -1), (second[0], first[1]), (first[0], second[1])):
            visit.run("UPDATE lifecycle_log_leaves SET sequence = ? WHERE idx = ?", sequence, index)

    assert ("log_order", f"{SCHOOL_STREAM}#2", "sequence") in told(folder)


@pytest.mark.parametrize("number", [0, 3])
def test_a_leaf_out_of_order_among_leaves_of_other_streams_is_found(number: int) -> None:
    def named(leaves: list[LogLeaf]) -> list[str]:
        with MemoryJournal(ORIGIN).auditing() as view:
            log: Any = SimpleNamespace(leaves=lambda: iter(leaves), tile=view.log.tile)
            return [finding.code for finding in LogCheck(log).take_all()]

    one, other, hashed = "participation/one", "participation/other", "00" * 32
    begin = [
        LogLeaf(0, one, 1, hashed, moment_text(START)),
        LogLeaf(1, other, 1, hashed, moment_text(START)),
    ]

    assert named(begin) == []
    assert named([begin[0], begin[1]._replace(sequence=number)]) == ["log_order"]


def test_an_edited_tile_and_a_lost_tile_are_found(tmp_path: Path) -> None:
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(513):
            append(tx, recorded_at=START)
    with BreakIn(tmp_path) as visit:
        visit.run("UPDATE lifecycle_log_tiles SET hashes = zeroblob(8192) WHERE idx = 0")
        visit.run("DELETE FROM lifecycle_log_tiles WHERE idx = 1")

    assert [(one.code, one.field) for one in checked(journal)] == [
        ("log_tile_differs", "0/0"),
        ("log_tile_missing", "0/1"),
    ]
    journal.close()


def test_records_may_wait_for_as_long_as_was_published_and_no_longer() -> None:
    journal = written(2, sealing="queued")
    with journal.auditing() as view:
        recorded = START + timedelta(seconds=0.2)
        check = LogCheck(view.log, (), MINUTE, recorded + MINUTE)
        check.count({STREAM: 2})
        assert list(check.close()) != []
        assert codes(list(late(view.log.queued(), MINUTE, recorded + MINUTE))) == ["log_queue_late"]
        assert list(late(view.log.queued(), MINUTE, START + MINUTE)) == []
    with journal.auditing() as view:
        assert list(LogCheck(view.log).run()) == []
        early = START - timedelta(days=1)
        ahead = list(late(view.log.queued(), MINUTE, early))
        assert codes(ahead) == ["log_queue_ahead", "log_queue_ahead"]
    broken = [Queued(STREAM, 1, None), Queued(STREAM, 1, "soon")]
    assert list(late(broken, MINUTE, START + timedelta(days=1))) == []


def test_a_record_that_is_kept_from_the_log_is_noticed_and_nothing_is_signed(
    tmp_path: Path,
) -> None:
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, sealing="queued")
    with journal.writing() as tx:
        append(tx, recorded_at=START)
        append(tx, recorded_at=START)
    with journal.auditing() as view:
        assert look(view, [LOG.key], [], None, START)[1] == []
        assert isinstance(next_checkpoint(view, [LOG.key], []), Checkpoint)
    with BreakIn(tmp_path) as visit:
        visit.run("DELETE FROM lifecycle_sealing_queue WHERE sequence = 2")
    with journal.auditing() as view:
        _, looked = look(view, [LOG.key], [], None, START)
        signed = next_checkpoint(view, [LOG.key], [])

    assert looked == [Finding("log_incomplete", None, None, None, 2, 1)]
    assert signed == looked
    journal.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lifecycle_sealing_queue SET hash = ''",
        "UPDATE lifecycle_sealing_queue SET queued_at = '2099'",
    ],
)
def test_what_waits_says_of_a_record_what_the_record_says(tmp_path: Path, statement: str) -> None:
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, sealing="queued")
    with journal.writing() as tx:
        append(tx, recorded_at=START)
    assert checked(journal) == []
    with BreakIn(tmp_path) as visit:
        visit.run(statement)

    assert codes(checked(journal)) == ["log_queue_invented", "log_leaf_missing"]
    journal.close()


@pytest.mark.parametrize("forged", ["2000-01-01T00:00:00.000000Z", "2099-01-01T00:00:00.000000Z"])
@pytest.mark.parametrize("sequence", [1, 3])
def test_times_that_the_queue_was_given_put_no_leaf_in_a_wrong_place(
    tmp_path: Path, forged: str, sequence: int
) -> None:
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, sealing="queued")
    with journal.writing() as tx:
        made = [append(tx) for _ in range(4)]
    with BreakIn(tmp_path) as visit:
        visit.run(
            f"UPDATE lifecycle_sealing_queue SET queued_at = '{forged}'"  # noqa: S608
            f" WHERE sequence = {sequence}"
        )

    with journal.writing() as tx:
        assert (tx.seal(2), tx.seal(9)) == (2, 2)

    with journal.auditing() as view:
        assert [one.sequence for one in view.log.leaves()] == [one.sequence for one in made]
    assert checked(journal) == []
    journal.close()


def test_the_delay_is_the_one_that_the_first_record_published() -> None:
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        first = append(tx, "installation", "installed", facts={"maximum_merge_delay": "5"})
        other = append(tx, recorded_at=START)

    assert published_delay(first) == timedelta(seconds=5)
    assert published_delay(other) == published_delay(None) == MINUTE
