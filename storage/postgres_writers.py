"""Who may be making records on a server: told to whoever seals.

Nobody sees a record before its transaction is committed, and the log is in order of time: one that
is sealed behind younger ones by more than the published delay stands there as if it had been dated
back (docs/decisions/0014). So each transaction that may make records holds a lock, shared with
others, whose number is the second at which it began. The server takes it away with the transaction,
or with the savepoint that it was taken in: after what was committed can be seen, or once it never
will be. Everybody can list the locks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Seconds are counted from then: they fit the number of a lock until 2088."""

_KIND: Final = 0x4C435357  # "LCSW": our half of the numbers of advisory locks

_NOW: Final = (
    "pg_catalog.date_part('epoch'::pg_catalog.text, pg_catalog.clock_timestamp())"
    f" - {int(EPOCH.timestamp())}::pg_catalog.float8"
)
WRITES: Final = (
    f"SELECT pg_catalog.pg_advisory_xact_lock_shared({_KIND},"
    f" pg_catalog.floor({_NOW})::pg_catalog.int4)"
)
"""Says that from now on the transaction may make records."""

WRITING: Final = (
    "SELECT pg_catalog.min(objid::pg_catalog.int8) FROM pg_catalog.pg_locks"  # noqa: S608 - ours
    f" WHERE locktype = 'advisory' AND classid = {_KIND}::pg_catalog.oid AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_catalog.pg_database"
    " WHERE datname = pg_catalog.current_database())"
    " AND pid IS DISTINCT FROM pg_catalog.pg_backend_pid()"
)
"""The second at which the first of those began that are under way, but for this one."""
