"""The numbers that Word counts by itself: «№ п/п» is often such a column, and empty as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from docx.document import Document

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DECIMAL: Final = {"decimal", "decimalZero"}
_LEVELS: Final = 9


class Numbering:
    """Counts the automatic numbers of a document; paragraphs have to come in reading order."""

    def __init__(self, document: Document) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counters: dict[str, list[int]] = {}
        self._lists = self._declared(document)
        self._styles = self._by_style(document)

    def counts(self, paragraph: Any) -> bool:
        """Tell whether Word puts a number before the paragraph."""
        return self._level(paragraph) is not None

    def label(self, paragraph: Any) -> str:
        """Return the number that Word puts before the paragraph, and count it."""
        found = self._level(paragraph)
        if found is None:
            return ""
        abstract, depth = found
        levels = self._levels[abstract]
        counters = self._counters.setdefault(abstract, [0] * _LEVELS)
        start = levels[depth][2]
        counters[depth] = counters[depth] + 1 if counters[depth] else start
        counters[depth + 1 :] = [0] * (_LEVELS - depth - 1)

        def number(found: re.Match[str]) -> str:
            level = int(found[1]) - 1
            return str(counters[level] or levels.get(level, ("", "", 1))[2])

        return re.sub(r"%([1-9])", number, levels[depth][1]) + " "

    def _level(self, paragraph: Any) -> tuple[str, int] | None:
        """Return the list and the level of a paragraph that is counted in decimal numbers."""
        found = _reference(paragraph.find(f"{_W}pPr"))
        if found is None:
            style = paragraph.find(f"{_W}pPr/{_W}pStyle")
            found = self._styles.get(style.get(f"{_W}val", "")) if style is not None else None
        if found is None:
            return None
        abstract = self._lists.get(found[0])
        level = self._levels.get(abstract or "", {}).get(found[1])
        if abstract is None or level is None or level[0] not in _DECIMAL or "%" not in level[1]:
            return None
        return abstract, found[1]

    def _declared(self, document: Document) -> dict[str, str]:
        """Read the lists of the document; return which one each number of a list stands for."""
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return {}
        for abstract in root.findall(f"{_W}abstractNum"):
            levels = self._levels.setdefault(abstract.get(f"{_W}abstractNumId", ""), {})
            for level in abstract.findall(f"{_W}lvl"):
                depth = level.get(f"{_W}ilvl", "")
                if depth.isdecimal() and int(depth) < _LEVELS:
                    start = _value(level, "start")
                    first = int(start) if start.isdecimal() else 1
                    form = _value(level, "numFmt") or "decimal"
                    levels[int(depth)] = (form, _value(level, "lvlText"), first)
        return {
            number.get(f"{_W}numId", ""): _value(number, "abstractNumId")
            for number in root.findall(f"{_W}num")
        }

    def _by_style(self, document: Document) -> dict[str, tuple[str, int]]:
        found = {}
        for style in document.styles.element.findall(f"{_W}style"):
            reference = _reference(style.find(f"{_W}pPr"))
            if reference is not None:
                found[style.get(f"{_W}styleId", "")] = reference
        return found


def _reference(properties: Any) -> tuple[str, int] | None:
    numbered = properties.find(f"{_W}numPr") if properties is not None else None
    if numbered is None:
        return None
    depth = _value(numbered, "ilvl")
    return _value(numbered, "numId"), int(depth) if depth.isdecimal() else 0


def _value(element: Any, name: str) -> str:
    child = element.find(f"{_W}{name}")
    return str(child.get(f"{_W}val", "")) if child is not None else ""
