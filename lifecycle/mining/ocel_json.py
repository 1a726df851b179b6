"""OCEL 2.0 as JSON: one object, written as a stream, an event or object on each line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, BinaryIO, Final

from lifecycle.domain.record import moment_text
from lifecycle.mining.cases import Case
from lifecycle.mining.ocel import (
    EVENT_ATTRIBUTES,
    OBJECT_TYPES,
    Happening,
    Link,
    Thing,
    happenings_of,
    things_of,
)

# What does not change has the time by which the format tells that it always was so.
_ALWAYS: Final = "1970-01-01T00:00:00Z"


def write_ocel_json(cases: Iterable[Case], out: BinaryIO) -> int:
    """Write *cases* as one log, and return how many objects it holds.

    Objects that cases share, such as actors, wait in a temporary database on disk and are written
    last, so that memory does not grow with the log.

    Args:
        cases: Read once, one after the other.
        out: Where to.

    Raises:
        NotExportable: A transition has a name that cannot name an event type.
        OSError: There is no room for what waits.
    """
    try:
        with closing(sqlite3.connect("")) as waiting:  # a file of its own, gone when it is closed
            return _write(cases, out, waiting)
    except sqlite3.Error as error:
        raise OSError(None, str(error)) from error


def _write(cases: Iterable[Case], out: BinaryIO, waiting: sqlite3.Connection) -> int:
    types: dict[str, None] = {}
    waiting.execute("CREATE TABLE things (id TEXT PRIMARY KEY, line TEXT)")
    out.write(b'{"objectTypes":')
    out.write(_dumped([_type(name, members) for name, members in OBJECT_TYPES.items()]))
    out.write(b',\n"events":')
    _array(out, _events(cases, waiting, types))
    out.write(b',\n"eventTypes":')
    out.write(_dumped([_type(name, EVENT_ATTRIBUTES) for name in sorted(types)]))
    out.write(b',\n"objects":')
    lines = waiting.execute("SELECT line FROM things ORDER BY rowid")
    count = _array(out, (line.encode() for (line,) in lines))
    out.write(b"}\n")
    return count


def _events(
    cases: Iterable[Case], waiting: sqlite3.Connection, types: dict[str, None]
) -> Iterator[bytes]:
    """Yield the events, and put the objects aside."""
    for case in cases:
        things = ((one.id, _dumped(_thing(one)).decode()) for one in things_of(case))
        waiting.executemany("INSERT OR IGNORE INTO things VALUES (?, ?)", things)
        for one in happenings_of(case):
            types[one.type] = None
            yield _dumped(_happening(one))


def _array(out: BinaryIO, lines: Iterable[bytes]) -> int:
    """Write an array with one line for each of its members, and return how many."""
    count = 0
    for line in lines:
        out.write(b",\n" if count else b"[\n")
        out.write(line)
        count += 1
    out.write(b"]" if count else b"[]")
    return count


def _type(name: str, members: Mapping[str, str]) -> dict[str, Any]:
    attributes = [{"name": member, "type": type_} for member, type_ in members.items()]
    return {"name": name, "attributes": attributes}


def _thing(thing: Thing) -> dict[str, Any]:
    always = [{"name": name, "time": _ALWAYS, "value": value} for name, value in thing.values]
    changes = [
        {"name": name, "time": moment_text(time), "value": value}
        for name, time, value in thing.changes
    ]
    return {
        "id": thing.id,
        "type": thing.type,
        "attributes": always + changes,
        "relationships": _links(thing.links),
    }


def _happening(one: Happening) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.type,
        "time": moment_text(one.time),
        "attributes": [{"name": name, "value": value} for name, value in one.values.items()],
        "relationships": _links(one.links),
    }


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [{"objectId": one.object_id, "qualifier": one.qualifier} for one in links]


def _dumped(value: object) -> bytes:
    # ASCII: a lone surrogate, which no release writes, is escaped and breaks no reader.
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
