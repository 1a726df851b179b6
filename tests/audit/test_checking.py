"""The parts of the full check that every stream has in common, each by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lifecycle.audit.checking import Checking, roles, unfounded
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import Oddities, is_shared, repeated_ids
from lifecycle.domain.model import Assignment, Head
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.spans import StoredRecord
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.storage.samples import ORIGIN, STREAM, append, record_after


def run(told: list[int]) -> Checking:
    return Checking(MemoryEvidence(), Grounds({}, {}), told.append)


def test_progress_is_told_whenever_another_thousand_is_full() -> None:
    told: list[int] = []
    check = run(told)

    for records in (1, 998, 1, 1, 998, 1, 2500, 499, 1, 1):
        check.count(records)
    check.count()

    assert told == [1000, 2000, 4500, 5000]
    assert check.records == 5002


def test_a_head_without_records_is_told_by_its_version() -> None:
    heads = [Head(ORIGIN, "participation/x", 3, "0" * 64, None), empty_head(ORIGIN, "y")]

    assert list(unfounded(heads)) == [
        Finding("stream_empty", "participation/x", None, "version", 0, 3),
        Finding("stream_empty", "y", None, "version", 0, 0),
    ]


def test_a_file_is_there_by_digest_and_size(tmp_path: Path) -> None:
    (tmp_path / "done.txt").write_bytes(b"done")
    check = run([])
    assert isinstance(check.files.store, MemoryEvidence)
    kept = check.files.store.put(tmp_path / "done.txt")

    assert check.files.has(kept.sha256, 4)
    assert not check.files.has(kept.sha256, 5)
    assert not check.files.has("0" * 64, 4)


def test_roles_are_compared_stream_by_stream_in_the_order_of_their_records() -> None:
    first = Assignment("r-1", "roadmap/a", "ana", "curator", 1)
    second = Assignment("r-2", "roadmap/a", "boris", "expert", 2)
    other = Assignment("r-3", "roadmap/b", "vera", "expert", 1)

    assert list(roles([second, first, other], [other, first, second])) == []
    assert list(roles([first, second, other], [first])) == [
        Finding(
            "roles_differ", "roadmap/a", None, "roles",
            ["ana curator #1 r-1", "boris expert #2 r-2"], ["ana curator #1 r-1"],
        ),
        Finding("roles_differ", "roadmap/b", None, "roles", ["vera expert #1 r-3"], []),
    ]  # fmt: skip
    assert [one.found for one in roles([], [other])] == [["vera expert #1 r-3"]]
    twins = [replace(first, record_id="r-9"), first]
    (found,) = roles(twins, [])
    assert found.expected == ["ana curator #1 r-1", "ana curator #1 r-9"]


def stored(record: Record, **columns: str) -> StoredRecord:
    names = {**record.columns, **columns}
    return StoredRecord(record.stream, record.sequence, record.hash, record.body, names)


def test_ids_that_occur_twice_are_told_at_every_place_but_the_first() -> None:
    journal, odd = MemoryJournal(ORIGIN), Oddities()
    streams = ("participation/a", "installation", "participation/b", "roadmap/x", STREAM)
    with journal.writing() as tx:
        kept = [append(tx, stream, "role_assigned", command_id=stream) for stream in streams]
    with journal.auditing() as view:
        assert list(repeated_ids(view, odd)) == []
        # The columns were edited: the bodies bear one id, at five places.
        for record in kept:
            odd.note(stored(replace(record, command_id="same"), command_id=record.stream),
                     replace(record, command_id="same"))  # fmt: skip
        found = list(repeated_ids(view, odd))
        odd.unreadable.add(("participation/b", 1))
        fewer = list(repeated_ids(view, odd))

    assert found == [
        Finding("id_repeated", stream, 1, "command_id", None, "same")
        for stream in ("roadmap/x", "participation/a", "participation/b", STREAM)
    ]
    assert [one.stream for one in fewer] == ["roadmap/x", "participation/a", STREAM]


def test_what_is_odd_about_a_record_is_noted_by_column_and_place() -> None:
    odd, other, record = Oddities(), Oddities(), record_after(empty_head(ORIGIN, STREAM))

    odd.note(stored(record), record)
    assert odd == Oddities()
    odd.note(stored(record, record_id="edited"), record)
    other.note(stored(record, command_id="edited"), record)
    other.note(stored(record), None)
    odd.join(other)

    assert odd.displaced == {
        ("record_id", (STREAM, 1)): record.record_id,
        ("command_id", (STREAM, 1)): record.command_id,
    }
    assert odd.unreadable == {(STREAM, 1)}


@pytest.mark.parametrize(
    ("stream", "shared"),
    [
        ("installation", True),
        ("roadmap/tomari-2022", True),
        ("participation/installation", False),
        ("participation/roadmap/", False),
        ("installation/x", False),
    ],
)
def test_the_installation_and_the_road_maps_are_what_decisions_look_at(
    stream: str, shared: bool
) -> None:
    assert is_shared(stream) is shared
