"""Duties kept apart: administrators approve nothing, auditors only read; on both storages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifecycle import (
    AdministrationRefused,
    EnrolmentRefused,
    Refused,
    TransitionRefused,
    verify,
)
from tests.factories import ADMIN, ROADMAP, Office, actor
from tests.service.refusing import PERSON, SCHOOL, codes, refused


def test_an_auditor_writes_nothing_and_reads_everything(office: Office) -> None:
    engine = office.engine
    engine.assign(PERSON, "auditor", actor=ADMIN)
    person = actor(PERSON)

    assert refused(office, person) == ["auditor_only_reads"]
    assert refused(office, replace(actor("admin"), on_behalf_of=PERSON)) == [
        "role_missing",
        "auditor_only_reads",
    ]
    with pytest.raises(EnrolmentRefused) as caught:
        engine.enrol("school-2", roadmap=ROADMAP, title="Школа 2", actor=person)
    assert codes(caught) == ["auditor_only_reads"]
    with pytest.raises(Refused) as act:
        engine.plans.act(ROADMAP, "1.2", "begun", actor=person)
    assert codes(act) == ["auditor_only_reads"]
    with pytest.raises(AdministrationRefused):
        engine.add_actor("new", actor=person)
    assert engine.history(SCHOOL)
    assert engine.explain(SCHOOL, actor=person).options[0].unmet[-1].code == "auditor_only_reads"
    assert verify(engine).ok
    engine.revoke(PERSON, "auditor", actor=ADMIN)
    assert office.make(SCHOOL, "start_questionnaire", actor=person).state == "questionnaire"


@pytest.mark.parametrize(("first", "second"), [("auditor", "administrator")])
def test_nobody_is_administrator_and_auditor(office: Office, first: str, second: str) -> None:
    office.engine.assign(PERSON, first, actor=ADMIN)

    for person, role in ((PERSON, second), ("admin", first)):
        with pytest.raises(AdministrationRefused) as caught:
            office.engine.assign(person, role, actor=ADMIN)
        assert codes(caught) == ["role_excluded"]


def test_the_last_administrator_stays_though_there_are_auditors(office: Office) -> None:
    office.engine.assign(PERSON, "auditor", actor=ADMIN)

    with pytest.raises(AdministrationRefused) as caught:
        office.engine.revoke("admin", "administrator", actor=ADMIN)

    assert codes(caught) == ["last_administrator"]


def test_whoever_became_administrator_approves_no_more(office: Office) -> None:
    office.lead(SCHOOL, "concept_documents")
    office.submit(SCHOOL)
    reviewer = office.who("reviewer", SCHOOL)
    office.engine.assign(reviewer.id, "administrator", actor=ADMIN)

    for person in (reviewer, replace(office.assign("reviewer", SCHOOL, name="other"),
                                     on_behalf_of=reviewer.id)):  # fmt: skip
        with pytest.raises(TransitionRefused) as caught:
            office.make(SCHOOL, "accept_concept_documents", actor=person)
        assert codes(caught) == ["administrator_approves"]
    assert office.make(SCHOOL, "return_concept_documents", actor=reviewer).state
