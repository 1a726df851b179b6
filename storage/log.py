"""The one log over all streams: its leaves, tiles, right edge, queue and checkpoints.

A leaf is not copied: its hash is that of the record, which the leaf names. Nothing follows ids
or times; what waits to be sealed waits in a table, and leaves it when it is a leaf.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from lifecycle.audit.merkle import Frontier
from lifecycle.audit.tiles import WIDTH, Tiles, filled
from lifecycle.domain.errors import DatabaseBroken, StorageFailed
from lifecycle.domain.logged import KeptCheckpoint, LogLeaf, LogState, Queued
from lifecycle.domain.messages import Message
from lifecycle.domain.record import Record
from lifecycle.domain.spans import Span
from lifecycle.storage import rows
from lifecycle.storage.leaf_records import last_leaf_at, named
from lifecycle.storage.sealing_order import NEXT, OF_QUEUED, TO_SEAL
from lifecycle.storage.session import Session, Statement, Values
from lifecycle.storage.tables import checkpoints, log_leaves, log_state, log_tiles, records
from lifecycle.storage.tables import sealing_queue as queue

_LOG: Final = "log"  # no stream is called that
_SOON: Final = 30.0  # seconds, less than the published delay
_ALWAYS: Final = "A"  # later than any time, which begins with a digit

_of_leaf = (records.c.stream == log_leaves.c.stream) & (records.c.sequence == log_leaves.c.sequence)
_as_recorded = (
    OF_QUEUED & (records.c.hash == queue.c.hash) & (records.c.recorded_at == queue.c.queued_at)
)
_from = log_leaves.c.idx >= bindparam("low")
_waiting = exists(select(queue.c.stream)).label("waiting")

_STATE: Final = Statement(select(log_state.c.size, log_state.c.frontier, _waiting))
_WAITING: Final = Statement(select(_waiting))
_LEAVES: Final = Statement(
    select(
        log_leaves.c.idx,
        log_leaves.c.stream,
        log_leaves.c.sequence,
        records.c.hash,
        records.c.recorded_at,
    )
    .join_from(log_leaves, records, _of_leaf, isouter=True)
    .order_by(log_leaves.c.idx)
)
_BODIES: Final = Statement(
    select(
        log_leaves.c.idx,
        log_leaves.c.stream,
        log_leaves.c.sequence,
        records.c.hash,
        records.c.recorded_at,
        records.c.body,
    )
    .join_from(log_leaves, records, _of_leaf, isouter=True)
    .where(_from)
    .order_by(log_leaves.c.idx)
)
_HASHES: Final = Statement(
    select(records.c.hash)
    .join_from(log_leaves, records, _of_leaf)
    .where(_from, log_leaves.c.idx < bindparam("high"))
    .order_by(log_leaves.c.idx)
)
_PLACE: Final = Statement(
    select(log_leaves.c.idx).where(
        log_leaves.c.stream == bindparam("stream"), log_leaves.c.sequence == bindparam("sequence")
    )
)
_TILE: Final = Statement(
    select(log_tiles.c.hashes).where(
        log_tiles.c.level == bindparam("level"), log_tiles.c.idx == bindparam("idx")
    )
)
_TILES: Final = Statement(
    select(log_tiles.c.level, log_tiles.c.idx).order_by(log_tiles.c.level, log_tiles.c.idx)
)
_covered = (
    select(log_leaves.c.stream, func.max(log_leaves.c.sequence))
    .where(log_leaves.c.idx < bindparam("size"), log_leaves.c.stream >= bindparam("first"))
    .group_by(log_leaves.c.stream)
)
_COVERED: Final = Statement(_covered)
_COVERED_BEFORE: Final = Statement(_covered.where(log_leaves.c.stream < bindparam("last")))
_QUEUED: Final = Statement(
    select(queue.c.stream, queue.c.sequence, records.c.recorded_at)
    .join_from(queue, records, _as_recorded, isouter=True)
    .order_by(queue.c.stream, queue.c.sequence)
)
_CHECKPOINTS: Final = Statement(
    select(checkpoints.c.size, checkpoints.c.note, checkpoints.c.at).order_by(
        checkpoints.c.size, checkpoints.c.at
    )
)

_ADD_LEAF: Final = Statement(insert(log_leaves), ("idx", "stream", "sequence"))
_ADD_TILE: Final = Statement(insert(log_tiles), ("level", "idx", "hashes"))
_ADD_STATE: Final = Statement(insert(log_state), ("id", "size", "frontier"))
_MOVE_STATE: Final = Statement(
    update(log_state).where(log_state.c.size == bindparam("before")), ("size", "frontier")
)
_UNQUEUE: Final = Statement(
    delete(queue).where(
        queue.c.stream == bindparam("of_stream"), queue.c.sequence == bindparam("of_sequence")
    )
)
_ADD_CHECKPOINT: Final = Statement(insert(checkpoints), ("size", "note", "at"))

# As LogLeaf._make, but without a step in Python: there are as many leaves as records.
_leaf: Final[Callable[[Values], LogLeaf]] = partial(tuple.__new__, LogLeaf)


class SqlLog:
    """Reads the log as it lies.

    Args:
        session: Inside a transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def state(self) -> LogState:
        """Return how many leaves the log says it has, and its right edge; nothing is believed."""
        for size, frontier, _ in self._session.rows(_STATE):
            return LogState(rows.readable_number(size), rows.as_bytes(frontier))
        return LogState(0, b"")

    def leaves(self) -> Iterator[LogLeaf]:
        """Yield every leaf by index, with the stored hash of the record that it names."""
        done = 0
        try:
            for batch in self._session.exact_batches(_LEAVES):
                done += len(batch)
                yield from map(_leaf, batch)
        except StorageFailed:
            # A text that is none: from there on all is read leniently, or it fails for good.
            yield from islice(map(_leaf, self._session.flow(_LEAVES)), done, None)

    def bodies(self, low: int) -> Iterator[tuple[LogLeaf, bytes]]:
        """Yield the leaves from index *low* on with the stored bodies of their records."""
        rows_of = (
            named(self._session, low, None, bodies=True)
            if self._session.database.is_sharded
            else self._session.flow(_BODIES, low=low)
        )
        for *leaf, body in rows_of:
            yield LogLeaf(*leaf), b"" if body is None else rows.as_bytes(body)

    def hashes(self, low: int, high: int) -> list[bytes]:
        """Return the hashes of the leaves from *low* up to *high*.

        Raises:
            DatabaseBroken: They are not all there, or one is no hash.
        """
        try:
            found = [bytes.fromhex(text) for text in self._texts(low, high)]
        except (TypeError, ValueError) as error:
            raise self._broken(f"a leaf from {low} to {high} has no hash") from error
        if len(found) != high - low:
            raise self._broken(f"leaves from {low} to {high} are missing")
        return found

    def _texts(self, low: int, high: int) -> Iterator[str]:
        if self._session.database.is_sharded:
            return (one[3] for one in named(self._session, low, high, bodies=False))
        return (text for (text,) in self._session.rows(_HASHES, low=low, high=high))

    def place(self, stream: str, sequence: int) -> int | None:
        """Return the index of a record's leaf; ``None`` before it is sealed."""
        for (index,) in self._session.rows(_PLACE, stream=stream, sequence=sequence):
            return int(index)
        return None

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a full tile; ``None`` where none is kept."""
        for (hashes,) in self._session.rows(_TILE, level=level, idx=index):
            return rows.as_bytes(hashes)
        return None

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Return level and index of every tile that is kept, sorted."""
        return (
            (rows.readable_number(level), rows.readable_number(index))
            for level, index in self._session.flow(_TILES)
        )

    def covered(self, span: Span, size: int) -> dict[str, int]:
        """Return how many records of each stream in *span* are among the first *size* leaves."""
        first, last = self._session.bounds(span)
        wanted = _COVERED if last is None else _COVERED_BEFORE
        return dict(self._session.rows(wanted, size=size, first=first, last=last))

    def queued(self) -> Iterator[Queued]:
        """Yield what waits to be sealed, sorted by stream and sequence."""
        for row in self._session.flow(_QUEUED):
            one = Queued(*row)
            if not self._is_left(one.stream, one.sequence):
                yield one

    def checkpoints(self) -> list[KeptCheckpoint]:
        """Return the checkpoints that were signed, by size."""
        return [
            KeptCheckpoint(rows.readable_number(size), str(note), str(at))
            for size, note, at in self._session.rows(_CHECKPOINTS)
        ]

    def _is_left(self, stream: str, sequence: int) -> bool:
        """Tell whether what waits is a leaf already.

        The servers of the queue and of the log commit one after the other: so the queue is left
        only in a later transaction, lest a record be in neither after a crash.
        """
        return self._session.database.is_sharded and self.place(stream, sequence) is not None

    def _broken(self, detail: str) -> DatabaseBroken:
        return DatabaseBroken(url=self._session.faults.url, detail=f"the log: {detail}")


