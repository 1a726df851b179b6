"""Identifiers that people and files give, and texts that stay in records for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from lifecycle.domain.errors import InvalidIdentifier, InvalidInput
from lifecycle.domain.messages import Message

MAX_TITLE: Final = 300
"""Characters that the title of a school has at most."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")
AT_SIGNS = "@＠"
"""What stands in the middle of an e-mail address."""

_MAIL = re.compile(rf"[^\s{AT_SIGNS}/?=&<>][{AT_SIGNS}][^\s@/]+\.\w")
# A phone, a passport or an insurance number has ten digits or more; word processors write
# dashes of their own between them.
_PERSONAL_NUMBER = re.compile(r"(?:\d[\s()+\u2010-\u2015\u2212-]*){10}")


def is_identifier(value: object) -> bool:
    """Tell whether *value* may name a school, an actor, a road map or a command."""
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def are_identifiers(values: Iterable[str]) -> bool:
    """Tell whether each of *values* may name such a thing; they are texts."""
    return None not in map(_IDENTIFIER.fullmatch, values)


def is_slug(value: object) -> bool:
    """Tell whether *value* may be a code inside facts and definitions, such as a risk factor."""
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def tells_mail(text: str) -> bool:
    """Tell whether *text* has an e-mail address in it."""
    return _MAIL.search(text) is not None


@lru_cache(maxsize=512)  # the same offices issue order after order
def tells_person(text: str) -> bool:
    """Tell whether *text* has an e-mail address or the number of a phone or document in it.

    A name cannot be told from other words; whoever types one in is asked not to.
    """
    return tells_mail(text) or _PERSONAL_NUMBER.search(text) is not None


def identifier(value: str, what: str) -> str:
    """Return *value* if it may name a *what*.

    Raises:
        InvalidIdentifier: It is empty, longer than 64 characters or has other characters than
            ASCII letters, digits, ``_``, ``.`` and ``-``; names of persons do not belong here.
    """
    if not is_identifier(value):
        raise InvalidIdentifier(what=what, value=value)
    return value


def is_command(value: str, kind: str) -> bool:
    """Tell whether *value* may be the command id of a record of that *kind*.

    A road map is put in force on the way to another request, whose id it derives from.
    """
    return is_identifier(value.removesuffix("~adopt") if kind == "roadmap_adopted" else value)


def title_of(value: str) -> str:
    """Return *value* if it may be the title of a school.

    Raises:
        InvalidInput: It is empty, too long or not printable, has spaces to spare, or tells of a
            person.
    """
    spare = value != " ".join(value.split())
    if spare or not 0 < len(value) <= MAX_TITLE or not value.isprintable():
        detail = Message("1 to {limit} printable characters", {"limit": MAX_TITLE})
        raise InvalidInput(what="title", detail=detail)
    if tells_person(value):
        detail = Message("it bears an e-mail address, or the number of a phone or a document")
        raise InvalidInput(what="title", detail=detail)
    return value
