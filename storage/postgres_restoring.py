"""Bringing a dump back into an empty database of PostgreSQL.

pg_restore commits before anything can be verified. So the revision of the schema is left out, and
without it nobody opens the database; it is written in the transaction in which everything was
verified. A process that is killed leaves what is told as broken, not what looks whole. What it left
bears a mark, until it has a revision: whoever restores next takes it away.

A line can break after a commit was sent and before its answer came. Then the server is asked anew
what is there, once nothing is under way any more of what was begun here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Protocol, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import PoolProxiedConnection

from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.errors_database import (
    BackupFailed,
    CommitUnheard,
    PlaceTaken,
    RestoreLeft,
    SchemaElsewhere,
)
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing
from lifecycle.storage import postgres_schema, schema, tables
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.database import Database
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_left import (
    MARK,
    NAMED,
    UNMARK,
    analyse,
    end_others,
    has_revision,
    sweep,
    take_away,
)
from lifecycle.storage.postgres_programs import program, reaching, run
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.triggers import POSTGRES_FUNCTION

# "215; 1259 16389 TABLE public lifecycle_records postgres"
_SCHEMA: Final = re.compile(rf" TABLE (?!DATA )(.+) {tables.records.name} ")
_FUNCTION: Final = POSTGRES_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


# Whoever restores holds this alone: what has no revision is then his own making.
_HOLD: Final = "SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtext('lifecycle restore'))"
_NAME: Final = "SELECT pg_catalog.set_config('application_name', %s, false)"
_PAUSE: Final = 0.2  # seconds between two tries to reach a server

_Driver = psycopg.Connection[Any]


class Source(Protocol):
    """What is brought back, and what becomes of it where it does not lie in the one database."""

    def bring_back(self, connection: Connection, programs: Path | None, name: str) -> None:
        """Bring back everything but the revision, under a mark.

        Args:
            connection: To the empty database, outside a transaction.
            programs: Folder with pg_restore; ``None`` to look for it.
            name: By which whatever works there is known.
        """

    def keep(self) -> None:
        """Do what is to be done before the revision is there."""

    def leave(self, *, kept: bool | None) -> None:
        """Take away what was not kept; of ``None`` nobody knows."""


@contextmanager
def restoring(
    database: Database, source: Source, revision: str, programs: Path | None
) -> Iterator[tuple[Auditing, Callable[[], None]]]:
    """Bring a dump back; lend a view of it, and what keeps it. What is not kept is taken away.

    What keeps it raises ``CommitUnheard`` if nobody can tell whether it is there.

    Args:
        database: Where to, as who may make tables there.
        source: What is brought back.
        revision: Of the schema in it.
        programs: Folder with pg_restore; ``None`` to look for it.

    Raises:
        PlaceTaken: There are tables of ours already.
        ProgramMissing: pg_restore is not there.
        RestoreLeft: What was brought back and not kept could not be taken away.
        SchemaElsewhere: Its tables belong into another schema than that of the address.
        StorageFailed: It cannot be brought back.
    """
    assert isinstance(database, PostgresDatabase)  # noqa: S101 - there is no third kind
    engine = database.engine(create=True)
    try:
        with database.faults, engine.connect() as connection:
            driver = driver_of(connection)
            assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
            driver.execute(_HOLD)
            sweep(driver)
            if postgres_schema.known(driver):
                raise PlaceTaken(place=database.faults.url)
            place = _Place(database, engine, driver)
            try:
                source.bring_back(connection, programs, place.name)
                database.begin(driver, write=True)
                database.unhurried(driver)
                session = Session(driver, database)
                driver.execute(
                    sql.SQL("INSERT INTO {} VALUES (%s)").format(
                        sql.Identifier(tables.VERSION_TABLE)
                    ),
                    (revision,),
                )
                driver.execute(UNMARK)
                schema.check(session)
                yield SqlAuditing(session, schema.installed(session)), _keeping(source, place)
            finally:
                try:
                    place.leave()
                finally:
                    source.leave(kept=place.kept)
    finally:
        engine.dispose()


def _keeping(source: Source, place: _Place) -> Callable[[], None]:
    def keep() -> None:
        source.keep()
        place.keep()

    return keep


class _Place:
    """An empty database that a dump is brought back into, and what becomes of it.

    Args:
        database: Which.
        engine: Makes connections to it.
        driver: The one in whose transaction the dump is verified.
    """

    def __init__(self, database: PostgresDatabase, engine: Engine, driver: _Driver) -> None:
        self.name = f"{NAMED}{token_hex(8)}"
        self._database, self._engine, self._driver = database, engine, driver
        self._lent: PoolProxiedConnection | None = None
        self.kept: bool | None = False  # None: nobody knows
        driver.execute(_NAME, (self.name,))

    def keep(self) -> None:
        """Commit; if that goes unheard, find out whether it was done.

        Raises:
            CommitUnheard: Nobody knows.
            StorageFailed: It was not done.
        """
        try:
            with self._database.faults:
                self._database.commit(self._plain())
        except BaseException as error:
            self.kept = None
            try:
                with self._settled() as driver:
                    self.kept = has_revision(driver)
            except BaseException:
                raise CommitUnheard(url=self._database.faults.url) from error
            if not self.kept:
                if isinstance(error, CommitUnheard):
                    detail = Message("the line to {url} broke", {"url": self._database.faults.url})
                    raise BackupFailed(detail=detail) from error
                raise
        self.kept = True

    def leave(self) -> None:
        """Take away what was not kept; let the server look at what was.

        Raises:
            RestoreLeft: It cannot be taken away.
        """
        try:
            self._clear()
        finally:
            if self._lent is not None:
                self._lent.close()

    def _clear(self) -> None:
        if self.kept is False:
            try:
                with self._settled() as driver:
                    # With a revision, or with nothing of ours, it is somebody else's.
                    if postgres_schema.known(driver) and has_revision(driver) is False:
                        take_away(driver)
            except (psycopg.Error, StorageFailed) as error:
                raise RestoreLeft(url=self._database.faults.url, detail=str(error)) from error
        elif self.kept:
            with suppress(psycopg.Error):  # the server does so by itself in time
                analyse(self._driver)

    @contextmanager
    def _settled(self) -> Iterator[_Driver]:
        """Lend a connection, when nothing that was begun here is under way any more."""
        lost = self._database.lost(self._plain())
        if lost:
            self._driver = self._anew()
        else:
            self._database.undo(self._plain())
        end_others(self._driver, self.name)
        if lost:
            self._driver.execute(_HOLD)
        yield self._driver

    def _plain(self) -> DBAPIConnection:
        return cast(DBAPIConnection, self._driver)

    def _anew(self) -> _Driver:
        """Reach the server once more, as soon as it answers."""
        until = time.monotonic() + self._database.lock_milliseconds / 1000
        while True:
            try:
                self._lent = self._engine.raw_connection()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)
            else:
                driver = driver_of(self._lent)
                assert isinstance(driver, psycopg.Connection)  # noqa: S101 - our own pool
                return driver


class Dump:
    """A dump of a whole database.

    Args:
        database: Where to.
        dump: What pg_dump wrote.
    """

    def __init__(self, database: PostgresDatabase, dump: Path) -> None:
        self._database, self._dump = database, dump

    def bring_back(self, connection: Connection, programs: Path | None, name: str) -> None:
        """Bring it back in one transaction.

        Raises:
            ProgramMissing: pg_restore is not there.
            SchemaElsewhere: Its tables belong into another schema than that of the address.
            StorageFailed: It cannot be brought back.
        """
        database, dump, driver = self._database, self._dump, driver_of(connection)
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
        tool = program("pg_restore", driver.info.server_version // 10_000, programs)
        listed = run([tool, "--list", dump]).splitlines()
        _check_schema(database, driver, listed)
        # A dump of tables holds their triggers, but not what the triggers do.
        driver.execute(f"{_FUNCTION}; {MARK}".encode())
        wanted = [
            line
            for line in listed
            if not (" TABLE DATA " in line and f" {tables.VERSION_TABLE} " in line)
        ]
        chosen = dump.with_name("list")
        chosen.write_text("\n".join(wanted) + "\n", "utf-8")
        brought_back(database, tool, dump, name, [f"--use-list={chosen}"])

    def keep(self) -> None:
        """Do nothing: all of it lies in the one database."""

    def leave(self, *, kept: bool | None) -> None:
        """Do nothing: all of it lies in the one database."""


def brought_back(
    database: PostgresDatabase, tool: Path, dump: Path, name: str, how: Sequence[str]
) -> None:
    """Run pg_restore, in one transaction.

    Args:
        database: Where to.
        tool: pg_restore.
        dump: What pg_dump wrote, in a folder closed to others.
        name: By which it is known on the server.
        how: More options.

    Raises:
        BackupFailed: It failed.
    """
    options = database.for_programs() | {"application_name": name}
    always = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    with reaching(options, dump.parent) as (conninfo, unseen):
        run([tool, *always, *how, f"--dbname={conninfo}", dump], unseen)


def _check_schema(database: PostgresDatabase, driver: _Driver, listed: Sequence[str]) -> None:
    """Refuse a dump whose tables would not come to lie where tables are made here.

    Raises:
        SchemaElsewhere: A dump names the schema of every table, and so do their triggers.
    """
    row = driver.execute("SELECT coalesce(current_schema(), '-')").fetchone()
    for schema_there in filter(None, map(_SCHEMA.search, listed)):
        if row != (schema_there[1],):
            found = row and row[0]
            raise SchemaElsewhere(url=database.faults.url, schema=schema_there[1], found=found)
