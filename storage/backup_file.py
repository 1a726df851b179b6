"""The file that a backup is: a ZIP archive with a manifest, the database and evidence files.

The directory of an archive stands at its end, so that one which is cut off is none.
"""

from __future__ import annotations

import errno
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from lifecycle.domain.errors import InvalidInput
from lifecycle.domain.errors_database import BackupDamaged
from lifecycle.domain.messages import Message
from lifecycle.storage.staging import new_file

FORMAT: Final = "school-lifecycle/backup/1"
MANIFEST: Final = "manifest.json"
SEVERAL: Final = "postgresql-shards"
"""The kind of a database whose schools lie on several servers."""

DATABASES: Final = {
    "sqlite": "database.sqlite3",
    "postgresql": "database.dump",
    SEVERAL: "database.dumps.tar",
}
"""Name of the database in the archive, by its kind."""

EVIDENCE: Final = "evidence/"

# What reading a damaged archive ends with: also one that says it is encrypted.
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
_MOST_MANIFEST: Final = 1 << 30  # bytes; 100 of them for each evidence file
_CHUNK: Final = 1 << 20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass
class Manifest:
    """What a backup holds.

    Args:
        kind: ``sqlite``, ``postgresql`` or ``postgresql-shards``.
        origin: Id of the installation.
        created_at: When the backup was begun, UTC.
        schema: Revision of the schema.
        records: How many records there are.
        size: Leaves of the log; the other records wait to become leaves.
        root: Root of the log, hexadecimal.
        files: SHA-256 and size of every other file of the archive, by name.
        absent: SHA-256 of evidence that records name and that the store did not have; what was
            lawfully erased is not among them.
    """

    kind: str
    origin: str
    created_at: str
    schema: str
    records: int
    size: int
    root: str
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    @property
    def database(self) -> str:
        """Name of the database in the archive."""
        return DATABASES[self.kind]

    def encode(self) -> bytes:
        """Return the manifest as JSON, which people can read."""
        files = {
            name: {"sha256": digest, "size": size} for name, (digest, size) in self.files.items()
        }
        document = {**self.__dict__, "format": FORMAT, "files": files}
        return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: It is none of this form.
        """
        document: dict[str, Any] = json.loads(data)
        if document.pop("format") != FORMAT:
            raise ValueError("another form")
        files = {
            str(name): (str(one["sha256"]), int(one["size"]))
            for name, one in document.pop("files").items()
        }
        found = cls(files=files, **document)
        wanted = {found.database, *(name for name in files if _is_evidence(name))}
        texts = (found.origin, found.created_at, found.schema, found.root, *found.absent)
        if (
            files.keys() != wanted
            or not all(type(one) is int for one in (found.records, found.size))
            or not all(type(one) is str for one in texts)
        ):
            raise ValueError("other files or values")
        return found


class Written:
    """An archive that is being written.

    Args:
        path: A new file.
    """

    def __init__(self, path: Path) -> None:
        self._stream = os.fdopen(new_file(path), "w+b")
        self._archive = zipfile.ZipFile(self._stream, "w", allowZip64=True)
        self.files: dict[str, tuple[str, int]] = {}

    def add(self, name: str, source: BinaryIO, *, packed: bool = False) -> str:
        """Copy a file into the archive, and return its SHA-256."""
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        entry.external_attr = 0o600 << 16
        digest, size = sha256(), 0
        with self._archive.open(entry, "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        self.files[name] = (digest.hexdigest(), size)
        return digest.hexdigest()

    def close(self, manifest: Manifest) -> None:
        """Write the manifest and the directory, and put everything on the disk."""
        manifest.files = dict(self.files)
        self._archive.writestr(MANIFEST, manifest.encode())
        self._archive.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def abandon(self) -> None:
        """Let the file go."""
        self._archive.fp = None  # otherwise it would still write its directory
        self._stream.close()


class Archive:
    """An archive that is read; nothing in it is believed before its digest was compared.

    Args:
        path: The file, for messages.
        archive: Opened.

    Raises:
        BackupDamaged: It has no manifest, or other files than that names.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path = path
        self._archive = archive
        try:
            if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
                raise ValueError("too large")
            self.manifest = Manifest.decode(archive.read(MANIFEST))
        except (AttributeError, KeyError, TypeError, ValueError, OSError, *_BROKEN) as error:
            raise self.damaged(Message("it has no manifest of a known form")) from error
        if sorted(archive.namelist()) != sorted({MANIFEST, *self.manifest.files}):
            raise self.damaged(Message("its files are not those that its manifest names"))

    def take(self, name: str, place: Path) -> None:
        """Copy a file of the archive to a new place, comparing its digest.

        Raises:
            BackupDamaged: It is not what the manifest says.
        """
        expected = self.manifest.files[name]
        digest, size = sha256(), 0
        try:
            with self._archive.open(name) as source, os.fdopen(new_file(place), "wb") as target:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    if size > expected[1]:
                        break
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
        except _BROKEN as error:
            raise self._altered(name) from error
        except OSError as error:
            # The archive leads to a place before its beginning.
            if error.errno != errno.EINVAL:
                raise
            raise self._altered(name) from error
        if (digest.hexdigest(), size) != expected:
            raise self._altered(name)

    @property
    def evidence(self) -> list[str]:
        """SHA-256 of the evidence files, as they are named."""
        names = (name for name in self.manifest.files if name.startswith(EVIDENCE))
        return sorted(name.removeprefix(EVIDENCE) for name in names)

    def damaged(self, detail: Message) -> BackupDamaged:
        """Return the error that the archive is of no use."""
        return BackupDamaged(file=str(self.path), detail=detail)

    def _altered(self, name: str) -> BackupDamaged:
        return self.damaged(Message("{name} in it is damaged", {"name": name}))


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an archive for reading.

    Raises:
        BackupDamaged: It is no whole archive of ours.
        InvalidInput: It cannot be read.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (ValueError, *_BROKEN) as error:
        detail = Message("it is no whole archive")
        raise BackupDamaged(file=str(path), detail=detail) from error
    except OSError as error:
        facts = {"file": str(path), "reason": error.strerror or str(error)}
        detail = Message("{file} cannot be read: {reason}", facts)
        raise InvalidInput(what="--from", detail=detail) from error
    with archive:
        yield Archive(path, archive)


def _is_evidence(name: str) -> bool:
    return name.startswith(EVIDENCE) and bool(_DIGEST.fullmatch(name.removeprefix(EVIDENCE)))
