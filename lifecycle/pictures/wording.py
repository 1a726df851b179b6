"""Dates as the pictures show them, and the words they share."""

from __future__ import annotations

from datetime import date
from typing import Final

from lifecycle.domain.messages import Text

_MONTHS: Final = (
    Text("январь", "January"),
    Text("февраль", "February"),
    Text("март", "March"),
    Text("апрель", "April"),
    Text("май", "May"),
    Text("июнь", "June"),
    Text("июль", "July"),
    Text("август", "August"),
    Text("сентябрь", "September"),
    Text("октябрь", "October"),
    Text("ноябрь", "November"),
    Text("декабрь", "December"),
)


def day_shown(day: date) -> str:
    """Return *day* as both languages of the project write it in tables: ``04.02.2022``."""
    return f"{day:%d.%m}.{day.year:04}"


def month_names(month: int, language: str) -> tuple[str, ...]:
    """Return what *month*, from 1, may be called, the longest first."""
    name = _MONTHS[month - 1].in_language(language)
    return name, name[:3], str(month)
