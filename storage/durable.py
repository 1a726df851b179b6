"""Names that survive a power cut."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

# Some network file systems cannot sync a folder; their own rules hold there.
_NOT_SUPPORTED: Final = {errno.EINVAL, errno.ENOTSUP}


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
