"""Who stands in for somebody, and files that change under the hands of the engine."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path

import pytest

from lifecycle import EvidenceFile, Lifecycle, TransitionRefused, verify
from lifecycle.domain.definition import Definition
from lifecycle.domain.erasable import Secret
from lifecycle.domain.errors import InvalidEvidence, UnknownActor
from lifecycle.domain.errors_evidence import EvidenceMissing
from lifecycle.domain.evidence import StoredFile
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.factories import Office, actor

SCHOOL = "krasnogorsk"


def submitted(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    office.submit(SCHOOL)


def test_whoever_was_stood_in_for_does_not_answer_his_own_submission(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    reviewer = office.who("reviewer", SCHOOL)
    stand_in = replace(office.who("school_coordinator", SCHOOL), on_behalf_of=reviewer.id)
    office.make(SCHOOL, "submit_concept_documents", actor=stand_in)

    with pytest.raises(TransitionRefused) as refused:
        office.make(SCHOOL, "accept_concept_documents", actor=reviewer)

    assert [one.code for one in refused.value.unmet] == ["same_person"]
    assert verify(office.engine).ok


def test_nobody_answers_for_the_submitter(office: Office) -> None:
    submitted(office)
    submitter = office.who("school_coordinator", SCHOOL)
    stand_in = replace(office.who("reviewer", SCHOOL), on_behalf_of=submitter.id)

    with pytest.raises(TransitionRefused) as refused:
        office.make(SCHOOL, "accept_concept_documents", actor=stand_in)

    assert [one.code for one in refused.value.unmet] == ["same_person"]


def test_nobody_stands_in_for_somebody_unknown(office: Office) -> None:
    stand_in = replace(actor("municipal"), on_behalf_of="nobody-registered")

    with pytest.raises(UnknownActor):
        office.make(SCHOOL, "start_questionnaire", actor=stand_in)


class Swapping(MemoryEvidence):
    """Lets another process overwrite the first file between measuring and storing."""

    def __init__(self, first: Path, second: Path) -> None:
        super().__init__()
        self._first, self._second = first, second

    def put(self, path: str | PathLike[str], secret: Secret | None = None) -> StoredFile:
        self._first.write_bytes(self._second.read_bytes())
        return super().put(self._first if path == self._first else self._second, secret)


def test_a_file_that_became_another_given_one_is_refused(office: Office, tmp_path: Path) -> None:
    office.lead(SCHOOL, "concept_documents")
    first, second = tmp_path / "concept.txt", tmp_path / "roadmap.txt"
    first.write_text("the concept")
    second.write_text("the road map")
    engine = office.engine
    swapping = replace(engine.context, evidence=Swapping(first, second))
    office.engine = type(engine)(swapping)

    with pytest.raises(InvalidEvidence, match="changed while it was read"):
        office.engine.advance(
            SCHOOL,
            "submit_concept_documents",
            actor=office.who("school_coordinator", SCHOOL),
            evidence=[
                EvidenceFile("development_concept", first),
                EvidenceFile("school_roadmap", second),
                *(
                    EvidenceFile("anti_risk_programme", second, item)
                    for item in office.known(SCHOOL)["activated_risks"]
                ),
            ],
        )


def test_more_evidence_than_a_record_holds_is_refused_before_anything_is_stored(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "note.txt"
    file.write_text("note")

    with pytest.raises(InvalidEvidence, match="more than 120"):
        office.engine.advance(
            SCHOOL,
            "start_questionnaire",
            actor=office.who("municipal_coordinator", SCHOOL),
            evidence=[EvidenceFile("order", file)] * 121,
        )


def test_a_store_that_went_away_takes_no_files_into_another_one(
    engine: Lifecycle, definition: Definition, tmp_path: Path
) -> None:
    """The first file makes the store; no record is acknowledged whose file lies elsewhere."""
    kept, paper = tmp_path / "evidence", tmp_path / "paper.pdf"
    paper.write_bytes(b"paper")
    file = [EvidenceFile("questionnaire_completion", paper)]
    office = Office(engine, definition).opened("one", "other")
    for school in ("one", "other"):
        office.lead(school, "questionnaire")
    assert not kept.exists()
    office.make("one", "complete_questionnaire", evidence=file)

    kept.rename(tmp_path / "away")
    with pytest.raises(EvidenceMissing, match="records name files"):
        office.make("other", "complete_questionnaire", evidence=file)
    assert (kept.exists(), office.state("other")) == (False, "questionnaire")

    (tmp_path / "away").rename(kept)
    office.make("other", "complete_questionnaire", evidence=file)
    assert verify(engine).ok
