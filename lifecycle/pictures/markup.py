"""XML that cannot come out malformed, and how wide a line of text will be in it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NewType

Markup = NewType("Markup", str)
"""Text that is XML already; anything else has to pass through ``escaped``."""

# What XML 1.0 cannot hold, not even as a character reference (section 2.2).
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Advance widths of Arial and its metric twins, in em, rounded up within each group.
_WIDTHS: Final = {
    character: width
    for characters, width in (
        (".,:;!|'il jItfr()[]/\\-«»\u00a0", 0.34),
        ('ckszxvyJгтзхьсэ*"', 0.5),
        ("м%юшщфжыъmwMWЖШЩЮФЫМ№—…@", 0.86),
        ("ABCDEFGHKLNOPQRSTUVXYZАБВГДЕЁЗИЙКЛНОПРСТУХЦЧЪЬЭЯ", 0.72),
    )
    for character in characters
}
_COMMON: Final = 0.57


def clean(text: str) -> str:
    """Return *text* on one line, with a replacement for what XML cannot hold."""
    return " ".join(_FORBIDDEN.sub("\ufffd", text).split())


def escaped(text: str) -> Markup:
    """Return *text* as XML text or attribute value; line breaks stay."""
    return Markup(html.escape(_FORBIDDEN.sub("\ufffd", text).replace("\r", " "), quote=True))


def tag(name: str, *children: Markup, **attributes: str | float | None) -> Markup:
    """Return an element; ``stroke_width`` is the attribute ``stroke-width``, ``None`` is none."""
    written = "".join(
        f' {key.replace("_", "-")}="{escaped(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{''.join(children)}</{name}>")


def joined(parts: Iterable[Markup]) -> Markup:
    """Return *parts* one after the other, a line each."""
    return Markup("\n".join(parts))


def width_of(text: str, size: float) -> float:
    """Return about how wide *text* is at font size *size*, in the unit of *size*."""
    return size * sum(map(_width, text))


def wrapped(text: str, width: float, size: float, lines: int) -> list[str]:
    """Return *text* on at most *lines* lines of *width*; an ellipsis stands for what is left."""
    words = clean(text).split(" ")
    result: list[str] = []
    while words and len(result) < lines:
        line, words = _line(words, width, size)
        result.append(line)
    if words:
        result[-1] = _shortened(f"{result[-1]} {words[0]}", width, size)
    return result


def _line(words: list[str], width: float, size: float) -> tuple[str, list[str]]:
    """Return the first line and the words after it; a word that is too long is broken."""
    line = words[0]
    if width_of(line, size) > width:
        fitting = max(1, len(_fitting(line, width, size)))
        return line[:fitting], [line[fitting:], *words[1:]]
    taken = 1
    while taken < len(words) and width_of(f"{line} {words[taken]}", size) <= width:
        line = f"{line} {words[taken]}"
        taken += 1
    return line, words[taken:]


def _shortened(text: str, width: float, size: float) -> str:
    return _fitting(text, width - width_of("…", size), size).rstrip(" ,.;:–—-") + "…"


def _fitting(text: str, width: float, size: float) -> str:
    end = len(text)
    while end and width_of(text[:end], size) > width:
        end -= 1
    return text[:end]


def _width(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else _COMMON


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.1f}".removesuffix(".0")
