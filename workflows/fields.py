"""The types of fields in definition files: codes, ids, texts, dates, time zones, recurrences."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from lifecycle.domain.naming import is_identifier, is_slug
from lifecycle.domain.occurrences import is_recurrence

FORMAT: Final = 1
"""The only format of definition files so far."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _slug(value: str) -> str:
    if not is_slug(value):
        raise PydanticCustomError("slug", "not a code")
    return value


def _identifier(value: str) -> str:
    if not is_identifier(value):
        raise PydanticCustomError("identifier", "not an id")
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "blank")
    return value


def _date(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "not a date")


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise PydanticCustomError("time_zone", "no time zone") from error
    return value


def _recurrence(value: str) -> str:
    if not is_recurrence(value):
        raise PydanticCustomError("recurrence", "no rule")
    return value


def _format(value: int) -> int:
    if value != FORMAT:
        raise PydanticCustomError("format", "unknown format", {"known": FORMAT})
    return value


def _setting(value: Any) -> bool | list[str]:
    if isinstance(value, bool) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    ):
        return value
    raise PydanticCustomError("setting", "neither a flag nor a list of names")


def within(field: str) -> BeforeValidator:
    """Let a text or list stand for the mapping that holds it under *field*."""
    return BeforeValidator(lambda value: value if isinstance(value, dict) else {field: value})


Slug = Annotated[str, AfterValidator(_slug)]
Identifier = Annotated[str, AfterValidator(_identifier)]
Line = Annotated[str, AfterValidator(_text)]
IsoDate = Annotated[date, BeforeValidator(_date)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Recurrence = Annotated[str, AfterValidator(_recurrence)]
Format = Annotated[int, AfterValidator(_format)]
Count = Annotated[int, Field(ge=0)]
Lines = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
Setting = Annotated[Any, AfterValidator(_setting)]
