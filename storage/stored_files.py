"""Evidence files as they lie in a store: whether they are as long as recorded, and what they hold.

Whoever can write to the store can make a file longer than anybody can read, so its length is
looked at first, and what is encrypted is opened a chunk at a time.
"""

from __future__ import annotations

import os
from hashlib import sha256 as new_sha256
from typing import BinaryIO, Final

from lifecycle.domain.errors import EvidenceLost
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.messages import Message
from lifecycle.storage.ciphers import Decryption, opened

OTHER: Final = "application/octet-stream"
"""Type of a file whose ending tells none."""

_CHUNK: Final = 1024 * 1024


def opened_with(key: bytes | None, stored: bytes) -> bytes | None:
    """Return the content of a stored file; ``None`` if its key does not open it."""
    return stored if key is None else opened(stored, key)


def as_long(source: BinaryIO, sha256: str, size: int | None, folder: str) -> BinaryIO:
    """Return a stored file if it is as long as it was recorded.

    Raises:
        EvidenceLost: It is not: nobody has to read it to its end, which may be far.
    """
    found = _length(source)
    if size in (None, found):
        return source
    source.close()
    facts = {"sha256": sha256, "found": found, "size": size}
    detail = Message("{sha256} has {found} bytes, {size} were recorded", facts)
    raise EvidenceLost(detail=detail, folder=folder)


def hashed(source: BinaryIO, key: bytes | None = None, size: int | None = None) -> StoredFile:
    """Return what a stored file really holds; its type is not known from its content.

    What is not *size* bytes long is not read: it may be longer than anybody can wait for.
    """
    length = _length(source)
    if size not in (None, length):
        return StoredFile("", length, OTHER)
    digest, plain, read = new_sha256(), new_sha256(), 0
    decryption = None if key is None else Decryption(key)
    while chunk := source.read(_CHUNK):
        read += len(chunk)
        digest.update(chunk)
        if decryption is not None:
            plain.update(decryption.update(chunk))
    opens = decryption is not None and decryption.end()
    return StoredFile(digest.hexdigest(), read, OTHER, plain.hexdigest() if opens else None)


def _length(source: BinaryIO) -> int:
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    return length
