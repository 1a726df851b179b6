"""Identifiers that people and files give."""

from __future__ import annotations

import re

from lifecycle.domain.errors import InvalidIdentifier

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SLUG = re.compile(r"[a-z][a-z0-9_]{0,63}")


def is_identifier(value: object) -> bool:
    """Tell whether *value* may name a school, an actor, a road map or a command."""
    return isinstance(value, str) and _IDENTIFIER.fullmatch(value) is not None


def is_slug(value: object) -> bool:
    """Tell whether *value* may be a code inside facts and definitions, such as a risk factor."""
    return isinstance(value, str) and _SLUG.fullmatch(value) is not None


def identifier(value: str, what: str) -> str:
    """Return *value* if it may name a *what*.

    Raises:
        InvalidIdentifier: It is empty, longer than 64 characters or has other characters than
            ASCII letters, digits, ``_``, ``.`` and ``-``; names of persons do not belong here.
    """
    if not is_identifier(value):
        raise InvalidIdentifier(what=what, value=value)
    return value
