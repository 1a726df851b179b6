"""Errors of PostgreSQL as errors of the engine, by SQLSTATE."""

from __future__ import annotations

import re
from typing import Final

import psycopg

from lifecycle.domain.errors import (
    DatabaseBroken,
    DatabaseLocked,
    DiskFull,
    InvalidInput,
    LifecycleError,
    StorageFailed,
)
from lifecycle.domain.errors_database import RightsMissing, ServerReadOnly
from lifecycle.storage.faults import ConstraintBroken, Faults

# https://www.postgresql.org/docs/18/errcodes-appendix.html
# Somebody else holds a lock, or held one in the way of ours: the same request may be repeated.
_LOCKED: Final = {"55P03", "40P01", "40001"}
_READ_ONLY: Final = {"25006"}
_NO_RIGHT: Final = {"42501"}
_FULL: Final = {"53100"}
# Tables or columns are not ours; data or an index is damaged.
_BROKEN: Final = {"42P01", "42703", "XX001", "XX002"}
# A server refuses a connection in words: the driver has no code for it.
_NO_DATABASE: Final = re.compile(r'FATAL:.* database "[^"]*" does not exist')


def no_database(error: psycopg.OperationalError) -> bool:
    """Tell whether the server answered that it has no database of that name."""
    return error.sqlstate == "3D000" or bool(_NO_DATABASE.search(str(error)))


class PostgresFaults(Faults):
    """Translates the errors of PostgreSQL.

    Args:
        url: As for all faults.
        seconds: As for all faults.
        account: Who asks, as the server knows him.
    """

    driver = psycopg.Error

    def __init__(self, url: str, seconds: float, account: str) -> None:
        super().__init__(url, seconds)
        self._account = account

    def told(self, error: BaseException) -> LifecycleError:
        """Return the engine's error for one of the driver's, or for another of SQLAlchemy's."""
        text = str(error).strip()
        if isinstance(error, psycopg.IntegrityError):
            return ConstraintBroken(detail=text)
        code = getattr(error, "sqlstate", None)
        if code in _LOCKED:
            return DatabaseLocked(url=self.url, seconds=self._seconds)
        if code in _READ_ONLY:
            return ServerReadOnly(url=self.url)
        if code in _NO_RIGHT:
            return RightsMissing(url=self.url, account=self._account, detail=text.splitlines()[0])
        if code in _FULL:
            return DiskFull(url=self.url)
        if code in _BROKEN:
            return DatabaseBroken(url=self.url, detail=text)
        if code is None and isinstance(error, psycopg.DataError):
            return InvalidInput(what="text", detail=text)
        return StorageFailed(detail=text)
