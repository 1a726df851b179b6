"""Errors of the driver as errors of the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from types import TracebackType
from typing import ClassVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from lifecycle.domain.errors import InvalidInput, LifecycleError, StorageFailed


class ConstraintBroken(StorageFailed):
    """A constraint or a trigger refused a row; its name is in the detail."""


class Faults(AbstractContextManager[None], ABC):
    """A context in which errors of the driver become errors of the engine; used again and again.

    It stands around single statements, never around a caller's code, whose own errors of another
    database are not ours to translate.

    Args:
        url: Address of the database, for messages.
        seconds: How long a lock is waited for.
    """

    driver: ClassVar[type[Exception]]
    """What every error of the driver is."""

    def __init__(self, url: str, seconds: float) -> None:
        self.url = url
        self._seconds = f"{seconds:g}"

    @abstractmethod
    def told(self, error: BaseException) -> LifecycleError:
        """Return the engine's error for one of the driver's, or for another of SQLAlchemy's."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if isinstance(error, UnicodeEncodeError):
            raise InvalidInput(what="text", detail="half of a surrogate pair") from error
        if isinstance(error, SQLAlchemyError | self.driver):
            cause = error.orig if isinstance(error, DBAPIError) else error
            if isinstance(cause, UnicodeEncodeError):
                raise InvalidInput(what="text", detail="half of a surrogate pair") from error
            raise self.told(cause or error) from error
