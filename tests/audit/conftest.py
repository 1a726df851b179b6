"""A real database with evidence files, made once, and a copy of it for every break-in."""

import shutil
from pathlib import Path

import pytest

from lifecycle import EvidenceFile, verify
from lifecycle.domain.definition import Definition
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL
from tests.factories import ADMIN, ORIGIN, ROADMAP, Office, engine_on


@pytest.fixture(scope="session")
def original(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, definition: Definition
) -> Path:
    """A school that came to stage 2, another one, a returned submission and a revoked expert."""
    folder = tmp_path_factory.mktemp("original")
    paper = folder / "done.txt"
    paper.write_text("Анкетирование завершено.", "utf-8")
    evidence = EvidenceFolder(folder / "evidence")
    journal = create_journal(f"sqlite:///{folder}/lifecycle.db", ORIGIN)
    with engine_on(journal, catalogue, evidence=evidence) as engine:
        engine.found(actor=ADMIN, command_id="found")
        office = Office(engine, definition).opened(SCHOOL, "ilyinskoye")
        former = office.assign("expert", name="former")
        office.lead(SCHOOL, "questionnaire")
        file = EvidenceFile("questionnaire_completion", paper)
        office.make(SCHOOL, "complete_questionnaire", evidence=[file])
        office.make(SCHOOL, "receive_risk_profile")
        office.make(SCHOOL, "record_visit")
        office.submit(SCHOOL)
        office.make(SCHOOL, "return_concept_documents")
        office.submit(SCHOOL)
        office.make(SCHOOL, "accept_concept_documents")
        office.submit(SCHOOL)
        engine.revoke(former.id, "expert", roadmap=ROADMAP, actor=ADMIN)
        office.make(SCHOOL, "confirm_stage_1")
        office.lead("ilyinskoye", "questionnaire")
        assert verify(engine).ok
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of the database and its evidence, for somebody to break in."""
    return Path(shutil.copytree(original, tmp_path / "copy"))
