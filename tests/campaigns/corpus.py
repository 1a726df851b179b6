"""A history of any length: some schools led by the engine, then copied under other ids.

A copy is a school of its own: its records get new ids, requests, links and hashes, made by the
project's own functions, and go into a real database in the order of their times, so that the
records of one school lie as far apart as in a history that grew.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from lifecycle.audit.asked import asked
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.tiles import BITS, WIDTH, row_root
from lifecycle.domain import canonical
from lifecycle.domain.codec import to_json
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import Actor, Evidence, participation_stream
from lifecycle.domain.record import (
    Record,
    genesis_hash,
    moment_from,
    moment_text,
    record_hash,
)
from lifecycle.domain.replay import fold
from lifecycle.storage import rows
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.storage.tables import metadata
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, Office, SetClock, actor, engine_on

NUMBER = "52 -а"  # of every order that the factories bring
WAVE = 60  # copies of every school that are written in one transaction
APART = timedelta(seconds=31)  # between the same records of two copies
Row = dict[str, Any]


def lead(folder: Path) -> Path:
    """Lead schools under every road map to various ends and return their database."""
    path, catalogue = folder / "lifecycle.db", Catalogue()
    evidence = EvidenceFolder(folder / "evidence")
    journal = create_journal(f"sqlite:///{path}", ORIGIN)
    # No file: its name would be committed to, and what opens that lies beside the history.
    paper = Evidence("questionnaire_completion", form="link", url="https://example.org/done")
    clock = SetClock(step=timedelta(minutes=7))
    with engine_on(journal, catalogue, evidence=evidence, clock=clock) as engine:
        engine.found(actor=ADMIN, command_id="found")
        offices = [Staff(engine, catalogue.compiled(one)) for one in catalogue.roadmaps()]
        for office in offices:
            office.register()
        for office in offices:
            office.opened()
        for office in offices:
            for number, school in enumerate(office.schools):
                office.enrol(school)
                clock.advance(days=3)
                _walk(office, school, number, paper)
    return path


class Staff(Office):
    """An office whose people are all registered before the first school is enrolled.

    So the copies of the schools, which are made later, rest on the same people.
    """

    @property
    def schools(self) -> list[str]:
        """Ids of the schools it leads."""
        return [f"{self.roadmap}.{number}" for number in range(5)]

    def register(self) -> None:
        """Register everybody who will ever be given a role."""
        for place in (self.roadmap, *self.schools):
            for name in (*self.definition.role, "former"):
                self.engine.add_actor(f"{name}.{place}", actor=self.admin)

    def assign(self, role: str, school: str | None = None, name: str | None = None) -> Actor:
        """Give *role* to somebody who is registered already."""
        person = actor(name or f"{role}.{school or self.roadmap}")
        where = {"school": school} if school else {"roadmap": self.roadmap}
        self.engine.assign(person.id, role, actor=self.admin, **where)
        self.people.setdefault((role, school), person)
        return person


def _walk(office: Office, school: str, number: int, paper: Evidence) -> None:
    """Lead a school on: to the end, returned and resubmitted, with a stand-in, or away."""
    office.make(school, "start_questionnaire")
    office.make(school, "complete_questionnaire", evidence=[paper])
    office.make(school, "receive_risk_profile")
    if number == 0:
        office.make(school, "withdraw")
        return
    office.make(school, "record_visit")
    if number >= 2:
        office.submit(school)
        office.make(school, "return_concept_documents")
    if number == 3:
        former = office.assign("curator", school, name=f"former.{school}")
        office.engine.revoke(former.id, "curator", school=school, actor=ADMIN)
    office.submit(school)
    who, chief = office.who("reviewer", school), office.who("federal_coordinator", school)
    office.make(school, "accept_concept_documents", actor=replace(who, on_behalf_of=chief.id))
    office.submit(school)
    office.make(school, "confirm_stage_1")
    office.submit(school)
    if number == 4:
        office.make(school, "return_stage_2_evidence")
        office.submit(school)
    office.make(school, "confirm_stage_2")
    office.make(school, "conclude", effective_on=date(2022, 3, 1))


class Mould:
    """A record of the engine's own making, with gaps where a copy differs.

    Args:
        record: The record.
        own: Ids of the records of its stream, which copies have under other ids.
    """

    def __init__(self, record: Record, own: set[str]) -> None:
        self.record = record
        request = asked(record)
        content = {
            name: value
            for name, value in to_json(request).items()
            if name not in ("actor", "command_id", "expected_version")
        }
        who = [request.actor.id, request.actor.on_behalf_of]
        whole = [type(request).__name__, who, content]
        # By the project's own reckoning: what is filled in below is what the engine hashes.
        assert sha256(canonical.encode(whole)).hexdigest() == record.request
        school = record.stream.removeprefix(participation_stream(""))
        body = record.to_json() | {
            "stream": "%(stream)s",
            "previous": "%(previous)s",
            "record_id": "%(record_id)s",
            "command_id": "%(command_id)s",
            "recorded_at": "%(moment)s",
            "request": "%(request)s",
        }
        given = record.actor.assignment or ""
        body["actor"] |= {"assignment": "%(given)s"}
        if "school" in body["facts"]:
            body["facts"] |= {"school": "%(school)s"}
        if "assignment" in body["facts"]:
            body["facts"] |= {"assignment": "%(taken)s"}
        self._given, self._own = given, own
        self._taken = (record.facts or {}).get("assignment", "")
        self._body = _gapped(body)
        gaps = {record.stream: "%(stream)s", school: "%(school)s"}
        if "school" in content or "stream" in content:
            content |= {
                name: gaps[content[name]] for name in ("school", "stream") if name in content
            }
        self._request = _gapped(whole)

    def filled(self, number: int, stream: str, previous: str) -> Row:
        """Return the row of copy *number*."""
        record = self.record
        values: dict[str, Any] = {
            "stream": stream,
            "school": stream.removeprefix(participation_stream("")),
            "previous": previous,
            "record_id": _id(record.record_id, number),
            "command_id": _id(record.command_id, number),
            "moment": moment_text(record.recorded_at + number * APART),
            "number": number,
            "given": _id(self._given, number) if self._given in self._own else self._given,
            "taken": _id(self._taken, number),
        }
        values["request"] = sha256((self._request % values).encode()).hexdigest()
        body = (self._body % values).encode()
        columns = record.columns | {name: values[name] for name in _COPIED}
        columns["recorded_at"] = values["moment"]
        place = {"stream": stream, "sequence": record.sequence}
        return {**place, "hash": record_hash(body), "body": body, **columns}


_COPIED = ("previous", "record_id", "command_id")


def _gapped(value: Any) -> str:
    """Return the canonical text of *value*, ready to be filled; orders get numbers of their own."""
    text = canonical.encode(value).decode()
    gaps = re.sub(r"%(?!\((?:\w+)\)s)", "%%", text)
    return gaps.replace(f'"number":"{NUMBER}"', f'"number":"{NUMBER} / %(number)d"')


def _id(text: str, number: int) -> str:
    """Return an id that no other copy has, of the same length as the engine's own."""
    return f"{number:08x}{text[8:]}"


