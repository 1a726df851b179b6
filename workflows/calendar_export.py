"""The plan of a road map as a calendar file (iCalendar, RFC 5545).

An entry for every activity that is still open, on its last day and all day long; one that recurs is
one entry with its rule. Programs recognise an entry by its UID, so a newer file takes the place of
an older one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import quote

from dateutil.rrule import rrulestr
from icalendar import Calendar, Component, Event, Todo, vRecur

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.domain.roadmap import Activity

_PRODUCT: Final = "-//school-lifecycle//plan//RU"
_HOST: Final = "school-lifecycle"
# Words of the descriptions; everything else in them is the document's own wording.
_WORDS: Final = {
    "when": Text("Срок по документу", "Date in the document"),
    "window": Text("Период", "Period"),
    "responsible": Text("Ответственные", "Responsible"),
    "result": Text("Результат", "Result"),
    "state": Text("Состояние", "State"),
    "missing": Text("Ещё не выполнили", "Still missing"),
}
_STATES: Final = {
    "planned": Text("запланировано", "planned"),
    "begun": Text("начато", "begun"),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A calendar file.

    Args:
        content: The file.
        entries: How many entries it has.
        occurrences: How many open occurrences these stand for.
        undated: Keys of open activities without a last day: no calendar can hold them.
    """

    content: bytes
    entries: int
    occurrences: int
    undated: tuple[str, ...]


def calendar_of(
    definition: Definition,
    statuses: Iterable[ActivityStatus],
    *,
    now: datetime,
    language: str,
    role: str | None = None,
    tasks: bool = False,
) -> Exported:
    """Return the open part of a plan as a calendar.

    Args:
        definition: The rules in force.
        statuses: Every occurrence of every activity.
        now: When the file is made, aware.
        language: ``ru`` or ``en``, of what is not the document's own wording.
        role: Only what this role is responsible for, by the road map.
        tasks: Write tasks (VTODO) instead of events: fewer programs read them.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", definition.roadmap.title.in_language(language))
    calendar.add("x-wr-timezone", definition.roadmap.time_zone)
    held, undated = 0, list[str]()
    for activity, open_ones in _open_activities(definition, statuses, role):
        dated = [one for one in open_ones if one.due_on is not None]
        if len(dated) < len(open_ones):
            undated.append(activity.key)
        if dated:
            entry = _Entry(definition, activity, dated, language)
            calendar.add_component(entry.component(now, tasks=tasks))
            held += len(dated)
    entries = len(calendar.subcomponents)
    return Exported(calendar.to_ical(), entries, held, tuple(undated))


def _open_activities(
    definition: Definition, statuses: Iterable[ActivityStatus], role: str | None
) -> Iterator[tuple[Activity, list[ActivityStatus]]]:
    """Yield every activity with its open occurrences, in the order of the road map."""
    found: dict[str, list[ActivityStatus]] = {}
    for one in statuses:
        roles = one.activity.roles or definition.planned_by
        if one.open and (role is None or role in roles):
            found.setdefault(one.activity.key, []).append(one)
    for open_ones in found.values():
        yield open_ones[0].activity, open_ones


@dataclass(frozen=True, slots=True)
class _Entry:
    """One activity with its open occurrences that have a last day."""

    definition: Definition
    activity: Activity
    occurrences: list[ActivityStatus]
    language: str

    def component(self, now: datetime, *, tasks: bool) -> Component:
        """Return the event or the task."""
        found: Component = Todo() if tasks else Event()
        found.add("uid", f"{quote(self.activity.key)}.{self.definition.roadmap.id}@{_HOST}")
        found.add("dtstamp", now)
        found.add("summary", f"{self.activity.key} {self.activity.title}")
        found.add("description", self._description())
        found.add("categories", self._roles())
        if tasks:
            begun = any(one.state == "begun" for one in self.occurrences)
            found.add("status", "IN-PROCESS" if begun else "NEEDS-ACTION")
        else:
            found.add("transp", "TRANSPARENT")  # a last day does not make anybody busy
        self._place(found, tasks=tasks)
        return found

    def _place(self, found: Component, *, tasks: bool) -> None:
        """Write the days: one, or a rule with the days that deviate from it."""
        days = sorted({one.due_on for one in self.occurrences if one.due_on is not None})
        rule = _rule(self.activity, days[-1]) if len(days) > 1 else None
        first = next((day for day in days if rule and _meets(rule, day)), None)
        if tasks and len(days) == 1:
            found.add("due", days[0])
            return
        found.add("dtstart", first or days[0])
        if tasks:
            found.add("duration", timedelta(days=1))  # a task that recurs has no one last day
        regular = days[:1]
        if rule is not None and first is not None:
            found.add("rrule", vRecur.from_ical(rule))
            regular = _expanded(rule, first)
        _days_of(found, "exdate", [day for day in regular if day not in days])
        _days_of(found, "rdate", [day for day in days if day not in regular])

    def _roles(self) -> list[str]:
        names = self.activity.roles or self.definition.planned_by
        return [self.definition.role[name].title.in_language(self.language) for name in names]

    def _description(self) -> str:
        row, first = self.activity, self.occurrences[0]
        window = None
        if row.start is not None and row.end is not None:
            window = f"{row.start:%d.%m.%Y} - {row.end:%d.%m.%Y}"
        facts = {
            "when": row.when,
            "window": window,
            "responsible": row.responsible,
            "result": row.result,
            "state": _STATES[first.state].in_language(self.language),
            "missing": ", ".join(first.missing) or None,
        }
        return "\n".join(
            f"{_WORDS[name].in_language(self.language)}: {value}"
            for name, value in facts.items()
            if value is not None
        )


def _days_of(found: Component, name: str, days: list[date]) -> None:
    if days:
        found.add(name, days, parameters={"VALUE": "DATE"})


def _rule(activity: Activity, last: date) -> str | None:
    """Return the rule of the last days until *last*: periods are due when they end."""
    if activity.recurrence is None:
        return None
    parts: dict[str, Any] = dict(part.split("=", 1) for part in activity.recurrence.split(";"))
    match parts:
        case {"FREQ": "WEEKLY", "BYDAY": _} | {"FREQ": "DAILY"}:
            pass
        case {"FREQ": "WEEKLY"}:
            parts["BYDAY"] = "SU"
        case {"FREQ": "MONTHLY", "BYMONTHDAY": day}:
            # «До 31 числа» means the last day of a shorter month.
            days = range(min(28, int(day)), int(day) + 1)
            parts["BYMONTHDAY"] = ",".join(map(str, days))
            parts["BYSETPOS"] = "-1"
        case {"FREQ": "MONTHLY"} | {"BYMONTH": _}:
            parts["BYMONTHDAY"] = "-1"
        case _:
            parts |= {"BYMONTH": "12", "BYMONTHDAY": "31"}
    parts["UNTIL"] = f"{last:%Y%m%d}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _meets(rule: str, day: date) -> bool:
    """Tell whether *rule* meets *day*: what a rule does that starts off itself is not defined."""
    return _expanded(rule, day)[:1] == [day]


def _expanded(rule: str, first: date) -> list[date]:
    return [found.date() for found in rrulestr(rule, dtstart=datetime.combine(first, time()))]
