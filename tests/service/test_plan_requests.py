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
from lifecycle.domain.overdue import Due
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


def due_of(office: Office, school: str, on: str) -> Due:
    """Return what the school has to meet on a day."""
    found = office.engine.plans.due(office.roadmap, on=on, within=400)
    return next(one for one in found if one.subject == school)


def lead_to_documents(office: Office, school: str) -> None:
    """Lead the school in time to where it has to submit its concept documents."""
    for name in ("start_questionnaire", "complete_questionnaire", "receive_risk_profile"):
        office.make(school, name, effective_on="2022-02-01")
    office.make(school, "record_visit", effective_on="2022-03-01")


def test_what_a_school_has_to_submit_has_a_last_day_before_the_answer_has(office: Office) -> None:
    lead_to_documents(office, SCHOOL)
    waited_for = due_of(office, SCHOOL, "2022-04-01")
    office.make(SCHOOL, "submit_concept_documents", effective_on="2022-04-04")
    submitted = due_of(office, SCHOOL, "2022-04-05")
    office.make(SCHOOL, "return_concept_documents", effective_on="2022-04-06")
    returned = due_of(office, SCHOOL, "2022-04-07")

    assert waited_for.state == "concept_documents"
    assert (waited_for.due_on, waited_for.activities) == (date(2022, 3, 30), ("4.4", "4.9"))
    assert (waited_for.days_overdue, waited_for.roles) == (2, ("school_coordinator",))
    assert (submitted.due_on, submitted.activities) == (date(2022, 4, 29), ("4.10",))
    assert submitted.roles == ("reviewer", "municipal_coordinator")
    assert (returned.due_on, returned.roles) == (date(2022, 4, 29), ("school_coordinator",))


def test_where_no_row_dates_a_step_the_next_one_that_is_dated_counts(
    engine: Lifecycle, catalogue: Catalogue
) -> None:
    office = Office(engine, catalogue.compiled("dmitrovsk-2022")).opened("school-1")
    lead_to_documents(office, "school-1")
    waited_for = due_of(office, "school-1", "2022-04-15")
    office.make("school-1", "submit_concept_documents", effective_on="2022-04-18")
    answered = due_of(office, "school-1", "2022-04-19")

    assert (waited_for.due_on, waited_for.activities) == (date(2022, 3, 30), ("3.2",))
    assert waited_for.days_overdue == 12
    # No row says when the documents are to be accepted, but 3.4 when the next ones are due.
    assert (answered.due_on, answered.activities) == (date(2022, 6, 1), ("3.4",))
    assert (answered.state, answered.roles) == ("concept_documents", ("reviewer",))


def test_a_school_that_never_began_is_late_for_the_first_dated_row(
    engine: Lifecycle, catalogue: Catalogue
) -> None:
    """Neklinovsky dates no questionnaire, and no submission of the first stage."""
    office = Office(engine, catalogue.compiled("neklinovsky-2022")).opened("school-1", "school-2")
    lead_to_documents(office, "school-2")
    for name in ("submit_concept_documents", "accept_concept_documents"):
        office.make("school-2", name, effective_on="2022-03-31")

    first, second = (due_of(office, name, "2022-04-01") for name in ("school-1", "school-2"))

    assert (first.state, first.due_on, first.activities) == (
        "selected",
        date(2022, 2, 28),
        ("4.1",),
    )
    assert first.roles == ("municipal_coordinator",)
    assert (second.due_on, second.activities) == (date(2022, 5, 31), ("4.8",))


def test_a_school_that_has_nothing_dated_before_it_is_not_due(
    engine: Lifecycle, catalogue: Catalogue
) -> None:
    office = Office(engine, catalogue.compiled("kaspiysk-2022")).opened("school-1")
    lead_to_documents(office, "school-1")
    for name in ("submit_concept_documents", "accept_concept_documents"):
        office.make("school-1", name, effective_on="2022-04-01")
    for stage in ("1", "2"):
        office.make("school-1", f"submit_stage_{stage}_evidence", effective_on="2022-06-01")
        office.make("school-1", f"confirm_stage_{stage}", effective_on="2022-06-01")
    before = due_of(office, "school-1", "2022-12-01")
    office.make("school-1", "conclude", effective_on="2022-12-20")

    assert (before.due_on, before.activities) == (date(2022, 12, 31), ("37",))
    ended = engine.plans.due("kaspiysk-2022", on="2022-12-21", within=400)
    assert "school-1" not in {one.subject for one in ended}


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


def test_a_school_that_came_later_and_has_moved_since_is_not_due_before(office: Office) -> None:
    school = "aleksandrovsk"
    office.enrol(school, effective_on="2022-03-10")
    office.lead(school, "questionnaire")

    def asked(day: str) -> tuple[bool, int]:
        plans = office.engine.plans
        late = any(one.subject == school for one in plans.due(ROADMAP, on=day, within=400))
        (first, *_) = plans.view(ROADMAP, on=day).indicators
        return late, first.denominator or 0

    assert asked("2022-03-09") == (False, 1)
    assert asked("2022-03-10") == (True, 2)
