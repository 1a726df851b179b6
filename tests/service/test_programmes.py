"""The rules of the programmes as people meet them, and two programmes on one engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from lifecycle import Lifecycle, Message, Receipt, TransitionRefused, Unmet, verify
from lifecycle.domain.definition import Definition
from lifecycle.domain.guards import Attempt
from lifecycle.storage.journal import create_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, RISKS, Office, engine_on, memory_engine, order

GRANTS = Path(__file__).parent.parent / "workflows" / "grants"
SCHOOL = "krasnogorsk"


def why_not(attempt: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Return code and parameters of everything that stands in the way."""
    with pytest.raises(TransitionRefused) as refused:
        attempt()
    return [(one.code, one.message.plain_parameters()) for one in refused.value.unmet]


def codes(attempt: Callable[[], object]) -> list[str]:
    return [code for code, _ in why_not(attempt)]


@pytest.mark.parametrize("roadmap", Catalogue().roadmaps())
@pytest.mark.parametrize("end", ["completed", "withdrawn"])
def test_a_school_can_be_led_to_either_end_under_every_road_map(
    catalogue: Catalogue, roadmap: str, end: str
) -> None:
    office = Office(memory_engine(catalogue), catalogue.compiled(roadmap)).opened(SCHOOL)

    office.lead(SCHOOL, end)

    assert office.state(SCHOOL) == end
    assert verify(office.engine).ok


# -- risks and what is asked for each -------------------------------------------------------------


def test_risks_are_activated_out_of_the_verified_ones_of_the_profile(office: Office) -> None:
    office.lead(SCHOOL, "curator_visit")
    facts = {"verified_risks": [RISKS[0], "frost"], "activated_risks": ["frost", RISKS[1]]}

    found = why_not(lambda: office.make(SCHOOL, "record_visit", facts=facts))

    profile = list(RISKS)
    assert found == [
        (
            "fact_outside",
            {
                "fact": "verified_risks",
                "outside": ["frost"],
                "path": "risks.factor",
                "allowed": profile,
            },
        ),
        (
            "fact_outside",
            {
                "fact": "activated_risks",
                "outside": ["frost"],
                "path": "risks.factor",
                "allowed": profile,
            },
        ),
        (
            "fact_outside",
            {
                "fact": "activated_risks",
                "outside": [RISKS[1]],
                "path": "verified_risks",
                "allowed": [RISKS[0], "frost"],
            },
        ),
    ]


def test_some_risk_has_to_be_activated(office: Office) -> None:
    office.lead(SCHOOL, "curator_visit")
    facts = {"verified_risks": list(RISKS), "activated_risks": []}

    assert codes(lambda: office.make(SCHOOL, "record_visit", facts=facts)) == ["fact_empty"]


def test_an_anti_risk_programme_is_submitted_for_each_activated_risk_and_no_other(
    office: Office,
) -> None:
    office.lead(SCHOOL, "curator_visit")
    activated = {"verified_risks": list(RISKS), "activated_risks": [RISKS[0]]}
    office.make(SCHOOL, "record_visit", facts=activated)
    package = [order("development_concept"), order("school_roadmap")]

    def submit(*items: str) -> object:
        programmes = [order("anti_risk_programme", item) for item in items]
        return office.make(SCHOOL, "submit_concept_documents", evidence=package + programmes)

    assert why_not(submit) == [
        ("evidence_item_missing", {"kind": "anti_risk_programme", "item": RISKS[0]})
    ]
    assert why_not(lambda: submit(*RISKS)) == [
        ("evidence_item_unexpected", {"kind": "anti_risk_programme", "item": RISKS[1]})
    ]
    assert submit(RISKS[0])


def test_a_risk_beside_the_catalogue_is_taken_with_a_notice(office: Office) -> None:
    office.lead(SCHOOL, "risk_profile")
    risks = [{"factor": "frost", "significance": "low"}]

    receipt = office.make(SCHOOL, "receive_risk_profile", facts={"risks": risks})

    found = [one.code for one in receipt.notices]
    assert "code_not_in_catalogue" in found


def test_a_late_act_is_recorded_with_a_notice(office: Office) -> None:
    office.lead(SCHOOL, "questionnaire")

    receipt = office.make(SCHOOL, "complete_questionnaire", effective_on="2022-03-01")

    assert [(one.code, dict(one.message.parameters)) for one in receipt.notices] == [
        ("late", {"due_on": "2022-02-16", "days": 13})
    ]
    assert receipt.record.due_on is not None


# -- submit, return, accept -----------------------------------------------------------------------


