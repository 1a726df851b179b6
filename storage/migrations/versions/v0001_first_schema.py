"""The first schema.

Revision 0001. It is written out in full and imports nothing of the package: what it makes must
stay as it is when the tables of later releases change.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_NUMBER = sa.Integer().with_variant(sa.BigInteger(), "postgresql")

_GUARDED = (
    "lifecycle_installation",
    "lifecycle_records",
    "lifecycle_definitions",
    "lifecycle_log_leaves",
    "lifecycle_log_tiles",
    "lifecycle_checkpoints",
)
_POSTGRESQL_FUNCTION = """\
CREATE FUNCTION lifecycle_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
    MESSAGE = TG_TABLE_NAME || ': a row of the history is never changed or deleted';
END
$$"""


def upgrade() -> None:
    """Make every table, and the triggers that keep the history append-only."""
    _create_history()
    _create_log()
    _create_projections()
    _create_who_may_act()
    _create_credentials()
    _create_erasable()
    _create_outside()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for trigger in _SQLITE_TRIGGERS:
            connection.exec_driver_sql(trigger)
    else:
        _guard_on_postgresql(connection)


def _guard_on_postgresql(connection: sa.Connection) -> None:
    connection.exec_driver_sql(_POSTGRESQL_FUNCTION)
    for table in _GUARDED:
        for name, event, rows in (
            (f"{table}_no_change", "UPDATE OR DELETE", "ROW"),
            (f"{table}_no_truncate", "TRUNCATE", "STATEMENT"),
        ):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
                f" FOR EACH {rows} EXECUTE FUNCTION lifecycle_refuse()"
            )
            # Otherwise a session that says it is a replica would be let through.
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def _create_history() -> None:
    op.create_table(
        "lifecycle_installation",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("origin", _TEXT, nullable=False),
        sa.Column("format", _NUMBER, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_installation"),
        sa.CheckConstraint("id = 1", name=op.f("ck_lifecycle_installation_one_row")),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_records",
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("previous", _TEXT, nullable=False),
        sa.Column("record_id", _TEXT, nullable=False),
        sa.Column("command_id", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("transition", _TEXT),
        sa.Column("source", _TEXT),
        sa.Column("target", _TEXT),
        sa.Column("definition", _TEXT),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.Column("recorded_at", _TEXT, nullable=False),
        sa.Column("effective_on", _TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", name="pk_lifecycle_records"),
        sa.UniqueConstraint("hash", name="uq_lifecycle_records_hash"),
        sa.UniqueConstraint("record_id", name="uq_lifecycle_records_record_id"),
        sa.UniqueConstraint("command_id", name="uq_lifecycle_records_command_id"),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_lifecycle_records_sequence")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_lifecycle_records_erased",
        "lifecycle_records",
        ["recorded_at"],
        sqlite_where=sa.text("kind = 'person_erased'"),
        postgresql_where=sa.text("kind = 'person_erased'"),
    )
    op.create_table(
        "lifecycle_definitions",
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_lifecycle_definitions"),
        sqlite_strict=True,
    )


def _create_log() -> None:
    op.create_table(
        "lifecycle_log_leaves",
        sa.Column("idx", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("idx", name="pk_lifecycle_log_leaves"),
        sa.UniqueConstraint("stream", "sequence", name="uq_lifecycle_log_leaves_stream"),
        sa.CheckConstraint("idx >= 0", name=op.f("ck_lifecycle_log_leaves_idx")),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_log_tiles",
        sa.Column("level", _NUMBER, nullable=False),
        sa.Column("idx", _NUMBER, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name="pk_lifecycle_log_tiles"),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_log_state",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_log_state"),
        sa.CheckConstraint("id = 1", name=op.f("ck_lifecycle_log_state_one_row")),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_checkpoints",
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("note", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("size", "note", name="pk_lifecycle_checkpoints"),
        sqlite_strict=True,
    )


def _create_projections() -> None:
    op.create_table(
        "lifecycle_streams",
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("recorded_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_lifecycle_streams"),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_standings",
        sa.Column("school", _TEXT, nullable=False),
        sa.Column("roadmap", _TEXT, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("definition", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("entered_at", _TEXT, nullable=False),
        sa.Column("entered_on", _TEXT, nullable=False),
        sa.Column("due_on", _TEXT),
        sa.Column("final", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_lifecycle_standings"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_lifecycle_standings_roadmap_school", "lifecycle_standings", ["roadmap", "school"]
    )
    op.create_index(
        "ix_lifecycle_standings_state_due_on", "lifecycle_standings", ["state", "due_on"]
    )


def _create_who_may_act() -> None:
    op.create_table(
        "lifecycle_assignments",
        sa.Column("record_id", _TEXT, nullable=False),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("role", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_lifecycle_assignments"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_lifecycle_assignments_stream_sequence", "lifecycle_assignments", ["stream", "sequence"]
    )
    op.create_table(
        "lifecycle_actors",
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("actor", name="pk_lifecycle_actors"),
        sqlite_strict=True,
    )


def _create_credentials() -> None:
    op.create_table(
        "lifecycle_credentials",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("method", _TEXT, nullable=False),
        sa.Column("proof", _TEXT, nullable=False),
        sa.Column("scopes", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("revoked", _NUMBER),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_credentials"),
        sqlite_strict=True,
    )


def _create_erasable() -> None:
    op.create_table(
        "lifecycle_persons",
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("actor", name="pk_lifecycle_persons"),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_openings",
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("commitment", _TEXT, nullable=False),
        sa.Column("purpose", _TEXT, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", "commitment", name="pk_lifecycle_openings"),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_evidence_keys",
        sa.Column("sha256", _TEXT, nullable=False),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.PrimaryKeyConstraint("sha256", name="pk_lifecycle_evidence_keys"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_lifecycle_evidence_keys_stream_sequence",
        "lifecycle_evidence_keys",
        ["stream", "sequence"],
    )


def _create_outside() -> None:
    op.create_table(
        "lifecycle_refusals",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("at", _TEXT, nullable=False),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("what", _TEXT, nullable=False),
        sa.Column("command_id", _TEXT, nullable=False),
        sa.Column("unmet", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_refusals"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_lifecycle_refusals_stream_id", "lifecycle_refusals", ["stream", "id"])
    op.create_table(
        "lifecycle_sealing_queue",
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("queued_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", name="pk_lifecycle_sealing_queue"),
        sqlite_strict=True,
    )
    op.create_table(
        "lifecycle_outbox",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=True),
        sa.Column("stream", _TEXT, nullable=False),
        sa.Column("sequence", _NUMBER, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("created_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lifecycle_outbox"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


_SQLITE_TRIGGERS = (
    """\
