"""A history is learned before anything is decided again: the first to say something has the word.

Whoever says it a second time must not give back the time between.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import is_shared
from lifecycle.domain import canonical
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.record import Record
from tests.audit.breaking_in import MAP, STREAM, Body, BreakIn, of, verified
from tests.audit.deciding import history_before, last, lines
from tests.factories import ORIGIN

VERSIONS = range(50)
SHARED = [one for one in map(Record.decode, lines()) if is_shared(one.stream)]
BODIES = [one.to_json() for one in SHARED]
TWICE = (
    "installed", "actor_added", "roadmap_adopted", "role_assigned", "role_revoked",
    "credential_added", "credential_revoked", "person_erased",
)  # fmt: skip


def again(kind: str) -> list[Body]:
    """Every record of a kind once more, behind everything, and saying something else with it."""
    found = []
    for body in BODIES:
        if body["kind"] == kind:
            other = copy.deepcopy(body) | {"sequence": 50}
            found.append(other)
            changed = copy.deepcopy(other)
            changed["facts"] |= {"role": "administrator"} if kind == "role_assigned" else {}
            changed["facts"] |= {"maximum_merge_delay": "86400"} if kind == "installed" else {}
            if kind == "roadmap_adopted":
                changed["definition"]["digest"] = "0" * 64
            found.append(changed)
    return found


def by_the_package(more: list[Body]) -> list[Any]:
    """What decisions about everything before may rest on, once this was learned as well."""
    grounds = Grounds({}, {})
    for record in [*SHARED, *(Record.decode(canonical.encode(one)) for one in more)]:
        grounds.learn(record)
    people = {str((one.facts or {}).get("actor")) for one in SHARED}
    return [
        [grounds.held(stream, at) for stream in (MAP, INSTALLATION) for at in VERSIONS],
        [grounds.credential(name, at) for name in grounds.credentials for at in VERSIONS],
        [grounds.knows(who, at) for who in sorted(people) for at in VERSIONS],
        grounds.rules,
        grounds.founding,
    ]


def alone(more: list[Body]) -> list[Any]:
    """The same of the verifier that stands alone."""
    digests = {one.definition.digest for one in SHARED if one.definition}
    history = standalone.History(ORIGIN, {one: {"is": one} for one in [*digests, "0" * 64]})
    for body in [*BODIES, *more]:
        history.learn(body)
    until = [
        {name: min(one[1], 50) for name, one in history.credentials.items()},
        {name: [one[0], one[2]] for name, one in history.credentials.items()},
    ]
    held = [[*history.held(stream, at)] for stream in (MAP, INSTALLATION) for at in VERSIONS]
    rules = {name: stream.rules for name, stream in history.streams.items()}
    return [held, until, history.actors, rules, history.delay]


@pytest.mark.parametrize("kind", TWICE)
def test_what_is_said_twice_changes_nothing_before_it(kind: str) -> None:
    said = again(kind)
    assert said

    for one in said:
        assert by_the_package([one]) == by_the_package([])
        assert alone([one]) == alone([])


def test_a_credential_revoked_twice_was_gone_from_the_first_time_on() -> None:
    body = last("credential_revoked")
    history = history_before(body)
    name, number = body["facts"]["credential"], body["sequence"]

    history.learn(body | {"sequence": number + 9})

    assert history.credentials[name][1] == number
    with pytest.raises(standalone.BROKEN):
        history.administered(body | {"sequence": number + 9}, None, number + 8, number + 8)
    history.administered(body, None, number - 1, number - 1)  # the first is lawful as before


def test_a_second_revocation_does_not_give_back_the_time_between(folder: Path) -> None:
    with BreakIn(folder) as visit:
        shared, school = visit.bodies(MAP), visit.bodies(STREAM)
        revoked = next(one for one in shared if one["kind"] == "role_revoked")
        approval = of(school, "confirm_stage_1")
        approval["actor"] |= {
            "id": revoked["facts"]["actor"],
            "role": revoked["facts"]["role"],
            "assignment": revoked["facts"]["assignment"],
        }
        second = copy.deepcopy(revoked) | {"record_id": "x", "command_id": "x"}
        second["recorded_at"] = "2022-03-31T00:00:00.000000Z"
        shared.append(second)
        visit.rewrite(MAP, shared)
        visit.rewrite(STREAM, school)
        visit.settle(MAP)
        visit.settle(STREAM)

    found = {one.place: one.code for one in verified(folder).findings}

    assert found == {
        f"{MAP}#{second['sequence']}": "decision_refused",
        f"{STREAM}#{approval['sequence']}": "decision_refused",
    }
