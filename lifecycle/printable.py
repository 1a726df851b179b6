"""Texts without the characters that a terminal might obey.

Texts of a history may be a forger's: a sequence that clears the screen, or a line break before a
verdict of his own, would hide what was found.
"""

from __future__ import annotations

import json
import unicodedata


def plain(text: str, kept: str = "\t") -> str:
    """Return *text* with every character escaped that a terminal might obey, line breaks too.

    Args:
        text: Whatever is shown to people on one line.
        kept: Characters that are not printable, but stay.
    """
    if text.isprintable():
        return text
    return "".join(
        one if _shown(one) or one in kept else one.encode("unicode_escape").decode()
        for one in text
    )  # fmt: skip


def plain_json(text: str) -> str:
    """Return a JSON document with the same characters escaped as JSON escapes them.

    Args:
        text: The document; its line breaks lie between its tokens, for JSON escapes all others.
    """
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        one if _shown(one) or one == "\n" else json.dumps(one)[1:-1]
        for one in text
    )  # fmt: skip


def _shown(one: str) -> bool:
    return one.isprintable() or unicodedata.category(one) == "Zs"
