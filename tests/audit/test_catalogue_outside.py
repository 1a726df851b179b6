"""What nothing in the database can show, both ways: not found without a checkpoint, found with it.

Each test is a line of the table in docs/audit.md, «What was tried, item by item». Who does it here
has the file, the program, time, and the log's key: he covers every trace in the database, signs
what is there now, and cannot change what somebody keeps elsewhere. Both verifiers are asked.
"""

from __future__ import annotations

import shutil
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle.audit.asked import _request
from lifecycle.audit.note import origin_line
from lifecycle.domain import canonical
from lifecycle.domain.record import Record
from tests.audit.breaking_in import MAP, SCHOOL, STREAM, Body, BreakIn, forged, of, place, told
from tests.audit.bundles import SIGNER, continued
from tests.audit.catalogue import AHEAD, FORKED, against, kept
from tests.audit.signing import Signer
from tests.factories import ADMIN, ORIGIN

OTHER = "participation/ilyinskoye"


@pytest.fixture
def note(folder: Path) -> str:
    """A checkpoint of the history as it was, kept elsewhere."""
    return kept(folder)


def test_a_tail_cut_off(folder: Path, note: str) -> None:
    assert forged(folder, lambda bodies: bodies.pop()) == []
    assert against(folder, note) == AHEAD


def test_a_tail_cut_off_that_another_stream_had_seen(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.forge(MAP, lambda bodies: bodies.pop())

    assert ("consulted_missing", place(folder, "confirm_stage_1"), MAP) in told(folder)


def test_a_whole_school_removed(folder: Path, note: str) -> None:
    with BreakIn(folder) as visit:
        for table in ("records", "streams", "assignments", "openings"):
            visit.run(f"DELETE FROM lifecycle_{table} WHERE stream = ?", STREAM)  # noqa: S608 - our names
        visit.run("DELETE FROM lifecycle_standings WHERE school = ?", SCHOOL)
        visit.reseal()

    assert told(folder) == []
    assert against(folder, note) == AHEAD


def test_a_whole_school_removed_and_others_added(folder: Path, note: str) -> None:
    with BreakIn(folder) as visit:
        count = len(visit.bodies(STREAM))
        visit.forge(STREAM, lambda bodies: bodies.clear())
    with continued(folder) as engine:
        for number in range(count + 1):
            engine.add_actor(f"clerk-{number}", actor=ADMIN)

    assert told(folder) == []
    assert against(folder, note) == FORKED


def test_a_chain_forged_within_the_rules(folder: Path, note: str) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "return_concept_documents")["reason"] = "unreadable"
        of(bodies, "confirm_stage_1")["actor"]["on_behalf_of"] = "former"

    assert forged(folder, change) == []
    assert against(folder, note) == FORKED


def test_a_record_back_dated_within_the_rules(folder: Path, note: str) -> None:
    def change(bodies: list[Body]) -> None:
        body = of(bodies, "confirm_stage_1")
        body["effective_on"] = "2022-02-28"
        body["request"] = _request(Record.decode(canonical.encode(body)), date(2022, 2, 28)).digest

    assert forged(folder, change) == []
    assert against(folder, note) == FORKED


def test_evidence_swapped_together_with_its_record(folder: Path, note: str) -> None:
    content = "Анкетирование не завершено.".encode()
    name = sha256(content).hexdigest()
    file = folder / "evidence" / "sha256" / name[:2] / name[2:4] / name
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    def change(bodies: list[Body]) -> None:
        piece = of(bodies, "complete_questionnaire")["evidence"][0]
        piece |= {"sha256": name, "size": len(content)}

    assert forged(folder, change) == []
    assert against(folder, note) == FORKED


def test_a_definition_replaced_together_with_all_that_names_it(folder: Path, note: str) -> None:
    with BreakIn(folder) as visit:
        ((before, body),) = visit.run("SELECT digest, body FROM lifecycle_definitions")
        other = body.replace(b'"approval":true,', b"")
        digest = sha256(other).hexdigest()
        visit.run("UPDATE lifecycle_definitions SET digest = ?, body = ?", digest, other)
        for stream in (MAP, OTHER, STREAM):
            bodies = visit.bodies(stream)
            for one in bodies:
                if one["definition"] is not None:
                    one["definition"]["digest"] = digest
            visit.rewrite(stream, bodies)
        for stream in (MAP, OTHER, STREAM):
            visit.settle(stream)

    assert before != digest
    assert told(folder) == []
    assert against(folder, note) == FORKED


def test_a_history_moved_as_a_whole_to_another_installation(folder: Path, note: str) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_installation SET origin = 'origin-2'")
        for stream in ("installation", MAP, OTHER, STREAM):
            bodies = visit.bodies(stream)
            for one in bodies:
                one["origin"] = "origin-2"
            visit.rewrite(stream, bodies, "origin-2")

    log = Signer(origin_line("origin-2"))
    assert against(folder, signer=log) == set()
    assert against(folder, note, signer=log) == {"checkpoint_foreign"}


def copied(folder: Path) -> Path:
    return Path(shutil.copytree(folder, folder.with_name("backup")))


def test_a_database_rolled_back_to_a_copy(folder: Path) -> None:
    backup = copied(folder)
    with continued(folder) as engine:
        engine.add_actor("late", actor=ADMIN)
    note = kept(folder)

    assert told(backup) == []
    assert against(backup, note) == AHEAD


def test_a_database_rolled_back_to_a_copy_and_continued(folder: Path) -> None:
    backup = copied(folder)
    with continued(folder) as engine:
        engine.add_actor("late", actor=ADMIN)
    note = kept(folder)
    with continued(backup) as engine:
        for name in ("other", "another"):
            engine.add_actor(name, actor=ADMIN)

    assert told(backup) == []
    assert against(backup, note) == FORKED


def test_a_split_view(folder: Path) -> None:
    shown = copied(folder)
    for one, name in ((folder, "late"), (shown, "later")):
        with continued(one) as engine:
            engine.add_actor(name, actor=ADMIN)
    ours, theirs = kept(folder), kept(shown)

    assert ours.split("\n")[1] == theirs.split("\n")[1]
    assert ours != theirs
    for one in (folder, shown):
        assert told(one) == []
    assert (against(folder, ours), against(shown, theirs)) == (set(), set())
    # Two auditors compare what they were shown; each of them alone saw nothing.
    assert against(folder, ours, theirs) == {"checkpoint_split", *FORKED}
    assert against(shown, ours) == against(folder, theirs) == FORKED


def test_a_checkpoint_kept_is_signed_by_somebody_else(folder: Path) -> None:
    other = Signer(origin_line(ORIGIN), 2)
    _, size, root, *_ = kept(folder).split("\n")

    forged_note = other.note(f"{origin_line(ORIGIN)}\n{size}\n{root}\n")

    assert SIGNER.key != other.key
    assert against(folder, forged_note) == {"checkpoint_forged"}
