"""A history of any length: some schools led by the engine, then copied under other ids.

A copy is a school of its own: its records get new ids, requests, links and hashes, made by the
project's own functions, and go into a real database in the order of their times, so that the
records of one school lie as far apart as in a history that grew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from lifecycle.domain import canonical
from lifecycle.domain.codec import to_json
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import Actor, Evidence, EvidenceFile, participation_stream
from lifecycle.domain.record import Record, empty_head, moment_text
from lifecycle.domain.replay import assignments_after, fold
from lifecycle.domain.requests import Advance, AssignRole, Enrol, Request, RevokeRole
from lifecycle.storage import rows
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.storage.tables import metadata
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, Office, SetClock, engine_on

WAVE = 60  # copies of every school that are written in one transaction
APART = timedelta(seconds=31)  # between the same records of two copies
Row = dict[str, Any]


def lead(folder: Path) -> Path:
    """Lead schools under every road map to various ends and return their database."""
    path, catalogue = folder / "lifecycle.db", Catalogue()
    evidence = EvidenceFolder(folder / "evidence")
    journal = create_journal(f"sqlite:///{path}", ORIGIN)
    paper = folder / "questionnaire.txt"
    paper.write_text("Анкетирование завершено.", "utf-8")
    clock = SetClock(step=timedelta(minutes=7))
    with engine_on(journal, catalogue, evidence=evidence, clock=clock) as engine:
        engine.found(actor=ADMIN, command_id="found")
        offices = [
            Office(engine, catalogue.compiled(roadmap)).opened() for roadmap in catalogue.roadmaps()
        ]
        for office in offices:
            for number in range(5):
                school = f"{office.roadmap}.{number}"
                office.enrol(school)
                clock.advance(days=3)
                _walk(office, school, number, EvidenceFile("questionnaire_completion", paper))
    return path


def _walk(office: Office, school: str, number: int, paper: EvidenceFile) -> None:
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
    who = office.who("reviewer", school)
    office.make(school, "accept_concept_documents", actor=replace(who, on_behalf_of=ADMIN.id))
    office.submit(school)
    office.make(school, "confirm_stage_1")
    office.submit(school)
    if number == 4:
        office.make(school, "return_stage_2_evidence")
        office.submit(school)
    office.make(school, "confirm_stage_2")
    office.make(school, "conclude", effective_on=date(2022, 3, 1))


@dataclass(frozen=True)
class Original:
    """A school of the engine's own making.

    Args:
        records: Its stream.
        bodies: The members of each record.
        definition: The rules it is under.
    """

    records: Sequence[Record]
    bodies: Sequence[dict[str, Any]]
    definition: Definition

    @property
    def school(self) -> str:
        """Id of the school."""
        return str((self.records[0].facts or {})["school"])


def originals(path: Path) -> list[Original]:
    """Return the schools of the database at *path*."""
    found = []
    journal = open_journal(f"sqlite:///{path}")
    with journal.reading() as view:
        for school in view.schools():
            records = view.records(participation_stream(school))
            rules = view.definition(records[0].definition.digest if records[0].definition else "")
            definition = Definition.from_json(json.loads(rules or b""))
            bodies = [record.to_json() for record in records]
            found.append(Original(records, bodies, definition))
    journal.close()
    return found


def copied(original: Original, number: int) -> list[Record]:
    """Return copy *number* of a school's stream: other ids, requests, links, times and hashes."""
    school = f"{original.school}-{number:05d}"
    stream, later = participation_stream(school), number * APART
    head, ids, result = empty_head(ORIGIN, stream), dict[str | None, str](), list[Record]()
    for record in original.records:
        ids[record.record_id] = record_id = _id(record.record_id, number)
        facts = dict(record.facts or {})
        if record.kind == "enrolled":
            facts["school"] = school
        if "assignment" in facts:
            facts["assignment"] = ids[facts["assignment"]]
        given = record.actor.assignment
        made = replace(
            record,
            stream=stream,
            previous=head.hash,
            record_id=record_id,
            command_id=_id(record.command_id, number),
            recorded_at=record.recorded_at + later,
            actor=replace(record.actor, assignment=ids.get(given, given)),
            evidence=tuple(_numbered(piece, number) for piece in record.evidence),
            facts=facts,
        )
        made = replace(made, request=asked(made, school).digest)
        result.append(made)
        head = made.head
    return result


def asked(record: Record, school: str) -> Request:
    """Return the request that makes *record* in the stream of *school*."""
    facts = record.facts or {}
    common: dict[str, Any] = {
        "actor": Actor(record.actor.id, record.actor.authentication, record.actor.on_behalf_of),
        "command_id": record.command_id,
        "effective_on": record.effective_on,
    }
    match record.kind:
        case "enrolled":
            return Enrol(**common, **facts)
        case "role_assigned" | "role_revoked":
            kind = AssignRole if record.kind == "role_assigned" else RevokeRole
            return kind(
                **common, assignee=facts["actor"], role=facts["role"], stream=record.stream
            )
    return Advance(
        **common,
        school=school,
        transition=record.transition or "",
        evidence=record.evidence,
        facts=facts,
        reason=record.reason,
    )


def _id(text: str, number: int) -> str:
    """Return an id that no other copy has, of the same length as the engine's own."""
    return str(UUID(int=UUID(text).int + (number << 48)))


def _numbered(piece: Evidence, number: int) -> Evidence:
    return piece if piece.number is None else replace(piece, number=f"{piece.number} / {number}")


def multiply(path: Path, records: int) -> int:
    """Copy the schools of the database at *path* until it holds *records*, and tell how many."""
    schools = originals(path)
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
        number = 1
        while count < records:
            wave = range(number, number + WAVE)
            count += _write(database, schools, wave, records - count)
            number = wave.stop
        for _, statement in triggers:
            database.execute(statement)
        database.execute("COMMIT")
    return count


def _write(
    database: sqlite3.Connection, schools: Sequence[Original], wave: range, wanted: int
) -> int:
    """Write copies of the schools, their records in the order of time."""
    written: list[Record] = []
    standings: list[Row] = []
    held: list[Row] = []
    for number, original in ((number, one) for number in wave for one in schools):
        if len(written) >= wanted:
            break
        stream = copied(original, number)
        participation = fold(stream)
        assert participation is not None
        standings.append(rows.standing_row(standing_of(participation, original.definition)))
        held += [rows.assignment_row(one) for one in participation.assignments]
        written += stream
    written.sort(key=lambda one: (one.recorded_at, one.sequence))
    heads = {one.stream: rows.head_row(one) for one in written}
    _insert(database, "lifecycle_records", map(rows.record_row, written))
    _insert(database, "lifecycle_streams", heads.values())
    _insert(database, "lifecycle_standings", standings)
    _insert(database, "lifecycle_assignments", held)
    return len(written)


def _insert(database: sqlite3.Connection, table: str, found: Iterator[Row] | Any) -> None:
    names = [column.name for column in metadata.tables[table].columns]
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608
    database.executemany(statement, ([row[name] for name in names] for row in found))
