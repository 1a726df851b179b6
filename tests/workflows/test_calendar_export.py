"""A plan as a calendar file, read back by the library that wrote it and by another one."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrule, rruleset, rrulestr
from icalendar import Calendar

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus, plan_status
from lifecycle.domain.occurrences import occurrences_of
from lifecycle.domain.plan import Plan, Progress
from lifecycle.domain.roadmap import Activity
from lifecycle.workflows.calendar_export import Exported, calendar_of
from lifecycle.workflows.catalogue import Catalogue
from tests.domain.plans import activity, days_late, definition, facts

NOW = datetime(2022, 3, 14, 12, tzinfo=UTC)
TODAY = date(2022, 3, 14)
SHIPPED = ("belgorod-2021", "dmitrovsk-2022", "kaspiysk-2022", "neklinovsky-2022", "tomari-2022")


def statuses(rules: Definition, plan: Plan | None = None) -> tuple[ActivityStatus, ...]:
    return plan_status(facts(rules, plan=plan), TODAY, days_late)


def exported(
    rules: Definition, plan: Plan | None = None, role: str | None = None, *, tasks: bool = False
) -> Exported:
    return calendar_of(rules, statuses(rules, plan), now=NOW, language="ru", role=role, tasks=tasks)


def entries(found: Exported) -> list[Any]:
    """Return what the file holds, read back."""
    calendar = Calendar.from_ical(found.content)
    assert calendar.errors == []
    return [one for one in calendar.subcomponents if one.name in ("VEVENT", "VTODO")]


def days(entry: Any) -> list[date]:
    """Return every day that a program shows the entry on."""
    start = (entry.get("dtstart") or entry["due"]).dt
    assert type(start) is date
    found = rruleset()
    found.rdate(datetime.combine(start, time()))
    if "rrule" in entry:
        text = entry["rrule"].to_ical().decode()
        rule = rrulestr(text, dtstart=datetime.combine(start, time()))
        assert isinstance(rule, rrule)
        found.rrule(rule)
    for name, take in (("rdate", found.rdate), ("exdate", found.exdate)):
        lists = entry.get(name, [])
        for one in lists if isinstance(lists, list) else [lists]:
            for day in one.dts:
                assert type(day.dt) is date
                take(datetime.combine(day.dt, time()))
    return [one.date() for one in found]


def open_days(found: Iterable[ActivityStatus], key: str) -> list[date]:
    days_ = {one.due_on for one in found if one.activity.key == key and one.open and one.due_on}
    return sorted(days_)


@pytest.mark.parametrize("roadmap", SHIPPED)
@pytest.mark.parametrize("tasks", [False, True])
def test_every_open_occurrence_of_a_shipped_road_map_stands_on_its_last_day(
    catalogue: Catalogue, roadmap: str, tasks: bool
) -> None:
    rules = catalogue.compiled(roadmap)
    found = exported(rules, tasks=tasks)
    read = {str(entry["uid"]): entry for entry in entries(found)}
    dated = [one for one in rules.roadmap.activities if open_days(statuses(rules), one.key)]

    assert len(read) == len(dated) == found.entries
    assert found.occurrences == sum(len(days(entry)) for entry in read.values())
    for one in dated:
        entry = read[f"{one.key}.{roadmap}@school-lifecycle"]
        assert days(entry) == open_days(statuses(rules), one.key)
        assert str(entry["summary"]) == f"{one.key} {one.title}"


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=10", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=TU,FR",
        "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3", "FREQ=MONTHLY;INTERVAL=2", "FREQ=YEARLY",
        "FREQ=MONTHLY;BYMONTHDAY=5", "FREQ=MONTHLY;BYMONTHDAY=28", "FREQ=MONTHLY;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=YEARLY;BYMONTH=3,9", "FREQ=YEARLY;INTERVAL=2",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2022, 1, 11), date(2023, 5, 18)), (date(2022, 1, 1), date(2024, 12, 31))],
)
def test_a_rule_with_its_deviations_comes_to_the_days_of_the_plan(
    rule: str, start: date, end: date
) -> None:
    rules = definition(activity("7", recurrence=rule, start=start, end=end))
    (entry,) = entries(exported(rules))

    assert days(entry) == open_days(statuses(rules), "7")
    assert "rrule" in entry or len(days(entry)) < 3
    # Only where the window cuts a period off is a day named one by one.
    assert len(entry["rdate"].dts if "rdate" in entry else ()) <= 1


def monthly(**plan: Progress) -> tuple[Definition, Plan]:
    """Return a row of every month of 2022 and what became of some months, as ``m03``."""
    rules = definition(
        activity("7", recurrence="FREQ=MONTHLY", start=date(2022, 1, 1), end=date(2022, 12, 31))
    )
    return rules, {("7", f"2022-{name[1:]}"): progress for name, progress in plan.items()}


def test_what_is_closed_is_left_out_and_what_was_postponed_moves() -> None:
    done = Progress("done", closed_on=date(2022, 1, 31))
    rules, plan = monthly(
        m01=done,
        m03=Progress("cancelled", closed_on=date(2022, 3, 1)),
        m05=Progress(postponed_to=date(2022, 6, 15)),
        m06=Progress("begun"),
    )
    (entry,) = entries(exported(rules, plan))

    ends = [date(2022, month + 1, 1) - timedelta(days=1) for month in (2, 4, 6, 7, 8, 9, 10, 11)]
    assert days(entry) == sorted([*ends, date(2022, 6, 15), date(2022, 12, 31)])
    assert entry["dtstart"].dt == date(2022, 2, 28)


def test_what_is_left_of_a_recurrence_may_be_off_its_rule_altogether() -> None:
    done = {f"m{number:02}": Progress("done", closed_on=TODAY) for number in range(1, 11)}
    later = {"m11": date(2023, 1, 15), "m12": date(2023, 2, 15)}
    rules, plan = monthly(**done, **{one: Progress(postponed_to=later[one]) for one in later})
    (entry,) = entries(exported(rules, plan))

    assert days(entry) == list(later.values())
    assert "rrule" not in entry


def test_a_plan_that_is_done_is_an_empty_calendar() -> None:
    rules = definition(activity("7"))
    found = exported(rules, {("7", None): Progress("done", closed_on=TODAY)})

    assert (found.entries, found.occurrences, entries(found)) == (0, 0, [])
    assert Calendar.from_ical(found.content)["version"] == "2.0"


def test_what_has_no_last_day_is_named_instead() -> None:
    found = exported(definition(activity("7", end=None), activity("8")))

    assert [str(one["uid"]) for one in entries(found)] == ["8.map@school-lifecycle"]
    assert found.undated == ("7",)


def test_the_uid_of_an_activity_stays_whatever_becomes_of_the_plan() -> None:
    rules, plan = monthly(m01=Progress("done", closed_on=TODAY))

    first, second = (entries(exported(rules, some))[0]["uid"] for some in ({}, plan))

    assert first == second


def test_a_key_with_spaces_makes_a_uid_without() -> None:
    (entry,) = entries(exported(definition(activity("без номера 1"))))

    assert " " not in entry["uid"]


def test_only_what_a_role_answers_for_is_asked_for(catalogue: Catalogue) -> None:
    rules = catalogue.compiled("tomari-2022")
    wanted = [one for one in rules.roadmap.activities if "curator" in one.roles and one.end]
    found = entries(exported(rules, role="curator"))

    assert [str(one["summary"]).split(" ", 1)[1] for one in found] == [one.title for one in wanted]
    assert 0 < len(found) < len(entries(exported(rules)))
    assert all("Куратор школы" in one["categories"].cats for one in found)


def test_what_names_no_party_is_the_coordinators(catalogue: Catalogue) -> None:
    rules = catalogue.compiled("tomari-2022")
    whoever = exported(definition(activity("7"), planned_by=("judge",)), role="judge")

    assert whoever.entries == 1
    assert rules.planned_by


def test_a_task_that_recurs_takes_a_day_each_time_and_another_one_is_due() -> None:
    rules = definition(
        activity("7"),
        activity("8", recurrence="FREQ=MONTHLY", start=date(2022, 1, 1), end=date(2022, 12, 31)),
    )
    once, monthly_ = entries(exported(rules, {("7", None): Progress("begun")}, tasks=True))

    assert (once.name, once["due"].dt, once["status"]) == ("VTODO", date(2022, 3, 31), "IN-PROCESS")
    assert "dtstart" not in once
    assert (monthly_["duration"].dt, monthly_["status"]) == (timedelta(days=1), "NEEDS-ACTION")
    assert "due" not in monthly_


def test_the_wording_of_the_document_comes_through_unbroken() -> None:
    wording = "Семинар; «учиться, уметь», 100 % школ \\ все\nвторая строка " + "о" * 200
    rules = definition(
        activity("7", title=wording, when="до 31.03", responsible="МОУО, ОО", result="Отчёт; план")
    )
    found = exported(rules)
    (entry,) = entries(found)

    assert str(entry["summary"]) == f"7 {wording}"
    for text in ("до 31.03", "01.03.2022 - 31.03.2022", "МОУО, ОО", "Отчёт; план"):
        assert text in str(entry["description"])
    assert max(len(line) for line in found.content.split(b"\r\n")) <= 75


def test_an_event_makes_nobody_busy_and_bears_the_moment_of_the_file() -> None:
    (entry,) = entries(exported(definition(activity("7"))))

    assert entry["transp"] == "TRANSPARENT"
    assert entry["dtstamp"].dt == NOW


def test_every_day_of_the_shipped_plans_is_one_of_their_occurrences(catalogue: Catalogue) -> None:
    rules = catalogue.compiled("tomari-2022")
    recurring: list[Activity] = [one for one in rules.roadmap.activities if one.recurrence]
    found = {str(one["uid"]): days(one) for one in entries(exported(rules))}

    for one in recurring:
        ends = [occurrence.end for occurrence in occurrences_of(one, rules.roadmap)]
        assert found[f"{one.key}.tomari-2022@school-lifecycle"] == ends
