"""The screen passes nothing in which the full check finds fault, and most of what is lawful.

Both look at the same stream: the screen may doubt what is lawful, for that costs time only, but
whatever it passes has to be without a finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit.course import COLUMNS
from lifecycle.storage import rows
from tests.audit.court import (
    CATALOGUE,
    PARSERS,
    Court,
    asked_for,
    history,
    rechained,
    rehashed,
    spelt,
)
from tests.factories import ROADMAP


@pytest.fixture(scope="module")
def court() -> Court:
    return Court(history())


@pytest.mark.parametrize("parser", PARSERS)
def test_lawful_histories_of_every_road_map_are_passed(parser: str) -> None:
    court = Court(history(), PARSERS[parser])
    asks_host = {
        stream
        for stream, found in court.streams.items()
        if any("registered/" in row[3].decode() for row in found)
    }

    doubtful = {name for name, found in court.streams.items() if not court.passes(name, found)}

    assert doubtful == asks_host
    for stream in court.streams.keys() - doubtful:
        assert court.came_to(stream) == court.shown[stream]
    assert len(court.streams) == 3 * len(CATALOGUE.roadmaps())
    assert all(court.findings(stream, found) == [] for stream, found in court.streams.items())


def test_a_stream_without_a_record_is_doubtful(court: Court) -> None:
    assert not court.passes("participation/nobody", [])


def test_the_screen_takes_rows_to_be_made_of_what_they_are_made_of(court: Court) -> None:
    assert rows.STORED_COLUMNS == COLUMNS


# -- changes to single rows ----------------------------------------------------------------------


@given(data=st.data())
def test_no_changed_byte_is_passed_however_it_is_covered(court: Court, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = court.streams[stream]
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    body = found[place][3]
    at = data.draw(st.integers(0, len(body) - 1), label="byte")
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != body[at]), label="value")

    court.agrees(stream, rehashed(found, place, body[:at] + bytes([byte]) + body[at + 1 :]))


@given(data=st.data())
def test_no_changed_column_is_passed(court: Court, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = list(court.streams[stream])
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    column = data.draw(st.integers(1, len(COLUMNS) - 1), label="column")
    value = data.draw(st.sampled_from([None, 1, 1.0, "", "x", b"x", found[0][column]]))
    row = found[place]
    found[place] = (*row[:column], value, *row[column + 1 :])
    if (value, type(value)) == (row[column], type(row[column])):
        return

    assert not court.passes(stream, found)


def spellings(body: bytes) -> dict[str, tuple[int, int]]:
    """Return where each member's spelling begins and ends in a canonical body."""
    found, at = {}, 1
    for name, value in json.loads(body).items():
        begin = at + len(spelt(name)) + 1
        found[name] = begin, begin + len(spelt(value))
        at = found[name][1] + 1
    assert at == len(body)
    return found


@pytest.mark.no_cover  # thousands of the same, which takes twice as long if measured
def test_no_member_can_be_left_out_or_spelt_as_nothing_or_as_another(court: Court) -> None:
    stream = f"participation/{ROADMAP}.2"
    found, passed, kinds = court.streams[stream], [], set()
    assert court.passes(stream, found)
    for place, row in enumerate(found):
        # One of each sort, and one of each sort behind another: what is remembered differs.
        kind = found[place - 1][7] if place else None, row[8] or row[7]
        if kind in kinds:
            continue
        kinds.add(kind)
        body, places = row[3], spellings(row[3])
        forged = {"as it was": body}
        for name, (begin, end) in places.items():
            others = {body[first:last] for first, last in places.values()}
            for other in {*others, b""} - {body[begin:end]}:
                forged[f"{name}: {other!r}"] = body[:begin] + other + body[end:]
            cut = body[: begin - len(name) - 3] + body[end + 1 :]
            forged[name] = cut if body[end:] != b"}" else body[: begin - len(name) - 4] + b"}"
        passed += [
            (kind, what)
            for what, new in forged.items()
            if court.passes(stream, rehashed(found[: place + 1], place, new))
        ]

    # Ids are whatever they are, as long as they are ids, and no other record has them.
    assert [what for _, what in passed].count("as it was") == len(kinds)
    assert all(
        what.startswith(("as it was", "record_id: b'\"", "command_id: b'\"")) for _, what in passed
    ), [one for one in passed if not one[1].startswith(("as it was", "record_id", "command_id"))]


VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 2**53, "", "x", "я", '"', "\\", "\n", "\x7f", "\u2028",
    "2022-03-01", "2022-02-30", "20220301", "9999-12-31", "0999-01-01",
    "2022-03-01T09:00:00.000000Z", "2022-03-01T24:00:00.000000Z", "0" * 64,
    [], {}, [1], ["x"], {"x": 1}, {"installation": 1}, "administrator", "auditor", "expert",
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a body."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))


def changed(body: Any, path: tuple[Any, ...], change: Callable[[Any, Any], object]) -> Any:
    copy = json.loads(json.dumps(body))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return copy


def _deleted(holder: Any, key: Any) -> None:
    del holder[key]


def _doubled(holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[f"{key}_"] = holder[key]


@given(data=st.data())
def test_no_changed_member_is_passed_however_it_is_covered(
    court: Court, data: st.DataObject
) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    found = court.streams[stream]
    place = data.draw(st.integers(0, len(found) - 1), label="record")
    body = json.loads(found[place][3])
    path = data.draw(st.sampled_from(sorted(filter(None, leaves(body)), key=str)), label="member")
    others = [json.loads(row[3]) for row in found]
    value = data.draw(
        st.sampled_from(VALUES) | st.sampled_from(others).map(lambda one: _at(one, path))
    )
    how = data.draw(
        st.sampled_from([lambda holder, key: holder.__setitem__(key, value), _deleted, _doubled])
    )
    new = changed(body, path, how)
    if data.draw(st.booleans(), label="its request forged as well"):
        new = asked_for(new)

    court.agrees(stream, rehashed(found, place, spelt(new)))


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


@given(data=st.data())
def test_records_taken_out_put_in_or_moved_are_not_passed(
    court: Court, data: st.DataObject
) -> None:
    stream = data.draw(st.sampled_from(sorted(court.streams)), label="stream")
    other = data.draw(st.sampled_from(sorted(court.streams)), label="from")
    bodies = [json.loads(row[3]) for row in court.streams[stream]]
    place = data.draw(st.integers(0, len(bodies) - 1), label="place")
    match data.draw(st.sampled_from(["out", "in", "swap"]), label="how"):
        case "out":
            del bodies[place]
        case "in":
            strange = data.draw(st.sampled_from(court.streams[other]), label="record")
            bodies.insert(place, json.loads(strange[3]))
        case "swap":
            bodies[place], bodies[0] = bodies[0], bodies[place]

    court.agrees(stream, list(rechained(court.origin, stream, bodies)))
