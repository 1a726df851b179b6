"""Connections of SQLite and the forks of a process.

SQLite's locks belong to a process, and SQLite remembers in memory which of them the process
holds. A process that is forked with an open connection remembers locks that only its parent
holds. So idle connections are closed before a fork, and where one was in use, the new process
is refused.
"""

from __future__ import annotations

import os
from typing import Final
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Engine, QueuePool

from lifecycle.domain.errors import StorageFailed

_watched: Final[WeakSet[Engine]] = WeakSet()
# Engines that were in use when this process forked.
_forked_by: Final[WeakKeyDictionary[Engine, int]] = WeakKeyDictionary()


def watch(engine: Engine) -> None:
    """Close the idle connections of *engine* before each fork."""
    _watched.add(engine)


def check(engine: Engine) -> None:
    """Make sure that *engine* can be used in this process.

    Raises:
        StorageFailed: The process was forked while a connection was in use.
    """
    if _forked_by.get(engine, os.getpid()) != os.getpid():
        raise StorageFailed(
            detail="this process was forked in the middle of a transaction; start it anew instead"
        )


def _before_fork() -> None:
    here = os.getpid()
    for engine in list(_watched):
        if isinstance(engine.pool, QueuePool) and engine.pool.checkedout():
            _forked_by.setdefault(engine, here)
        elif _forked_by.get(engine) == here:
            del _forked_by[engine]
        engine.dispose()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
