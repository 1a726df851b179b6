"""OCEL 2.0 as a SQLite database, in the relational form of its specification.

Table names come from types: object types are ours, event types are slugs, so nothing that stands
in a statement comes from elsewhere.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from os import PathLike
from typing import Final

from lifecycle.domain.record import moment_text
from lifecycle.mining.cases import Case
from lifecycle.mining.ocel import (
    EVENT_ATTRIBUTES,
    OBJECT_TYPES,
    Happening,
    Thing,
    happenings_of,
    things_of,
)

_ALWAYS: Final = "1970-01-01T00:00:00Z"
_SQL_TYPES: Final = {"string": "TEXT", "integer": "INTEGER", "time": "TIMESTAMP"}
# Event types whose table would have the name of one of the tables below.
_TAKEN: Final = ("object", "map_type")
_TABLES: Final = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL);
CREATE TABLE event (
    ocel_id TEXT PRIMARY KEY,
    ocel_type TEXT NOT NULL REFERENCES event_map_type (ocel_type)
);
CREATE TABLE object (
    ocel_id TEXT PRIMARY KEY,
    ocel_type TEXT NOT NULL REFERENCES object_map_type (ocel_type)
);
CREATE TABLE event_object (
    ocel_event_id TEXT NOT NULL REFERENCES event (ocel_id),
    ocel_object_id TEXT NOT NULL REFERENCES object (ocel_id),
    ocel_qualifier TEXT NOT NULL,
    PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)
);
CREATE TABLE object_object (
    ocel_source_id TEXT NOT NULL REFERENCES object (ocel_id),
    ocel_target_id TEXT NOT NULL REFERENCES object (ocel_id),
    ocel_qualifier TEXT NOT NULL,
    PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)
);
"""


def write_ocel_sqlite(cases: Iterable[Case], path: str | PathLike[str]) -> int:
    """Write *cases* into the empty file at *path*, and return how many objects it holds.

    Args:
        cases: Read once, one after the other.
        path: An empty file; it is complete only when the function has returned.

    Raises:
        NotExportable: A transition has a name that cannot name an event type.
        OSError: It cannot be written there.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            # Whoever called throws a file away that is not finished: no journal, no syncing.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.executescript(_TABLES)
            database.execute("BEGIN")
            written = _Written(database)
            for case in cases:
                written.add(case)
            database.execute("COMMIT")
            return written.objects
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        raise OSError(errno.ENOSPC if full else None, str(error), str(path)) from error


class _Written:
    """What is in the file so far.

    Args:
        database: Inside a transaction, with the tables that every log has.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self.objects = 0
        self._database = database
        self._event_types: set[str] = set()
        for name, members in OBJECT_TYPES.items():
            database.execute("INSERT INTO object_map_type VALUES (?, ?)", (name, name))
            changed = {"ocel_changed_field": "string", **members}
            self._create(f"object_{name}", changed, key="")

    def add(self, case: Case) -> None:
        """Write the objects of a case that are not there yet, and its events."""
        for thing in things_of(case):
            self._add_thing(thing)
        for happening in happenings_of(case):
            self._add_happening(happening)

    def _add_thing(self, thing: Thing) -> None:
        added = self._database.execute(
            "INSERT OR IGNORE INTO object VALUES (?, ?)", (thing.id, thing.type)
        )
        if not added.rowcount:
            return
        self.objects += 1
        table, about = f"object_{thing.type}", {"ocel_id": thing.id}
        self._insert(table, {**about, "ocel_time": _ALWAYS, **dict(thing.values)})
        for name, time, value in thing.changes:
            changed = {"ocel_time": moment_text(time), "ocel_changed_field": name, name: value}
            self._insert(table, {**about, **changed})
        links = {(thing.id, one.object_id, one.qualifier): None for one in thing.links}
        self._database.executemany("INSERT INTO object_object VALUES (?, ?, ?)", list(links))

    def _add_happening(self, one: Happening) -> None:
        mapped = f"0_{one.type}" if one.type in _TAKEN else one.type  # no slug begins so
        if one.type not in self._event_types:
            self._event_types.add(one.type)
            self._create(f"event_{mapped}", EVENT_ATTRIBUTES, key=" PRIMARY KEY")
            row = (one.type, mapped)
            self._database.execute("INSERT INTO event_map_type VALUES (?, ?)", row)
        self._database.execute("INSERT INTO event VALUES (?, ?)", (one.id, one.type))
        about = {"ocel_id": one.id, "ocel_time": moment_text(one.time)}
        self._insert(f"event_{mapped}", {**about, **one.values})
        links = [(one.id, link.object_id, link.qualifier) for link in one.links]
        self._database.executemany("INSERT INTO event_object VALUES (?, ?, ?)", links)

    def _create(self, table: str, members: Mapping[str, str], *, key: str) -> None:
        columns = "".join(f', "{name}" {_SQL_TYPES[kind]}' for name, kind in members.items())
        always = f"ocel_id TEXT NOT NULL{key}, ocel_time TIMESTAMP NOT NULL"
        self._database.execute(f'CREATE TABLE "{table}" ({always}{columns})')

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join("?" * len(row))
        statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608
        self._database.execute(statement, tuple(row.values()))
