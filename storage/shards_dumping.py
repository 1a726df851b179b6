"""Several servers as they are at one moment: a dump of each, bound together in one file.

Writers are held off by the gate that all of them pass, for the moment in which every server settles
what it shows. Then they go on, and pg_dump is given what was settled.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from psycopg import sql
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.storage import schema, tables
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_dumping import dumped
from lifecycle.storage.session import Session
from lifecycle.storage.sharding import check_count, connected, driver_behind, is_laid
from lifecycle.storage.shards import BY_STREAM, SHARDED, SHARED, mark

CENTER: Final = "center.dump"
"""Name of the coordinator's dump among the others."""

OF_CENTER: Final = sorted(
    {
        *(tables.NAMES - {tables.VERSION_TABLE} - {one.name for one in SHARDED}),
        *(one.name + SHARED for one in BY_STREAM),
    }
)
"""What of the coordinator's is dumped: rows of its own; it is laid anew, and so is the revision."""

_OF_SHARD: Final = sorted(one.name for one in SHARDED)
_HELD: Final = "SELECT count(*), coalesce(sum(version), 0) FROM {}"

_Driver = psycopg.Connection[Any]


def name_of(number: int) -> str:
    """Return the name of a shard's dump, counted from 1."""
    return f"shard-{number}.dump"


@contextmanager
def several(
    coordinator: PostgresDatabase,
    servers: Sequence[PostgresDatabase],
    into: Path,
    programs: Path | None,
) -> Iterator[tuple[str, SqlAuditing]]:
    """Dump all servers into a new file, and lend the revision and a view of what is in it.

    Args:
        coordinator: Whose address programs know.
        servers: The others, as when they were laid.
        into: The new file, in a folder closed to others.
        programs: Folder with pg_dump; ``None`` to look for it.

    Raises:
        InvalidInput: The schools lie on one server, or on more or fewer than these.
        BackupFailed, ProgramMissing: They cannot be dumped.
        StorageFailed: A server cannot be read, or is another one.
    """
    with ExitStack() as stack:
        center = driver_behind(stack.enter_context(connected(coordinator)))
        others = [driver_behind(stack.enter_context(connected(one))) for one in servers]
        session = Session(_plain(center), coordinator)
        revision = schema.check(session)
        origin = schema.installed(session)
        check_count(center, len(servers))
        for number, (server, driver) in enumerate(zip(servers, others, strict=True), start=1):
            if not is_laid(server, driver, mark(origin, number, len(servers))):
                raise _another(server)
            stack.callback(server.undo, _plain(driver))
        stack.callback(coordinator.undo, _plain(center))
        held: list[tuple[Any, ...]] = []
        coordinator.begin_still(_plain(center), lambda: held.extend(_settled(servers, others)))
        for number, (server, there) in enumerate(zip(servers, held, strict=True), start=1):
            if there != _count(center, f"lifecycle_streams_{number}"):
                raise _another(server)
        _bound(coordinator, center, servers, others, into, programs)
        yield revision, SqlAuditing(session, origin)


def _settled(
    servers: Sequence[PostgresDatabase], drivers: Sequence[_Driver]
) -> Iterator[tuple[Any, ...]]:
    """Let each server settle what it shows; yield how many streams and records that are."""
    for server, driver in zip(servers, drivers, strict=True):
        with server.faults:
            server.begin(_plain(driver), write=False)
            yield _count(driver, tables.streams.name)


def _count(driver: _Driver, table: str) -> tuple[Any, ...]:
    (found,) = driver.execute(sql.SQL(_HELD).format(sql.Identifier(table))).fetchall()
    return tuple(found)


def _bound(
    coordinator: PostgresDatabase,
    center: _Driver,
    servers: Sequence[PostgresDatabase],
    others: Sequence[_Driver],
    into: Path,
    programs: Path | None,
) -> None:
    dump = into.with_name("dump")
    with tarfile.open(into, "x") as bound:
        everything = [
            (CENTER, coordinator, center, OF_CENTER),
            *(
                (name_of(number), server, driver, _OF_SHARD)
                for number, (server, driver) in enumerate(
                    zip(servers, others, strict=True), start=1
                )
            ),
        ]
        for name, server, driver, wanted in everything:
            with server.faults:
                dumped(server, driver, dump, programs, wanted, only_rows=True)
            bound.add(dump, name)
            dump.unlink()


def _another(server: PostgresDatabase) -> StorageFailed:
    detail = Message(
        "{url} is not the server whose turn it is in the list", {"url": server.faults.url}
    )
    return StorageFailed(detail=detail)


def _plain(driver: _Driver) -> DBAPIConnection:
    return cast(DBAPIConnection, driver)
