"""What operators are told: after the commit, with the fields that are promised, and no more."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from lifecycle import (
    EvidenceFile,
    Lifecycle,
    TransitionRefused,
    VersionConflict,
    events,
    logs,
    verify,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import DatabaseLocked, EvidenceLost
from lifecycle.domain.errors_access import AuthenticationFailed
from lifecycle.domain.errors_people import ErasureUnfinished
from lifecycle.service.results import Receipt
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.memory import MemoryJournal
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, Office, engine_on
from tests.service.batches import FIRST, SCHOOL, walk
from tests.service.hearing import Operator, heard_by


class Stuck(EvidenceFolder):
    """A folder on a medium that lets nothing be removed."""

    def remove(self, sha256: str) -> None:
        """Fail, as a read-only medium does."""
        raise EvidenceLost(detail=f"{sha256} cannot be removed: Read-only", folder="")


@pytest.fixture
def engine(tmp_path: Path, catalogue: Catalogue) -> Iterator[Lifecycle]:
    """An engine on SQLite with an evidence folder."""
    journal = new_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN)
    with engine_on(journal, catalogue, evidence=EvidenceFolder(tmp_path / "evidence")) as engine:
        engine.found(actor=ADMIN, command_id="found")
        yield engine


@pytest.fixture
def operator(engine: Lifecycle) -> Operator:
    """Hears what the office's engine tells from now on."""
    return Operator(engine)


@pytest.fixture
def office(engine: Lifecycle, definition: Definition, operator: Operator) -> Office:
    """An office with a school, heard by the operator."""
    office = Office(engine, definition).opened(SCHOOL)
    return replace(office, engine=Lifecycle(replace(engine.context, log=operator)))


def records(engine: Lifecycle) -> int:
    with engine.context.journal.auditing() as view:
        return sum(count for _, count in view.sizes())


def test_a_transition_is_told_once_it_can_be_seen_by_others(
    office: Office, operator: Operator
) -> None:
    before = records(office.engine)
    receipt = office.make(SCHOOL, FIRST[0], command_id="first")
    office.make(SCHOOL, FIRST[0], command_id="first")

    assert operator.names == ["transition_recorded", "command_repeated"]
    assert operator.sizes == [before + 1, before + 1]
    (facts,) = operator.of(events.TRANSITION_RECORDED)
    assert receipt.record.definition is not None
    assert facts == {
        "stream": f"participation/{SCHOOL}",
        "sequence": receipt.version,
        "transition": FIRST[0],
        "source": "selected",
        "target": "questionnaire",
        "definition": receipt.record.definition.digest,
        "command_id": "first",
    }


def test_a_refusal_is_told_with_the_codes_of_what_is_missing(
    office: Office, operator: Operator
) -> None:
    before = records(office.engine)
    with pytest.raises(TransitionRefused) as refused:
        office.engine.advance(SCHOOL, "conclude", actor=ADMIN, command_id="no")

    (facts,) = operator.of(events.TRANSITION_REFUSED)
    assert facts["unmet"] == [one.code for one in refused.value.unmet]
    assert (facts["error"], facts["transition"], facts["command_id"]) == ("LC201", "conclude", "no")
    assert operator.sizes == [before]


def test_who_comes_too_late_is_a_conflict(office: Office, operator: Operator) -> None:
    with pytest.raises(VersionConflict) as error:
        office.make(SCHOOL, FIRST[0], expected_version=7, command_id="late")

    (facts,) = operator.of(events.CONFLICT)
    assert facts == {"request": "Advance", "error": error.value.code, "command_id": "late"}


def test_a_dry_run_and_what_is_asked_in_vain_are_not_told(
    office: Office, operator: Operator
) -> None:
    office.make(SCHOOL, FIRST[0], dry_run=True)
    list(office.engine.advance_many(walk(office), dry_run=True))

    assert operator.names == []


