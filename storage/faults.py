"""Errors of the driver as errors of the engine."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseLocked,
    DatabaseReadOnly,
    DiskFull,
    InvalidInput,
    LifecycleError,
    StorageFailed,
)

_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# CANTOPEN on an open database: the folder does not take the journal file.
_READ_ONLY: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}
# Errors without a code of their own: the tables are not ours, or text is not text.
_UNSOUND: Final = ("no such table", "no such column", "has no column", "Could not decode to UTF-8")


class ConstraintBroken(StorageFailed):
    """A constraint or a trigger refused a row; its name is in the detail."""


def translated(error: BaseException, url: str, seconds: float) -> LifecycleError:
    """Return the engine's error for one of the driver's or of SQLAlchemy's.

    Args:
        error: What was raised.
        url: Address of the database, for the message.
        seconds: How long a lock was waited for.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    text = str(cause)
    if isinstance(cause, UnicodeEncodeError):
        return InvalidInput(what="text", detail="half of a surrogate pair")
    if isinstance(cause, sqlite3.IntegrityError):
        return ConstraintBroken(detail=text)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _LOCKED:
        return DatabaseLocked(url=url, seconds=f"{seconds:g}")
    if code in _READ_ONLY:
        return DatabaseReadOnly(url=url)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(url=url)
    if code in _BROKEN or any(sign in text for sign in _UNSOUND):
        return DatabaseBroken(url=url, detail=text)
    return StorageFailed(detail=text)


class Faults(AbstractContextManager[None]):
    """A context in which errors of the driver become errors of the engine; used again and again.

    It stands around single statements, never around a caller's code, whose own errors of another
    database are not ours to translate.

    Args:
        url: Address of the database, for messages.
        seconds: How long a lock is waited for.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self.url = url
        self._seconds = seconds

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, SQLAlchemyError | sqlite3.Error | UnicodeEncodeError):
            raise translated(error, self.url, self._seconds) from error
