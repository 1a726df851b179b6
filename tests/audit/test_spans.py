"""Verification in parts and in several processes comes to the same as in one piece."""

import gc
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle, verify
from lifecycle.audit.findings import Finding
from lifecycle.audit.schools import spans_of
from lifecycle.audit.shared import SHARED
from lifecycle.audit.verify import verify as verify_view
from lifecycle.domain.definition import Definition
from lifecycle.domain.guards import Guards
from lifecycle.domain.spans import Span
from lifecycle.parallel import Spread, fast_parser
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, STREAM, BreakIn, reopened
from tests.factories import ADMIN, Ids, Office, engine_on, memory_engine


def holds(span: Span, stream: str) -> bool:
    return (span.first or "") <= stream and (span.last is None or stream < span.last)


@pytest.mark.parametrize("records", [1, 5, 20, 10_000])
def test_every_name_lies_in_one_span(
    catalogue: Catalogue, definition: Definition, records: int
) -> None:
    engine = memory_engine(catalogue)
    Office(engine, definition).opened("ann", "bea", "cid")
    with engine.context.journal.auditing() as view:
        spans = [*SHARED, *spans_of(view, records)]
        names = [stream for stream, _ in view.sizes()]

    for name in [*names, "", "a", "installation", "participation/", "participation0", "roadmap/x",
                 "roadmap0", "zeta", "\U0010ffff"]:  # fmt: skip
        assert [holds(span, name) for span in spans].count(True) == 1, name


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


def _verified_while_written(engine: Lifecycle, other: Lifecycle) -> Any:
    context = engine.context
    with context.journal.auditing() as view:
        list(view.sizes())
        other.add_actor("newcomer", actor=ADMIN)
        with Spread(context.journal, view, context.evidence, 2, lambda done: None) as spread:
            parser = fast_parser()  # The plain one cannot be sent to another process.
            return verify_view(view, context.evidence, context.guards, parser=parser, spread=spread)


def test_a_text_that_is_none_does_not_hide_what_lies_beside_it(
    folder: Path, catalogue: Catalogue
) -> None:
    with BreakIn(folder) as visit:
        visit.run(
            "UPDATE lifecycle_records SET command_id = CAST(X'ff' AS TEXT)"
            " WHERE stream = 'participation/ilyinskoye' AND sequence = 2"
        )
        visit.run("UPDATE lifecycle_standings SET title = 'x' WHERE school = ?", SCHOOL)

    with reopened(folder, catalogue) as engine:
        found: list[Finding] = list(verify(engine).findings)

    assert [(one.code, one.place, one.field) for one in found] == [
        ("column_differs", "participation/ilyinskoye#2", "command_id"),
        ("standing_differs", STREAM, "title"),
    ]


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
