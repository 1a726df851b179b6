"""The date grammar on what offices write: read right, or marked, or honestly not read."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lifecycle.workflows.dates import Reading, Verdict, read_window, split_windows

ROADMAPS = Path(__file__).resolve().parents[2] / "workflows" / "roadmaps"
RECOGNISED, DOUBTFUL, NOT = Verdict.RECOGNISED, Verdict.DOUBTFUL, Verdict.NOT_RECOGNISED


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def said(reading: Reading) -> str:
    return "; ".join(map(str, reading.reasons))


WINDOWS = [
    ("до 25.03", None, "2022-03-25"),
    ("До 1 марта 2022г", None, "2022-03-01"),
    ("не позднее 30 мая", None, "2022-05-30"),
    ("не позже 30.05.22", None, "2022-05-30"),
    ("до конца марта", None, "2022-03-31"),
    ("в срок до 15.03.2022 г.", None, "2022-03-15"),
    ("с 1 по 15 апреля 2022 г.", "2022-04-01", "2022-04-15"),
    ("в период с 1 по 15 апреля 2022 года", "2022-04-01", "2022-04-15"),
    ("1-15 апреля", "2022-04-01", "2022-04-15"),
    ("01-15.04.2022", "2022-04-01", "2022-04-15"),
    ("25.04-01.06", "2022-04-25", "2022-06-01"),
    ("I квартал", "2022-01-01", "2022-03-31"),
    ("II-III кварталы 2022 г.", "2022-04-01", "2022-09-30"),
    ("4 кв. 2022", "2022-10-01", "2022-12-31"),
    ("первое полугодие", "2022-01-01", "2022-06-30"),
    ("1-я декада марта", "2022-03-01", "2022-03-10"),
    ("третья декада февраля 2024 года", "2024-02-21", "2024-02-29"),
    ("вторая половина апреля", "2022-04-16", "2022-04-30"),
    ("15 января - 1 февраля", "2022-01-15", "2022-02-01"),
    ("декабрь 2021 - февраль 2022", "2021-12-01", "2022-02-28"),
    ("1.03.2022г – до конца года", "2022-03-01", "2022-12-31"),
    ("с начала года до конца мая", "2022-01-01", "2022-05-31"),
    ("в течение года", "2022-01-01", "2022-12-31"),
    ("в течение 2023 года", "2023-01-01", "2023-12-31"),
    ("2021-2022 гг.", "2021-01-01", "2022-12-31"),
    ("на постоянной основе с сентября 2020", "2020-09-01", None),
    ("с 1 марта", "2022-03-01", None),
    ("янв.-фев. 2022", "2022-01-01", "2022-02-28"),
    ("март месяц", "2022-03-01", "2022-03-31"),
    ("03.2022", "2022-03-01", "2022-03-31"),
    ("2022-03-01", "2022-03-01", "2022-03-01"),
    ("2022.03.01", "2022-03-01", "2022-03-01"),
    ("не позднее марта", None, "2022-03-31"),
    ("1/03/2022", "2022-03-01", "2022-03-01"),
    ("«15» марта 2022 г.", "2022-03-15", "2022-03-15"),
    ("15-го марта", "2022-03-15", "2022-03-15"),
    ("14 .02. 2022", "2022-02-14", "2022-02-14"),
]


@pytest.mark.parametrize(("text", "start", "end"), WINDOWS)
def test_a_form_that_offices_write_is_recognised(
    text: str, start: str | None, end: str | None
) -> None:
    reading = read_window(text, 2022)

    assert (reading.verdict, reading.start, reading.end) == (RECOGNISED, day(start), day(end))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("май 202 2", "май 2022"),
        ("25.04. 2 022", "25.04.2022"),
        ("на постоянно й основе с с ентября 2020", "на постоянной основе с сентября 2020"),
        ("фев-\nраль 2022", "февраль 2022"),
        ("мapт 2022", "март 2022"),  # Latin a and p
        ("c 1 пo 15 anрeля 2022", "с 1 по 15 апреля 2022"),  # Latin c, o, a, n, e
        ("ДО 1 МАРТА 2022 ГОДА", "до 1 марта 2022г"),
        ("П квартал 2022", "II квартал 2022"),  # the Cyrillic letter
        ("ма\u0438\u0306 2022", "май 2022"),
        ("фев\u00adраль\u00a02022\u00b2", "февраль 2022"),
    ],
)
def test_what_scanners_and_typists_do_to_a_text_is_undone(text: str, meant: str) -> None:
    mended, clean = read_window(text, None), read_window(meant, None)

    assert mended.verdict is clean.verdict is RECOGNISED
    assert (mended.start, mended.end) == (clean.start, clean.end)


RULES = [
    ("ежемесячно", "FREQ=MONTHLY"),
    ("еженедельно", "FREQ=WEEKLY"),
    ("ежеквартально", "FREQ=MONTHLY;INTERVAL=3"),
    ("ежегодно", "FREQ=YEARLY"),
    ("не реже 1 раза в месяц", "FREQ=MONTHLY"),
    ("не реже одного раза в квартал", "FREQ=MONTHLY;INTERVAL=3"),
    ("раз в две недели", "FREQ=WEEKLY;INTERVAL=2"),
    ("каждые 2 месяца", "FREQ=MONTHLY;INTERVAL=2"),
    ("каждый понедельник", "FREQ=WEEKLY;BYDAY=MO"),
    ("по вторникам и четвергам", "FREQ=WEEKLY;BYDAY=TU,TH"),
    ("ежемесячно, до 5 числа", "FREQ=MONTHLY;BYMONTHDAY=5"),
    ("до 5 числа каждого месяца", "FREQ=MONTHLY;BYMONTHDAY=5"),
    ("каждое 10-е число месяца", "FREQ=MONTHLY;BYMONTHDAY=10"),
]


@pytest.mark.parametrize(("text", "rule"), RULES)
def test_a_recurrence_is_read_as_a_rule(text: str, rule: str) -> None:
    assert read_window(text, None) == Reading(RECOGNISED, recurrence=rule)


def test_a_recurrence_may_have_a_window() -> None:
    reading = read_window("ежемесячно с февраля по июнь 2022", None)

    assert reading == Reading(
        RECOGNISED, date(2022, 2, 1), date(2022, 6, 30), recurrence="FREQ=MONTHLY"
    )


DOUBTS = [
    ("30.02.2022", None, None, "there is no day 30.02.2022"),
    ("25.02 - 31.04.2022", None, None, "there is no day 31.04.2022"),
    ("15.13.2022", None, None, "there is no month 13"),
    ("5 квартал 2022", None, None, "a year has no such part: 5"),
    ("20.06.2022 - 01.06.2022", None, None,
     "the window ends before it begins: 2022-06-20 to 2022-06-01"),
    ("с 20 по 15 апреля", None, None,
     "the window ends before it begins: 2022-04-20 to 2022-04-15"),
    ("июнь - май", None, None, "the window ends before it begins: 2022-06-01 to 2022-05-31"),
    ("Октябрь-ноябрь 2022г  Декабрь 2022г", "2022-10-01", "2022-12-31",
     "the cell names 2 times; the window runs from the first to the last"),
    ("декабрь - январь", "2022-12-01", "2023-01-31",
     "the range was read as going over New Year: 2022-12-01 to 2023-01-31"),
    ("ноябрь - январь 2022", "2021-11-01", "2022-01-31",
     "the range was read as going over New Year: 2021-11-01 to 2022-01-31"),
    ("к 1 марта", None, "2022-03-01", "«к» was read as a deadline that includes the day"),
    ("до марта", None, "2022-03-31",
     "«до» before a month or longer: read as its end, perhaps its beginning is meant"),
    ("конец марта", "2022-03-21", "2022-03-31", "the days of a part of a period are a guess"),
    ("2021-2022 учебный год", "2021-09-01", "2022-08-31",
     "a school year was read as 1 September to 31 August"),
    ("2022-2023", "2022-01-01", "2023-12-31", "two years: perhaps a school year is meant"),
    ("март - 2022", "2022-03-01", "2022-12-31",
     "one end of the range is a whole year, the other is not"),
    ("25.04.2021 – 01.06.2022", "2021-04-25", "2022-06-01",
     "the window is longer than a year: 403 days"),
    ("15.03.2012", "2012-03-15", "2012-03-15", "the year 2012 is far from the plan's, 2022"),
    ("август (по согласованию)", "2022-08-01", "2022-08-31",
     "not understood: «по согласованию»"),
    ("после 15 марта", "2022-03-15", "2022-03-15", "not understood: «после»"),
    ("не ранее 1 марта", "2022-03-01", None,
     "the cell says what it is not before, and no end"),
    ("март или апрель", "2022-03-01", "2022-04-30",
     "the cell leaves a choice; "
     "the cell names 2 times; the window runs from the first to the last"),
    ("ферваль 2022", "2022-02-01", "2022-02-28", "«ферваль» was taken for февраль"),
    ("З0.03.2022", "2022-03-30", "2022-03-30",
     "a letter among digits was read as 3: «з0.03.2022»"),
    ("25 03 2022", "2022-03-25", "2022-03-25",
     "three numbers were read as day, month and year"),
    ("1У квартал", "2022-10-01", "2022-12-31", "«1у» was read as a Roman number"),
    ("01-03-2022", "2022-03-01", "2022-03-01",
     "«01-03-2022» was read as day, month and year"),
    ("3-я неделя марта", "2022-03-15", "2022-03-21",
     "the days of a week of a month were counted by sevens"),
    ("15.03.2202", None, None, "there is no plan for the year 2202"),
    ("5 декада марта", None, None, "a month has no such part: 5"),
    ("еженедельно и ежемесячно", None, None, "the cell names several recurrences"),
    ("постоянно", "2022-01-01", "2022-12-31", "no bounds are named; read as the whole year"),
    ("«___» марта 2022 г.", "2022-03-01", "2022-03-31",
     "the cell has a blank that was not filled in"),
    ("« » мая", "2022-05-01", "2022-05-31", "the cell has a blank that was not filled in"),
    (".03.2022", "2022-03-01", "2022-03-31", "the cell has a blank that was not filled in"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "start", "end", "doubt"), DOUBTS)
def test_what_can_be_read_two_ways_or_cannot_be_is_doubtful(
    text: str, start: str | None, end: str | None, doubt: str
) -> None:
    reading = read_window(text, 2022)

    assert (reading.verdict, said(reading)) == (DOUBTFUL, doubt)
    assert (reading.start, reading.end) == (day(start), day(end))


@pytest.mark.parametrize(
    ("text", "rule", "doubt"),
    [
        ("2 раза в год", "FREQ=MONTHLY;INTERVAL=6",
         "2 times in a period: how they are spread is not said"),
        ("3 раза в месяц", "FREQ=MONTHLY", "3 times in a period: how they are spread is not said"),
        ("до 31 числа каждого месяца", "FREQ=MONTHLY;BYMONTHDAY=31",
         "not every month has a day 31"),
        ("не чаще раза в месяц", "FREQ=MONTHLY", "not understood: «не чаще»"),
    ],
)  # fmt: skip
def test_a_recurrence_may_be_doubtful_too(text: str, rule: str, doubt: str) -> None:
    reading = read_window(text, 2022)

    assert (reading.verdict, reading.recurrence, said(reading)) == (DOUBTFUL, rule, doubt)


@pytest.mark.parametrize("text", ["каждые 150 недель", "каждое 40 число", "раз в"])
def test_a_recurrence_that_cannot_be_is_not_one(text: str) -> None:
    assert read_window(text, 2022).recurrence is None


def test_a_year_of_two_digits_is_doubted_where_no_plan_bears_it_out() -> None:
    reading = read_window("01.02.03", None)

    assert (reading.verdict, said(reading)) == (DOUBTFUL, "the year 2003 is improbable")


def test_several_single_months_are_a_rule_too() -> None:
    reading = read_window("март, сентябрь", 2022)

    assert reading.verdict is DOUBTFUL
    assert reading.recurrence == "FREQ=YEARLY;BYMONTH=3,9"
    assert (reading.start, reading.end) == (date(2022, 3, 1), date(2022, 9, 30))


UNREAD = [
    ("по отдельному графику", "the date is set by another document"),
    ("в течение 3 дней", "the time counts from an event that the cell does not date"),
    ("в течение 3-х рабочих дней со дня получения",
     "the time counts from an event that the cell does not date"),
    ("по мере необходимости", "the work is done as the need arises"),
    ("в течение учебного года", "the school year is not named"),
    ("по согласованию", "the date is to be agreed on or set later"),
    ("весь период реализации проекта",
     "the time is that of the whole project, which the cell does not date"),
    ("", "the cell names no date"),
    ("–", "the cell names no date"),
    ("Муниципальный координатор", "no date was recognised in «Муниципальный координатор»"),
    ("15 числа", "no date was recognised in «15 числа»"),
    ("1.5 месяца", "no date was recognised in «1.5 месяца»"),
    ("в течение 2,5 лет", "no date was recognised in «в течение 2,5 лет»"),
    ("каждый первый вторник", "no date was recognised in «каждый первый вторник»"),
    ("март " * 100, "the text is too long for a date"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), UNREAD)
def test_not_recognised_is_an_answer_and_has_a_reason(text: str, reason: str) -> None:
    reading = read_window(text, 2022)

    assert (reading.verdict, said(reading)) == (NOT, reason)
    assert (reading.start, reading.end, reading.recurrence) == (None, None, None)


@pytest.mark.parametrize("text", ["март", "до 25.03", "в течение года", "I квартал", "постоянно"])
def test_without_a_year_nothing_is_dated(text: str) -> None:
    reading = read_window(text, None)

    assert (reading.verdict, said(reading)) == (NOT, "no year is named")


def test_a_recurrence_without_the_year_of_its_window_is_doubtful() -> None:
    reading = read_window("ежемесячно, март - июнь", None)

    assert reading == Reading(DOUBTFUL, None, None, "FREQ=MONTHLY", reading.reasons)
    assert said(reading) == "no year is named"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Октябрь-ноябрь 2022г  Декабрь 2022г", ["Октябрь-ноябрь 2022г", "Декабрь 2022г"]),
        ("до 1 марта 2022г Февраль – декабрь 2022г",
         ["до 1 марта 2022г", "Февраль – декабрь 2022г"]),
        ("март 2022", ["март 2022"]),
        ("март 2022 или позднее в апреле", ["март 2022 или позднее в апреле"]),
        ("март 2022 " * 50, ["март 2022 " * 50]),
    ],
)  # fmt: skip
def test_times_that_stand_one_after_the_other_are_parted(text: str, pieces: list[str]) -> None:
    assert split_windows(text) == pieces


def test_the_windows_of_the_five_road_maps_are_read_or_marked() -> None:
    counts: Counter[str] = Counter()
    wrong = []
    for path in sorted(ROADMAPS.glob("*.yaml")):
        roadmap: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
        year = int(roadmap["id"][-4:])
        for activity in roadmap["activities"]:
            reading = read_window(activity["when"], year)
            window = (day(activity["start"]), day(activity["end"]))
            if reading.verdict is not RECOGNISED:
                counts["marked"] += 1
            elif (reading.start, reading.end) == window:
                counts["right"] += 1
            else:
                wrong.append((roadmap["id"], activity["key"], activity["when"]))

    assert (wrong, counts) == ([], {"right": 141}), f"{dict(counts)}, wrong: {wrong}"
