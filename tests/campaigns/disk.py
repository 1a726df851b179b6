"""A disk that loses power: what can lie on it after any of the calls that were made.

The model is harsher than any file system in use. What a file was given since it was last synced may
be there or not, write by write and sector by sector, in any order. A name that was made, taken away
or moved is certain only when its folder was synced; of what is not certain, folder by folder, the
first so many changes may be there. To sync a file makes no name certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

SECTOR: Final = 512
"""Bytes that a disk writes wholly or not at all."""


@dataclass(frozen=True)
class Write:
    """Bytes that a file was given."""

    offset: int
    data: bytes

    def sectors(self) -> Iterator[Write]:
        """Yield what falls on each sector."""
        at = 0
        while at < len(self.data):
            size = SECTOR - (self.offset + at) % SECTOR
            yield Write(self.offset + at, self.data[at : at + size])
            at += size

    def on(self, content: bytearray) -> None:
        """Put the bytes into *content*; what lies between is zero."""
        end = self.offset + len(self.data)
        content.extend(bytes(max(0, end - len(content))))
        content[self.offset : end] = self.data


@dataclass(frozen=True)
class Cut:
    """A file that was given another length."""

    size: int

    def sectors(self) -> Iterator[Cut]:
        """Yield itself: a length is written wholly or not at all."""
        yield self

    def on(self, content: bytearray) -> None:
        """Give *content* that length."""
        del content[self.size :]
        content.extend(bytes(self.size - len(content)))


@dataclass
class File:
    """What lies on the disk of a file, and what may.

    Args:
        certain: Its content when it was last synced.
        pending: What happened to it since.
    """

    certain: bytes = b""
    pending: list[Write | Cut] = field(default_factory=list)

    def content(self, kept: Iterable[Write | Cut]) -> bytes:
        """Return the content with what was *kept* of what is pending."""
        content = bytearray(self.certain)
        for one in kept:
            one.on(content)
        return bytes(content)


FOLDER: Final = File()
"""Stands for every folder among the names."""


@dataclass(frozen=True)
class Named:
    """A change of a name.

    Args:
        path: The name.
        file: What bears it from then on; nothing if ``None``.
        before: The name that it had until then, of a move.
    """

    path: str
    file: File | None
    before: str | None = None

    def on(self, names: dict[str, File]) -> None:
        """Change *names*."""
        if self.before is not None:
            names.pop(self.before, None)
        if self.file is None:
            names.pop(self.path, None)
        else:
            names[self.path] = self.file


class Disk:
    """A folder on a disk; everything that lies there at first is certain.

    Args:
        folder: Is read.
    """

    def __init__(self, folder: Path) -> None:
        self._certain: dict[str, File] = {}
        for path in folder.rglob("*"):
            name = str(path.relative_to(folder))
            self._certain[name] = FOLDER if path.is_dir() else File(path.read_bytes())
        self._now = dict(self._certain)
        self._pending: dict[str, list[Named]] = {}

    def has(self, path: str) -> bool:
        """Tell whether a name is there for those who look before the power fails."""
        return path in self._now

    def make(self, path: str, *, folder: bool = False) -> None:
        """Make a file or a folder."""
        self._change(Named(path, FOLDER if folder else File()))

    def link(self, path: str, new: str) -> None:
        """Give a file another name besides."""
        self._change(Named(new, self._now[path]))

    def move(self, path: str, new: str) -> None:
        """Give a file another name instead."""
        self._change(Named(new, self._now[path], before=path))

    def remove(self, path: str) -> None:
        """Take a name away."""
        self._change(Named(path, None))

    def write(self, path: str, offset: int, data: bytes) -> None:
        """Write into a file."""
        self._now[path].pending.append(Write(offset, data))

    def cut(self, path: str, size: int) -> None:
        """Give a file another length."""
        self._now[path].pending.append(Cut(size))

    def sync(self, path: str) -> None:
        """Sync a file, or a folder; the outermost one is ``""``."""
        file = self._now.get(path, FOLDER)
        if file is FOLDER:
            for change in self._pending.pop(path, ()):
                change.on(self._certain)
            return
        file.certain = file.content(file.pending)
        file.pending.clear()

    def states(self, draw: Random, each: int) -> Iterator[dict[str, bytes | None]]:
        """Yield what may lie there if the power fails now.

        Everything; what is certain only; all names without data, and the other way round; *each*
        draws of which writes are there, and *each* of which sectors. In random order: whoever
        takes a few takes any.

        Args:
            draw: Draws.
            each: How many draws of each kind.

        Yields:
            Content of every file by name, ``None`` for folders.
        """

        def anything(most: int) -> int:
            return draw.randint(0, most)

        def everything(most: int) -> int:
            return most

        def nothing(most: int) -> int:
            return 0

        kinds = [
            (everything, everything, False),
            (nothing, nothing, False),
            (everything, nothing, False),
            (nothing, everything, False),
            *[(anything, anything, torn) for torn in (False, True) for _ in range(each)],
        ]
        draw.shuffle(kinds)
        for names, data, torn in kinds:
            yield self._state(names, data, torn=torn)

    def _state(
        self, names: Callable[[int], int], data: Callable[[int], int], *, torn: bool = False
    ) -> dict[str, bytes | None]:
        found = dict(self._certain)
        for changes in self._pending.values():
            for change in changes[: names(len(changes))]:
                change.on(found)
        return {
            path: None if file is FOLDER else self._content(file, data, torn=torn)
            for path, file in sorted(found.items())
            if all(str(parent) in found for parent in list(Path(path).parents)[:-1])
        }

    def _content(self, file: File, data: Callable[[int], int], *, torn: bool) -> bytes:
        parts = [part for one in file.pending for part in (one.sectors() if torn else [one])]
        return file.content(part for part in parts if data(1))

    def _change(self, change: Named) -> None:
        change.on(self._now)
        self._pending.setdefault(str(Path(change.path).parent).removeprefix("."), []).append(change)
