"""Somebody with access to the files: he edits what he likes and covers his tracks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lifecycle import Lifecycle, verify
from lifecycle.audit.asked import asked, who
from lifecycle.audit.findings import Finding, Report
from lifecycle.audit.grounds import FOUNDING_RECORDS
from lifecycle.audit.merkle import Frontier
from lifecycle.domain import canonical
from lifecycle.domain.commitment import committed_in
from lifecycle.domain.credentials import credential_from
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import roadmap_stream
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.replay import fold
from lifecycle.domain.requests import Found
from lifecycle.storage import rows
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import Durability
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.agreeing import agree
from tests.factories import ORIGIN, ROADMAP, engine_on, held_after

SCHOOL = "krasnogorsk"
STREAM = f"participation/{SCHOOL}"
MAP = roadmap_stream(ROADMAP)
Body = dict[str, Any]
Change = Callable[[list[Body]], object]


def reopened(folder: Path, catalogue: Catalogue, durability: Durability | None = None) -> Lifecycle:
    """Return an engine on the database and the evidence in *folder*."""
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db", durability=durability)
    return engine_on(journal, catalogue, evidence=EvidenceFolder(folder / "evidence"))


def verified(folder: Path) -> Report:
    """Verify the database in *folder* as a fresh process would."""
    with reopened(folder, Catalogue()) as engine:
        report = verify(engine)
    agree(folder, report)
    return report


def told(folder: Path) -> list[tuple[str, str, str | None]]:
    """Return code, place and field of every finding."""
    return [brief(one) for one in verified(folder).findings]


def brief(finding: Finding) -> tuple[str, str, str | None]:
    """Return code, place and field of a finding."""
    return finding.code, finding.place, finding.field


def of(bodies: list[Body], transition: str) -> Body:
    """Return the last record that made *transition*."""
    return next(body for body in reversed(bodies) if body["transition"] == transition)


def place(folder: Path, transition: str) -> str:
    """Return where the school made *transition* last."""
    with BreakIn(folder) as visit:
        return f"{STREAM}#{of(visit.bodies(STREAM), transition)['sequence']}"


def forged(folder: Path, change: Change, stream: str = STREAM) -> list[Finding]:
    """Forge the stream and return what verification finds."""
    with BreakIn(folder) as visit:
        visit.forge(stream, change)
    return list(verified(folder).findings)


def refusal(folder: Path, change: Change, stream: str = STREAM) -> tuple[str, str]:
    """Return place and reason of the one finding, a decision that the rules refuse."""
    (found,) = forged(folder, change, stream)
    assert found.code == "decision_refused"
    return found.place, str(found.found)


def requested(body: Body) -> str:
    """Return the digest of what *body* says was asked: whoever forges one forges both."""
    try:
        record = Record.decode(canonical.encode(body))
        if record.stream == "installation" and record.sequence <= FOUNDING_RECORDS:
            return Found(actor=who(record), command_id="x").digest
        return asked(record).digest
    except (InvalidBody, KeyError, ValueError):
        return str(body["request"])


class BreakIn:
    """A visit to the database file: the triggers are gone during it and back after it.

    Args:
        folder: Where the database lies.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lifecycle.db"

    def __enter__(self) -> Self:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        self.triggers = self._database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        self.run("PRAGMA synchronous = OFF")
        self.run("BEGIN")
        for name, _ in self.triggers:
            self.run(f"DROP TRIGGER {name}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, statement in self.triggers:
            self.run(statement)
        self.run("COMMIT")
        self._database.close()

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Execute one statement and return its rows."""
        return self._database.execute(statement, values).fetchall()

    def bodies(self, stream: str) -> list[Body]:
        """Return the members of the records of *stream*."""
        found = self.run(
            "SELECT body FROM lifecycle_records WHERE stream = ? ORDER BY sequence", stream
        )
        return [json.loads(body) for (body,) in found]

    def rewrite(self, stream: str, bodies: list[Body]) -> None:
        """Write the records of *stream* anew: numbered, chained, hashed, and its head with them."""
        known = {
            json.loads(body)["request"]
            for (body,) in self.run("SELECT body FROM lifecycle_records")
        }
        self.run("DELETE FROM lifecycle_records WHERE stream = ?", stream)
        head = empty_head(ORIGIN, stream)
        for body in bodies:
            body |= {"sequence": head.version + 1, "previous": head.hash}
            if body["request"] in known:
                body["request"] = requested(body)
            record = Record.decode(canonical.encode(body))
            self._insert("lifecycle_records", rows.record_row(record) | {"stream": stream})
            head = record.head
        self.run("DELETE FROM lifecycle_streams WHERE stream = ?", stream)
        if bodies:
            self._insert("lifecycle_streams", rows.head_row(record) | {"stream": stream})
        self.reseal()

    def reseal(self) -> None:
        """Make the log fit the records: leaves in their old order, then those that are new."""
        known = self.run(
            "SELECT l.stream, l.sequence FROM lifecycle_log_leaves l JOIN lifecycle_records r"
            " ON r.stream = l.stream AND r.sequence = l.sequence ORDER BY l.idx"
        )
        stored = {
            (stream, sequence): text
            for stream, sequence, text in self.run(
                "SELECT stream, sequence, hash FROM lifecycle_records ORDER BY stream, sequence"
            )
        }
        for table in ("log_leaves", "log_tiles", "log_state", "sealing_queue"):
            self.run(f"DELETE FROM lifecycle_{table}")  # noqa: S608 - our names
        frontier = Frontier()
        for stream, sequence in dict.fromkeys([*known, *stored]):
            row = {"idx": frontier.size, "stream": stream, "sequence": sequence}
            self._insert("lifecycle_log_leaves", row)
            frontier.append(bytes.fromhex(stored[stream, sequence]))
        edge = {"id": 1, "size": frontier.size, "frontier": frontier.to_bytes()}
        self._insert("lifecycle_log_state", edge)

    def settle(self, stream: str) -> None:
        """Make the board, the roles and the actors fit the records of *stream*."""
        records = [Record.decode(canonical.encode(body)) for body in self.bodies(stream)]
        self.run("DELETE FROM lifecycle_assignments WHERE stream = ?", stream)
        for held in held_after(records):
            self._insert("lifecycle_assignments", rows.assignment_row(held))
        self._move_openings(stream, records)
        school = stream.removeprefix("participation/")
        if school != stream:
            self.run("DELETE FROM lifecycle_standings WHERE school = ?", school)
            participation = fold(records)
            if participation is not None:
                rules = self._definition(participation.definition.digest)
                self._insert(
                    "lifecycle_standings", rows.standing_row(standing_of(participation, rules))
                )
        if stream == "installation":
            self.run("DELETE FROM lifecycle_actors")
            for record in records:
                if record.kind == "actor_added":
                    name = (record.facts or {})["actor"]
                    self._insert("lifecycle_actors", {"actor": name, "sequence": record.sequence})
            self._settle_credentials(records)

    def _settle_credentials(self, records: list[Record]) -> None:
        self.run("DELETE FROM lifecycle_credentials")
        for record in records:
            if record.kind == "credential_added":
                row = rows.credential_row(credential_from(record))
                self._insert("lifecycle_credentials", row)
            elif record.kind == "credential_revoked":
                self.run(
                    "UPDATE lifecycle_credentials SET revoked = ? WHERE id = ?",
                    record.sequence,
                    (record.facts or {})["credential"],
                )

    def forge(self, stream: str, change: Change) -> None:
        """Change the records of *stream* and cover every track in the database."""
        bodies = self.bodies(stream)
        change(bodies)
        self.rewrite(stream, bodies)
        self.settle(stream)

    def _move_openings(self, stream: str, records: list[Record]) -> None:
        """Put what opens commitments beside the records that bear them now; drop the others."""
        borne = [
            (record.sequence, one.commitment) for record in records for one in committed_in(record)
        ]
        kept = self.run("SELECT commitment FROM lifecycle_openings WHERE stream = ?", stream)
        for (commitment,) in {*kept} - {(name,) for _, name in borne}:
            self.run("DELETE FROM lifecycle_openings WHERE commitment = ?", commitment)
        for sequence, commitment in borne:
            self.run(
                "UPDATE lifecycle_openings SET stream = ?, sequence = ? WHERE commitment = ?",
                *(stream, sequence, commitment),
            )

    def _definition(self, digest: str) -> Definition:
        ((body,),) = self.run("SELECT body FROM lifecycle_definitions WHERE digest = ?", digest)
        return Definition.from_json(json.loads(body))

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        names, places = ", ".join(row), ", ".join("?" * len(row))
        self.run(f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())  # noqa: S608 - names of our own columns
