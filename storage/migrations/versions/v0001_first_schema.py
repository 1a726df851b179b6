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


def upgrade() -> None:
    """Make every table, and on SQLite the triggers that keep the history append-only."""
    _create_history()
    _create_projections()
    _create_outside()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for trigger in _SQLITE_TRIGGERS:
            connection.exec_driver_sql(trigger)


def _create_history() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sqlite_strict=True,
    )
    op.create_table(
        "records",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("command_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("transition", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("target", sa.Text),
        sa.Column("definition", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("effective_on", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", name="pk_records"),
        sa.UniqueConstraint("hash", name="uq_records_hash"),
        sa.UniqueConstraint("record_id", name="uq_records_record_id"),
        sa.UniqueConstraint("command_id", name="uq_records_command_id"),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_records_sequence")),
        sqlite_strict=True,
    )
    op.create_table(
        "definitions",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_definitions"),
        sqlite_strict=True,
    )


def _create_projections() -> None:
    op.create_table(
        "streams",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_streams"),
        sqlite_strict=True,
    )
    op.create_table(
        "standings",
        sa.Column("school", sa.Text, nullable=False),
        sa.Column("roadmap", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("entered_at", sa.Text, nullable=False),
        sa.Column("entered_on", sa.Text, nullable=False),
        sa.Column("due_on", sa.Text),
        sa.Column("final", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_standings"),
        sqlite_strict=True,
    )
    op.create_index("ix_standings_roadmap_school", "standings", ["roadmap", "school"])
    op.create_index("ix_standings_state_due_on", "standings", ["state", "due_on"])
    op.create_table(
        "assignments",
        sa.Column("record_id", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name="pk_assignments"),
        sqlite_strict=True,
    )
    op.create_index("ix_assignments_stream_sequence", "assignments", ["stream", "sequence"])
    op.create_table(
        "actors",
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("actor", name="pk_actors"),
        sqlite_strict=True,
    )


def _create_outside() -> None:
    op.create_table(
        "persons",
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("actor", name="pk_persons"),
        sqlite_strict=True,
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("command_id", sa.Text, nullable=False),
        sa.Column("unmet", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusals"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_refusals_stream_id", "refusals", ["stream", "id"])
    op.create_table(
        "sealing_queue",
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("queued_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("stream", "sequence", name="pk_sealing_queue"),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


_SQLITE_TRIGGERS = (
    """\
CREATE TRIGGER records_append BEFORE INSERT ON records BEGIN
 SELECT RAISE(ABORT, 'uq_records_command_id: the command made a record before')
  WHERE EXISTS (SELECT 1 FROM records WHERE command_id = NEW.command_id);
 SELECT RAISE(ABORT, 'uq_records_record_id: there is a record of that id')
  WHERE EXISTS (SELECT 1 FROM records WHERE record_id = NEW.record_id);
 SELECT RAISE(ABORT, 'uq_records_hash: there is a record of that hash')
  WHERE EXISTS (SELECT 1 FROM records WHERE hash = NEW.hash);
 SELECT RAISE(ABORT, 'pk_records: a record takes the next place of its stream')
  WHERE NEW.sequence IS NOT
   1 + coalesce((SELECT max(sequence) FROM records WHERE stream = NEW.stream), 0);
 SELECT RAISE(ABORT, 'pk_records: a record names the hash of the one before it')
  WHERE NEW.sequence > 1 AND NEW.previous IS NOT
   (SELECT hash FROM records WHERE stream = NEW.stream AND sequence = NEW.sequence - 1);
 SELECT RAISE(ABORT, 'records: a record takes no place of another')
  WHERE EXISTS (SELECT 1 FROM records WHERE rowid = NEW.rowid);
END""",
    "CREATE TRIGGER records_no_update BEFORE UPDATE ON records BEGIN"
    " SELECT RAISE(ABORT, 'records: a record is never changed'); END",
    "CREATE TRIGGER records_no_delete BEFORE DELETE ON records BEGIN"
    " SELECT RAISE(ABORT, 'records: a record is never deleted'); END",
    """\
CREATE TRIGGER definitions_append BEFORE INSERT ON definitions BEGIN
 SELECT RAISE(ABORT, 'pk_definitions: there is a definition of that digest')
  WHERE EXISTS (SELECT 1 FROM definitions WHERE digest = NEW.digest OR rowid = NEW.rowid);
END""",
    "CREATE TRIGGER definitions_no_update BEFORE UPDATE ON definitions BEGIN"
    " SELECT RAISE(ABORT, 'definitions: a definition is never changed'); END",
    "CREATE TRIGGER definitions_no_delete BEFORE DELETE ON definitions BEGIN"
    " SELECT RAISE(ABORT, 'definitions: a definition is never deleted'); END",
    """\
CREATE TRIGGER installation_append BEFORE INSERT ON installation BEGIN
 SELECT RAISE(ABORT, 'pk_installation: a database keeps one installation')
  WHERE EXISTS (SELECT 1 FROM installation);
END""",
    "CREATE TRIGGER installation_no_update BEFORE UPDATE ON installation BEGIN"
    " SELECT RAISE(ABORT, 'installation: an installation is never renamed'); END",
    "CREATE TRIGGER installation_no_delete BEFORE DELETE ON installation BEGIN"
    " SELECT RAISE(ABORT, 'installation: an installation is never deleted'); END",
)
