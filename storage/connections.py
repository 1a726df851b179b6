"""Connections that are held between transactions, and what a fork does to them.

SQLAlchemy makes connections and hands them out; doing so anew for each transaction takes more
calls than the transaction has statements. So a few of them stay lent, and go from one transaction
to the next.

SQLite's locks belong to a process, and SQLite remembers in memory which of them the process
holds. A process that is forked with an open connection remembers locks that only its parent
holds. So idle connections are closed before a fork, and where one was in use, the new process
is refused.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple
from weakref import WeakSet

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.session import driver_of

_HELD: Final = 5


class Lent(NamedTuple):
    """A connection on loan: as the pool knows it, and the driver's own."""

    proxied: PoolProxiedConnection
    driver: DBAPIConnection


class Connections:
    """Lends connections to one transaction after the other; threads may share it.

    Args:
        engine: Makes connections with the safe settings.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Changed by single steps only, which no other thread comes between.
        self._idle: list[Lent] = []
        self._in_use: set[Lent] = set()
        self._forked_by: int | None = None
        _watched.add(self)

    def lend(self) -> Lent:
        """Return a connection that nobody else has, outside of a transaction.

        Raises:
            StorageFailed: The process was forked while a connection was in use.
        """
        if self._forked_by is not None and self._forked_by != os.getpid():
            raise StorageFailed(
                detail="this process was forked in the middle of a transaction; "
                "start it anew instead"
            )
        try:
            lent = self._idle.pop()
        except IndexError:
            proxied = self._engine.raw_connection()
            lent = Lent(proxied, driver_of(proxied))
        self._in_use.add(lent)
        return lent

    def give_back(self, lent: Lent, *, sound: bool) -> None:
        """Take a connection back; one that is not *sound* must not meet the next borrower."""
        self._in_use.discard(lent)
        if sound and len(self._idle) < _HELD:
            self._idle.append(lent)
            return
        if not sound:
            lent.proxied.invalidate()
        lent.proxied.close()

    def close(self) -> None:
        """Close what lies idle; others may be lent afterwards."""
        while self._idle:
            self._idle.pop().proxied.close()
        self._engine.dispose()

    def before_fork(self) -> None:
        """Close what lies idle, and remember who has a connection in use."""
        here = os.getpid()
        if self._in_use:
            self._forked_by = self._forked_by or here
        elif self._forked_by == here:
            self._forked_by = None
        self.close()


_watched: Final[WeakSet[Connections]] = WeakSet()


def _before_fork() -> None:
    for one in list(_watched):
        one.before_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
