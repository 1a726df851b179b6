"""Connections to PostgreSQL: how long anything on them may take, and what a server must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.messages import Message

OLDEST: Final = 14
"""Major version of the server, at least."""

STUCK_SECONDS: Final = 300.0
"""How long a statement that writes may take, and a transaction that writes may do nothing.

Then the server ends it: whoever was stopped in the middle must not hold a school for ever.
"""

DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings without which a server may lose what it acknowledged."""

CONNECTING: Final[Mapping[str, Any]] = {
    "connect_timeout": 10,  # seconds, as the next two
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
    # Whatever environment, account and database say: any name can be kept and read.
    "client_encoding": "UTF8",
}
"""How a server that vanished is noticed within a minute, and in which letters it is spoken to."""

PLAIN: Final = {
    # The catalogue's functions would print every name otherwise than it is compared.
    "quote_all_identifiers": "off",
    # The driver reads moments of no other form.
    "DateStyle": "ISO",
    "standard_conforming_strings": "on",
}
"""What an account or a database may set otherwise, so that answers or questions read otherwise."""

IS_SHARD: Final = "srvname OPERATOR(pg_catalog.~) '^lifecycle_shard_[1-9][0-9]*$'"
"""Which servers of the coordinator's are those of schools; others are the host's.

The operator is the server's own: for a name and a pattern somebody else's would come before it.
"""

SHARDS: Final = (
    "SELECT srvname::pg_catalog.text FROM pg_catalog.pg_foreign_server"  # noqa: S608 - our own pattern
    f" WHERE {IS_SHARD} ORDER BY pg_catalog.length(srvname::pg_catalog.text), srvname"
)
"""Their names, by number."""

# Whoever owns the database or an account can set a path on which functions and operators of his own
# come before the server's. Unnamed, the server's come first; the host's schemas stay in order.
_PATH: Final = (
    "pg_catalog.set_config('search_path', (SELECT pg_catalog.string_agg("
    "pg_catalog.quote_ident(name), ', ' ORDER BY place)"
    " FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY"
    " AS path (name, place)"
    " WHERE name OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.name), false)"
)

_NUMBERED: Final = (
    "SELECT pg_catalog.array_agg(srvname::pg_catalog.text)"  # noqa: S608 - our own pattern
    f" FROM pg_catalog.pg_foreign_server WHERE {IS_SHARD}"
)
_SETTINGS: Final = "".join(
    f" pg_catalog.set_config('{name}', '{value}', false)," for name, value in PLAIN.items()
)
# Asked in one go, with the bounds set: every connection is checked before it is used.
_SETTLE: Final = (
    f"SELECT {_PATH},{_SETTINGS}"
    " pg_catalog.set_config('lock_timeout', %s, false),"
    " pg_catalog.set_config('statement_timeout', %s, false),"
    " pg_catalog.set_config('idle_in_transaction_session_timeout', %s, false),"
    # Held as it is found: the connection may live longer than the server's settings do.
    " pg_catalog.set_config('synchronous_commit',"
    " pg_catalog.current_setting('synchronous_commit'), false),"
    " pg_catalog.current_setting('server_version_num'),"
    " pg_catalog.current_setting('server_encoding'), "
    + ", ".join(f"pg_catalog.current_setting('{name}')" for name in DURABLE)
    + f", ({_NUMBERED})"
)


def settle(connection: psycopg.Connection[Any], bounds: Sequence[float]) -> int:
    """Set the bounds, and refuse a server that may lose what it acknowledged.

    Args:
        connection: Outside a transaction.
        bounds: Seconds for a lock, for a statement, and for a transaction that does nothing.

    Returns:
        On how many other servers the schools lie.

    Raises:
        StorageFailed: A setting endangers what is kept, the server is too old, or one of those
            on which the schools lie is missing.
    """
    milliseconds = [str(int(seconds * 1000)) for seconds in bounds]
    row = connection.execute(_SETTLE, milliseconds).fetchone()
    assert row is not None  # noqa: S101 - it selects one row of nothing
    version, encoding, *switches, shards = row[-3 - len(DURABLE) :]
    if int(version) < OLDEST * 10_000:
        detail = Message("PostgreSQL {oldest} or newer is needed", {"oldest": OLDEST})
        raise StorageFailed(detail=detail)
    if encoding != "UTF8":
        detail = Message("the database keeps {found}, not UTF8", {"found": encoding})
        raise StorageFailed(detail=detail)
    for name, found in zip(DURABLE, switches, strict=True):
        if found == "off":
            detail = Message(
                "PostgreSQL keeps {name} off, and may lose what it acknowledged", {"name": name}
            )
            raise StorageFailed(detail=detail)
    return _counted(shards or [])


def _counted(servers: Sequence[str]) -> int:
    """Return how many servers there are.

    Raises:
        StorageFailed: They are not numbered one after the other: the schools of one would be lost.
    """
    numbers = sorted(int(name.rpartition("_")[2]) for name in servers)
    if numbers != [*range(1, len(numbers) + 1)]:
        detail = Message(
            "the servers that schools lie on are numbered {found}, not 1, 2, 3 and so on:"
            " see the foreign servers lifecycle_shard_<number>",
            {"found": ", ".join(map(str, numbers))},
        )
        raise StorageFailed(detail=detail)
    return len(numbers)
