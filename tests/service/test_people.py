"""People's data from the first word to its destruction, on an engine with real files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lifecycle import (
    AdministrationRefused,
    Evidence,
    EvidenceFile,
    InvalidInput,
    Lifecycle,
    Record,
    logs,
    verify,
)
from lifecycle.domain.commitment import Opened, committed_in
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    CommandReused,
    EvidenceLost,
    InvalidEvidence,
    UnknownActor,
)
from lifecycle.domain.errors_people import (
    ErasureUnfinished,
    EvidenceErased,
    InvalidComment,
    InvalidErasure,
    UnknownAct,
    UnknownEvidence,
    UnknownRecord,
)
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, ORIGIN, Office, SetClock, actor, engine_on
from tests.storage.samples import append

SCHOOL = "krasnogorsk"
STREAM = f"participation/{SCHOOL}"
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


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A note that speaks of people, in its name and in its words."""
    folder = tmp_path / "given"
    folder.mkdir()
    path = folder / "Сидоров-беседа.txt"
    path.write_text("Сидоров болен.", "utf-8")
    return path


def visit(office: Office, note: Path, **changes: Any) -> Record:
    values = {"evidence": [EvidenceFile("visit_note", note)], "comment": "Сидоров просил"}
    return office.make(SCHOOL, "record_visit", **{**values, **changes}).record


def address(record: Record) -> str:
    (piece,) = record.evidence
    assert piece.sha256 is not None
    return piece.sha256


# -- from the first word --------------------------------------------------------------------------


def test_a_comment_and_a_file_name_are_shown_and_are_not_in_the_record(
    office: Office, note: Path
) -> None:
    record = visit(office, note)
    opened = office.engine.people.opened(office.engine.history(SCHOOL))

    shown = {one.field: opened[one.commitment] for one in committed_in(record)}
    assert shown["comment"] == Opened("opened", "Сидоров просил")
    assert shown["evidence/0/name"] == Opened("opened", note.name)
    assert "Сидоров" not in record.body.decode()


def test_a_personal_file_lies_there_encrypted_and_comes_back_as_it_was(
    office: Office, note: Path, tmp_path: Path
) -> None:
    record = visit(office, note)
    (piece,) = record.evidence
    (stored,) = [one for one in (tmp_path / "evidence" / "sha256").rglob("*") if one.is_file()]

    assert stored.name == piece.sha256
    assert stored.stat().st_size == piece.size == note.stat().st_size + 28  # nonce and tag
    assert note.read_bytes() not in stored.read_bytes()
    assert office.engine.people.evidence(address(record)) == note.read_bytes()


def test_the_same_words_twice_are_two_commitments(office: Office) -> None:
    ours = [one for one in office.definition.roadmap.activities if not one.by_schools]
    for key in [one.key for one in ours if one.recurrence is None][:2]:
        office.engine.plans.act("tomari-2022", key, "begun", actor=planner(office), comment="x")

    first, second = office.engine.administration("tomari-2022")[-2:]
    assert first.comment is not None
    assert first.comment != second.comment


def planner(office: Office) -> Any:
    return office.people["municipal_coordinator", None]


def test_an_ordinary_file_comes_back_and_a_foreign_address_is_unknown(
    office: Office, note: Path, tmp_path: Path
) -> None:
    file = EvidenceFile("activity_result", note)
    receipt = office.engine.plans.act(
        "tomari-2022", "1.3", "done", actor=planner(office), evidence=[file]
    )
    digest = address(receipt.record)

    assert office.engine.people.evidence(digest) == note.read_bytes()
    with pytest.raises(UnknownEvidence):
        office.engine.people.evidence("0" * 64)
    stored = tmp_path / "evidence" / "sha256" / digest[:2] / digest[2:4] / digest
    stored.chmod(0o600)
    stored.write_bytes(b"x" * note.stat().st_size)
    with pytest.raises(EvidenceLost, match="not that content"):
        office.engine.people.evidence(digest)
    stored.unlink()
    with pytest.raises(EvidenceLost, match="cannot be read"):
        office.engine.people.evidence(digest)


def test_a_retry_may_give_the_same_file_and_other_words(office: Office, note: Path) -> None:
    first = visit(office, note, command_id="visit")
    other = note.with_name("other.txt")
    other.write_bytes(note.read_bytes())

    again = visit(office, other, command_id="visit", comment=None)

    assert again == first
    with pytest.raises(CommandReused):
        visit(office, note, command_id="visit", evidence=[])


