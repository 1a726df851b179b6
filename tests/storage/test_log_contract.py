"""What every journal promises of the log: each record is one leaf, in order, and once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lifecycle.audit.merkle import Frontier, inclusion_proof, root_from_inclusion
from lifecycle.audit.tiles import TILE_BYTES, Tiles
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.logged import KeptCheckpoint, LogLeaf, Queued
from lifecycle.domain.ports import Journal
from lifecycle.domain.record import Record, moment_text
from tests.storage.conftest import MakeJournal
from tests.storage.samples import START, STREAM, append, record_after

OTHER = "participation/school-2"
LATER = moment_text(START + timedelta(days=1))


@pytest.fixture
def queueing(make_journal: MakeJournal) -> Journal:
    """A journal whose records wait to be sealed."""
    return make_journal(sealing="queued")


def leaves(journal: Journal) -> list[LogLeaf]:
    with journal.auditing() as view:
        return list(view.log.leaves())


def as_leaves(*records: Record) -> list[LogLeaf]:
    return [LogLeaf(index, one.stream, one.sequence, one.hash) for index, one in enumerate(records)]


def check_tree(journal: Journal) -> None:
    """Make sure that tiles and right edge are those of the leaves, and prove each leaf."""
    with journal.auditing() as view:
        found = list(view.log.leaves())
        grown, state = Frontier(), view.log.state()
        for leaf in found:
            grown.append(bytes.fromhex(leaf.hash or ""))
        assert (state.size, state.frontier) == (grown.size, grown.to_bytes())
        full = [(0, place) for place in range(len(found) // 256)]
        assert list(view.log.tiles()) == full
        for level, place in full:
            row = view.log.hashes(place << 8, (place + 1) << 8)
            assert view.log.tile(level, place) == b"".join(row)
        tiles = Tiles(view.log.tile, view.log.hashes)
        for leaf in found[::37]:
            own, size = bytes.fromhex(leaf.hash or ""), len(found)
            path = inclusion_proof(leaf.index, size, tiles.node)
            assert root_from_inclusion(leaf.index, size, own, path) == grown.root()


def test_an_empty_log_has_no_leaf(journal: Journal) -> None:
    with journal.auditing() as view:
        assert (view.log.state().size, view.log.state().frontier) == (0, b"")
        assert [*view.log.leaves(), *view.log.tiles(), *view.log.queued()] == []
        assert view.log.place(STREAM, 1) is None
        assert view.log.tile(0, 0) is None
        assert view.log.checkpoints() == []


def test_a_record_is_a_leaf_as_soon_as_it_is_written(journal: Journal) -> None:
    with journal.writing() as tx:
        records = [append(tx), append(tx, OTHER)]
    with journal.writing() as tx:
        records.append(append(tx))

    assert leaves(journal) == as_leaves(*records)
    check_tree(journal)
    with journal.auditing() as view:
        assert [view.log.place(one.stream, one.sequence) for one in records] == [0, 1, 2]
        assert [body for _, body in view.log.bodies(1)] == [one.body for one in records[1:]]
        assert list(view.log.queued()) == []


def test_records_that_wait_are_sealed_by_stream_and_sequence(queueing: Journal) -> None:
    with queueing.writing() as tx:
        later = [append(tx, OTHER), append(tx, OTHER)]
        first = [append(tx), append(tx)]
    with queueing.auditing() as view:
        assert list(view.log.queued()) == [
            Queued(one.stream, one.sequence, moment_text(one.recorded_at))
            for one in (*first, *later)
        ]
    assert leaves(queueing) == []

    with queueing.writing() as tx:
        assert tx.seal(3) == 3
    assert leaves(queueing) == as_leaves(*first, later[0])
    with queueing.writing() as tx:
        assert (tx.seal(3), tx.seal(3)) == (1, 0)

    assert leaves(queueing) == as_leaves(*first, *later)
    check_tree(queueing)


def test_an_exception_undoes_the_sealing_and_the_queue_stays(queueing: Journal) -> None:
    with queueing.writing() as tx:
        append(tx)

    def fail(sealed: int) -> None:
        raise ValueError(f"after {sealed}")

    with pytest.raises(ValueError, match="after 1"), queueing.writing() as tx:
        fail(tx.seal(10))

    assert leaves(queueing) == []
    with queueing.writing() as tx:
        assert tx.seal(10) == 1


def test_tiles_are_kept_as_they_fill_in_either_way(
    journal: Journal, make_journal: MakeJournal
) -> None:
    with journal.writing() as tx:
        for _ in range(300):
            append(tx)
    with journal.writing() as tx:
        for _ in range(300):
            append(tx, OTHER)

    check_tree(journal)
    assert len(leaves(journal)) == 600
    with journal.auditing() as view:
        assert len(view.log.tile(0, 1) or b"") == TILE_BYTES


def test_a_refused_record_leaves_the_log_as_it_was(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx)
        wrong = record_after(tx.lock(STREAM), previous="0" * 64)
        with pytest.raises(Exception, match="someone else moved it"):
            tx.append(wrong)
        second = append(tx)

    assert leaves(journal) == as_leaves(first, second)


def test_checkpoints_are_kept_in_order_and_once(journal: Journal) -> None:
    older, newer = KeptCheckpoint(3, "three", LATER), KeptCheckpoint(5, "five", LATER)
    with journal.writing() as tx:
        tx.keep_checkpoint(older)
        tx.keep_checkpoint(newer)
        tx.keep_checkpoint(KeptCheckpoint(5, "five", "another time"))
        tx.keep_checkpoint(KeptCheckpoint(5, "five, by another key", LATER))

    with pytest.raises(StorageFailed, match="a later checkpoint"), journal.writing() as tx:
        tx.keep_checkpoint(KeptCheckpoint(4, "four", LATER))
    with journal.auditing() as view:
        kept = view.log.checkpoints()
    assert kept[:2] == [older, newer]
    assert [one.size for one in kept] == [3, 5, 5]
