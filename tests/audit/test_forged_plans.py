"""Whoever forges what was said of an activity is found by the decision made again."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from lifecycle import verify
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import MAP, Body, forged, refusal
from tests.factories import ADMIN, ROADMAP, START, Ids, SetClock, actor, engine_on, order

OWN = "1.2"
COORDINATOR = actor(f"municipal_coordinator.{ROADMAP}")


@pytest.fixture(scope="session")
def planned(original: Path, catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office of the other break-ins, which put off an activity and did it."""
    folder = Path(shutil.copytree(original, tmp_path_factory.mktemp("planned") / "copy"))
    journal = open_journal(f"sqlite:///{folder}/lifecycle.db")
    evidence = EvidenceFolder(folder / "evidence")
    clock, ids = SetClock(START + timedelta(days=30)), Ids(9_000)
    with engine_on(journal, catalogue, evidence=evidence, clock=clock, ids=ids) as engine:
        plans = engine.plans
        plans.act(ROADMAP, OWN, "begun", actor=COORDINATOR, effective_on="2022-01-18")
        plans.act(
            ROADMAP, OWN, "postponed", actor=COORDINATOR, effective_on="2022-01-20",
            evidence=[order("basis")], postponed_to="2022-02-20",
        )  # fmt: skip
        plans.act(
            ROADMAP, OWN, "done", actor=COORDINATOR, effective_on="2022-02-21",
            evidence=[order("activity_result")],
        )  # fmt: skip
        engine.add_actor("stranger", actor=ADMIN)
        assert verify(engine).ok
    return folder


@pytest.fixture
def folder(planned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(planned, tmp_path / "copy"))


def said(bodies: list[Body], kind: str) -> Body:
    """Return the one record of that kind."""
    (found,) = (body for body in bodies if body["kind"] == kind)
    return found


def test_an_act_without_its_document_is_refused_again(folder: Path) -> None:
    place, reason = refusal(
        folder, lambda all_: said(all_, "activity_done").update(evidence=[]), MAP
    )

    assert place.startswith(f"{MAP}#")
    assert "activity_result" in reason


def test_an_act_of_a_stranger_is_refused_again(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        said(bodies, "activity_done")["actor"]["id"] = "stranger"

    found = forged(folder, change, MAP)

    assert {one.stream for one in found} == {MAP}
    assert found[0].code in ("decision_refused", "decision_differs")


def test_an_act_on_what_was_done_already_is_refused_again(folder: Path) -> None:
    def again(bodies: list[Body]) -> None:
        last = said(bodies, "activity_done")
        number = f"00000000-0000-7000-8000-{len(bodies) + 500:012d}"
        bodies.append({**last, "record_id": number, "command_id": number})

    _, reason = refusal(folder, again, MAP)

    assert reason.startswith(f"{OWN} is done already")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda body: body.update(due_on="2022-03-20"), id="an invented deadline"),
        pytest.param(lambda body: body["facts"].update(activity="1.3"), id="another activity"),
        pytest.param(lambda body: body["facts"].update(counts={"people": 3}), id="a number"),
        pytest.param(lambda body: body["facts"].update(occurrence="2022-02"), id="an occurrence"),
        pytest.param(lambda body: body.update(requirements=["role"]), id="fewer requirements"),
        pytest.param(lambda body: body.update(reason="merged"), id="a reason"),
        pytest.param(lambda body: body.update(kind="activity_begun"), id="another act"),
    ],
)
def test_every_forged_member_of_a_plan_record_is_found(
    folder: Path, change: Callable[[Body], object]
) -> None:
    found = forged(folder, lambda bodies: change(said(bodies, "activity_done")), MAP)

    assert found
    assert {one.stream for one in found} == {MAP}


def test_a_postponement_that_was_taken_away_makes_the_next_act_late(folder: Path) -> None:
    found = forged(folder, lambda all_: all_.remove(said(all_, "activity_postponed")), MAP)

    assert [(one.code, one.field) for one in found if one.field == "due_on"] == [
        ("decision_differs", "due_on")
    ]


def test_an_act_on_a_road_map_that_was_never_adopted_is_refused_again(folder: Path) -> None:
    def change(bodies: list[Body]) -> None:
        del bodies[0]

    reasons = [str(one.found) for one in forged(folder, change, MAP)]

    assert "the rules are not those in force on the road map" in reasons
