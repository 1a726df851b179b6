"""Pieces of evidence in plain values, as the screen looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.compiled import Items, Move
from lifecycle.audit.kept import Sealed
from lifecycle.audit.spelling import Parser
from lifecycle.audit.texts import is_day
from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.evidence import MAX_NUMBER, MAX_TEXT, WITHOUT_NUMBER, check_reference
from lifecycle.domain.model import Evidence
from lifecycle.domain.naming import AT_SIGNS, is_slug, tells_person

Piece = dict[str, Any]
_MEMBERS = {
    "file": ["content", "form", "item", "kind", "media_type", "name", "sha256", "size"],
    "link": ["form", "item", "kind", "url"],
    "reference": ["date", "form", "issuer", "item", "kind", "number"],
}
# Of a file, what requests leave out: as usual, or committed to anew by every retry.
_UNASKED = ("form", "name")
_UNASKED_PERSONAL = (*_UNASKED, "content", "sha256", "size")
_REMEMBERED = 4096
_DIGIT = re.compile(r"[0-9]")
_AT = frozenset(AT_SIGNS)
_HASH = re.compile(r"[0-9a-f]{64}")
# Most pieces are orders, and most orders are spelt without an escape. What stands before the
# number is often the same: one body issues orders on one day to all of its schools.
_ORDER = re.compile(
    r'"date":"([^"\\]*)","form":"reference","issuer":"([^"\\]*)",'
    r'"item":(?:null|"([^"\\]*)"),"kind":"([^"\\]*)"'
)
_BEFORE_NUMBER = ',"number":"'
_NUMBER = re.compile(r'([^"\\]*)"')


Brought = tuple[Items, bytes, tuple[Sealed, ...]]
"""What an act brings: what it is about, as requests spell it, and what it commits to."""


class Pieces:
    """Reads evidence.

    Args:
        parser: Reads what bodies spell.
        stored: Tells whether the evidence store has a file of that digest and size.
    """

    def __init__(self, parser: Parser, stored: Callable[[str, int], bool]) -> None:
        self._parser = parser
        self._stored = stored

    def of(self, evidence: bytes, move: Move) -> Brought:
        """Return what the pieces of an act come to.

        Raises:
            Exception: They are not sound beyond doubt.
        """
        items = orders(evidence.decode(), move.kinds)
        if items is None:
            return self._read(evidence, move)
        # Neither text can stand inside a string: there its quotation marks would be escaped.
        asked = evidence.replace(b'{"date":', b'{"dated":').replace(b'"item":null,', b"")
        return items, asked, ()

    def _read(self, evidence: bytes, move: Move) -> Brought:
        pieces = self._parser.value(evidence)
        if type(pieces) is not list:
            raise Doubtful
        items = items_of(pieces, move.kinds, self._stored)
        asked = self._parser.dumps([as_asked(piece) for piece in pieces])
        return items, asked, tuple(one for piece in pieces for one in sealed_in(piece))


def orders(text: str, kinds: Mapping[str, bool]) -> Items | None:
    """Return what orders are about, by kind; ``None`` where there is anything else or unsound.

    Args:
        text: The pieces of evidence, as a body spells them.
        kinds: Kinds that are asked for.
    """
    if not (text.startswith("[{") and text.endswith("}]")):
        return None
    pieces = text[2:-2].split("},{")
    found: Items = {}
    for piece in pieces:
        begin, _, number = piece.partition(_BEFORE_NUMBER)
        about = _about(begin)
        if about is None or about[0] not in kinds or not _ends_in_number(number):
            return None
        kind, item = about
        if kind in found:
            found[kind].append(item)
        else:
            found[kind] = [item]
    return found if len(pieces) == 1 or len(set(pieces)) == len(pieces) else None


@lru_cache(maxsize=_REMEMBERED)
def _about(begin: str) -> tuple[str, str | None] | None:
    """Return kind and item of an order by what is spelt before its number; ``None`` if unsound."""
    order = _ORDER.fullmatch(begin)
    if order is None:
        return None
    day, issuer, item, kind = order.groups()
    sound = is_day(day) and _is_issuer(issuer) and (item is None or is_slug(item))
    return (kind, item) if sound else None


@lru_cache(maxsize=_REMEMBERED)
def _ends_in_number(end: str) -> bool:
    """Tell whether an order ends in a number that orders bear; many bear the same."""
    number = _NUMBER.fullmatch(end)
    return number is not None and _is_number(number[1])


def items_of(
    evidence: list[Piece], kinds: Mapping[str, bool], stored: Callable[[str, int], bool]
) -> Items:
    """Return what the pieces are about, by kind.

    Args:
        evidence: As a body spells it.
        kinds: Kinds that are asked for, and whether their files are personal; each piece has to be
            of one, and be given once.
        stored: Tells whether the evidence store has a file of that digest and size.

    Raises:
        Doubtful, InvalidEvidence, KeyError, TypeError: They are not sound beyond doubt.
    """
    found: Items = {}
    for piece in evidence:
        form, item, kind = piece["form"], piece["item"], piece["kind"]
        if [*piece] != _MEMBERS[form] or kind not in kinds:
            raise Doubtful
        if item is not None and not is_slug(item):
            raise Doubtful
        if form == "reference":
            sound = (
                _is_number(piece["number"])
                and _is_issuer(piece["issuer"])
                and is_day(piece["date"])
            )
        elif form == "link":
            sound = _is_link(piece)
        else:
            sound = _is_file(piece, kinds[kind], stored)
        if not sound:
            raise Doubtful
        found.setdefault(kind, []).append(item)
    # The same file under two names is given twice.
    if len({(*(one | {"name": None}).values(),) for one in evidence}) != len(evidence):
        raise Doubtful
    return found


def as_asked(piece: Piece) -> Piece:
    """Return a sound piece as requests spell it, without what has its usual value.

    See ``lifecycle.domain.codec`` and ``lifecycle.domain.requests``.
    """
    asked = {name: value for name, value in piece.items() if (name, value) != ("item", None)}
    if piece["form"] == "reference":
        asked["dated"] = asked.pop("date")
    elif piece["form"] == "file":
        for name in _UNASKED if piece["content"] is None else _UNASKED_PERSONAL:
            del asked[name]
        asked.pop("content", None)
    return asked


def sealed_in(piece: Piece) -> list[Sealed]:
    """Return what a sound piece commits to."""
    found = []
    if piece["form"] == "file":
        if piece["name"] is not None:
            found.append(Sealed("evidence.name", piece["name"]))
        if piece["content"] is not None:
            place = (piece["sha256"], piece["size"])
            found.append(Sealed("evidence.content", piece["content"], *place))
    return found


def _is_number(text: str) -> bool:
    """Tell whether orders are numbered so; any '@' is for the full check to look at."""
    return (
        0 < len(text) <= MAX_NUMBER
        and text.isprintable()
        and (_DIGIT.search(text) is not None or text == WITHOUT_NUMBER)
        and not _AT.intersection(text)
    )


@lru_cache(maxsize=_REMEMBERED)
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


def _is_file(piece: Piece, personal: bool, stored: Callable[[str, int], bool]) -> bool:
    """Tell whether a file is as it has to be; one that is personal is opened with its key later."""
    size, name, content = piece["size"], piece["name"], piece["content"]
    return (
        _HASH.fullmatch(piece["sha256"]) is not None
        and type(size) is int
        and 0 < size <= MAX_INTEGER
        and type(piece["media_type"]) is str
        and (name is None or _HASH.fullmatch(name) is not None)
        and (content is None or _HASH.fullmatch(content) is not None)
        and personal == (content is not None)
        and (personal or stored(piece["sha256"], size))
    )
