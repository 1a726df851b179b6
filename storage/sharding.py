"""Laying an empty history on several servers of PostgreSQL: ``lifecycle db shard``."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection

from lifecycle.domain.errors import DatabaseExists, InvalidInput, StorageFailed
from lifecycle.domain.messages import Message
from lifecycle.storage import postgres_schema, schema, shards, shards_schema, tables
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.storage.postgres_connecting import IS_SHARD
from lifecycle.storage.session import Session, driver_of
from lifecycle.storage.shards import Query

_HIDDEN: Final = "********"
_ANY_RECORD: Final = "SELECT EXISTS (SELECT FROM lifecycle_records)"
_ORIGIN: Final = "SELECT origin FROM lifecycle_installation"
_MARK: Final = (
    "SELECT pg_catalog.obj_description("
    "pg_catalog.to_regclass('lifecycle_records')::oid, 'pg_class')"
)
_IS_MIGHTY: Final = "SELECT pg_catalog.current_setting('is_superuser') = 'on'"
_SCHEMA: Final = "SELECT coalesce(pg_catalog.current_schema(), 'public')"
_HOW: Final = (
    "SELECT s.srvname, pg_catalog.split_part(o, '=', 1)"  # noqa: S608 - our own pattern
    " FROM pg_catalog.pg_foreign_server AS s,"
    f" pg_catalog.unnest(s.srvoptions) AS o WHERE {IS_SHARD}"
)
_ACCOUNTS: Final = (
    "SELECT srvname, pg_catalog.split_part(o, '=', 2)"  # noqa: S608 - our own pattern
    " FROM pg_catalog.pg_user_mappings, pg_catalog.unnest(umoptions) AS o"
    f" WHERE {IS_SHARD} AND o LIKE 'user=%'"
)
# The password of an account stands in one statement: nothing writes that down.
_QUIET: Final = (
    "SET LOCAL log_statement = none",
    "SET LOCAL log_min_duration_statement = -1",
    "SET LOCAL log_min_duration_sample = -1",
    "SET LOCAL log_min_error_statement = panic",
    "SET LOCAL pg_stat_statements.track_utility = off",
)


@dataclass(frozen=True)
class Laid:
    """What is done on one server.

    Args:
        address: As it may be shown.
        statements: In order, without passwords.
        replaced: Functions that were there and are not as this release makes them.
    """

    address: str
    statements: tuple[str, ...]
    replaced: tuple[str, ...] = ()


def shard_in(
    coordinator: PostgresDatabase, servers: Sequence[PostgresDatabase], *, dry_run: bool = False
) -> tuple[Laid, ...]:
    """Lay the schools of an empty history on *servers*; done again, only addresses are renewed.

    Each server gets an account of its own for the coordinator, with a new password that nobody
    is told. The coordinator comes last and in one transaction: until then nothing uses them.

    Args:
        coordinator: As a super-user; the tables are made where there are none.
        servers: Their databases, in an order that stays, as owners who may make roles.
        dry_run: Change nothing.

    Returns:
        What was done, or would be, on every server, the coordinator last.

    Raises:
        DatabaseExists: Something is recorded already.
        InvalidInput: There are no servers, or others or more of them than before.
        StorageFailed: A server holds something else, or cannot be used.
    """
    if not servers:
        raise _unfit("no server is named")
    if len({one.faults.url for one in (coordinator, *servers)}) <= len(servers):
        raise _unfit("a server is named twice")
    with ExitStack() as stack:
        center = stack.enter_context(connected(coordinator))
        others = [stack.enter_context(connected(one)) for one in servers]
        origin = _prepared(coordinator, center, len(servers), dry_run=dry_run)
        made = [
            is_laid(database, driver_behind(connection), shards.mark(origin, number, len(servers)))
            for number, (database, connection) in enumerate(
                zip(servers, others, strict=True), start=1
            )
        ]
        steps = _Steps(
            coordinator, driver_behind(center), origin, servers, list(map(driver_behind, others))
        )
        return steps.taken(made, dry_run=dry_run)


@contextmanager
def connected(database: PostgresDatabase) -> Iterator[Connection]:
    """Lend a connection to a server, whatever is there."""
    engine = database.engine(create=True)
    try:
        with database.faults, engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def driver_behind(connection: Connection) -> psycopg.Connection[Any]:
    """Return the driver's own connection."""
    driver = driver_of(connection)
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - it is our own pool
    return driver


