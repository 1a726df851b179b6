"""No record is committed long after it was made, where others seal what was committed meanwhile.

A record bears the time at which it was made, and nobody sees it before its transaction is
committed. On a server records wait to become leaves of the log, and the log is in order of time but
for the published delay (docs/decisions/0014): one that is committed later than that would stand
behind younger ones for ever, and nobody could tell it from one that was dated back.

So a transaction that has held a record for ``IN_TIME`` is not committed, and the server ends one
that does nothing for ``IDLE_SECONDS``: whoever is stopped between the two does not commit later
than both together. A host's transaction is committed by the host: SQLAlchemy tells before it is,
and from PostgreSQL 17 on the server ends one that is committed behind its back.
"""

from __future__ import annotations

import time
from typing import Final
from weakref import ref

from sqlalchemy import Connection, TwoPhaseTransaction, event

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.errors_database import CommittedLate
from lifecycle.domain.messages import Message

IN_TIME: Final = 35.0
"""Seconds for which a transaction may hold a record."""

IDLE_SECONDS: Final = 15.0
"""Seconds for which a transaction that writes may do nothing."""

_KEY: Final = "lifecycle: a record was made in"
# A host may have set lower ones itself. One of them is unknown before PostgreSQL 17.
_BOUNDS: Final = (
    "SELECT pg_catalog.set_config(name, bound::pg_catalog.text, true)"  # noqa: S608 - ours
    " FROM pg_catalog.pg_settings JOIN (VALUES"
    f" ('idle_in_transaction_session_timeout', {int(IDLE_SECONDS * 1000)}),"
    f" ('transaction_timeout', {int(IN_TIME * 1000)})) AS bounds (of, bound)"
    " ON name = of AND (setting::pg_catalog.int4 = 0 OR setting::pg_catalog.int4 > bound)"
)


def check_in_time(made: float, url: str) -> None:
    """Refuse to commit a record that was made too long ago.

    Args:
        made: When the first record of the transaction was made, on the monotonic clock.
        url: The database, as it may be shown.

    Raises:
        CommittedLate: It was.
    """
    held = time.monotonic() - made
    if held > IN_TIME:
        raise CommittedLate(url=url, seconds=round(held), bound=round(IN_TIME))


def check_one_phase(connection: Connection) -> None:
    """Refuse a transaction that somebody else may commit at any later time.

    Raises:
        StorageFailed: It is one of two phases.
    """
    if isinstance(connection.get_transaction(), TwoPhaseTransaction):
        detail = Message("a transaction of two phases is not joined: nobody knows when it ends")
        raise StorageFailed(detail=detail)


def see_to_it(connection: Connection, url: str) -> None:
    """Have a host's transaction, in which a record was just made, committed in time or not at all.

    Args:
        connection: To a server, inside the transaction.
        url: The database, as it may be shown.
    """
    transaction = connection.get_transaction()
    assert transaction is not None  # noqa: S101 - a savepoint lies in it
    known = connection.info.get(_KEY)
    if known is not None and known[0]() is transaction:
        return
    connection.exec_driver_sql(_BOUNDS)
    connection.info[_KEY] = ref(transaction), time.monotonic(), url
    if not event.contains(connection, "commit", _before_commit):
        event.listen(connection, "commit", _before_commit)


def _before_commit(connection: Connection) -> None:
    known = connection.info.get(_KEY)
    if known is not None and known[0]() is connection.get_transaction():
        check_in_time(*known[1:])
