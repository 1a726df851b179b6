"""What is tried in vain on the way: each shows another thing that the engine does not allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lifecycle.demo.cast import BELGOROD
from lifecycle.demo.drive import Act, Hurdle, Stage, facts_of, known_as

SHOWN_IN_FULL = (
    ("krasnogorsk", "submit_concept_documents"),
    ("belgorod-01", "receive_risk_profile"),
)
"""The refusals that are printed with every reason: many reasons, several people to mend them."""


def _wrong_role(stage: Stage, act: Act) -> None:
    """The school starts by itself what the municipality has to start."""
    stage.refused(replace(act, actor=act.school.people["school_coordinator"]))


def _wrong_package(stage: Stage, act: Act) -> None:
    """The curator hands in the school's package: incomplete, and for a risk not activated."""
    facts = facts_of(act.school, stage.definition(act.school))
    other = facts["risks"][-1]["factor"]
    rules = stage.definition(act.school)
    missing = {("school_roadmap", None), ("anti_risk_programme", facts["activated_risks"][0])}
    evidence = [piece for piece in act.evidence if (piece.kind, piece.item) not in missing]
    evidence.append(stage.papers.piece(rules, act.school, "anti_risk_programme", other, act.day))
    curator = act.school.people["curator"]
    stage.refused(replace(act, actor=curator, evidence=tuple(evidence)))


def _nobody_assigned(stage: Stage, act: Act) -> None:
    """The municipality takes over the profile before the school has a curator."""
    coordinator = act.school.people["municipal_coordinator"]
    stage.refused(replace(act, actor=coordinator, evidence=(), facts={}))


def _by_the_submitter(stage: Stage, act: Act) -> None:
    """The school's coordinator, a reviewer elsewhere, accepts the own school's documents."""
    stage.refused(replace(act, actor=act.school.people["school_coordinator"]))


def _by_the_curator(stage: Stage, act: Act) -> None:
    """The curator, an expert elsewhere, confirms the results of the school in his care."""
    stage.refused(replace(act, actor=act.school.people["curator"]))


def _not_provided_for(stage: Stage, act: Act) -> None:
    """The region skips an expertise that its own road map does not make selective."""
    waiver = stage.prepared(act.school, "waive_stage_2_expertise", act.day)
    stage.refused(waiver)


def _without_an_order(stage: Stage, act: Act) -> None:
    """The school is to be withdrawn on nobody's order and for no reason."""
    stage.refused(replace(act, evidence=(), reason=None))


def _nothing_submitted(stage: Stage, act: Act) -> None:
    """The expert confirms what the school has not handed in."""
    stage.refused(stage.prepared(act.school, "confirm_stage_1", act.day))


def help_oneself(stage: Stage) -> None:
    """Somebody gives himself a role."""
    curator = "curator-02"
    stage.meet(
        BELGOROD,
        "assign",
        curator,
        lambda: stage.engine.assign(curator, "reviewer", actor=known_as(curator), roadmap=BELGOROD),
    )


HURDLES: Mapping[tuple[str, str, int], Hurdle] = {
    ("krasnogorsk", "start_questionnaire", 0): _wrong_role,
    ("krasnogorsk", "submit_concept_documents", 0): _wrong_package,
    ("belgorod-01", "receive_risk_profile", 0): _nobody_assigned,
    ("belgorod-01", "accept_concept_documents", 0): _by_the_submitter,
    ("belgorod-01", "confirm_stage_1", 0): _by_the_curator,
    ("belgorod-01", "confirm_stage_2", 0): _not_provided_for,
    ("belgorod-03", "withdraw", 0): _without_an_order,
    ("belgorod-04", "submit_stage_1_evidence", 0): _nothing_submitted,
}
"""By school, transition, and how many times the school has made that transition before."""
