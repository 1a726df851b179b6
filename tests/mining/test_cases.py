"""Which histories are exported, and that one is in memory at a time."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from lifecycle import Lifecycle
from lifecycle.domain.definition import Definition
from lifecycle.mining import Case, Tally, activity_of
from tests.mining.reading import cases_of, xes_of


def test_a_case_is_the_enrolment_and_every_transition_of_a_school(
    led: Lifecycle, cases: list[Case]
) -> None:
    case = next(one for one in cases if one.school == "in.completed")
    history = led.history("in.completed")

    assert {one.kind for one in history} == {"enrolled", "role_assigned", "advanced"}
    assert list(case.events) == [one for one in history if one.kind != "role_assigned"]
    assert [activity_of(one) for one in case.events[:2]] == ["enrolled", "start_questionnaire"]
    assert (case.roadmap, case.finished) == ("tomari-2022", True)


def test_finished_and_open_cases_are_told_apart_and_counted(led: Lifecycle) -> None:
    tallies = {which: Tally() for which in ("finished", "open", "all")}
    found = {which: cases_of(led, tally, which=which) for which, tally in tallies.items()}

    assert [one.school for one in found["finished"]] == ["in.completed", "in.withdrawn"]
    assert {one.finished for one in found["open"]} == {False}
    assert len(found["all"]) == 10
    assert {which: (one.cases, one.left_out) for which, one in tallies.items()} == {
        "finished": (2, 8),
        "open": (8, 2),
        "all": (10, 0),
    }
    assert tallies["open"].events == sum(len(one.events) for one in found["open"])


def test_cases_are_narrowed_to_a_road_map_to_rules_and_to_a_school(
    led: Lifecycle, definition: Definition
) -> None:
    digest = definition.ref.digest

    assert len(cases_of(led, which="all", roadmap="tomari-2022")) == 10
    assert cases_of(led, which="all", roadmap="belgorod-2021") == []
    assert len(cases_of(led, which="all", definition=digest)) == 10
    assert cases_of(led, which="all", definition="0" * 64) == []
    assert [one.school for one in cases_of(led, which="all", school="in.selected")] == [
        "in.selected"
    ]


def test_memory_does_not_grow_with_the_log(cases: list[Case]) -> None:
    def many(count: int) -> Iterator[Case]:
        for number in range(count):
            yield replace(cases[number % len(cases)], school=f"s{number}")

    class Nowhere:
        def write(self, data: bytes) -> int:
            return len(data)

    def peak(count: int) -> int:
        from lifecycle.mining import write_xes

        tracemalloc.start()
        write_xes(many(count), Nowhere(), "origin-1")  # type: ignore[arg-type]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    xes_of(cases)  # what is made once is made before
    assert peak(400) < peak(20) + 50_000
