"""New databases for tests: made by the program once, then written down as often as they are asked.

To migrate costs more than most tests do. Those that are about it, such as
tests/storage/test_sqlite_opening.py, make each database of theirs.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from lifecycle.domain.logged import Sealing
from lifecycle.storage.journal import SqlJournal, create_journal, open_journal
from lifecycle.storage.sqlite import LOCK_SECONDS, Durability
from lifecycle.storage.sqlite_files import sqlite_path


@cache
def _made(origin: str, durability: Durability | None) -> bytes:
    """Return the bytes of a database with an empty history, as the program leaves them."""
    with TemporaryDirectory() as folder:
        create_journal(f"sqlite:///{folder}/made.db", origin, durability=durability).close()
        return Path(folder, "made.db").read_bytes()


def new_journal(
    url: str,
    origin: str,
    *,
    lock_seconds: float = LOCK_SECONDS,
    durability: Durability | None = None,
    sealing: Sealing = "inline",
) -> SqlJournal:
    """Return what ``create_journal`` returns, on a copy of a database that it made before."""
    path = sqlite_path(url)
    assert path is not None
    path.write_bytes(_made(origin, durability))
    return open_journal(url, lock_seconds=lock_seconds, durability=durability, sealing=sealing)
