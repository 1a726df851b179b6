"""The programme 500+ against the table that it was ordered by."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lifecycle.domain.definition import (
    AnswersSubmission,
    Definition,
    DifferentPerson,
    EvidenceGiven,
    FactGiven,
    NotHolding,
    PolicyAllows,
    ReasonGiven,
    Requirement,
    RoleAssigned,
)
from lifecycle.domain.machine import gate_of
from lifecycle.workflows.catalogue import Catalogue

WORKFLOWS = Path(__file__).parents[2] / "workflows"
# This road map adjusts nothing of the programme.
PLAIN = "kaspiysk-2022"

STATES = [
    *("selected", "questionnaire", "risk_profile", "curator_visit", "concept_documents"),
    *("stage_1_monitoring", "stage_2_monitoring", "final_review", "completed", "withdrawn"),
]
FINAL = ["completed", "withdrawn"]

# transition | from -> to («stays» in the same state) | by | requires
TABLE = """
start_questionnaire | selected -> questionnaire | municipal_coordinator | \
    assigned municipal_coordinator; assigned school_coordinator
complete_questionnaire | questionnaire -> risk_profile | school_coordinator | \
    evidence questionnaire_completion
receive_risk_profile | risk_profile -> curator_visit | school_coordinator | \
    evidence risk_profile; fact risks, not empty; assigned curator
record_visit | curator_visit -> concept_documents | curator | \
    evidence visit_note; fact verified_risks within risks.factor; \
    fact activated_risks, not empty within risks.factor, verified_risks
submit_concept_documents | concept_documents stays | school_coordinator | \
    evidence development_concept; evidence school_roadmap; \
    evidence anti_risk_programme for each of activated_risks
return_concept_documents | concept_documents stays | reviewer | \
    answers submit_concept_documents; not who made submit_concept_documents; reason
accept_concept_documents | concept_documents -> stage_1_monitoring | reviewer | \
    answers submit_concept_documents; not who made submit_concept_documents
submit_stage_1_evidence | stage_1_monitoring stays | school_coordinator | \
    evidence supporting_document for each of activated_risks
return_stage_1_evidence | stage_1_monitoring stays | expert | \
    answers submit_stage_1_evidence; not who made submit_stage_1_evidence, record_visit; \
    not curator; reason
confirm_stage_1 | stage_1_monitoring -> stage_2_monitoring | expert | \
    answers submit_stage_1_evidence; not who made submit_stage_1_evidence, record_visit; \
    not curator
submit_stage_2_evidence | stage_2_monitoring stays | school_coordinator | \
    evidence supporting_document for each of activated_risks
return_stage_2_evidence | stage_2_monitoring stays | expert | \
    answers submit_stage_2_evidence; not who made submit_stage_2_evidence, record_visit; \
    not curator; reason
confirm_stage_2 | stage_2_monitoring -> final_review | expert | \
    answers submit_stage_2_evidence; not who made submit_stage_2_evidence, record_visit; \
    not curator
waive_stage_2_expertise | stage_2_monitoring -> final_review | regional_coordinator | \
    policy stage_2_selective: no; evidence sample_list; answers submit_stage_2_evidence
conclude | final_review -> completed | regional_coordinator, municipal_coordinator | \
    evidence indicator_analysis; fact outcome
withdraw | selected, questionnaire, risk_profile, curator_visit, concept_documents, \
    stage_1_monitoring, stage_2_monitoring, final_review -> withdrawn | \
    municipal_coordinator, regional_coordinator | evidence order; reason
