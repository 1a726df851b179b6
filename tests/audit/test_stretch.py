"""What every record has to have, looked at a stretch at a time."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.course import COLUMNS
from lifecycle.audit.stretch import RECORDS, linked, stretches
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.record import genesis_hash
from tests.audit.court import Court, history
from tests.factories import ROADMAP

STREAM = f"participation/{ROADMAP}.2"
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def court() -> Court:
    return Court(history())


def test_a_stretch_is_bounded_and_none_is_left_out() -> None:
    rows = [(number,) for number in range(2 * RECORDS + 1)]

    found = list(stretches(iter(rows)))

    assert [len(stretch) for stretch in found] == [RECORDS, RECORDS, 1]
    assert [row for stretch in found for row in stretch] == rows
    assert list(stretches([])) == []


def test_it_does_not_matter_where_a_stream_is_cut(court: Court) -> None:
    rows = court.streams[STREAM]
    first = 0, genesis_hash(court.origin, STREAM), ""
    whole = linked(rows, first)

    assert whole == (len(rows), rows[-1][2], rows[-1][14])
    for cut in range(1, len(rows)):
        assert linked(rows[cut:], linked(rows[:cut], first)) == whole


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sequence", 3),
        ("hash", "0" * 64),
        ("body", b"{}"),
        ("previous", "0" * 64),
        ("record_id", 'r"1'),
        ("record_id", "r\n1"),
        ("command_id", ""),
        ("command_id", "c\nd"),
        ("recorded_at", "2022-03-01"),
        ("recorded_at", "2000-01-01T00:00:00.000000Z"),
        ("recorded_at", "2099-01-01T00:00:00.000000Z"),
    ],
)
def test_a_record_that_does_not_fit_among_the_others_is_doubtful(
    court: Court, column: str, value: object
) -> None:
    rows, at = list(court.streams[STREAM]), COLUMNS.index(column)
    rows[3] = (*rows[3][:at], value, *rows[3][at + 1 :])

    with pytest.raises(Doubtful):
        linked(rows, (0, genesis_hash(court.origin, STREAM), ""))


def test_a_stretch_from_before_the_last_one_is_doubtful(court: Court) -> None:
    rows = court.streams[STREAM]
    version, last, _ = linked(rows[:2], (0, genesis_hash(court.origin, STREAM), ""))

    with pytest.raises(Doubtful):
        linked(rows[2:], (version, last, "2099-01-01T00:00:00.000000Z"))


def test_a_row_of_another_length_is_not_followed(court: Court) -> None:
    first, second, *others = court.streams[STREAM]

    with pytest.raises(ValueError, match="zip"):
        linked([first, (*second, None), *others], (0, genesis_hash(court.origin, STREAM), ""))


@pytest.mark.parametrize(("over", "followed"), [(0, True), (1, False)])
def test_a_body_is_as_long_as_bodies_may_be(court: Court, over: int, followed: bool) -> None:
    body = bytes(MAX_BODY_BYTES + over)
    row = list(court.streams[STREAM][0])
    row[2:4] = sha256(b"\x00" + body).hexdigest(), body
    before = 0, genesis_hash(court.origin, STREAM), ""

    if followed:
        assert linked([tuple(row)], before) == (1, row[2], row[14])
        return
    with pytest.raises(Doubtful):
        linked([tuple(row)], before)
