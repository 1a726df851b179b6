"""Names that nobody could have given are not in the history, however well they are forged."""

from __future__ import annotations

import copy
from hashlib import sha256
from pathlib import Path

import pytest

from lifecycle import verify
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import STREAM, Body, BreakIn, forged, of, refusal, reopened, told

ALIKE = "\N{CYRILLIC SMALL LETTER A}dmin"
LONG = "x" * 65


@pytest.mark.parametrize("name", [ALIKE, "two words", LONG, ""])
def test_an_actor_whom_nobody_could_register_is_found(folder: Path, name: str) -> None:
    def change(bodies: list[Body]) -> None:
        given = next(body for body in bodies[3:] if body["kind"] == "actor_added")
        forged = {"record_id": "forged", "command_id": "forged", "facts": {"actor": name}}
        at = bodies[-1]["recorded_at"]
        bodies.append(copy.deepcopy(given) | forged | {"recorded_at": at})

    place, said = refusal(folder, change, "installation")

    assert place.startswith("installation#")
    assert "cannot be an id (actor)" in said


@pytest.mark.parametrize(
    "title",
    ["", " School", "Two  spaces", "x" * 301, "line\nbreak", "a@mail.example", "8 900 1234567"],
)
def test_a_title_that_nobody_could_type_in_is_found(folder: Path, title: str) -> None:
    place, said = refusal(folder, lambda bodies: bodies[0]["facts"].update(title=title))

    assert place == f"{STREAM}#1"
    assert "title" in said


@pytest.mark.parametrize("command", ["x" * 65, " ", ALIKE, "x~adopt"])
def test_a_command_id_that_nobody_could_give_is_found(folder: Path, command: str) -> None:
    place, said = refusal(folder, lambda bodies: bodies[-1].update(command_id=command))

    assert place.startswith(STREAM)
    assert "no id of a command" in said


@pytest.mark.parametrize("command", ["", "two words", "ivan@mail.example", LONG])
def test_a_command_id_that_nobody_could_found_with_is_found(folder: Path, command: str) -> None:
    def change(bodies: list[Body]) -> None:
        for number, body in enumerate(bodies[:3], 1):
            body["command_id"] = f"{command}.{number}"

    found = forged(folder, change, "installation")

    assert {one.code for one in found} == {"decision_refused"}
    assert {one.place for one in found} == {f"installation#{number}" for number in (1, 2, 3)}


@pytest.mark.parametrize("school", ["two words", LONG, "\N{CYRILLIC SMALL LETTER A}"])
def test_a_school_that_nobody_could_enrol_is_found(folder: Path, school: str) -> None:
    stream = f"participation/{school}"
    with BreakIn(folder) as visit:
        bodies = visit.bodies("participation/ilyinskoye")[:1]
        visit.rewrite("participation/ilyinskoye", [])
        visit.settle("participation/ilyinskoye")
        for body in bodies:
            body["stream"] = stream
            body["facts"]["school"] = school
        visit.rewrite(stream, bodies)
        visit.settle(stream)
    with reopened(folder, Catalogue()) as engine:
        found = verify(engine).findings

    assert ("decision_refused", f"{stream}#1") in [(one.code, one.place) for one in found]


def test_one_who_was_registered_only_later_cannot_be_stood_in_for(folder: Path) -> None:
    def register(bodies: list[Body]) -> None:
        given = next(body for body in bodies[3:] if body["kind"] == "actor_added")
        forged = {"record_id": "f", "command_id": "f", "facts": {"actor": "petrova"}}
        at = bodies[-1]["recorded_at"]
        bodies.append(copy.deepcopy(given) | forged | {"recorded_at": at})

    def stand_in(bodies: list[Body]) -> None:
        of(bodies, "start_questionnaire")["actor"]["on_behalf_of"] = "petrova"

    with BreakIn(folder) as visit:
        visit.forge("installation", register)
    assert told(folder) == []
    place, said = refusal(folder, stand_in)

    assert place.startswith(STREAM)
    assert said == "petrova was no actor then"


def test_a_definition_that_no_road_map_was_put_in_force_with_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        ((body,),) = visit.run("SELECT body FROM lifecycle_definitions")
        other = body.replace(b'"version":"', b'"version":"9', 1)
        digest = sha256(other).hexdigest()
        visit.run("INSERT INTO lifecycle_definitions VALUES (?, ?)", digest, other)
    with reopened(folder, Catalogue()) as engine:
        found = verify(engine).findings

    assert other != body
    assert [(one.code, one.found) for one in found] == [("definition_invented", digest)]
