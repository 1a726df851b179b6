"""What every journal counts of itself, and that counting does not grow with the records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors_evidence import EvidenceUnreadable
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.figures import EvidenceUse, SchoolCount
from lifecycle.domain.logged import KeptCheckpoint
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.figures import counted
from lifecycle.storage.journal import database_at
from lifecycle.storage.memory_evidence import MemoryEvidence
from lifecycle.storage.session import Session
from lifecycle.storage.tables import SCHEMA
from lifecycle.workflows.catalogue import Catalogue
from tests.databases import new_journal
from tests.factories import ADMIN, Office, engine_on
from tests.storage.conftest import MakeJournal
from tests.storage.samples import ORIGIN


def opened(engine: Lifecycle, definition: Definition, *schools: str) -> Office:
    engine.found(actor=ADMIN, command_id="found")
    return Office(engine, definition).opened(*schools)


def test_records_queue_schools_refusals_and_size_are_counted(
    make_journal: MakeJournal, catalogue: Catalogue, definition: Definition
) -> None:
    engine = engine_on(make_journal(sealing="queued"), catalogue)
    office = opened(engine, definition, "one", "two", "three")
    office.lead("two", "questionnaire")
    with pytest.raises(Exception, match="cannot"):
        engine.advance("one", "conclude", actor=ADMIN)

    with engine.context.journal.writing() as tx:
        tx.seal(5)
    found = engine.stats(evidence=True)

    with engine.context.journal.auditing() as view:
        records = sum(count for _, count in view.sizes())
        waiting = list(view.log.queued())
    digest = engine.history("one")[0].definition
    assert digest is not None
    assert (found.records, found.figures.sealed, found.figures.waiting) == (records, 5, records - 5)
    assert found.figures.oldest is not None
    assert f"{found.figures.oldest:%Y-%m-%dT%H:%M:%S}" == min(
        (one.recorded_at or "")[:19] for one in waiting
    )
    assert found.figures.schools == (
        SchoolCount("tomari-2022", digest.digest, "questionnaire", 1),
        SchoolCount("tomari-2022", digest.digest, "selected", 2),
    )
    assert found.figures.refusals == 1
    assert found.evidence == EvidenceUse(0, 0)
    if found.backend == "memory":
        assert (found.figures.stored_bytes, found.bytes_per_record) == (None, None)
        assert found.figures.schema is None
    else:
        assert found.figures.schema == SCHEMA
        assert found.figures.stored_bytes is not None
        assert 100_000 < found.figures.stored_bytes < 10_000_000
        assert found.bytes_per_record == found.figures.stored_bytes / records


def test_what_waits_is_late_once_it_waits_for_longer_than_was_published(
    make_journal: MakeJournal, catalogue: Catalogue, definition: Definition
) -> None:
    engine = engine_on(make_journal(sealing="queued"), catalogue)
    opened(engine, definition, "one")
    clock = engine.context.clock

    at_once = engine.stats()
    clock.advance(minutes=2)  # type: ignore[attr-defined]
    later = engine.stats()
    engine.seal()
    sealed = engine.stats()

    assert at_once.waited is not None
    assert at_once.waited < at_once.delay == timedelta(seconds=60) < (later.waited or timedelta())
    assert [one.late for one in (at_once, later, sealed)] == [False, True, False]
    assert (sealed.waited, sealed.figures.oldest, sealed.figures.waiting) == (None, None, 0)
    assert sealed.evidence is None


def test_the_last_checkpoint_is_told_and_how_many_records_came_after_it(
    make_journal: MakeJournal, catalogue: Catalogue, definition: Definition
) -> None:
    engine = engine_on(make_journal(), catalogue)
    opened(engine, definition, "one")
    before = engine.stats()
    for size in (2, 7):
        with engine.context.journal.writing() as tx:
            tx.keep_checkpoint(KeptCheckpoint(size, f"note {size}", f"2022-03-0{size}T00:00:00Z"))
    found = engine.stats()

    assert (before.checkpoint, before.unsigned) == (None, before.records)
    assert found.checkpoint is not None
    assert (found.checkpoint.size, found.unsigned) == (7, found.records - 7)


def test_counting_takes_as_many_steps_with_ten_times_the_records(
    tmp_path: Path, catalogue: Catalogue, definition: Definition
) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    with engine_on(new_journal(url, ORIGIN), catalogue) as engine:
        opened(engine, definition, "one")
        few, steps_of_few = _steps(tmp_path / "lifecycle.db", url)
        for number in range(9 * few):
            engine.add_actor(f"person-{number}", actor=ADMIN)
        many, steps_of_many = _steps(tmp_path / "lifecycle.db", url)

    assert many == 10 * few
    assert steps_of_many <= 1.1 * steps_of_few


def _steps(path: Path, url: str) -> tuple[int, int]:
    """Return the records counted, and how many steps of SQLite's machine that took."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.set_progress_handler(step, 1)
        found = counted(Session(cast(Any, connection), database_at(url)))
    return found.sealed + found.waiting, steps


def folder(path: Path) -> EvidenceStore:
    made = EvidenceFolder(path / "evidence")
    made.make()
    return made


def memory(path: Path) -> EvidenceStore:
    return MemoryEvidence()


@pytest.mark.parametrize("make", [folder, memory])
def test_evidence_is_counted_by_files_and_bytes(
    make: Callable[[Path], EvidenceStore], tmp_path: Path
) -> None:
    store = make(tmp_path)
    empty = store.use()
    for text in ("one", "three", "three"):
        paper = tmp_path / f"{text}.txt"
        paper.write_text(text)
        store.put(paper)

    assert empty == EvidenceUse(0, 0)
    assert store.use() == EvidenceUse(2, 8)


def test_an_evidence_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("no folder")

    with pytest.raises(EvidenceUnreadable):
        EvidenceFolder(tmp_path / "evidence").use()
