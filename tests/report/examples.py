"""Histories for the report: offices with schools at every stage, and hostile ones."""

from __future__ import annotations

from datetime import timedelta

from lifecycle import Lifecycle, TransitionRefused
from lifecycle.report import ReportFile, report_html
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ROADMAP, Office, SetClock, memory_engine

HOSTILE = "</script><!--<img src=x onerror=alert(1)>&amp;{{data}}"
STAGES = {
    "alpha": "completed",
    "beta": "concept_documents",
    "gamma": "questionnaire",
    "delta": "selected",
}


def district(catalogue: Catalogue) -> Lifecycle:
    """Return an engine with five schools under two road maps, led on over two months."""
    clock = SetClock(step=timedelta(minutes=5))
    engine = memory_engine(catalogue, clock=clock)
    office = Office(engine, catalogue.compiled(ROADMAP)).opened()
    for school, state in STAGES.items():
        title = HOSTILE if school == "delta" else f"Школа «{school}» села Красногорск"
        office.enrol(school, title=title)
        clock.advance(days=4)
        office.lead(school, state)
    # Stays where it is, on another day than it came: «since» must not follow.
    office.make("beta", "submit_concept_documents")
    office.make("beta", "withdraw", effective_on="2022-02-20")
    try:
        office.make("gamma", "complete_questionnaire", actor=office.admin)
    except TransitionRefused:
        clock.advance(days=3)
    other = Office(engine, catalogue.compiled("belgorod-2021")).opened("omega")
    other.make("omega", "start_questionnaire", effective_on="2021-02-20")
    clock.advance(days=2)
    return engine


def report_of(engine: Lifecycle, language: str = "en", roadmap: str | None = None) -> ReportFile:
    """Return the report on everything that the engine holds, or on one road map."""
    with engine.histories(roadmap) as past:
        return report_html(
            past.schools,
            origin=past.origin,
            size=past.records,
            made_at=past.read_at,
            days_late=engine.context.calendar.days_late,
            language=language,
            roadmap=roadmap,
        )
