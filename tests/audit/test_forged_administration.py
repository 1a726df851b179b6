"""Roles, actors and road maps that nobody had the right to give are found in any disguise."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.audit.breaking_in import (
    MAP,
    SCHOOL,
    STREAM,
    Body,
    BreakIn,
    forged,
    refusal,
    told,
    verified,
)


def assigned(bodies: list[Body], actor: str) -> Body:
    return next(
        body
        for body in bodies
        if body["kind"] == "role_assigned" and body["facts"]["actor"] == actor
    )


def test_a_role_that_somebody_gave_himself_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        body = assigned(bodies, "former")
        body["actor"] |= {"id": "former", "assignment": body["record_id"]}

    found, reason = refusal(folder, change, MAP)

    assert found.startswith(MAP)
    assert reason == "former holds none of these roles there: administrator"


def test_an_administrator_that_made_himself_one_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        added = copy.deepcopy(bodies[2])
        added |= {"record_id": "x", "command_id": "x"}
        added["facts"] = {"actor": "former", "role": "administrator"}
        added["actor"] |= {"id": "former", "assignment": "x"}
        added["recorded_at"] = bodies[-1]["recorded_at"]
        added["requirements"] = ["role", "date"]
        bodies.append(added)

    _, reason = refusal(folder, change, "installation")

    assert reason == "former holds none of these roles there: administrator"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"actor": "ghost"}, "ghost was not registered"),
        ({"role": "cook"}, "the programme has no role cook"),
        ({"role": "curator"}, "the role curator cannot be assigned to a roadmap"),
        ({"actor": "municipal_coordinator.tomari-2022", "role": "municipal_coordinator"}, "exists"),
    ],
)
def test_a_role_that_cannot_be_given_so_is_found(
    folder: Path, facts: dict[str, str], reason: str
) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(MAP)
        sequence = assigned(bodies, "former")["sequence"]
        assigned(bodies, "former")["facts"] |= facts
        visit.rewrite(MAP, bodies)
        visit.settle(MAP)

    found = {one.place: str(one.found) for one in verified(folder).findings}

    assert reason in found[f"{MAP}#{sequence}"]


def test_a_revocation_of_what_nobody_holds_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[-1]["facts"] |= {"actor": "admin", "assignment": "x"}

    found, reason = refusal(folder, change, MAP)

    assert found.startswith(MAP)
    assert reason == "admin does not hold the role expert there"


def test_an_actor_registered_twice_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[-1]["facts"] = bodies[-2]["facts"]

    with BreakIn(folder) as visit:
        bodies = visit.bodies("installation")
        change(bodies)
        visit.rewrite("installation", bodies)

    codes = [(one.code, str(one.found)) for one in verified(folder).findings]

    assert any(code == "decision_refused" and "exists already" in why for code, why in codes)


@pytest.mark.parametrize("kind", ["installed", "roadmap_adopted", "enrolled", "advanced"])
def test_a_record_that_has_no_place_in_the_installation_is_found(folder: Path, kind: str) -> None:
    facts: dict[str, dict[str, str]] = {
        "installed": {"maximum_merge_delay": "60"},
        "roadmap_adopted": {"roadmap": "tomari-2022"},
        "enrolled": {"school": SCHOOL, "roadmap": "tomari-2022", "title": "x"},
        "advanced": {},
    }
    with BreakIn(folder) as visit:
        bodies = visit.bodies("installation")
        added = copy.deepcopy(bodies[-1])
        added |= {"record_id": "x", "command_id": "x", "kind": kind, "facts": facts[kind]}
        visit.rewrite("installation", [*bodies, added])

    assert told(folder) == [("decision_refused", f"installation#{len(bodies) + 1}", None)]


@pytest.mark.parametrize("stream", ["roadmap/other", "roadmap", "schools/x", "installation/2"])
def test_a_stream_that_does_not_begin_as_it_has_to_is_found(folder: Path, stream: str) -> None:
    with BreakIn(folder) as visit:
        (*_, assignment) = (
            body for body in visit.bodies(STREAM) if body["kind"] == "role_assigned"
        )
        assignment |= {"record_id": "x", "command_id": "x", "stream": stream}
        visit.rewrite(stream, [assignment])

    assert ("decision_refused", f"{stream}#1", None) in told(folder)


def test_an_adoption_in_another_road_maps_stream_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        adoption = visit.bodies(MAP)[0]
        adoption |= {"record_id": "x", "command_id": "x", "stream": "roadmap/other"}
        visit.rewrite("roadmap/other", [adoption])

    (found,) = verified(folder).findings

    assert found.found == "tomari-2022 was adopted in roadmap/other"


def test_an_adoption_by_somebody_without_the_role_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[0]["actor"]["id"] = "former"

    found = forged(folder, change, MAP)

    assert {(one.code, one.place) for one in found} == {("decision_refused", f"{MAP}#1")}
    assert {str(one.found).partition(": ")[0] for one in found} == {
        "former was no actor then", "former holds none of these roles there",
    }  # fmt: skip


def test_a_second_adoption_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(MAP)
        again = copy.deepcopy(bodies[0])
        again |= {"record_id": "x", "command_id": "x", "recorded_at": bodies[-1]["recorded_at"]}
        visit.rewrite(MAP, [*bodies, again])

    assert ("decision_refused", f"{MAP}#{len(bodies) + 1}", None) in told(folder)


def test_another_founder_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        for body in bodies[:3]:
            body["actor"]["id"] = "mallory"
            if "actor" in body["facts"]:
                body["facts"]["actor"] = "mallory"

    found = forged(folder, change, "installation")

    assert {one.code for one in found} == {"decision_refused"}
    assert found[0].place == "installation#4"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_half_a_founding_is_found(folder: Path, count: int) -> None:
    with BreakIn(folder) as visit:
        visit.rewrite("installation", visit.bodies("installation")[:count])

    found = told(folder)

    assert (("decision_refused", "installation#1", None) in found) == bool(count)
    assert ("actors_differ", "installation", "actors") in found


def test_a_founding_with_another_role_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[0]["actor"]["assignment"] = "x"

    (found,) = forged(folder, change, "installation")

    assert (found.code, found.place, found.field) == ("decision_differs", "installation#1", "actor")
