"""Places outside the database where checkpoints are kept: a folder, a git repository.

One file for each checkpoint, never replaced, and ``latest`` beside them.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.note import MAX_NOTE_CHARACTERS, Checkpoint
from lifecycle.domain.errors_log import PlaceFailed
from lifecycle.domain.messages import Message
from lifecycle.storage.durable import sweep, sync_folder

LATEST: Final = "latest"

EXAMPLE: Final = "000000000042-0123abcd.checkpoint"
"""How the file of a checkpoint is called: by its size, and by a hash of the note."""

_NAME: Final = re.compile(r"[0-9]{12,19}-[0-9a-f]{8}\.checkpoint")
_HALF: Final = re.compile(rf"\.({LATEST}|{_NAME.pattern})\.[0-9a-f]{{8}}\.part")
_GIT_SECONDS: Final = 60
_ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""What git tells its hooks, and what would lead it to another repository than the named one."""


class Place(Protocol):
    """Where checkpoints are kept."""

    @property
    def name(self) -> str:
        """What it is called in messages."""
        ...

    def notes(self) -> list[Kept]:
        """Return what is kept there.

        Raises:
            PlaceFailed: It cannot be read.
        """
        ...

    def others(self) -> int:
        """Return how many files lie there that no checkpoint is read from, by their names.

        Raises:
            PlaceFailed: It cannot be read.
        """
        ...

    def put(self, checkpoint: Checkpoint, note: str) -> Path:
        """Keep a checkpoint so that it survives a power cut; return its file.

        Raises:
            PlaceFailed: It cannot be written, or another one has its name.
        """
        ...


class Folder:
    """A folder, on a medium that whoever runs the database cannot change.

    Args:
        path: It has to be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return str(self._path)

    def notes(self) -> list[Kept]:
        """Return what is kept there.

        Raises:
            PlaceFailed: It cannot be read.
        """
        try:
            return [self._kept(one) for one in sorted(self._path.iterdir()) if _is_ours(one)]
        except OSError as error:
            raise self._failed(error) from error

    def others(self) -> int:
        """Return how many files lie there that no checkpoint is read from, by their names.

        Raises:
            PlaceFailed: It cannot be read.
        """
        try:
            names = [one for one in self._path.iterdir() if not one.name.startswith(".")]
            return sum(not (_is_ours(one) or one.is_dir()) for one in names)
        except OSError as error:
            raise self._failed(error) from error

    def put(self, checkpoint: Checkpoint, note: str) -> Path:
        """Keep a checkpoint so that it survives a power cut; return its file.

        Raises:
            PlaceFailed: It cannot be written, or another one has its name.
        """
        # By the whole note: a new key signs the same size and root once more.
        name = f"{checkpoint.size:012}-{sha256(note.encode()).hexdigest()[:8]}.checkpoint"
        path = self._path / name
        try:
            if not os.path.lexists(path):
                self._write(path, note)
            elif self._kept(path).text != note:
                detail = Message("{name} is another checkpoint there", {"name": name})
                raise PlaceFailed(place=str(self._path), detail=detail)
            self._write(self._path / LATEST, note)
            sync_folder(self._path)
            # Last: what another one of us left is no reason to keep no checkpoint.
            sweep(one for one in self._path.iterdir() if _HALF.fullmatch(one.name))
        except OSError as error:
            raise self._failed(error) from error
        return path

    @staticmethod
    def _write(path: Path, note: str) -> None:
        """Write beside, then give the name; no hard link, which memory sticks do not have."""
        beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            with beside.open("x", encoding="utf-8", newline="") as file:
                file.write(note)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    @staticmethod
    def _kept(path: Path) -> Kept:
        """Read a file; what is too long or no text is cut to what is no note.

        Nothing is waited for: whoever can write there could lay a pipe in the monitor's way.
        """
        at_once = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, at_once), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                detail = Message("{name} is no file", {"name": path.name})
                raise PlaceFailed(place=str(path.parent), detail=detail)
            data = file.read(4 * MAX_NOTE_CHARACTERS + 1)
        return Kept(str(path), data.decode("utf-8", "replace"))

    def _failed(self, error: OSError) -> PlaceFailed:
        return PlaceFailed(place=str(self._path), detail=error.strerror or str(error))


def _is_ours(path: Path) -> bool:
    return path.name == LATEST or _NAME.fullmatch(path.name) is not None


class GitRepository:
    """The folder ``checkpoints`` in the work tree of a git repository; each one is committed.

    Nothing is pushed: to whom and how is the owner's matter.

    Args:
        path: Of the work tree.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder = Folder(path / "checkpoints")

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._folder.name

    def notes(self) -> list[Kept]:
        """Return what is kept there.

        Raises:
            PlaceFailed: It is no work tree with a branch, or cannot be read.
        """
        self._check()
        return self._folder.notes() if (self._path / "checkpoints").is_dir() else []

    def others(self) -> int:
        """Return how many files lie beside the checkpoints that none is read from.

        Raises:
            PlaceFailed: It cannot be read.
        """
        return self._folder.others() if (self._path / "checkpoints").is_dir() else 0

    def put(self, checkpoint: Checkpoint, note: str) -> Path:
        """Keep and commit a checkpoint; return its file.

        Raises:
            PlaceFailed: It cannot be written or committed, or another one has its name.
        """
        self._check()
        folder = self._path / "checkpoints"
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise PlaceFailed(place=str(self._path), detail=error.strerror or "") from error
        path = self._folder.put(checkpoint, note)
        files = [f"checkpoints/{path.name}", f"checkpoints/{LATEST}"]
        self._git(["add", "--", *files])
        if self._git(["status", "--porcelain", "--", *files]):
            text = f"Keep the checkpoint of {checkpoint.size} records"
            who = ["-c", "user.name=school-lifecycle", "-c", "user.email=checkpoints@localhost"]
            own = self._git(["config", "--default", "", "user.email"])
            self._git([*([] if own else who), "commit", "--quiet", "-m", text, "--", *files])
        return path

    def _check(self) -> None:
        """Refuse, before anything is signed, what a commit would fail in or be lost in."""
        if self._git(["rev-parse", "--is-inside-work-tree"]) != "true":
            detail = Message("it is not a work tree of git")
            raise PlaceFailed(place=str(self._path), detail=detail)
        if not self._git(["branch", "--show-current"]):
            detail = Message("no branch is checked out there, and nothing would hold a commit")
            raise PlaceFailed(place=str(self._path), detail=detail)

    def _git(self, arguments: Sequence[str]) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - our own words and names of our own files
                ["git", "-C", str(self._path), *arguments],  # noqa: S607 - the user's git
                capture_output=True,
                text=True,
                check=False,
                timeout=_GIT_SECONDS,
                stdin=subprocess.DEVNULL,
                env={name: one for name, one in os.environ.items() if name not in _ELSEWHERE},
            )
        except FileNotFoundError as error:
            detail = Message("the program git is not there")
            raise PlaceFailed(place=str(self._path), detail=detail) from error
        except subprocess.TimeoutExpired as error:
            detail = Message("git did not end in {seconds} s", {"seconds": _GIT_SECONDS})
            raise PlaceFailed(place=str(self._path), detail=detail) from error
        if done.returncode:
            detail_text = (done.stderr or done.stdout).strip().replace("\n", "; ")
            raise PlaceFailed(place=str(self._path), detail=detail_text)
        return done.stdout.strip()
