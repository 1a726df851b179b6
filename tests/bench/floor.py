"""The floor: the least that could be called the same work, by sqlite3 of the standard library.

For each step: read the school, check state, role and evidence, write a canonical body that names
the hash of the one before, move the school, commit. No definitions, no actors, no log, no retries.
``Full`` writes a row for the queue of the log and one for the outbox as well.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from tests.bench.work import (
    STATES,
    Command,
    Peer,
    Refused,
    Settings,
    Taken,
    canonical,
    commands,
    event_of,
    guard,
    main,
    timed,
)

_SCHEMA = """
CREATE TABLE school(id TEXT PRIMARY KEY, state INTEGER NOT NULL, version INTEGER NOT NULL,
                    head TEXT NOT NULL);
CREATE TABLE event(id INTEGER PRIMARY KEY, school TEXT NOT NULL, version INTEGER NOT NULL,
                   body TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE(school, version));
CREATE TABLE queue(school TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL);
CREATE TABLE outbox(id INTEGER PRIMARY KEY, school TEXT NOT NULL, version INTEGER NOT NULL,
                    step TEXT NOT NULL);
"""


class Floor(Peer):
    """The work without queue and outbox: what the figures that are wanted were set by."""

    batches = True
    outbox = False

    def open(self, schools: int) -> None:
        self._raw = raw = sqlite3.connect(self.path, isolation_level=None)
        raw.execute(f"PRAGMA journal_mode={self.settings.journal_mode}").fetchall()
        raw.execute(f"PRAGMA synchronous={self.settings.synchronous}")
        raw.executescript(_SCHEMA)
        raw.execute("BEGIN")
        raw.executemany(
            "INSERT INTO school VALUES (?, 0, 0, ?)",
            [(f"relay.{number}", "0" * 64) for number in range(schools)],
        )
        raw.execute("COMMIT")

    def advance(self, asked: Command) -> None:
        self.advance_many((asked,))

    def advance_many(self, asked: Sequence[Command]) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            for one in asked:
                self._step(one)
        except BaseException:
            self._raw.execute("ROLLBACK")
            raise
        self._raw.execute("COMMIT")

    def _step(self, asked: Command) -> None:
        execute, school = self._raw.execute, asked.school
        state, version, head = execute(
            "SELECT state, version, head FROM school WHERE id = ?", (school,)
        ).fetchone()
        guard(STATES[state], asked)
        body = canonical(event_of(asked, version + 1, head))
        link = sha256(body.encode()).hexdigest()
        execute(
            "INSERT INTO event(school, version, body, hash) VALUES (?, ?, ?, ?)",
            (school, version + 1, body, link),
        )
        if self.outbox:
            execute("INSERT INTO queue VALUES (?, ?, ?)", (school, version + 1, link))
            execute(
                "INSERT INTO outbox(school, version, step) VALUES (?, ?, ?)",
                (school, version + 1, asked.step),
            )
        moved = execute(
            "UPDATE school SET state = ?, version = ?, head = ? WHERE id = ? AND version = ?",
            (state + 1, version + 1, link, school, version),
        )
        if moved.rowcount != 1:
            raise Refused("stale")

    def states(self) -> Mapping[int, str]:
        found = self._raw.execute("SELECT id, state FROM school")
        return {int(name.partition(".")[2]): STATES[state] for name, state in found}

    def close(self) -> None:
        self._raw.close()


class Full(Floor):
    """The work with queue and outbox."""

    outbox = True


def floor(
    folder: Path, schools: int, chosen: Settings, size: int, made: type[Floor] = Floor
) -> Taken:
    """Lead *schools* to their end, and return what it took."""
    bare = made(folder / "floor.db", chosen)
    bare.open(schools)
    taken = timed(bare.path, list(commands(range(schools))), size, bare.advance_many)
    assert set(bare.states().values()) == {STATES[-1]}
    bare.close()
    return taken


if __name__ == "__main__":
    main(Floor)