def test_each_line_of_a_batch_is_told_when_its_transaction_is_committed(
    office: Office, operator: Operator
) -> None:
    first, second, third = walk(office)
    lost = replace(second, school="Иванова Анна Петровна", command_id="lost")
    again = replace(first, command_id="again")
    before = records(office.engine)

    list(office.engine.advance_many([first, lost, again, second, third], per_transaction=3))

    assert operator.names == [
        "transition_recorded", "batch_line_failed", "transition_refused", "batch_committed",
        "transition_recorded", "transition_recorded", "batch_committed",
    ]  # fmt: skip
    assert operator.sizes == [before + 1] * 4 + [before + 3] * 3
    assert operator.of(events.BATCH_COMMITTED) == [
        {"recorded": 1, "unchanged": 0, "refused": 1, "failed": 1},
        {"recorded": 2, "unchanged": 0, "refused": 0, "failed": 0},
    ]
    assert "Иванова" not in repr(operator.heard)


def visited(office: Office, note: Path) -> Receipt:
    """Let a visit be recorded with a personal note."""
    office.lead(SCHOOL, "curator_visit")
    note.write_text("болен", "utf-8")
    return office.make(SCHOOL, "record_visit", evidence=[EvidenceFile("visit_note", note)])


def test_a_stored_file_is_told_by_its_digest_after_its_record(
    office: Office, operator: Operator, tmp_path: Path
) -> None:
    receipt = visited(office, tmp_path / "Сидоров.txt")

    (piece,) = receipt.record.evidence
    (facts,) = operator.of(events.EVIDENCE_STORED)
    assert operator.names[-2:] == ["transition_recorded", "evidence_stored"]
    assert (facts["sha256"], facts["size"], facts["encrypted"]) == (piece.sha256, piece.size, True)
    assert facts["sequence"] == receipt.version


def test_an_erasure_is_told_when_its_files_are_gone(
    office: Office, operator: Operator, tmp_path: Path
) -> None:
    visited(office, tmp_path / "note.txt")
    operator.heard.clear()
    curator = office.who("curator", SCHOOL).id

    office.engine.people.name(curator, "Сидоров Иван", actor=ADMIN)
    office.engine.people.erase(
        curator, ground="consent_withdrawn", act="12/2026", actor=ADMIN, command_id="erase"
    )

    assert operator.names == ["person_named", "record_appended", "erased"]
    assert operator.of(events.ERASED) == [{"files": 1, "command_id": "erase"}]


def test_an_erasure_that_leaves_a_file_is_told_as_unfinished(
    office: Office, operator: Operator, tmp_path: Path
) -> None:
    visited(office, tmp_path / "note.txt")
    stuck = Stuck(tmp_path / "evidence")
    office = replace(office, engine=Lifecycle(replace(office.engine.context, evidence=stuck)))

    with pytest.raises(ErasureUnfinished):
        office.engine.people.erase(
            office.who("curator", SCHOOL).id,
            ground="consent_withdrawn", act="1", actor=ADMIN, command_id="erase",
        )  # fmt: skip

    (facts,) = operator.of(events.ERASURE_UNFINISHED)
    assert facts == {"error": "LC530", "command_id": "erase"}
    assert operator.of(events.STORAGE_FAILED) == operator.of(events.ERASED) == []


def test_who_shows_a_token_that_is_none_is_told_without_it(
    office: Office, operator: Operator
) -> None:
    with pytest.raises(AuthenticationFailed):
        office.engine.authenticate("lct_0123456789_secret")

    assert operator.heard == [
        (events.AUTHENTICATION_FAILED, {"request": "by_token", "error": "LC205"})
    ]


def test_a_transaction_that_begins_again_is_told_each_time_and_then_that_it_failed(
    catalogue: Catalogue, definition: Definition
) -> None:
    journal = MemoryJournal(ORIGIN, lock_seconds=0.001)
    engine = engine_on(journal, catalogue)
    engine.found(actor=ADMIN, command_id="found")
    office = Office(engine, definition).opened(SCHOOL)
    with heard_by(engine) as (heard, operator):
        impatient = Lifecycle(replace(heard.context, patience=0.2))
        with journal.writing(), pytest.raises(DatabaseLocked):
            replace(office, engine=impatient).make(SCHOOL, FIRST[0], command_id="wait")
        with journal.writing(), pytest.raises(DatabaseLocked):
            list(impatient.advance_many(walk(office)))

    (alone, batch) = operator.of(events.STORAGE_FAILED)
    attempts = [facts["attempt"] for facts in operator.of(events.RETRIED)]
    assert alone == {"request": "Advance", "error": "LC504", "command_id": "wait"}
    assert batch == {"request": "Batch", "error": "LC504", "command_id": None}
    assert attempts[0] == 2
    assert attempts.count(2) == 2