class SqlSealing(SqlLog):
    """Makes records leaves of the log, inside a transaction that writes."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._grown: Frontier | None = None

    def add(self, records: Sequence[Record]) -> None:
        """Make records the next leaves; whatever waited in the queue goes before them.

        Raises:
            DatabaseBroken: The log's right edge cannot be read.
            StorageFailed: The database refused a leaf.
        """
        self._frontier()
        self._grow([(one.stream, one.sequence, one.hash) for one in records])

    def drain(self, limit: int) -> int:
        """Seal up to *limit* records from the queue, and return how many it were.

        The log is in order of time. A transaction that is still under way may have made records
        that nobody sees yet: what is younger than its beginning waits for its end.
        """
        if self._session.database.is_sharded and self._grown is not None:
            return 0  # What became leaves here leaves the queue after the commit only.
        self._session.hold(_LOG)
        # Before the queue is looked at, also by whether there is any: whoever begins afterwards
        # makes younger ones.
        looked, since = time.monotonic(), self._session.writing_since()
        self._frontier(drained=True)
        until = _ALWAYS
        if since is not None:
            # Where a clock ran ahead, younger ones than the last leaf are all that must wait.
            until = max(since, last_leaf_at(self._session) or since)
        waiting = self._waiting(limit, until)
        if time.monotonic() - looked > _SOON:
            return 0  # Stopped in between; those who began meanwhile are seen the next time.
        return self._seal(waiting)

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Keep a signed checkpoint; one that is kept already stays as it is.

        Raises:
            StorageFailed: A later one is kept.
        """
        kept = self.checkpoints()
        if any((one.size, one.note) == (checkpoint.size, checkpoint.note) for one in kept):
            return
        if kept and checkpoint.size < kept[-1].size:
            raise StorageFailed(detail=Message("a later checkpoint is kept already"))
        self._insert(_ADD_CHECKPOINT, size=checkpoint.size, note=checkpoint.note, at=checkpoint.at)

    def _waiting(self, limit: int, until: str = _ALWAYS) -> list[Values]:
        later = self._session.database.is_sharded
        waiting = self._to_seal(limit, until) if later else self._next(limit, until)
        while later and self._dropped(waiting):
            waiting = self._to_seal(limit, until)
        return waiting

    def _seal(self, waiting: list[Values]) -> int:
        self._grow(waiting)
        for stream, sequence, _ in waiting:
            if not self._session.database.is_sharded:
                self._unqueue(stream, sequence)
        return len(waiting)

    def _to_seal(self, limit: int, until: str) -> list[Values]:
        return self._session.rows(TO_SEAL, count=limit, until=until)

    def _next(self, limit: int, until: str) -> list[Values]:
        """Return what is to be sealed next by the times of the queue, while they are the records'.

        A row of the queue may be another's making: in doubt everything that waits is put in order
        by the records themselves, for a leaf in a wrong place stays there.
        """
        taken = set[tuple[str, int]]()
        found = self._session.rows(NEXT, count=limit, until=until)
        for stream, sequence, _, as_recorded, follows in found:
            if not as_recorded or not (follows or (stream, sequence - 1) in taken):
                return self._to_seal(limit, until)
            taken.add((stream, sequence))
        return [row[:3] for row in found]

    def _dropped(self, waiting: Iterable[Values]) -> bool:
        """Drop from the queue what became a leaf in an earlier transaction; tell whether any."""
        left = [one[:2] for one in waiting if self._is_left(*one[:2])]
        for stream, sequence in left:
            self._unqueue(stream, sequence)
        return bool(left)

    def _unqueue(self, stream: str, sequence: int) -> None:
        self._check(self._session.change(_UNQUEUE, of_stream=stream, of_sequence=sequence))

    def _grow(self, leaves: Sequence[Values]) -> None:
        """Add leaves by stream, sequence and hash of their records, up to a full tile at once."""
        frontier, added = self._frontier(drained=True), 0
        while added < len(leaves):
            before = frontier.size
            some = leaves[added : added + WIDTH - before % WIDTH]
            added += len(some)
            for _, _, record_hash in some:
                frontier.append(bytes.fromhex(record_hash))
            edge = {"id": 1, "size": frontier.size, "frontier": frontier.to_bytes()}
            grown = [
                {"idx": index, "stream": stream, "sequence": sequence}
                for index, (stream, sequence, _) in enumerate(some, before)
            ]
            moved = (_MOVE_STATE, [{"before": before, **edge}]) if before else (_ADD_STATE, [edge])
            leaves_added, edges = self._session.attempted([(_ADD_LEAF, grown), moved])
            self._check(leaves_added, len(grown))
            self._check(edges)
            if frontier.size % WIDTH:
                return
            for level, index, hashes in filled(frontier.size, Tiles(self.tile, self.hashes)):
                self._insert(_ADD_TILE, level=level, idx=index, hashes=hashes)

    def _frontier(self, *, drained: bool = False) -> Frontier:
        """Return the right edge, read once a transaction."""
        if self._grown is None:
            # One transaction at a time makes the log longer.
            self._session.hold(_LOG)
            found = self._session.rows(_STATE)
            size, edge, waiting = found[0] if found else (0, b"", *self._session.rows(_WAITING)[0])
            try:
                self._grown = Frontier.from_bytes(size, rows.as_bytes(edge))
            except (TypeError, ValueError) as error:
                raise self._broken(str(error)) from error
            if waiting and not drained:
                while self._seal(self._waiting(1000)):
                    pass
        return self._grown

    def _insert(self, statement: Statement, **row: Any) -> None:
        self._check(self._session.change(statement, **row))

    def _check(self, touched: int, wanted: int = 1) -> None:
        if touched != wanted:
            raise StorageFailed(detail=Message("the database did not take a row: see its triggers"))