def _prepared(
    database: PostgresDatabase, connection: Connection, count: int, *, dry_run: bool
) -> str:
    """Return the id of the installation, for which the tables are made where there are none."""
    driver, dbapi = driver_behind(connection), driver_of(connection)
    _check_mighty(driver)
    if not postgres_schema.known(driver):
        origin = str(uuid4())
        if not dry_run:
            with connection.begin():
                database.begin(dbapi, write=True)
                database.unhurried(dbapi)
                schema.create(connection, Session(dbapi, database), origin)
                database.commit(dbapi)
        return origin
    schema.check(Session(dbapi, database))
    ((origin,),) = driver.execute(_ORIGIN).fetchall()
    if not check_count(driver, count, anew=True):
        ((recorded,),) = driver.execute(_ANY_RECORD).fetchall()
        if recorded:
            raise DatabaseExists(url=database.faults.url)
    return str(origin)


def lay_anew(
    coordinator: PostgresDatabase,
    center: Connection,
    servers: Sequence[PostgresDatabase],
    drivers: Sequence[psycopg.Connection[Any]],
    origin: str,
    marking: str,
) -> None:
    """Lay the schema, without installation and revision, on servers where nothing of ours is.

    The accounts are new ones: those of a history that is still there keep their passwords.

    Args:
        coordinator: Where the coordinator's tables are to be.
        center: Connection to it, outside a transaction.
        servers: The others.
        drivers: Connections to them.
        origin: Id of the installation.
        marking: A statement that marks what is made, in the transaction that makes it.
    """
    driver, dbapi = driver_behind(center), driver_of(center)
    _check_mighty(driver)
    with center.begin():
        coordinator.begin(dbapi, write=True)
        coordinator.unhurried(dbapi)
        schema.migrate(center)
        driver.execute(f"DELETE FROM {tables.VERSION_TABLE}; {marking}".encode())  # noqa: S608
        coordinator.commit(dbapi)
    steps = _Steps(coordinator, driver, origin, servers, drivers)
    steps.accounts = f"{origin} {secrets.token_hex(8)}"
    steps.marking = [sql.SQL(marking)]
    steps.taken([False] * len(servers), dry_run=False)


def check_count(driver: psycopg.Connection[Any], count: int, *, anew: bool = False) -> bool:
    """Tell whether the schools of a coordinator lie on other servers.

    Args:
        driver: To the coordinator.
        count: On how many they have to lie.
        anew: They may lie on none as yet.

    Raises:
        InvalidInput: They lie on more or fewer.
    """
    before = len({server for server, _ in driver.execute(_HOW).fetchall()})
    if before != count and (before or not anew):
        raise _unfit(
            "the schools lie on {before} servers, not on {count}", before=before, count=count
        )
    return before > 0


def is_laid(database: PostgresDatabase, driver: psycopg.Connection[Any], marked: str) -> bool:
    """Tell whether the tables of a shard with that mark are there already.

    Raises:
        StorageFailed: Something else is there.
    """
    if not postgres_schema.known(driver):
        return False
    ((found,),) = driver.execute(_MARK).fetchall()
    if found == marked:
        return True
    facts = {"url": database.faults.url, "found": str(found), "wanted": marked}
    if str(found).rpartition(",")[0] == marked.rpartition(",")[0]:
        # The list is in another order than before, or longer.
        detail = Message("at {url} stands the server «{found}», not «{wanted}»", facts)
    else:
        detail = Message("{url} holds something else already", facts)
    raise StorageFailed(detail=detail)


def _check_mighty(driver: psycopg.Connection[Any]) -> None:
    ((mighty,),) = driver.execute(_IS_MIGHTY).fetchall()
    if not mighty:
        detail = Message("only a super-user of the server can put other servers behind it")
        raise StorageFailed(detail=detail)


