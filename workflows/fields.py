"""The types of fields in definition files: codes, ids, texts, dates, time zones, recurrences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from lifecycle.domain.naming import is_identifier, is_slug
from lifecycle.domain.occurrences import is_recurrence

FORMAT: Final = 1
"""The only format of definition files so far."""

OF_THE_MACHINE: Final = ("localtime", "posixrules")
"""Files beside the time zones: what day it is by them, another machine would not say."""

_DATE = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


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
        if value in OF_THE_MACHINE:
            raise ValueError(value)
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


@dataclass(frozen=True)
class within:  # noqa: N801, RUF100 - read as a word: Annotated[Form, within("field")]
    """Let a text or list stand for the mapping that holds it under *field*."""

    field: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return how such a value is read."""
        return no_info_before_validator_function(self._mapping, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return what an editor is told of it: either form will do."""
        mapping = handler(schema)
        short = handler.resolve_ref_schema(mapping)["properties"][self.field]
        kinds = [one for one in short.get("anyOf", [short]) if one != {"type": "null"}]
        kinds = [{name: one[name] for name in one if name != "default"} for one in kinds]
        return {"anyOf": [*kinds, mapping]}

    def _mapping(self, value: Any) -> Any:
        return value if isinstance(value, dict) else {self.field: value}


def _described(**schema: Any) -> WithJsonSchema:
    """Say of a text what an editor can check: the validators are code."""
    return WithJsonSchema({"type": "string", **schema})


_WORD: Final = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"

Slug = Annotated[str, AfterValidator(_slug), _described(pattern="^[a-z][a-z0-9_]{0,63}$")]
Identifier = Annotated[str, AfterValidator(_identifier), _described(pattern=f"^{_WORD}$")]
Line = Annotated[str, AfterValidator(_text), _described(pattern="\\S")]
IsoDate = Annotated[date, BeforeValidator(_date), _described(format="date", pattern=_DATE.pattern)]
TimeZone = Annotated[
    str, AfterValidator(_time_zone), _described(examples=["Europe/Moscow", "Asia/Sakhalin"])
]
Recurrence = Annotated[
    str,
    AfterValidator(_recurrence),
    _described(
        pattern="^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;(INTERVAL|BYDAY|BYMONTHDAY|BYMONTH)=.+)?$",
        examples=["FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3"],
    ),
]
Format = Annotated[
    int, AfterValidator(_format), WithJsonSchema({"type": "integer", "const": FORMAT})
]
Count = Annotated[int, Field(ge=0)]
Lines = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
Setting = Annotated[
    Any,
    AfterValidator(_setting),
    WithJsonSchema(
        {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}
    ),
]
