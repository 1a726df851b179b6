"""The log over records whose hashes are none: a row is read at once, or leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle.audit.log_check import LogCheck
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from tests.audit.breaking_in import BreakIn
from tests.storage.samples import ORIGIN, STREAM, append

RECORDS = 520  # two rows of the tree and more, and more than is fetched at once


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    journal = create_journal(f"sqlite:///{folder}/lifecycle.db", ORIGIN)
    with journal.writing() as tx:
        for _ in range(RECORDS):
            append(tx)
    journal.close()
    return folder


@pytest.fixture
def journal(folder: Path) -> Iterator[SqlJournal]:
    found = open_journal(f"sqlite:///{folder}/lifecycle.db")
    yield found
    found.close()


def put(folder: Path, sequence: int, spelt: str) -> None:
    """Put another hash beside a record."""
    with BreakIn(folder) as visit:
        visit.run(
            f"UPDATE lifecycle_records SET hash = {spelt} WHERE sequence = ?",  # noqa: S608
            sequence,
        )


@pytest.mark.parametrize("sequence", [3, 515])
@pytest.mark.parametrize(
    "spelt",
    [
        f"'{'0' * 64}'",
        f"'{'x' * 64}'",
        f"'{'00 ' * 21}0'",
        f"'{' ' * 64}'",
        f"'{'0' * 66}'",
        "''",
        "CAST(x'ff' AS TEXT)",
    ],
)
def test_a_row_read_at_once_comes_to_what_its_leaves_come_to(
    folder: Path, journal: SqlJournal, sequence: int, spelt: str
) -> None:
    with journal.auditing() as view:
        before = [leaf.hash for leaf in view.log.leaves()][sequence - 1]
    put(folder, sequence, spelt)
    with journal.auditing() as view:
        leaves, rows = LogCheck(view.log), LogCheck(view.log)
        one_by_one = [told for leaf in view.log.leaves() for told in leaves.take(leaf)]
        at_once = list(rows.take_all())
        found = [(leaf.idx, leaf.sequence) for leaf in view.log.leaves()]
        hashes = [leaf.hash for leaf in view.log.leaves()]
        closed = list(leaves.close()), list(rows.close())
    put(folder, sequence, f"'{before}'")

    assert found == [(number, number + 1) for number in range(RECORDS)]
    assert len({*hashes}) == RECORDS
    assert one_by_one == at_once
    assert closed[0] == closed[1]
    assert {one.code for one in [*at_once, *closed[0]]} <= {"log_tile_differs", "log_state_differs"}
    assert [*at_once, *closed[0]] != []


def test_a_log_that_was_put_back_is_sound(journal: SqlJournal) -> None:
    with journal.auditing() as view:
        assert [leaf.stream for leaf in view.log.leaves()] == [STREAM] * RECORDS
        assert list(LogCheck(view.log).run()) == []
