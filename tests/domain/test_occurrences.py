"""When a recurring activity is due: compared with dateutil, and as an office would say it."""

from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule, rruleset, rrulestr
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.occurrences import Occurrence, is_recurrence, occurrences_of, occurs
from lifecycle.domain.roadmap import Activity
from lifecycle.workflows.catalogue import Catalogue
from tests.domain import small
from tests.domain.plans import activity

DAYS = st.dates(date(2019, 12, 20), date(2026, 1, 10))
WINDOWS = st.tuples(DAYS, st.integers(0, 900)).map(
    lambda drawn: (drawn[0], drawn[0] + timedelta(days=drawn[1]))
)


def falls(rule: str, first: date, last: date) -> tuple[Occurrence, ...]:
    row = activity("1", recurrence=rule, start=first, end=last)
    return occurrences_of(row, small.ROADMAP)


def named(rule: str, first: str, last: str) -> list[str]:
    return [
        f"{one.name}: {one.start}/{one.end}"
        for one in falls(rule, date.fromisoformat(first), date.fromisoformat(last))
    ]


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - dateutil's calendar has no zone


def dates(times: rrule | rruleset) -> list[date]:
    return [time.date() for time in times]


@given(WINDOWS, st.sampled_from([1, 2, 3]))
def test_weeks_are_those_that_dateutil_counts_from_the_first_monday(
    window: tuple[date, date], interval: int
) -> None:
    first, last = window
    monday = first - timedelta(days=first.weekday())

    found = falls(f"FREQ=WEEKLY;INTERVAL={interval}", first, last)

    begun = dates(rrule(WEEKLY, midnight(monday), interval, until=midnight(last)))
    assert [one.start for one in found] == [max(day, first) for day in begun]


# Months of a period, and the rule that has it.
PERIODS = {1: "FREQ=MONTHLY", 3: "FREQ=MONTHLY;INTERVAL=3", 6: "FREQ=MONTHLY;INTERVAL=6"}
PERIODS |= {12: "FREQ=YEARLY", 2: "FREQ=MONTHLY;INTERVAL=2", 24: "FREQ=YEARLY;INTERVAL=2"}


@given(WINDOWS, st.sampled_from(sorted(PERIODS)))
def test_months_quarters_and_years_are_those_of_the_calendar(
    window: tuple[date, date], months: int
) -> None:
    first, last = window
    january = midnight(date(first.year, 1, 1))

    found = falls(PERIODS[months], first, last)

    begun = dates(rrule(MONTHLY, january, months, until=midnight(last)))
    after = dates(rrule(MONTHLY, january, months, count=len(begun) + 1))[1:]
    expected = [
        (max(start, first), min(following - timedelta(days=1), last))
        for start, following in zip(begun, after, strict=True)
        if following > first
    ]
    assert [(one.start, one.end) for one in found] == expected
    if months % 12 == 0:
        yearly = rrule(YEARLY, january, months // 12, until=midnight(last))
        assert len(found) == len(dates(yearly))


@given(WINDOWS, st.sampled_from([1, 2, 10]))
def test_days_are_those_that_dateutil_counts(window: tuple[date, date], interval: int) -> None:
    first, last = window

    found = falls(f"FREQ=DAILY;INTERVAL={interval}", first, last)

    begun = rrule(DAILY, midnight(first), interval, until=midnight(last))
    assert [one.start for one in found] == dates(begun)


@given(
    WINDOWS,
    st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), min_size=1, unique=True),
)
def test_days_of_the_week_are_those_of_the_rule(
    window: tuple[date, date], weekdays: list[str]
) -> None:
    first, last = window
    rule = f"FREQ=WEEKLY;BYDAY={','.join(weekdays)}"

    found = falls(rule, first, last)

    expected = dates(rrulestr(f"{rule};UNTIL={last:%Y%m%d}", dtstart=midnight(first)))
    assert [one.end for one in found] == [one.start for one in found] == expected
    assert [one.name for one in found] == [day.isoformat() for day in expected]


