"""Whether a history is whole after trouble: what was acknowledged is there, nothing by half.

What is asked of single streams is asked in SQL, past the engine; ``everything`` is the engine's own
verification.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg

from lifecycle import Lifecycle, verify
from lifecycle.domain.model import INSTALLATION
from lifecycle.storage.sqlite_files import sqlite_path
from lifecycle.storage.tables import NAMES

Ask = Callable[[str], list[tuple[Any, ...]]]

# Everything that hangs on a record, by stream and sequence, and how many rows of it.
_BY_RECORD = "SELECT {columns} FROM {table} WHERE {where}"


def asking(url: str) -> Ask:
    """Return what asks the database at *url*, each time on a connection of its own."""
    path = sqlite_path(url) if url.startswith("sqlite") else None

    def sqlite(text: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"{Path(str(path)).as_uri()}?mode=rw", uri=True)) as driver:
            return driver.execute(text).fetchall()

    def postgres(text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as driver:
            return driver.execute(text.encode()).fetchall()

    return sqlite if path is not None else postgres


def lost(ask: Ask, acknowledged: Mapping[str, str]) -> list[str]:
    """Return the acknowledged commands of which no record with that hash is there.

    Args:
        ask: Asks the database.
        acknowledged: The hash that was told, by command.
    """
    found = dict(_rows(ask, "command_id, hash", "lifecycle_records", "command_id", acknowledged))
    return [one for one, told in acknowledged.items() if found.get(one) != told]


def doubled(ask: Ask, commands: Iterable[str]) -> list[str]:
    """Return the commands of which there is not exactly one record."""
    wanted = list(commands)
    found = [one for (one,) in _rows(ask, "command_id", "lifecycle_records", "command_id", wanted)]
    return [one for one in wanted if found.count(one) != 1]


def halves(ask: Ask, streams: Iterable[str]) -> list[str]:
    """Return what is written by half in some streams, in words.

    Heads, board, leaves or queue, and outbox have to agree with the records.
    """
    told = []
    for stream in streams:
        by_stream = [stream]
        records = sorted(
            _rows(ask, "sequence, hash, previous", "lifecycle_records", "stream", by_stream)
        )
        if [one[0] for one in records] != list(range(1, len(records) + 1)):
            told.append(f"{stream}: its records are not numbered in order")
        if any(one[2] != before[1] for before, one in pairwise(records)):
            told.append(f"{stream}: its chain is broken")
        head = _rows(ask, "version, hash", "lifecycle_streams", "stream", by_stream)
        if head != [one[:2] for one in records[-1:]]:
            told.append(f"{stream}: its head is {head}, after {len(records)} records")
        kind, _, name = stream.partition("/")
        if kind == "participation":
            stands = _rows(ask, "version", "lifecycle_standings", "school", [name])
            if stands != [one[:1] for one in records[-1:]]:
                told.append(f"{stream}: the board has it at {stands}")
        tables = {
            "the log": ("lifecycle_log_leaves", "lifecycle_sealing_queue"),
            "the outbox": ("lifecycle_outbox",),
        }
        for name, parts in tables.items():
            rows = [
                row for part in parts for row in _rows(ask, "sequence", part, "stream", [stream])
            ]
            if sorted(rows) != [one[:1] for one in records]:
                told.append(f"{stream}: {name} has {len(rows)} of {len(records)} records")
    return told


def commands_of(ask: Ask, stream: str) -> list[str]:
    """Return the commands of a stream's records in order."""
    rows = _rows(ask, "sequence, command_id", "lifecycle_records", "stream", [stream])
    return [command for _, command in sorted(rows)]


def fingerprint(ask: Ask) -> str:
    """Return a digest of every row of every table of the engine's."""
    digest = sha256()
    for name in sorted(NAMES):
        rows = ask(_BY_RECORD.format(columns="*", table=name, where="true"))
        digest.update(repr((name, sorted(rows, key=repr))).encode())
    return digest.hexdigest()


def everything(engine: Lifecycle) -> list[str]:
    """Seal what waits, verify everything with the evidence files, and return the findings."""
    with engine.context.journal.writing() as tx:
        while tx.seal(1000):
            pass
    return [f"{one.code} {one.stream} {one.sequence}" for one in verify(engine).findings]


def streams_of(schools: Iterable[str]) -> list[str]:
    """Return the streams that commands of *schools* write to."""
    return [INSTALLATION, *(f"participation/{school}" for school in schools)]


def _rows(
    ask: Ask, columns: str, table: str, column: str, values: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Return rows by the values of a column; the campaigns' own ids hold no quotes."""
    listed = ", ".join(f"'{value}'" for value in values)
    where = f"{column} IN ({listed})"
    return ask(_BY_RECORD.format(columns=columns, table=table, where=where)) if listed else []
