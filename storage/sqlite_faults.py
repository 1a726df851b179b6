"""Errors of SQLite as errors of the engine."""

from __future__ import annotations

import sqlite3
from typing import Final

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseLocked,
    DatabaseReadOnly,
    DiskFull,
    LifecycleError,
    StorageFailed,
)
from lifecycle.domain.errors_database import DatabaseMoved
from lifecycle.storage.faults import ConstraintBroken, Faults

_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# CANTOPEN on an open database: the folder does not take the journal file.
_READ_ONLY: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
# Errors without a code of their own: the tables are not ours, or text is not text.
_UNSOUND: Final = ("no such table", "no such column", "has no column", "Could not decode to UTF-8")


class SqliteFaults(Faults):
    """Translates the errors of SQLite by their codes."""

    driver = sqlite3.Error

    def told(self, error: BaseException) -> LifecycleError:
        """Return the engine's error for one of the driver's, or for another of SQLAlchemy's."""
        text = str(error)
        if isinstance(error, sqlite3.IntegrityError):
            return ConstraintBroken(detail=text)
        whole = getattr(error, "sqlite_errorcode", 0)
        if whole == sqlite3.SQLITE_READONLY_DBMOVED:
            return DatabaseMoved(url=self.url)
        code = whole & 0xFF
        if code in _LOCKED:
            return DatabaseLocked(url=self.url, seconds=self._seconds)
        if code in _READ_ONLY:
            return DatabaseReadOnly(url=self.url)
        if code == sqlite3.SQLITE_FULL:
            return DiskFull(url=self.url)
        if code in _BROKEN or any(sign in text for sign in _UNSOUND):
            return DatabaseBroken(url=self.url, detail=text)
        return StorageFailed(detail=text)
