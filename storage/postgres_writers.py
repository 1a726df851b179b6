"""Who may be making records on a server: told to whoever seals.

Nobody sees a record before its transaction is committed, and the log is in order of time: one that
is sealed behind younger ones by more than the published delay stands there as if it had been dated
back (docs/decisions/0014). So each transaction that may make records holds a lock, shared with
others, whose number is the second at which it began. The server takes it away with the transaction,
or with the savepoint that it was taken in: after what was committed can be seen, or once it never
will be. Everybody can list the locks.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.domain.record import moment_text

EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Seconds are counted from then: they fit the number of a lock until 2088."""

_KIND: Final = 0x4C435357  # "LCSW": our half of the numbers of advisory locks
_OURS: Final = f"locktype = 'advisory' AND classid = {_KIND}::pg_catalog.oid AND objsubid = 2"


def writes() -> str:
    """Return what says that from now on a transaction may make records.

    By the clock of this machine, which the records are stamped by: no earlier than this second.
    """
    second = int(time.time() - EPOCH.timestamp())
    return f"SELECT pg_catalog.pg_advisory_xact_lock_shared({_KIND}, {second})"


_SAID: Final = (
    f"SELECT pid FROM pg_catalog.pg_locks WHERE {_OURS}"  # noqa: S608 - our own condition
    " AND pid = pg_catalog.pg_backend_pid()"
)
_ISOLATION: Final = "SELECT pg_catalog.current_setting('transaction_isolation')"
# The second at which the first of those began that are under way, but for this one.
_WRITING: Final = (
    "SELECT pg_catalog.min(objid::pg_catalog.int8) FROM pg_catalog.pg_locks"  # noqa: S608
    f" WHERE {_OURS} AND database = (SELECT oid FROM pg_catalog.pg_database"
    " WHERE datname = pg_catalog.current_database())"
    " AND pid IS DISTINCT FROM pg_catalog.pg_backend_pid()"
)


def announce(cursor: Any) -> None:
    """Say so for a host's transaction, once.

    Raises:
        StorageFailed: It does not see what others commit meanwhile.
    """
    cursor.execute(f"{writes()} WHERE NOT EXISTS ({_SAID}); {_ISOLATION}")
    cursor.nextset()
    ((found,),) = cursor.fetchall()
    if found not in ("read committed", "read uncommitted"):  # to the server they are the same
        # It would stamp and seal by what was there before others had ended.
        detail = Message(
            "the host's transaction is {found}; records are made at READ COMMITTED only",
            {"found": str(found).upper()},
        )
        raise StorageFailed(detail=detail)


def writing_since(cursor: Any) -> str | None:
    """Return since when others' transactions may make records that nobody sees yet."""
    cursor.execute(_WRITING)
    ((second,),) = cursor.fetchall()
    return None if second is None else moment_text(EPOCH + timedelta(seconds=second))
