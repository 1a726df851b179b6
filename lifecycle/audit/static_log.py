"""The log as a static directory, as C2SP's tlog-tiles lays it out: tiles and entry bundles.

What is served is computed from the bodies alone. A tile of level L holds the hashes of complete
subtrees of 256**L leaves; the last one of a level may be partial, and partial ones stay when the
log has grown, since checkpoints that were signed over them are still to be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lifecycle.audit.checkpoints import Known, Progress, compared, hashed
from lifecycle.audit.findings import Finding
from lifecycle.audit.merkle import Frontier, leaf_hash
from lifecycle.audit.note import Checkpoint
from lifecycle.audit.tiles import WIDTH, row_root
from lifecycle.domain.ports import Auditing

CHECKPOINT: Final = "checkpoint"
"""Where the signed checkpoint lies; beside it is only the folder of the tiles."""

TILES: Final = "tile"
"""The folder of tiles and entry bundles."""

_LENGTH_BYTES: Final = 2


def resources(bodies: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every tile and entry bundle of the log with these bodies.

    Args:
        bodies: Of all its leaves, by index; none has more than 65,535 bytes.
    """
    rows: list[list[bytes]] = [[]]
    entries: list[bytes] = []
    size = 0
    for body in bodies:
        entries.append(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
        rows[0].append(leaf_hash(body))
        size += 1
        if size % WIDTH == 0:
            yield _path("entries", size // WIDTH - 1), b"".join(entries)
            entries.clear()
            yield from _full(rows, size)
    if entries:
        yield _path("entries", size // WIDTH, len(entries)), b"".join(entries)
    for level, row in enumerate(rows):
        if row:
            yield _path(level, size // WIDTH ** (level + 1), len(row)), b"".join(row)


def unfit(
    view: Auditing,
    newest: Checkpoint,
    served: Checkpoint | None,
    where: str,
    progress: Progress = lambda done: None,
) -> list[Finding]:
    """Return why the log may not be served under a checkpoint; nothing is written yet then.

    Args:
        view: One consistent view of the storage.
        newest: The checkpoint to serve it under.
        served: The one that it is served under in that place so far.
        where: That place.
        progress: Called with the number of bodies hashed, now and then.
    """
    known = [Known("database", newest), *([Known(where, served)] if served else [])]
    roots: dict[int, bytes] = {}
    frontier = Frontier()
    for size in sorted({one.checkpoint.size for one in known}):
        if size > view.log.state().size:
            break
        broken = hashed(view, frontier, size, progress)
        if broken is not None:
            return [broken]
        roots[size] = frontier.root()
    return compared(known, frontier.size, roots.__getitem__)


def _full(rows: list[list[bytes]], size: int) -> Iterator[tuple[str, bytes]]:
    """Yield the tiles that the leaf before *size* made full, and begin new rows."""
    level = 0
    while len(rows[level]) == WIDTH:
        row = rows[level]
        yield _path(level, size // WIDTH ** (level + 1) - 1), b"".join(row)
        if level + 1 == len(rows):
            rows.append([])
        rows[level + 1].append(row_root(row))
        row.clear()
        level += 1


def _path(kind: int | str, index: int, width: int = WIDTH) -> str:
    """Return where a tile or bundle lies: index 1234067 is ``x001/x234/067``."""
    parts = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"{TILES}/{kind}/{'/'.join(reversed(parts))}{partial}"
