"""The plan on both storages: retries and wrong requests, deadlines, and the proof of it."""

from datetime import date

import pytest

from lifecycle import Actor, CommandReused, Lifecycle, verify
from lifecycle.domain.errors import (
    ActivityRefused,
    InvalidDate,
    RoadmapNotInForce,
    UnknownRoadmap,
)
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ROADMAP, Office, SetClock
from tests.service.office_plans import FULFILLED, MONTHLY, OWN, SCHOOL, act, status, unmet


@pytest.fixture(autouse=True)
def at_the_end(clock: SetClock) -> None:
    """Whatever the year brings has come."""
    clock.advance(days=365)


# -- requests -----------------------------------------------------------------------------------


def test_the_same_command_again_gets_the_first_receipt(office: Office) -> None:
    first = act(office, "begun", command_id="once", effective_on="2022-01-18")
    again = act(office, "begun", command_id="once", effective_on="2022-01-18")

    assert again.repeated
    assert again.record == first.record
    assert status(office).progress.begun_on == first.record.effective_on


def test_a_command_id_is_not_used_for_another_act(office: Office) -> None:
    act(office, "begun", command_id="once")

    with pytest.raises(CommandReused):
        act(office, "done", command_id="once")


def test_what_has_not_come_yet_is_not_done(office: Office) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(office, "done", effective_on="2099-12-01")

    assert unmet(refused) == ["date_in_future"]


@pytest.mark.parametrize("field", ["effective_on", "postponed_to"])
def test_a_date_that_is_none_is_refused(office: Office, field: str) -> None:
    with pytest.raises(InvalidDate):
        act(office, "postponed", **{field: "2022-02-30"})


def test_nothing_is_said_of_a_road_map_that_is_not_in_force(engine: Lifecycle) -> None:
    with pytest.raises(RoadmapNotInForce):
        engine.plans.act("dmitrovsk-2022", "1.1", "begun", actor=ADMIN)
    with pytest.raises(RoadmapNotInForce):
        engine.plans.due("dmitrovsk-2022")
    with pytest.raises(UnknownRoadmap):
        engine.plans.act("nowhere", "1.1", "begun", actor=ADMIN)
    with pytest.raises(UnknownRoadmap):
        engine.plans.view("nowhere")


def test_a_road_map_that_is_not_in_force_can_be_looked_at(engine: Lifecycle) -> None:
    view = engine.plans.view("dmitrovsk-2022", on="2022-06-01")

    assert len(view.activities) == 13
    assert {one.state for one in view.activities} == {"planned"}


# -- deadlines ----------------------------------------------------------------------------------


@pytest.fixture
def march(office: Office) -> Office:
    """The office with its school late in the questionnaire."""
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-20")
    return office


def test_what_is_due_names_whose_move_it_is_and_who_is_told(march: Office) -> None:
    due = march.engine.plans.due(ROADMAP, on="2022-03-01")
    (school,) = (one for one in due if one.kind == "school")

    assert (school.subject, school.state) == (SCHOOL, "questionnaire")
    assert (school.due_on, school.days_overdue) == (date(2022, 2, 16), 8)
    assert school.actors == (march.people["school_coordinator", SCHOOL].id,)
    assert (school.escalated_to, school.told) == (
        "municipal_coordinator",
        (march.people["municipal_coordinator", None].id,),
    )
    assert FULFILLED in school.activities
    assert OWN in {one.subject for one in due if one.kind == "activity"}


def test_what_schools_are_late_with_is_not_told_a_second_time_as_an_activity(
    march: Office,
) -> None:
    due = march.engine.plans.due(ROADMAP, on="2022-03-01")

    assert FULFILLED not in {one.subject for one in due if one.kind == "activity"}


def test_the_longest_overdue_comes_first_and_the_forecast_last(march: Office) -> None:
    days = [one.days_overdue for one in march.engine.plans.due(on="2022-03-01", within=10)]
    ahead = [
        one for one in march.engine.plans.due(on="2022-03-01", within=10) if one.due_on > one.day
    ]

    assert days == sorted(days, reverse=True)
    assert ahead
    assert all(0 < one.days_left <= 10 for one in ahead)
    assert all(one.escalated_to is None for one in ahead)


def test_every_road_map_in_force_is_looked_at_unless_one_is_named(
    march: Office, catalogue: Catalogue
) -> None:
    Office(march.engine, catalogue.compiled("belgorod-2021"), people=dict(march.people)).assign(
        "regional_coordinator", name="belgorod"
    )

    both = {one.roadmap for one in march.engine.plans.due(on="2022-03-01")}
    one = {one.roadmap for one in march.engine.plans.due(ROADMAP, on="2022-03-01")}

    assert both == {ROADMAP, "belgorod-2021"}
    assert one == {ROADMAP}


# -- proof --------------------------------------------------------------------------------------


def test_every_plan_record_is_decided_again(office: Office) -> None:
    act(office, "begun", effective_on="2022-01-18")
    act(office, "postponed", effective_on="2022-01-20")
    act(office, "done", effective_on="2022-03-01")
    act(office, "cancelled", MONTHLY, occurrence="2022-03", effective_on="2022-03-01")
    report = verify(office.engine)

    assert report.ok
    kinds = [record.kind for record in office.engine.administration(ROADMAP)]
    assert kinds[-4:] == [
        "activity_begun", "activity_postponed", "activity_done", "activity_cancelled",
    ]  # fmt: skip


def test_an_actor_may_stand_in_for_another(office: Office) -> None:
    person = office.people["municipal_coordinator", None]
    office.engine.add_actor("somebody", actor=office.admin)

    receipt = act(office, "begun", actor=Actor(person.id, "host:test", on_behalf_of="somebody"))

    assert receipt.record.actor.on_behalf_of == "somebody"
    assert verify(office.engine).ok


def test_a_school_that_was_enrolled_later_is_not_due_yet(office: Office) -> None:
    due = office.engine.plans.due(ROADMAP, on="2022-01-01", within=400)

    assert {one.kind for one in due} == {"activity"}
