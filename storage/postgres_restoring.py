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
from typing import Any, Final, cast

import psycopg
from psycopg import sql
from sqlalchemy import Engine
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
from lifecycle.storage.postgres_programs import program, reaching, run
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.triggers import POSTGRES_FUNCTION

# "215; 1259 16389 TABLE public lifecycle_records postgres"
_SCHEMA: Final = re.compile(rf" TABLE (?!DATA )(.+) {tables.records.name} ")
_FUNCTION: Final = POSTGRES_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


# Whoever restores holds this alone: what has no revision is then his own making.
_HOLD: Final = "SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtext('lifecycle restore'))"
_NAME: Final = "SELECT pg_catalog.set_config('application_name', %s, false)"
# A server goes on with what it was sent, and pg_restore with its work, whoever is there to hear.
_END: Final = (
    "SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity"
    " WHERE starts_with(application_name, %s) AND datname = current_database()"
    " AND pid <> pg_backend_pid()"
)
_NAMED: Final = "lifecycle-restore-"
_MARKED: Final = "lifecycle: what is being restored"
_MARK: Final = f"COMMENT ON FUNCTION lifecycle_refuse() IS '{_MARKED}'"
_UNMARK: Final = "COMMENT ON FUNCTION lifecycle_refuse() IS NULL"
_IS_MARKED: Final = (
    "SELECT pg_catalog.obj_description(to_regprocedure('lifecycle_refuse()'), 'pg_proc') = %s"
)
_PAUSE: Final = 0.2  # seconds between two tries to reach a server

_Driver = psycopg.Connection[Any]


@contextmanager
def restoring(
    database: Database, dump: Path, revision: str, programs: Path | None
) -> Iterator[tuple[Auditing, Callable[[], None]]]:
    """Bring a dump back; lend a view of it, and what keeps it. What is not kept is taken away.

    What keeps it raises ``CommitUnheard`` if nobody can tell whether it is there.

    Args:
        database: Where to, as who may make tables there.
        dump: What pg_dump wrote.
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
            _sweep(driver)
            if postgres_schema.known(driver):
                raise PlaceTaken(place=database.faults.url)
            tool = program("pg_restore", driver.info.server_version // 10_000, programs)
            place = _Place(database, engine, driver)
            try:
                _bring_back(database, driver, tool, dump, place.name)
                database.begin(driver, write=True)
                session = Session(driver, database)
                driver.execute(
                    sql.SQL("INSERT INTO {} VALUES (%s)").format(
                        sql.Identifier(tables.VERSION_TABLE)
                    ),
                    (revision,),
                )
                driver.execute(_UNMARK)
                schema.check(session)
                yield SqlAuditing(session, schema.installed(session)), place.keep
            finally:
                place.leave()
    finally:
        engine.dispose()


class _Place:
    """An empty database that a dump is brought back into, and what becomes of it.

    Args:
        database: Which.
        engine: Makes connections to it.
        driver: The one in whose transaction the dump is verified.
    """

    def __init__(self, database: PostgresDatabase, engine: Engine, driver: _Driver) -> None:
        self.name = f"{_NAMED}{token_hex(8)}"
        self._database, self._engine, self._driver = database, engine, driver
        self._lent: PoolProxiedConnection | None = None
        self._kept: bool | None = False  # None: nobody knows
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
            self._kept = None
            try:
                with self._settled() as driver:
                    self._kept = _has_revision(driver)
            except BaseException:
                raise CommitUnheard(url=self._database.faults.url) from error
            if not self._kept:
                if isinstance(error, CommitUnheard):
                    detail = Message("the line to {url} broke", {"url": self._database.faults.url})
                    raise BackupFailed(detail=detail) from error
                raise
        self._kept = True

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
        if self._kept is False:
            try:
                with self._settled() as driver:
                    # With a revision, or with nothing of ours, it is somebody else's.
                    if postgres_schema.known(driver) and _has_revision(driver) is False:
                        _take_away(driver)
            except (psycopg.Error, StorageFailed) as error:
                raise RestoreLeft(url=self._database.faults.url, detail=str(error)) from error
        elif self._kept:
            with suppress(psycopg.Error):  # the server does so by itself in time
                _analyse(self._driver)

    @contextmanager
    def _settled(self) -> Iterator[_Driver]:
        """Lend a connection, when nothing that was begun here is under way any more."""
        lost = self._database.lost(self._plain())
        if lost:
            self._driver = self._anew()
        else:
            self._database.undo(self._plain())
        _end(self._driver, self.name)
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


def _bring_back(
    database: PostgresDatabase, driver: _Driver, tool: Path, dump: Path, name: str
) -> None:
    listed = run([tool, "--list", dump]).splitlines()
    _check_schema(database, driver, listed)
    # A dump of tables holds their triggers, but not what the triggers do.
    driver.execute(f"{_FUNCTION}; {_MARK}".encode())
    wanted = [
        line
        for line in listed
        if not (" TABLE DATA " in line and f" {tables.VERSION_TABLE} " in line)
    ]
    chosen = dump.with_name("list")
    chosen.write_text("\n".join(wanted) + "\n", "utf-8")
    options = database.for_programs() | {"application_name": name}
    with reaching(options, dump.parent) as (conninfo, unseen):
        run(
            [
                tool,
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                f"--use-list={chosen}",
                f"--dbname={conninfo}",
                dump,
            ],
            unseen,
        )


def _sweep(driver: _Driver) -> None:
    """Take away what a killed restore left: nobody else restores here as long as this one does.

    Tables without a mark are a history, even if they have lost their revision.
    """
    _end(driver, _NAMED)
    if (
        driver.execute(_IS_MARKED, (_MARKED,)).fetchone() == (True,)
        and _has_revision(driver) is False
    ):
        _take_away(driver)


def _end(driver: _Driver, named: str) -> None:
    """End all other connections to the database whose name begins so.

    Raises:
        StorageFailed: One does not end.
    """
    ended = driver.execute(_END, (named,)).fetchall()
    if not all(done for (done,) in ended):
        raise StorageFailed(detail="a process of the server does not end")


def _has_revision(driver: _Driver) -> bool | None:
    """Tell whether the revision of the schema is there; ``None`` if not even its table is."""
    name = tables.VERSION_TABLE
    there = driver.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    if there != (True,):
        return None
    query = sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(name))
    return driver.execute(query).fetchone() is not None


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


def _take_away(driver: _Driver) -> None:
    """Drop what was brought back; nothing of ours was there before."""
    names = sql.SQL(", ").join(map(sql.Identifier, sorted(tables.NAMES)))
    driver.execute(
        sql.SQL(
            "DROP TABLE IF EXISTS {} CASCADE; DROP FUNCTION IF EXISTS lifecycle_refuse()"
        ).format(names)
    )


def _analyse(driver: _Driver) -> None:
    """Let the server learn how many rows of what there are, or it plans for empty tables."""
    for name in sorted(tables.NAMES):
        driver.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
