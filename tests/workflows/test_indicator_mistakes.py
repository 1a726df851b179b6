"""Indicators, counts, the plan and the ladder: every mistake, told with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.workflows.catalogue import check_programme_file, check_roadmap_file

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
    "unknown role of those who are assigned": (
        [("{schools_fulfilled: [apply, applied]}", "{schools_assigned: [officer, aplicant]}")],
        [
            "spring-2026.yaml:97:45: LD211: there is no role aplicant; did you mean applicant?",
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
