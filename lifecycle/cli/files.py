"""Files that commands write: whole or not at all, and never over another one unasked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lifecycle.cli.forms import option
from lifecycle.domain.errors import Conflict, DiskFull, InvalidInput, LifecycleError
from lifecycle.domain.messages import Message

# EFBIG: the file system, or the limit of the account, takes no file of that size.
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_REFUSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}

force_option = option("--force", is_flag=True, help="Write over a file that is there already.")


def write(path: Path, content: bytes, *, force: bool, secret: bool = False) -> None:
    """Write a file whose content is at hand, as ``written`` does.

    Args:
        path: Where to.
        content: All of it.
        force: Replace what is there.
        secret: Nobody else may read it.

    Raises:
        Conflict, DiskFull, FileRefused, InvalidInput: As ``written``.
    """
    with written(path, force=force) as beside:
        if secret:
            beside.chmod(0o600)
        beside.write_bytes(content)


@contextmanager
def written(path: Path, *, force: bool) -> Iterator[Path]:
    """Give an empty file beside the place of another; put it there when the context ends well.

    Args:
        path: Where to; the folder has to be there.
        force: Replace what is there.

    Raises:
        Conflict: There is a file already, and it is not to be replaced.
        DiskFull, FileRefused: There is no room for it, or no right to write it.
        InvalidInput: It cannot be written there.
    """
    from lifecycle.storage.staging import link, staging

    check_free(path, force=force)
    try:
        with staging(path.parent) as folder:
            beside = folder / path.name
            beside.open("xb").close()
            yield beside
            with beside.open("rb+") as stream:
                os.fsync(stream.fileno())
            if force:
                beside.replace(path)
            else:
                link(beside, path)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise _not_written(path, error) from error


@contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside the place of another; put it there when the context ends well.

    Args:
        path: Where to: a folder that is not there yet, or is empty.

    Raises:
        PlaceTaken: Something lies there.
        DiskFull, FileRefused: There is no room for it, or no right to write it.
        InvalidInput: It cannot be written there.
    """
    from lifecycle.storage.staging import staging

    check_empty(path)
    try:
        with staging(path.parent) as folder:
            beside = folder / path.name
            beside.mkdir()
            yield beside
            for one in beside.iterdir():
                with one.open("rb+") as stream:
                    os.fsync(stream.fileno())
            with suppress(FileNotFoundError):
                path.rmdir()  # an empty one; elsewhere than on Linux none takes another's place
            beside.rename(path)
    except OSError as error:
        raise _not_written(path, error) from error


def check_empty(path: Path) -> None:
    """Refuse early what ``written_folder`` would refuse at the end.

    Raises:
        PlaceTaken: Something lies there.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if not any(path.iterdir()):
            return
    if os.path.lexists(path):
        from lifecycle.domain.errors_database import PlaceTaken

        raise PlaceTaken(place=str(path))


@contextmanager
def private(out: str | None, content: bytes) -> Iterator[None]:
    """Write a file that nobody else may read, and take it away again if what follows fails.

    Args:
        out: Where to; nothing is written if ``None``.
        content: All of it.

    Raises:
        Conflict: There is a file already; a secret is never written over.
        DiskFull, FileRefused: There is no room for it, or no right to write it.
        InvalidInput: It cannot be written there.
    """
    if out is None:
        yield
        return
    path = Path(out)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError as error:
        template = "{file} is there already; name another file"
        raise Conflict(detail=Message(template, {"file": out})) from error
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def check_free(path: Path, *, force: bool) -> None:
    """Refuse early what ``write`` would refuse at the end.

    Raises:
        Conflict: There is a file already, and it is not to be replaced.
        InvalidInput: There is a folder, or a device that no file is to take the place of.
    """
    if path.is_dir():
        detail = Message("{file} is a folder; name a file in it", {"file": str(path)})
        raise InvalidInput(what="--out", detail=detail)
    if not force and os.path.lexists(path):
        raise _taken(path)
    if path.exists() and not path.is_file():
        detail = Message("{file} is a device or a pipe; name a file", {"file": str(path)})
        raise InvalidInput(what="--out", detail=detail)


def _not_written(path: Path, error: OSError) -> LifecycleError:
    if error.errno in _NO_ROOM:
        return DiskFull(url=str(path))
    facts = {"file": str(path), "reason": error.strerror or type(error).__name__}
    if error.errno in _REFUSED:
        from lifecycle.domain.errors_database import FileRefused

        return FileRefused(**facts)
    detail = Message("{file} cannot be written: {reason}", facts)
    return InvalidInput(what="--out", detail=detail)


def _taken(path: Path) -> Conflict:
    template = "{file} is there already; write over it with --force"
    return Conflict(detail=Message(template, {"file": str(path)}))
