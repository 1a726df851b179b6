"""Where files lie: file systems, rights and room, as far as they endanger a database."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lifecycle.storage.diagnosis import Symptom, symptom

MOUNTS: Final = Path("/proc/mounts")

_NETWORK: Final = frozenset(
    {
        "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2",
        "fuse.gcsfuse", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
        "fuse.vmhgfs-fuse", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs",
        "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
    }
)  # fmt: skip
_LEAST: Final = 256 << 20  # bytes that are to be free


def network_kind(path: Path, mounts: str) -> str | None:
    """Return the kind of the network file system that a path lies on, if it does.

    Folders that a virtual machine shares with its host are among them: locks and syncs do not
    reach the disk there, either.

    Args:
        path: Absolute, without links in it.
        mounts: As ``/proc/mounts`` lists them.
    """
    found, longest = None, -1
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        # The kernel writes spaces and the like as octal numbers.
        where = Path(fields[1].encode().decode("unicode_escape").encode("latin-1").decode())
        depth = len(where.parts)
        # Of two in one place, the later one hides the other.
        if depth >= longest and (path == where or where in path.parents):
            found, longest = fields[2], depth
    return found if found in _NETWORK else None


def placed(path: Path, size: int = 0, mounts: Path = MOUNTS) -> Iterator[Symptom]:
    """Yield what is wrong with the place of a file or folder that is there.

    Args:
        path: The file or folder.
        size: What it takes, bytes.
        mounts: Where the system lists its file systems; elsewhere than on Linux it does not.
    """
    try:
        kind = network_kind(path.resolve(), mounts.read_text("utf-8", "surrogateescape"))
    except OSError:
        kind = None
    if kind is not None:
        yield symptom("network", file=str(path), kind=kind)
    yield from rights(path)
    yield from room(path, shutil.disk_usage(path).free, size)


def rights(path: Path) -> Iterator[Symptom]:
    """Yield what is wrong with who may read and write a file or folder."""
    if os.name != "posix":
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o007:
        yield symptom("file_open", file=str(path), mode=f"{mode:o}")
    elif mode & 0o070:
        yield symptom("file_group", file=str(path), mode=f"{mode:o}")


def room(path: Path, free: int, size: int) -> Iterator[Symptom]:
    """Yield what is wrong with *free* bytes beside a file that takes *size*."""
    if free < _LEAST:
        yield symptom("room_none", file=str(path), free=free >> 20)
    elif free < size:
        yield symptom("room_little", file=str(path), free=free >> 20)
