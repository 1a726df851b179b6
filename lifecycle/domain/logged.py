"""The one log over all streams, as it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from lifecycle.domain.spans import Span

Sealing = Literal["inline", "queued"]
"""Whether a record becomes a leaf of the log as it is written, or waits for ``Writing.seal``."""


class LogLeaf(NamedTuple):
    """A leaf of the log as it lies: its index, the record it names, what is stored of that record.

    Hash and time are ``None`` where there is no such record.
    """

    idx: int
    stream: str
    sequence: int
    hash: str | None
    recorded_at: str | None = None


@dataclass(frozen=True, slots=True)
class LogState:
    """The log's right edge as it lies: how many leaves, and their ``Frontier`` as bytes."""

    size: int
    frontier: bytes


@dataclass(frozen=True, slots=True)
class Queued:
    """A record that waits to become a leaf; ``recorded_at`` is ``None`` if there is no such one."""

    stream: str
    sequence: int
    recorded_at: str | None


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A signed checkpoint in the database: leaves, the signed note, when it was kept (UTC)."""

    size: int
    note: str
    at: str


class LogReading(Protocol):
    """The one log over all streams, as it lies (RFC 9162; a leaf is a record's body)."""

    def state(self) -> LogState:
        """Return the right edge; size 0 before the first leaf."""
        ...

    def leaves(self) -> Iterator[LogLeaf]:
        """Yield every leaf by index, without holding all in memory."""
        ...

    def bodies(self, low: int) -> Iterator[tuple[LogLeaf, bytes]]:
        """Yield the leaves from index *low* on with the stored bodies of their records."""
        ...

    def hashes(self, low: int, high: int) -> list[bytes]:
        """Return the hashes of the leaves from index *low* up to *high*, 32 bytes each.

        Raises:
            DatabaseBroken: They are not all there.
        """
        ...

    def place(self, stream: str, sequence: int) -> int | None:
        """Return the index of a record's leaf; ``None`` before it is sealed."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the 256 hashes of a full tile (C2SP tlog-tiles); ``None`` if none is kept."""
        ...

    def tiles(self) -> Iterator[tuple[int, int]]:
        """Yield level and index of every tile that is kept, sorted."""
        ...

    def covered(self, span: Span, size: int) -> dict[str, int]:
        """Return how many records of each stream in *span* are among the first *size* leaves."""
        ...

    def queued(self) -> Iterator[Queued]:
        """Yield what waits to become a leaf, sorted by stream and sequence."""
        ...

    def checkpoints(self) -> list[KeptCheckpoint]:
        """Return the signed checkpoints, by size."""
        ...
