"""Others in the way: waiting with pauses, an end to it, and batches beside each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle import (
    Lifecycle,
    Outcome,
    VersionConflict,
    verify,
)
from lifecycle.domain.errors import DatabaseLocked
from lifecycle.domain.ports import Journal
from lifecycle.storage.journal import create_journal
from lifecycle.storage.memory import MemoryJournal
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, Office, engine_on
from tests.service.batches import FIRST, SCHOOL, bodies, kinds, run, walk


@pytest.fixture(params=["memory", "sqlite"])
def impatient(
    request: pytest.FixtureRequest, catalogue: Catalogue, tmp_path: Path
) -> Iterator[Office]:
    """An office on a journal that does not wait for its lock by itself."""
    journal: Journal = (
        MemoryJournal(ORIGIN, lock_seconds=0.001)
        if request.param == "memory"
        else create_journal(f"sqlite:///{tmp_path}/lifecycle.db", ORIGIN, lock_seconds=0.001)
    )
    with engine_on(journal, catalogue) as engine:
        engine.found(actor=ADMIN, command_id="found")
        definition = catalogue.compiled("tomari-2022")
        yield Office(engine, definition).opened(SCHOOL)


def held_for(journal: Journal, seconds: float) -> threading.Thread:
    """Hold the write lock for some time, beginning now."""
    has_it = threading.Event()

    def hold() -> None:
        with journal.writing():
            has_it.set()
            time.sleep(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    has_it.wait()
    return holder


def test_a_batch_and_a_single_command_wait_for_others_with_pauses(impatient: Office) -> None:
    first, second, third = walk(impatient)
    journal = impatient.engine.context.journal

    holder = held_for(journal, 0.2)
    outcomes = run(impatient, [first, second])
    holder.join()
    holder = held_for(journal, 0.2)
    receipt = impatient.make(SCHOOL, third.transition)
    holder.join()

    assert kinds(outcomes) == ["recorded"] * 2
    assert receipt.state == "curator_visit"


def test_patience_ends(impatient: Office) -> None:
    context = replace(impatient.engine.context, patience=0.05)
    engine, commands = Lifecycle(context), walk(impatient)
    before = bodies(engine)

    holder = held_for(context.journal, 0.5)
    with pytest.raises(DatabaseLocked):
        list(engine.advance_many(commands))
    with pytest.raises(DatabaseLocked):
        engine.advance(SCHOOL, FIRST[0], actor=commands[0].actor)
    holder.join()

    assert bodies(engine) == before
    assert kinds(list(engine.advance_many(commands))) == ["recorded"] * 3


@pytest.mark.postgres
def test_two_batches_at_once_on_the_same_schools_move_each_school_once(office: Office) -> None:
    schools = [SCHOOL, *(f"school-{number}" for number in range(6))]
    for school in schools[1:]:
        office.enrol(school)
    engine, told = office.engine, dict[str, list[Outcome]]()

    def work(name: str, prefix: str) -> None:
        commands = [
            replace(one, command_id=f"{prefix}{one.command_id}")
            for school in schools
            for one in walk(office, school)
        ]
        told[name] = list(engine.advance_many(commands, per_transaction=3))

    workers = [
        threading.Thread(target=work, args=one) for one in (("a", "x."), ("b", "x."), ("c", "y."))
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    made = [one for outcomes in told.values() for one in outcomes if one.kind == "recorded"]
    assert len(told) == 3
    assert len(made) == len({one.command.command_id for one in made}) == 3 * len(schools)
    assert not any(isinstance(one.error, VersionConflict) for one in told["a"] + told["b"])
    for school in schools:
        assert [one.transition for one in engine.history(school) if one.transition] == list(FIRST)
    with engine.context.journal.writing() as tx:
        tx.seal(1000)
    assert verify(engine).findings == ()


@pytest.mark.postgres
def test_batches_that_lock_the_same_schools_in_another_order_are_both_carried_out(
    office: Office,
) -> None:
    schools = [SCHOOL, *(f"school-{number}" for number in range(4))]
    for school in schools[1:]:
        office.enrol(school)
    together, told = threading.Barrier(2), dict[str, list[str]]()

    def work(order: list[str], transition: str) -> None:
        commands = [
            replace(one, command_id=f"{order[0]}.{one.command_id}", expected_version=None)
            for school in order
            for one in walk(office, school)[:1]
        ]
        together.wait()
        told[transition] = kinds(list(office.engine.advance_many(commands)))

    workers = [
        threading.Thread(target=work, args=one) for one in ((schools, "a"), (schools[::-1], "b"))
    ]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    both = [{a, b} for a, b in zip(told["a"], reversed(told["b"]), strict=True)]
    assert both == [{"recorded", "refused"}] * len(schools)


def test_a_batch_records_what_it_has_before_it_waits_for_a_school_that_somebody_holds(
    postgres_url: str, catalogue: Catalogue
) -> None:
    journal = create_journal(postgres_url, ORIGIN, lock_seconds=30)
    with engine_on(journal, catalogue) as engine:
        engine.found(actor=ADMIN, command_id="found")
        office = Office(engine, catalogue.compiled("tomari-2022")).opened("free", "held", "last")
        commands = [walk(office, school)[0] for school in ("free", "held", "last")]
        outcomes = engine.advance_many(commands)

        with journal.writing() as tx:
            tx.lock("participation/held")
            first = next(outcomes)
            assert (first.command.school, first.kind) == ("free", "recorded")
            with journal.writing() as another:
                another.lock("participation/free")  # nobody holds it any more

        assert [one.kind for one in outcomes] == ["recorded", "recorded"]
