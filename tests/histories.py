"""A small history that verifies, made by the library: with a file, a comment and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from lifecycle import Actor, EvidenceFile, Lifecycle, create_lifecycle

CHIEF = Actor("chief", "host:tests")
MUNICIPAL = Actor("municipal", "host:tests")
COORDINATOR = Actor("coordinator", "host:tests")
SCHOOL = "krasnogorsk"


@contextmanager
def small_history(url: str, folder: Path) -> Iterator[Lifecycle]:
    """Make a history at *url* and lend an engine on it; evidence lies in *folder*/evidence."""
    with create_lifecycle(url, administrator=CHIEF, evidence=folder / "evidence") as engine:
        for actor in (MUNICIPAL, COORDINATOR):
            engine.add_actor(actor.id, actor=CHIEF)
        engine.assign("municipal", "municipal_coordinator", roadmap="tomari-2022", actor=CHIEF)
        enrol(engine, SCHOOL)
        enrol(engine, "second")
        engine.revoke("coordinator", "school_coordinator", school="second", actor=CHIEF)
        for _ in range(2):
            issued = engine.credentials.issue_token("municipal", actor=CHIEF)
        engine.credentials.revoke(issued.credential, actor=CHIEF)
        paper = folder / "questionnaire.txt"
        paper.write_text("Анкета заполнена.\n", "utf-8")
        engine.advance(
            SCHOOL,
            "complete_questionnaire",
            actor=COORDINATOR,
            effective_on=date(2022, 2, 4),
            comment="заполнили вместе",
            evidence=[EvidenceFile("questionnaire_completion", paper)],
        )
        engine.seal()  # what waits in a queue would be late before all tests have looked at it
        yield engine


def enrol(engine: Lifecycle, school: str) -> None:
    """Enrol a school, assign its coordinator and start it."""
    engine.enrol(school, roadmap="tomari-2022", title=school, actor=MUNICIPAL)
    engine.assign("coordinator", "school_coordinator", school=school, actor=CHIEF)
    engine.advance(school, "start_questionnaire", actor=MUNICIPAL, effective_on=date(2022, 1, 18))
