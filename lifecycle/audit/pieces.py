"""Pieces of evidence in plain values, as the screen looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lifecycle.audit.texts import is_day
from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.evidence import MAX_NUMBER, MAX_TEXT, WITHOUT_NUMBER, check_reference
from lifecycle.domain.model import Evidence
from lifecycle.domain.naming import is_slug, tells_person

Piece = dict[str, Any]

_MEMBERS = {
    "file": ["content", "form", "item", "kind", "media_type", "name", "sha256", "size"],
    "link": ["form", "item", "kind", "url"],
    "reference": ["date", "form", "issuer", "item", "kind", "number"],
}
_DIGIT = re.compile(r"[0-9]")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def items_of(
    evidence: list[Piece], kinds: Mapping[str, bool], stored: Callable[[str, int], bool]
) -> dict[str, list[str | None]] | None:
    """Return what the pieces are about, by kind; ``None`` if they are not sound beyond doubt.

    Args:
        evidence: As a body spells it.
        kinds: Kinds that are asked for, and whether their files are personal; each piece has to be
            of one, and be given once.
        stored: Tells whether the evidence store has a file of that digest and size.

    Raises:
        InvalidEvidence, KeyError, TypeError: One is not sound.
    """
    found: dict[str, list[str | None]] = {}
    for piece in evidence:
        form, item, kind = piece["form"], piece["item"], piece["kind"]
        if [*piece] != _MEMBERS[form] or kind not in kinds:
            return None
        if item is not None and not is_slug(item):
            return None
        if form == "reference":
            sound = (
                _is_number(piece["number"])
                and _is_issuer(piece["issuer"])
                and is_day(piece["date"])
            )
        elif form == "link":
            sound = _is_link(piece)
        else:
            # What is personal is kept encrypted, and opened: that is for the full check.
            sound = not kinds[kind] and _is_file(piece) and stored(piece["sha256"], piece["size"])
        if not sound:
            return None
        if kind in found:
            found[kind].append(item)
        else:
            found[kind] = [item]
    if len(evidence) > 1 and len({(*one.values(),) for one in evidence}) != len(evidence):
        return None
    return found


def _is_number(text: str) -> bool:
    """Tell whether orders are numbered so; any '@' is for the full check to look at."""
    return (
        0 < len(text) <= MAX_NUMBER
        and text.isprintable()
        and (_DIGIT.search(text) is not None or text == WITHOUT_NUMBER)
        and "@" not in text
    )


@lru_cache(maxsize=4096)
def _is_issuer(text: str) -> bool:
    """Tell whether a body may issue orders; few of them issue many."""
    return (
        0 < len(text) <= MAX_TEXT
        and text.isprintable()
        and not text.isspace()
        and not tells_person(text)
    )


def _is_link(piece: Piece) -> bool:
    url = piece["url"]
    if type(url) is not str:
        return False
    check_reference(Evidence(piece["kind"], piece["item"], "link", url=url))
    return True


def _is_file(piece: Piece) -> bool:
    size = piece["size"]
    return (
        _SHA256.fullmatch(piece["sha256"]) is not None
        and type(size) is int
        and 0 < size <= MAX_INTEGER
        and type(piece["media_type"]) is str
        and piece["name"] is None
        and piece["content"] is None
    )
