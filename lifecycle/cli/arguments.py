"""What people write into options, as the values that the engine takes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Final

import click

from lifecycle.cli.language import say
from lifecycle.domain.dates import day_from
from lifecycle.domain.errors import InvalidDate
from lifecycle.domain.model import Evidence, EvidenceFile
from lifecycle.workflows.written import Malformed, fact_from, piece_from

STDIN: Final = "-"
_LONGEST: Final = 65_536  # bytes of a text from standard input
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
    if sys.stdin is None:  # It was closed before we began.
        raise click.BadParameter(say("standard input is closed"))
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
    try:
        return piece_from(text)
    except Malformed as error:
        template = "--evidence {given} has not the form KIND[:ITEM]=FILE; for example: {example}"
        example = _ITEM_EXAMPLE if error.part == "item" else _EVIDENCE_EXAMPLE
        if error.part == "reference":
            template = "{given} does not name number, date and issuer; for example: {example}"
            example = _REFERENCE_EXAMPLE
        raise click.UsageError(say(template, given=error.given, example=example)) from error


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
        read[name] = fact_from(name, value, _FACT_EXAMPLE)
    return read


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
