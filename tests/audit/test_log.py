"""The log is compared with the records: what was done to either is found, and where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lifecycle.audit.checkpoints import Kept, Known, compared, next_checkpoint, notes_of, opened
from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import LogCheck, late, published_delay
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import Checkpoint, origin_line
from lifecycle.audit.watching import look
from lifecycle.domain.logged import KeptCheckpoint, LogLeaf, Queued
from lifecycle.domain.record import moment_text
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.memory import MemoryJournal
from tests.audit.breaking_in import STREAM as SCHOOL_STREAM
from tests.audit.breaking_in import BreakIn, told
from tests.audit.signing import Signer
from tests.storage.samples import ORIGIN, START, STREAM, append

LOG = Signer(origin_line(ORIGIN))
OLD_LOG = Signer(origin_line(ORIGIN), 7)
MINUTE = timedelta(seconds=60)


def written(*counts: int, sealing: str = "inline") -> MemoryJournal:
    """A journal with so many records of two streams, in turns."""
    journal = MemoryJournal(ORIGIN, sealing="queued" if sealing == "queued" else "inline")
    with journal.writing() as tx:
        for turn, count in enumerate(counts):
            for _ in range(count):
                append(tx, f"participation/school-{turn % 2 + 1}")
    return journal


def checked(journal: MemoryJournal | SqlJournal, known: tuple[Known, ...] = ()) -> list[Finding]:
    with journal.auditing() as view:
        check = LogCheck(view.log, known)
        for head in view.streams():
            check.count(head.stream, head.version)
        return list(check.run(MINUTE, START))


def signed(journal: MemoryJournal, where: str = "usb", signer: Signer = LOG) -> Kept:
    """What was signed of the journal as it is."""
    with journal.auditing() as view:
        state = view.log.state()
    root = Frontier.from_bytes(state.size, state.frontier).root()
    return Kept(where, signer.checkpoint(state.size, root))


def codes(findings: list[Finding]) -> list[str]:
    return [one.code for one in findings]


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
        check = LogCheck(view.log)
        found = [one for leaf in leaves for one in check.take(LogLeaf(*leaf))]
        closing = list(check.close(MINUTE, START))

    assert codes(found) == expected
    assert codes(closing) == ["log_state_differs"]


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


def test_an_edited_tile_and_a_lost_tile_are_found(tmp_path: Path) -> None:
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(513):
            append(tx)
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
        check = LogCheck(view.log)
        check.count(STREAM, 2)
        recorded = START + timedelta(seconds=2)
        assert list(check.close(MINUTE, recorded + MINUTE)) != []
        assert codes(list(late(view.log.queued(), MINUTE, recorded + MINUTE))) == ["log_queue_late"]
        assert list(late(view.log.queued(), MINUTE, START + MINUTE)) == []
    with journal.auditing() as view:
        assert list(LogCheck(view.log).run(MINUTE, None)) == []
        early = START - timedelta(days=1)
        ahead = list(late(view.log.queued(), MINUTE, early))
        assert codes(ahead) == ["log_queue_ahead", "log_queue_ahead"]
    broken = [Queued(STREAM, 1, None), Queued(STREAM, 1, "soon")]
    assert list(late(broken, MINUTE, START + timedelta(days=1))) == []


def test_a_record_that_is_kept_from_the_log_is_noticed_and_nothing_is_signed(
    tmp_path: Path,
) -> None:
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, sealing="queued")
    with journal.writing() as tx:
        append(tx)
        append(tx)
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
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, sealing="queued")
    with journal.writing() as tx:
        append(tx)
    assert checked(journal) == []
    with BreakIn(tmp_path) as visit:
        visit.run(statement)

    assert codes(checked(journal)) == ["log_queue_invented", "log_leaf_missing"]
    journal.close()


def test_the_delay_is_the_one_that_the_first_record_published() -> None:
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        first = append(tx, "installation", "installed", facts={"maximum_merge_delay": "5"})
        other = append(tx)

    assert published_delay(first) == timedelta(seconds=5)
    assert published_delay(other) == published_delay(None) == MINUTE


def test_a_log_that_grew_agrees_with_what_was_signed_of_it() -> None:
    journal = written(3)
    kept = signed(journal)
    with journal.writing() as tx:
        for _ in range(300):
            append(tx)
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


def test_two_histories_shown_to_two_auditors_are_a_split_view() -> None:
    one, other = Known("one", Checkpoint("log", 2, bytes(32))), bytes([1]) * 32
    found = compared([one, Known("two", Checkpoint("log", 2, other))], 2, lambda _: other)

    assert codes(found) == ["checkpoint_split", "checkpoint_differs", "log_forked"]
    assert (found[0].field, found[0].expected) == ("two", "one")


def test_the_next_checkpoint_goes_on_from_the_last_and_hashes_the_new_bodies() -> None:
    journal = written(1200)
    kept = signed(journal)
    with journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(1200, kept.text, moment_text(START)))
        for _ in range(1100):
            append(tx)
    seen: list[int] = []
    with journal.auditing() as view:
        assert [one.text for one in notes_of(view)] == [kept.text]
        found = next_checkpoint(view, [LOG.key], notes_of(view), seen.append)
        state = view.log.state()

    assert isinstance(found, Checkpoint)
    assert found.root == Frontier.from_bytes(state.size, state.frontier).root()
    assert (found.size, seen) == (2300, [2000])


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (
            "UPDATE lifecycle_records SET body = CAST('{}' AS BLOB) WHERE sequence = 2",
            "body_altered",
        ),
        ("UPDATE lifecycle_log_leaves SET idx = 9 WHERE idx = 2", "log_gap"),
        ("UPDATE lifecycle_log_state SET size = 2, frontier = x'00'", "log_state_differs"),
    ],
)
def test_nothing_is_signed_over_a_changed_record_or_log(
    tmp_path: Path, statement: str, code: str
) -> None:
    journal = create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(3):
            append(tx)
    journal.close()
    with BreakIn(tmp_path) as visit:
        visit.run(statement)
    journal = open_journal(f"sqlite:///{tmp_path}/lifecycle.db")
    with journal.auditing() as view:
        found = next_checkpoint(view, [LOG.key], [])
    journal.close()

    assert isinstance(found, list)
    assert codes(found) == [code]


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
