"""The schema in a database: making it, recognising it, and finding what was done to it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, select, text

from lifecycle.domain.errors import DatabaseBroken, DatabaseExists, DatabaseNewer, StorageFailed
from lifecycle.domain.errors_database import DatabaseOlder
from lifecycle.domain.messages import Message
from lifecycle.domain.record import FORMAT, moment_text
from lifecycle.storage import tables
from lifecycle.storage.session import Session, Statement

_ORIGIN: Final = Statement(select(tables.installation.c.origin))
_REVISIONS: Final = Statement(text(f"SELECT version_num FROM {tables.VERSION_TABLE}"))  # noqa: S608
_FORMATS: Final = Statement(select(tables.installation.c.format))
_ANY_RECORD: Final = Statement(text("SELECT sequence FROM lifecycle_records LIMIT 1"))


def create(connection: Connection, session: Session, origin: str) -> str:
    """Make the schema and the installation in the transaction of *connection*.

    What a host keeps there is left as it is. An installation without a single record is one
    that somebody began to make: it is taken over.

    Args:
        connection: Inside a transaction that may write.
        session: On the same connection.
        origin: Id for the installation.

    Returns:
        Id of the installation: *origin*, or that of the one taken over.

    Raises:
        DatabaseExists: There is a history already.
        DatabaseBroken: There is a part of one.
        DatabaseNewer: A newer release made it.
    """
    if session.database.present(session):
        found = check(session)
        if session.rows(_ANY_RECORD):
            raise DatabaseExists(url=session.faults.url)
        if found != tables.SCHEMA:
            migrate(connection)
        return installed(session)
    session.database.mark(session)
    migrate(connection)
    row = {
        "id": 1,
        "origin": origin,
        "format": FORMAT,
        "created_at": moment_text(datetime.now(UTC)),
    }
    session.change(Statement(insert(tables.installation), tuple(row)), **row)
    return origin


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


def check(session: Session) -> str:
    """Make sure that a database of this engine is one that this release can read.

    Returns:
        The revision of its schema, which may be an earlier one.

    Raises:
        DatabaseBroken: Tables are missing.
        DatabaseNewer: A newer release made the schema.
    """
    url = session.faults.url
    found = session.database.present(session)
    if tables.VERSION_TABLE not in found:
        raise DatabaseBroken(url=url, detail=f"missing: {tables.VERSION_TABLE}")
    revisions = [str(revision) for (revision,) in session.rows(_REVISIONS)]
    if not revisions:
        raise DatabaseBroken(url=url, detail="its schema has no revision")
    if len(revisions) > 1 or revisions[0] not in tables.REVISIONS:
        raise DatabaseNewer(url=url, found=", ".join(revisions), known=tables.SCHEMA)
    missing = sorted(tables.NAMES - found)
    if missing:
        raise DatabaseBroken(url=url, detail=f"missing: {', '.join(missing)}")
    return revisions[0]


def is_newest(session: Session) -> bool:
    """Tell whether this release made the schema, in one question."""
    return session.rows(_REVISIONS) == [(tables.SCHEMA,)]


def check_newest(session: Session) -> None:
    """Make sure that this release may write to a database.

    Raises:
        DatabaseOlder: Its schema is of an earlier release, and nobody upgrades it unasked.
        DatabaseBroken, DatabaseNewer: As ``check``.
    """
    found = check(session)
    if found != tables.SCHEMA:
        raise DatabaseOlder(url=session.faults.url, found=found, known=tables.SCHEMA)


def check_one_server(session: Session, instead: Message) -> None:
    """Make sure that everything lies on one server.

    Args:
        session: Inside a transaction.
        instead: What is to be done where schools lie on several.

    Raises:
        StorageFailed: They do.
    """
    if session.database.is_sharded:
        raise StorageFailed(detail=instead)


def installed(session: Session) -> str:
    """Return the id of the installation.

    Raises:
        DatabaseBroken: There is none, or more than one.
    """
    found = session.rows(_ORIGIN)
    if len(found) != 1:
        raise DatabaseBroken(url=session.faults.url, detail="the installation has no single id")
    return str(found[0][0])


def findings(session: Session) -> list[str]:
    """Return what in our tables, their indexes and triggers differs from those of its revision.

    A database that lies about its revision differs from it. Tables that a host keeps in the same
    database are its own matter; an index or a trigger on one of our tables is not.
    """
    return [
        *session.database.findings(session, told_revision(session)),
        *(
            f"the installation's format is {found}, this release writes {FORMAT}"
            for (found,) in session.rows(_FORMATS)
            if found != FORMAT
        ),
    ]


def told_revision(session: Session) -> str:
    """Return the revision that a database says it has, or the newest if it says none we know."""
    known = [one for (one,) in session.rows(_REVISIONS) if one in tables.REVISIONS]
    return known[0] if len(known) == 1 else tables.SCHEMA


def told(
    newest: dict[tuple[str, str], str], found: dict[tuple[str, str], str], revision: str
) -> list[str]:
    """Return in words where what was found differs from a revision, by kind and name.

    Args:
        newest: What the newest revision has.
        found: What is there.
        revision: That it is compared with; later ones only added to it.
    """
    expected = {
        key: made
        for key, made in newest.items()
        if tables.SINCE.get(key, tables.REVISIONS[0]) <= revision
    }
    verdicts = {
        key: "differs from" for key in expected.keys() & found.keys() if expected[key] != found[key]
    }
    verdicts |= dict.fromkeys(expected.keys() - found.keys(), "is missing from")
    verdicts |= dict.fromkeys(found.keys() - expected.keys(), "is foreign to")
    return [
        f"{kind} {name} {verdict} the schema {revision}"
        for (kind, name), verdict in sorted(verdicts.items())
    ]
