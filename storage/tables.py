"""The tables. Only ``records``, ``definitions`` and ``installation`` are the history.

``log_leaves`` gives every record its place in the one log, and ``checkpoints`` keep what was
signed of it. Everything else can be made again from these, is on its way elsewhere, or lies
outside the history.
In the database the names begin with ``lifecycle_``: a host keeps tables of its own beside them.
Moments are RFC 3339 text and dates ISO text, as in the body of a record, so that every database
keeps the same values and compares them alike. There are no foreign keys: the projections are
checked against the records by verification, and a host's own connection would not enforce them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from lifecycle.storage.triggers import SQLITE_TRIGGERS

SCHEMA: Final = "0001"
"""Alembic revision of the schema that this release works with."""

VERSION_TABLE: Final = "lifecycle_version"
"""Where the revision stands; not Alembic's usual name, which a host's own migrations use."""

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

installation: Final = Table(
    "lifecycle_installation",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)

records: Final = Table(
    "lifecycle_records",
    metadata,
    Column("stream", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("record_id", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("transition", Text),
    Column("source", Text),
    Column("target", Text),
    Column("definition", Text),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("effective_on", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "sequence"),
    UniqueConstraint("hash"),
    UniqueConstraint("record_id"),
    UniqueConstraint("command_id"),
    CheckConstraint("sequence >= 1", name="sequence"),
    sqlite_strict=True,
)

definitions: Final = Table(
    "lifecycle_definitions",
    metadata,
    Column("digest", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest"),
    sqlite_strict=True,
)

# Which record is which leaf of the log (RFC 9162): its hash is the record's.
log_leaves: Final = Table(
    "lifecycle_log_leaves",
    metadata,
    Column("idx", Integer, nullable=False, autoincrement=False),
    Column("stream", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    PrimaryKeyConstraint("idx"),
    UniqueConstraint("stream", "sequence"),
    CheckConstraint("idx >= 0", name="idx"),
    sqlite_strict=True,
)

# Full tiles of 256 hashes, in the layout of C2SP's tlog-tiles: a proof reads a few of them.
log_tiles: Final = Table(
    "lifecycle_log_tiles",
    metadata,
    Column("level", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "idx"),
    sqlite_strict=True,
)

# The right edge of the tree, from which it grows.
log_state: Final = Table(
    "lifecycle_log_state",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)

# What was signed; the copies that prove anything lie outside the database.
checkpoints: Final = Table(
    "lifecycle_checkpoints",
    metadata,
    Column("size", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Text, nullable=False),
    PrimaryKeyConstraint("size", "note"),
    sqlite_strict=True,
)

streams: Final = Table(
    "lifecycle_streams",
    metadata,
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    PrimaryKeyConstraint("stream"),
    sqlite_strict=True,
)

standings: Final = Table(
    "lifecycle_standings",
    metadata,
    Column("school", Text, nullable=False),
    Column("roadmap", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("entered_at", Text, nullable=False),
    Column("entered_on", Text, nullable=False),
    Column("due_on", Text),
    Column("final", Integer, nullable=False),
    PrimaryKeyConstraint("school"),
    Index(None, "roadmap", "school"),
    Index(None, "state", "due_on"),
    sqlite_strict=True,
)

assignments: Final = Table(
    "lifecycle_assignments",
    metadata,
    Column("record_id", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("record_id"),
    Index(None, "stream", "sequence"),
    sqlite_strict=True,
)

actors: Final = Table(
    "lifecycle_actors",
    metadata,
    Column("actor", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    PrimaryKeyConstraint("actor"),
    sqlite_strict=True,
)

# A token's proof is its SHA-256, a key's the public half: nothing here lets anybody act.
credentials: Final = Table(
    "lifecycle_credentials",
    metadata,
    Column("id", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("revoked", Integer),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# The one table with personal data: its rows can be erased without touching the history.
persons: Final = Table(
    "lifecycle_persons",
    metadata,
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("actor"),
    sqlite_strict=True,
)

refusals: Final = Table(
    "lifecycle_refusals",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("command_id", Text, nullable=False),
    Column("unmet", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "stream", "id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

sealing_queue: Final = Table(
    "lifecycle_sealing_queue",
    metadata,
    Column("stream", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("queued_at", Text, nullable=False),
    PrimaryKeyConstraint("stream", "sequence"),
    sqlite_strict=True,
)

# Ids are never given twice, not even after rows were delivered and deleted.
outbox: Final = Table(
    "lifecycle_outbox",
    metadata,
    Column("id", Integer, nullable=False, autoincrement=True),
    Column("stream", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)


def _create_triggers(table: Table, connection: Connection, **_: object) -> None:
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_TRIGGERS[table.name]:
            connection.exec_driver_sql(statement)


for _guarded in (installation, records, definitions, log_leaves, log_tiles, checkpoints):
    event.listen(_guarded, "after_create", _create_triggers)
