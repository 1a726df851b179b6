"""What the engine answers: what is open, where schools stand, what was true when."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lifecycle import Lifecycle, NotFound
from lifecycle.domain.errors import InvalidDate, UnknownActor, UnknownRoadmap, UnknownSchool
from lifecycle.domain.replay import fold
from tests.factories import ADMIN, ROADMAP, START, Office, SetClock, actor

SCHOOL = "krasnogorsk"


# -- explain --------------------------------------------------------------------------------------


def test_every_open_transition_is_explained_with_all_that_is_missing(office: Office) -> None:
    office.lead(SCHOOL, "curator_visit")
    curator = office.people["curator", SCHOOL]

    outlook = office.engine.explain(SCHOOL, actor=curator)

    assert (outlook.school, outlook.state) == (SCHOOL, "curator_visit")
    assert outlook.version == len(office.engine.history(SCHOOL))
    found = {one.name: [unmet.code for unmet in one.unmet] for one in outlook.options}
    assert found == {
        "record_visit": ["evidence_missing", "fact_missing", "fact_missing"],
        "withdraw": ["role_missing", "evidence_missing", "reason_missing"],
    }
    assert [one.target for one in outlook.options] == ["concept_documents", "withdrawn"]


def test_an_explanation_for_nobody_lists_the_roles(office: Office) -> None:
    outlook = office.engine.explain(SCHOOL)

    (option,) = [one for one in outlook.options if one.name == "start_questionnaire"]
    (unmet,) = option.unmet
    assert (unmet.code, unmet.who) == ("role_missing", ("municipal_coordinator",))
    assert unmet.actors == (f"municipal_coordinator.{ROADMAP}",)


def test_what_could_be_done_as_it_is_is_allowed(office: Office) -> None:
    outlook = office.engine.explain(SCHOOL, actor=office.people["municipal_coordinator", None])

    allowed = {one.name: one.allowed for one in outlook.options}
    assert allowed == {"start_questionnaire": True, "withdraw": False}


def test_where_a_school_stays_its_state_is_the_target(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")

    targets = {one.name: one.target for one in office.engine.explain(SCHOOL).options}

    assert targets["submit_concept_documents"] == "concept_documents"


def test_nothing_is_open_at_the_end(office: Office) -> None:
    office.lead(SCHOOL, "withdrawn")

    assert office.engine.explain(SCHOOL).options == ()


def test_an_explanation_asks_for_a_known_school_and_actor(office: Office) -> None:
    with pytest.raises(UnknownSchool):
        office.engine.explain("nowhere")
    with pytest.raises(UnknownActor):
        office.engine.explain(SCHOOL, actor=actor("nobody"))


# -- status and history ---------------------------------------------------------------------------


def test_the_board_shows_where_a_school_stands(office: Office, clock: SetClock) -> None:
    moment = clock.moment
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-18")

    (row,) = office.engine.status(SCHOOL)

    standing = row.standing
    assert (standing.school, standing.roadmap, standing.title) == (
        SCHOOL,
        ROADMAP,
        f"Школа {SCHOOL}",
    )
    assert (standing.state, standing.final) == ("questionnaire", False)
    assert standing.entered_on == date(2022, 1, 18)
    assert timedelta() < standing.entered_at - moment < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("today", "overdue"),
    [
        (datetime(2022, 2, 10, tzinfo=UTC), 0),
        (datetime(2022, 2, 16, 12, 59, tzinfo=UTC), 0),
        # Midnight on Sakhalin.
        (datetime(2022, 2, 16, 13, 0, tzinfo=UTC), 1),
        # Working days: 23 February was none, Saturday 5 March was one by transfer.
        (datetime(2022, 3, 1, 1, tzinfo=UTC), 8),
        (datetime(2022, 3, 6, 1, tzinfo=UTC), 12),
    ],
)
def test_days_overdue_are_counted_at_the_place_of_the_road_map(
    office: Office, clock: SetClock, today: datetime, overdue: int
) -> None:
    office.lead(SCHOOL, "questionnaire")
    clock.moment = today - timedelta(seconds=1)

    (row,) = office.engine.status(SCHOOL)

    assert row.standing.due_on == date(2022, 2, 16)
    assert row.days_overdue == overdue


def test_a_finished_school_is_not_overdue(office: Office, clock: SetClock) -> None:
    office.lead(SCHOOL, "completed")
    clock.advance(days=3000)

    (row,) = office.engine.status(SCHOOL)

    assert (row.standing.final, row.standing.due_on, row.days_overdue) == (True, None, None)


def test_the_board_is_sorted_and_can_be_narrowed(office: Office) -> None:
    office.enrol("aleksandrovsk")
    office.engine.enrol("belgorod-1", roadmap="belgorod-2021", title="Школа 1", actor=ADMIN)

    schools = [row.standing.school for row in office.engine.status()]
    of_map = [row.standing.school for row in office.engine.status(roadmap=ROADMAP)]

    assert schools == ["belgorod-1", "aleksandrovsk", SCHOOL]
    assert of_map == ["aleksandrovsk", SCHOOL]


def test_the_board_of_a_known_road_map_may_be_empty(office: Office) -> None:
    assert office.engine.status(roadmap="kaspiysk-2022") == []
    assert office.engine.status(SCHOOL, roadmap="kaspiysk-2022") == []


def test_the_board_knows_no_strangers(office: Office) -> None:
    with pytest.raises(UnknownSchool):
        office.engine.status("nowhere")
    with pytest.raises(UnknownRoadmap):
        office.engine.status(roadmap="nowhere")


def test_a_road_map_whose_file_is_gone_still_has_a_board(engine: Lifecycle, office: Office) -> None:
    office.engine.assign(
        office.people["expert", None].id, "expert", roadmap="belgorod-2021", actor=ADMIN
    )

    assert engine.status(roadmap="belgorod-2021") == []


def test_a_history_is_that_of_one_school(office: Office) -> None:
    office.lead(SCHOOL, "risk_profile")

    records = office.engine.history(SCHOOL)

    assert [one.transition for one in records if one.kind == "advanced"] == [
        "start_questionnaire",
        "complete_questionnaire",
    ]
    with pytest.raises(UnknownSchool):
        office.engine.history("nowhere")


def test_administration_of_a_road_map_that_is_not_in_force_is_unknown(office: Office) -> None:
    with pytest.raises(NotFound):
        office.engine.administration("belgorod-2021")


# -- replay ---------------------------------------------------------------------------------------


def test_replay_is_the_stored_state(office: Office) -> None:
    office.lead(SCHOOL, "stage_1_monitoring")

    snapshot = office.engine.replay(SCHOOL)

    assert snapshot.participation == fold(office.engine.history(SCHOOL))
    assert snapshot.participation is not None
    assert snapshot.participation.state == "stage_1_monitoring"
    assert snapshot.participation.facts["activated_risks"] == ["low_equipment", "staff_deficit"]
    assert [one.evidence.kind for one in snapshot.participation.evidence][:3] == [
        "questionnaire_completion",
        "risk_profile",
        "visit_note",
    ]
    assert (snapshot.recorded_by, snapshot.effective_by) == (None, None)


def test_replay_by_recorded_date_tells_what_was_known(office: Office, clock: SetClock) -> None:
    clock.advance(days=10)
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-18")

    before = office.engine.replay(SCHOOL, at=START + timedelta(days=9))
    after = office.engine.replay(SCHOOL, at=START + timedelta(days=11))
    never = office.engine.replay(SCHOOL, at=START - timedelta(days=1))

    assert before.participation is not None
    assert after.participation is not None
    assert (before.participation.state, after.participation.state) == ("selected", "questionnaire")
    assert never.participation is None
    assert never.recorded_by == START - timedelta(days=1)


def test_replay_by_effective_date_tells_what_was_true(office: Office) -> None:
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-18")
    office.make(SCHOOL, "complete_questionnaire", effective_on="2022-02-04")

    found = {
        day: snapshot.participation and snapshot.participation.state
        for day in ("2022-01-16", "2022-01-17", "2022-01-18", "2022-02-03", "2022-02-04")
        for snapshot in [office.engine.replay(SCHOOL, on=day)]
    }

    assert found == {
        "2022-01-16": None,
        "2022-01-17": "selected",
        "2022-01-18": "questionnaire",
        "2022-02-03": "questionnaire",
        "2022-02-04": "risk_profile",
    }


def test_replay_by_both_tells_what_was_known_to_be_true(office: Office, clock: SetClock) -> None:
    clock.advance(days=10)
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-18")

    snapshot = office.engine.replay(SCHOOL, at=START + timedelta(days=9), on=date(2022, 2, 1))

    assert snapshot.participation is not None
    assert snapshot.participation.state == "selected"
    assert snapshot.effective_by == date(2022, 2, 1)


def test_a_moment_may_be_given_in_any_zone(office: Office) -> None:
    sakhalin = timezone(timedelta(hours=11))

    snapshot = office.engine.replay(SCHOOL, at=START.astimezone(sakhalin))

    assert snapshot.recorded_by == START
    assert snapshot.recorded_by.tzinfo is UTC


def test_a_moment_without_a_zone_is_none(office: Office) -> None:
    with pytest.raises(InvalidDate):
        office.engine.replay(SCHOOL, at=START.replace(tzinfo=None))
    with pytest.raises(UnknownSchool):
        office.engine.replay("nowhere")
