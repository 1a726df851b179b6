"""Work that is put in its place only when it is whole: a folder beside that place, and its name.

What a killed process leaves is recognised by nobody as a result. It may hold names and keys, so
whoever works in the same folder next takes it away.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from lifecycle.domain.errors_database import BackupFailed, PlaceTaken
from lifecycle.storage.durable import YOUNG, sync_folder

_PATTERN: Final = ".lifecycle-*.part"


@contextmanager
def staging(beside: Path) -> Iterator[Path]:
    """Lend a folder for this user alone, in the folder *beside*; it is gone at the end."""
    _sweep(beside)
    folder = beside / f".lifecycle-{token_hex(8)}.part"
    folder.mkdir(mode=0o700)
    lock = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
    try:
        if lock is not None:
            _locked(lock)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if lock is not None:
            os.close(lock)


@contextmanager
def failing(place: Path) -> Iterator[None]:
    """Tell what the system cannot do at *place*.

    Raises:
        BackupFailed: An OSError, in words.
    """
    try:
        yield
    except OSError as error:
        raise BackupFailed(detail=f"{place}: {error.strerror or error}") from error


def publish(made: Path, place: Path) -> None:
    """Give a file or folder its final name, never over something that has that name.

    A file is on the disk before it has the name, and the name is when this returns; if that cannot
    be had, the name is taken back.

    Raises:
        PlaceTaken: Somebody else took the name meanwhile.
        OSError: The disk failed.
    """
    try:
        if made.is_dir():
            made.rename(place)  # an empty folder is replaced, another one is in the way
        else:
            _sync(made)
            link(made, place)
    except FileExistsError as error:
        raise PlaceTaken(place=str(place)) from error
    except OSError as error:
        if made.is_dir() and place.exists():
            raise PlaceTaken(place=str(place)) from error
        raise
    try:
        sync_folder(place.parent)
    except BaseException:
        # Whoever is told that it failed must not find it there.
        with suppress(OSError):
            if made.exists():
                place.unlink()
            else:
                place.rename(made)
        raise


def new_file(path: Path) -> int:
    """Make a file for this user alone, and return it opened for writing."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.open(path, flags, 0o600)


def link(made: Path, place: Path) -> None:
    """Give a file another name, never over something that has that name.

    Raises:
        FileExistsError: Something has it.
        OSError: The disk failed.
    """
    try:
        place.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as FAT
        if os.path.lexists(place):
            raise FileExistsError(str(place)) from None
        made.rename(place)


def _sync(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sweep(beside: Path) -> None:
    """Take away what processes left that are no more: nobody holds a lock on it."""
    for folder in beside.glob(_PATTERN) if os.name == "posix" else ():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < YOUNG:
                continue
            lock = os.open(folder, os.O_RDONLY)
            try:
                _locked(lock)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _locked(folder: int) -> None:
    """Hold a folder as long as this process lives.

    Raises:
        OSError: Another process holds it.
    """
    import fcntl

    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
