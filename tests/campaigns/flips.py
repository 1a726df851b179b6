"""The bits that the campaign flips: those of two small histories, each in a database of its own.

One is an office of 100 records with everything in it that a record can tell: tokens, signed
commands, comments, evidence files, an erasure, two signed checkpoints. The other one is a log of
260 leaves, with a full tile, and with records that wait to become leaves.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from lifecycle.storage.journal import create_journal
from lifecycle.storage.tables import metadata
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.bundles import KEY, sign
from tests.campaigns.leading import FILES, Changed
from tests.cli.terminal import RISKS, Terminal, open_office, walk
from tests.factories import ADMIN, ORIGIN, engine_on
from tests.golden.make import more, signed

RECORDS = 100
LEAVES = 260
WAITING = 5
OFFICE, LOG = "office", "log"
# Tables that bear no evidence and no history, each with the reason.
BESIDE = {
    "lifecycle_persons": "names of people, which can be erased and mended; nothing rests on them",
    "lifecycle_refusals": "what was tried and not allowed: a log beside the history",
    "lifecycle_outbox": "what is still to be delivered to others; they get the record itself",
}
# Columns that nothing rests on, and nobody reads: what they tell, the records tell.
BESIDE_COLUMNS = {
    ("lifecycle_checkpoints", "at"): "when a note was put there; whoever signed it did not say",
    ("lifecycle_installation", "created_at"): "when the tables were made, before any record",
}
# Tables of which the office has nothing: they are covered by the other history.
OF_THE_LOG = ("lifecycle_log_tiles", "lifecycle_sealing_queue")


@dataclass(frozen=True)
class Value:
    """A stored value.

    Args:
        history: In which history.
        table: Where.
        rowid: Which row of it.
        column: Which column; the name of an evidence file.
        value: What is stored.
        row: The whole row by its columns.
    """

    history: str
    table: str
    rowid: int
    column: str
    value: Any
    row: Mapping[str, Any]

    @property
    def bits(self) -> int:
        """How many bits are stored of it."""
        if self.value is None:
            return 0
        if isinstance(self.value, int):
            return 8 * max(1, (self.value.bit_length() + 8) // 8) - 1  # the sign is no bit
        return 8 * len(self.value.encode() if isinstance(self.value, str) else self.value)


@dataclass(frozen=True)
class Flip:
    """One bit of one stored value."""

    of: Value
    bit: int

    @property
    def flipped(self) -> Any:
        """The value with the bit changed; a text as bytes, which need not be UTF-8 any more."""
        value = self.of.value
        if isinstance(value, int):
            return value ^ (1 << self.bit)
        data = bytearray(value.encode() if isinstance(value, str) else value)
        data[self.bit // 8] ^= 1 << self.bit % 8
        return bytes(data)

    @property
    def read(self) -> Any:
        """The value as verification reads it: a text that is none is read leniently."""
        value = self.flipped
        return (
            value.decode("utf-8", "backslashreplace") if isinstance(self.of.value, str) else value
        )

    @property
    def changed(self) -> Changed:
        """What was changed."""
        return Changed(self.of.table, self.of.column, self.of.row, self.read)

    def __str__(self) -> str:
        return f"{self.of.history} {self.of.table}.{self.of.column} row {self.of.rowid} {self.bit}"


class Flips:
    """Every flip there is, by its number; none is made before it is asked for.

    Args:
        folder: Where ``make`` made the histories.
    """

    def __init__(self, folder: Path) -> None:
        self.values = [*_values(folder / OFFICE), *_values(folder / LOG)]
        self._ends = list(accumulate(value.bits for value in self.values))
        first = dict[tuple[str, str], int]()
        for value, end in zip(self.values, self._ends, strict=True):
            if value.bits:
                first.setdefault((value.table, value.column), end - (value.bits + 1) // 2)
        self.samples = frozenset(first.values())
        """One of every column."""

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, number: int) -> Flip:
        place = bisect_right(self._ends, number)
        value = self.values[place]
        return Flip(value, number - self._ends[place] + value.bits)


def make(folder: Path) -> None:
    """Make both histories in *folder*, if they are not there yet."""
    made = folder / "made"
    if not made.exists():
        _office(folder / OFFICE)
        long_log(folder / LOG)
        for name in (OFFICE, LOG):
            _laid_open(folder / name)
        made.touch()


def _office(folder: Path) -> None:
    folder.mkdir(parents=True)
    office = open_office(Terminal(folder))
    office.paper("log.vkey", office.ask("audit", "keygen", "--out", "log.key")["key"] + "\n")
    walk(office)
    more(office)
    _third(office)
    count = int(signed(office).splitlines()[1])
    assert count <= RECORDS
    for number in range(RECORDS - count):
        office.ask("actor", "add", f"clerk-{number}", "--actor", "admin")
    signed(office)


def _third(office: Terminal) -> None:
    """Lead a school that nothing lies beside: it is one that the screen passes."""
    admin, by = ("--actor", "admin"), ("--actor", "coordinator")
    office.ask("enrol", "third", "--roadmap", "tomari-2022", "--title", "Школа № 3", *admin)
    for who, role in (("coordinator", "school_coordinator"), ("curator", "curator")):
        office.ask("assign", who, role, "--school", "third", *admin)
    office.ask("advance", "third", "start_questionnaire", "--actor", "municipal")
    office.ask("advance", "third", "complete_questionnaire", *by,
               "--evidence", "questionnaire_completion=https://school.example/done")  # fmt: skip
    office.ask("advance", "third", "receive_risk_profile", *by, "--fact", f"risks={RISKS}",
               "--evidence", "risk_profile=https://school.example/profile")  # fmt: skip


def long_log(folder: Path) -> None:
    """Make a signed log with a full tile in *folder*, and records that wait for it."""
    folder.mkdir(parents=True)
    (folder / "log.vkey").write_text(f"{KEY}\n", "utf-8")
    journal = create_journal(f"sqlite:///{folder}/lifecycle.db", ORIGIN, sealing="queued")
    with engine_on(journal, Catalogue()) as engine:
        engine.found(actor=ADMIN, command_id="found")
        for number in range(LEAVES - 3):
            engine.add_actor(f"clerk-{number}", actor=ADMIN)
        sign(engine)
        for number in range(WAITING):
            engine.add_actor(f"late-{number}", actor=ADMIN)


def _laid_open(folder: Path) -> None:
    """Take the triggers away: whoever flips bits does not ask them."""
    with closing(sqlite3.connect(folder / "lifecycle.db")) as database:
        database.execute("PRAGMA journal_mode = wal")
        for (name,) in database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.commit()


def covered(database: sqlite3.Connection) -> list[str]:
    """Return the tables to be covered: those of the schema less those named with a reason."""
    stored = {
        name
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if name.startswith("lifecycle_") and name != "lifecycle_version"  # of the migrations
    }
    assert stored == set(metadata.tables), stored ^ set(metadata.tables)
    assert set(metadata.tables) >= BESIDE.keys()
    return sorted(stored - BESIDE.keys())


def _values(folder: Path) -> Iterator[Value]:
    with closing(sqlite3.connect(folder / "lifecycle.db")) as database:
        for table in covered(database):
            if (table in OF_THE_LOG) != (folder.name == LOG):
                continue
            rows = database.execute(f"SELECT rowid, * FROM {table}")  # noqa: S608 - our own names
            names = [one[0] for one in rows.description[1:]]
            found = rows.fetchall()
            assert found, f"{table} is empty: nothing of it would be covered"
            for rowid, *row in found:
                whole = dict(zip(names, row, strict=True))
                for column, value in whole.items():
                    if (table, column) not in BESIDE_COLUMNS:
                        yield Value(folder.name, table, rowid, column, value, whole)
    for path in sorted((folder / "lifecycle.db.evidence").rglob("*")):
        if path.is_file() and len(path.name) == 64:
            row = {"path": str(path.relative_to(folder))}
            yield Value(folder.name, FILES, 0, path.name, path.read_bytes(), row)
