"""A batch is its commands one by one: the same answers, the same records, whatever is asked."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle import AdvanceCommand, Lifecycle, LifecycleError, Receipt, Refused, verify
from lifecycle.service.batch import Outcome
from tests.factories import Office, actor, complete
from tests.service.test_laws import SPOILED, definition, in_memory, on_sqlite

SCHOOLS = ("one", "two")
# What two runs cannot have in common: times, ids made on the way, and what hashes cover them.
_OWN = ("record_id", "recorded_at", "previous")

Choice = tuple[str, int, str | None, bool]
choices = st.lists(
    st.tuples(
        st.sampled_from(SCHOOLS),
        st.integers(0, 3),
        st.none() | st.none() | st.sampled_from(sorted(SPOILED.keys() - {"as a rehearsal"})),
        st.sampled_from([False] * 5 + [True]),
    ),
    min_size=1,
    max_size=14,
)


def commands(office: Office, chosen: list[Choice]) -> list[AdvanceCommand]:
    """Return commands that mostly go on from one another, some of them spoiled or repeated."""
    rules = definition()
    states = {school: office.state(school) for school in SCHOOLS}
    known: dict[str, dict[str, Any]] = {school: dict(office.known(school)) for school in SCHOOLS}
    made: list[AdvanceCommand] = []
    for school, choice, spoil, again in chosen:
        options = list(rules.open_in(states[school]))
        if again and made:
            made.append(made[choice % len(made)])
        if not options:
            continue
        move = options[choice % len(options)]
        request = complete(rules, move, known[school])
        if spoil is not None:
            request = SPOILED[spoil](request)
        else:
            states[school] = move.target or states[school]
            known[school] |= request["facts"]
        person = actor("yuri") if choice == 3 else office.who(move.roles[0], school)
        made.append(
            AdvanceCommand(
                school=school,
                transition=move.name,
                actor=person,
                command_id=f"command-{len(made)}",
                **request,
            )
        )
    return made


def told(receipt: Receipt | None, error: LifecycleError | None) -> tuple[object, ...]:
    """Return what a command came to, in a form that can be compared."""
    if error is not None:
        reasons = [str(one.message) for one in error.unmet] if isinstance(error, Refused) else []
        return error.code, str(error), reasons
    assert receipt is not None
    notices = [str(one.message) for one in receipt.notices]
    return receipt.version, receipt.state, receipt.repeated, notices


def one_by_one(engine: Lifecycle, asked: list[AdvanceCommand]) -> list[tuple[object, ...]]:
    answers = []
    for one in asked:
        arguments = {name: getattr(one, name) for name in one.__dataclass_fields__}
        try:
            answers.append(told(engine.advance(**arguments), None))
        except LifecycleError as error:
            answers.append(told(None, error))
    return answers


def history(engine: Lifecycle) -> list[tuple[str, dict[str, Any]]]:
    with engine.context.journal.auditing() as view:
        stored = [(one.stream, json.loads(one.body)) for one in view.stored()]
    return [
        (stream, {name: value for name, value in body.items() if name not in _OWN})
        for stream, body in stored
    ]


def refusals(engine: Lifecycle) -> list[tuple[str, str, str]]:
    with engine.context.journal.reading() as view:
        return [(one.stream, one.what, one.command_id) for one in view.refused()]


def check(single: Office, batch: Office, chosen: list[Choice], size: int) -> None:
    asked = commands(single, chosen)
    before = history(batch.engine)

    rehearsed = list(batch.engine.advance_many(asked, per_transaction=size, dry_run=True))
    assert history(batch.engine) == before
    outcomes = list(batch.engine.advance_many(asked, per_transaction=size))
    answers = one_by_one(single.engine, asked)

    assert [told(one.receipt, one.error) for one in outcomes] == answers
    assert [_of(one) for one in rehearsed] == [_of(one) for one in outcomes]
    assert history(batch.engine) == history(single.engine)
    assert refusals(batch.engine) == refusals(single.engine)
    assert verify(batch.engine).findings == ()


def _of(outcome: Outcome) -> tuple[object, ...]:
    return outcome.kind, told(outcome.receipt, outcome.error)


@given(
    states=st.tuples(*[st.sampled_from(list(definition().state))] * len(SCHOOLS)),
    chosen=choices,
    size=st.integers(1, 5),
)
def test_in_memory_a_batch_is_its_commands_one_by_one(
    states: tuple[str, ...], chosen: list[Choice], size: int
) -> None:
    single, batch = in_memory(), in_memory()
    for office in (single, batch):
        for school, state in zip(SCHOOLS, states, strict=True):
            office.lead(school, state)

    check(single, batch, chosen, size)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="lifecycle-batches-"))
    yield made
    shutil.rmtree(made)


@settings(max_examples=max(5, (settings.default.max_examples if settings.default else 25) // 5))
@given(chosen=choices, size=st.integers(1, 5))
def test_on_sqlite_a_batch_is_its_commands_one_by_one(
    folder: Path, chosen: list[Choice], size: int
) -> None:
    single = in_memory()
    place = Path(tempfile.mkdtemp(dir=folder))
    batch = on_sqlite(place, single)
    try:
        check(single, batch, chosen, size)
    finally:
        batch.engine.close()
