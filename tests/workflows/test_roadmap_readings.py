"""What the road maps read out of their documents: windows, deadlines, the document's own data.

Nothing of the project is imported; the date expressions are read anew here, by a few plain forms.
"""

import calendar
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.plain import load

TESTS = Path(__file__).resolve().parents[1]
YEARS = {
    "belgorod-2021": 2021,
    "dmitrovsk-2022": 2022,
    "kaspiysk-2022": 2022,
    "neklinovsky-2022": 2022,
    "tomari-2022": 2022,
}
NAMES = sorted(YEARS)

# Deadlines that follow from the drives, of states (by the transitions that leave them) and of the
# transitions that stay. Read from the sources by hand; None: the road map sets none.
DEADLINES = {
    "tomari-2022": {
        "selected": "2022-02-04",
        "questionnaire": "2022-02-16",
        "risk_profile": "2022-02-07",
        "curator_visit": "2022-03-01",
        "submit_concept_documents": "2022-03-30",
        "return_concept_documents": "2022-04-29",
        "concept_documents": "2022-04-29",
        "submit_stage_1_evidence": "2022-06-01",
        "return_stage_1_evidence": "2022-06-20",
        "stage_1_monitoring": "2022-06-20",
        "submit_stage_2_evidence": "2022-11-01",
        "return_stage_2_evidence": "2022-11-15",
        "stage_2_monitoring": "2022-11-15",
        "final_review": "2022-12-31",
    },
    "belgorod-2021": {
        "selected": "2021-02-20",
        "questionnaire": "2021-02-20",
        "risk_profile": "2021-03-05",
        "curator_visit": "2021-03-16",
        "submit_concept_documents": "2021-03-16",
        "concept_documents": "2021-03-19",
        "stage_1_monitoring": "2021-06-18",
        "stage_2_monitoring": "2021-09-17",
        "final_review": "2021-12-20",
    },
    "dmitrovsk-2022": {
        "selected": "2022-03-01",
        "questionnaire": "2022-03-01",
        "risk_profile": "2022-03-01",
        "curator_visit": "2022-03-01",
        "submit_concept_documents": "2022-03-30",
        "submit_stage_1_evidence": "2022-06-01",
        "submit_stage_2_evidence": "2022-11-01",
        "return_stage_2_evidence": "2022-11-30",
        "stage_2_monitoring": "2022-11-30",
        "final_review": "2022-12-31",
    },
    "kaspiysk-2022": {
        "selected": "2022-02-28",
        "questionnaire": "2022-02-28",
        "risk_profile": "2022-02-28",
        "curator_visit": "2022-03-31",
        "submit_concept_documents": "2022-03-31",
        "submit_stage_1_evidence": "2022-06-30",
        "stage_1_monitoring": "2022-06-30",
        "submit_stage_2_evidence": "2022-11-30",
        "stage_2_monitoring": "2022-11-30",
        "final_review": "2022-12-31",
    },
    "neklinovsky-2022": {
        "risk_profile": "2022-02-28",
        "curator_visit": "2022-02-28",
        "submit_concept_documents": "2022-03-31",
        "return_concept_documents": "2022-03-31",
        "concept_documents": "2022-03-31",
        "return_stage_1_evidence": "2022-05-31",
        "stage_1_monitoring": "2022-05-31",
        "return_stage_2_evidence": "2022-11-30",
        "stage_2_monitoring": "2022-11-30",
        "final_review": "2022-12-31",
    },
}
# The activities that drive something. Schools fulfil them, but for those in BY_OFFICE; all the
# others are the office's own work and drive nothing.
DRIVING = {
    "belgorod-2021": "1 4 7 10 11 14 15 16",
    "dmitrovsk-2022": "2.3 2.4 3.1 3.2 3.4 3.5 4.1 4.2",
    "kaspiysk-2022": "6 7 12 14 16 27 28 35 37",
    "neklinovsky-2022": "1.11 4.1 4.2 4.8 4.9",
    "tomari-2022": "1.1 2.1 2.3 4.1 4.4 4.5 4.9 4.10 4.11 4.14 4.15 4.22 4.23 4.24",
}
BY_OFFICE = {"belgorod-2021": ["7"]}
LEAVES = {
    "start_questionnaire": "selected",
    "complete_questionnaire": "questionnaire",
    "receive_risk_profile": "risk_profile",
    "record_visit": "curator_visit",
    "accept_concept_documents": "concept_documents",
    "confirm_stage_1": "stage_1_monitoring",
    "confirm_stage_2": "stage_2_monitoring",
    "waive_stage_2_expertise": "stage_2_monitoring",
    "conclude": "final_review",
}
# Windows that no plain form gives: the road map's own rule is applied by hand.
WINDOWS: dict[str, tuple[str | None, str | None]] = {
    "ежемесячно": (None, None),
    "еженедельно": (None, None),
    "До 1 марта 2022г": (None, "2022-03-01"),
    "1.03.2022г – до конца года": ("2022-03-01", "2022-12-31"),
    "май 202 2": ("2022-05-01", "2022-05-31"),
    "на постоянно й основе с сентября 2020": ("2020-09-01", None),
}


def cited_text(name: str, lines: list[int]) -> str:
    seed = (TESTS / "seeds" / load(name)["source"]).read_text("utf-8").split("\n")
    return " ".join(" ".join(seed[line - 1].replace("**", "") for line in lines).split())


ACTIVITIES = [
    pytest.param(name, activity, id=f"{name}:{activity['key']}")
    for name in NAMES
    for activity in load(name)["activities"]
]


