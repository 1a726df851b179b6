"""What people write into options, as the values that the engine takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Final

import click

from lifecycle.cli.language import say
from lifecycle.domain.dates import day_from
from lifecycle.domain.errors import InvalidDate, InvalidFact
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.domain.naming import is_slug

STDIN: Final = "-"
REFERENCE: Final = "ref:"
_LONGEST: Final = 65_536  # bytes of a text from standard input
_SHOWN: Final = 60  # characters of a wrong value, enough to know it again
_EVIDENCE_EXAMPLE: Final = "--evidence visit_note=note.pdf"
_ITEM_EXAMPLE: Final = "--evidence anti_risk_programme:low_equipment=https://school.example/plan"
_REFERENCE_EXAMPLE: Final = "--evidence 'order=ref:52-A;2022-03-14;Tomari education department'"
_FACT_EXAMPLE: Final = """--fact 'activated_risks=["low_equipment"]'"""


def unseen(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Read a text from standard input where ``-`` stands for it.

    What stands in the command line is seen by every account of the machine.

    Raises:
        click.BadParameter: It is not text, or too long.
    """
    if value != STDIN or context.resilient_parsing:
        return value
    try:
        text = sys.stdin.buffer.read(_LONGEST + 1).decode()
    except UnicodeDecodeError as error:
        raise click.BadParameter(say("standard input is not UTF-8")) from error
    if len(text.encode()) > _LONGEST:
        raise click.BadParameter(say("standard input has more than {most} bytes", most=_LONGEST))
    return text.removesuffix("\n").removesuffix("\r")


def evidence(texts: Iterable[str]) -> list[Evidence | EvidenceFile]:
    """Read every ``KIND[:ITEM]=PATH|URL|ref:NUMBER;DATE;ISSUER``.

    Raises:
        click.UsageError: A text has not that form.
        InvalidDate: The date of an order is none.
    """
    return [_piece(text) for text in texts]


def _piece(text: str) -> Evidence | EvidenceFile:
    name, equals, value = text.partition("=")
    kind, colon, item = name.partition(":")
    if not equals or not kind or not value or (colon and not item):
        template = "--evidence {given} has not the form KIND[:ITEM]=FILE; for example: {example}"
        example = _ITEM_EXAMPLE if colon else _EVIDENCE_EXAMPLE
        raise click.UsageError(say(template, given=text, example=example))
    about = item or None
    if value.lower().startswith(("http://", "https://")):
        return Evidence(kind, about, form="link", url=value)
    if value.startswith(REFERENCE):
        return _reference(kind, about, value.removeprefix(REFERENCE))
    return EvidenceFile(kind, value, about)


def _reference(kind: str, item: str | None, text: str) -> Evidence:
    parts = [part.strip() for part in text.split(";", 2)]
    if len(parts) != 3:
        template = "{given} does not name number, date and issuer; for example: {example}"
        given = f"{REFERENCE}{text}"
        raise click.UsageError(say(template, given=given, example=_REFERENCE_EXAMPLE))
    number, dated, issuer = parts
    return Evidence(
        kind, item, form="reference", number=number, dated=day_from(dated), issuer=issuer
    )


def facts(texts: Iterable[str]) -> dict[str, Any]:
    """Read every ``NAME=JSON``; a bare code such as ``positive_dynamics`` is a text.

    Raises:
        click.UsageError: A text has not that form, or a name is given twice.
        InvalidFact: A value is not JSON.
    """
    read: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            template = "--fact {given} has not the form NAME=JSON; for example: {example}"
            raise click.UsageError(say(template, given=text, example=_FACT_EXAMPLE))
        if name in read:
            raise click.UsageError(say("fact {name} is given twice", name=name))
        read[name] = _fact(name, value)
    return read


def _fact(name: str, text: str) -> Any:
    if is_slug(text) and text not in ("true", "false", "null"):
        return text
    try:
        return json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=_no_number
        )
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise InvalidFact(
            name=name,
            detail=Message(
                "'{text}' is not JSON: {detail}", {"text": _start(text), "detail": detail}
            ),
            hint=Message("for example: {example}", {"example": _FACT_EXAMPLE}),
        ) from error


def _start(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")


def moment(text: str) -> tuple[datetime, bool]:
    """Read a moment, and tell whether its time zone had to be assumed to be UTC.

    A date alone means the end of that day.

    Raises:
        InvalidDate: It is none.
    """
    try:
        if len(text) == len("2022-03-01"):
            return datetime.combine(day_from(text), time.max, UTC), True
        read = datetime.fromisoformat(text)
        return (
            (read.replace(tzinfo=UTC), True)
            if read.tzinfo is None
            else (
                read.astimezone(UTC),
                False,
            )
        )
    except (ValueError, OverflowError):
        raise InvalidDate(value=text) from None
