"""Bringing a dump back into an empty database of PostgreSQL.

pg_restore commits before anything can be verified. So the revision of the schema is left out, and
without it nobody opens the database; it is written in the transaction in which everything was
verified. A process that is killed leaves what is told as broken, not what looks whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from lifecycle.domain.errors_database import PlaceTaken, SchemaElsewhere
from lifecycle.domain.ports import Auditing
from lifecycle.storage import postgres_schema, schema, tables
from lifecycle.storage.auditing import SqlAuditing
from lifecycle.storage.database import Database
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_programs import program, run
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.triggers import POSTGRES_FUNCTION

# "215; 1259 16389 TABLE public lifecycle_records postgres"
_SCHEMA: Final = re.compile(rf" TABLE (?!DATA )(.+) {tables.records.name} ")
_FUNCTION: Final = POSTGRES_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


@contextmanager
def restoring(
    database: Database, dump: Path, revision: str, programs: Path | None
) -> Iterator[tuple[Auditing, Callable[[], None]]]:
    """Bring a dump back; lend a view of it, and what keeps it. What is not kept is taken away.

    Args:
        database: Where to, as who may make tables there.
        dump: What pg_dump wrote.
        revision: Of the schema in it.
        programs: Folder with pg_restore; ``None`` to look for it.

    Raises:
        PlaceTaken: There are tables of ours already.
        ProgramMissing: pg_restore is not there.
        SchemaElsewhere: Its tables belong into another schema than that of the address.
        StorageFailed: It cannot be brought back.
    """
    assert isinstance(database, PostgresDatabase)  # noqa: S101 - there is no third kind
    kept = brought = False
    engine = database.engine(create=True)
    try:
        with database.faults, engine.connect() as connection:
            driver = driver_of(connection)
            assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
            if postgres_schema.known(driver):
                raise PlaceTaken(place=database.faults.url)
            tool = program("pg_restore", driver.info.server_version // 10_000, programs)
            try:
                _bring_back(database, driver, tool, dump)
                brought = True
                database.begin(driver, write=True)
                session = Session(driver, database)
                driver.execute(
                    sql.SQL("INSERT INTO {} VALUES (%s)").format(
                        sql.Identifier(tables.VERSION_TABLE)
                    ),
                    (revision,),
                )
                schema.check(session)

                def keep() -> None:
                    nonlocal kept
                    with database.faults:
                        database.commit(driver)
                    kept = True

                yield SqlAuditing(session, schema.installed(session)), keep
            finally:
                if not kept:
                    database.undo(driver)
                # Otherwise pg_restore left nothing, and what is there now is somebody else's.
                if brought and not kept:
                    _take_away(driver)
            if kept:
                _analyse(driver)
    finally:
        engine.dispose()


def _bring_back(
    database: PostgresDatabase, driver: psycopg.Connection, tool: Path, dump: Path
) -> None:
    listed = run([tool, "--list", dump], None).splitlines()
    _check_schema(database, driver, listed)
    # A dump of tables holds their triggers, but not what the triggers do.
    driver.execute(_FUNCTION.encode())
    conninfo, password = database.for_programs()
    wanted = [
        line
        for line in listed
        if not (" TABLE DATA " in line and f" {tables.VERSION_TABLE} " in line)
    ]
    chosen = dump.with_name("list")
    chosen.write_text("\n".join(wanted) + "\n", "utf-8")
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
        password,
    )


def _check_schema(
    database: PostgresDatabase, driver: psycopg.Connection[Any], listed: Sequence[str]
) -> None:
    """Refuse a dump whose tables would not come to lie where tables are made here.

    Raises:
        SchemaElsewhere: A dump names the schema of every table, and so do their triggers.
    """
    row = driver.execute("SELECT coalesce(current_schema(), '-')").fetchone()
    for schema_there in filter(None, map(_SCHEMA.search, listed)):
        if row != (schema_there[1],):
            found = row and row[0]
            raise SchemaElsewhere(url=database.faults.url, schema=schema_there[1], found=found)


def _take_away(driver: psycopg.Connection) -> None:
    """Drop what was brought back; nothing of ours was there before."""
    names = sql.SQL(", ").join(map(sql.Identifier, sorted(tables.NAMES)))
    driver.execute(sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(names))
    driver.execute("DROP FUNCTION IF EXISTS lifecycle_refuse()")


def _analyse(driver: psycopg.Connection) -> None:
    """Let the server learn how many rows of what there are, or it plans for empty tables."""
    for name in sorted(tables.NAMES):
        driver.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))