class _Steps:
    """The statements for every server, and carrying them out.

    Args:
        coordinator: Its address.
        center: Connection to it.
        origin: Id of the installation.
        servers: Addresses of the others.
        drivers: Connections to them.
    """

    def __init__(
        self,
        coordinator: PostgresDatabase,
        center: psycopg.Connection[Any],
        origin: str,
        servers: Sequence[PostgresDatabase],
        drivers: Sequence[psycopg.Connection[Any]],
    ) -> None:
        self._coordinator = coordinator
        self._center = center
        self._origin = origin
        self._servers = servers
        self._drivers = drivers
        self._shards = [
            shards.Shard(number, server.reached, _schema_of(driver))
            for number, (server, driver) in enumerate(zip(servers, drivers, strict=True), start=1)
        ]
        self.accounts = origin  # what accounts are named by
        self.marking: Sequence[Query] = ()
        self._known = dict(center.execute(_ACCOUNTS).fetchall())
        self._passwords = [secrets.token_urlsafe(32) for _ in servers]

    def taken(self, made: Sequence[bool], *, dry_run: bool) -> tuple[Laid, ...]:
        """Carry out the statements, unless it is a dry run, and return them."""
        laid = []
        for number, (server, driver) in enumerate(
            zip(self._servers, self._drivers, strict=True), start=1
        ):
            there = made[number - 1]
            if not dry_run:
                with server.faults:
                    verifier = driver.pgconn.encrypt_password(
                        self._passwords[number - 1].encode(), self._role(number).encode(),
                        b"scram-sha-256",
                    )  # fmt: skip
                    _carried_out(driver, self._on_shard(number, verifier.decode(), there))
            shown = self._on_shard(number, _HIDDEN, there)
            laid.append(Laid(server.faults.url, _texts(shown)))
        found = {(server, name) for server, name in self._center.execute(_HOW).fetchall()}
        replaced = self._outdated() if found else ()
        hidden = [_HIDDEN] * len(self._shards)
        if not dry_run:
            with self._coordinator.faults:
                asked = self._on_coordinator(self._passwords, found)
                _carried_out(self._center, [*map(_plain, _QUIET), *asked, *self._tried()])
        shown = self._on_coordinator(hidden, found)
        return (*laid, Laid(self._coordinator.faults.url, _texts(shown), replaced))

    def _outdated(self) -> tuple[str, ...]:
        session = Session(cast(DBAPIConnection, self._center), self._coordinator)
        return tuple(shards_schema.outdated(session))

    def _role(self, number: int) -> str:
        known = self._known.get(shards.server_name(number))
        return known or shards.account(self.accounts, number)

    def _on_shard(self, number: int, password: str, there: bool) -> list[Query]:
        role = sql.Identifier(self._role(number))
        statements: list[Query] = [
            sql.SQL(
                "DO $$ BEGIN CREATE ROLE {}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            ).format(role),
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)),
        ]
        place = self._shards[number - 1].schema
        version = self._drivers[number - 1].info.server_version
        if there:
            # What is asked and done there may be more than in an earlier release.
            statements.append(shards.description(place))
            statements += shards.granted(place, self._role(number), version)
        else:
            marked = shards.mark(self._origin, number, len(self._shards))
            statements += shards.on_shard(marked, place, self._role(number), version)
            statements += self.marking
        return statements

    def _on_coordinator(self, passwords: Sequence[str], found: set[tuple[str, str]]) -> list[Query]:
        if found:
            statements = [
                # What they do may be otherwise than in an earlier release.
                *shards.functions(_schema_of(self._center)),
                *(
                    shards.moved(one, {name for server, name in found if server == one.server})
                    for one in self._shards
                ),
            ]
            with_account = "ALTER USER MAPPING FOR PUBLIC SERVER {} OPTIONS (SET password {})"
        else:
            info = self._center.info
            statements = list(
                shards.on_coordinator(
                    self._shards, info.dbname, _schema_of(self._center), info.server_version
                )
            )
            with_account = (
                'CREATE USER MAPPING FOR PUBLIC SERVER {} OPTIONS (password {}, "user" {})'
            )
        for shard, password in zip(self._shards, passwords, strict=True):
            statements.append(
                sql.SQL(with_account).format(
                    sql.Identifier(shard.server),
                    sql.Literal(password),
                    *([] if found else [sql.Literal(self._role(shard.number))]),
                )
            )
        return statements

    def _tried(self) -> Iterator[Query]:
        """Yield what shows that every server is reached, before anything is kept."""
        for shard in self._shards:
            yield sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(shard.server))


def _carried_out(driver: psycopg.Connection[Any], statements: Sequence[Query]) -> None:
    with driver.transaction():
        for statement in statements:
            driver.execute(statement)


def _texts(statements: Sequence[Query]) -> tuple[str, ...]:
    return tuple(statement.as_string(None) for statement in statements)


def _schema_of(driver: psycopg.Connection[Any]) -> str:
    ((found,),) = driver.execute(_SCHEMA).fetchall()
    return str(found)


def _plain(text: str) -> sql.SQL:
    return sql.SQL(text)  # our own words, none of a user's


def _unfit(detail: str, **parameters: object) -> InvalidInput:
    return InvalidInput(what="the list of servers", detail=Message(detail, parameters))
