"""Date cells of road maps, read by our own grammar: a window, a recurrence, or an honest «no».

The rules that the texts leave to the reader, stated once:

* Windows include both days. «До», «не позднее» include the day they name.
* A single day is a window of that day; a month ends on its last day; a decade is ten days, the
  third one the rest of the month; «до конца года» is 31 December.
* A year stands for everything before it in the cell that has none («с 1 по 15 апреля 2022 г.»), and
  then for what comes after it; what is left takes the year of the plan.
* A range whose months run backwards goes over New Year, with a doubt unless both years are named.
* What the grammar does not know is a doubt beside a date that it does, and «not recognised» alone.

A reading is *recognised* only if every word of the cell was understood. It may still carry notes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.date_grammar import Parse, Window, parse
from lifecycle.workflows.date_points import Impossible, Point

LONGEST_CELL: Final = 300
"""Characters; no date cell known has more than 40."""
_LONGEST_WINDOW: Final = 366  # days; a plan is for a year
_LONGEST_OVER_NEW_YEAR: Final = 310  # days; «июнь - май» is rather a mistake than eleven months
_PLAUSIBLE: Final = 2  # years between the plan and a year in its cells
_PROBABLE: Final = range(2010, 2041)  # of cells, where the year of the plan is not known

# Phrases that name no day: what they are, if nothing else in the cell does.
TEMPLATES: Final = {
    r"течени[еи] +(?:[а-я0-9-]+ +){0,3}(дн|сут|недел|месяц|час)|дневн[а-я]+ срок|через\b":
        "the time counts from an event that the cell does not date",
    r"учебн[а-я]* год": "the school year is not named",
    r"график|расписани|\bплан|приказ|письм|положени": "the date is set by another document",
    r"необходимост|поступлени|запрос|\bмере\b|требовани": "the work is done as the need arises",
    r"согласован|отдельно|дополнительно|установленн|уточн":
        "the date is to be agreed on or set later",
    r"реализаци|период|\bход[еу]\b|проект":
        "the time is that of the whole project, which the cell does not date",
}  # fmt: skip


class Verdict(StrEnum):
    """How far a cell was understood."""

    RECOGNISED = "recognised"
    DOUBTFUL = "doubtful"
    NOT_RECOGNISED = "not_recognised"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a date cell says.

    Args:
        verdict: ``recognised``: every word was understood and something is dated; ``doubtful``: a
            person has to look; ``not_recognised``: no date was read.
        start: First day; ``None`` where the cell names none.
        end: Last day, inclusive; ``None`` where the cell names none.
        recurrence: RFC 5545 rule.
        reasons: The doubts, or why nothing was read; for a recognised cell, how it was read.
    """

    verdict: Verdict
    start: date | None = None
    end: date | None = None
    recurrence: str | None = None
    reasons: tuple[Message, ...] = ()


def read_window(text: str, year: int | None) -> Reading:
    """Read a date cell.

    Args:
        text: The cell.
        year: The year of the plan: taken by what the cell gives no year.
    """
    if not any(char.isalnum() for char in text):
        return _nothing(Message("the cell names no date"))
    if len(text) > LONGEST_CELL:
        return _nothing(Message("the text is too long for a date"))
    found = parse(text)
    if not found.windows and not found.rules and not (found.constant and year):
        return _nothing(*_why_nothing(text, found))
    return _Resolver(found, year).reading()


def split_windows(text: str) -> list[str]:
    """Return the times that a cell names one after the other, word for word.

    The whole cell is one piece unless every word of it is understood.
    """
    if len(text) > LONGEST_CELL:
        return [text]
    found = parse(text)
    if len(found.windows) < 2 or found.unread or found.rules:
        return [text]
    starts = [0, *(window.start for window in found.windows[1:]), len(text)]
    return [text[first:last].strip() for first, last in pairwise(starts)]


def is_date(text: str) -> bool:
    """Tell whether a text names a time or a recurrence and says nothing else."""
    if len(text) > LONGEST_CELL:
        return False
    found = parse(text)
    return bool(found.windows or found.rules or found.constant) and not found.unread


def is_point(text: str) -> bool:
    """Tell whether a text names a day, a month or another time without its two ends."""
    if len(text) > LONGEST_CELL:
        return False
    return any(one.first is not None and one.first == one.last for one in parse(text).windows)


def _nothing(*reasons: Message) -> Reading:
    return Reading(Verdict.NOT_RECOGNISED, reasons=reasons)


def _why_nothing(text: str, found: Parse) -> list[Message]:
    folded = text.lower().replace("ё", "е")
    for pattern, template in TEMPLATES.items():
        if re.search(pattern, folded):
            return [Message(template)]
    if found.constant:
        return [Message("no year is named")]
    return [Message("no date was recognised in «{text}»", {"text": text})]


