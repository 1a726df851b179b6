"""What verification reads besides the records, the same from every kind of journal."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.domain.commitment import commit
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.ports import Journal
from lifecycle.domain.record import Kind
from lifecycle.domain.spans import EVERYTHING, Span, only
from lifecycle.storage.memory import MemoryJournal
from tests.storage.samples import ORIGIN, STREAM, append, standing_after

OTHER = "participation/школа-2"
WRITTEN: tuple[tuple[str, Kind], ...] = (
    (INSTALLATION, "actor_added"),
    ("roadmap/tomari", "role_assigned"),
    (STREAM, "enrolled"),
    (OTHER, "enrolled"),
    (STREAM, "advanced"),
)


@pytest.fixture
def twins(journal: Journal) -> tuple[Journal, MemoryJournal]:
    """A journal of each kind, and one in memory that holds the same."""
    twin = MemoryJournal(ORIGIN)
    with journal.writing() as tx, twin.writing() as other:
        for stream, kind in WRITTEN:
            facts: dict[str, Any] = {"facts": {"actor": "ana"}} if kind == "actor_added" else {}
            record = append(tx, stream, kind, **facts)
            of_school = stream.startswith("participation/")
            other.append(record, standing_after(record) if of_school else None)
            if of_school:
                opening = commit("comment", f"слова к {record.sequence}", b"s" * 32)
                for one in (tx, other):
                    one.erasable.keep(record, [opening], [FileKey(record.hash, b"\x00\xff" * 16)])
    return journal, twin


def lent(journal: Journal, span: Span) -> dict[str, Any]:
    """Return the rows of a span as they are lent to the screen."""
    with journal.auditing() as view, view.plain(span) as plain:
        return {**plain._asdict(), "records": list(plain.records)}


@pytest.mark.parametrize(
    "span",
    [EVERYTHING, only(STREAM), Span(STREAM), Span(None, OTHER), Span("q", "s"), Span("x")],
    ids=["everything", "one", "from one on", "up to one", "between", "beyond"],
)
def test_rows_openings_and_keys_of_a_span_are_lent_as_they_lie(
    twins: tuple[Journal, MemoryJournal], span: Span
) -> None:
    journal, twin = twins

    rows, expected = lent(journal, span), lent(twin, span)

    assert rows == expected
    if span == EVERYTHING:
        assert len(rows["records"]) == len(WRITTEN)
        assert set(rows["openings"]) == set(rows["keys"]) == {STREAM, OTHER}


def test_an_opening_kept_twice_is_told_where_nothing_else_can_be() -> None:
    journal = MemoryJournal(ORIGIN)
    once, twice = (commit("comment", words, b"s" * 32) for words in ("раз", "два"))
    with journal.writing() as tx:
        record = append(tx)
        tx.erasable.keep(record, [once, twice, twice], [])

    with journal.auditing() as view:
        key = f"{STREAM} 1 {twice.commitment}"
        assert list(view.doubled()) == [("lifecycle_openings", STREAM, key)]


def test_actors_sizes_and_ids_are_those_of_the_records(
    twins: tuple[Journal, MemoryJournal],
) -> None:
    journal, twin = twins

    with journal.auditing() as view, twin.auditing() as other:
        assert view.registered() == other.registered() == {"ana": 1}
        assert list(view.sizes()) == list(other.sizes())
        assert list(view.ids()) == list(other.ids())
        assert list(view.repeated()) == list(view.repeated(indexed=True)) == []
        assert list(view.doubled()) == list(view.doubled(indexed=True)) == []
        assert list(view.misplaced()) == []
        assert view.logged_at() == other.logged_at()
