"""The log against the records: every record one leaf, the tree as it was kept and signed.

What is held in memory grows with the number of streams, not of records: within a stream the
leaves must be 1, 2, 3 and so on, so its last one tells how many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, repeat
from typing import Final

from lifecycle.audit.chain import number_in
from lifecycle.audit.checkpoints import Known, compared
from lifecycle.audit.findings import Finding
from lifecycle.audit.merkle import HASH_BYTES, Frontier, split_hashes
from lifecycle.audit.tiles import BITS, WIDTH, row_root
from lifecycle.domain.administration import MERGE_DELAY
from lifecycle.domain.logged import LogLeaf, LogReading, Queued
from lifecycle.domain.record import moment_from, moment_text

_NO_HASH: Final = bytes(HASH_BYTES)
_AFTER_ALL: Final = "~"  # sorts behind every moment


class LogCheck:
    """Follows the log: ``take`` each leaf, ``count`` each stream, then ``close``, or ``run``.

    Args:
        log: As it lies.
        known: Checkpoints to compare it with.
        delay: How long a record may wait to become a leaf: so far the times of leaves may run
            back, and so far ahead of the clock may they be.
        now: When this is checked; ``None`` if waiting is not to be judged.
    """

    def __init__(
        self,
        log: LogReading,
        known: Sequence[Known] = (),
        delay: timedelta = timedelta(seconds=int(MERGE_DELAY)),
        now: datetime | None = None,
    ) -> None:
        self._delay = delay
        self._now = now
        self._ahead = _AFTER_ALL if now is None else moment_text(now + delay)
        self._latest = ""
        self._log = log
        self._known = known
        self._wanted = {one.checkpoint.size for one in known}
        self._roots = {0: Frontier().root()}
        self._rows: list[list[bytes]] = [[]]
        self._size = 0
        self._last: dict[str, int] = {}
        self._counted: dict[str, int] = {}

    def count(self, versions: Mapping[str, int]) -> None:
        """Learn how many records each stream has, from the records themselves."""
        self._counted |= versions

    def run(self) -> Iterator[Finding]:
        """Take every leaf, then close."""
        yield from self.take_all()
        yield from self.close()

    def take_all(self) -> Iterator[Finding]:
        """Take every leaf, a row of the tree at a time where nothing is wrong with it."""
        leaves = iter(self._log.leaves())
        while row := list(islice(leaves, WIDTH - self._size % WIDTH)):
            try:
                last = self._plain(row)
            except TypeError:  # Something in a row is of another type than its column.
                last = None
            if last is not None:
                self._last |= last
                yield from self._grown([leaf.hash for leaf in row])
                continue
            for leaf in row:
                yield from self.take(leaf)

    def take(self, leaf: LogLeaf) -> Iterator[Finding]:
        """Yield what is wrong with the next leaf by index.

        That the stored hash of its record is the hash of the record's body is not asked here.
        """
        place = leaf.stream, leaf.sequence
        if leaf.idx != self._size:
            yield Finding("log_gap", *place, "idx", self._size, leaf.idx)
        expected = self._last.get(leaf.stream, 0) + 1
        if leaf.sequence != expected:
            yield Finding("log_order", *place, "sequence", expected, leaf.sequence)
        if leaf.hash is None:
            yield Finding("log_leaf_invented", *place, None, None, leaf.idx)
        yield from self._in_time(leaf)
        self._last[leaf.stream] = number_in(leaf.sequence, expected)
        yield from self._grown([leaf.hash])

    def _in_time(self, leaf: LogLeaf) -> Iterator[Finding]:
        """Yield whether a leaf is ahead of the clock, or of another time than its place says."""
        text, place = leaf.recorded_at or "", (leaf.stream, leaf.sequence, "recorded_at")
        try:
            moment = moment_from(text)
            waited = moment_from(self._latest) - moment if self._latest else timedelta()
        except (TypeError, ValueError):
            return  # A column that differs from its body is found at the record.
        if text > self._ahead and self._now is not None:
            yield Finding("recorded_ahead", *place, moment_text(self._now), text)
            return  # What follows it is not late because of it.
        if waited > self._delay:
            yield Finding("recorded_out_of_order", *place, self._latest, text)
        self._latest = max(self._latest, text)

    def _plain(self, row: Sequence[LogLeaf]) -> dict[str, int] | None:
        """Return the last leaf of each stream in a row; ``None`` if ``take`` has to look."""
        begin, end = self._size, self._size + len(row)
        indexes, streams, sequences, hashes, times = zip(*row, strict=True)
        if indexes != (*range(begin, end),) or None in hashes:
            return None
        if not self._wanted.isdisjoint(range(begin + 1, end)):
            return None
        last = dict(zip(streams, sequences, strict=True))
        if len(last) == len(row):  # Schools take turns: mostly no two leaves are of one stream.
            if sequences != (*[one + 1 for one in map(self._last.get, streams, repeat(0))],):
                return None
        elif not self._follow(streams, sequences):
            return None
        moments = [moment or "" for moment in times]
        if moments != sorted(moments) or not self._latest <= moments[0]:
            return None
        if moments[-1] > self._ahead:
            return None
        self._latest = moments[-1]
        return last

    def _follow(self, streams: Sequence[str], sequences: Sequence[int]) -> bool:
        """Tell whether each leaf is the next one of its stream."""
        last: dict[str, int] = {}
        for stream, sequence in zip(streams, sequences, strict=True):
            before = last[stream] if stream in last else self._last.get(stream, 0)
            if sequence != before + 1:
                return False
            last[stream] = sequence
        return True

    def _grown(self, texts: Sequence[str | None]) -> Iterator[Finding]:
        """Grow the tree by leaves of one row; checkpoints end before them or behind."""
        self._rows[0] += _hashes_of(texts)
        self._size += len(texts)
        if self._size % WIDTH == 0:
            yield from self._full(0)
        if self._size in self._wanted:
            self._roots[self._size] = self.frontier.root()

    @property
    def frontier(self) -> Frontier:
        """The right edge of what was taken."""
        hashes: list[bytes] = []
        for row in reversed(self._rows):
            edge = Frontier()
            for one in row:
                edge.append(one)
            hashes += split_hashes(edge.to_bytes())
        return Frontier(self._size, hashes)

    def close(self) -> Iterator[Finding]:
        """Yield what is wrong with the log as a whole."""
        state, edge = self._log.state(), self.frontier
        if state.size != edge.size:
            yield Finding("log_state_differs", None, None, "size", edge.size, state.size)
        elif state.frontier != edge.to_bytes():
            expected, found = edge.to_bytes().hex(), state.frontier.hex()
            yield Finding("log_state_differs", None, None, "frontier", expected, found)
        for level, index in self._log.tiles():
            if level < 0 or not 0 <= index < self._size >> BITS * (level + 1):
                yield Finding("log_tile_invented", None, None, f"{level}/{index}")
        yield from self._queue()
        for stream, version in self._counted.items():
            covered = self._last.get(stream, 0)
            if version > covered:
                yield Finding("log_leaf_missing", stream, covered + 1, None, version, covered)
        yield from compared(self._known, self._size, self._roots.__getitem__)

    def _full(self, level: int) -> Iterator[Finding]:
        """Compare a row that became full with the tile that is kept of it."""
        row = self._rows[level]
        index = (self._size >> BITS * (level + 1)) - 1
        found = self._log.tile(level, index)
        if found is None:
            yield Finding("log_tile_missing", None, None, f"{level}/{index}")
        elif found != b"".join(row):
            yield Finding("log_tile_differs", None, None, f"{level}/{index}")
        if level + 1 == len(self._rows):
            self._rows.append([])
        self._rows[level + 1].append(row_root(row))
        row.clear()
        if len(self._rows[level + 1]) == WIDTH:
            yield from self._full(level + 1)

    def _queue(self) -> Iterator[Finding]:
        for one in self._log.queued():
            place = one.stream, one.sequence
            if one.recorded_at is None or one.sequence != self._last.get(one.stream, 0) + 1:
                yield Finding("log_queue_invented", *place)
                continue
            self._last[one.stream] = one.sequence
            if self._now is not None:
                yield from late([one], self._delay, self._now)


def late(queued: Iterable[Queued], delay: timedelta, now: datetime) -> Iterator[Finding]:
    """Yield which records have waited for the log for longer than they may.

    One that is stamped ahead of *now* could wait unseen until that time has come: so it is told
    at once, where it is ahead by more than any record may wait.
    """
    for one in queued:
        try:
            waited = now - moment_from(one.recorded_at or "")
        except (TypeError, ValueError):
            continue  # A column that differs from its body is found at the record.
        if abs(waited) > delay:
            code = "log_queue_late" if waited > delay else "log_queue_ahead"
            seconds = int(delay.total_seconds())
            yield Finding(code, one.stream, one.sequence, None, seconds, one.recorded_at)


def _hashes_of(texts: Sequence[str | None]) -> list[bytes]:
    """Return what *texts* spell, read at once where each has as many digits as a hash."""
    given = [text or "" for text in texts]
    try:
        alike = {*map(len, given)} == {2 * HASH_BYTES}
        found = bytes.fromhex("".join(given)) if alike else b""
    except (TypeError, ValueError):
        found = b""
    if len(found) == HASH_BYTES * len(given):  # It passes over spaces.
        return split_hashes(found)
    return [*map(_hash_of, texts)]


def _hash_of(text: str | None) -> bytes:
    try:
        found = bytes.fromhex(text or "")
    except (TypeError, ValueError):
        return _NO_HASH
    return found if len(found) == HASH_BYTES else _NO_HASH
