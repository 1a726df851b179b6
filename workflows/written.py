"""Evidence and facts as people write them: in options of a command, and in files of many lines."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lifecycle.domain.dates import day_from
from lifecycle.domain.errors import InvalidFact
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.domain.naming import is_slug

REFERENCE: Final = "ref:"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_SHOWN: Final = 60  # characters of a wrong value, enough to know it again


class Malformed(ValueError):
    """A text that has not the form of a piece of evidence.

    Args:
        given: The text.
        part: What has not its form: the whole ``piece``, its ``item``, or a ``reference``.
    """

    def __init__(self, given: str, part: str) -> None:
        super().__init__(given)
        self.given, self.part = given, part


def piece_from(text: str) -> Evidence | EvidenceFile:
    """Read ``KIND[:ITEM]=PATH|URL|ref:NUMBER;DATE;ISSUER``.

    Raises:
        Malformed: It has not that form.
        InvalidDate: The date of an order is none.
    """
    name, equals, value = text.partition("=")
    kind, colon, item = name.partition(":")
    if not equals or not kind or not value or (colon and not item):
        raise Malformed(text, "item" if colon else "piece")
    about = item or None
    if value.lower().startswith(("http://", "https://")):
        return Evidence(kind, about, form="link", url=value)
    if value.startswith(REFERENCE):
        return _reference(kind, about, value.removeprefix(REFERENCE))
    return EvidenceFile(kind, value, about)


def _reference(kind: str, item: str | None, text: str) -> Evidence:
    parts = [part.strip() for part in text.split(";", 2)]
    if len(parts) != 3:
        raise Malformed(f"{REFERENCE}{text}", "reference")
    number, dated, issuer = parts
    return Evidence(
        kind, item, form="reference", number=number, dated=day_from(dated), issuer=issuer
    )


def fact_from(name: str, text: str, example: str) -> Any:
    """Read the value of a fact: JSON, or a bare code such as ``positive_dynamics`` or date.

    Args:
        name: Of the fact.
        text: What is written.
        example: How one is written there, for the remedy.

    Raises:
        InvalidFact: It is neither.
    """
    if _DATE.fullmatch(text) or (is_slug(text) and text not in ("true", "false", "null")):
        return text
    try:
        return json_from(text)
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise InvalidFact(
            name=name,
            detail=Message(
                "'{text}' is not JSON: {detail}", {"text": start_of(text), "detail": detail}
            ),
            hint=Message("for example: {example}", {"example": example}),
        ) from error


def json_from(text: str) -> Any:
    """Read JSON in which no member occurs twice and every number is whole.

    Raises:
        ValueError, RecursionError: It is none.
    """
    return json.loads(
        text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_no_number
    )


def start_of(text: str) -> str:
    """Return enough of a wrong text to know it again."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")
