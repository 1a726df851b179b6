"""The language that the command line speaks: chosen once, before click is imported."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from lifecycle.domain.messages import Message
from lifecycle.printable import plain
from lifecycle.texts import DOMAIN, LANGUAGES, LOCALES, language_of, render, translated

_spoken = "en"
_BREAK = re.compile(r"\s*\n\s*")


def asked_for(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language of ``--lang``, the last one given, or that of the environment."""
    chosen = language_of(environment)
    for place, argument in enumerate(arguments):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == "--lang":
            if not equals:
                value = arguments[place + 1] if place + 1 < len(arguments) else ""
            chosen = value if value in LANGUAGES else chosen
    return chosen


def speak(language: str) -> None:
    """Set the language of the process, for our own words and for click's.

    Click asks the default domain of gettext, which follows ``LANGUAGE``.
    """
    global _spoken  # noqa: PLW0603, RUF100 - one process speaks one language
    _spoken = language
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)


def spoken() -> str:
    """Return the language in use: ``ru`` or ``en``."""
    return _spoken


def say(template: str, **parameters: Any) -> str:
    """Return one of the command line's own texts, its placeholders filled in."""
    return shown(Message(template, parameters))


def shown(message: Message) -> str:
    """Return a message of the engine in the language in use."""
    return render(_escaped(message), _spoken)


def _escaped(message: Message) -> Message:
    """Return a message with whatever it tells on one line: a stored value may be a forger's."""
    told = {name: _plain(value) for name, value in message.parameters.items()}
    return Message(message.template, told)


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return _escaped(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    text = str(value)
    # Numbers stay numbers: templates say how they are written.
    return value if text.isprintable() else plain(text)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each on one line: the msgids of help texts."""
    parts = re.split(r"\n[ \t]*\n", text.strip())
    return [_BREAK.sub(" ", part.strip()) for part in parts]


def help_text(text: str) -> str:
    """Return a help text in the language in use."""
    return "\n\n".join(translated(part, _spoken) for part in paragraphs(text))
