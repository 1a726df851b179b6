"""Values that no program of ours writes are findings; they do not end the search."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit.findings import SHOWN, Finding
from lifecycle.domain import canonical
from lifecycle.domain.messages import Message
from lifecycle.domain.record import Record
from tests.audit.breaking_in import MAP, STREAM, Body, BreakIn, forged, told, verified


@pytest.mark.parametrize("name", ["command_id", "record_id"])
def test_an_id_given_twice_is_found_by_the_bodies(folder: Path, name: str) -> None:
    """The column still differs from all others: no index would see it."""
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        last = bodies[-1] | {name: bodies[3][name]}
        record = Record.decode(canonical.encode(last))
        visit.run(
            "UPDATE lifecycle_records SET body = ?, hash = ? WHERE stream = ? AND sequence = ?",
            *(record.body, record.hash, STREAM, record.sequence),
        )
        visit.run("UPDATE lifecycle_streams SET hash = ? WHERE stream = ?", record.hash, STREAM)

    found = told(folder)

    where = f"{STREAM}#{record.sequence}"
    assert ("id_repeated", where, name) in found
    assert ("column_differs", where, name) in found


def test_an_id_given_twice_is_found_beside_a_body_that_is_none(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        body = canonical.encode(bodies[-1] | {"record_id": bodies[3]["record_id"]})
        change = "UPDATE lifecycle_records SET body = ? WHERE stream = ? AND sequence = ?"
        visit.run(change, body, STREAM, bodies[-1]["sequence"])
        visit.run(change, b"none", STREAM, 2)

    found = told(folder)

    assert ("id_repeated", f"{STREAM}#{bodies[-1]['sequence']}", "record_id") in found
    assert ("body_invalid", f"{STREAM}#2", "body") in found


@pytest.mark.parametrize("stream", [MAP, STREAM])
def test_a_moment_that_has_no_date_on_the_road_map_is_a_finding(folder: Path, stream: str) -> None:
    """East of Greenwich the last moment of the calendar lies behind its end."""

    def change(bodies: list[Body]) -> None:
        bodies[-1]["recorded_at"] = "9999-12-31T23:59:59.999999Z"

    places = {one.stream for one in forged(folder, change, stream)}

    assert stream in places


def test_a_moment_beyond_the_calendar_is_a_finding(folder: Path) -> None:
    with BreakIn(folder) as visit:
        last = visit.bodies(STREAM)[-1] | {"recorded_at": "0001-01-01T00:00:00.000000+14:00"}
        visit.run(
            "UPDATE lifecycle_records SET body = ? WHERE stream = ? AND sequence = ?",
            *(canonical.encode(last), STREAM, last["sequence"]),
        )

    assert ("body_invalid", f"{STREAM}#{last['sequence']}", "body") in told(folder)


def set_in(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """Return a change of one member of a definition."""

    def change(body: dict[str, Any]) -> None:
        inner: Any = body
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_in("states", 0, "name", to=[]),
        set_in("states", 0, "name", to=7),
        set_in("transitions", 0, "name", to={}),
        set_in("transitions", 0, "requirements", to=[]),
        set_in("states", 1, "due_on", to=5),
        set_in("states", to="abc"),
        set_in("roles", to=None),
        set_in("roadmap", to=1),
        set_in("roadmap", "time_zone", to=7),
        set_in("roadmap", "time_zone", to="Nowhere/Here"),
        set_in("roadmap", "time_zone", to="Europe"),  # a folder of zones
        set_in("roadmap", "time_zone", to="America/Argentina"),
        set_in("roadmap", "time_zone", to="a" * 300),  # longer than a file's name
        set_in("roadmap", "time_zone", to="Europe/Moscow/x"),
        set_in("roadmap", "time_zone", to="Europe/\0"),
        set_in("roadmap", "time_zone", to="../zone.tab"),
        set_in("roadmap", "id", to=[]),
    ],
)
def test_a_definition_of_wrong_types_is_a_finding(
    folder: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    """It is stored under its own digest, and every record names that."""
    with BreakIn(folder) as visit:
        ((before, body),) = visit.run("SELECT digest, body FROM lifecycle_definitions")
        members = json.loads(body)
        change(members)
        forged_body = canonical.encode(members, limit=canonical.MAX_DEFINITION_BYTES)
        digest = sha256(forged_body).hexdigest()
        visit.run("UPDATE lifecycle_definitions SET digest = ?, body = ?", digest, forged_body)
        visit.run("UPDATE lifecycle_standings SET definition = ?", digest)
        streams = visit.run("SELECT stream FROM lifecycle_streams")
        for (stream,) in streams:
            bodies = json.loads(json.dumps(visit.bodies(stream)).replace(before, digest))
            visit.rewrite(stream, bodies)

    codes = {code for code, _, _ in told(folder)}

    assert codes & {"definition_altered", "decision_refused"}


def test_of_a_value_without_end_the_beginning_is_told_and_how_long_it_is(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_log_state SET frontier = zeroblob(100000)")
        visit.run("UPDATE lifecycle_actors SET actor = actor || printf('%.*c', 50000, 'x')")

    found = {one.code: one for one in verified(folder).findings}

    assert "(200000 characters in all)" in str(found["log_state_differs"].found)
    assert re.search(r"x… \(\d{6} characters in all\)", str(found["actors_differ"].found))
    assert all(len(str(one.message)) < 3 * SHOWN for one in found.values())
    assert found["log_state_differs"].found.parameters["length"] == 200000


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x" * SHOWN, "x" * SHOWN),
        ("x" * 1001, f"{'x' * SHOWN}… (1001 characters in all)"),
        (bytes(2), r"b'\x00\x00'"),
        (b"y" * 1001, f"b'{'y' * 998}… (1001 bytes in all)"),
        (["x" * 1001], f"['{'x' * 998}… (1005 characters in all)"),
        (Message("a {b}", {"b": "x" * 1001}), f"a {'x' * SHOWN}… (1001 characters in all)"),
        (0.5, "0.5"),
    ],
)
def test_long_values_are_cut_wherever_they_are_told(value: Any, told: str) -> None:
    finding = Finding("column_differs", stream=value, field=value, expected=value, found=value)

    assert (str(finding.stream), str(finding.field)) == (told, told)
    assert (str(finding.expected), str(finding.found)) == (told, told)
    assert told in str(finding.message)


def test_two_long_values_that_begin_alike_are_shown_where_they_differ() -> None:
    same = "x" * 2500
    finding = Finding("column_differs", expected=f"{same}a{same}", found=f"{same}b")

    assert str(finding.expected) == f"…{'x' * 100}a{'x' * 899}… (5001 characters in all)"
    assert str(finding.found) == f"…{'x' * 100}b… (2501 characters in all)"
    longer = Finding("column_differs", expected=same, found=f"{same}b")
    assert str(longer.expected) == f"…{'x' * 100}… (2500 characters in all)"
    assert str(longer.found) == f"…{'x' * 100}b… (2501 characters in all)"
