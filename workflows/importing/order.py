"""The document before the table: its heading, its number and date if they can be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.dates import is_date, read_window
from lifecycle.workflows.importing.draft import Order

_LONGEST_TITLE: Final = 400  # characters
_SHORT_LINE: Final = 60  # characters; number and date of an order have a line of their own
_NUMBER: Final = re.compile(r"№\s*([0-9][0-9./]*(?:\s?-\s?[0-9а-яёА-ЯЁ]+)*(?:\s?/\s?\d+)*)\s*$")
_LEADING: Final = re.compile(r"^(?:от|г\.)\s+", re.IGNORECASE)
_ORDER: Final = re.compile(r"\b(?:приказ|распоряжение|постановление)\b", re.IGNORECASE)
_HEADING: Final = re.compile(r"дорожн\w+\s+карт|план\w*\s+мероприятий|план-график", re.IGNORECASE)


def read_order(prose: Sequence[str], name: str) -> Order:
    """Read the lines before the table.

    Args:
        prose: The lines.
        name: The title if the lines have none.
    """
    title = _title(prose) or name
    numbers, dates = _numbers(prose), _dates(prose)
    notes = []
    if len(numbers) > 1:
        template = "the document bears several numbers: {found}; none was taken"
        notes.append(Message(template, {"found": numbers}))
    if len(dates) > 1:
        shown = [f"{day:%d.%m.%Y}" for day in dates]
        template = "the document bears several dates: {found}; none was taken"
        notes.append(Message(template, {"found": shown}))
    return Order(
        _kind(prose, title),
        title,
        numbers[0] if len(numbers) == 1 else None,
        dates[0] if len(dates) == 1 else None,
        tuple(notes),
    )


def _title(prose: Sequence[str]) -> str:
    starts = [place for place, line in enumerate(prose) if _HEADING.search(line)]
    return " ".join(prose[starts[-1] :])[:_LONGEST_TITLE].strip() if starts else ""


def _kind(prose: Sequence[str], title: str) -> str:
    ordered = any(_ORDER.search(line) for line in prose)
    folded = title.lower()
    for word, kind in (("муниципальн", "municipal"), ("региональн", "regional")):
        if word in folded:
            return f"{kind}_order_and_roadmap" if ordered else f"{kind}_roadmap"
    return "other"


def _short(prose: Sequence[str]) -> list[str]:
    return [line for line in prose if len(line) <= _SHORT_LINE]


def _numbers(prose: Sequence[str]) -> list[str]:
    found = (_NUMBER.search(line) for line in _short(prose))
    spelled: dict[str, str] = {}
    for match in found:
        if match is not None:
            spelled.setdefault(re.sub(r"\s", "", match[1]), match[1].strip())
    return list(spelled.values())


def _dates(prose: Sequence[str]) -> list[date]:
    days = []
    for line in _short(prose):
        text = _LEADING.sub("", _NUMBER.sub("", line))
        reading = read_window(text, None)
        if is_date(text) and reading.start is not None and reading.start == reading.end:
            days.append(reading.start)
    return list(dict.fromkeys(days))
