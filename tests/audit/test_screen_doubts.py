"""What the screen doubts, one thing at a time; the full check says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.frames import Frames
from lifecycle.audit.grounds import Grounds
from lifecycle.domain import canonical
from tests.audit.court import CATALOGUE, Court, history, rechained, rehashed
from tests.factories import ADMIN, ROADMAP, Office, memory_engine

STREAM = f"participation/{ROADMAP}.2"
Body = dict[str, Any]


@pytest.fixture(scope="module")
def court() -> Court:
    return Court(history())


def of(bodies: list[Body], transition: str) -> Body:
    return next(body for body in bodies if body["transition"] == transition)


def members(text: bytes, old: bytes, new: bytes) -> bytes:
    assert old in text
    return text.replace(old, new, 1)


BARE = -1  # stands for the place of a transition that brings and states nothing

TEXTS: dict[str, tuple[int, bytes, bytes]] = {
    "an actor with a member more": (0, b'"signature":null}', b'"signature":null,"x":null}'),
    "an actor spelt otherwise": (0, b'{"actor":{"', b'{"actor":{ "'),
    "another start": (BARE, b'{"actor":', b'["actor":'),
    "facts that are a list": (0, b'"facts":{', b'"facts":[{'),
    "facts of a transition that are a list": (BARE, b'"facts":{}', b'"facts":[]'),
    "facts of a role that are called otherwise": (1, b'"facts":{"actor":', b'"facts":{"actors":'),
    "evidence where none is asked for": (BARE, b'"evidence":[]', b'"evidence":{}'),
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_body_of_another_shape_is_doubtful(court: Court, what: str) -> None:
    place, old, new = TEXTS[what]
    found = court.streams[STREAM]
    if place == BARE:
        place = next(at for at, row in enumerate(found) if row[8] == "start_questionnaire")
    changed = rehashed(found, place, members(found[place][3], old, new))

    assert not court.passes(STREAM, changed)
    assert court.findings(STREAM, changed) != []


def _role_by_another(bodies: list[Body]) -> None:
    of(bodies, "receive_risk_profile")["actor"]["assignment"] = bodies[0]["record_id"]


def _runs_back(bodies: list[Body]) -> None:
    roles = [body for body in bodies if body["kind"] == "role_assigned"]
    roles[-1]["consulted"]["installation"] = 3


def _revoked_otherwise(bodies: list[Body]) -> None:
    given = next(body for body in bodies if body["kind"] == "role_assigned")
    facts = {**given["facts"], "assignment": bodies[0]["record_id"]}
    consulted = {"installation": bodies[-1]["consulted"]["installation"]}
    bodies.append({**given, "consulted": consulted,
                   "kind": "role_revoked", "facts": facts, "record_id": "r-1",
                   "command_id": "c-1", "recorded_at": bodies[-1]["recorded_at"]})  # fmt: skip


def _given_by_nobody_asked(bodies: list[Body]) -> None:
    given = next(body for body in bodies if body["kind"] == "role_assigned")
    given["facts"]["role"] = "auditor"


def _administrator_revoked(bodies: list[Body]) -> None:
    _revoked_otherwise(bodies)
    bodies[-1]["facts"]["role"] = "administrator"


def _given(bodies: list[Body], **facts: str) -> None:
    """Give a role at the end, as the first one was given, with other facts."""
    given = next(body for body in bodies if body["kind"] == "role_assigned")
    consulted = {"installation": bodies[-1]["consulted"]["installation"]}
    bodies.append({**given, "consulted": consulted, "facts": {**given["facts"], **facts},
                   "record_id": "r-1", "command_id": "c-1",
                   "recorded_at": bodies[-1]["recorded_at"]})  # fmt: skip


def _revoked_between(bodies: list[Body]) -> None:
    """Take the coordinator's role between two of the acts that he made by it."""
    place = bodies.index(of(bodies, "receive_risk_profile"))
    before, who = bodies[place - 1], bodies[place]["actor"]
    given = next(body for body in bodies if body["record_id"] == who["assignment"])
    facts = {**given["facts"], "assignment": given["record_id"]}
    consulted = {"installation": before["consulted"]["installation"]}
    times = {name: before[name] for name in ("recorded_at", "effective_on")}
    bodies.insert(place, {**given, **times, "consulted": consulted, "kind": "role_revoked",
                          "facts": facts, "record_id": "r-1", "command_id": "c-1"})  # fmt: skip