def test_the_same_personal_file_is_not_given_twice(office: Office, note: Path) -> None:
    file = EvidenceFile("visit_note", note)

    with pytest.raises(InvalidEvidence, match="given twice"):
        visit(office, note, evidence=[file, file])
    with pytest.raises(InvalidEvidence, match="given twice"):
        visit(office, note, evidence=[EvidenceFile("risk_profile", note)] * 2)


@pytest.mark.parametrize("comment", ["", " \n ", "x" * 2001, "звонок\x07", "\ud800"])
def test_a_comment_that_is_none_is_refused_without_repeating_it(
    office: Office, note: Path, comment: str
) -> None:
    with pytest.raises(InvalidComment) as caught:
        visit(office, note, comment=comment)

    assert str(caught.value) == "the comment is not valid: 1 to 2000 printable characters"


def test_a_file_name_that_is_no_text_is_kept_as_escapes(office: Office, note: Path) -> None:
    odd = note.with_name("п\udcff.txt")
    odd.write_bytes(b"x")
    record = visit(office, odd)

    name = record.evidence[0].name
    assert name is not None
    opened = office.engine.people.opened([record])
    assert opened[name].value == "п\\udcff.txt"


# -- names ----------------------------------------------------------------------------------------


def test_an_administrator_names_people(office: Office) -> None:
    people = office.engine.people
    people.name(CURATOR, "  Т.  Петрова ", actor=ADMIN)
    before = office.engine.administration()

    assert people.show(CURATOR).name == "Т. Петрова"
    people.name(CURATOR, "Т. Иванова", actor=ADMIN)
    assert people.show(CURATOR).name == "Т. Иванова"
    assert office.engine.administration() == before
    with pytest.raises(UnknownActor):
        people.name("ghost", "Х", actor=ADMIN)
    with pytest.raises(UnknownActor):
        people.show("ghost")
    with pytest.raises(AdministrationRefused):
        people.name(CURATOR, "Х", actor=actor(CURATOR))


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x00"])
def test_a_name_that_is_none_is_refused(office: Office, name: str) -> None:
    with pytest.raises(InvalidInput):
        office.engine.people.name(CURATOR, name, actor=ADMIN)
    with pytest.raises(InvalidInput):
        office.engine.add_actor("new", actor=ADMIN, name=name)


# -- to its destruction ---------------------------------------------------------------------------


def test_an_erasure_leaves_the_history_as_it_was(office: Office, note: Path) -> None:
    record, people = visit(office, note), office.engine.people
    people.name(CURATOR, "Т. Петрова", actor=ADMIN)
    kept = people.show(CURATOR)
    assert (kept.values, kept.files) == (3, 1)
    before = [one.body for one in office.engine.history(SCHOOL)]

    receipt = people.erase(CURATOR, **GIVEN)

    assert [one.body for one in office.engine.history(SCHOOL)] == before
    gone = people.show(CURATOR)
    assert (gone.name, gone.values, gone.files) == (None, 0, 0)
    assert gone.erasures == (receipt.record,)
    by = f"installation#{receipt.record.sequence}"
    assert set(people.opened([record]).values()) == {Opened("erased", erasure=by)}
    with pytest.raises(EvidenceErased):
        people.evidence(address(record))
    report = verify(office.engine)
    assert (report.ok, report.opened, report.erased, report.missing) == (True, 0, 3, 0)


def test_what_is_written_after_an_erasure_is_not_covered_even_by_a_clock_set_back(
    office: Office,
) -> None:
    office.engine.people.erase(planner(office).id, **GIVEN)
    clock = office.engine.context.clock
    assert isinstance(clock, SetClock)
    clock.advance(hours=-5)

    office.engine.plans.act("tomari-2022", "1.3", "begun", actor=planner(office), comment="y")
    clock.advance(hours=5)

    report = verify(office.engine)
    assert (report.ok, report.opened, report.erased) == (True, 1, 0)
    assert office.engine.people.erase(planner(office).id, **GIVEN | {"act": "2"}).version
    report = verify(office.engine)
    assert (report.ok, report.opened, report.erased) == (True, 0, 1)