MONTHS = {
    **{"январ": 1, "феврал": 2, "март": 3, "апрел": 4, "ма": 5, "июн": 6, "июл": 7},
    **{"август": 8, "сентябр": 9, "октябр": 10, "ноябр": 11, "декабр": 12},
}
MONTH = rf"({'|'.join(MONTHS)})(?:[ьйая]|)"
TO = r"\s*[–-]\s*"
DAY = r"(\d{1,2})\.(\d\d)\.(?:(\d{4})г?)?"


def window(when: str, year: int) -> tuple[str | None, str | None]:
    """Read a date expression anew, by the plain forms only."""
    if when in WINDOWS:
        return WINDOWS[when]
    if when == "в течение года":
        return f"{year}-01-01", f"{year}-12-31"
    if days := re.fullmatch(rf"{DAY}(?:{TO}{DAY})?", when):
        day, month, own, *last = days.groups()
        until = last if last[0] else [day, month, own]
        ends = [(own or until[2], month, day), (until[2], until[1], until[0])]
        start, end = (date(int(y), int(m), int(d)).isoformat() for y, m, d in ends)
        return start, end
    months = re.fullmatch(rf"{MONTH}(?:{TO}{MONTH})?(?: (\d{{4}})(?:г\.?| года)?)?", when.lower())
    assert months is not None, f"no plain form and no entry in WINDOWS: {when}"
    of = int(months[3] or year)
    until_month = MONTHS[months[2] or months[1]]
    last_day = calendar.monthrange(of, until_month)[1]
    return (
        date(of, MONTHS[months[1]], 1).isoformat(),
        date(of, until_month, last_day).isoformat(),
    )


@pytest.mark.parametrize(("name", "activity"), ACTIVITIES)
def test_a_window_says_what_the_date_expression_says(name: str, activity: dict[str, Any]) -> None:
    start, end = activity["start"], activity["end"]

    assert (start, end) == window(activity["when"], YEARS[name])
    assert start is None or end is None or start <= end
    assert end is not None or activity["recurrence"] or "с сентября" in activity["when"]


@pytest.mark.parametrize("name", NAMES)
def test_the_document_is_named_by_its_own_lines(name: str) -> None:
    document = load(name)["document"]
    text = cited_text(name, document["lines"])

    assert document["issuer"] is None or document["issuer"] in text
    assert document["number"] is None or f"№ {document['number']}" in text
    found = re.search(rf"(\d\d)»?[. ](\d\d|{MONTH})[. ](\d{{4}})", text)
    assert (document["date"] is None) == (found is None)
    if found:
        month = int(found[2]) if found[2].isdigit() else MONTHS[found[3]]
        assert document["date"] == date(int(found[4]), month, int(found[1])).isoformat()


@pytest.mark.parametrize("name", NAMES)
def test_participants_are_named_by_their_own_lines(name: str) -> None:
    participants = load(name)["participants"]
    text = cited_text(name, participants["lines"])

    assert all(school in text for school in participants["named"])
    for count in (participants["schools"], participants["municipalities"]):
        assert count in {None, 1} or re.search(rf"\b{count}\b", text)


@pytest.mark.parametrize("name", NAMES)
def test_adjustments_cite_an_activity(name: str) -> None:
    keys = {activity["key"] for activity in load(name)["activities"]}

    assert {entry["source"] for entry in load(name)["adjustments"].values()} <= keys


@pytest.mark.parametrize("name", NAMES)
def test_the_deadlines_are_those_of_the_plan(name: str) -> None:
    driving = [activity for activity in load(name)["activities"] if activity["drives"]]
    latest: dict[str, str] = {}
    for activity in driving:
        for driven in activity["drives"]:
            state = LEAVES.get(driven, driven)
            latest[state] = max(latest.get(state, ""), activity["end"])

    assert " ".join(activity["key"] for activity in driving) == DRIVING[name]
    assert [a["key"] for a in driving if a.get("by")] == BY_OFFICE.get(name, [])
    assert latest == DEADLINES[name]


@pytest.mark.parametrize(
    ("name", "signed", "count"),
    [
        ("tomari-2022", "2022-03-14", 14),
        ("belgorod-2021", "2021-09-20", 11),
        ("kaspiysk-2022", "2022-03-25", 5),
    ],
)
def test_windows_that_ended_before_the_order_are_counted(
    name: str, signed: str, count: int
) -> None:
    document = load(name)
    late = [a for a in document["activities"] if a["end"] is not None and a["end"] < signed]

    assert len(late) == count
    (note,) = [n for n in document["document"]["contradictions"] if f"{count} из" in n["ru"]]
    assert {line for a in late for line in a["lines"]} <= set(note["lines"])


@pytest.mark.parametrize("name", NAMES)
def test_no_person_is_named(name: str) -> None:
    text = (TESTS.parent / "workflows" / "roadmaps" / f"{name}.yaml").read_text("utf-8")
    if name == "dmitrovsk-2022":  # a public order whose column of parties holds names
        text = re.sub(r"^    responsible: .*$", "", text, flags=re.MULTILINE)

    assert not re.search(r"[А-ЯЁ]\. ?[А-ЯЁ]\.", text)  # initials
    assert not re.search(r"[а-яё](?:вна|вич)(?:а|у|ой|ем|ы)?\b", text)  # patronymics
    assert not re.search(r"\b\d{1,3}-\d{2}-\d{2}\b|@", text)  # telephones, addresses