"""

FACTORS = {
    "low_equipment": "Низкий уровень оснащения школы",
    "staff_deficit": "Дефицит педагогических кадров",
    "teacher_competence": (
        "Недостаточная предметная и методическая компетентность педагогических работников"
    ),
    "low_adaptivity": "Риски низкой адаптивности учебного процесса",
    "no_internal_training": "Несформированность внутришкольной системы повышения квалификации",
    "high_sen_share": "Высокая доля обучающихся с ОВЗ",
    "language_barriers": "Низкое качество преодоления языковых и культурных барьеров",
    "low_wellbeing": "Пониженный уровень школьного благополучия",
    "low_discipline": "Низкий уровень дисциплины в классе",
    "low_motivation": "Низкая учебная мотивация обучающихся",
    "academic_failure_risk": "Высокая доля обучающихся с рисками учебной неуспешности",
    "low_parent_involvement": "Низкий уровень вовлеченности родителей",
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="module")
def programme(catalogue: Catalogue) -> Definition:
    return catalogue.compiled(PLAIN)


def in_words(asked: Requirement) -> str:
    match asked:
        case RoleAssigned(role):
            return f"assigned {role}"
        case EvidenceGiven(kind, each):
            return f"evidence {kind}" + (f" for each of {each}" if each else "")
        case FactGiven(fact, not_empty, within):
            limits = f" within {', '.join(within)}" if within else ""
            return f"fact {fact}" + (", not empty" if not_empty else "") + limits
        case AnswersSubmission(submission):
            return f"answers {submission}"
        case DifferentPerson(transitions):
            return f"not who made {', '.join(transitions)}"
        case NotHolding(roles):
            return f"not {', '.join(roles)}"
        case PolicyAllows(policy, _, allowed):
            return f"policy {policy}: {'yes' if allowed else 'no'}"
        case ReasonGiven():
            return "reason"
    raise AssertionError(asked)


def test_the_states_are_those_of_the_table(programme: Definition) -> None:
    assert [state.name for state in programme.states] == STATES
    assert [state.name for state in programme.states if state.final] == FINAL
    assert programme.initial == "selected"


def test_the_transitions_are_those_of_the_table(programme: Definition) -> None:
    written = [
        " | ".join(
            (
                one.name,
                ", ".join(one.sources) + (f" -> {one.target}" if one.target else " stays"),
                ", ".join(one.roles),
                "; ".join(map(in_words, one.requirements)),
            )
        )
        for one in programme.transitions
    ]

    assert written == re.sub(" +", " ", TABLE).strip().splitlines()


def test_the_machine_makes_the_moves_of_the_table_and_no_other(programme: Definition) -> None:
    gate = gate_of(programme)
    moves = {
        (one.name, source): one.target or source
        for one in programme.transitions
        for source in one.sources
    }

    for one in programme.transitions:
        for state in STATES:
            assert gate.move(state, one.name, allowed=True) == moves.get((one.name, state))
            assert gate.move(state, one.name, allowed=False) is None


def test_roles_are_held_on_what_the_programme_says(programme: Definition) -> None:
    assert {role.name: role.scopes for role in programme.roles} == {
        "federal_coordinator": ("roadmap",),
        "regional_coordinator": ("roadmap",),
        "municipal_coordinator": ("roadmap", "school"),
        "school_coordinator": ("school",),
        "curator": ("school",),
        "reviewer": ("roadmap", "school"),
        "expert": ("roadmap", "school"),
    }
    assert programme.enrolled_by == (
        "administrator",
        "municipal_coordinator",
        "regional_coordinator",
    )


def test_facts_and_evidence_are_declared(programme: Definition) -> None:
    risks, verified, activated, outcome = programme.facts
    factor, significance = risks.fields

    assert (risks.name, risks.type) == ("risks", "records")
    assert (factor.name, factor.type, factor.catalogue) == ("factor", "slug", True)
    assert significance.name == "significance"
    assert [choice.code for choice in significance.choices] == ["high", "medium", "low"]
    assert (verified.name, verified.type) == ("verified_risks", "slugs")
    assert (activated.name, activated.type) == ("activated_risks", "slugs")
    assert (outcome.name, outcome.type) == ("outcome", "choice")
    assert [choice.code for choice in outcome.choices] == [
        "positive_dynamics",
        "partial_dynamics",
        "no_dynamics",
    ]
    assert list(programme.evidence_kind) == [
        *("questionnaire_completion", "risk_profile", "visit_note", "development_concept"),
        *("school_roadmap", "medium_term_programme", "anti_risk_programme"),
        *("supporting_document", "sample_list", "indicator_analysis", "order"),
    ]


def test_the_factors_of_risk_are_known_but_not_verified(programme: Definition) -> None:
    assert {choice.code: choice.title.ru for choice in programme.catalogue} == FACTORS
    assert {choice.source for choice in programme.catalogue} == {"unverified"}


def test_stage_2_is_selective_where_the_road_map_says_so(catalogue: Catalogue) -> None:
    selective = {
        roadmap: one.allowed
        for roadmap in catalogue.roadmaps()
        for one in catalogue.compiled(roadmap).transition["waive_stage_2_expertise"].requirements
        if isinstance(one, PolicyAllows)
    }

    assert selective == {
        "belgorod-2021": False,
        "dmitrovsk-2022": False,
        "kaspiysk-2022": False,
        "neklinovsky-2022": True,
        "tomari-2022": True,
    }


def test_the_education_department_reviews_the_concept_documents_in_tomari(
    catalogue: Catalogue,
) -> None:
    tomari = catalogue.compiled("tomari-2022")

    for name in ("return_concept_documents", "accept_concept_documents"):
        assert tomari.transition[name].roles == ("reviewer", "municipal_coordinator")


def sources(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["source"]] if "source" in value else []
        return own + [source for one in value.values() for source in sources(one)]
    if isinstance(value, list):
        return [source for one in value for source in sources(one)]
    return []


def test_every_source_is_a_row_of_a_road_map_or_says_that_it_is_none() -> None:
    yaml = YAML(typ="safe", pure=True)
    programme = yaml.load(WORKFLOWS / "programmes" / "500plus.yaml")
    rows = {
        f"{path.stem} {activity['key']}"
        for path in (WORKFLOWS / "roadmaps").glob("*.yaml")
        for activity in yaml.load(path)["activities"]
    }
    named = {part for source in sources(programme) for part in source.split("; ")}

    assert named - rows == {"inference", "unverified"}
    assert len(named & rows) > 20


def test_every_rule_has_a_title_in_russian_and_in_english(programme: Definition) -> None:
    asked = [one for transition in programme.transitions for one in transition.requirements]
    choices = [choice for fact in programme.facts for choice in fact.choices]
    reasons = [choice for one in asked if isinstance(one, ReasonGiven) for choice in one.reasons]
    titled: list[Any] = [
        *(*programme.states, *programme.transitions, *programme.roles, *programme.catalogue),
        *(*programme.evidence_kinds, *programme.facts, *choices, *reasons),
    ]

    for title in (one.title for one in titled):
        assert re.search("[а-яё]", title.ru), title
        assert re.fullmatch(r"[\x20-\x7e]+", title.en), title


def test_only_the_curator_s_note_is_kept_encrypted(programme: Definition) -> None:
    personal = [one.name for one in programme.evidence_kinds if one.personal]

    assert personal == ["visit_note"]
