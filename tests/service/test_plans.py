"""The plan as offices use it, on both storages: authority, evidence, occurrences, who fulfils."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lifecycle import EvidenceFile, Lifecycle, Message, verify
from lifecycle.domain.errors import (
    ActivityRefused,
    InvalidEvidence,
    InvalidFact,
    UnknownActivity,
    UnknownActor,
    UnknownOccurrence,
)
from lifecycle.domain.requests import Act
from lifecycle.service.plan import PlanView
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ROADMAP, Office, SetClock, actor
from tests.service.office_plans import (
    BASIS,
    FULFILLED,
    MONTHLY,
    OWN,
    RESULT,
    SCHOOL,
    act,
    status,
    unmet,
)


@pytest.fixture(autouse=True)
def at_the_end(clock: SetClock) -> None:
    """Whatever the year brings has come."""
    clock.advance(days=365)


# -- what is said -------------------------------------------------------------------------------


def test_an_activity_is_begun_and_done(office: Office) -> None:
    act(office, "begun", effective_on="2022-01-18")
    begun = status(office)
    receipt = act(office, "done", effective_on="2022-01-24")
    done = status(office)

    assert (begun.state, begun.progress.begun_on) == ("begun", date(2022, 1, 18))
    assert (done.state, done.closed_on, done.days_overdue) == ("done", date(2022, 1, 24), 0)
    assert done.progress.evidence == (RESULT,)
    assert receipt.record.stream == f"roadmap/{ROADMAP}"
    assert receipt.record.actor.role == "municipal_coordinator"
    assert receipt.notices == ()


def test_an_activity_may_be_done_without_having_been_begun(office: Office) -> None:
    act(office, "done", effective_on="2022-01-20")

    assert status(office).progress.begun_on is None


def test_a_plan_is_shown_as_it_was_on_a_day(office: Office) -> None:
    act(office, "begun", effective_on="2022-01-18")
    act(office, "done", effective_on="2022-01-24")

    states = {day: status(office, on=day).state for day in ("2022-01-17", "2022-01-18")}

    assert states == {"2022-01-17": "planned", "2022-01-18": "begun"}


def test_a_late_fact_is_accepted_marked_and_counted_in_working_days(office: Office) -> None:
    # 24 January 2022 is a Monday; 21 to 23 February hold a weekend and Defender's day.
    receipt = act(office, "done", effective_on="2022-02-24")

    assert [one.code for one in receipt.notices] == ["late"]
    assert status(office).days_overdue == 22


def test_a_postponed_activity_is_due_later_and_names_its_basis(office: Office) -> None:
    act(office, "postponed", effective_on="2022-01-20")
    one = status(office, on="2022-02-01")

    assert (one.state, one.due_on, one.days_overdue) == ("planned", date(2022, 4, 1), 0)
    assert one.progress.evidence == (BASIS,)
    assert [found.code for found in act(office, "done", effective_on="2022-03-31").notices] == []


def test_it_may_be_postponed_again_but_only_to_a_later_day(office: Office) -> None:
    act(office, "postponed", effective_on="2022-01-20")
    with pytest.raises(ActivityRefused) as earlier:
        act(office, "postponed", postponed_to="2022-04-01", effective_on="2022-01-21")
    act(office, "postponed", postponed_to="2022-05-01", effective_on="2022-01-22")

    assert unmet(earlier) == ["date_not_later"]
    assert status(office).due_on == date(2022, 5, 1)


def test_a_cancelled_activity_is_neither_open_nor_overdue(office: Office) -> None:
    act(office, "cancelled", effective_on="2022-06-01")
    one = status(office)

    assert (one.state, one.progress.reason, one.days_overdue) == ("cancelled", "merged", None)
    assert not one.open


@pytest.mark.parametrize("last", ["done", "cancelled"])
@pytest.mark.parametrize("what", ["begun", "done", "postponed", "cancelled"])
def test_what_is_closed_stays_closed(office: Office, last: Act, what: Act) -> None:
    act(office, last, effective_on="2022-01-24")

    with pytest.raises(ActivityRefused) as refused:
        act(office, what, effective_on="2022-01-25")

    assert unmet(refused) == ["activity_closed"]


# -- who says it, and on what -------------------------------------------------------------------


def test_the_parties_of_the_row_may_act_and_so_may_the_coordinators(office: Office) -> None:
    row = next(one for one in office.definition.roadmap.activities if one.key == OWN)
    assert row.roles == ("municipal_coordinator",)

    receipt = act(office, "begun", actor=office.people["regional_coordinator", None])

    assert receipt.record.actor.role == "regional_coordinator"


@pytest.mark.parametrize("role", ["reviewer", "expert", "federal_coordinator"])
def test_a_role_that_the_row_does_not_name_is_refused(office: Office, role: str) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(office, "begun", actor=office.people[role, None])

    assert unmet(refused) == ["role_missing"]
    assert "municipal_coordinator" in refused.value.unmet[0].who


def test_a_role_held_on_schools_only_is_not_offered_for_the_office_s_work(office: Office) -> None:
    """Row 1.5 names the curators."""
    with pytest.raises(ActivityRefused) as refused:
        act(office, "begun", "1.5", actor=office.people["curator", SCHOOL])

    (one,) = refused.value.unmet
    assert one.code == "role_missing"
    assert one.who == ("regional_coordinator", "municipal_coordinator")


def test_an_administrator_alone_is_no_party(office: Office) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(office, "begun", actor=ADMIN)

    assert unmet(refused) == ["role_missing"]


def test_a_role_that_was_revoked_is_missing(office: Office) -> None:
    person = office.people["municipal_coordinator", None]
    office.engine.revoke(person.id, "municipal_coordinator", roadmap=ROADMAP, actor=ADMIN)

    with pytest.raises(ActivityRefused) as refused:
        act(office, "begun", actor=person)

    assert unmet(refused) == ["role_missing"]


def test_nobody_unknown_acts(office: Office) -> None:
    with pytest.raises(UnknownActor):
        act(office, "begun", actor=actor("nobody"))


def test_everything_that_is_missing_is_told_at_once(office: Office) -> None:
    with pytest.raises(ActivityRefused) as refused:
        office.engine.plans.act(
            ROADMAP, OWN, "postponed", actor=office.people["expert", None], reason="merged"
        )

    assert unmet(refused) == [
        "role_missing",
        "evidence_missing",
        "date_wanted",
        "reason_unexpected",
    ]
    assert status(office).state == "planned"


@pytest.mark.parametrize(
    ("what", "changes", "codes"),
    [
        ("done", {"evidence": []}, ["evidence_missing"]),
        ("done", {"evidence": [BASIS]}, ["evidence_missing", "evidence_unexpected"]),
        ("begun", {"evidence": [RESULT]}, ["evidence_unexpected"]),
        ("begun", {"postponed_to": "2022-04-01"}, ["date_wanted"]),
        ("postponed", {"postponed_to": None}, ["date_wanted"]),
        ("postponed", {"postponed_to": "2022-01-24"}, ["date_not_later"]),
        ("postponed", {"evidence": []}, ["evidence_missing"]),
        ("cancelled", {"reason": None}, ["reason_missing"]),
        ("cancelled", {"reason": "tired"}, ["reason_missing"]),
    ],
)
def test_each_act_bears_what_it_has_to_and_nothing_else(
    office: Office, what: Act, changes: dict[str, Any], codes: list[str]
) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(office, what, **changes)

    assert unmet(refused) == codes


def test_an_evidence_file_is_kept_with_the_accepted_act_only(
    office: Office, tmp_path: Path
) -> None:
    paper = tmp_path / "result.txt"
    paper.write_text("Список утверждён.", "utf-8")
    file = EvidenceFile("activity_result", paper)
    with pytest.raises(ActivityRefused):
        act(office, "begun", evidence=[file])
    kept = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    receipt = act(office, "done", evidence=[file])

    assert kept == []
    assert receipt.record.evidence[0].media_type == "text/plain"
    assert verify(office.engine).ok


def test_the_same_piece_twice_is_no_evidence(office: Office) -> None:
    with pytest.raises(InvalidEvidence, match="given twice"):
        act(office, "done", evidence=[RESULT, RESULT])


# -- occurrences --------------------------------------------------------------------------------


def test_each_occurrence_stands_for_itself(office: Office) -> None:
    act(office, "done", MONTHLY, occurrence="2022-03", effective_on="2022-03-30")
    act(office, "cancelled", MONTHLY, occurrence="2022-04", effective_on="2022-04-30")
    view = office.engine.plans.view(ROADMAP, on="2022-05-01")
    found = {
        one.occurrence.name: one.state for one in view.activities if one.activity.key == MONTHLY
    }

    assert found["2022-03"] == "done"
    assert found["2022-04"] == "cancelled"
    assert found["2022-05"] == "planned"


@pytest.mark.parametrize(("key", "name"), [(MONTHLY, None), (MONTHLY, "2021-03"), (OWN, "2022-01")])
def test_an_occurrence_is_named_where_there_are_several_and_nowhere_else(
    office: Office, key: str, name: str | None
) -> None:
    with pytest.raises(UnknownOccurrence):
        act(office, "begun", key, occurrence=name)


def test_an_unknown_activity_offers_the_nearest_key(office: Office) -> None:
    with pytest.raises(UnknownActivity) as unknown:
        act(office, "begun", "11.2")

    assert unknown.value.remedy == Message("did you mean {suggestion}?", {"suggestion": OWN})


# -- what schools fulfil ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["begun", "done", "postponed", "cancelled"])
def test_what_schools_fulfil_is_not_entered_a_second_time(office: Office, what: Act) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(office, what, FULFILLED)

    assert unmet(refused) == ["fulfilled_by_schools"]


def test_schools_fulfil_an_activity_by_their_own_transitions(office: Office) -> None:
    office.enrol("ilyinskoye")
    for school, day in ((SCHOOL, "2022-02-10"), ("ilyinskoye", "2022-02-21")):
        office.make(school, "start_questionnaire", effective_on="2022-01-20")
        office.make(school, "complete_questionnaire", effective_on=day)
    then = {day: status(office, FULFILLED, on=day) for day in ("2022-02-09", "2022-02-16")}
    last = status(office, FULFILLED)

    assert (then["2022-02-09"].state, then["2022-02-09"].missing) == (
        "planned",
        ("ilyinskoye", SCHOOL),
    )
    assert (then["2022-02-16"].state, then["2022-02-16"].missing) == ("begun", ("ilyinskoye",))
    assert (last.state, last.closed_on, last.missing) == ("done", date(2022, 2, 21), ())
    assert last.days_overdue == 3


def test_a_withdrawn_school_is_missed_by_nobody(office: Office) -> None:
    office.enrol("ilyinskoye")
    office.make(SCHOOL, "start_questionnaire", effective_on="2022-01-20")
    office.make(SCHOOL, "complete_questionnaire", effective_on="2022-02-10")
    office.make("ilyinskoye", "withdraw", effective_on="2022-02-12")

    assert status(office, FULFILLED).state == "done"


# -- counts -------------------------------------------------------------------------------------


@pytest.fixture
def region(engine: Lifecycle, catalogue: Catalogue) -> Office:
    """An office under the road map of Belgorod, whose row 7 asks for a number."""
    return Office(engine, catalogue.compiled("belgorod-2021")).opened()


def reading(view: PlanView, key: str) -> tuple[int, bool | None]:
    return next((one.numerator, one.met) for one in view.indicators if one.indicator.key == key)


def test_who_is_appointed_is_taken_from_the_roles_and_their_dates(
    engine: Lifecycle, catalogue: Catalogue
) -> None:
    office = Office(engine, catalogue.compiled("neklinovsky-2022"))
    for role in ("regional_coordinator", "municipal_coordinator", "school_coordinator"):
        engine.add_actor(role, actor=ADMIN)
    engine.add_actor("curator", actor=ADMIN)
    where = {"roadmap": office.roadmap}
    for role in ("regional_coordinator", "municipal_coordinator"):
        engine.assign(role, role, actor=ADMIN, effective_on="2021-12-10", **where)
    for school in ("school-1", "school-2"):
        engine.enrol(school, title=school, actor=actor("regional_coordinator"), **where)
    engine.assign(
        "school_coordinator", "school_coordinator",
        school="school-1", actor=ADMIN, effective_on="2021-12-20",
    )  # fmt: skip
    engine.assign("curator", "curator", school="school-2", actor=ADMIN, effective_on="2022-02-15")
    engine.revoke("curator", "curator", school="school-2", actor=ADMIN, effective_on="2022-04-01")

    def missing(day: str) -> tuple[tuple[str, ...], ...]:
        view = engine.plans.view(office.roadmap, on=day)
        return tuple(one.missing for one in view.indicators[:2])

    both = ("school-1", "school-2")
    assert missing("2022-02-14") == (("school-2",), both)
    assert missing("2022-02-15") == (("school-2",), ("school-1",))
    assert missing("2022-04-01") == (("school-2",), both)


def test_a_count_is_entered_with_the_activity_and_feeds_its_indicator(region: Office) -> None:
    before = reading(region.engine.plans.view("belgorod-2021", on="2021-12-31"), "7")
    act(region, "done", "7", counts={"municipal_roadmaps": 19}, effective_on="2021-03-16")
    after = reading(region.engine.plans.view("belgorod-2021", on="2021-12-31"), "7")

    assert before == (0, False)
    assert after == (19, True)


@pytest.mark.parametrize(
    ("what", "counts", "codes"),
    [("done", {}, ["fact_missing"]), ("begun", {"municipal_roadmaps": 3}, ["fact_unexpected"])],
)
def test_a_count_belongs_to_the_end(
    region: Office, what: Act, counts: dict[str, int], codes: list[str]
) -> None:
    with pytest.raises(ActivityRefused) as refused:
        act(region, what, "7", counts=counts)

    assert unmet(refused) == codes


@pytest.mark.parametrize("counts", [{"people": 3}, {"municipal_roadmaps": -1}])
def test_a_count_is_a_whole_number_that_the_row_asks_for(
    region: Office, counts: dict[str, int]
) -> None:
    with pytest.raises(InvalidFact):
        act(region, "done", "7", counts=counts)
