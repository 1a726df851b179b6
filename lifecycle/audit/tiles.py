"""Tiles of 256 hashes, in the layout of C2SP's tlog-tiles: how a tree of millions is kept.

A tile of step S holds the hashes of complete subtrees of level 8 * S. Only full tiles are kept;
the right edge, 255 hashes a step at most, is computed from the leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from lifecycle.audit.merkle import HASH_BYTES, Frontier, split_hashes

BITS: Final = 8
WIDTH: Final = 1 << BITS
TILE_BYTES: Final = WIDTH * HASH_BYTES

_REMEMBERED: Final = 64  # tiles held at once

ReadTile = Callable[[int, int], bytes | None]
"""Gives the hashes of the full tile of a step and place, ``None`` where none is kept."""

ReadLeaves = Callable[[int, int], Sequence[bytes]]
"""Gives the hashes of the leaves from one index up to another."""


class Tiles:
    """Hashes of complete subtrees, from tiles and leaves as they are kept.

    Args:
        tile: Gives full tiles.
        leaves: Gives leaf hashes.
    """

    def __init__(self, tile: ReadTile, leaves: ReadLeaves) -> None:
        self._tile = tile
        self._leaves = leaves
        self._held: dict[tuple[int, int], list[bytes] | None] = {}

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree: a ``merkle.Node``."""
        step, rest = divmod(level, BITS)
        return row_root(self.row(step, index << rest, (index + 1) << rest))

    def row(self, step: int, low: int, high: int) -> Sequence[bytes]:
        """Return the hashes of a step from *low* up to *high*, all within one tile."""
        place = step, low >> BITS
        if place not in self._held:
            if len(self._held) == _REMEMBERED:
                self._held.clear()
            found = self._tile(*place)
            whole = found is not None and len(found) == TILE_BYTES
            self._held[place] = split_hashes(found) if found is not None and whole else None
        kept = self._held[place]
        if kept is not None:
            first = low & (WIDTH - 1)
            return kept[first : first + high - low]
        if step == 0:
            return self._leaves(low, high)
        below = (self.row(step - 1, at << BITS, (at + 1) << BITS) for at in range(low, high))
        return [row_root(hashes) for hashes in below]

    def frontier(self, size: int) -> Frontier:
        """Return the right edge of the first *size* leaves."""
        hashes, low = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                hashes.append(self.node(level, low >> level))
                low += 1 << level
        return Frontier(size, hashes)


def row_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root above a row of hashes; their number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]


def filled(size: int, tiles: Tiles) -> Iterator[tuple[int, int, bytes]]:
    """Yield step, place and hashes of each tile that the leaf before *size* made full.

    Each is to be kept before the next is asked for.
    """
    step, count = 0, size
    while count and count % WIDTH == 0:
        count >>= BITS
        first = (count - 1) << BITS
        yield step, count - 1, b"".join(tiles.row(step, first, first + WIDTH))
        step += 1