@dataclass(frozen=True)
class Original:
    """A school of the engine's own making.

    Args:
        moulds: Its stream.
        standing: Its row of the board.
        held: The rows of roles held on it.
    """

    moulds: Sequence[Mould]
    standing: Row
    held: Sequence[Row]

    def copy(self, number: int) -> Copy:
        """Return copy *number*: other ids, requests, links, times and hashes."""
        stream = f"{self.moulds[0].record.stream}-{number:05d}"
        school, written = stream.removeprefix(participation_stream("")), list[Row]()
        previous = genesis_hash(ORIGIN, stream)
        for mould in self.moulds:
            written.append(mould.filled(number, stream, previous))
            previous = written[-1]["hash"]
        entered = moment_from(self.standing["entered_at"]) + number * APART
        standing = self.standing | {"school": school, "entered_at": moment_text(entered)}
        held = [
            one | {"stream": stream, "record_id": _id(one["record_id"], number)}
            for one in self.held
        ]
        return Copy(written, standing, held)


@dataclass(frozen=True)
class Copy:
    """The rows of a copied school."""

    records: list[Row]
    standing: Row
    held: list[Row]


def originals(path: Path) -> list[Original]:
    """Return the schools of the database at *path*."""
    journal, found = open_journal(f"sqlite:///{path}"), []
    with journal.reading() as view:
        for school in view.schools():
            records = view.records(participation_stream(school))
            own = {record.record_id for record in records}
            participation = fold(records)
            assert participation is not None
            rules = view.definition(participation.definition.digest)
            definition = Definition.from_json(json.loads(rules or b""))
            found.append(
                Original(
                    [Mould(record, own) for record in records],
                    rows.standing_row(standing_of(participation, definition)),
                    [rows.assignment_row(one) for one in participation.assignments],
                )
            )
    journal.close()
    return found


