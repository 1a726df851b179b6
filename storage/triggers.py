"""The triggers that keep the history append-only, for every connection.

On SQLite, triggers on UPDATE and DELETE do not see ``INSERT OR REPLACE``, which deletes the row
in its way without firing them unless the connection asks for recursive triggers. So the triggers
on INSERT refuse every row that stands in some other row's place: by key, by unique column and by
rowid.
They begin with the name of the constraint that the row would break.

PostgreSQL has nothing that replaces a row unseen, but it has TRUNCATE, and a mode for replicas in
which triggers are left out unless they are enabled always.

Who may write the file, or owns the tables, can also drop triggers; that is found by
``schema_findings``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final


def _refused(table: str, action: str, text: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table}: {text}'); END"
    )


_RECORDS_INSERT: Final = """\
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
END"""

_DEFINITIONS_INSERT: Final = """\
CREATE TRIGGER lifecycle_definitions_append BEFORE INSERT ON lifecycle_definitions BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_definitions: there is a definition of that digest')
  WHERE EXISTS
   (SELECT 1 FROM lifecycle_definitions WHERE digest = NEW.digest OR rowid = NEW.rowid);
END"""

_INSTALLATION_INSERT: Final = """\
CREATE TRIGGER lifecycle_installation_append BEFORE INSERT ON lifecycle_installation BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_installation: a database keeps one installation')
  WHERE EXISTS (SELECT 1 FROM lifecycle_installation);
END"""

_LEAVES_INSERT: Final = """\
CREATE TRIGGER lifecycle_log_leaves_append BEFORE INSERT ON lifecycle_log_leaves BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_log_leaves: a leaf takes the next place of the log')
  WHERE NEW.idx IS NOT coalesce((SELECT max(idx) + 1 FROM lifecycle_log_leaves), 0);
 SELECT RAISE(ABORT, 'uq_lifecycle_log_leaves_stream: the record is a leaf already')
  WHERE EXISTS (SELECT 1 FROM lifecycle_log_leaves
   WHERE stream = NEW.stream AND sequence = NEW.sequence);
END"""

_TILES_INSERT: Final = """\
CREATE TRIGGER lifecycle_log_tiles_append BEFORE INSERT ON lifecycle_log_tiles BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_log_tiles: there is a tile at that place')
  WHERE EXISTS (SELECT 1 FROM lifecycle_log_tiles
   WHERE (level = NEW.level AND idx = NEW.idx) OR rowid = NEW.rowid);
END"""

_CHECKPOINTS_INSERT: Final = """\
CREATE TRIGGER lifecycle_checkpoints_append BEFORE INSERT ON lifecycle_checkpoints BEGIN
 SELECT RAISE(ABORT, 'pk_lifecycle_checkpoints: the checkpoint is kept already')
  WHERE EXISTS (SELECT 1 FROM lifecycle_checkpoints
   WHERE (size = NEW.size AND note = NEW.note) OR rowid = NEW.rowid);
 SELECT RAISE(ABORT, 'pk_lifecycle_checkpoints: a later checkpoint is kept already')
  WHERE NEW.size < (SELECT max(size) FROM lifecycle_checkpoints);
END"""

SQLITE_TRIGGERS: Final[Mapping[str, tuple[str, ...]]] = {
    "lifecycle_records": (
        _RECORDS_INSERT,
        _refused("lifecycle_records", "UPDATE", "a record is never changed"),
        _refused("lifecycle_records", "DELETE", "a record is never deleted"),
    ),
    "lifecycle_definitions": (
        _DEFINITIONS_INSERT,
        _refused("lifecycle_definitions", "UPDATE", "a definition is never changed"),
        _refused("lifecycle_definitions", "DELETE", "a definition is never deleted"),
    ),
    "lifecycle_installation": (
        _INSTALLATION_INSERT,
        _refused("lifecycle_installation", "UPDATE", "an installation is never renamed"),
        _refused("lifecycle_installation", "DELETE", "an installation is never deleted"),
    ),
    "lifecycle_log_leaves": (
        _LEAVES_INSERT,
        _refused("lifecycle_log_leaves", "UPDATE", "a leaf is never changed"),
        _refused("lifecycle_log_leaves", "DELETE", "a leaf is never deleted"),
    ),
    "lifecycle_log_tiles": (
        _TILES_INSERT,
        _refused("lifecycle_log_tiles", "UPDATE", "a tile is never changed"),
        _refused("lifecycle_log_tiles", "DELETE", "a tile is never deleted"),
    ),
    "lifecycle_checkpoints": (
        _CHECKPOINTS_INSERT,
        _refused("lifecycle_checkpoints", "UPDATE", "a checkpoint is never changed"),
        _refused("lifecycle_checkpoints", "DELETE", "a checkpoint is never deleted"),
    ),
}


POSTGRES_REFUSAL: Final = """
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
    MESSAGE = TG_TABLE_NAME || ': a row of the history is never changed or deleted';
END
"""
"""What the triggers on PostgreSQL do."""

POSTGRES_FUNCTION: Final = (
    f"CREATE FUNCTION lifecycle_refuse() RETURNS trigger LANGUAGE plpgsql AS $${POSTGRES_REFUSAL}$$"
)


def _postgres(table: str) -> tuple[str, ...]:
    row, whole = f"{table}_no_change", f"{table}_no_truncate"
    return (
        f"CREATE TRIGGER {row} BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION lifecycle_refuse()",
        f"CREATE TRIGGER {whole} BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION lifecycle_refuse()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {row}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {whole}",
    )


POSTGRES_TRIGGERS: Final[Mapping[str, Sequence[str]]] = {
    table: _postgres(table) for table in SQLITE_TRIGGERS
}
"""The statements that make and enable the triggers, by table."""