def test_an_erasure_is_no_earlier_than_what_it_covers_though_the_log_ends_earlier(
    office: Office,
) -> None:
    engine, person = office.engine, planner(office)
    written = engine.plans.act("tomari-2022", "1.3", "begun", actor=person, comment="y").record
    with engine.context.journal.writing() as tx:  # from a server whose clock is behind
        before = written.recorded_at - timedelta(hours=1)
        append(tx, "participation/other", "enrolled", recorded_at=before)
        assert tx.logged_at() == before
    clock = engine.context.clock
    assert isinstance(clock, SetClock)
    clock.advance(hours=-5)

    erased = engine.people.erase(person.id, **GIVEN).record

    assert erased.recorded_at == written.recorded_at
    by = f"installation#{erased.sequence}"
    assert set(engine.people.opened([written]).values()) == {Opened("erased", erasure=by)}


def test_the_extract_names_records_in_the_order_of_their_numbers(
    office: Office, note: Path
) -> None:
    first = visit(office, note)
    office.make(SCHOOL, "submit_concept_documents")
    office.make(SCHOOL, "return_concept_documents")
    last = office.make(SCHOOL, "submit_concept_documents", comment="of him, too").record
    places = [f"{STREAM}#{one.sequence}" for one in (first, last)]

    office.engine.people.erase(CURATOR, records=[places[1]], **GIVEN)

    (found,) = office.engine.people.destroyed()
    assert list(found.places) == places
    assert sorted(places) != places  # as texts


def test_records_of_others_are_erased_where_they_are_named(office: Office, note: Path) -> None:
    record, people = visit(office, note), office.engine.people

    for place in ("nothing", f"{STREAM}#99", "participation/ghost#1"):
        with pytest.raises(UnknownRecord):
            people.erase(ADMIN.id, **GIVEN, records=[place])
    done = people.erase(ADMIN.id, **GIVEN, records=[f"{STREAM}#{record.sequence}"])

    by = f"installation#{done.record.sequence}"
    assert set(people.opened([record]).values()) == {Opened("erased", erasure=by)}
    (destroyed,) = people.destroyed("12/2026")
    assert (destroyed.comments, destroyed.file_names, destroyed.files) == (1, 1, 1)
    assert destroyed.places == (f"{STREAM}#{record.sequence}",)
    assert verify(office.engine).ok


def test_an_act_that_destroyed_nothing_is_unknown(office: Office) -> None:
    assert office.engine.people.destroyed() == ()
    with pytest.raises(UnknownAct):
        office.engine.people.destroyed("1")


def test_who_may_not_erase_is_refused_and_nothing_is_gone(office: Office, note: Path) -> None:
    visit(office, note)

    with pytest.raises(AdministrationRefused):
        office.engine.people.erase(CURATOR, **GIVEN | {"actor": actor(CURATOR)})
    with pytest.raises(UnknownActor):
        office.engine.people.erase("ghost", **GIVEN)
    with pytest.raises(InvalidErasure):
        office.engine.people.erase(CURATOR, **GIVEN | {"ground": "because"})

    assert office.engine.people.show(CURATOR).values == 3


class Stuck(EvidenceFolder):
    """A folder whose files cannot be removed: a rights problem cannot be made for root."""

    def remove(self, sha256: str) -> None:
        raise EvidenceLost(detail=f"{sha256} cannot be removed", folder=str(self.root))


def test_an_interrupted_erasure_is_finished_by_the_same_command(
    office: Office, note: Path, tmp_path: Path
) -> None:
    record = visit(office, note)
    context = office.engine.context
    stuck = Lifecycle(replace(context, evidence=Stuck(tmp_path / "evidence")))

    with pytest.raises(ErasureUnfinished, match="cannot be removed"):
        stuck.people.erase(CURATOR, **GIVEN, command_id="erase")
    ((code, field),) = {(one.code, one.field) for one in verify(office.engine).findings}
    assert (code, field) == ("erasure_incomplete", "evidence/0/file")
    with pytest.raises(ErasureUnfinished, match="1 personal files are still stored"):
        office.engine.people.destroyed()
    again = office.engine.people.erase(CURATOR, **GIVEN, command_id="erase")

    assert again.repeated
    assert context.evidence.check(address(record)) is None
    assert len(office.engine.people.destroyed()) == 1
    assert verify(office.engine).ok


def test_a_link_and_an_order_bear_no_name_of_a_file(office: Office, note: Path) -> None:
    link = Evidence("visit_note", form="link", url="https://school.example/note")

    assert list(committed_in(visit(office, note, evidence=[link], comment=None))) == []
