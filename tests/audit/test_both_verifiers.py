"""The package and the verifier that stands alone say the same of every changed member."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.findings import Finding
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import INSTALLATION as TOP
from lifecycle.domain.record import genesis_hash
from tests.audit.agreeing import LEFT_OUT
from tests.audit.deciding import Body, by_the_package, by_the_verifier_alone, last, lines
from tests.factories import ORIGIN

KINDS = sorted({json.loads(line)["kind"] for line in lines()})


def variants(value: Any) -> list[Any]:
    """Other values that somebody might put there."""
    if isinstance(value, bool) or value is None:
        return ["2022-03-01", "0" * 64]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, str):
        return [value.replace("1", "2", 1), value.replace("0", "1", 1), value[:-1], "ghost", None]
    if isinstance(value, list):
        return [value[:-1], value[::-1], [*value, *value[-1:]]]
    return [{}]


def changed(body: Body) -> Iterator[tuple[str, Body]]:
    """Every change of one member, with where it is."""
    for way in ways(body):
        part: Any = body
        for step in way:
            part = part[step]
        for value in variants(part):
            if value != part:
                other = copy.deepcopy(body)
                inner: Any = other
                for step in way[:-1]:
                    inner = inner[step]
                inner[way[-1]] = value
                yield f"{'/'.join(map(str, way))}={value!r}", other


def ways(value: Any) -> Iterator[tuple[Any, ...]]:
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    for step in steps:
        yield (step,)
        for rest in ways(value[step]):
            yield step, *rest


@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_record_of_every_kind_is_found_sound_by_both(kind: str) -> None:
    body = last(kind)

    assert by_the_package(body) == []
    assert by_the_verifier_alone(body) is None


# Of these, docs/audit.md says that the verifier that stands alone leaves the details out.
IN_PART = ("activity_", "person_erased")


def is_asked(finding: Finding, kind: str) -> bool:
    left_out = any(one in str(finding.found) for one in LEFT_OUT)
    in_part = kind.startswith(IN_PART) and finding.code.startswith("decision_")
    return not left_out and not in_part


# The first record says who founded, so what is changed there is found at the second.
@pytest.mark.parametrize("kind", [one for one in KINDS if one != "installed"])
def test_a_changed_member_of_a_record_gets_the_same_answer_from_both(kind: str) -> None:
    differ = []
    for name, body in changed(last(kind)):
        try:
            found = by_the_package(body)
        except InvalidBody:
            continue
        said = by_the_verifier_alone(body)
        asked = [one for one in found if is_asked(one, kind)]
        if (asked and said is None) or (said is not None and not found):
            differ.append((name, said, [(one.code, one.field, one.found) for one in found]))

    assert differ == []


@pytest.mark.parametrize("kind", [one for one in KINDS if one != "installed"])
def test_a_method_is_enough_or_not_for_both(kind: str) -> None:
    differ, enough = [], set()
    for method in ("host:x", "os-uid:1000", "token:x", "signed:x", "pigeon:1", "host:", "host"):
        body = last(kind)
        body["actor"] |= {"authentication": method, "signature": None}
        found, said = by_the_package(body), by_the_verifier_alone(body)
        if bool(found) != (said is not None):
            differ.append((method, found, said))
        if not found:
            enough.add(method)

    assert differ == []
    # An approval asks for more than an account of the machine.
    assert enough == ({"host:x"} if kind == "advanced" else {"host:x", "os-uid:1000"})


@pytest.mark.parametrize("kind", ["role_assigned", "role_revoked"])
@pytest.mark.parametrize("stream", ["installation/x", "installation/", "installations", "x/y"])
def test_a_role_in_a_stream_that_does_not_exist_is_found_by_both(kind: str, stream: str) -> None:
    body = last("role_assigned", role="administrator")
    everything = [json.loads(line) for line in lines()]
    shared = max(one["sequence"] for one in everything if one["stream"] == TOP)
    moment = max(one["recorded_at"] for one in everything)
    body |= {"kind": kind, "stream": stream, "sequence": 1, "consulted": {TOP: shared}}
    body |= {"previous": genesis_hash(ORIGIN, stream), "recorded_at": moment}
    body["effective_on"] = moment[:10]
    body["facts"] |= {"assignment": body["record_id"]} if kind == "role_revoked" else {}
    body["request"] = standalone.asked(body, None)

    assert by_the_package(body) != []
    assert by_the_verifier_alone(body) is not None


def test_a_role_in_the_stream_of_the_installation_is_let_be_by_the_same_way() -> None:
    assert by_the_verifier_alone(last("role_assigned", role="administrator")) is None
