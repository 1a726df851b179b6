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
    BigInteger,
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
    false,
    update,
)

from lifecycle.storage.triggers import POSTGRES_FUNCTION, POSTGRES_TRIGGERS, SQLITE_TRIGGERS

REVISIONS: Final = ("0001", "0002")
"""Alembic revisions of the schema that were released, in order."""

SCHEMA: Final = REVISIONS[-1]
"""Revision of the schema that this release makes and writes to; it reads the earlier ones."""

SINCE: Final = {("index", "ix_lifecycle_sealing_queue_queued_at"): "0002"}
"""By kind and name, what a later revision than the first one added."""

VERSION_TABLE: Final = "lifecycle_version"
"""Where the revision stands; not Alembic's usual name, which a host's own migrations use."""

# PostgreSQL sorts texts by the rules of a language unless it is told to go by code points.
_TEXT: Final = Text().with_variant(Text(collation="C"), "postgresql")
_NUMBER: Final = Integer().with_variant(BigInteger(), "postgresql")

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
    Column("id", _NUMBER, nullable=False, autoincrement=False),
    Column("origin", _TEXT, nullable=False),
    Column("format", _NUMBER, nullable=False),
    Column("created_at", _TEXT, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)

records: Final = Table(
    "lifecycle_records",
    metadata,
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("previous", _TEXT, nullable=False),
    Column("record_id", _TEXT, nullable=False),
    Column("command_id", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("transition", _TEXT),
    Column("source", _TEXT),
    Column("target", _TEXT),
    Column("definition", _TEXT),
    Column("actor", _TEXT, nullable=False),
    Column("role", _TEXT, nullable=False),
    Column("recorded_at", _TEXT, nullable=False),
    Column("effective_on", _TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "sequence"),
    UniqueConstraint("hash"),
    UniqueConstraint("record_id"),
    UniqueConstraint("command_id"),
    CheckConstraint("sequence >= 1", name="sequence"),
    sqlite_strict=True,
)

# Only erasures stand in it: asked before everything that can be erased, it costs nothing.
# On PostgreSQL as well: see postgres.py. Said here, it would load that dialect for SQLite, too.
ERASURES: Final = records.c.kind == "person_erased"
erased: Final = Index("ix_lifecycle_records_erased", records.c.recorded_at, sqlite_where=ERASURES)

definitions: Final = Table(
    "lifecycle_definitions",
    metadata,
    Column("digest", _TEXT, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest"),
    sqlite_strict=True,
)

# Which record is which leaf of the log (RFC 9162): its hash is the record's.
log_leaves: Final = Table(
    "lifecycle_log_leaves",
    metadata,
    Column("idx", _NUMBER, nullable=False, autoincrement=False),
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    PrimaryKeyConstraint("idx"),
    UniqueConstraint("stream", "sequence"),
    CheckConstraint("idx >= 0", name="idx"),
    sqlite_strict=True,
)

# Full tiles of 256 hashes, in the layout of C2SP's tlog-tiles: a proof reads a few of them.
log_tiles: Final = Table(
    "lifecycle_log_tiles",
    metadata,
    Column("level", _NUMBER, nullable=False),
    Column("idx", _NUMBER, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "idx"),
    sqlite_strict=True,
)

# The right edge of the tree, from which it grows.
log_state: Final = Table(
    "lifecycle_log_state",
    metadata,
    Column("id", _NUMBER, nullable=False, autoincrement=False),
    Column("size", _NUMBER, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    PrimaryKeyConstraint("id"),
    CheckConstraint("id = 1", name="one_row"),
    sqlite_strict=True,
)

# What was signed; the copies that prove anything lie outside the database.
checkpoints: Final = Table(
    "lifecycle_checkpoints",
    metadata,
    Column("size", _NUMBER, nullable=False),
    Column("note", _TEXT, nullable=False),
    Column("at", _TEXT, nullable=False),
    PrimaryKeyConstraint("size", "note"),
    sqlite_strict=True,
)

streams: Final = Table(
    "lifecycle_streams",
    metadata,
    Column("stream", _TEXT, nullable=False),
    Column("version", _NUMBER, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("recorded_at", _TEXT, nullable=False),
    PrimaryKeyConstraint("stream"),
    sqlite_strict=True,
)

TOUCH: Final = update(streams).where(false()).values(version=streams.c.version)
"""Changes nothing, and so begins to write where the driver or SQLite would put that off."""

standings: Final = Table(
    "lifecycle_standings",
    metadata,
    Column("school", _TEXT, nullable=False),
    Column("roadmap", _TEXT, nullable=False),
    Column("title", _TEXT, nullable=False),
    Column("definition", _TEXT, nullable=False),
    Column("state", _TEXT, nullable=False),
    Column("version", _NUMBER, nullable=False),
    Column("entered_at", _TEXT, nullable=False),
    Column("entered_on", _TEXT, nullable=False),
    Column("due_on", _TEXT),
    Column("final", _NUMBER, nullable=False),
    PrimaryKeyConstraint("school"),
    Index(None, "roadmap", "school"),
    Index(None, "state", "due_on"),
    sqlite_strict=True,
)

assignments: Final = Table(
    "lifecycle_assignments",
    metadata,
    Column("record_id", _TEXT, nullable=False),
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("actor", _TEXT, nullable=False),
    Column("role", _TEXT, nullable=False),
    PrimaryKeyConstraint("record_id"),
    Index(None, "stream", "sequence"),
    sqlite_strict=True,
)

actors: Final = Table(
    "lifecycle_actors",
    metadata,
    Column("actor", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    PrimaryKeyConstraint("actor"),
    sqlite_strict=True,
)

# A token's proof is its SHA-256, a key's the public half: nothing here lets anybody act.
credentials: Final = Table(
    "lifecycle_credentials",
    metadata,
    Column("id", _TEXT, nullable=False),
    Column("actor", _TEXT, nullable=False),
    Column("method", _TEXT, nullable=False),
    Column("proof", _TEXT, nullable=False),
    Column("scopes", _TEXT, nullable=False),
    Column("expires_at", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("revoked", _NUMBER),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

# The three tables with personal data: their rows can be erased without touching the history.
persons: Final = Table(
    "lifecycle_persons",
    metadata,
    Column("actor", _TEXT, nullable=False),
    Column("name", _TEXT, nullable=False),
    PrimaryKeyConstraint("actor"),
    sqlite_strict=True,
)

openings: Final = Table(
    "lifecycle_openings",
    metadata,
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("commitment", _TEXT, nullable=False),
    Column("purpose", _TEXT, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("value", _TEXT, nullable=False),
    PrimaryKeyConstraint("stream", "sequence", "commitment"),
    sqlite_strict=True,
)

# A key is null when it was erased and its file is still to be removed.
evidence_keys: Final = Table(
    "lifecycle_evidence_keys",
    metadata,
    Column("sha256", _TEXT, nullable=False),
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("key", LargeBinary),
    PrimaryKeyConstraint("sha256"),
    Index(None, "stream", "sequence"),
    sqlite_strict=True,
)

refusals: Final = Table(
    "lifecycle_refusals",
    metadata,
    Column("id", _NUMBER, nullable=False, autoincrement=True),
    Column("at", _TEXT, nullable=False),
    Column("stream", _TEXT, nullable=False),
    Column("actor", _TEXT, nullable=False),
    Column("what", _TEXT, nullable=False),
    Column("command_id", _TEXT, nullable=False),
    Column("unmet", _TEXT, nullable=False),
    PrimaryKeyConstraint("id"),
    Index(None, "stream", "id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)

sealing_queue: Final = Table(
    "lifecycle_sealing_queue",
    metadata,
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("queued_at", _TEXT, nullable=False),
    PrimaryKeyConstraint("stream", "sequence"),
    Index(None, "queued_at"),
    sqlite_strict=True,
)

# Ids are never given twice, not even after rows were delivered and deleted.
outbox: Final = Table(
    "lifecycle_outbox",
    metadata,
    Column("id", _NUMBER, nullable=False, autoincrement=True),
    Column("stream", _TEXT, nullable=False),
    Column("sequence", _NUMBER, nullable=False),
    Column("hash", _TEXT, nullable=False),
    Column("created_at", _TEXT, nullable=False),
    PrimaryKeyConstraint("id"),
    sqlite_autoincrement=True,
    sqlite_strict=True,
)


_GUARDED: Final = (installation, records, definitions, log_leaves, log_tiles, checkpoints)


def _create_triggers(table: Table, connection: Connection, **_: object) -> None:
    made = SQLITE_TRIGGERS if connection.dialect.name == "sqlite" else POSTGRES_TRIGGERS
    for statement in made[table.name]:
        connection.exec_driver_sql(statement)


def _create_function(_: MetaData, connection: Connection, **__: object) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(POSTGRES_FUNCTION)


event.listen(metadata, "before_create", _create_function)
for _guarded in _GUARDED:
    event.listen(_guarded, "after_create", _create_triggers)

NAMES: Final = frozenset({*metadata.tables, VERSION_TABLE})
"""Of all tables that are ours."""
