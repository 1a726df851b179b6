"""Whatever is done to them: journals in memory and on any database answer and hold the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.domain.errors import CommandReused, VersionConflict
from lifecycle.domain.ports import Journal, Writing
from lifecycle.domain.record import Kind, empty_head
from lifecycle.storage.journal import create_journal
from lifecycle.storage.memory import MemoryJournal
from tests.databases import new_journal
from tests.server import Server
from tests.storage.samples import ORIGIN, record_after, standing_after

STREAMS = ("installation", "roadmap/tomari", "participation/a", "participation/b")
KINDS: tuple[Kind, ...] = ("advanced", "role_assigned", "role_revoked", "actor_added")


@dataclass(frozen=True)
class Step:
    """One append.

    Args:
        stream: Where.
        kind: Of what.
        command: With which command id; some come back.
        behind: The caller looked before there was any record.
        revokes: Number of the record whose role is taken away, where one is.
    """

    stream: str
    kind: Kind
    command: int
    behind: bool
    revokes: int


@dataclass(frozen=True)
class Transaction:
    """Appends that are committed together, unless the caller changes his mind at the end."""

    steps: tuple[Step, ...]
    abandoned: bool


class ChangedHisMindError(Exception):
    """The caller's own."""


STEPS = st.builds(
    Step,
    stream=st.sampled_from(STREAMS),
    kind=st.sampled_from(KINDS),
    command=st.integers(0, 12),
    behind=st.sampled_from((False, False, False, True)),
    revokes=st.integers(0, 12),
)
TRANSACTIONS = st.builds(
    Transaction, steps=st.lists(STEPS, max_size=5).map(tuple), abandoned=st.booleans()
)


def take(tx: Writing, step: Step, number: int) -> str:
    """Append and tell what came of it."""
    head = empty_head(ORIGIN, step.stream) if step.behind else tx.lock(step.stream)
    facts: dict[Kind, dict[str, Any]] = {
        "role_assigned": {"actor": "ana", "role": "curator"},
        "role_revoked": {"actor": "ana", "role": "curator", "assignment": f"r{step.revokes}"},
        "actor_added": {"actor": f"actor-{number}"},
    }
    members = {"record_id": f"r{number}", "command_id": f"c{step.command}"}
    record = record_after(head, step.kind, facts=facts.get(step.kind, {}), **members)
    standing = standing_after(record) if step.stream.startswith("participation/") else None
    try:
        tx.append(record, standing)
    except (VersionConflict, CommandReused) as error:
        return error.code
    return record.hash


def carry_out(journal: Journal, transactions: list[Transaction]) -> list[object]:
    """Do everything, and return every answer and all that the journal then holds."""
    answers: list[object] = []
    numbers = count()
    for transaction in transactions:
        try:
            with journal.writing() as tx:
                answers += [take(tx, step, next(numbers)) for step in transaction.steps]
                if transaction.abandoned:
                    raise ChangedHisMindError
        except ChangedHisMindError:
            answers.append("abandoned")
    with journal.auditing() as view:
        answers += [
            list(view.stored()),
            list(view.streams()),
            list(view.standings()),
            view.all_assignments(),
            view.assignments(STREAMS[:3]),
            view.actors(),
            view.schools(),
            [view.records(stream) for stream in STREAMS],
            [view.command(f"c{number}") for number in range(13)],
        ]
    return answers


@settings(max_examples=40, deadline=None)
@given(st.lists(TRANSACTIONS, max_size=8))
def test_journals_in_memory_and_on_sqlite_answer_and_hold_the_same(
    transactions: list[Transaction],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stored = new_journal(f"sqlite:///{folder}/a.db", ORIGIN)
        on_disk = carry_out(stored, transactions)
        stored.close()

    assert on_disk == carry_out(MemoryJournal(ORIGIN), transactions)


@settings(max_examples=15, deadline=None)
@given(st.lists(TRANSACTIONS, min_size=4, max_size=8))
def test_journals_in_memory_and_on_postgresql_answer_and_hold_the_same(
    server: Server, transactions: list[Transaction]
) -> None:
    with server.database(ORIGIN) as url:
        stored = create_journal(url, ORIGIN)
        on_server = carry_out(stored, transactions)
        stored.close()

    assert on_server == carry_out(MemoryJournal(ORIGIN), transactions)
