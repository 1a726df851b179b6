"""Names that survive a power cut, and files that outlived whoever wrote them."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

# Some network file systems cannot sync a folder; their own rules hold there.
_NOT_SUPPORTED: Final = {errno.EINVAL, errno.ENOTSUP}
YOUNG: Final = 60
"""Seconds: what is younger may still be written, and a folder perhaps not locked yet."""


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where folders can be synced.

    Raises:
        OSError: The disk failed.
    """
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(handle)


def sweep(files: Iterable[Path]) -> None:
    """Take away half-written files that a killed process left, and none that may be written yet."""
    for left in files:
        with suppress(OSError):
            if time.time() - left.stat().st_mtime >= YOUNG:
                left.unlink()