@given(WINDOWS, st.integers(1, 28))
def test_a_day_of_the_month_is_when_it_is_due(window: tuple[date, date], day: int) -> None:
    first, last = window
    rule = f"FREQ=MONTHLY;BYMONTHDAY={day}"

    found = falls(rule, first, last)

    expected = dates(rrulestr(f"{rule};UNTIL={last:%Y%m%d}", dtstart=midnight(first)))
    assert [one.end for one in found] == expected
    assert all(one.start is not None and one.start >= first for one in found)


@given(WINDOWS, st.lists(st.integers(1, 12), min_size=1, unique=True))
def test_named_months_are_whole_ones(window: tuple[date, date], months: list[int]) -> None:
    first, last = window
    rule = f"FREQ=YEARLY;BYMONTH={','.join(map(str, months))}"

    found = falls(rule, first, last)

    start = midnight(first.replace(day=1))
    begun = dates(rrulestr(f"{rule};BYMONTHDAY=1;UNTIL={last:%Y%m%d}", dtstart=start))
    assert [one.start for one in found] == [max(day, first) for day in begun]


@given(
    WINDOWS,
    st.sampled_from([*PERIODS.values(), "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY"]),
)
def test_periods_fill_the_window_without_gap_or_overlap(
    window: tuple[date, date], rule: str
) -> None:
    first, last = window

    found = falls(rule, first, last)

    starts = [one.start for one in found]
    ends = [one.end for one in found]
    assert starts[0] == first
    assert ends[-1] == last
    assert starts[1:] == [end + timedelta(days=1) for end in ends[:-1] if end]
    names = [one.name for one in found]
    assert len(set(names)) == len(names)
    assert names == sorted(names, key=str)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=YEARLY", ["2021: 2021-11-20/2021-12-31", "2022: 2022-01-01/2022-01-10"]),
        (
            "FREQ=MONTHLY;INTERVAL=6",
            ["2021-H2: 2021-11-20/2021-12-31", "2022-H1: 2022-01-01/2022-01-10"],
        ),
        (
            "FREQ=MONTHLY;INTERVAL=3",
            ["2021-Q4: 2021-11-20/2021-12-31", "2022-Q1: 2022-01-01/2022-01-10"],
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2",
            ["2021-11: 2021-11-20/2021-12-31", "2022-01: 2022-01-01/2022-01-10"],
        ),
        ("FREQ=YEARLY;BYMONTH=12", ["2021-12: 2021-12-01/2021-12-31"]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=9",
            ["2021-12: 2021-12-01/2021-12-09", "2022-01: 2022-01-01/2022-01-09"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=6",
            ["2021-W46: 2021-11-20/2021-12-26", "2021-W52: 2021-12-27/2022-01-10"],
        ),
        (
            "FREQ=WEEKLY;BYDAY=FR,MO",
            [
                "2021-11-22: 2021-11-22/2021-11-22",
                "2021-11-26: 2021-11-26/2021-11-26",
            ],
        ),
        (
            "FREQ=DAILY;INTERVAL=30",
            [
                "2021-11-20: 2021-11-20/2021-12-19",
                "2021-12-20: 2021-12-20/2022-01-10",
            ],
        ),
    ],
)
def test_an_occurrence_is_named_by_its_period(rule: str, expected: list[str]) -> None:
    assert named(rule, "2021-11-20", "2022-01-10")[: len(expected)] == expected


def test_a_week_of_the_turn_of_the_year_bears_the_year_of_its_thursday() -> None:
    assert named("FREQ=WEEKLY", "2020-12-31", "2021-01-10") == [
        "2020-W53: 2020-12-31/2021-01-03",
        "2021-W01: 2021-01-04/2021-01-10",
    ]


def test_a_shorter_month_has_its_last_day_instead() -> None:
    # dateutil leaves such months out, and so no report of February would ever be due.
    assert named("FREQ=MONTHLY;BYMONTHDAY=31", "2022-01-01", "2022-04-30") == [
        "2022-01: 2022-01-01/2022-01-31",
        "2022-02: 2022-02-01/2022-02-28",
        "2022-03: 2022-03-01/2022-03-31",
        "2022-04: 2022-04-01/2022-04-30",
    ]


