"""Verification in parts and in several processes comes to the same as in one piece."""

import gc
import shutil
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle, verify
from lifecycle.audit.verify import verify as verify_view
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import StorageFailed
from lifecycle.domain.guards import Guards
from lifecycle.parallel import Spread, fast_parser
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, BreakIn, reopened
from tests.factories import ADMIN, ORIGIN, Ids, Office, engine_on, memory_engine


def broken(folder: Path) -> None:
    """Break in here and there."""
    with BreakIn(folder) as visit:
        visit.forge(STREAM, lambda bodies: bodies[5].update(reason="mood"))
        visit.run("UPDATE lifecycle_standings SET state = 'selected' WHERE school = 'ilyinskoye'")
        visit.run("INSERT INTO lifecycle_standings SELECT 'ghost', roadmap, title, definition,"
                  " state, version, entered_at, entered_on, due_on, final FROM"
                  " lifecycle_standings LIMIT 1")  # fmt: skip


@pytest.mark.parametrize("breaks", [broken, lambda folder: None], ids=["broken", "sound"])
def test_two_processes_find_what_one_finds(folder: Path, catalogue: Catalogue, breaks: Any) -> None:
    breaks(folder)

    with reopened(folder, catalogue) as engine:
        told = list[int]()
        alone, together = verify(engine), verify(engine, told.append, workers=2)

    assert together == alone
    assert told[-1] <= together.records
    assert together.ok == (breaks is not broken)


def test_a_history_in_memory_is_checked_in_one_process(
    catalogue: Catalogue, definition: Definition
) -> None:
    engine = memory_engine(catalogue)
    Office(engine, definition).opened(SCHOOL)

    assert verify(engine, workers=2) == verify(engine)


def test_guards_that_live_in_one_process_are_asked_there(
    folder: Path, catalogue: Catalogue
) -> None:
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    guards: Guards = {"of the host": lambda attempt: []}

    with engine_on(
        journal, catalogue, evidence=EvidenceFolder(folder / "evidence"), guards=guards
    ) as engine:
        assert verify(engine, workers=2).ok


def test_what_is_written_meanwhile_is_not_part_of_the_verdict(
    folder: Path, catalogue: Catalogue
) -> None:
    with reopened(folder, catalogue, WAL) as engine, _another(folder, catalogue) as other:
        found = _verified_while_written(engine, other)
        after = verify(engine).records

    assert found.ok
    assert after == found.records + 1


def test_a_process_that_comes_to_another_file_ends_the_verification(
    folder: Path, catalogue: Catalogue
) -> None:
    """A copy of the same history is not what was asked for, though nothing in it differs."""
    copy = Path(shutil.copyfile(folder / "lifecycle.db", folder / "copy.db"))
    with reopened(folder, catalogue) as engine, engine.context.journal.auditing() as view:
        copy.replace(folder / "lifecycle.db")
        context = engine.context
        parser = fast_parser()
        with (
            Spread(context.journal, view, context.evidence, 2, lambda done: None) as spread,
            pytest.raises(StorageFailed, match=f"came to {ORIGIN}, file .*, not to {ORIGIN}, file"),
        ):
            verify_view(view, context.evidence, context.guards, parser=parser, spread=spread)


def _verified_while_written(engine: Lifecycle, other: Lifecycle) -> Any:
    context = engine.context
    with context.journal.auditing() as view:
        list(view.sizes())
        other.add_actor("newcomer", actor=ADMIN)
        with Spread(context.journal, view, context.evidence, 2, lambda done: None) as spread:
            parser = fast_parser()  # The plain one cannot be sent to another process.
            return verify_view(view, context.evidence, context.guards, parser=parser, spread=spread)


def _another(folder: Path, catalogue: Catalogue) -> Lifecycle:
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db", durability=WAL)
    return engine_on(journal, catalogue, ids=Ids(10_000))


def test_garbage_is_collected_as_before_once_nothing_is_verified_any_more(
    folder: Path, catalogue: Catalogue
) -> None:
    before = gc.get_threshold()
    with reopened(folder, catalogue) as engine:
        context = engine.context
        with context.journal.auditing() as view:
            one, other = (
                Spread(context.journal, view, context.evidence, 1, lambda done: None)
                for _ in range(2)
            )
            with one:
                during = gc.get_threshold()
                with other:
                    pass
                assert gc.get_threshold() == during

    assert during[0] > before[0]
    assert gc.get_threshold() == before
