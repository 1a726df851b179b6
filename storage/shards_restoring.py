"""Bringing the dumps of several servers back into as many empty databases.

They are laid anew, with accounts of their own, and filled. Each is marked until everything was
verified through the coordinator, whose revision comes last: before that, nobody opens any of it.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any, cast

import psycopg
from sqlalchemy import Connection

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.errors_database import BackupFailed, PlaceTaken, RestoreLeft
from lifecycle.domain.messages import Message
from lifecycle.storage import postgres_schema, tables
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_left import MARK, UNMARK, analyse, sweep, take_away
from lifecycle.storage.postgres_programs import program
from lifecycle.storage.postgres_restoring import brought_back
from lifecycle.storage.session import driver_of
from lifecycle.storage.sharding import connected, driver_behind, lay_anew
from lifecycle.storage.shards import SHARDED
from lifecycle.storage.shards_dumping import CENTER, name_of
from lifecycle.storage.staging import new_file

_Driver = psycopg.Connection[Any]


class Dumps:
    """Dumps of several servers, as a source for ``postgres_restoring.restoring``.

    Args:
        coordinator: Where to, as a super-user.
        servers: Where the schools will lie, as owners who may make roles.
        bound: The dumps.
        origin: Id of the installation.
        revision: Of the schema.
    """

    def __init__(
        self,
        coordinator: PostgresDatabase,
        servers: Sequence[PostgresDatabase],
        bound: Path,
        origin: str,
        revision: str,
    ) -> None:
        self._coordinator, self._servers = coordinator, servers
        self._bound, self._origin, self._revision = bound, origin, revision
        self._ours: list[tuple[PostgresDatabase, _Driver]] = []
        self._end = ExitStack()

    def bring_back(self, connection: Connection, programs: Path | None, name: str) -> None:
        """Lay the servers and fill each in one transaction.

        Raises:
            InvalidInput: There are more servers than dumps, or fewer.
            PlaceTaken: There are tables of ours on one already.
            ProgramMissing: pg_restore is not there.
            StorageFailed: It cannot be brought back.
        """
        if self._revision != tables.SCHEMA:
            detail = Message(
                "several servers are laid with the schema {known}, and it is of {found}: restore it"
                " by the release that made it",
                {"known": tables.SCHEMA, "found": self._revision},
            )
            raise StorageFailed(detail=detail)
        center = driver_behind(connection)
        tool = program("pg_restore", center.info.server_version // 10_000, programs)
        self._reach()
        names = [CENTER, *(name_of(number) for number, _ in enumerate(self._servers, start=1))]
        with tarfile.open(self._bound) as bound:
            if bound.getnames() != names:
                detail = Message("it is of {count} servers", {"count": len(bound.getnames()) - 1})
                raise BackupFailed(detail=detail)
            drivers = [driver for _, driver in self._ours]
            lay_anew(self._coordinator, connection, self._servers, drivers, self._origin, MARK)
            for dump, database in zip(names, (self._coordinator, *self._servers), strict=True):
                place = self._bound.with_name(dump)
                with os.fdopen(new_file(place), "wb") as target:
                    shutil.copyfileobj(cast(IO[bytes], bound.extractfile(dump)), target)
                brought_back(database, tool, place, name, ["--data-only"])
                place.unlink()
        # Only from now on it is one of several.
        self._coordinator.look_again(driver_of(connection))

    def _reach(self) -> None:
        """Connect to the servers, and make sure that nothing is there."""
        for server in self._servers:
            driver = driver_behind(self._end.enter_context(connected(server)))
            with server.faults:
                sweep(driver)
                if postgres_schema.known(driver):
                    raise PlaceTaken(place=server.faults.url)
            self._ours.append((server, driver))

    def keep(self) -> None:
        """Take the marks away; the coordinator still has no revision."""
        for server, driver in self._ours:
            with server.faults:
                driver.execute(UNMARK)

    def leave(self, *, kept: bool | None) -> None:
        """Take away what was not kept.

        Raises:
            RestoreLeft: It cannot be taken away.
        """
        with self._end:
            for server, driver in self._ours:
                if kept:
                    with suppress(psycopg.Error):  # the server does so by itself in time
                        analyse(driver, [one.name for one in SHARDED])
                elif kept is False:
                    try:
                        take_away(driver)
                    except psycopg.Error as error:
                        url = server.faults.url
                        raise RestoreLeft(url=url, detail=str(error)) from error
