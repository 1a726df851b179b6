"""Trying again while others stand in the way: with a random pause, and not for ever."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final, TypeVar

from lifecycle.domain.errors import DatabaseLocked

Result = TypeVar("Result")

PATIENCE: Final = 30.0
"""Seconds after which nothing is begun again; what was begun waits for its own lock besides."""

_FIRST: Final = 0.01  # seconds
_LONGEST: Final = 1.0
_STEPS: Final = 1000  # of a random pause


def _unheard(attempt: int, pause: float, error: DatabaseLocked) -> None:
    """Tell nobody."""


def patiently(
    work: Callable[[], Result],
    patience: float = PATIENCE,
    again: Callable[[int, float, DatabaseLocked], None] = _unheard,
) -> Result:
    """Do *work*, and again where the database could not take its turn; it left nothing then.

    Pauses double from 10 ms to a second, and each is taken at random up to that: those who met
    once must not meet again.

    Args:
        work: A whole transaction.
        patience: Seconds after the first try in which another one may begin.
        again: Told before each new try: the how manieth it is, after how many seconds, and why.

    Raises:
        DatabaseLocked: Others stood in the way to the end.
    """
    ends, longest, attempt = time.monotonic() + patience, _FIRST, 1
    while True:
        attempt += 1
        try:
            return work()
        except DatabaseLocked as error:
            pause = longest * secrets.randbelow(_STEPS) / _STEPS
            if time.monotonic() + pause >= ends:
                raise
            again(attempt, pause, error)
        time.sleep(pause)
        longest = min(2 * longest, _LONGEST)
