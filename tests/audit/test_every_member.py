"""Any member of a record left out, added or of another type: both verifiers say the same."""

from __future__ import annotations

import contextlib
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lifecycle.audit import standalone
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.rules import decide_again
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import INSTALLATION
from lifecycle.domain.record import Record, empty_head, genesis_hash, record_hash
from lifecycle.domain.spans import StoredRecord
from tests.audit.deciding import (
    MAP,
    STREAM,
    Body,
    by_the_package,
    by_the_verifier_alone,
    last,
    lines,
)
from tests.audit.test_both_verifiers import KINDS, is_asked, ways
from tests.factories import ORIGIN

OTHERS: tuple[Any, ...] = (None, True, 1, "", "x", [], ["x"], {}, {"x": "x"}, {"x": 1})
# What a form bears under another name in a request, or nowhere.
ADDED = ("dated", "date", "actor", "school", "-", "effective_on", "evidence", "stream", "x")


def inner(body: Body, way: tuple[Any, ...]) -> Any:
    for step in way:
        body = body[step]
    return body


def edited(body: Body) -> Iterator[tuple[str, Body]]:
    """Every member left out, of every other type, and every object with a member too many."""
    for way in [(), *ways(body)]:
        named, found = "/".join(map(str, way)), inner(body, way)
        if way and isinstance(inner(body, way[:-1]), dict):
            other = copy.deepcopy(body)
            del inner(other, way[:-1])[way[-1]]
            yield f"without {named}", other
        for value in OTHERS if way else ():
            if (type(value), value) != (type(found), found):
                other = copy.deepcopy(body)
                inner(other, way[:-1])[way[-1]] = value
                yield f"{named}={value!r}", other
        for name in ADDED if isinstance(found, dict) else ():
            if name not in found:
                other = copy.deepcopy(body)
                inner(other, way)[name] = found.get("date", "2022-01-01")
                yield f"{named} with {name}", other


def asking(body: Body) -> Body:
    """The body with the digest of what it now says was asked, as far as that can be told."""
    with contextlib.suppress(*standalone.BROKEN):
        body["request"] = standalone.asked(body, body["effective_on"])
    return body


def differ(body: Body, kind: str) -> str | None:
    """What one of them says, and the other does not."""
    said = by_the_verifier_alone(body)
    try:
        found = by_the_package(body)
    except (InvalidBody, AttributeError):
        return None if said is not None else "no record, says the package"
    asked = [one for one in found if is_asked(one, kind)]
    if asked and said is None:
        return str(asked[0])
    return said if said is not None and not found else None


# What is changed in the first record is found at the second: the founding is looked at as a whole.
@pytest.mark.parametrize("kind", [one for one in KINDS if one != "installed"])
def test_members_and_types_get_the_same_answer_from_both(kind: str) -> None:
    found = {name: differ(asking(other), kind) for name, other in edited(last(kind))}

    assert {name: said for name, said in found.items() if said is not None} == {}
    assert len(found) > 300


def founding(bodies: list[Body]) -> tuple[bool, bool]:
    """Whether the package and the verifier alone find fault with a founding, chained anew."""
    history, grounds = standalone.History(ORIGIN, {}), Grounds({}, {})
    check, read, wrong, broken = StreamCheck(ORIGIN, INSTALLATION), list[Record](), False, False
    for body in bodies:
        with contextlib.suppress(*standalone.BROKEN):
            body["previous"] = check.head.hash
            body["request"] = standalone.asked(body, None)
        line = standalone.canonical(body)
        stored = StoredRecord(INSTALLATION, body.get("sequence", 0), record_hash(line), line, {})
        wrong |= any(one.code != "column_differs" for one in check.take(stored))
        if check.record is not None:
            grounds.learn(check.record)
            read.append(check.record)
        with contextlib.suppress(*standalone.BROKEN):
            history.learn(standalone.body_from(line))
    head = empty_head(ORIGIN, INSTALLATION)
    for record in read:
        wrong |= any(True for _ in decide_again(grounds, head, None, record))
        head = record.head
    for body in bodies:
        try:
            line = standalone.canonical(body)
            history.leaf = standalone.sha(b"\0", line)
            members = standalone.body_from(line)
            history.chain(members)
            history.judge(members)
        except standalone.BROKEN:
            broken = True
    return wrong, broken


def trio() -> list[Body]:
    return [json.loads(line) for line in lines()[:3]]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_founding_gets_the_same_answer_from_both(number: int) -> None:
    found = {}
    for name, other in edited(trio()[number]):
        bodies = trio()
        bodies[number] = other
        found[name] = founding(bodies)

    assert {name: said for name, said in found.items() if said[0] != said[1]} == {}
    assert founding(trio()) == (False, False)
    assert len(found) > 300


def test_a_founder_changed_in_all_three_records_gets_the_same_answer_from_both() -> None:
    found = {}
    others = [{"authentication": one} for one in ("host:x", "os-uid:1", "token:x", "pigeon:1")]
    others += [{"id": one} for one in ("other", "no id", "")]
    others += [{"on_behalf_of": "other"}, {"on_behalf_of": "admin"}, {"signature": "x"}]
    for name, actor in [*edited(trio()[0]["actor"]), *((str(one), one) for one in others)]:
        bodies = trio()
        for body in bodies:
            body["actor"] = body["actor"] | actor if len(actor) < 5 else actor
            if "actor" in body["facts"]:
                body["facts"]["actor"] = actor.get("id", body["facts"]["actor"])
        found[name] = founding(bodies)

    assert {name: said for name, said in found.items() if said[0] != said[1]} == {}
    assert set(found.values()) == {(False, False), (True, True)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_behind_another_stream_gets_the_same_answer_from_both(kind: str) -> None:
    differ_in, lawful = list[Any](), set[str]()
    for stream in (INSTALLATION, MAP, STREAM, "roadmap/other", "participation/other", "x", "x/y"):
        body = last(kind) | {"record_id": "x", "command_id": "x"}
        if stream == body["stream"]:
            continue
        there = [one for one in map(Record.decode, lines()) if one.stream == stream]
        body |= {"stream": stream, "sequence": len(there) + 1}
        body["previous"] = there[-1].hash if there else genesis_hash(ORIGIN, stream)
        for seen in ({INSTALLATION: 20}, {INSTALLATION: 20, MAP: 8}, {}):
            tried = asking(body | {"consulted": seen})
            found, said = by_the_package(tried), by_the_verifier_alone(tried)
            if bool(found) != (said is not None):
                differ_in.append((stream, seen, found, said))
            if not found:
                lawful.add(stream)

    assert differ_in == []
    # Somebody's role at a school can be given on its road map as well, and by the same people.
    assert lawful <= ({MAP, STREAM} if kind == "role_assigned" else set())
