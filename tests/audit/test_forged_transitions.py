"""A school's history that was rewritten, chained and hashed anew is found by deciding it again."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit.asked import _request
from lifecycle.domain import canonical
from lifecycle.domain.record import Record
from tests.audit.breaking_in import (
    MAP,
    SCHOOL,
    STREAM,
    Body,
    BreakIn,
    forged,
    of,
    place,
    refusal,
    told,
    verified,
)

FILE = {
    "form": "file",
    "sha256": "0" * 64,
    "size": 7,
    "media_type": "text/plain",
    "name": None,
    "content": None,
}


def test_a_history_that_is_written_anew_without_a_change_is_sound(folder: Path) -> None:
    for stream in ("installation", MAP, STREAM):
        assert forged(folder, lambda bodies: None, stream) == []


def test_an_actor_without_the_role_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["actor"]["id"] = f"reviewer.{MAP.removeprefix('roadmap/')}"

    assert refusal(folder, change) == (
        where,
        "reviewer.tomari-2022 holds none of these roles for the school: expert",
    )


def test_an_actor_whose_role_had_been_taken_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")
    with BreakIn(folder) as visit:
        given = next(
            body
            for body in visit.bodies(MAP)
            if body["kind"] == "role_assigned" and body["facts"]["actor"] == "former"
        )

    def change(bodies: list[Body]) -> None:
        body = of(bodies, "confirm_stage_1")
        body["actor"] |= {"id": "former", "assignment": given["record_id"]}
        body["consulted"][MAP] -= 1  # the version before the revocation

    (found,) = forged(folder, change)

    assert (found.code, found.place) == ("decision_outdated", where)
    assert "former holds none of these roles" in str(found.found)


@pytest.mark.parametrize("version", [-1, 0, 99])
def test_a_version_that_nobody_could_consult_is_found(folder: Path, version: int) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["consulted"][MAP] = version

    found = [(one.code, one.place, one.found) for one in forged(folder, change)]

    assert ("consulted_missing", where, version) in found


def test_a_version_older_than_the_record_before_had_seen_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["consulted"][MAP] = 1

    codes = [one.code for one in forged(folder, change)]

    assert "consulted_runs_back" in codes


@pytest.mark.parametrize("consulted", [{}, {"installation": 1}, {"roadmap/other": 1}])
def test_a_record_that_consulted_other_streams_is_found(
    folder: Path, consulted: dict[str, int]
) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["consulted"] = consulted

    assert ("decision_refused", where) in [(one.code, one.place) for one in forged(folder, change)]


def test_broken_four_eyes_are_found(folder: Path) -> None:
    where = place(folder, "accept_concept_documents")

    def change(bodies: list[Body]) -> None:
        submitter = of(bodies, "submit_concept_documents")["actor"]["id"]
        answer = of(bodies, "accept_concept_documents")
        answer["actor"]["id"] = submitter
        # He was made a reviewer, by a record as an administrator would make it.
        given = copy.deepcopy(bodies[1])
        given |= {"record_id": "forged-1", "command_id": "forged-1"}
        given["facts"] = {"actor": submitter, "role": "reviewer"}
        answer["actor"]["assignment"] = "forged-1"
        bodies.insert(2, given)

    found, reason = refusal(folder, change)

    assert found == f"{STREAM}#{int(where.partition('#')[2]) + 1}"
    assert "another person has to do this" in reason


def test_missing_evidence_is_found(folder: Path) -> None:
    where = place(folder, "submit_stage_1_evidence")

    def change(bodies: list[Body]) -> None:
        of(bodies, "submit_stage_1_evidence")["evidence"].pop()

    assert refusal(folder, change) == (
        where,
        "evidence supporting_document for staff_deficit is missing",
    )


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        ({"form": "link", "url": "nowhere"}, "the link is not an address"),
        ({"form": "reference", "number": "", "date": "2022-01-01", "issuer": "x"}, "a reference"),
        ({**FILE, "sha256": "x", "size": 1}, "not named by its content"),
    ],
)
def test_evidence_of_nothing_is_found(folder: Path, piece: Body, reason: str) -> None:
    def change(bodies: list[Body]) -> None:
        body = of(bodies, "record_visit")
        body["evidence"] = [{"kind": "visit_note", "item": None, **piece}]

    found = forged(folder, change)

    assert found[0].code == "decision_refused"
    assert reason in str(found[0].found)


def test_a_file_that_was_never_filed_is_found(folder: Path) -> None:
    where = place(folder, "receive_risk_profile")

    def change(bodies: list[Body]) -> None:
        piece = {"kind": "risk_profile", "item": None, **FILE}
        of(bodies, "receive_risk_profile")["evidence"] = [piece]

    (found,) = forged(folder, change)

    assert (found.code, found.place, found.field) == ("evidence_missing", where, "risk_profile")


def test_a_file_of_another_size_is_found_at_its_second_mention(folder: Path) -> None:
    where = place(folder, "receive_risk_profile")

    def change(bodies: list[Body]) -> None:
        (filed,) = of(bodies, "complete_questionnaire")["evidence"]
        again = {**filed, "kind": "risk_profile", "name": None, "size": filed["size"] + 1}
        of(bodies, "receive_risk_profile")["evidence"] = [again]

    (found,) = forged(folder, change)

    assert (found.code, found.place) == ("evidence_altered", where)


def test_a_jump_over_states_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        body = of(bodies, "confirm_stage_1")
        body |= {"transition": "confirm_stage_2", "to": "final_review"}

    found, reason = refusal(folder, change)

    assert found == where
    assert "the school is in stage_1_monitoring" in reason


def test_a_move_to_a_state_that_the_transition_does_not_lead_to_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["to"] = "completed"

    (found,) = forged(folder, change)

    assert (found.code, found.field) == ("decision_differs", "to")
    assert (found.expected, found.found) == ("stage_2_monitoring", "completed")


def test_a_move_to_a_state_that_no_programme_has_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        of(bodies, "confirm_stage_1")["to"] = "heaven"
        visit.rewrite(STREAM, bodies)

    assert told(folder) == [("decision_differs", place(folder, "confirm_stage_1"), "to")]


def test_a_move_out_of_another_state_does_not_add_up(folder: Path) -> None:
    where = place(folder, "return_concept_documents")

    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        of(bodies, "return_concept_documents")["from"] = "selected"
        visit.rewrite(STREAM, bodies)

    found = told(folder)
    assert ("decision_differs", where, "from") in found
    assert ("not_replayable", where, None) in found


def test_a_record_left_out_is_found_where_it_is_missed(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies.remove(of(bodies, "submit_stage_1_evidence"))

    _, reason = refusal(folder, change)

    assert "nothing submitted waits for an answer" in reason


def test_a_fact_that_no_programme_declares_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "record_visit")["facts"]["remark"] = "ok"

    _, reason = refusal(folder, change)

    assert "declares no such fact" in reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("requirements", ["state", "role", "date"]),
        ("due_on", "2022-12-31"),
        ("due_on", None),
        ("definition", {"id": "x", "version": "x", "digest": None}),
        ("actor", {"role": "administrator"}),
        ("actor", {"assignment": "x"}),
    ],
)
def test_a_member_that_the_rules_make_otherwise_is_found(
    folder: Path, name: str, value: Any
) -> None:
    where = place(folder, "accept_concept_documents")

    def change(bodies: list[Body]) -> None:
        body = of(bodies, "accept_concept_documents")
        kept = body[name]
        if isinstance(value, dict):
            body[name] = {**kept, **{key: one or kept[key] for key, one in value.items()}}
        else:
            body[name] = value

    (found,) = forged(folder, change)

    assert (found.code, found.place, found.field) == ("decision_differs", where, name)


def test_an_act_of_the_future_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["effective_on"] = "2022-03-02"

    (found,) = forged(folder, change)

    assert (found.code, found.field) == ("decision_differs", "effective_on")
    assert (found.expected, found.found) == ("2022-03-01", "2022-03-02")


def test_an_act_that_asked_for_a_future_date_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        body = of(bodies, "confirm_stage_1")
        body["effective_on"] = "2022-03-02"
        body["request"] = _request(Record.decode(canonical.encode(body)), date(2022, 3, 2)).digest

    _, reason = refusal(folder, change)

    assert reason == "2022-03-02 has not come yet; today is 2022-03-01"


def test_a_request_that_asked_for_something_else_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["request"] = "0" * 64

    (found,) = forged(folder, change)

    assert (found.code, found.place, found.found) == ("request_differs", where, "0" * 64)


def test_time_that_runs_back_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["recorded_at"] = "2022-03-01T00:00:00.000000Z"

    assert ("time_runs_back", where) in [(one.code, one.place) for one in forged(folder, change)]


# -- enrolment ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"school": "ghost"}, "the enrolment of ghost stands in participation/krasnogorsk"),
        ({"roadmap": "belgorod-2021"}, "the rules are not those in force on the road map"),
    ],
)
def test_an_enrolment_elsewhere_is_found(folder: Path, facts: dict[str, str], reason: str) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        bodies[0]["facts"] |= facts
        visit.rewrite(STREAM, bodies)

    found = {(one.code, one.place): one.found for one in verified(folder).findings}

    assert found["decision_refused", f"{STREAM}#1"] == reason


def test_an_enrolment_without_rules_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        bodies[0]["definition"] = None
        visit.rewrite(STREAM, bodies)

    found = told(folder)

    assert ("decision_refused", f"{STREAM}#1", None) in found
    assert ("not_replayable", f"{STREAM}#1", None) in found


def test_an_enrolment_by_somebody_without_the_role_is_found(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        bodies[0]["actor"]["id"] = "former"

    found = forged(folder, change)

    assert {(one.code, one.place) for one in found} == {("decision_refused", f"{STREAM}#1")}
    assert {str(one.found).partition(": ")[0] for one in found} == {
        "former was no actor then", "former holds none of these roles there",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["enrolled", "installed", "actor_added", "roadmap_adopted"])
def test_a_record_that_has_no_place_in_a_school_is_found(folder: Path, kind: str) -> None:
    facts = {
        "enrolled": {"school": SCHOOL, "roadmap": "tomari-2022", "title": "x"},
        "installed": {"maximum_merge_delay": "60"},
        "actor_added": {"actor": "ghost"},
        "roadmap_adopted": {"roadmap": "tomari-2022"},
    }
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        added = copy.deepcopy(bodies[1])
        added |= {"record_id": "x", "command_id": "x", "kind": kind, "facts": facts[kind]}
        bodies.insert(2, added)
        visit.rewrite(STREAM, bodies)

    found = told(folder)

    assert ("not_replayable", f"{STREAM}#3", None) in found
    assert any(one[1] == f"{STREAM}#3" and one[0].startswith("decision") for one in found)


def test_a_school_that_does_not_begin_with_its_enrolment_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        visit.rewrite(STREAM, visit.bodies(STREAM)[-1:])

    found = told(folder)

    assert ("decision_refused", f"{STREAM}#1", None) in found
    assert ("not_replayable", f"{STREAM}#1", None) in found


def test_standing_in_for_somebody_unknown_is_found(folder: Path) -> None:
    where = place(folder, "confirm_stage_1")

    def change(bodies: list[Body]) -> None:
        of(bodies, "confirm_stage_1")["actor"]["on_behalf_of"] = "nobody"

    assert refusal(folder, change) == (where, "nobody was no actor then")
