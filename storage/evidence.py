"""Evidence files, kept by content: ``sha256/ab/cd/<64 hexadecimal digits>`` below one folder.

A file is complete and on the disk before a record may name it: it is written under a temporary
name, synced, linked to its final name without replacing anything, and the folders are synced.
What a killed process leaves is at worst a file that no record names. Names that people gave
their files are never kept: they may be personal data.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256 as new_sha256
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from lifecycle.domain.erasable import Secret
from lifecycle.domain.errors import EvidenceLost, InvalidEvidence
from lifecycle.domain.errors_evidence import EvidenceMissing, EvidenceUnreadable
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.figures import EvidenceUse
from lifecycle.domain.messages import Message
from lifecycle.storage.ciphers import Encryption
from lifecycle.storage.durable import sync_folder
from lifecycle.storage.stored_files import OTHER, as_long, hashed, opened_with

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
"""Largest file taken in."""

MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".p7s": "application/pkcs7-signature",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".rtf": "application/rtf",
    ".sig": "application/pkcs7-signature",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
"""Declared types by ending; fixed, so that two machines record the same."""

_CHUNK: Final = 1024 * 1024
# Not blocking: opening a pipe must not wait for its other end.
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class EvidenceFolder:
    """Evidence files below one folder.

    It is there if ``sha256`` is in it: the place where a disk is mounted is a folder, too.

    Args:
        root: The folder, or what tells it: whoever looks at a link sees where it leads now.
        limit: Largest file taken in, bytes.
    """

    def __init__(
        self, root: str | PathLike[str] | Callable[[], Path], *, limit: int = MAX_FILE_BYTES
    ) -> None:
        # Other processes that verify get it, too.
        self._where = root if callable(root) else partial(Path, Path(root).absolute())
        self._limit = limit

    @property
    def root(self) -> Path:
        """The folder."""
        return self._where()

    @property
    def _files(self) -> Path:
        return self.root / "sha256"

    def measure(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Return what ``put`` would return, storing nothing.

        Raises:
            InvalidEvidence: Missing, empty, too large, or not a file.
        """
        with offered(path) as source:
            return taken(source, path, self._limit, lambda chunk: None, secret)

    def make(self) -> None:
        """Make the store, with the folders above it; each name is on the disk before the next.

        Raises:
            EvidenceLost: It could not be made.
        """
        with self._failing("could not be made"):
            missing = [one for one in self.root.parents if not one.exists()]
            for folder in (*reversed(missing), self.root, self._files):
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(folder.parent)

    def put(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Store a copy that survives a power cut, and only then return.

        Args:
            path: The file.
            secret: Encrypts a personal file; nothing of it touches the disk unencrypted.

        Raises:
            InvalidEvidence: Missing, empty, too large, or not a file.
            EvidenceMissing: There is no store; see ``make``.
            EvidenceLost: The store could not be written, or holds something else at that place.
        """
        with offered(path) as source, self._failing("could not be written"):
            if not self._files.is_dir():
                raise EvidenceMissing(folder=str(self.root), store=str(self._files))
            incoming = self._folder(self.root, "incoming") / uuid4().hex
            try:
                stored = self._write(source, path, incoming, secret)
                self._publish(incoming, stored)
            finally:
                incoming.unlink(missing_ok=True)
            return stored

    def open(self, sha256: str, size: int | None = None) -> BinaryIO:
        """Open a stored file for reading.

        Raises:
            EvidenceLost: There is no such file, or it is not *size* bytes long.
        """
        if _DIGEST.fullmatch(sha256) is None:
            raise self._lost(f"{sha256!r} is not a content address")
        with self._failing(f"{sha256} cannot be read"):
            handle = os.open(self._place(sha256), _READ)
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                os.close(handle)
                raise self._lost(f"what lies under {sha256} is no file")
            return as_long(os.fdopen(handle, "rb"), sha256, size, str(self.root))

    def read(self, sha256: str, key: bytes | None = None, size: int | None = None) -> bytes:
        """Return the content of a stored file, decrypted with its key if it has one.

        Raises:
            EvidenceLost: There is no such file, it is not *size* bytes long, or the key does not
                open it.
        """
        with self.open(sha256, size) as source, self._failing(f"{sha256} cannot be read"):
            content = opened_with(key, source.read())
        if content is None:
            raise self._lost(f"{sha256} does not open with its key")
        return content

    def remove(self, sha256: str) -> None:
        """Remove a stored file whose key was erased; it may be gone already.

        Raises:
            EvidenceLost: It cannot be removed.
        """
        if _DIGEST.fullmatch(sha256) is None:
            raise self._lost(f"{sha256!r} is not a content address")
        place = self._place(sha256)
        with self._failing(f"{sha256} cannot be removed"):
            if place.is_file():
                place.unlink()
                sync_folder(place.parent)

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        """Re-hash a stored file: what lies there really, or ``None`` if nothing does.

        One that is not *size* bytes long is not read, and has no digest.

        Raises:
            EvidenceLost: It cannot be read.
            EvidenceUnreadable: Nothing in the folder can be.
        """
        if _DIGEST.fullmatch(sha256) is None:
            return None
        with self._failing(f"{sha256} cannot be read"):
            self._look_inside()
            if not self._place(sha256).is_file():
                return None
        with self.open(sha256) as source, self._failing(f"{sha256} cannot be read"):
            return hashed(source, key, size)

    def use(self) -> EvidenceUse:
        """Count the stored files; each is looked at, and none is read.

        Raises:
            EvidenceUnreadable: The folder cannot be read.
        """
        files = size = 0
        folders = [self._files]
        try:
            self._look_inside()
            while folders:
                place = folders.pop()
                for one in os.scandir(place) if place.is_dir() else ():
                    if one.is_dir(follow_symlinks=False):
                        folders.append(Path(one.path))
                    else:
                        files, size = files + 1, size + one.stat(follow_symlinks=False).st_size
        except OSError as error:
            detail = error.strerror or str(error)
            raise EvidenceUnreadable(detail=detail, folder=str(self.root)) from error
        return EvidenceUse(files, size)

    def _look_inside(self) -> None:
        """Make sure that what lies in the folder could be seen; it need not be there.

        Raises:
            EvidenceUnreadable: It is no folder, or cannot be entered.
        """
        try:
            # Of what is no folder, and of what may not be entered, this is not told as missing.
            (self._files / "00").stat()
        except FileNotFoundError:
            return
        except OSError as error:
            detail = error.strerror or str(error)
            raise EvidenceUnreadable(detail=detail, folder=str(self.root)) from error

    def _place(self, digest: str) -> Path:
        return self._files / digest[:2] / digest[2:4] / digest

    def _folder(self, folder: Path, *inside: str) -> Path:
        """Make folders, one in the other, in one that is there.

        Each one's name is synced in the one above, even if it was there: who made it may not
        have come to that.
        """
        for name in inside:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder)
            folder /= name
        return folder

    def _write(
        self,
        source: BinaryIO,
        path: str | PathLike[str],
        incoming: Path,
        secret: Secret | None,
    ) -> StoredFile:
        handle = os.open(incoming, _NEW_FILE, 0o600)
        with os.fdopen(handle, "wb") as copy:
            stored = taken(source, path, self._limit, copy.write, secret)
            copy.flush()
            os.fsync(copy.fileno())
        return stored

    def _publish(self, incoming: Path, stored: StoredFile) -> None:
        """Give the copy its final name; what has that name already must be the same."""
        digest = stored.sha256
        place = self._folder(self._files, digest[:2], digest[2:4]) / digest
        try:
            os.link(incoming, place)
            made = True
        except OSError:
            # The name is taken, or the file system knows no links. Then the name goes to the
            # copy itself; two who do so at once give it the same bytes.
            made = not place.exists()
            if made:
                incoming.replace(place)
            else:
                self._check_same(stored)
        incoming.unlink(missing_ok=True)
        if made:
            place.chmod(stat.S_IRUSR)
        sync_folder(place.parent)

    def _check_same(self, stored: StoredFile) -> None:
        found = self.check(stored.sha256, size=stored.size)
        if found is None or found.sha256 != stored.sha256:
            raise self._lost(f"what lies under {stored.sha256} is not that content")

    def _lost(self, detail: str) -> EvidenceLost:
        return EvidenceLost(detail=detail, folder=str(self.root))

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._lost(f"{what}: {error.strerror or error}") from error


@contextmanager
def offered(path: str | PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that is offered as evidence.

    Raises:
        InvalidEvidence: It is missing, not readable, or no ordinary file.
    """
    try:
        handle = os.open(path, _READ)
    except FileNotFoundError as error:
        raise _invalid("there is no such file", "check the path") from error
    except (OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise _unreadable(detail, "check the path and its rights") from error
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise _invalid("it is a folder", "give each file by itself, or one archive")
        if not stat.S_ISREG(mode):
            raise _invalid("it is not an ordinary file", "give a file with content")
        with os.fdopen(handle, "rb", closefd=False) as source:
            yield source
    finally:
        os.close(handle)


def taken(
    source: BinaryIO,
    path: str | PathLike[str],
    limit: int,
    write: Callable[[bytes], object],
    secret: Secret | None = None,
) -> StoredFile:
    """Hand what is to be stored to *write* chunk by chunk, hashing and counting it.

    Raises:
        InvalidEvidence: Nothing was read, more than *limit* bytes, or reading failed.
    """
    encryption = None if secret is None else Encryption(secret)
    digest, size, plain, read = new_sha256(), 0, new_sha256(), 0
    for chunk in _chunks(source):
        read += len(chunk)
        if read > limit:
            detail = Message("it is larger than {limit} MiB", {"limit": limit // (1024 * 1024)})
            raise _invalid(detail, "give a smaller file or a link")
        stored = chunk
        if encryption is not None:
            plain.update(chunk)
            # An empty chunk is the end.
            stored = encryption.update(chunk) if chunk else encryption.end()
        size += len(stored)
        digest.update(stored)
        write(stored)
    if read == 0:
        raise _invalid("it is empty", "give the file with its content")
    ending = Path(os.fsdecode(path)).suffix.lower()
    media_type = MEDIA_TYPES.get(ending, OTHER)
    return StoredFile(digest.hexdigest(), size, media_type, plain.hexdigest() if secret else None)


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    """Yield what is read; the last chunk is empty."""
    while chunk := _read(source):
        yield chunk
    yield b""


def _read(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise _unreadable(error.strerror, "check the file") from error


def _unreadable(cause: str | None, hint: str) -> InvalidEvidence:
    return _invalid(Message("it cannot be read: {cause}", {"cause": cause}), hint)


def _invalid(detail: Message | str, hint: str) -> InvalidEvidence:
    return InvalidEvidence(kind="file", detail=detail, hint=hint)
