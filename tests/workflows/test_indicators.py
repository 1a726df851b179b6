"""Indicators, counts, the plan and the ladder: against the road maps' own words."""

import re
from pathlib import Path
from typing import Any

import pytest

from lifecycle.domain.definition import EscalationStep
from lifecycle.domain.roadmap import Measure
from lifecycle.workflows.catalogue import Catalogue
from tests.workflows.plain import load

ROADMAPS = Path(__file__).parents[2] / "workflows" / "roadmaps"

# Read from the documents by hand. Key -> unit, target, and the words of the text that say it.
Said = tuple[str, int | None, str]
SAID: dict[str, dict[str, Said]] = {
    "belgorod-2021": {
        "1": ("schools", 22, "22 общеобразовательных"),
        "4": ("schools", 22, "22 общеобразовательных"),
        "7": ("roadmaps", 19, "19 муниципальных дорожных карт"),
        "8": ("percent", 100, "100 %"),
        "10": ("roadmaps", 22, "22 «дорожные карты»"),
        "11": ("roadmaps", 22, "22 «дорожные карты»"),
        "12": ("percent", 100, "100%"),
        "13": ("percent", 100, "100%"),
    },
    "dmitrovsk-2022": {},
    "kaspiysk-2022": dict.fromkeys(
        ("2", "6", "7", "11", "14", "22", "27", "28", "35", "37"), ("percent", 100, "100%")
    ),
    "neklinovsky-2022": {
        "1.1": ("percent", 100, "для всех"),
        "1.2": ("percent", 100, "для всех"),
        "1.3": ("percent", 100, "100%"),
        "2.8": ("percent", 100, "всех ОО"),
        "5.2": ("nominations", 5, "5 номинациям"),
        "6.1a": ("people", 510, "510 человек"),
        "6.1b": ("people", 120, "120 человек"),
        "6.2": ("people", 75, "75 человек"),
        "6.3": ("people", 25, "25 человек"),
    },
    "tomari-2022": {
        "2.3": ("percent", None, "%"),
        "4.5a": ("percent", None, "%"),
        "4.5b": ("percent", None, "%"),
        "4.6": ("percent", 100, "не реже 1 раза в месяц"),
    },
}
ALL_OF_THEM = ("для всех", "всех ОО", "не реже 1 раза в месяц")
# Transitions that stand for a result though the row does not drive them, or drives more.
STAND_FOR = {
    ("kaspiysk-2022", "27"): ["confirm_stage_1"],
}
NAMES = sorted(SAID)


def activities(name: str) -> dict[str, dict[str, Any]]:
    return {activity["key"]: activity for activity in load(name)["activities"]}


INDICATORS = [
    pytest.param(name, indicator, id=f"{name}:{indicator['key']}")
    for name in NAMES
    for indicator in load(name).get("indicators", [])
]


@pytest.mark.parametrize("name", NAMES)
def test_every_countable_result_has_its_indicator(name: str) -> None:
    found = load(name).get("indicators", [])

    assert [one["key"] for one in found] == list(SAID[name])
    assert all(one["activity"] == one["key"].rstrip("ab") for one in found)


def test_the_road_maps_count_twenty_nine_rows() -> None:
    rows = {name: {key.rstrip("ab") for key in said} for name, said in SAID.items()}

    assert {name: len(keys) for name, keys in rows.items()} == {
        "belgorod-2021": 8,
        "dmitrovsk-2022": 0,
        "kaspiysk-2022": 10,
        "neklinovsky-2022": 8,
        "tomari-2022": 3,
    }


@pytest.mark.parametrize(("name", "indicator"), INDICATORS)
def test_an_indicator_is_what_the_row_says(name: str, indicator: dict[str, Any]) -> None:
    unit, target, words = SAID[name][indicator["key"]]
    result = activities(name)[indicator["activity"]]["result"]

    assert indicator["text"] in result
    assert words in indicator["text"]
    assert (indicator["unit"], indicator["target"]) == (unit, target)
    if words in ALL_OF_THEM:
        assert target == 100
    else:
        assert [int(number) for number in re.findall(r"\d+", words)] == ([target] if target else [])