CREATE TRIGGER lifecycle_records_append BEFORE INSERT ON lifecycle_records BEGIN
 SELECT RAISE(ABORT, 'uq_lifecycle_records_command_id: the command made a record before')
  WHERE EXISTS (SELECT 1 FROM lifecycle_records WHERE command_id = NEW.command_id);
 SELECT RAISE(ABORT, 'uq_lifecycle_records_record_id: there is a record of that id')
  WHERE EXISTS (SELECT 1 FROM lifecycle_records WHERE record_id = NEW.record_id);
 SELECT RAISE(ABORT, 'uq_lifecycle_records_hash: there is a record of that hash')
  WHERE EXISTS (SELECT 1 FROM lifecycle_records WHERE hash = NEW.hash);
 SELECT RAISE(ABORT, 'pk_lifecycle_records: a record takes the next place of its stream')
  WHERE NEW.sequence IS NOT
   1 + coalesce((SELECT max(sequence) FROM lifecycle_records WHERE stream = NEW.stream), 0);
 SELECT RAISE(ABORT, 'pk_lifecycle_records: a record names the hash of the one before it')
  WHERE NEW.sequence > 1 AND NEW.previous IS NOT
   (SELECT hash FROM lifecycle_records WHERE stream = NEW.stream AND sequence = NEW.sequence - 1);
 SELECT RAISE(ABORT, 'lifecycle_records: a record takes no place of another')
  WHERE EXISTS (SELECT 1 FROM lifecycle_records WHERE rowid = NEW.rowid);
