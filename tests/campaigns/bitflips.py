"""Every single bit of every stored byte: flipped, found, and found where it is.

    python -m tests.campaigns.bitflips             all of them
    python -m tests.campaigns.bitflips 2000 7      a sample of that size, drawn by the seed 7

The corpus is an office of 100 records, with tokens, signed commands, evidence files and a signed
checkpoint, made by the program itself. The tables are those of the schema, so that a new one
cannot be forgotten: it has to be named here, as covered or with the reason why it is not.

To end in minutes, a flip is judged by the part of verification that looks at the row: a body and
the columns beside it by the check of its stream; a definition by its digest; a checkpoint by its
signature and size; a row that is read otherwise than before by the comparison that is made of all
that is read there. One in five thousand of these, and whatever no part finds, is judged by the
whole of verification on the changed database.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lifecycle import verify
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checkpoints import notes_of, opened
from lifecycle.audit.findings import Finding
from lifecycle.audit.note import VerifierKey
from lifecycle.domain.errors import LifecycleError, StorageFailed
from lifecycle.domain.model import participation_stream
from lifecycle.domain.ports import Auditing, StoredRecord
from lifecycle.service import Lifecycle
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL
from lifecycle.storage.tables import metadata
from lifecycle.workflows.catalogue import Catalogue
from tests.cli.terminal import Terminal, open_office, walk
from tests.factories import engine_on

RECORDS = 100
# Tables that bear no evidence and no history, each with the reason.
BESIDE = {
    "lifecycle_persons": "names of people, which can be erased and mended; nothing rests on them",
    "lifecycle_refusals": "what was tried and not allowed: a log beside the history",
    "lifecycle_outbox": "what is still to be delivered to others; they get the record itself",
    "lifecycle_sealing_queue": "empty on SQLite, where records become leaves as they are written",
    "lifecycle_log_tiles": "empty below 256 records; their edits: tests/audit/test_log.py",
}
# Columns that nothing is proved by: when a checkpoint was kept is told by nobody who signed it.
BESIDE_COLUMNS = {("lifecycle_checkpoints", "at")}


# What verification reads of a table, to compare all of it with what the records say.
READINGS: dict[str, Callable[[Auditing], Any]] = {
    "lifecycle_actors": lambda view: view.actors(),
    "lifecycle_assignments": lambda view: view.all_assignments(),
    "lifecycle_credentials": lambda view: view.credentials(),
    "lifecycle_log_leaves": lambda view: list(view.log.leaves()),
    "lifecycle_log_state": lambda view: view.log.state(),
    "lifecycle_standings": lambda view: list(view.standings()),
    "lifecycle_streams": lambda view: list(view.streams()),
    "lifecycle_openings": lambda view: [
        (stream, view.erasable.openings(stream)) for stream in view.erasable.streams()
    ],
    "lifecycle_evidence_keys": lambda view: [
        (stream, view.erasable.keys(stream)) for stream in view.erasable.streams()
    ],
}


@dataclass(frozen=True)
class Flip:
    """One bit of one stored value."""

    table: str
    row: int
    column: str
    value: Any
    bit: int

    @property
    def flipped(self) -> Any:
        """The value with the bit changed; a text as bytes, which need not be UTF-8 any more."""
        if isinstance(self.value, int):
            return self.value ^ (1 << self.bit)
        data = bytearray(self.value.encode() if isinstance(self.value, str) else self.value)
        data[self.bit // 8] ^= 1 << self.bit % 8
        return bytes(data)


def corpus(folder: Path) -> Path:
    """Make the office, and return its folder."""
    office = open_office(Terminal(folder))
    walk(office)
    office.paper("log.vkey", office.ask("audit", "keygen", "--out", "log.key")["key"])
    count = office.ask("audit", "checkpoint", "--key", "log.key")["size"]
    for number in range(RECORDS - count):
        office.ask("actor", "add", f"clerk-{number}", "--actor", "admin")
    with closing(sqlite3.connect(folder / "lifecycle.db")) as database:
        database.execute("PRAGMA journal_mode = wal")
        for (name,) in database.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.commit()
    return folder


def bits(value: Any) -> int:
    """Return how many bits are stored of a value."""
    if value is None:
        return 0
    if isinstance(value, int):
        return 8 * max(1, (value.bit_length() + 8) // 8) - 1  # the sign is no bit of its own
    return 8 * len(value.encode() if isinstance(value, str) else value)


def tables(database: sqlite3.Connection) -> list[str]:
    """Return the tables to be covered: those of the schema less those named with a reason."""
    stored = {
        name
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if name.startswith("lifecycle_") and name != "lifecycle_version"  # of the migrations
    }
    assert stored == set(metadata.tables), stored ^ set(metadata.tables)
    assert set(metadata.tables) >= BESIDE.keys()
    return sorted(stored - BESIDE.keys())


def flips(database: sqlite3.Connection) -> Iterator[Flip]:
    """Yield every flip of every covered table."""
    for table in tables(database):
        rows = database.execute(f"SELECT rowid, * FROM {table}")  # noqa: S608 - our own names
        names = [one[0] for one in rows.description]
        for row in rows.fetchall():
            for column, value in zip(names[1:], row[1:], strict=True):
                if (table, column) not in BESIDE_COLUMNS:
                    for bit in range(bits(value)):
                        yield Flip(table, row[0], column, value, bit)


class Campaign:
    """Judges flips on one database.

    Args:
        folder: Where the corpus lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = sqlite3.connect(folder / "lifecycle.db", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")
        self.engine = self._open()
        with self.engine.context.journal.auditing() as view:
            self.origin = view.origin
            self.stored = {(one.stream, one.sequence): one for one in view.stored()}
        self.places = {
            row: (stream, sequence)
            for row, stream, sequence in self.database.execute(
                "SELECT rowid, stream, sequence FROM lifecycle_records"
            )
        }
        self.heads = self._heads()
        with self.engine.context.journal.auditing() as view:
            self.read = {table: reading(view) for table, reading in READINGS.items()}
        self.keys = [VerifierKey.parse((folder / "log.vkey").read_text("utf-8"))]
        self.sound = self.whole()  # that the triggers are gone, and nothing else
        assert {one.code for one in self.sound} <= {"schema_differs"}, self.sound
        self.judged: Counter[str] = Counter()
        self.missed: list[Flip] = []
        self.refused: Counter[str] = Counter()

    def _heads(self) -> dict[tuple[str, int], StreamCheck]:
        heads: dict[tuple[str, int], StreamCheck] = {}
        for (stream, sequence), one in sorted(self.stored.items()):
            before = heads.get((stream, sequence - 1))
            check = StreamCheck(self.origin, stream)
            if before is not None:
                check.head = before.head
                list(check.take(self.stored[stream, sequence - 1]))
            heads[stream, sequence] = check
            assert one.sequence == check.head.version + 1
        return heads

    def _open(self) -> Lifecycle:
        journal = open_journal(f"sqlite:///{self.folder}/lifecycle.db", durability=WAL)
        store = EvidenceFolder(self.folder / "lifecycle.db.evidence")
        return engine_on(journal, Catalogue(), evidence=store)

    def whole(self) -> list[Finding]:
        """Verify the database as it is now."""
        return list(verify(self.engine, keys=self.keys).findings)

    def anew(self) -> bool:
        """Tell whether the database is refused, or not sound, where it is opened now."""
        try:
            with self._open() as engine:
                return any(one not in self.sound for one in verify(engine).findings)
        except LifecycleError:
            return True

    def judge(self, flip: Flip, *, whole: bool = False) -> None:
        """Judge one flip, and remember it if it is not found at its place."""
        self.judged[flip.table] += 1
        own = flip.table == "lifecycle_records" and flip.column not in ("stream", "sequence")
        if own and not whole:
            found = self._at_record(flip)
        elif flip.table == "lifecycle_definitions" and flip.column == "body" and not whole:
            # Either it is no definition any more, or its digest is another: one finding both ways.
            found = sha256(flip.flipped).digest() != sha256(flip.value).digest()
        else:
            found = self._in_database(flip, whole=whole)
        if not found:
            self.missed.append(flip)

    def _at_record(self, flip: Flip) -> bool:
        place = self.places[flip.row]
        kept, value = self.stored[place], flip.flipped
        if flip.column not in ("body",) and isinstance(value, bytes):
            try:
                value = value.decode()
            except UnicodeDecodeError:
                value = "\N{REPLACEMENT CHARACTER}"
        if flip.column in ("body", "hash"):
            changed: StoredRecord = replace(kept, **{flip.column: value})
        else:
            changed = replace(kept, columns={**kept.columns, flip.column: value})
        before = self.heads[place]
        check = StreamCheck(self.origin, place[0])
        check.head = before.head
        return any((one.stream, one.sequence) == place for one in check.take(changed))

    def _in_database(self, flip: Flip, *, whole: bool) -> bool:
        as_text = "CAST(? AS TEXT)" if isinstance(flip.value, str) else "?"
        change = f"UPDATE {flip.table} SET {flip.column} = {as_text} WHERE rowid = ?"  # noqa: S608
        try:
            self.database.execute(change, (flip.flipped, flip.row))
        except sqlite3.IntegrityError:
            self.refused[flip.table] += 1  # nobody can store that
            return True
        try:
            if flip.table == "lifecycle_installation":  # read once, when a database is opened
                return self.anew()
            if not whole and self._is_seen(flip.table):
                return True
            found = [one for one in self.whole() if one not in self.sound]
        finally:
            self.database.execute(change, (flip.value, flip.row))
        return any(self._located(flip, one) for one in found)

    def _is_seen(self, table: str) -> bool:
        """Tell whether the part of verification that looks at *table* sees the change."""
        with self.engine.context.journal.auditing() as view:
            if table == "lifecycle_checkpoints":
                known, unfit = opened(view.origin, self.keys, notes_of(view))
                sizes = [one.checkpoint.size for one in known]
                return bool(unfit) or sizes != [one.size for one in view.log.checkpoints()]
            reading = READINGS.get(table)
            if reading is None:
                return False
            try:
                return bool(reading(view) != self.read[table])
            except StorageFailed:
                return True

    def _located(self, flip: Flip, found: Finding) -> bool:
        """Tell whether a finding leads to the row: by its stream, digest, index or name."""
        if flip.table in ("lifecycle_records", "lifecycle_openings", "lifecycle_evidence_keys"):
            return found.stream is not None
        if flip.table == "lifecycle_definitions":
            return found.code.startswith("definition")
        if flip.table.startswith("lifecycle_log_"):
            return found.code.startswith("log_")
        if flip.table == "lifecycle_checkpoints":
            return found.code.startswith(("checkpoint", "log_forked"))
        if flip.table == "lifecycle_standings":
            return str(found.stream).startswith(participation_stream(""))
        return found.stream is not None or found.code in ("foreign_record", "checkpoint_foreign")

    def evidence(self, chance: random.Random | None) -> tuple[int, int]:
        """Flip the bits of evidence files; all in memory, one of each file on the disk."""
        count = missed = 0
        for path in sorted((self.folder / "lifecycle.db.evidence").rglob("*")):
            if not path.is_file() or len(path.name) != 64:
                continue
            content = path.read_bytes()
            places = (
                range(8 * len(content)) if chance is None else [chance.randrange(8 * len(content))]
            )
            for bit in places:
                flip = Flip("", 0, "", content, bit)
                count += 1
                missed += sha256(flip.flipped).hexdigest() == path.name
            path.chmod(0o600)
            path.write_bytes(Flip("", 0, "", content, 3).flipped)
            found = self.engine.context.evidence.check(path.name)
            missed += found is not None and found.sha256 == path.name
            path.write_bytes(content)
        return count, missed


def run(folder: Path, sample: int | None, seed: int) -> Campaign:
    """Run the campaign, or a sample of it, and print its figures."""
    campaign, chance = Campaign(corpus(folder)), random.Random(seed)  # noqa: S311 - repeatable
    every = list(flips(campaign.database))
    chosen = every if sample is None else chance.sample(every, min(sample, len(every)))
    begin = time.monotonic()
    for number, flip in enumerate(chosen):
        campaign.judge(flip, whole=chance.randrange(5000) == 0)
        if number % 1000 == 0 and sys.stderr.isatty():
            print(f"\r{number} of {len(chosen)}", end="", file=sys.stderr)
    files, missed = campaign.evidence(None if sample is None else chance)
    assert not missed
    for table, count in sorted(campaign.judged.items()):
        print(f"{table:28} {count:>9} flips, refused by the database: {campaign.refused[table]}")
    print(f"{'evidence files':28} {files:>9} flips")
    total, seconds = len(chosen) + files, time.monotonic() - begin
    print(f"seed {seed}: {total} flips of {len(every)} bits in tables, {seconds:.0f} s,", end=" ")
    print(f"found where they are: {total - len(campaign.missed)}")
    return campaign


def main() -> int:
    """Run the campaign that the command line asks for."""
    sample = int(sys.argv[1]) if len(sys.argv) > 1 else None
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        campaign = run(Path(folder), sample, seed)
    for flip in campaign.missed[:20]:
        print("NOT FOUND", flip.table, flip.column, flip.row, flip.bit)
    return 1 if campaign.missed else 0


if __name__ == "__main__":
    sys.exit(main())
