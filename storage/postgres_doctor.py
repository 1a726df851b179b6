"""What endangers a database of PostgreSQL, as far as the account may see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import LifecycleError
from lifecycle.storage import doctor, tables
from lifecycle.storage.database import Database
from lifecycle.storage.diagnosis import Symptom, symptom, unreadable
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_accounts import accounts
from lifecycle.storage.postgres_connecting import DURABLE, OLDEST
from lifecycle.storage.postgres_rights import rights, rights_on_servers
from lifecycle.storage.postgres_roles import ROLES
from lifecycle.storage.session import Session

# https://www.postgresql.org/support/versioning/
_ENDED: Final = {
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}
_MUST_BE_OFF: Final = ("zero_damaged_pages", "ignore_checksum_failure", "ignore_system_indexes")
_REMOTE: Final = ("local", "remote_write")
_SETTINGS: Final = "SELECT name, setting, boot_val FROM pg_catalog.pg_settings"
_FOLLOWERS: Final = "SELECT count(*) FROM pg_catalog.pg_stat_replication"
_UNLOGGED: Final = (
    "SELECT relname FROM pg_catalog.pg_class WHERE relname = ANY(%s) AND relkind = 'r'"
    " AND relpersistence <> 'p' AND pg_catalog.pg_table_is_visible(oid) ORDER BY relname"
)
# A setting of an account or a database overrides the server's for those who come as it.
_OF_ROLES: Final = (
    "SELECT CASE setrole WHEN 0::oid THEN '*' ELSE setrole::regrole::text END"
    " || ' @ '::text || coalesce(datname::text, '*'),"
    " one FROM pg_catalog.pg_db_role_setting"
    " LEFT JOIN pg_catalog.pg_database AS d ON d.oid = setdatabase,"
    " pg_catalog.unnest(setconfig) AS one WHERE one LIKE 'synchronous_commit=%'"
    " AND (setdatabase = 0::oid OR datname = pg_catalog.current_database())"
    " ORDER BY 1"
)


def examine(database: Database, evidence: Path, now: datetime, mounts: Path) -> Iterator[Symptom]:
    """Yield what is worth telling about a server, our tables and the evidence files here.

    Args:
        database: On the server.
        evidence: Folder of the evidence files.
        now: The moment, UTC.
        mounts: Where the system lists its file systems.

    Raises:
        DatabaseMissing: The server has no such database.
        StorageFailed: It cannot be reached.
    """
    assert isinstance(database, PostgresDatabase)  # noqa: S101 - there is no third kind
    with database.faults, database.unchecked() as connection:
        settings = {
            name: (str(found), str(usual))
            for name, found, usual in connection.execute(_SETTINGS).fetchall()
        }
        yield from version(connection.info.server_version, now.date())
        yield from switched({name: found for name, (found, _) in settings.items()})
        yield from _of_the_disk(connection, settings)
        yield from accounts(connection)
        for whom, setting in connection.execute(_OF_ROLES).fetchall():
            value = str(setting).partition("=")[2]
            if value == "off":
                yield symptom("role_setting", whom=whom, value=value)
        for (table,) in connection.execute(_UNLOGGED, (sorted(tables.NAMES),)).fetchall():
            yield symptom("unlogged", table=table)
        yield from rights(connection, ROLES)
        yield from _on_servers(connection, database)
        yield from _inside(connection, database, evidence, now)
    yield from doctor.kept_evidence(evidence, mounts)


def version(number: int, today: date) -> Iterator[Symptom]:
    """Yield what is worth telling about a version of the server, as it numbers it itself."""
    major = number // 10_000
    yield symptom("version", version=f"{major}.{number % 10_000}")
    if major < OLDEST:
        yield symptom("version_old", version=major, oldest=OLDEST)
    elif major in _ENDED and _ENDED[major] <= today:
        yield symptom("version_ended", version=major, ended=_ENDED[major].isoformat())


def switched(settings: dict[str, str]) -> Iterator[Symptom]:
    """Yield the settings that can lose what was acknowledged, or hide that it is damaged."""
    for name in DURABLE:
        if settings[name] == "off":
            yield symptom("setting_off", name=name)
    for name in _MUST_BE_OFF:
        # Some are shown to administrators only.
        if settings.get(name) == "on":
            yield symptom("damage_hidden", name=name)
    if settings["synchronous_commit"] in _REMOTE:
        yield symptom("commit_remote", value=settings["synchronous_commit"])
    if settings["autovacuum"] == "off":
        yield symptom("autovacuum_off")


def _of_the_disk(
    connection: psycopg.Connection[Any], settings: dict[str, tuple[str, str]]
) -> Iterator[Symptom]:
    found, usual = settings["wal_sync_method"]
    if found != usual:
        yield symptom("wal_sync_method", value=found, usual=usual)
    if settings["data_checksums"][0] == "off":
        yield symptom("no_checksums")
    row = connection.execute(_FOLLOWERS).fetchone()
    if settings["archive_mode"][0] == "off" and row == (0,):
        yield symptom("no_archive")
    if settings["in_hot_standby"][0] == "on":
        yield symptom("standby")


def _on_servers(
    connection: psycopg.Connection[Any], database: PostgresDatabase
) -> Iterator[Symptom]:
    try:
        with database.faults:
            yield from [*rights_on_servers(connection)]
    except LifecycleError as error:
        yield unreadable(error)


def _inside(
    connection: psycopg.Connection[Any], database: PostgresDatabase, evidence: Path, now: datetime
) -> Iterator[Symptom]:
    driver = cast(DBAPIConnection, connection)
    try:
        database.begin(driver, write=False)
        yield from doctor.history(Session(driver, database), evidence, now)
    except LifecycleError as error:
        yield unreadable(error)
    finally:
        database.undo(driver)
