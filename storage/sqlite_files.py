"""Addresses of files of SQLite, and the files: what may be opened, and what may be made.

Nothing but SQLite opens the file of a database. Its locks belong to the process, and the system
drops all of them as soon as any descriptor of the file is closed in that process: another process
could then write in the middle of a transaction. https://www.sqlite.org/howtocorrupt.html, 2.2
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from lifecycle.domain.errors import DatabaseBroken, DatabaseMissing, InvalidInput, StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.storage.addresses import shown_address

_LEAST: Final = 512
"""Bytes of the smallest page of SQLite, and so of the smallest database."""

BESIDE: Final = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database."""

FileId = tuple[int, int]
"""Which file it is, wherever it lies: the device and its number there."""


@dataclass(frozen=True, slots=True)
class Place:
    """A database file and how it may be opened.

    Args:
        url: The address, for messages.
        path: The file, absolute, as it was named: who looks at it sees where a link leads now.
        read_only: Nothing is to be written.
    """

    url: str
    path: Path
    read_only: bool = False

    @property
    def file(self) -> Path:
        """The file itself, at the end of all links; it need not be there.

        SQLite follows links, and what lies beside a database lies beside this one.
        """
        return Path(os.path.realpath(self.path))


def parsed(url: str) -> URL:
    """Read a database address.

    Raises:
        InvalidInput: It is none.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        # Not repeated here: a mistyped address may hold a password.
        detail = "it is not of the form sqlite:///lifecycle.db"
        raise InvalidInput(what="the database address", detail=detail) from error


def place_of(url: str) -> Place | None:
    """Return the file that an SQLite address names; ``None`` for another kind of database.

    Percent-encoding in the path is decoded. ``?mode=ro`` opens without writing.

    Raises:
        InvalidInput: The address is none, names no file or carries other options.
    """
    address = parsed(url)
    if address.get_backend_name() != "sqlite":
        return None
    options = dict(address.query)
    mode = options.pop("mode", "rw")
    name = address.database or ""
    if not name or name == ":memory:" or "\x00" in name or address.host:
        detail = Message(
            "{url} names no file; write sqlite:///name.db, or memory:// to keep nothing",
            {"url": shown_address(url)},
        )
        raise InvalidInput(what="the database address", detail=detail)
    if options or mode not in ("rw", "ro"):
        detail = Message(
            "{url} carries options; only mode=ro and mode=rw are known", {"url": shown_address(url)}
        )
        raise InvalidInput(what="the database address", detail=detail)
    return Place(shown_address(url), Path(name).absolute(), read_only=mode == "ro")


def sqlite_path(url: str) -> Path | None:
    """Return the file that an SQLite address leads to; ``None`` for another kind of address.

    Raises:
        InvalidInput: It is no address, or names no file.
    """
    place = place_of(url)
    return place.file if place else None


def check_file(place: Place) -> None:
    """Make sure that an ordinary file is there, before SQLite waits for a pipe or the like.

    Raises:
        DatabaseMissing: Nothing is there.
        DatabaseBroken: It is a folder, a pipe or a device.
        StorageFailed: Its folder cannot be looked into.
    """
    try:
        mode = place.path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DatabaseMissing(url=place.url) from error
    except OSError as error:
        raise StorageFailed(detail=f"{place.url}: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        folder = stat.S_ISDIR(mode)
        detail = Message("it is a folder") if folder else Message("it is no ordinary file")
        raise DatabaseBroken(url=place.url, detail=detail)


def check_free(place: Place) -> None:
    """Make sure that a file where a database is to be made is empty, or can be a database.

    SQLite takes a file of very few bytes for an empty one, and would write over it. What is large
    enough for a database it looks at itself.

    Raises:
        DatabaseBroken: It holds something else.
        StorageFailed: It cannot be looked at.
    """
    try:
        size = place.path.stat().st_size
    except OSError as error:
        raise StorageFailed(detail=f"{place.url}: {error.strerror}") from error
    if 0 < size < _LEAST:
        raise DatabaseBroken(url=place.url, detail="file is not a database")


def file_id(path: Path | str) -> FileId | None:
    """Tell which file has that name now; ``None`` if none has, or nobody can tell."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked for each transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def make_private(place: Place) -> None:
    """Make the file so that its owner alone reads it: it holds names and keys of personal files.

    An empty one that is there already is closed to others before anything is in it.

    SQLite gives its journals the rights of the database. What hinders this, it tells itself. The
    file is closed before it has its name, under which another thread may open it.
    """
    path = place.file
    if os.path.lexists(path):
        with suppress(OSError):
            found = path.stat()
            if stat.S_ISREG(found.st_mode) and not found.st_size:
                path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        return
    from lifecycle.storage.staging import new_file, staging

    with suppress(OSError), staging(path.parent) as folder:
        made = folder / path.name
        os.close(new_file(made))
        path.hardlink_to(made)
