"""A folder that serves the log as static files; readers may fetch from it at any moment.

What is there is never changed but for the checkpoint, which is replaced when all that it covers
is on the disk.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from lifecycle.audit.note import MAX_NOTE_CHARACTERS, Checkpoint, NoteInvalid, parse_note
from lifecycle.audit.static_log import CHECKPOINT, TILES
from lifecycle.domain.errors import Conflict
from lifecycle.domain.errors_log import ExportFailed
from lifecycle.domain.messages import Message
from lifecycle.storage.durable import sweep, sync_folder


class StaticFolder:
    """Where the static files lie.

    Args:
        path: Of the folder; it is made when something is first put there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def served(self) -> Checkpoint | None:
        """Return the checkpoint that is served so far; its signature is not looked at.

        Raises:
            Conflict: The folder holds something else than a log.
            ExportFailed: It cannot be read.
        """
        try:
            if not self._path.exists():
                return None
            others = sorted({one.name for one in self._path.iterdir()} - {CHECKPOINT, TILES})
            file = self._path / CHECKPOINT
            if others or (file.exists() and not file.is_file()):
                raise self._holds(others[0] if others else CHECKPOINT)
            if not file.exists():
                return None
            with file.open("rb") as opened:
                text = opened.read(4 * MAX_NOTE_CHARACTERS + 1).decode("utf-8", "replace")
            return Checkpoint.parse(parse_note(text).text)
        except NoteInvalid as error:
            raise self._holds(CHECKPOINT) from error
        except OSError as error:
            raise self._failed(error) from error

    def put(self, name: str, content: bytes) -> bool:
        """Put a tile or bundle in its place, and tell whether it was not there already.

        Raises:
            Conflict: Another content is there.
            ExportFailed: It cannot be written.
        """
        path = self._path / name
        try:
            if path.exists():
                if path.is_file() and path.read_bytes() == content:
                    return False
                raise self._holds(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write(path, content)
        except OSError as error:
            raise self._failed(error) from error
        return True

    def publish(self, note: str) -> None:
        """Serve the log under a newer checkpoint; everything that it covers was put.

        Raises:
            ExportFailed: It cannot be written.
        """
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            sweep((self._path / TILES).glob(".*.part"))
            self._write(self._path / CHECKPOINT, note.encode())
        except OSError as error:
            raise self._failed(error) from error

    def _write(self, path: Path, content: bytes) -> None:
        # Beside the tiles, where the next run does not take it for something else's.
        beside = self._path / TILES / f".{secrets.token_hex(8)}.part"
        beside.parent.mkdir(exist_ok=True)
        try:
            with beside.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            sync_folder(path.parent)
        finally:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def _holds(self, name: str) -> Conflict:
        facts = {"folder": str(self._path), "name": name}
        template = "{folder} holds {name}, which is not of this log; name another folder"
        return Conflict(detail=Message(template, facts))

    def _failed(self, error: OSError) -> ExportFailed:
        return ExportFailed(place=str(self._path), detail=error.strerror or str(error))