class _Resolver:
    """Gives the windows of a cell their years and turns them into days."""

    def __init__(self, found: Parse, year: int | None) -> None:
        self._found = found
        self._year = year
        self._doubts = list(found.doubts)
        self._days: list[tuple[date | None, date | None]] = []
        self._lost = False  # something is named that has no days

    def reading(self) -> Reading:
        found = self._found
        windows = self._completed()
        for window, named in zip(windows, found.windows, strict=True):
            self._add(window, named)
        if found.unread:
            unread = {"words": " ".join(found.unread)}
            self._doubts.append(Message("not understood: «{words}»", unread))
        rule = self._rule()
        start, end = self._covered(windows)
        if found.constant and not windows and not found.rules and self._year is not None:
            self._doubts.append(Message("no bounds are named; read as the whole year"))
            start, end = date(self._year, 1, 1), date(self._year, 12, 31)
        if start is None and end is None and rule is None and self._yearless(windows):
            return _nothing(*_unique(self._doubts))
        if self._doubts:
            return Reading(Verdict.DOUBTFUL, start, end, rule, _unique(self._doubts))
        return Reading(Verdict.RECOGNISED, start, end, rule, _unique(found.notes))

    def _yearless(self, windows: list[Window]) -> bool:
        return any(p.year is None for w in windows for p in (w.first, w.last) if p is not None)

    # -- years -----------------------------------------------------------------------------------

    def _completed(self) -> list[Window]:
        """Return the windows with months and years taken from their neighbours and the plan."""
        points = [p for w in self._found.windows for p in (w.first, w.last) if p is not None]
        for place in reversed(range(len(points) - 1)):
            points[place] = points[place].following(points[place + 1])
        year = None
        for place, point in enumerate(points):
            year = point.year or year
            points[place] = replace(point, year=year or self._year)
        if any(point.year is None for point in points):
            self._doubts.append(Message("no year is named"))
        rest = iter(points)
        return [
            replace(
                window,
                first=None if window.first is None else next(rest),
                last=None if window.last is None else next(rest),
            )
            for window in self._found.windows
        ]

    def _add(self, window: Window, named: Window) -> None:
        if self._yearless([window]):
            self._lost = True
            return
        try:
            first = None if window.first is None else window.first.days()[0]
            last = None if window.last is None else window.last.days()[1]
        except Impossible as error:
            self._doubts.append(error.reason)
            self._lost = True
            return
        if first is not None and last is not None and last < first:
            first, last = self._over_new_year(window, named)
        self._judge(window, first, last)
        self._days.append((first, last))

    def _over_new_year(self, window: Window, named: Window) -> tuple[date | None, date | None]:
        """Read a range that runs backwards, where a year of its ends was not written there."""
        for begin, end in _moved(window, named):
            days = begin.days()[0], end.days()[1]
            if (days[1] - days[0]).days <= _LONGEST_OVER_NEW_YEAR:
                template = "the range was read as going over New Year: {start} to {end}"
                self._doubts.append(Message(template, _shown(*days)))
                return days
        if window.first is not None and window.last is not None:
            days = window.first.days()[0], window.last.days()[1]
            template = "the window ends before it begins: {start} to {end}"
            self._doubts.append(Message(template, _shown(*days)))
        self._lost = True
        return None, None

    def _judge(self, window: Window, first: date | None, last: date | None) -> None:
        points = [point for point in (window.first, window.last) if point is not None]
        for point in points:
            if point.part is not None:
                self._doubts.append(Message("the days of a part of a period are a guess"))
            if self._year is not None and abs((point.year or 0) - self._year) > _PLAUSIBLE:
                template = "the year {year} is far from the plan's, {plan}"
                self._doubts.append(Message(template, {"year": point.year, "plan": self._year}))
            elif self._year is None and point.year not in _PROBABLE:
                self._doubts.append(Message("the year {year} is improbable", {"year": point.year}))
        length = (last - first).days + 1 if first is not None and last is not None else 0
        if length > _LONGEST_WINDOW and {point.unit for point in points} != {"year"}:
            template = "the window is longer than a year: {days} days"
            self._doubts.append(Message(template, {"days": length}))

    # -- the whole cell ------------------------------------------------------------------------

    def _covered(self, windows: list[Window]) -> tuple[date | None, date | None]:
        if len(windows) > 1:
            template = "the cell names {count} times; the window runs from the first to the last"
            self._doubts.append(Message(template, {"count": len(windows)}))
        if self._lost or not self._days:
            return None, None
        starts = [first for first, _ in self._days]
        ends = [last for _, last in self._days]
        start = None if None in starts else min(day for day in starts if day is not None)
        end = None if None in ends else max(day for day in ends if day is not None)
        return start, end

    def _rule(self) -> str | None:
        rules = list(dict.fromkeys(self._found.rules))
        if len(rules) > 1:
            self._doubts.append(Message("the cell names several recurrences"))
            return None
        if rules:
            return rules[0]
        return self._named_months()

    def _named_months(self) -> str | None:
        """Return the rule of «март, сентябрь»: several single months of one year."""
        windows = self._found.windows
        months = [w.first.month for w in windows if w.first == w.last and w.first is not None
                  and w.first.unit == "month" and w.first.part is None]  # fmt: skip
        years = {first.year for first, _ in self._days if first is not None}
        if len(windows) < 2 or len(months) < len(windows) or len(years) != 1 or self._lost:
            return None
        listed = ",".join(str(month) for month in sorted({m for m in months if m is not None}))
        return f"FREQ=YEARLY;BYMONTH={listed}"


def _moved(window: Window, named: Window) -> list[tuple[Point, Point]]:
    """Return the ends of a range that runs backwards with the year of one of them put right."""
    first, last = window.first, window.last
    if first is None or last is None or named.first is None or named.last is None:
        return []
    if first.year is None or last.year is None or named.first.month is None:
        return []  # «с 20 по 15 апреля» is not a range over New Year
    if named.first.year is None and named.last.year is not None:
        return [(replace(first, year=first.year - 1), last)]
    if named.last.year is None:
        return [(first, replace(last, year=last.year + 1))]
    return []


def _shown(first: date, last: date) -> dict[str, str]:
    return {"start": first.isoformat(), "end": last.isoformat()}


def _unique(messages: list[Message]) -> tuple[Message, ...]:
    """Return the messages without repetitions, in order."""
    return tuple({str(message): message for message in messages}.values())