def test_documents_are_returned_and_submitted_again_until_accepted(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")

    def accept() -> Receipt:
        return office.make(SCHOOL, "accept_concept_documents")

    def send_back() -> Receipt:
        return office.make(SCHOOL, "return_concept_documents")

    assert codes(accept) == ["nothing_submitted"]
    office.submit(SCHOOL)
    send_back()
    assert codes(send_back) == ["nothing_submitted"]
    assert codes(accept) == ["nothing_submitted"]
    office.submit(SCHOOL)
    office.submit(SCHOOL)
    accept()

    assert office.state(SCHOOL) == "stage_1_monitoring"


def test_a_return_has_a_reason_out_of_the_list(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    office.submit(SCHOOL)

    def send_back(reason: str | None) -> object:
        return office.make(SCHOOL, "return_concept_documents", reason=reason)

    assert codes(lambda: send_back(None)) == ["reason_missing"]
    assert codes(lambda: send_back("not_to_my_taste")) == ["reason_unknown"]
    assert send_back("unreadable")


def test_whoever_submitted_does_not_review(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    both = office.people["school_coordinator", SCHOOL]
    office.engine.assign(both.id, "reviewer", school=SCHOOL, actor=ADMIN)
    office.submit(SCHOOL)

    found = why_not(lambda: office.make(SCHOOL, "accept_concept_documents", actor=both))

    made = len(office.engine.history(SCHOOL))
    assert found == [
        (
            "same_person",
            {"actor": both.id, "transition": "submit_concept_documents", "sequence": made},
        )
    ]
    assert office.make(SCHOOL, "accept_concept_documents").state == "stage_1_monitoring"


def test_four_eyes_hold_although_the_submitter_changed_his_role(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    office.submit(SCHOOL)
    person = office.people["school_coordinator", SCHOOL]
    office.engine.revoke(person.id, "school_coordinator", school=SCHOOL, actor=ADMIN)
    office.engine.assign(person.id, "reviewer", school=SCHOOL, actor=ADMIN)

    assert codes(lambda: office.make(SCHOOL, "accept_concept_documents", actor=person)) == [
        "same_person"
    ]


@pytest.mark.parametrize("answer", ["confirm_stage_1", "return_stage_1_evidence"])
def test_the_curator_of_a_school_is_not_its_expert(office: Office, answer: str) -> None:
    office.lead(SCHOOL, "stage_1_monitoring")
    office.submit(SCHOOL)
    visitor, newcomer = office.people["curator", SCHOOL], office.assign("curator", SCHOOL, "new")
    for person in (visitor, newcomer):
        office.engine.assign(person.id, "expert", school=SCHOOL, actor=ADMIN)

    assert codes(lambda: office.make(SCHOOL, answer, actor=newcomer)) == ["holds_other_role"]
    assert codes(lambda: office.make(SCHOOL, answer, actor=visitor)) == [
        "same_person",
        "holds_other_role",
    ]
    office.engine.revoke(visitor.id, "curator", school=SCHOOL, actor=ADMIN)
    assert codes(lambda: office.make(SCHOOL, answer, actor=visitor)) == ["same_person"]


def test_a_curator_of_another_school_may_be_expert_here(office: Office) -> None:
    office.enrol("ilyinskoye")
    office.lead(SCHOOL, "stage_1_monitoring")
    office.submit(SCHOOL)
    neighbour = office.people["curator", "ilyinskoye"]
    office.engine.assign(neighbour.id, "expert", school=SCHOOL, actor=ADMIN)

    assert office.make(SCHOOL, "confirm_stage_1", actor=neighbour).state == "stage_2_monitoring"


def test_a_school_starts_when_its_people_are_assigned(office: Office) -> None:
    person = office.people["school_coordinator", SCHOOL]
    office.engine.revoke(person.id, "school_coordinator", school=SCHOOL, actor=ADMIN)

    found = why_not(lambda: office.make(SCHOOL, "start_questionnaire"))

    assert found == [("role_not_assigned", {"role": "school_coordinator"})]


# -- what a road map adopts -----------------------------------------------------------------------


def test_expertise_is_waived_only_where_the_road_map_says_it_is_a_sample(
    catalogue: Catalogue, office: Office
) -> None:
    other = Office(office.engine, catalogue.compiled("belgorod-2021")).opened("belgorod-1")
    for place, school in ((office, SCHOOL), (other, "belgorod-1")):
        place.lead(school, "stage_2_monitoring")

    assert codes(lambda: office.make(SCHOOL, "waive_stage_2_expertise")) == ["nothing_submitted"]
    office.submit(SCHOOL)
    other.submit("belgorod-1")

    assert office.make(SCHOOL, "waive_stage_2_expertise").state == "final_review"
    assert why_not(lambda: other.make("belgorod-1", "waive_stage_2_expertise")) == [
        ("policy_forbids", {"roadmap": "belgorod-2021", "policy": "stage_2_selective"})
    ]


def test_a_road_map_names_its_own_reviewers(catalogue: Catalogue, office: Office) -> None:
    other = Office(office.engine, catalogue.compiled("belgorod-2021")).opened("belgorod-1")
    for place, school in ((office, SCHOOL), (other, "belgorod-1")):
        place.lead(school, "concept_documents")
        place.submit(school)
    accept, coordinator = "accept_concept_documents", ("municipal_coordinator", None)

    receipt = office.make(SCHOOL, accept, actor=office.people[coordinator])

    assert receipt.record.actor.role == "municipal_coordinator"
    assert codes(lambda: other.make("belgorod-1", accept, actor=other.people[coordinator])) == [
        "role_missing"
    ]


# -- a second programme ---------------------------------------------------------------------------


@pytest.fixture
def both() -> Catalogue:
    return Catalogue([GRANTS], ["money_left"])


def money(left: bool) -> Callable[[Attempt], list[Unmet]]:
    """Return a guard of the host: it knows whether there is money left."""
    unmet = Unmet("no_money", Message("the fund is empty"), ("officer",))
    return lambda attempt: [] if left else [unmet]


def grants_office(engine: Lifecycle, definition: Definition) -> Office:
    """Return an office of the fund; its administrator may not enrol, so its officer does."""
    return Office(engine, definition).opened("school-7")


def test_two_programmes_run_on_one_engine(both: Catalogue, definition: Definition) -> None:
    engine = memory_engine(both, guards={"money_left": money(True)})
    grants = grants_office(engine, both.compiled("spring-2026"))
    office = Office(engine, definition).opened(SCHOOL)

    office.lead(SCHOOL, "completed")
    grants.lead("school-7", "closed")

    states = {row.standing.school: row.standing.state for row in engine.status()}
    assert states == {SCHOOL: "completed", "school-7": "closed"}
    assert verify(engine).ok


def test_a_guard_of_the_host_is_asked(both: Catalogue) -> None:
    engine = memory_engine(both, guards={"money_left": money(False)})
    grants = grants_office(engine, both.compiled("spring-2026"))
    grants.submit("school-7")

    with pytest.raises(TransitionRefused) as refused:
        grants.make("school-7", "fund")

    assert [(one.code, one.who) for one in refused.value.unmet] == [("no_money", ("officer",))]


def test_without_its_guard_a_history_can_neither_go_on_nor_be_verified(both: Catalogue) -> None:
    engine = memory_engine(both, guards={"money_left": money(True)})
    grants = grants_office(engine, both.compiled("spring-2026"))
    grants.submit("school-7")
    forgetful = Lifecycle(replace(engine.context, guards={}))

    assert codes(lambda: replace(grants, engine=forgetful).make("school-7", "fund")) == [
        "guard_missing"
    ]
    grants.make("school-7", "fund")
    (finding,) = verify(forgetful).findings
    assert (finding.code, finding.found) == (
        "decision_refused",
        "no guard is registered as money_left",
    )


def test_a_guard_that_fails_at_verification_does_not_end_it(both: Catalogue) -> None:
    def fails(attempt: Attempt) -> list[Unmet]:
        raise AttributeError("the fund has no such account")

    engine = memory_engine(both, guards={"money_left": money(True)})
    grants = grants_office(engine, both.compiled("spring-2026"))
    grants.lead("school-7", "closed")

    (finding,) = verify(Lifecycle(replace(engine.context, guards={"money_left": fails}))).findings

    assert finding.code == "decision_refused"
    assert finding.found == "AttributeError: the fund has no such account"


# -- a host's own transaction ---------------------------------------------------------------------


@pytest.mark.parametrize("commits", [True, False])
def test_rows_of_a_host_and_a_transition_share_their_fate(
    catalogue: Catalogue, definition: Definition, tmp_path: Path, commits: bool
) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    engine = engine_on(create_journal(url, ORIGIN), catalogue)
    engine.found(actor=ADMIN)
    office = Office(engine, definition).opened(SCHOOL)
    host = create_engine(url)
    with host.begin() as connection:
        connection.execute(text("CREATE TABLE letters (subject TEXT)"))

    with host.connect() as connection:
        joined = replace(office, engine=engine.joined(connection))
        connection.execute(text("INSERT INTO letters VALUES ('started')"))
        joined.make(SCHOOL, "start_questionnaire")
        with pytest.raises(TransitionRefused):
            joined.make(SCHOOL, "conclude")
        assert joined.state(SCHOOL) == "questionnaire"
        if commits:
            connection.commit()
        else:
            connection.rollback()

    with host.connect() as connection:
        letters = connection.execute(text("SELECT count(*) FROM letters")).scalar_one()
        refused = connection.execute(text("SELECT count(*) FROM lifecycle_refusals")).scalar_one()
    host.dispose()
    assert (letters, refused) == ((1, 1) if commits else (0, 0))
    assert office.state(SCHOOL) == ("questionnaire" if commits else "selected")
    assert verify(engine).ok
    engine.close()