_SEALED = """\
SELECT l.stream, l.sequence, r.hash FROM lifecycle_log_leaves AS l
 JOIN lifecycle_records AS r ON r.stream = l.stream AND r.sequence = l.sequence ORDER BY l.idx"""


class Tree:
    """The log over all records, written anew from its first leaf."""

    def __init__(self) -> None:
        self._frontier = Frontier()
        self._rows: list[list[bytes]] = [[]]

    def grow(self, database: sqlite3.Connection, leaves: Sequence[tuple[str, int, str]]) -> None:
        """Add leaves, each by stream, sequence and hash of its record."""
        first = self._frontier.size
        if not first:
            for table in ("leaves", "tiles", "state"):
                database.execute(f"DELETE FROM lifecycle_log_{table}")  # noqa: S608
        rows_of_leaves = [
            {"idx": index, "stream": stream, "sequence": sequence}
            for index, (stream, sequence, _) in enumerate(leaves, first)
        ]
        _insert(database, "lifecycle_log_leaves", rows_of_leaves)
        for _, _, digest in leaves:
            leaf = bytes.fromhex(digest)
            self._frontier.append(leaf)
            self._rows[0].append(leaf)
            self._fold(database, 0)

    def close(self, database: sqlite3.Connection) -> None:
        """Write the right edge."""
        edge = {"id": 1, "size": self._frontier.size, "frontier": self._frontier.to_bytes()}
        _insert(database, "lifecycle_log_state", [edge])

    def _fold(self, database: sqlite3.Connection, level: int) -> None:
        row = self._rows[level]
        if len(row) < WIDTH:
            return
        index = (self._frontier.size >> BITS * (level + 1)) - 1
        tile = {"level": level, "idx": index, "hashes": b"".join(row)}
        _insert(database, "lifecycle_log_tiles", [tile])
        if level + 1 == len(self._rows):
            self._rows.append([])
        self._rows[level + 1].append(row_root(row))
        row.clear()
        self._fold(database, level + 1)


def multiply(path: Path, records: int) -> int:
    """Copy the schools of the database at *path* until it holds *records*, and tell how many."""
    schools = originals(path)
    tree = Tree()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA cache_size = -4000000")
        triggers = database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        (count,) = database.execute("SELECT count(*) FROM lifecycle_records").fetchone()
        database.execute("BEGIN")
        for name, _ in triggers:
            database.execute(f"DROP TRIGGER {name}")
        tree.grow(database, database.execute(_SEALED).fetchall())
        number = 1
        while count < records:
            wave = range(number, number + WAVE)
            count += _write(database, tree, schools, wave, records - count)
            number = wave.stop
        tree.close(database)
        for _, statement in triggers:
            database.execute(statement)
        database.execute("COMMIT")
    return int(count)


def _write(
    database: sqlite3.Connection,
    tree: Tree,
    schools: Sequence[Original],
    wave: range,
    wanted: int,
) -> int:
    """Write copies of the schools, their records in the order of time."""
    copies = [one.copy(number) for number in wave for one in schools]
    while sum(len(one.records) for one in copies) - len(copies[-1].records) >= wanted:
        copies.pop()
    written = [row for one in copies for row in one.records]
    written.sort(key=lambda row: (row["recorded_at"], row["sequence"]))
    tree.grow(database, [(row["stream"], row["sequence"], row["hash"]) for row in written])
    heads = {row["stream"]: {**row, "version": row["sequence"]} for row in written}
    _insert(database, "lifecycle_records", written)
    _insert(database, "lifecycle_streams", heads.values())
    _insert(database, "lifecycle_standings", (one.standing for one in copies))
    _insert(database, "lifecycle_assignments", (row for one in copies for row in one.held))
    return len(written)


def _insert(database: sqlite3.Connection, table: str, found: Iterable[Row]) -> None:
    names = [column.name for column in metadata.tables[table].columns]
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    database.executemany(statement, ([row[name] for name in names] for row in found))
