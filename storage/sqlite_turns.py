"""Whose turn it is to write to a file of SQLite: everybody looks again soon, at random.

SQLite's own waiting pauses longer and longer, up to a tenth of a second, so that with many writers
those who just came are faster than those who wait. ``python -m tests.campaigns.writers`` tells how
long the slowest of sixteen waited.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from typing import Final

from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

_LONGEST: Final = 0.02  # seconds between two looks
_STEPS: Final = 1000  # of a random pause


def take_turn(driver: DBAPIConnection, seconds: float) -> None:
    """Begin a transaction that writes, once nobody else does.

    Args:
        driver: Outside of a transaction; it waits for locks as long as *seconds* by itself.
        seconds: How long to wait.

    Raises:
        sqlite3.OperationalError: Somebody else wrote to the end, or the file cannot be written.
    """
    ends, cursor = time.monotonic() + seconds, driver.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while not _begun(cursor, last=time.monotonic() >= ends):
            time.sleep(_LONGEST * secrets.randbelow(_STEPS) / _STEPS)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")


def _begun(cursor: DBAPICursor, *, last: bool) -> bool:
    """Begin if nobody else writes; if somebody does at *last*, that is an error."""
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