FORGERIES: dict[str, Callable[[list[Body]], object]] = {
    "by another's assignment": _role_by_another,
    "with what had been consulted later": _runs_back,
    "by a token that was never issued": lambda bodies: of(bodies, "start_questionnaire")[
        "actor"
    ].update(authentication="token:nothing"),
    "signed, without a signature": lambda bodies: of(bodies, "start_questionnaire")["actor"].update(
        authentication="signed:nothing"
    ),
    "known in no way": lambda bodies: bodies[0]["actor"].update(authentication="rumour:x"),
    "enrolled tomorrow": lambda bodies: bodies[0].update(effective_on="2099-01-01"),
    "advanced tomorrow": lambda bodies: bodies[4].update(effective_on="2099-01-01"),
    "of a role that he did not hold": _revoked_otherwise,
    "of an administrator of a school": _administrator_revoked,
    "of a role that is not given on schools": _given_by_nobody_asked,
    "given a role on what roles do not rest on": lambda bodies: bodies[1].update(
        consulted=bodies[0]["consulted"]
    ),
    "enrolled as another school": lambda bodies: bodies[0]["facts"].update(school="other"),
    "enrolled under a title that is none": lambda bodies: bodies[0]["facts"].update(title=" x"),
    "enrolled under another road map": lambda bodies: bodies[0]["facts"].update(
        roadmap="spring-2026"
    ),
    "enrolled on what enrolments do not rest on": lambda bodies: bodies[0]["consulted"].pop(
        f"roadmap/{ROADMAP}"
    ),
    "enrolled by whom enrols nobody": lambda bodies: bodies[0].update(
        actor=next(one["actor"] for one in bodies if one["actor"]["role"] == "school_coordinator")
    ),
    "given a role tomorrow": lambda bodies: bodies[1].update(effective_on="2099-01-01"),
    "given a role that leads to a state": lambda bodies: bodies[1].update(to="completed"),
    "by whom had his role no more": _revoked_between,
    "given twice": _given,
    "given to somebody unknown": lambda bodies: _given(bodies, actor="stranger"),
    "given a role of road maps": lambda bodies: _given(bodies, role="federal_coordinator"),
    "given by whom gives nothing": lambda bodies: bodies[1].update(actor=bodies[0]["actor"]),
    "advanced on what transitions do not rest on": lambda bodies: of(bodies, "start_questionnaire")[
        "consulted"
    ].pop(f"roadmap/{ROADMAP}"),
    "advanced out of another state": lambda bodies: of(bodies, "receive_risk_profile").update(
        {"from": "completed"}
    ),
    "advanced by whom does not": lambda bodies: of(bodies, "start_questionnaire").update(
        actor=bodies[1]["actor"]
    ),
    "enrolled with a reason": lambda bodies: bodies[0].update(reason="mood"),
    "advanced at another date than an undated request gets": lambda bodies: of(
        bodies, "start_questionnaire"
    ).update(effective_on="2022-01-01"),
    "enrolled at another date than an undated request gets": lambda bodies: bodies[0].update(
        effective_on="2020-02-20"
    ),
    "given a role as undated requests do not": lambda bodies: bodies[1].update(
        effective_on="2020-02-20"
    ),
    "with a fact that is not asked for": lambda bodies: of(bodies, "record_visit")["facts"].update(
        outcome="positive_dynamics"
    ),
    "with a fact of another type": lambda bodies: of(bodies, "record_visit")["facts"].update(
        activated_risks="all"
    ),
    "without a fact": lambda bodies: of(bodies, "record_visit").update(facts={}),
    "without evidence": lambda bodies: of(bodies, "record_visit").update(evidence=[]),
    "with evidence given twice": lambda bodies: of(bodies, "record_visit").update(
        evidence=of(bodies, "record_visit")["evidence"] * 2
    ),
    "with a reason where none is asked for": lambda bodies: of(bodies, "record_visit").update(
        reason="mood"
    ),
    "with another reason": lambda bodies: of(bodies, "return_concept_documents").update(
        reason="mood"
    ),
    "for somebody unknown": lambda bodies: bodies[4]["actor"].update(on_behalf_of="stranger"),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_a_stream_forged_with_all_that_hangs_on_it_is_doubtful(court: Court, how: str) -> None:
    bodies = [json.loads(row[3]) for row in court.streams[STREAM]]
    FORGERIES[how](bodies)
    forged = list(rechained(court.origin, STREAM, bodies))

    assert not court.passes(STREAM, forged)
    assert court.findings(STREAM, forged) != []


@pytest.mark.parametrize("place", [0, 1, 3, 4])
def test_a_request_that_nobody_made_is_doubtful(court: Court, place: int) -> None:
    found = court.streams[STREAM]
    body = json.loads(found[place][3])
    text = members(found[place][3], body["request"].encode(), b"0" * 64)
    changed = rehashed(found, place, text)

    assert not court.passes(STREAM, changed)
    assert [one.code for one in court.findings(STREAM, changed)] == ["request_differs"]


def test_a_role_that_was_taken_again_is_followed() -> None:
    engine = memory_engine(CATALOGUE)
    office = Office(engine, CATALOGUE.compiled(ROADMAP)).opened("one")
    former = office.assign("curator", "one", name="former")
    engine.revoke(former.id, "curator", school="one", actor=ADMIN)
    court = Court(engine)
    found = court.streams["participation/one"]
    bodies = [json.loads(row[3]) for row in found]
    bodies[-1]["facts"]["assignment"] = bodies[0]["record_id"]
    forged = list(rechained(court.origin, "participation/one", bodies))

    assert bodies[-1]["kind"] == "role_revoked"
    assert court.passes("participation/one", found)
    assert not court.passes("participation/one", forged)


def test_a_transition_that_states_a_list_is_doubtful(court: Court) -> None:
    found = court.streams[STREAM]
    place = next(at for at, row in enumerate(found) if row[8] == "record_visit")
    facts = canonical.encode(json.loads(found[place][3])["facts"])
    body = members(found[place][3], b'"facts":' + facts, b'"facts":["outcome"]')

    assert not court.passes(STREAM, rehashed(found, place, body))


def test_a_row_with_another_hash_is_doubtful(court: Court) -> None:
    first, *others = court.streams[STREAM]
    changed = [(*first[:2], "0" * 64, *first[3:]), *others]

    assert not court.passes(STREAM, changed)


def test_an_enrolment_whose_date_was_given_is_passed() -> None:
    engine = memory_engine(CATALOGUE)
    office = Office(engine, CATALOGUE.compiled(ROADMAP)).opened()
    office.enrol("one", effective_on="2022-02-01")
    court = Court(engine)

    assert court.passes("participation/one", court.streams["participation/one"])


def test_rights_of_a_stream_whose_times_run_back_stand_at_no_moment(court: Court) -> None:
    with history().context.journal.auditing() as view:
        first, second, *_ = view.records("installation")
    grounds = Grounds({}, {}, actors={"eva": 1})
    grounds.learn(replace(first, recorded_at=second.recorded_at))
    grounds.learn(replace(second, recorded_at=first.recorded_at))

    with pytest.raises(ValueError, match="out of order"):
        grounds.stands("installation", 2)


def test_versions_from_before_a_change_of_rights_are_doubtful() -> None:
    engine = memory_engine(CATALOGUE)
    office = Office(engine, CATALOGUE.compiled(ROADMAP)).opened("one")
    office.make("one", "start_questionnaire")
    engine.add_actor("late", actor=ADMIN)
    engine.assign("late", "expert", roadmap=ROADMAP, actor=ADMIN)
    office.make("one", "complete_questionnaire")
    court = Court(engine)
    found = court.streams["participation/one"]
    bodies = [json.loads(row[3]) for row in found]
    bodies[-1]["consulted"] = bodies[-2]["consulted"]
    forged = list(rechained(court.origin, "participation/one", bodies))

    assert court.passes("participation/one", found)
    assert not court.passes("participation/one", forged)


@pytest.mark.parametrize("kind", ["advanced", "enrolled"])
def test_a_record_that_names_no_rules_where_it_must_is_doubtful(kind: str) -> None:
    with pytest.raises(Doubtful):
        Frames("origin", {}).of(kind, None, None, None)


@pytest.mark.parametrize(
    ("kind", "transition", "source", "digest"),
    [
        ("advanced", None, None, "d"),
        ("enrolled", "withdraw", None, "d"),
        ("enrolled", None, "completed", "d"),
        ("enrolled", None, None, "twice"),
    ],
)
def test_rules_are_named_by_plain_enrolments_only(
    kind: str, transition: str | None, source: str | None, digest: str
) -> None:
    definition = CATALOGUE.compiled(ROADMAP)
    twice = replace(definition, states=(*definition.states, definition.states[0]))
    frames = Frames("origin", {"d": definition, "twice": twice})

    assert frames.of("enrolled", None, None, "d").target == definition.initial
    with pytest.raises(Doubtful):
        frames.of(kind, transition, source, digest)


def test_rules_that_are_not_plain_have_no_transitions() -> None:
    definition = CATALOGUE.compiled(ROADMAP)
    twice = replace(definition, states=(*definition.states, definition.states[0]))

    assert Frames("origin", {"d": definition}).steps("d") != {}
    with pytest.raises(Doubtful):
        Frames("origin", {"d": twice}).steps("d")
