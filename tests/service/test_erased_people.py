"""Anybody erased at any time, and nothing personal where it could not be erased."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle import (
    EvidenceFile,
    Lifecycle,
    TransitionRefused,
    logs,
    verify,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors_people import (
    InvalidComment,
)
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory_evidence import MemoryEvidence
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, Office, SetClock, engine_on, memory_engine

SCHOOL = "krasnogorsk"
CURATOR = f"curator.{SCHOOL}"
GIVEN: dict[str, Any] = {"ground": "consent_withdrawn", "act": "12/2026", "actor": ADMIN}


@pytest.fixture
def engine(tmp_path: Path, catalogue: Catalogue) -> Iterator[Lifecycle]:
    """An engine on SQLite with an evidence folder and the events for operators on."""
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    engine = engine_on(journal, catalogue, evidence=EvidenceFolder(tmp_path / "evidence"))
    with Lifecycle(replace(engine.context, log=logs.event)) as logging_engine:
        logging_engine.found(actor=ADMIN, command_id="found")
        yield logging_engine


@pytest.fixture
def office(engine: Lifecycle, definition: Definition) -> Office:
    """An office whose school awaits its visit."""
    office = Office(engine, definition).opened(SCHOOL)
    office.lead(SCHOOL, "curator_visit")
    return office


# -- anybody, at any time -------------------------------------------------------------------------

people = st.sampled_from(["regional_coordinator", "municipal_coordinator", "curator"])
steps = st.lists(
    st.tuples(st.sampled_from(["say", "erase", "back"]), people, st.text("абв", min_size=1)),
    max_size=12,
)


@given(steps)
def test_whoever_is_erased_at_any_time_the_chain_stays_and_verifies(
    steps: list[tuple[str, str, str]],
) -> None:
    catalogue = Catalogue()
    definition = catalogue.compiled("tomari-2022")
    clock = SetClock()
    with memory_engine(catalogue, clock=clock, evidence=MemoryEvidence()) as engine:
        office = Office(engine, definition).opened(SCHOOL)
        office.lead(SCHOOL, "curator_visit")
        office.make(SCHOOL, "record_visit", comment="визит")
        activities = iter([one.key for one in definition.roadmap.activities if not one.by_schools])
        written, erased = {"curator": 1}, 0
        for kind, role, words in steps:
            person = office.who(role, SCHOOL)
            before = bodies(engine)
            if kind == "back":
                clock.advance(minutes=-90)
            elif kind == "erase":
                engine.people.erase(person.id, **GIVEN)
                erased += written.pop(role, 0)
            elif role != "curator" and (key := next(activities, None)) is not None:
                acts = next(one for one in definition.roadmap.activities if one.key == key)
                if acts.recurrence is not None:
                    continue
                engine.plans.act("tomari-2022", key, "begun", actor=person, comment=words)
                written[role] = written.get(role, 0) + 1
            after = bodies(engine)
            assert {name: after[name][: len(kept)] for name, kept in before.items()} == before
        # What is ahead of the clock is told, and is not what is asked here.
        clock.advance(minutes=90 * len(steps))
        report = verify(engine)
        assert report.findings == ()
        assert (report.opened, report.erased, report.missing) == (
            sum(written.values()),
            erased,
            0,
        )


def bodies(engine: Lifecycle) -> dict[str, list[bytes]]:
    with engine.context.journal.auditing() as view:
        found: dict[str, list[bytes]] = {}
        for one in view.stored():
            found.setdefault(one.stream, []).append(one.body)
        return found


# -- nothing personal anywhere else ---------------------------------------------------------------


def test_planted_secrets_are_where_they_can_be_erased_and_nowhere_else(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lifecycle")
    secrets = {name: f"SECRET{name}" for name in ("NAME", "WORDS", "FILE", "CONTENT")}
    note = tmp_path / f"{secrets['FILE']}.txt"
    note.write_text(secrets["CONTENT"])
    office.engine.people.name(CURATOR, secrets["NAME"], actor=ADMIN)

    def visit(**given: Any) -> None:
        office.make(SCHOOL, "record_visit", evidence=[EvidenceFile("visit_note", note)], **given)

    with pytest.raises(TransitionRefused) as refused:
        visit(comment=secrets["WORDS"], actor=office.who("expert", SCHOOL))
    with pytest.raises(InvalidComment):
        visit(comment=secrets["WORDS"] + "\x00")
    visit(comment=secrets["WORDS"])
    note.unlink()

    with office.engine.context.journal.reading() as view:
        refusals = json.dumps([str(one) for one in view.refused()])
    assert "role_missing" in refusals
    told = io.StringIO()
    for one in caplog.records:
        told.write(f"{one.getMessage()} {one.__dict__}")
    assert "transition_refused" in told.getvalue()
    for text in (refusals, told.getvalue(), str(refused.value), str(refused.value.unmet)):
        assert "SECRET" not in text
    assert holders(tmp_path) == {
        "lifecycle_persons": {"NAME"},
        "lifecycle_openings": {"WORDS", "FILE"},
    }
    office.engine.people.erase(CURATOR, **GIVEN)
    assert holders(tmp_path) == {}
    assert all(b"SECRET" not in one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())


def holders(folder: Path) -> dict[str, set[str]]:
    """Return which planted secrets every table and every file but the database holds."""
    import sqlite3

    found: dict[str, set[str]] = {}

    def look(where: str, raw: bytes) -> None:
        for name in ("NAME", "WORDS", "FILE", "CONTENT"):
            if f"SECRET{name}".encode() in raw:
                found.setdefault(where, set()).add(name)

    with sqlite3.connect(folder / "lifecycle.db") as database:
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in database.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our names
                look(table, b"|".join(str(one).encode() for one in row))
                look(table, b"|".join(one for one in row if isinstance(one, bytes)))
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "lifecycle.db":
            look(path.name, path.read_bytes())
    return found
