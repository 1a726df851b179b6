"""Files that commands write: whole or not at all, and never over another one unasked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lifecycle.cli.forms import option
from lifecycle.domain.errors import Conflict, InvalidInput
from lifecycle.domain.messages import Message

force_option = option("--force", is_flag=True, help="Write over a file that is there already.")


def write(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file whose content is at hand, as ``written`` does.

    Raises:
        Conflict, InvalidInput: As ``written``.
    """
    with written(path, force=force) as beside:
        beside.write_bytes(content)


@contextmanager
def written(path: Path, *, force: bool) -> Iterator[Path]:
    """Give an empty file beside the place of another; put it there when the context ends well.

    Args:
        path: Where to; the folder has to be there.
        force: Replace what is there.

    Raises:
        Conflict: There is a file already, and it is not to be replaced.
        InvalidInput: It cannot be written there.
    """
    check_free(path, force=force)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.open("xb").close()
        yield beside
        with beside.open("rb+") as stream:
            os.fsync(stream.fileno())
        if force:
            beside.replace(path)
        else:
            _link(beside, path)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        facts = {"file": str(path), "reason": reason}
        detail = Message("{file} cannot be written: {reason}", facts)
        raise InvalidInput(what="--out", detail=detail) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def check_free(path: Path, *, force: bool) -> None:
    """Refuse early what ``write`` would refuse at the end.

    Raises:
        Conflict: There is a file already, and it is not to be replaced.
        InvalidInput: There is a folder.
    """
    if path.is_dir():
        detail = Message("{file} is a folder; name a file in it", {"file": str(path)})
        raise InvalidInput(what="--out", detail=detail)
    if not force and os.path.lexists(path):
        raise _taken(path)


def _link(beside: Path, path: Path) -> None:
    """Give the file its name unless somebody took it meanwhile."""
    try:
        path.hardlink_to(beside)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as FAT
        beside.replace(path)


def _taken(path: Path) -> Conflict:
    template = "{file} is there already; write over it with --force"
    return Conflict(detail=Message(template, {"file": str(path)}))
