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
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import (
    AdministrationRefused,
    EvidenceFile,
    Lifecycle,
    TransitionRefused,
    logs,
    verify,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import EvidenceLost
from lifecycle.domain.errors_people import (
    ErasureUnfinished,
    InvalidComment,
    NothingLeft,
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


@settings(max_examples=max(10, (settings.default.max_examples if settings.default else 25) // 2))
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
        written, erased, done = {"curator": 1}, 0, set[str]()
        for kind, role, words in steps:
            person = office.who(role, SCHOOL)
            before = bodies(engine)
            if kind == "back":
                clock.advance(minutes=-90)
            elif kind == "erase":
                if role in done and role not in written:
                    with pytest.raises(NothingLeft):
                        engine.people.erase(person.id, **GIVEN)
                else:
                    engine.people.erase(person.id, **GIVEN)
                done.add(role)
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


# -- one act, once --------------------------------------------------------------------------------


def test_an_act_is_recorded_again_only_for_what_came_since(office: Office, tmp_path: Path) -> None:
    note, people = tmp_path / "note.txt", office.engine.people
    note.write_text("x", "utf-8")
    piece = EvidenceFile("visit_note", note)
    visited = office.make(SCHOOL, "record_visit", comment="визит", evidence=[piece]).record
    first = people.erase(CURATOR, **GIVEN).record

    with pytest.raises(NothingLeft) as refused:
        people.erase(CURATOR, **GIVEN)
    assert f"record installation#{first.sequence}" in str(refused.value)
    assert [one.record for one in people.destroyed("12/2026")] == [first]
    with pytest.raises(AdministrationRefused):  # Only who may erase is told what was erased.
        people.erase(CURATOR, **GIVEN | {"actor": office.who("curator", SCHOOL)})

    people.name(CURATOR, "Т. Петрова", actor=ADMIN)
    named = people.erase(CURATOR, **GIVEN).record
    place = f"participation/{SCHOOL}#{visited.sequence}"
    wider = people.erase(CURATOR, **GIVEN, records=[place]).record
    # Nor is another act, of which an extract would say that it destroyed something.
    for other in ({"records": [place]}, {"act": "13/2026"}, {"ground": "person_request"}):
        with pytest.raises(NothingLeft, match="act 12/2026 did it"):
            people.erase(CURATOR, **GIVEN | other)

    assert list(people.show(CURATOR).erasures) == [first, named, wider]
    assert verify(office.engine).ok


def test_what_is_written_since_is_erased_by_the_same_act(office: Office) -> None:
    people = office.engine.people
    people.erase(CURATOR, **GIVEN)
    office.make(SCHOOL, "record_visit", comment="визит")

    people.erase(CURATOR, **GIVEN)

    assert [one.comments for one in people.destroyed("12/2026")] == [0, 1]


class Stuck(EvidenceFolder):
    """A store on a disk that removes nothing."""

    def remove(self, sha256: str) -> None:
        """Fail."""
        raise EvidenceLost(detail="read only", folder=str(self.root))


def test_an_act_asked_for_again_still_removes_the_files_that_were_left(
    office: Office, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("x", "utf-8")
    office.make(SCHOOL, "record_visit", evidence=[EvidenceFile("visit_note", note)])
    stuck = Lifecycle(replace(office.engine.context, evidence=Stuck(tmp_path / "evidence")))
    with pytest.raises(ErasureUnfinished):
        stuck.people.erase(CURATOR, **GIVEN)

    with pytest.raises(NothingLeft):
        office.engine.people.erase(CURATOR, **GIVEN)

    assert not [one for one in (tmp_path / "evidence").rglob("*") if one.is_file()]
    assert len(office.engine.people.destroyed("12/2026")) == 1


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
