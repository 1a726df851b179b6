"""Beside the records: opened, erased lawfully, missing unlawfully, and every forgery named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifecycle import EvidenceFile, Lifecycle, verify
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.findings import Report
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import origin_line
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import EvidenceLost
from lifecycle.storage import tables
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal, open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, Body, BreakIn, of, verified
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN, Ids, Office, engine_on

CURATOR = f"curator.{SCHOOL}"
VISIT = f"{STREAM}#7"


@pytest.fixture(scope="module")
def visited(
    tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue, definition: Definition
) -> Path:
    """A school with a visit: a comment, and a personal note under its file name."""
    folder = tmp_path_factory.mktemp("visited")
    note = folder / "Справка о беседе с Ивановым.txt"
    note.write_text("Иванов И. И. проводит уроки без плана.", "utf-8")
    journal = create_journal(f"sqlite:///{folder}/lifecycle.db", ORIGIN)
    evidence = EvidenceFolder(folder / "evidence")
    with engine_on(journal, catalogue, evidence=evidence) as engine:
        engine.found(actor=ADMIN, command_id="found")
        office = Office(engine, definition).opened(SCHOOL)
        office.lead(SCHOOL, "curator_visit")
        file = EvidenceFile("visit_note", note)
        office.make(SCHOOL, "record_visit", evidence=[file], comment="Иванову трудно")
        assert (engine.history(SCHOOL)[-1].sequence, engine.history(SCHOOL)[-1].actor.id) == (
            7,
            CURATOR,
        )
    note.unlink()
    return folder


@pytest.fixture
def folder(visited: Path, tmp_path: Path) -> Path:
    """A copy for somebody to break in."""
    return Path(shutil.copytree(visited, tmp_path / "copy"))


@pytest.fixture
def engine(folder: Path, catalogue: Catalogue) -> Iterator[Lifecycle]:
    """The engine on that copy."""
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    evidence = EvidenceFolder(folder / "evidence")
    with engine_on(journal, catalogue, evidence=evidence, ids=Ids(1000)) as engine:
        yield engine


def erase(engine: Lifecycle, **members: object) -> None:
    values = {"ground": "consent_withdrawn", "act": "1", "actor": ADMIN, **members}
    engine.people.erase(CURATOR, **values)  # type: ignore[arg-type] # given by the tests


def counts(report: Report) -> tuple[int, int, int]:
    return (report.opened, report.erased, report.missing)


def found(folder: Path) -> list[tuple[str, str, str | None]]:
    return [(one.code, one.place, one.field) for one in verified(folder).findings]


def stored(folder: Path) -> list[Path]:
    return [one for one in (folder / "evidence" / "sha256").rglob("*") if one.is_file()]


def test_what_is_kept_is_opened(folder: Path) -> None:
    report = verified(folder)

    assert (report.ok, counts(report)) == (True, (3, 0, 0))


def test_what_was_erased_by_an_act_is_no_finding(folder: Path, engine: Lifecycle) -> None:
    before = [one.body for one in engine.history(SCHOOL)]
    erase(engine)

    report = verified(folder)

    assert (report.ok, counts(report)) == (True, (0, 3, 0))
    assert [one.body for one in engine.history(SCHOOL)] == before
    assert stored(folder) == []


def test_what_was_deleted_without_an_act_is_missing(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_openings")
        visit.run("DELETE FROM lifecycle_evidence_keys")
    (file,) = stored(folder)
    file.unlink()

    assert found(folder) == [
        ("opening_missing", VISIT, "comment"),
        ("opening_missing", VISIT, "evidence/0/name"),
        ("opening_missing", VISIT, "evidence/0/content"),
        ("key_missing", VISIT, "evidence/0"),
        ("evidence_missing", VISIT, "visit_note"),
    ]
    assert counts(verified(folder)) == (0, 0, 3)


def test_a_checkpoint_vouches_for_no_comment_and_no_file_of_a_person(
    folder: Path, engine: Lifecycle
) -> None:
    log = Signer(origin_line(ORIGIN))
    with engine.context.journal.auditing() as view:
        state = view.log.state()
    root = Frontier.from_bytes(state.size, state.frontier).root()
    kept = Kept("kept", log.checkpoint(state.size, root))
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_openings")
        visit.run("DELETE FROM lifecycle_evidence_keys")

    report = verify(engine, since=kept, keys=[log.key])

    assert {one.code for one in report.findings} == {"opening_missing", "key_missing"}
    assert counts(report) == (0, 0, 3)


def test_an_act_does_not_cover_what_others_wrote(folder: Path, engine: Lifecycle) -> None:
    engine.people.erase("reviewer.tomari-2022", ground="purpose_reached", act="2", actor=ADMIN)
    with BreakIn(folder) as visit:
        visit.run("DELETE FROM lifecycle_openings WHERE purpose = 'comment'")

    assert found(folder) == [("opening_missing", VISIT, "comment")]


COMMENT = "purpose = 'comment'"
FORGERIES: dict[tuple[str, str], tuple[str, list[tuple[str, str, str | None]]]] = {
    ("openings", "value"): ("'Иванов молодец'", [("opening_differs", VISIT, "comment")]),
    ("openings", "salt"): ("zeroblob(32)", [("opening_differs", VISIT, "comment")]),
    ("openings", "purpose"): ("'evidence.name'", [("opening_differs", VISIT, "comment")]),
    ("openings", "commitment"): (
        "'x'",
        [("opening_missing", VISIT, "comment"), ("opening_invented", VISIT, "opening")],
    ),
    ("openings", "sequence"): (
        "99",
        [("opening_missing", VISIT, "comment"), ("opening_invented", f"{STREAM}#99", "opening")],
    ),
    ("openings", "stream"): (
        "'participation/ghost'",
        [
            ("opening_missing", VISIT, "comment"),
            ("opening_invented", "participation/ghost#7", "opening"),
        ],
    ),
    ("evidence_keys", "key"): ("zeroblob(32)", [("key_differs", VISIT, "evidence/0")]),
    ("evidence_keys", "sha256"): (
        "'x'",
        [("key_missing", VISIT, "evidence/0"), ("opening_invented", VISIT, "key")],
    ),
    ("evidence_keys", "sequence"): (
        "99",
        [("key_missing", VISIT, "evidence/0"), ("opening_invented", f"{STREAM}#99", "key")],
    ),
    ("evidence_keys", "stream"): (
        "'participation/ghost'",
        [
            ("key_missing", VISIT, "evidence/0"),
            ("opening_invented", "participation/ghost#7", "key"),
        ],
    ),
}


@pytest.mark.parametrize(("table", "column"), FORGERIES)
def test_a_forged_column_is_found(folder: Path, table: str, column: str) -> None:
    value, expected = FORGERIES[table, column]
    where = f" WHERE {COMMENT}" if table == "openings" else ""
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_{table} SET {column} = {value}{where}")  # noqa: S608 - our names

    assert found(folder) == expected


def test_the_test_above_names_every_column() -> None:
    columns = {
        (table.name.removeprefix("lifecycle_"), column.name)
        for table in (tables.openings, tables.evidence_keys)
        for column in table.columns
    }

    assert columns == FORGERIES.keys()


@pytest.mark.parametrize("key", ["zeroblob(31)", "NULL"])
def test_a_key_that_is_none_is_found(folder: Path, key: str) -> None:
    with BreakIn(folder) as visit:
        visit.run(f"UPDATE lifecycle_evidence_keys SET key = {key}")  # noqa: S608 - written above

    ((code, place, field),) = found(folder)
    assert code == ("key_missing" if key == "NULL" else "key_differs")
    assert (place, field) == (VISIT, "evidence/0")


def test_a_changed_ciphertext_is_found(folder: Path) -> None:
    (file,) = stored(folder)
    file.chmod(0o600)
    *kept, last = file.read_bytes()
    file.write_bytes(bytes([*kept, last ^ 1]))

    assert found(folder) == [
        ("key_differs", VISIT, "evidence/0"),
        ("evidence_altered", VISIT, "visit_note"),
    ]


@pytest.mark.parametrize("size", [0, 1, 2**31 + 50])
def test_a_file_of_another_length_is_found_before_it_is_read(
    folder: Path, engine: Lifecycle, size: int
) -> None:
    """It may be longer than anybody can read, or than the cipher of a library takes."""
    (file,) = stored(folder)
    recorded = file.stat().st_size
    file.chmod(0o600)
    os.truncate(file, size)

    (one,) = verify(engine).findings

    assert (one.code, one.place, one.field) == ("evidence_altered", VISIT, "visit_note")
    assert str(one.found) == f"{size} bytes long, not {recorded} as recorded, and was not read"


def test_a_file_of_another_length_is_not_given_out(folder: Path, engine: Lifecycle) -> None:
    (file,) = stored(folder)
    recorded = file.stat().st_size
    file.chmod(0o600)
    os.truncate(file, 2**31 + 50)

    with pytest.raises(EvidenceLost, match=f"has {2**31 + 50} bytes, {recorded} were recorded"):
        engine.people.evidence(file.name)


def test_what_an_erasure_left_behind_is_found(
    folder: Path, engine: Lifecycle, visited: Path
) -> None:
    erase(engine)
    erasure = engine.administration()[-1]
    with BreakIn(visited) as original:
        openings = original.run("SELECT * FROM lifecycle_openings")
        keys = original.run("SELECT * FROM lifecycle_evidence_keys")
    with BreakIn(folder) as visit:
        for row in openings:
            visit.run("INSERT INTO lifecycle_openings VALUES (?, ?, ?, ?, ?, ?)", *row)
        for row in keys:
            visit.run("INSERT INTO lifecycle_evidence_keys VALUES (?, ?, ?, ?)", *row)
    shutil.copytree(visited / "evidence", folder / "evidence", dirs_exist_ok=True)

    findings = verified(folder).findings

    assert {(one.code, one.place) for one in findings} == {("erasure_incomplete", VISIT)}
    assert [one.field for one in findings] == [
        "comment", "evidence/0/name", "evidence/0/content", "evidence/0/key", "evidence/0/file",
    ]  # fmt: skip
    assert {one.expected for one in findings} == {f"installation#{erasure.sequence}"}


def test_a_forged_opening_is_worth_nothing_after_an_erasure(
    folder: Path, engine: Lifecycle
) -> None:
    ((commitment,),) = [(engine.history(SCHOOL)[-1].comment,)]
    erase(engine)
    with BreakIn(folder) as visit:
        visit.run(
            "INSERT INTO lifecycle_openings VALUES (?, 7, ?, 'comment', zeroblob(32), 'x')",
            *(STREAM, commitment),
        )

    report = verified(folder)

    assert [(one.code, one.place) for one in report.findings] == [("erasure_incomplete", VISIT)]
    assert counts(report) == (0, 2, 1)


def test_records_that_an_erasure_names_are_covered_and_have_to_exist(
    folder: Path, engine: Lifecycle
) -> None:
    other = engine.people.erase(
        "reviewer.tomari-2022", ground="person_request", act="3", actor=ADMIN, records=[VISIT]
    )
    assert counts(verified(folder)) == (0, 3, 0)
    assert other.record.facts is not None

    def change(bodies: list[Body]) -> None:
        bodies[-1]["facts"]["records"] = [f"{STREAM}#8", VISIT]

    with BreakIn(folder) as visit:
        visit.forge("installation", change)

    place = f"installation#{other.record.sequence}"
    assert [one for one in found(folder) if one[0] == "erasure_of_nothing"] == [
        ("erasure_of_nothing", place, "records")
    ]


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("ground", "because", "the ground is none of"),
        ("act", "Иванов И.", "without spaces"),
        ("actor", "ghost", "ghost was not registered"),
    ],
)
def test_a_forged_erasure_is_refused(
    folder: Path, engine: Lifecycle, member: str, value: str, reason: str
) -> None:
    erase(engine)

    def change(bodies: list[Body]) -> None:
        bodies[-1]["facts"][member] = value

    with BreakIn(folder) as visit:
        visit.forge("installation", change)

    first = verified(folder).findings[0]
    assert first.code == "decision_refused"
    assert reason in str(first.found)


def forged_visit(folder: Path, change: Callable[[Body], None]) -> str:
    def forge(bodies: list[Body]) -> None:
        change(of(bodies, "record_visit"))

    with BreakIn(folder) as visit:
        visit.forge(STREAM, forge)
    first = verified(folder).findings[0]
    assert (first.code, first.place) == ("decision_refused", VISIT)
    return str(first.found)


def test_a_plain_text_in_a_hashed_body_is_refused(folder: Path) -> None:
    assert "plainly" in forged_visit(folder, lambda body: body.update(comment="Иванов"))


@pytest.mark.parametrize("member", ["name", "content"])
def test_a_plain_name_in_a_hashed_body_is_refused(folder: Path, member: str) -> None:
    def change(body: Body) -> None:
        body["evidence"][0][member] = "Иванов.txt"

    assert "plainly" in forged_visit(folder, change)


def test_a_personal_file_that_is_not_encrypted_is_refused(folder: Path) -> None:
    def change(body: Body) -> None:
        body["evidence"][0]["content"] = None

    assert "kept encrypted" in forged_visit(folder, change)


def test_verification_of_an_engine_in_use_counts_the_three(engine: Lifecycle) -> None:
    office = Office(engine, engine.context.definitions.compiled("tomari-2022"))
    assert office.state(SCHOOL) != "curator_visit"

    assert counts(verify(engine)) == (3, 0, 0)
