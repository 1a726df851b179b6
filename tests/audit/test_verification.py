"""How verification goes about it: progress, storage that fails, and what the engine then says."""

from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle import verify
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import EvidenceLost, HistoryBroken
from lifecycle.domain.errors_evidence import EvidenceUnreadable
from lifecycle.domain.evidence import StoredFile
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, BreakIn, of, reopened
from tests.factories import ADMIN, Office, actor, engine_on, memory_engine


def test_progress_is_told_now_and_then(catalogue: Catalogue) -> None:
    engine, told = memory_engine(catalogue), list[int]()
    for number in range(1100):
        engine.add_actor(f"a-{number}", actor=ADMIN)

    report = verify(engine, told.append)

    assert told == [1000]
    assert (report.ok, report.records, report.streams) == (True, 1103, 1)


def test_an_empty_history_is_sound(tmp_path: Path, catalogue: Catalogue) -> None:
    with engine_on(create_journal(f"sqlite:///{tmp_path}/new.db", "o"), catalogue) as engine:
        report = verify(engine)

    assert (report.ok, report.records, report.streams) == (True, 0, 0)


class BrokenDisk(EvidenceFolder):
    """A folder whose disk fails to read: that cannot be brought about in a test otherwise."""

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        raise EvidenceLost(detail=f"{sha256} cannot be read", folder=str(self.root))


def test_a_file_that_cannot_be_read_is_missing_and_hides_nothing(
    folder: Path, catalogue: Catalogue
) -> None:
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    store = BrokenDisk(folder / "evidence")

    with engine_on(journal, catalogue, evidence=store) as engine:
        (found,) = verify(engine).findings

    assert (found.code, found.field) == ("evidence_missing", "questionnaire_completion")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("what", ["no folder", "a link in a circle", "no folder inside"])
def test_a_store_that_cannot_be_read_at_all_is_no_finding_of_every_file(
    folder: Path, catalogue: Catalogue, what: str, workers: int
) -> None:
    root = folder / "evidence"
    root.rename(folder / "elsewhere")
    if what == "a link in a circle":
        root.symlink_to(root)
    elif what == "no folder":
        root.write_text("not mounted", "utf-8")
    else:
        root.mkdir()
        (root / "sha256").write_text("not mounted", "utf-8")
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")

    with (
        engine_on(journal, catalogue, evidence=EvidenceFolder(root)) as engine,
        pytest.raises(EvidenceUnreadable) as lost,
    ):
        verify(engine, workers=workers)

    assert str(lost.value).startswith(f"the evidence folder {root} cannot be read: ")


def test_a_folder_that_is_not_there_lacks_every_file(folder: Path, catalogue: Catalogue) -> None:
    (folder / "evidence").rename(folder / "elsewhere")

    with reopened(folder, catalogue) as engine:
        (found,) = verify(engine).findings

    assert (found.code, found.field) == ("evidence_missing", "questionnaire_completion")


def test_a_school_whose_rules_are_lost_goes_nowhere(folder: Path, catalogue: Catalogue) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_definitions")

    with reopened(folder, catalogue) as engine, pytest.raises(HistoryBroken) as lost:
        engine.explain(SCHOOL)

    assert "is missing" in str(lost.value)
    assert "backup" in str(lost.value.remedy)


@pytest.mark.parametrize("body", [b"{}", b"no json", b"[]", b"\xff"])
@pytest.mark.parametrize("covered", [False, True])
def test_rules_that_were_edited_are_not_worked_by(
    folder: Path, catalogue: Catalogue, body: bytes, covered: bool
) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_definitions SET body = ?", body)
        if covered:  # the school names the digest of what now stands there
            digest = sha256(body).hexdigest()
            visit.run("UPDATE lifecycle_definitions SET digest = ?", digest)
            visit.run("UPDATE lifecycle_standings SET definition = ?", digest)

    with reopened(folder, catalogue) as engine, pytest.raises(HistoryBroken) as broken:
        engine.status(SCHOOL)

    assert ("cannot be read" if covered else "was changed") in str(broken.value)


@pytest.mark.parametrize("transition", [None, "start_questionnaire"], ids=["first", "middle"])
def test_a_history_with_a_gap_is_told_as_such(
    folder: Path, catalogue: Catalogue, transition: str | None
) -> None:
    with BreakIn(folder) as visit:
        sequence = of(visit.bodies(STREAM), transition)["sequence"] if transition else 1
        gone = "DELETE FROM lifecycle_records WHERE stream = ? AND sequence = ?"
        visit.run(gone, STREAM, sequence)

    with reopened(folder, catalogue) as engine:
        for ask in (engine.explain, engine.replay):
            with pytest.raises(HistoryBroken, match=f"of {STREAM} does not follow"):
                ask(SCHOOL)
        with pytest.raises(HistoryBroken, match="does not follow"):
            engine.advance(SCHOOL, "submit_stage_1", actor=ADMIN)
        assert engine.history(SCHOOL)


def test_nothing_is_added_to_the_history_of_another_installation(
    folder: Path, catalogue: Catalogue, definition: Definition
) -> None:
    with BreakIn(folder) as visit:
        visit.forge(STREAM, lambda bodies: [body.update(origin="elsewhere") for body in bodies])

    with reopened(folder, catalogue) as engine:
        office, before = Office(engine, definition), len(engine.history(SCHOOL))
        for record in engine.history(SCHOOL):
            if record.kind == "role_assigned" and record.facts is not None:
                office.people[record.facts["role"], SCHOOL] = actor(record.facts["actor"])
        with pytest.raises(HistoryBroken, match=f"{STREAM} belongs to another installation"):
            office.submit(SCHOOL)
        assert len(engine.history(SCHOOL)) == before