END""",
    "CREATE TRIGGER lifecycle_records_no_update BEFORE UPDATE ON lifecycle_records BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_records: a record is never changed'); END",
    "CREATE TRIGGER lifecycle_records_no_delete BEFORE DELETE ON lifecycle_records BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_records: a record is never deleted'); END",
    """\
CREATE TRIGGER lifecycle_definitions_append BEFORE INSERT ON lifecycle_definitions BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_definitions: there is a definition of that digest')
  WHERE EXISTS
   (SELECT 1 FROM lifecycle_definitions WHERE digest = NEW.digest OR rowid = NEW.rowid);
END""",
    "CREATE TRIGGER lifecycle_definitions_no_update BEFORE UPDATE ON lifecycle_definitions BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_definitions: a definition is never changed'); END",
    "CREATE TRIGGER lifecycle_definitions_no_delete BEFORE DELETE ON lifecycle_definitions BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_definitions: a definition is never deleted'); END",
    """\
CREATE TRIGGER lifecycle_installation_append BEFORE INSERT ON lifecycle_installation BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_installation: a database keeps one installation')
  WHERE EXISTS (SELECT 1 FROM lifecycle_installation);
END""",
    "CREATE TRIGGER lifecycle_installation_no_update BEFORE UPDATE ON lifecycle_installation BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_installation: an installation is never renamed'); END",
    "CREATE TRIGGER lifecycle_installation_no_delete BEFORE DELETE ON lifecycle_installation BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_installation: an installation is never deleted'); END",
    """\
CREATE TRIGGER lifecycle_log_leaves_append BEFORE INSERT ON lifecycle_log_leaves BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_log_leaves: a leaf takes the next place of the log')
  WHERE NEW.idx IS NOT coalesce((SELECT max(idx) + 1 FROM lifecycle_log_leaves), 0);
 SELECT RAISE(ABORT, 'uq_lifecycle_log_leaves_stream: the record is a leaf already')
  WHERE EXISTS (SELECT 1 FROM lifecycle_log_leaves
   WHERE stream = NEW.stream AND sequence = NEW.sequence);
END""",
    "CREATE TRIGGER lifecycle_log_leaves_no_update BEFORE UPDATE ON lifecycle_log_leaves BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_log_leaves: a leaf is never changed'); END",
    "CREATE TRIGGER lifecycle_log_leaves_no_delete BEFORE DELETE ON lifecycle_log_leaves BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_log_leaves: a leaf is never deleted'); END",
    """\
CREATE TRIGGER lifecycle_log_tiles_append BEFORE INSERT ON lifecycle_log_tiles BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_log_tiles: there is a tile at that place')
  WHERE EXISTS (SELECT 1 FROM lifecycle_log_tiles
   WHERE (level = NEW.level AND idx = NEW.idx) OR rowid = NEW.rowid);
END""",
    "CREATE TRIGGER lifecycle_log_tiles_no_update BEFORE UPDATE ON lifecycle_log_tiles BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_log_tiles: a tile is never changed'); END",
    "CREATE TRIGGER lifecycle_log_tiles_no_delete BEFORE DELETE ON lifecycle_log_tiles BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_log_tiles: a tile is never deleted'); END",
    """\
CREATE TRIGGER lifecycle_checkpoints_append BEFORE INSERT ON lifecycle_checkpoints BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_checkpoints: the checkpoint is kept already')
  WHERE EXISTS (SELECT 1 FROM lifecycle_checkpoints
   WHERE (size = NEW.size AND note = NEW.note) OR rowid = NEW.rowid);
 SELECT RAISE(ABORT, 'pk_lifecycle_checkpoints: a later checkpoint is kept already')
  WHERE NEW.size < (SELECT max(size) FROM lifecycle_checkpoints);
END""",
    "CREATE TRIGGER lifecycle_checkpoints_no_update BEFORE UPDATE ON lifecycle_checkpoints BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_checkpoints: a checkpoint is never changed'); END",
    "CREATE TRIGGER lifecycle_checkpoints_no_delete BEFORE DELETE ON lifecycle_checkpoints BEGIN"
    " SELECT RAISE(ABORT, 'lifecycle_checkpoints: a checkpoint is never deleted'); END",
)
