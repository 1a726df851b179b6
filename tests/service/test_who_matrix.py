"""Everybody x every way to be known x every transition, generated from the definition.

For every transition there is a school that waits for it. Everybody who might make it tries it in
every way he can be known, with an otherwise complete request.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lifecycle import Actor, TransitionRefused, verify
from lifecycle.domain.definition import (
    Authentication,
    Definition,
    PolicyAllows,
    Transition,
)
from lifecycle.domain.model import ADMINISTRATOR, AUDITOR, METHODS
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, Office, complete, memory_engine
from tests.identities import Identities

ABOUT_WHO = {
    "administrator_approves",
    "auditor_only_reads",
    "authentication_insufficient",
    "authentication_unknown",
    "credential_unknown",
    "signature_missing",
    "signature_invalid",
}
# Held on the installation beside the role of the transition.
BESIDE = (None, ADMINISTRATOR, AUDITOR)


def possible(definition: Definition) -> Iterator[Transition]:
    for one in definition.transitions:
        if not any(
            isinstance(need, PolicyAllows) and not need.allowed for need in one.requirements
        ):
            yield one


def expected(
    rules: Authentication, transition: Transition, method: str, beside: str | None
) -> set[str]:
    wanted = rules.approval if transition.approval else rules.any
    codes = set() if method in wanted else {"authentication_insufficient"}
    if beside == AUDITOR:
        codes.add("auditor_only_reads")
    if beside == ADMINISTRATOR and transition.approval:
        codes.add("administrator_approves")
    return codes


def tried(office: Office, school: str, transition: Transition, person: Actor) -> set[str]:
    request = complete(office.definition, transition, office.known(school))
    try:
        office.engine.advance(school, transition.name, actor=person, dry_run=True, **request)
    except TransitionRefused as refused:
        return {one.code for one in refused.unmet}
    return set()


@pytest.mark.parametrize("roadmap", ["tomari-2022", "belgorod-2021"])
def test_everybody_is_heard_exactly_as_the_definition_says(
    catalogue: Catalogue, roadmap: str
) -> None:
    definition = catalogue.compiled(roadmap)
    engine = memory_engine(catalogue)
    office, identities = Office(engine, definition).opened(), Identities(engine)
    heard = set()
    for transition in possible(definition):
        school = f"at-{transition.name}"
        office.enrol(school)
        office.lead(school, transition.sources[0])
        office.submit(school)
        for role in transition.roles:
            for beside in BESIDE:
                scope = definition.role[role].scopes[-1]
                where = {"school": school} if scope == "school" else {}
                name = f"{role}.{transition.name}.{beside}"
                person = office.assign(role, where.get("school"), name=name)
                if beside is not None:
                    engine.assign(name, beside, actor=ADMIN)
                for method in METHODS:
                    found = tried(office, school, transition, identities.by(method, person.id))
                    wanted = expected(definition.authentication, transition, method, beside)
                    assert found == wanted, (transition.name, role, beside, method)
                    assert found <= ABOUT_WHO
                    if not found:
                        heard.add((transition.approval, method, beside))

    assert heard == {
        (approval, method, beside)
        for approval in (True, False)
        for method in METHODS
        for beside in (None, ADMINISTRATOR)
        if not (approval and (beside == ADMINISTRATOR or method == "os-uid"))
    }
    assert verify(engine).ok


def test_the_approvals_of_500plus_are_those_that_were_decided(definition: Definition) -> None:
    approvals = [one.name for one in definition.transitions if one.approval]

    assert approvals == [
        "accept_concept_documents",
        "confirm_stage_1",
        "confirm_stage_2",
        "waive_stage_2_expertise",
        "conclude",
    ]
    assert set(definition.authentication.approval) < set(definition.authentication.any)


def test_whoever_is_asked_is_told_beforehand_what_is_not_enough(office: Office) -> None:
    school = "krasnogorsk"
    office.lead(school, "stage_1_monitoring")
    office.submit(school)
    expert = office.who("expert", school)

    def unmet(person: Actor) -> list[str]:
        (option,) = (
            one
            for one in office.engine.explain(school, actor=person).options
            if one.name == "confirm_stage_1"
        )
        return [f"{one.code}: {one.message} {one.who} {one.actors}" for one in option.unmet]

    assert unmet(expert) == []
    assert unmet(replace(expert, authentication="os-uid:1000")) == [
        "authentication_insufficient: os-uid is not enough to approve; expert.tomari-2022 has to be"
        " known by: host, token, signed ('administrator',) ('admin',)"
    ]
