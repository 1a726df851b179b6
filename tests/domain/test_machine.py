"""The machine of the ``transitions`` library and the compiled definition agree everywhere."""

import threading
from pathlib import Path

import pytest
from hypothesis import given

from lifecycle.domain.definition import Definition
from lifecycle.domain.machine import Gate, gate_of
from lifecycle.workflows.catalogue import Catalogue
from tests.strategies import definitions

GRANTS = Path(__file__).parent.parent / "workflows" / "grants"


def assert_machine_agrees(definition: Definition) -> None:
    gate = Gate(definition)
    for state in definition.state:
        for transition in definition.transitions:
            leads_to = transition.target or state
            expected = leads_to if state in transition.sources else None
            assert gate.move(state, transition.name, allowed=True) == expected
            assert gate.move(state, transition.name, allowed=False) is None
            # What was seen once is told again, and opens nothing else.
            assert gate.move(state, transition.name, allowed=True) == expected


@pytest.mark.parametrize("roadmap", Catalogue().roadmaps())
def test_machine_and_definition_agree_under_each_road_map(
    catalogue: Catalogue, roadmap: str
) -> None:
    assert_machine_agrees(catalogue.compiled(roadmap))


def test_machine_and_definition_agree_for_a_second_programme() -> None:
    assert_machine_agrees(Catalogue([GRANTS], ["money_left"]).compiled("spring-2026"))


@given(definitions())
def test_machine_and_definition_agree_for_any_programme(definition: Definition) -> None:
    assert_machine_agrees(definition)


def test_the_machine_knows_no_transition_of_its_own(definition: Definition) -> None:
    with pytest.raises(KeyError):
        gate_of(definition).move("selected", "to_completed", allowed=True)


@pytest.mark.parametrize("verdict", [1, "yes", None, [True]])
def test_only_true_opens_the_gate(definition: Definition, verdict: object) -> None:
    moved = gate_of(definition).move("selected", "start_questionnaire", allowed=verdict)  # type: ignore[arg-type] # what a mistaken caller could pass

    assert moved is None


def test_a_machine_is_built_once_for_a_definition(definition: Definition) -> None:
    assert gate_of(definition) is gate_of(definition)


def test_one_machine_serves_many_threads(definition: Definition) -> None:
    gate, wrong = gate_of(definition), []

    def fire() -> None:
        for _ in range(300):
            if gate.move("final_review", "conclude", allowed=True) != "completed":
                wrong.append("conclude")
            if gate.move("selected", "conclude", allowed=True) is not None:
                wrong.append("skip")

    threads = [threading.Thread(target=fire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
