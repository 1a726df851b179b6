"""Connections that are held between transactions, and what a fork does to them.

SQLAlchemy makes connections and hands them out; doing so anew for each transaction takes more
calls than the transaction has statements. So a few of them stay lent, and go from one transaction
to the next.

SQLite's locks belong to a process, and SQLite remembers in memory which of them the process
holds. A process that is forked with an open connection remembers locks that only its parent
holds. So idle connections are closed before a fork, nobody borrows one until it is over, and where
one was in use, the new process is refused, and leaves that connection alone.

Whoever borrowed a connection may be interrupted at any point, by Ctrl-C or by what the handler of
a signal raises, and also just when he gives it back. So a connection is in use for as long as
somebody has it: one that nobody has any more is closed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import RLock
from typing import Final
from weakref import WeakSet, finalize

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from lifecycle.domain.errors import StorageFailed
from lifecycle.storage.session import driver_of

_HELD: Final = 5
# Held while a process is forked. The same thread may come again: where garbage is collected, or
# a signal is handled, anything may be done.
_forking: Final = RLock()


class Lent:
    """A connection on loan; it ends when nobody has it any more."""

    driver: DBAPIConnection

    def __init__(self) -> None:
        self._process = os.getpid()
        self._proxied: PoolProxiedConnection | None = None

    def connect(self, engine: Engine) -> None:
        """Have a connection, which is ended with this."""
        proxied = engine.raw_connection()
        self._lost = finalize(self, _end, proxied, self._process)
        self._lost.atexit = False
        self._proxied = proxied
        self.driver = driver_of(proxied)

    @property
    def is_inherited(self) -> bool:
        """Whether it is of the process that this one was forked from."""
        return self._process != os.getpid()

    def end(self, *, sound: bool) -> None:
        """Close the connection; one that is not *sound* at once, whatever is going on in it."""
        if self._proxied is None or self._lost.detach() is None:
            return
        _end(self._proxied, self._process, sound=sound)


def _end(proxied: PoolProxiedConnection, process: int, *, sound: bool = False) -> None:
    if process != os.getpid():
        # Closing it would undo a transaction in the file that its own process is still in.
        _inherited.append(proxied)
        return
    if not sound:
        proxied.invalidate()
    proxied.close()


class Connections:
    """Lends connections to one transaction after the other; threads may share it.

    Args:
        engine: Makes connections with the safe settings.
        check: Refuses a new connection that leads elsewhere than it has to.
    """

    def __init__(self, engine: Engine, check: Callable[[DBAPIConnection], None]) -> None:
        self._engine = engine
        self._check = check
        # Changed by single steps only, which no interruption comes between. What is not idle
        # is in use by whoever has it.
        self._all: WeakSet[Lent] = WeakSet()
        self._idle: list[Lent] = []
        self._forked_by: int | None = None
        with _forking:
            _watched.add(self)

    @property
    def in_use(self) -> int:
        """How many are lent, or about to be."""
        return len(self._all) - len(self._idle)

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
        with _forking:
            found = self._popped()
            if found is not None:
                return found
            lent = Lent()
            self._all.add(lent)
        try:
            lent.connect(self._engine)
            self._check(lent.driver)
        except BaseException:
            self._drop(lent, sound=False)
            raise
        return lent

    def give_back(self, lent: Lent, *, sound: bool) -> None:
        """Take a connection back; one that is not *sound* must not meet the next borrower."""
        with _forking:
            if sound and len(self._idle) < _HELD:
                self._idle.append(lent)
                return
        self._drop(lent, sound=sound)

    def close(self) -> None:
        """Close what lies idle; others may be lent afterwards."""
        while (lent := self._popped()) is not None:
            self._drop(lent, sound=True)

    def before_fork(self) -> None:
        """Close what lies idle, and remember who has a connection in use."""
        here = os.getpid()
        if self.in_use:
            self._forked_by = self._forked_by or here
        elif self._forked_by == here:
            self._forked_by = None
        self.close()

    def _popped(self) -> Lent | None:
        with _forking:
            return self._idle.pop() if self._idle else None

    def _drop(self, lent: Lent, *, sound: bool) -> None:
        """End a connection; until it is closed it is in use, which takes locks within SQLite."""
        try:
            lent.end(sound=sound)
        finally:
            self._all.discard(lent)


_watched: Final[WeakSet[Connections]] = WeakSet()
_inherited: Final[list[PoolProxiedConnection]] = []


def _before_fork() -> None:
    for one in list(_watched):
        one.before_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_forking.release, after_in_child=_forking.release
    )
    # The last that is registered comes first.
    os.register_at_fork(before=_forking.acquire)
