"""Indicators, counts, the plan and the ladder: against the road maps' words, and their mistakes."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lifecycle.domain.definition import EscalationStep
from lifecycle.domain.roadmap import Measure
from lifecycle.workflows.catalogue import Catalogue, check_programme_file, check_roadmap_file

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
    ("neklinovsky-2022", "1.1"): ["start_questionnaire"],
    ("neklinovsky-2022", "1.2"): ["receive_risk_profile"],
}
NAMES = sorted(SAID)


@cache
def load(name: str) -> dict[str, Any]:
    document = YAML(typ="safe", pure=True).load((ROADMAPS / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(document, dict)
    return document


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


# -- mistakes

PLAN = """
plan:
  by: [officer]
  source: inference
  cancellation_reasons:
    - {code: no_money, title: {ru: "Нет денег", en: "No money"}, source: inference}
escalation:
  - {after_working_days: 2, role: applicant, source: inference}
  - {after_working_days: 7, role: officer, source: inference}
"""
COUNTED = """
  - key: "5"
    section: null
    title: "Семинар"
    when: "ежемесячно"
    start: null
    end: null
    recurrence: "FREQ=MONTHLY"
    responsible: null
    roles: [officer]
    result: "Не менее 40 человек"
    drives: []
    lines: [9]
    counts:
      - {name: trained, title: {ru: "Обучено", en: "Trained"}}
indicators:
  - key: "5"
    activity: "5"
    text: "Не менее 40 человек"
    unit: people
    numerator: {count: {of: ["5"], name: trained}}
    target: 40
  - key: "1"
    activity: "1"
    text: "Заявки"
    unit: percent
    numerator: {schools_fulfilled: [apply, applied]}
    denominator: {schools: true}
    target: null
  - key: "5b"
    activity: "5"
    text: "Семинар"
    unit: percent
    numerator: {occurrences_done: ["5"]}
    denominator: {occurrences: ["5"]}
    target: 100
