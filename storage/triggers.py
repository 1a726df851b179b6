"""The triggers that keep the history append-only on SQLite, for every connection.

Triggers on UPDATE and DELETE do not see ``INSERT OR REPLACE``, which deletes the row in its way
without firing them unless the connection asks for recursive triggers. So the triggers on INSERT
refuse every row that stands in some other row's place: by key, by unique column and by rowid.
They begin with the name of the constraint that the row would break. Who may write the file can
also drop triggers; that is found by ``schema_findings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _refused(table: str, action: str, text: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table}: {text}'); END"
    )


_RECORDS_INSERT: Final = """\
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
END"""

_DEFINITIONS_INSERT: Final = """\
CREATE TRIGGER definitions_append BEFORE INSERT ON definitions BEGIN
 SELECT RAISE(ABORT, 'pk_definitions: there is a definition of that digest')
  WHERE EXISTS (SELECT 1 FROM definitions WHERE digest = NEW.digest OR rowid = NEW.rowid);
END"""

_INSTALLATION_INSERT: Final = """\
CREATE TRIGGER installation_append BEFORE INSERT ON installation BEGIN
 SELECT RAISE(ABORT, 'pk_installation: a database keeps one installation')
  WHERE EXISTS (SELECT 1 FROM installation);
END"""

SQLITE_TRIGGERS: Final[Mapping[str, tuple[str, ...]]] = {
    "records": (
        _RECORDS_INSERT,
        _refused("records", "UPDATE", "a record is never changed"),
        _refused("records", "DELETE", "a record is never deleted"),
    ),
    "definitions": (
        _DEFINITIONS_INSERT,
        _refused("definitions", "UPDATE", "a definition is never changed"),
        _refused("definitions", "DELETE", "a definition is never deleted"),
    ),
    "installation": (
        _INSTALLATION_INSERT,
        _refused("installation", "UPDATE", "an installation is never renamed"),
        _refused("installation", "DELETE", "an installation is never deleted"),
    ),
}
