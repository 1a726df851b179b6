"""The schema in a database: making it, recognising it, and finding what was done to it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, insert, select

from lifecycle.domain.errors import DatabaseBroken, DatabaseExists, DatabaseMissing, DatabaseNewer
from lifecycle.domain.record import FORMAT, moment_text
from lifecycle.storage import tables
from lifecycle.storage.sqlite import APPLICATION_ID

_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL"


def create(connection: Connection, url: str, origin: str) -> str:
    """Make the schema and the installation in the transaction of *connection*.

    An installation without a single record is one that somebody began to make: it is taken over.

    Returns:
        Id of the installation: *origin*, or that of the one taken over.

    Raises:
        DatabaseExists: Something is there already.
    """
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").first() is not None:
        return _begun(connection, url)
    migrate(connection)
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(
        insert(tables.installation),
        {
            "id": 1,
            "origin": origin,
            "format": FORMAT,
            "created_at": moment_text(datetime.now(UTC)),
        },
    )
    return origin


def _begun(connection: Connection, url: str) -> str:
    try:
        check(connection, url)
    except (DatabaseBroken, DatabaseMissing) as error:
        raise DatabaseExists(url=url) from error
    if connection.execute(select(tables.records.c.sequence).limit(1)).first() is not None:
        raise DatabaseExists(url=url)
    return installed(connection, url)


def migrate(connection: Connection) -> None:
    """Bring the schema up to this release, in the transaction of *connection*."""
    # Only here: reading and writing a history does not need Alembic.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, tables.SCHEMA)


def check(connection: Connection, url: str) -> None:
    """Make sure that *connection* leads to a database that this release can work with.

    Raises:
        DatabaseMissing: There is no table: nothing was ever made, or not to the end.
        DatabaseBroken: It is another application's, or tables are missing.
        DatabaseNewer: A newer release made the schema.
    """
    found = {
        name
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_schema WHERE type = 'table'"
        )
    }
    if not found:
        raise DatabaseMissing(url=url)
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if application != APPLICATION_ID:
        raise DatabaseBroken(url=url, detail="another application made it")
    if tables.VERSION_TABLE not in found:
        raise DatabaseBroken(url=url, detail=f"table {tables.VERSION_TABLE} is missing")
    revisions = connection.exec_driver_sql(
        f"SELECT version_num FROM {tables.VERSION_TABLE}"  # noqa: S608 - a constant of ours
    )
    newer = [revision for (revision,) in revisions if revision != tables.SCHEMA]
    if newer:
        raise DatabaseNewer(url=url, found=", ".join(newer), known=tables.SCHEMA)
    missing = sorted(set(tables.metadata.tables) - found)
    if missing:
        raise DatabaseBroken(url=url, detail=f"missing: {', '.join(missing)}")


def installed(connection: Connection, url: str) -> str:
    """Return the id of the installation.

    Raises:
        DatabaseBroken: It is missing.
    """
    found = connection.execute(select(tables.installation.c.origin)).scalars().all()
    if len(found) != 1:
        raise DatabaseBroken(url=url, detail="the installation has no single id")
    return str(found[0])


def findings(connection: Connection) -> list[str]:
    """Return what in our tables, their indexes and triggers differs from this release's.

    Tables that a host keeps in the same database are its own matter; an index or a trigger on
    one of our tables is not.
    """
    expected = _expected()
    ours = set(tables.metadata.tables)
    found = {
        (kind, name): (table, _normal(sql))
        for kind, name, table, sql in connection.exec_driver_sql(_OBJECTS)
        if table in ours
    }
    changed = {
        key: "differs from" for key in expected.keys() & found.keys() if expected[key] != found[key]
    }
    missing = dict.fromkeys(expected.keys() - found.keys(), "is missing from")
    added = dict.fromkeys(found.keys() - expected.keys(), "is foreign to")
    verdicts = changed | missing | added
    return [
        f"{kind} {name} {verdict} the schema {tables.SCHEMA}"
        for (kind, name), verdict in sorted(verdicts.items())
    ]


@cache
def _expected() -> dict[tuple[str, str], tuple[str, str]]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection:
            tables.metadata.create_all(connection)
            return {
                (kind, name): (table, _normal(sql))
                for kind, name, table, sql in connection.exec_driver_sql(_OBJECTS)
                if table in tables.metadata.tables
            }
    finally:
        engine.dispose()


def _normal(sql: str) -> str:
    """Return SQL with single spaces: a library may lay the same statement out anew."""
    return " ".join(sql.split())
