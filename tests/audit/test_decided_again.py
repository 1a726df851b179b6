"""A record, decided again on its grounds: what comes out otherwise is told member by member."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.rules import decide_again
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import INSTALLATION, DefinitionRef, Head, roadmap_stream
from lifecycle.domain.plan import plan_after
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.replay import Participation, fold
from tests.audit.deciding import by_the_package, last, lines
from tests.factories import ADMIN, Office

SCHOOL = "krasnogorsk"


@dataclass
class Case:
    """The records of an office, and the grounds that they were decided on."""

    grounds: Grounds
    streams: dict[str, list[Record]] = field(default_factory=dict)

    def before(self, record: Record) -> tuple[Head, Participation | None]:
        """Where a stream, and its school, stood before a record of it."""
        earlier = self.streams[record.stream][: record.sequence - 1]
        head = earlier[-1].head if earlier else empty_head(record.origin, record.stream)
        school = record.stream.startswith("participation/")
        return head, fold(earlier) if school and earlier else None

    def again(self, record: Record, place: Record | None = None) -> list[Finding]:
        """What is found of a record, which stands where *place* does."""
        head, participation = self.before(place or record)
        plan = self.grounds.plans[record.stream] = {}
        for one in self.streams[(place or record).stream][: (place or record).sequence - 1]:
            plan_after(plan, one)
        return list(decide_again(self.grounds, head, participation, record))

    def refused(self, record: Record, place: Record | None = None) -> str:
        """Why the record would be refused, in the first words of the only reason."""
        found = [one for one in self.again(record, place) if one.code == "decision_refused"]
        (one,) = found
        assert (one.stream, one.sequence, one.field) == (record.stream, record.sequence, None)
        assert one.expected is None
        return str(one.found)

    def last(self, kind: str) -> Record:
        """The last record of a kind."""
        every = [one for records in self.streams.values() for one in records]
        return [one for one in every if one.kind == kind][-1]

    @property
    def known(self) -> int:
        """How many records the installation has."""
        return self.grounds.versions[INSTALLATION]


@pytest.fixture
def case(office: Office, definition: Definition) -> Case:
    """A school under way, a planned activity, somebody who was revoked, a credential that was."""
    engine, on_map = office.engine, roadmap_stream(office.roadmap)
    office.lead(SCHOOL, "concept_documents")
    former = office.assign("expert", name="former")
    engine.revoke(former.id, "expert", roadmap=office.roadmap, actor=ADMIN)
    found = Case(Grounds({definition.ref.digest: definition}, engine.context.guards))
    with engine.context.journal.reading() as view:
        for stream in (INSTALLATION, on_map, f"participation/{SCHOOL}"):
            found.streams[stream] = view.records(stream)
    for stream in (INSTALLATION, on_map):
        for record in found.streams[stream]:
            found.grounds.learn(record)
    return found


def test_every_record_of_an_honest_office_comes_out_the_same(case: Case) -> None:
    for records in case.streams.values():
        for record in records:
            assert case.again(record) == []
    assert {one.kind for one in case.streams[INSTALLATION]} >= {"installed", "actor_added"}


def test_whatever_can_be_recorded_comes_out_the_same() -> None:
    kinds = {json.loads(line)["kind"] for line in lines()}

    assert len(kinds) == 13
    assert [kind for kind in sorted(kinds) if by_the_package(last(kind))] == []


def test_a_command_has_an_id_that_commands_have(case: Case) -> None:
    (found,) = case.again(replace(case.last("advanced"), command_id="x y"))

    assert (found.code, found.field, found.expected, found.found) == (
        "decision_refused", "command_id", None, "'x y' is no id of a command",
    )  # fmt: skip


def test_in_the_installation_those_are_known_who_were_registered_before(case: Case) -> None:
    before, record = next(
        pair for pair in pairwise(case.streams[INSTALLATION])
        if [one.kind for one in pair] == ["actor_added", "actor_added"]
    )  # fmt: skip
    for one, known in ((before, True), (record, False)):
        name = (one.facts or {})["actor"]
        changed = replace(record, actor=replace(record.actor, on_behalf_of=name))
        said = [finding.found for finding in case.again(changed)]
        assert (f"{name} was no actor then" not in said) is known


@pytest.mark.parametrize("over", [0, -1, 1])
def test_a_version_that_was_not_there_yet_is_told(case: Case, over: int) -> None:
    record = case.last("advanced")
    version = case.known + over if over > 0 else over
    consulted = {**(record.consulted or {}), INSTALLATION: version}

    found = case.again(replace(record, consulted=consulted))

    assert found[0] == Finding(
        "consulted_missing", record.stream, record.sequence, INSTALLATION, case.known, version
    )


def test_the_newest_version_can_have_been_looked_at(case: Case) -> None:
    record = case.last("advanced")
    consulted = {**(record.consulted or {}), INSTALLATION: case.known}

    later = record.recorded_at + timedelta(minutes=1)

    assert case.again(replace(record, consulted=consulted, recorded_at=later)) == []
    (found,) = case.again(replace(record, consulted=consulted))
    assert (found.code, found.field) == ("recorded_before_consulted", "recorded_at")


def test_a_stream_that_is_not_there_cannot_have_been_looked_at(case: Case) -> None:
    record = case.last("advanced")
    consulted = {**(record.consulted or {}), "roadmap/other": 1}

    assert case.again(replace(record, consulted=consulted))[0] == Finding(
        "consulted_missing", record.stream, record.sequence, "roadmap/other", 0, 1
    )


@pytest.mark.parametrize(
    ("name", "members", "expected", "found"),
    [
        ("requirements", {"requirements": ("state",)}, None, ["state"]),
        ("to", {"target": "completed"}, "concept_documents", "completed"),
        ("due_on", {"due_on": None}, None, None),
        ("from", {"source": "completed"}, "resilience_profile", "completed"),
        ("definition", {"definition": None}, None, None),
    ],
)
def test_a_member_that_the_rules_make_otherwise_is_told_with_both(
    case: Case, name: str, members: dict[str, Any], expected: object, found: object
) -> None:
    record = case.last("advanced")
    told = [one for one in case.again(replace(record, **members)) if one.field == name]

    changed = replace(record, **members).to_json()[name]
    if record.to_json()[name] == changed:
        assert told == []
    else:
        assert told == [
            Finding(
                "decision_differs", record.stream, record.sequence, name,
                record.to_json()[name], changed,
            )
        ]  # fmt: skip


def test_another_request_is_told_by_its_own_name(case: Case) -> None:
    record = case.last("advanced")

    (found,) = case.again(replace(record, request="0" * 64))

    assert (found.code, found.field, found.found) == ("request_differs", "request", "0" * 64)
    assert len(found.expected) == 64


def test_nobody_is_stood_in_for_who_is_no_actor(case: Case) -> None:
    record = case.last("advanced")
    other = replace(record, actor=replace(record.actor, on_behalf_of="ghost"))

    found = case.again(other)[0]

    assert (found.code, found.field, found.expected) == ("decision_refused", None, None)
    assert found.found == "ghost was no actor then"


def test_who_lost_a_role_before_is_told_of_as_outdated(case: Case) -> None:
    took = case.last("role_revoked")
    given = {one.record_id: one for one in case.streams[took.stream]}
    record = [
        one
        for records in case.streams.values()
        for one in records
        if one.kind == "advanced" and one.actor.assignment in given
    ][-1]
    gave = given[record.actor.assignment or ""]
    facts = {**(gave.facts or {}), "assignment": gave.record_id}
    moment = took.recorded_at + timedelta(seconds=1)
    taken = replace(took, sequence=took.sequence + 1, facts=facts, recorded_at=moment)
    case.grounds.learn(taken)

    at_once = case.again(replace(record, recorded_at=moment))
    later = case.again(replace(record, recorded_at=moment + timedelta(microseconds=1)))

    assert at_once == []
    (found,) = later
    assert (found.code, found.place) == (
        "decision_outdated", f"{record.stream}#{record.sequence}",
    )  # fmt: skip
    assert (found.field, found.expected) == (None, None)
    assert found.found


def test_a_school_that_was_not_enrolled_goes_nowhere(case: Case) -> None:
    record = replace(case.last("advanced"), sequence=1)

    assert case.refused(record) == "the school was not enrolled"


def test_a_school_is_enrolled_in_its_own_stream_and_under_the_rules_in_force(case: Case) -> None:
    record = case.last("enrolled")
    elsewhere = replace(record, stream="participation/other")
    case.streams[elsewhere.stream] = []

    assert case.refused(elsewhere) == "the enrolment of krasnogorsk stands in participation/other"
    case.grounds.rules[roadmap_stream("tomari-2022")] = "0" * 64
    assert case.refused(record) == "the rules are not those in force on the road map"


def test_an_act_on_a_road_map_needs_the_rules_in_force(case: Case, office: Office) -> None:
    row = office.definition.roadmap.activities[0]
    record = replace(
        case.last("role_revoked"),
        kind="activity_begun",
        facts={"activity": row.key, "occurrence": "", "postponed_to": "", "counts": {}},
    )
    case.grounds.rules.clear()

    assert case.refused(record) == "the rules are not those in force on the road map"


@pytest.mark.parametrize("kind", ["roadmap_adopted", "installed"])
def test_a_record_that_belongs_nowhere_has_no_place(case: Case, kind: str) -> None:
    record = case.last("role_revoked")
    digest = next(iter(case.grounds.definitions))
    other = replace(
        record,
        kind=kind,  # type: ignore[arg-type]  # one of the kinds
        facts={"roadmap": "tomari-2022"},
        definition=DefinitionRef("500plus/tomari-2022", "1", digest),
    )

    assert case.refused(other) == f"a {kind} record has no place here"


def test_a_map_is_adopted_in_its_own_stream(case: Case) -> None:
    record = replace(case.last("roadmap_adopted"), stream="roadmap/other")
    case.streams[record.stream] = []

    assert case.refused(record) == "tomari-2022 was adopted in roadmap/other"


def test_a_role_is_given_to_registered_people_only(case: Case) -> None:
    record = case.last("role_assigned")
    ghost = replace(record, facts={**(record.facts or {}), "actor": "ghost"})

    assert case.refused(ghost) == "ghost was not registered"


def test_who_is_registered_later_is_not_registered_yet(case: Case) -> None:
    record = case.last("role_assigned")
    name = (record.facts or {})["actor"]
    place = case.grounds.actors[name]
    here = {**(record.consulted or {})}

    assert case.again(replace(record, consulted={**here, INSTALLATION: place})) == []
    early = replace(record, consulted={**here, INSTALLATION: place - 1})
    assert case.refused(early) == f"{name} was not registered"


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (
            "credential_added",
            {
                "actor": "ghost",
                "credential": "c",
                "method": "token",
                "proof": "0" * 64,
                "scopes": "",
                "expires_at": "",
            },
        ),
        ("person_erased", {"actor": "ghost", "ground": "request", "act": "1", "records": []}),
    ],
)
def test_what_the_installation_has_is_about_registered_people_only(
    case: Case, kind: str, facts: dict[str, Any]
) -> None:
    record = replace(
        case.last("actor_added"),
        kind=kind,  # type: ignore[arg-type]  # one of the kinds
        facts=facts,
    )

    assert case.refused(record) == "ghost was not registered"


def test_founding_records_come_out_as_the_founding_made_them(case: Case) -> None:
    first, second, third = case.streams[INSTALLATION][:3]

    for record in (first, second, third):
        (found,) = case.again(replace(record, command_id="other"))
        assert (found.code, found.field) == ("decision_differs", "command_id")
        assert (found.expected, found.found) == (record.command_id, "other")


def test_a_broken_ground_is_told_by_its_kind_and_ends_nothing(case: Case) -> None:
    record = case.last("advanced")
    looked_at = {INSTALLATION: (record.consulted or {})[INSTALLATION]}
    found = case.refused(replace(record, consulted=looked_at))

    assert found == "KeyError: 'roadmap/tomari-2022'"


@pytest.mark.parametrize(
    "members",
    [
        {"origin": "elsewhere"},
        {"previous": "0" * 64},
    ],
)
def test_what_the_chain_shows_is_not_told_twice(case: Case, members: dict[str, Any]) -> None:
    record = case.last("actor_added")

    assert "decision_differs" not in {
        one.code for one in case.again(replace(record, **members), record)
    }


def test_a_record_at_another_place_is_not_told_twice(case: Case) -> None:
    record = case.last("actor_added")
    other = replace(record, sequence=record.sequence + 5)

    assert case.again(other, record) == []


def test_a_record_stamped_before_its_predecessor_is_not_told_twice(case: Case) -> None:
    record = case.last("actor_added")
    head, _ = case.before(record)
    assert head.recorded_at is not None

    early = replace(record, recorded_at=head.recorded_at - timedelta(seconds=1))

    assert case.again(early) == []


def test_the_first_version_of_a_stream_can_have_been_looked_at(case: Case) -> None:
    record = case.last("advanced")
    consulted = dict.fromkeys(record.consulted or {}, 1)

    assert "consulted_missing" not in {
        one.code for one in case.again(replace(record, consulted=consulted))
    }