"""
Edits = list[tuple[str, str]]
Told = Callable[[Edits], list[str]]


@pytest.fixture
def told(grants: Path, tmp_path: Path) -> Told:
    """Take replacements, and return what the checkers say of both files."""

    def say(edits: Edits) -> list[str]:
        said = []
        for name, more in (("grants.yaml", PLAN), ("spring-2026.yaml", COUNTED)):
            text = (grants / name).read_text("utf-8").rstrip("\n") + more
            for old, new in edits:
                text = text.replace(old, new, 1)
            (tmp_path / name).write_text(text, "utf-8")
        said = [*check_programme_file(tmp_path / "grants.yaml", ["money_left"])]
        if not said:
            said = check_roadmap_file(tmp_path / "spring-2026.yaml", [tmp_path], ["money_left"])
        return [str(problem).removeprefix(f"{tmp_path}/") for problem in said]

    return say


MISTAKES: dict[str, tuple[Edits, list[str]]] = {
    "nobody on the road map": (
        [("by: [officer]\n  source", "by: [oficer, applicant]\n  source")],
        [
            "grants.yaml:92:8: LD211: there is no role oficer; did you mean officer?",
            "grants.yaml:92:16: LD271: nobody holds applicant on a road map",
        ],
    ),
    "reason of cancelling twice": (
        [
            (
                '"No money"}, source: inference}',
                '"No money"}}\n    - {code: no_money, title: {ru: "Н", en: "N"}}',
            )
        ],
        ["grants.yaml:96:14: LD201: no_money stands here twice"],
    ),
    "ladder that goes down": (
        [("after_working_days: 7, role: officer", "after_working_days: 2, role: oficer")],
        [
            "grants.yaml:98:26: LD272: a step comes after more working days than the one before"
            " it, 2",
            "grants.yaml:98:35: LD211: there is no role oficer; did you mean officer?",
        ],
    ),
    "ladder from the first day": (
        [("after_working_days: 2", "after_working_days: 0")],
        ["grants.yaml:97:26: LD112: after_working_days has to be 1 or more"],
    ),
    "plan without anybody": (
        [("by: [officer]\n  source", "by: []\n  source")],
        ["grants.yaml:92:7: LD112: by must not be empty"],
    ),
    "count declared twice": (
        [
            (
                'en: "Trained"}}',
                'en: "Trained"}}\n      - {name: trained, title: {ru: "О", en: "T"}}',
            )
        ],
        ["spring-2026.yaml:86:16: LD201: trained stands here twice"],
    ),
    "count of what schools fulfil": (
        [("drives: []\n    lines: [9]", "drives: [apply]\n    lines: [9]")],
        [
            "spring-2026.yaml:85:7: LD253: schools fulfil 5 by their transitions: nobody enters"
            " a number with it"
        ],
    ),
    "office's row that drives nothing": (
        [("drives: []\n    lines: [9]", "drives: []\n    by: office\n    lines: [9]")],
        ["spring-2026.yaml:83:9: LD254: what drives nothing is the office's own work anyway"],
    ),
    "row of somebody else": (
        [("drives: []\n    lines: [9]", "drives: [apply]\n    by: schools\n    lines: [9]")],
        ["spring-2026.yaml:83:9: LD112: by has to be one of: office"],
    ),
    "recurrence without an occurrence": (
        [('end: null\n    recurrence: "FREQ=M', 'end: "2026-02-01"\n    recurrence: "FREQ=M')],
        [
            "spring-2026.yaml:78:17: LD252: it never occurs between 2026-03-01 and 2026-02-01",
        ],
    ),
    "recurrence that nobody understands": (
        [("FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=0")],
        [
            "spring-2026.yaml:78:17: LD117: FREQ=MONTHLY;INTERVAL=0 is not a recurrence; write"
            " one such as FREQ=MONTHLY"
        ],
    ),
    "indicator twice": (
        [('key: "5b"', 'key: "1"')],
        ["spring-2026.yaml:100:10: LD201: 1 stands here twice"],
    ),
    "unknown activity": (
        [
            ('activity: "5"\n    text: "Не', 'activity: "6"\n    text: "Не'),
            ('count: {of: ["5"]', 'count: {of: ["7"]'),
            ('occurrences_done: ["5"]', 'occurrences_done: ["5", "8"]'),
            ('{occurrences: ["5"]', '{occurrences: ["9"]'),
        ],
        [
            "spring-2026.yaml:88:15: LD261: there is no activity 6",
            "spring-2026.yaml:91:30: LD261: there is no activity 7",
            "spring-2026.yaml:104:41: LD261: there is no activity 8",
            "spring-2026.yaml:105:33: LD261: there is no activity 9",
        ],
    ),
    "unknown count": (
        [("], name: trained", "], name: traind")],
        ["spring-2026.yaml:91:42: LD262: activity 5 has no count traind; did you mean trained?"],
    ),
    "unknown transition and state": (
        [("[apply, applied]}", "[aply, aplied]}")],
        [
            "spring-2026.yaml:97:37: LD219: there is no transition and no state aply;"
            " did you mean apply?",
            "spring-2026.yaml:97:43: LD219: there is no transition and no state aplied;"
            " did you mean applied?",
        ],
    ),
    "condition on what is no school": (
        [("name: trained}}", "name: trained}, having: {fact: amount, codes: [much]}}")],
        [
            "spring-2026.yaml:91:60: LD263: only schools have facts; count has none",
            "spring-2026.yaml:91:83: LD264: the fact amount is never much",
        ],
    ),
    "condition on an unknown fact": (
        [("applied]}", "applied], having: {fact: amont, codes: [much]}}")],
        ["spring-2026.yaml:97:69: LD213: there is no fact amont; did you mean amount?"],
    ),
    "condition without codes": (
        [("applied]}", "applied], having: {fact: amount, codes: []}}")],
        ["spring-2026.yaml:97:84: LD112: codes must not be empty"],
    ),
    "no measure": (
        [('{count: {of: ["5"], name: trained}}', "{}")],
        ["spring-2026.yaml:91:16: LD265: a measure is one thing; this one is nothing"],
    ),
    "two measures": (
        [("{schools: true}", "{schools: true, constant: 3}")],
        ["spring-2026.yaml:98:18: LD265: a measure is one thing; this one is: schools, constant"],
    ),
    "measure that is none": (
        [("{schools: true}", "{schols: true}")],
        ["spring-2026.yaml:98:19: LD110: there is no field schols here; did you mean schools?"],
    ),
    "number that is always reached": (
        [('{count: {of: ["5"], name: trained}}', "{constant: 40}")],
        ["spring-2026.yaml:91:16: LD266: what is counted has to come from the histories"],
    ),
    "share of nothing": (
        [("    denominator: {schools: true}\n", "")],
        ["spring-2026.yaml:96:11: LD267: percent needs a denominator"],
    ),
    "people out of schools": (
        [("name: trained}}\n", "name: trained}}\n    denominator: {schools: true}\n")],
        ["spring-2026.yaml:90:11: LD267: a number of people has no denominator"],
    ),
    "more than all": (
        [("target: 100", "target: 101")],
        ["spring-2026.yaml:106:13: LD268: a share is 100 percent at most, not 101"],
    ),
    "less than none": (
        [("target: 40", "target: -40")],
        ["spring-2026.yaml:92:13: LD112: target has to be 0 or more"],
    ),
    "target left out": (
        [("    target: 40\n", "")],
        ["spring-2026.yaml:87:5: LD111: the field target is missing"],
    ),
}


def test_the_files_that_are_edited_have_no_mistake(told: Told) -> None:
    assert told([]) == []


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_with_its_place(what: str, told: Told) -> None:
    edits, said = MISTAKES[what]

    assert told(edits) == said
