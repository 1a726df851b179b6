"""An evidence store in memory: for tests of services that embed the engine."""

from __future__ import annotations

import io
from os import PathLike
from typing import BinaryIO

from lifecycle.domain.erasable import Secret
from lifecycle.domain.errors import EvidenceLost
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.figures import EvidenceUse
from lifecycle.storage.evidence import MAX_FILE_BYTES, offered, taken
from lifecycle.storage.stored_files import as_long, hashed, opened_with


class MemoryEvidence:
    """Evidence files that end with the process.

    Args:
        limit: Largest file taken in, bytes.
    """

    def __init__(self, *, limit: int = MAX_FILE_BYTES) -> None:
        self._files: dict[str, bytes] = {}
        self._limit = limit

    def measure(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Return what ``put`` would return, storing nothing.

        Raises:
            InvalidEvidence: Missing, empty, too large, or not a file.
        """
        with offered(path) as source:
            return taken(source, path, self._limit, lambda chunk: None, secret)

    def make(self) -> None:
        """Do nothing: it is there from the start."""

    def put(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        """Keep a copy, encrypted with *secret* if there is one.

        Raises:
            InvalidEvidence: Missing, empty, too large, or not a file.
        """
        copy = io.BytesIO()
        with offered(path) as source:
            stored = taken(source, path, self._limit, copy.write, secret)
        self._files.setdefault(stored.sha256, copy.getvalue())
        return stored

    def open(self, sha256: str, size: int | None = None) -> BinaryIO:
        """Open a kept file for reading.

        Raises:
            EvidenceLost: There is no such file, or it is not *size* bytes long.
        """
        if sha256 not in self._files:
            raise EvidenceLost(detail=f"{sha256} is not kept", folder="memory://")
        return as_long(io.BytesIO(self._files[sha256]), sha256, size, "memory://")

    def read(self, sha256: str, key: bytes | None = None, size: int | None = None) -> bytes:
        """Return the content of a kept file, decrypted with its key if it has one.

        Raises:
            EvidenceLost: There is no such file, it is not *size* bytes long, or the key does not
                open it.
        """
        content = opened_with(key, self.open(sha256, size).read())
        if content is None:
            raise EvidenceLost(detail=f"{sha256} does not open", folder="memory://")
        return content

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        """Re-hash a kept file; ``None`` if there is none."""
        return hashed(self.open(sha256), key, size) if sha256 in self._files else None

    def use(self) -> EvidenceUse:
        """Count the kept files."""
        return EvidenceUse(len(self._files), sum(map(len, self._files.values())))

    def remove(self, sha256: str) -> None:
        """Remove a kept file; it may be gone already."""
        self._files.pop(sha256, None)