@pytest.mark.parametrize("name", NAMES)
def test_no_number_of_a_result_is_left_uncounted(name: str) -> None:
    # A result that states a share, «every school» or a number of something is an indicator.
    stated = re.compile(
        r"\d+ ?%|, ?%|\b\d+ (?:обще|муни|«дорож|номин|чел)|для всех|всех ОО|не реже"
    )
    countable = {key for key, one in activities(name).items() if stated.search(one["result"] or "")}

    assert countable == {key.rstrip("ab") for key in SAID[name]}


@pytest.mark.parametrize(("name", "indicator"), INDICATORS)
def test_a_transition_that_stands_for_a_result_is_one_of_its_row(
    name: str, indicator: dict[str, Any]
) -> None:
    counted = indicator["numerator"].get("schools_fulfilled", [])
    known = STAND_FOR.get(
        (name, indicator["key"]), activities(name)[indicator["activity"]]["drives"]
    )

    assert set(counted) <= set(known)


@pytest.mark.parametrize("name", NAMES)
def test_a_number_is_asked_for_once_and_used(name: str) -> None:
    asked = {
        (key, count["name"])
        for key, activity in activities(name).items()
        for count in activity.get("counts", [])
    }
    measures = [
        measure["count"]
        for one in load(name).get("indicators", [])
        for measure in (one["numerator"], one.get("denominator") or {})
        if "count" in measure
    ]

    assert {(key, measure["name"]) for measure in measures for key in measure["of"]} == asked
    assert len(measures) == len(asked)


def test_measures_are_compiled(catalogue: Catalogue) -> None:
    compiled = {
        (name, one.key): (one.numerator, one.denominator)
        for name in NAMES
        for one in catalogue.compiled(name).roadmap.indicators
    }

    assert compiled["belgorod-2021", "1"] == (
        Measure("schools_fulfilled", ("complete_questionnaire",)),
        None,
    )
    assert compiled["tomari-2022", "4.6"] == (
        Measure("occurrences_done", ("4.6",)),
        Measure("occurrences", ("4.6",)),
    )
    assert compiled["kaspiysk-2022", "2"] == (
        Measure("count", ("2",), count="candidates_questioned"),
        Measure("count", ("2",), count="candidates"),
    )
    assert compiled["kaspiysk-2022", "37"] == (
        Measure("schools_fulfilled", ("conclude",), fact="outcome", codes=("positive_dynamics",)),
        Measure("schools"),
    )
    assert compiled["neklinovsky-2022", "1.3"] == (
        Measure("occurrences_done", ("1.3",)),
        Measure("constant", value=1),
    )
    assert compiled["neklinovsky-2022", "1.1"] == (
        Measure("schools_assigned", ("municipal_coordinator", "school_coordinator")),
        Measure("schools"),
    )
    assert len(compiled) == len(INDICATORS)


def test_counts_and_the_office_s_rows_are_compiled(catalogue: Catalogue) -> None:
    rows = {one.key: one for one in catalogue.compiled("belgorod-2021").roadmap.activities}

    assert [key for key, one in rows.items() if one.by_office] == ["7"]
    assert rows["7"].drives
    assert not rows["7"].by_schools
    assert rows["1"].by_schools
    assert not rows["2"].by_schools
    assert [count.name for count in rows["7"].counts] == ["municipal_roadmaps"]
    assert rows["7"].counts[0].title.ru == "Разработано муниципальных дорожных карт"


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_and_the_ladder_are_the_programme_s(catalogue: Catalogue, name: str) -> None:
    compiled = catalogue.compiled(name)

    assert compiled.planned_by == ("regional_coordinator", "municipal_coordinator")
    assert compiled.escalation == (
        EscalationStep(1, "curator", "inference"),
        EscalationStep(5, "municipal_coordinator", "inference"),
        EscalationStep(10, "regional_coordinator", "inference"),
    )
    codes = [choice.code for choice in compiled.cancellation_reasons]
    assert len(codes) == len(set(codes)) > 1
    assert all(one.title.ru and one.title.en for one in compiled.cancellation_reasons)


def test_a_programme_without_a_plan_is_one(grants: Path) -> None:
    compiled = Catalogue([grants], ["money_left"]).compiled("spring-2026")

    assert (compiled.planned_by, compiled.cancellation_reasons, compiled.escalation) == ((), (), ())
    assert compiled.roadmap.indicators == ()