def test_what_a_host_has_still_to_commit_is_not_told(
    office: Office, operator: Operator, tmp_path: Path
) -> None:
    database = create_engine(f"sqlite:///{tmp_path}/lifecycle.db")
    with database.connect() as connection:
        joined = replace(office, engine=office.engine.joined(connection))
        joined.make(SCHOOL, FIRST[0])
        connection.rollback()
    database.dispose()

    assert operator.names == []
    assert office.state(SCHOOL) == "selected"


def test_sealing_and_verification_are_told(catalogue: Catalogue, definition: Definition) -> None:
    engine = engine_on(MemoryJournal(ORIGIN, sealing="queued"), catalogue)
    engine.found(actor=ADMIN, command_id="found")
    office = Office(engine, definition).opened(SCHOOL)
    with heard_by(engine) as (heard, operator):
        waiting = records(engine)
        assert heard.seal(4) == waiting
        assert heard.seal() == 0
        verify(heard)
        state = engine.context.journal._state  # type: ignore[attr-defined]
        state.standings[SCHOOL] = replace(state.standings[SCHOOL], state="completed")
        verify(heard)

    assert sum(facts["count"] for facts in operator.of(events.SEALED)) == waiting
    assert operator.of(events.VERIFIED)[0]["records"] == waiting
    (failed,) = operator.of(events.VERIFICATION_FAILED)
    assert failed["findings"] == ["standing_differs"]
    assert office.state(SCHOOL) == "selected"


def test_events_reach_the_hosts_own_logging_and_their_facts_are_attributes(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine = Lifecycle(replace(office.engine.context, log=logs.event))
    replace(office, engine=engine).make(SCHOOL, FIRST[0])
    with pytest.raises(AuthenticationFailed):
        engine.authenticate("none")

    told, warned = [one for one in caplog.records if one.name == "lifecycle"]
    assert (told.message, told.levelname) == ("transition_recorded", "INFO")
    assert (vars(told)["source"], vars(told)["target"]) == ("selected", "questionnaire")
    assert (warned.message, warned.levelname) == ("authentication_failed", "WARNING")


@pytest.mark.parametrize("event", events.ALL, ids=lambda one: one.name)
def test_every_event_can_be_written_by_the_standard_logger(
    event: events.Event, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logs.event(event, **dict.fromkeys(event.fields, "x"))

    (told,) = caplog.records
    assert told.message == event.name
    assert {vars(told)[name] for name in event.fields} == {"x"}


def test_the_library_sets_up_neither_logging_nor_structlog_for_its_host() -> None:
    code = """
import logging, sys
import structlog
before = structlog.get_config()
structlog.configure(processors=[lambda *a: (_ for _ in ()).throw(AssertionError("host's"))])
host = structlog.get_config()
root = list(logging.root.handlers), logging.root.level
from lifecycle import Actor, create_lifecycle
logging.getLogger("lifecycle").setLevel(logging.INFO)
logging.getLogger("lifecycle").addHandler(logging.StreamHandler(sys.stdout))
create_lifecycle("memory://", administrator=Actor("chief", "host:portal")).close()
assert structlog.get_config() == host
assert (list(logging.root.handlers), logging.root.level) == root
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr
    assert said.stdout == "record_appended\ncreated\n"
    assert said.stderr == ""


def test_names_of_events_are_told_apart() -> None:
    names = [one.name for one in events.ALL]

    assert len(names) == len(set(names)) >= 20
    assert all(one.isidentifier() and one.islower() for one in names)
