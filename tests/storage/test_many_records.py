"""Records that are written in one go lie as if they had been written one after the other."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.domain.errors import CommandReused, StorageFailed, VersionConflict
from lifecycle.domain.ports import Journal
from lifecycle.domain.record import Made, Record
from lifecycle.storage.journal import SqlJournal
from lifecycle.storage.memory import MemoryJournal
from tests.storage.conftest import MakeJournal
from tests.storage.samples import ORIGIN, STREAM, record_after, standing_after

STREAMS = (STREAM, "participation/school-2", "participation/school-3")


def made(journal: Journal, count: int) -> list[Made]:
    """Return records that follow what is there, by turns of three schools, with their rows."""
    with journal.reading() as view:
        heads = {stream: view.head(stream) for stream in STREAMS}
    found: list[Made] = []
    for number in range(count):
        stream = STREAMS[number % len(STREAMS)]
        record = record_after(heads[stream])
        heads[stream] = record.head
        found.append((record, standing_after(record, state=f"state-{number}")))
    return found


def lies(journal: Journal) -> list[Any]:
    """Return all that hangs on records, as it lies."""
    with journal.auditing() as view:
        return [
            list(view.stored()),
            list(view.streams()),
            list(view.board()),
            list(view.log.leaves()),
            view.log.state(),
            [view.log.tile(*place) for place in view.log.tiles()],
            list(view.log.queued()),
            view.logged_at(),
        ]


@pytest.mark.parametrize("sealing", ["inline", "queued"])
def test_many_records_lie_as_if_written_one_after_the_other(
    make_journal: MakeJournal, sealing: Any
) -> None:
    journal, plain = make_journal(sealing=sealing), MemoryJournal(ORIGIN, sealing=sealing)
    with journal.writing() as tx, plain.writing() as other:
        first = record_after(tx.lock(STREAM), "enrolled")
        tx.append(first, standing_after(first))
        other.append(first, standing_after(first))
    for count in (5, 300):  # past the end of a tile
        records = made(journal, count)
        with journal.writing() as tx, plain.writing() as other:
            tx.append_all(records)
            for record, standing in records:
                other.append(record, standing)

            assert [tx.lock(one) for one in STREAMS] == [other.lock(one) for one in STREAMS]

    assert lies(journal) == lies(plain)


def test_nothing_is_written_where_there_is_nothing_to_write(journal: Journal) -> None:
    before = lies(journal)
    with journal.writing() as tx:
        tx.append_all([])

    assert lies(journal) == before


def _reusing(journal: Journal) -> tuple[list[Made], type[Exception]]:
    records = made(journal, 4)
    used = records[0][0].command_id
    records[-1] = (_again(records[-1][0], command_id=used), records[-1][1])
    return records, CommandReused


def _misplaced(journal: Journal) -> tuple[list[Made], type[Exception]]:
    records = made(journal, 4)
    return [*records, (_again(records[0][0]), records[0][1])], VersionConflict


def _again(record: Record, **members: Any) -> Record:
    return record_after(record.head, sequence=record.sequence, previous=record.previous, **members)


@pytest.mark.parametrize("wrong", [_reusing, _misplaced])
def test_one_record_that_has_no_place_keeps_all_of_them_out(journal: Journal, wrong: Any) -> None:
    before = lies(journal)
    records, error = wrong(journal)

    with pytest.raises(error), journal.writing() as tx:
        tx.append_all(records)

    assert lies(journal) == before


def test_who_goes_on_after_a_conflict_of_several_ends_with_nothing(
    sqlite_journal: SqlJournal,
) -> None:
    before = lies(sqlite_journal)
    records, error = _reusing(sqlite_journal)

    whole = pytest.raises(StorageFailed, match="without all that hangs on it")
    with whole, sqlite_journal.writing() as tx, pytest.raises(error):
        tx.append_all(records)

    assert lies(sqlite_journal) == before


def test_many_are_asked_for_in_one_go_as_one_by_one(journal: Journal) -> None:
    with journal.writing() as tx:
        tx.append_all(made(journal, 120))
        kept = {stream: tx.head(stream) for stream in STREAMS}
    with journal.reading() as view:
        used = [record.command_id for stream in STREAMS for record in view.records(stream)]
    fresh = [f"fresh-{number}" for number in range(130)]
    with journal.writing() as tx:
        tx.foresee([(STREAMS[n % 3], one) for n, one in enumerate([*used, *fresh])])

        assert {stream: tx.lock(stream, wait=False) for stream in STREAMS} == kept
        assert [bool(tx.command(one)) for one in [*used, *fresh]] == [True] * 120 + [False] * 130

        record = record_after(tx.lock(STREAM), command_id="fresh-7")
        tx.append(record, standing_after(record))
        assert tx.lock(STREAM) == record.head
        assert tx.command("fresh-7") == record