def test_a_row_that_does_not_recur_is_due_once() -> None:
    row = activity("1", start=None, end=date(2022, 3, 1))

    assert occurrences_of(row, small.ROADMAP) == (Occurrence("1", None, None, date(2022, 3, 1)),)


def test_a_row_without_a_window_recurs_through_the_road_map() -> None:
    row = activity("1", start=None, end=None, recurrence="FREQ=YEARLY")

    assert occurrences_of(row, small.ROADMAP) == (
        Occurrence("1", "2022", date(2022, 1, 17), date(2022, 12, 31)),
    )


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2022, 5, 1), date(2022, 8, 31), False),
        (date(2022, 5, 1), date(2022, 9, 1), True),
        (date(2022, 9, 2), date(2022, 9, 1), False),
    ],
)
def test_a_rule_may_never_fall_into_a_window(first: date, last: date, said: bool) -> None:
    assert occurs("FREQ=YEARLY;BYMONTH=4,9", first, last) is said


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=MO,TH",
        "FREQ=MONTHLY;INTERVAL=12",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=3,9,12",
    ],
)
def test_a_rule_that_is_understood(rule: str) -> None:
    assert is_recurrence(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "monthly",
        "FREQ=HOURLY",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=100",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=",
        "FREQ=MONTHLY\n",
    ],
)
def test_a_rule_that_would_be_misread_is_none(rule: str) -> None:
    assert not is_recurrence(rule)


# Road map and row -> how often, and the first and last occurrence.
SHIPPED = {
    # No window of its own, so the road map's, 20.02-20.12. The first week has one working day, the
    # Saturday that was worked for the 22nd; the last one is Monday, the day the road map ends.
    ("belgorod-2021", "8"): (
        11,
        "2021-02: 2021-02-20/2021-02-28",
        "2021-12: 2021-12-01/2021-12-20",
    ),
    ("belgorod-2021", "9"): (
        45,
        "2021-W07: 2021-02-20/2021-02-21",
        "2021-W51: 2021-12-20/2021-12-20",
    ),
    ("kaspiysk-2022", "11"): (
        18,
        "2022-W09: 2022-03-01/2022-03-06",
        "2022-W26: 2022-06-27/2022-06-30",
    ),
    ("tomari-2022", "4.3"): (
        20,
        "2022-W06: 2022-02-10/2022-02-13",
        "2022-W25: 2022-06-20/2022-06-23",
    ),
    ("tomari-2022", "4.6"): (
        12,
        "2022-01: 2022-01-01/2022-01-31",
        "2022-12: 2022-12-01/2022-12-31",
    ),
    ("tomari-2022", "4.19"): (
        15,
        "2022-W37: 2022-09-15/2022-09-18",
        "2022-W51: 2022-12-19/2022-12-22",
    ),
}


def test_the_recurring_rows_of_the_five_road_maps(catalogue: Catalogue) -> None:
    found = {}
    for name in catalogue.roadmaps():
        roadmap = catalogue.compiled(name).roadmap
        for row in roadmap.activities:
            if row.recurrence is not None:
                ones = [f"{o.name}: {o.start}/{o.end}" for o in occurrences_of(row, roadmap)]
                found[name, row.key] = (len(ones), ones[0], ones[-1])

    assert found == SHIPPED


def test_every_row_of_the_five_road_maps_is_due_once_at_least(catalogue: Catalogue) -> None:
    rows: list[tuple[Activity, int]] = []
    for name in catalogue.roadmaps():
        roadmap = catalogue.compiled(name).roadmap
        rows += [(row, len(occurrences_of(row, roadmap))) for row in roadmap.activities]

    assert len(rows) == 141
    assert all((number == 1) is (row.recurrence is None) for row, number in rows)
    assert all(number >= 1 for _, number in rows)
