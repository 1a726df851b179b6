"""Messages in the reader's language: gettext catalogues, English templates as their keys."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from lifecycle.domain.messages import Message

DOMAIN: Final = "messages"
LOCALES: Final = Path(__file__).parent / "locale"
LANGUAGES: Final = ("en", "ru")

# Parameters in which the engine puts words of its own; any other value is somebody's.
_WORDED: Final = frozenset({"detail", "hint", "scope", "scopes", "what"})


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the translations into *language*; English needs none."""
    return gettext.translation(DOMAIN, LOCALES, [language], fallback=True)


def translated(template: str, language: str) -> str:
    """Return *template* in *language*; the template itself if it has no translation."""
    return catalogue(language).gettext(template) if template else ""


def render(message: Message, language: str) -> str:
    """Return *message* in *language*, its parameters filled in."""
    return _with_words(message, language).rendered(lambda template: translated(template, language))


def _with_words(message: Message, language: str) -> Message:
    parameters: dict[str, Any] = {}
    for name, value in message.parameters.items():
        if isinstance(value, Message):
            parameters[name] = _with_words(value, language)
        else:
            parameters[name] = _worded(value, language) if name in _WORDED else value
    return Message(message.template, parameters)


def _worded(value: Any, language: str) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_worded(one, language) for one in value)
    return translated(value, language) if isinstance(value, str) else value


def language_of(environment: Mapping[str, str]) -> str:
    """Return the language that the environment asks for: ``ru`` or ``en``.

    ``LIFECYCLE_LANG`` goes before the locale (``LC_ALL``, ``LC_MESSAGES``, ``LANG``).
    """
    for name in ("LIFECYCLE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"
