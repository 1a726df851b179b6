"""One stream, record by record: what is wrong with a record is named, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.findings import Finding
from lifecycle.domain.model import Head
from lifecycle.domain.record import Record, empty_head, moment_text
from lifecycle.domain.spans import StoredRecord
from tests.storage.samples import ORIGIN, START, STREAM, record_after

EMPTY = empty_head(ORIGIN, STREAM)
FIRST = record_after(EMPTY, recorded_at=START, consulted={"installation": 4, "roadmap/x": 2})


def second(**members: Any) -> Record:
    """A record that follows the first; *members* replace its own."""
    return record_after(FIRST.head, **{"recorded_at": START, **members})


def stored(record: Record, **columns: Any) -> StoredRecord:
    """A record as it is stored, with other columns if they are given."""
    names = {**record.columns, **columns}
    return StoredRecord(record.stream, record.sequence, record.hash, record.body, names)


def checked(*records: StoredRecord) -> list[Finding]:
    check = StreamCheck(ORIGIN, STREAM)
    return [finding for one in records for finding in check.take(one)]


def test_records_that_follow_each_other_are_sound_even_at_one_moment() -> None:
    assert checked(stored(FIRST), stored(second())) == []


def test_a_record_that_was_written_down_before_its_predecessor_is_found() -> None:
    late = START - timedelta(microseconds=1)

    assert checked(stored(FIRST), stored(second(recorded_at=late))) == [
        Finding("time_runs_back", STREAM, 2, "recorded_at", moment_text(START), moment_text(late))
    ]


def test_a_column_that_is_missing_and_one_too_many_are_found() -> None:
    without = stored(FIRST)
    columns = {name: value for name, value in without.columns.items() if name != "actor"}

    assert checked(replace(without, columns=columns)) == [
        Finding("column_differs", STREAM, 1, "actor", FIRST.actor.id, None)
    ]
    assert checked(stored(FIRST, note="more")) == [
        Finding("column_differs", STREAM, 1, "note", None, "more")
    ]


@pytest.mark.parametrize("name", [*FIRST.columns])
def test_a_column_that_says_something_else_is_found(name: str) -> None:
    assert checked(stored(FIRST, **{name: "other"})) == [
        Finding("column_differs", STREAM, 1, name, FIRST.columns[name], "other")
    ]


def test_a_gap_is_one_finding_where_the_next_record_stands() -> None:
    third = record_after(second().head, recorded_at=START)

    assert checked(stored(FIRST), stored(third), stored(replace(third, sequence=4))) == [
        Finding("sequence_gap", STREAM, 3, None, 2, 3),
        Finding("chain_broken", STREAM, 3, "previous", FIRST.hash, third.previous),
        Finding("chain_broken", STREAM, 4, "previous", third.hash, third.previous),
    ]


def test_a_record_of_another_installation_or_stream_is_found() -> None:
    foreign = replace(FIRST, origin="elsewhere")
    moved = replace(FIRST, stream="participation/other")

    assert checked(stored(foreign)) == [
        Finding("foreign_record", STREAM, 1, "origin", ORIGIN, "elsewhere")
    ]
    assert checked(replace(stored(moved), stream=STREAM)) == [
        Finding("column_differs", STREAM, 1, "stream", "participation/other", STREAM)
    ]


def test_a_body_that_does_not_fit_its_hash_is_found_and_the_chain_goes_on_from_the_body() -> None:
    other = "0" * 64
    follows = second()

    assert checked(replace(stored(FIRST), hash=other), stored(follows)) == [
        Finding("body_altered", STREAM, 1, "hash", FIRST.hash, other)
    ]


def test_behind_a_body_that_is_no_record_the_chain_goes_on_from_what_is_stored() -> None:
    broken = replace(stored(FIRST), body=b"{}")
    check = StreamCheck(ORIGIN, STREAM)
    found = list(check.take(broken))

    assert [(one.code, one.place, one.field) for one in found] == [
        ("body_altered", f"{STREAM}#1", "hash"),
        ("body_invalid", f"{STREAM}#1", "body"),
    ]
    assert found[1].found
    assert check.record is None
    follows = second()
    assert list(check.take(stored(follows))) == []
    assert check.record == follows
    assert check.head == follows.head


@pytest.mark.parametrize("version", [3, 0])
def test_who_looked_at_a_version_cannot_look_at_an_older_one_later(version: int) -> None:
    consulted = {"installation": version, "roadmap/x": 2, "roadmap/y": 1}

    assert checked(stored(FIRST), stored(second(consulted=consulted))) == [
        Finding("consulted_runs_back", STREAM, 2, "installation", 4, version)
    ]


def test_an_older_look_does_not_hide_the_one_before_it() -> None:
    back = second(consulted={"installation": 3})
    third = record_after(back.head, recorded_at=START, consulted={"installation": 3})

    assert [one.sequence for one in checked(stored(FIRST), stored(back), stored(third))] == [2, 3]


def test_a_head_that_is_kept_otherwise_is_told_by_its_fields() -> None:
    check = StreamCheck(ORIGIN, STREAM)
    assert list(check.take(stored(FIRST))) == []
    later = START + timedelta(days=1)

    assert list(check.close(FIRST.head)) == []
    assert list(check.close(None)) == [Finding("head_differs", STREAM, None, "version", 1, None)]
    assert list(check.close(Head(ORIGIN, STREAM, 7, "0" * 64, later))) == [
        Finding("head_differs", STREAM, None, "version", 1, 7),
        Finding("head_differs", STREAM, None, "hash", FIRST.hash, "0" * 64),
        Finding("head_differs", STREAM, None, "recorded_at", str(START), str(later)),
    ]
    assert list(check.close(replace(FIRST.head, recorded_at=None))) == [
        Finding("head_differs", STREAM, None, "recorded_at", str(START), None)
    ]
