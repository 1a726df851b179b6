"""Identifiers that people and files give, and texts that stay in records for ever."""

from __future__ import annotations

import re

from lifecycle.domain.errors import InvalidIdentifier

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MAIL = re.compile(r"[^\s@/?=&<>]@[^\s@/]+\.\w")
# A phone, a passport or an insurance number has ten digits or more.
_PERSONAL_NUMBER = re.compile(r"(?:\d[ ()+-]*){10}")


def is_identifier(value: object) -> bool:
    """Tell whether *value* may name a school, an actor, a road map or a command."""
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def is_slug(value: object) -> bool:
    """Tell whether *value* may be a code inside facts and definitions, such as a risk factor."""
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def tells_mail(text: str) -> bool:
    """Tell whether *text* has an e-mail address in it."""
    return _MAIL.search(text) is not None


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
