"""Cells that hold several activities at once, and how their dates and parties are dealt out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lifecycle.workflows.dates import split_windows
from lifecycle.workflows.importing.cells import Cell

_NUMBER: Final = re.compile(r"^(\d{1,3}(?:\s?\.\s?\d{1,3})*)\s?[.)]\s*(?=\S)")
_INSIDE: Final = re.compile(r"(?<![\d.])(\d{1,2})\s?[.)]\s*(?=[«\"“]?[А-ЯЁA-Z])")


@dataclass(frozen=True, slots=True)
class Dealt:
    """The parts of a cell, one for each activity.

    Args:
        parts: The parts; an empty one where the cell is empty.
        exact: Whether there was a part for each, so that nothing had to be guessed.
        found: How many parts there were.
        cut: Whether the cell had no paragraphs and was cut between its dates.
    """

    parts: tuple[str, ...]
    exact: bool
    found: int
    cut: bool = False


def numbered(cell: Cell) -> list[tuple[str, str]]:
    """Return the numbered items of a cell as number and text; none unless it begins with one."""
    if not cell.paragraphs or not _NUMBER.match(cell.paragraphs[0]):
        return []
    items: list[tuple[str, str]] = []
    for paragraph in cell.paragraphs:
        found = _NUMBER.match(paragraph)
        if found and _follows(found[1], items):
            items += _cut(found[1], paragraph[found.end() :])
        else:
            number, text = items[-1]
            items[-1] = (number, f"{text} {paragraph}")
    return items


def _follows(number: str, items: Sequence[tuple[str, str]]) -> bool:
    if not items:
        return True
    last, here = items[-1][0].split("."), number.split(".")
    return last[:-1] == here[:-1] and int(here[-1]) == int(last[-1]) + 1


def _cut(number: str, text: str) -> list[tuple[str, str]]:
    """Cut «Экспертиза 2.Подведение итогов», begun by number 1, before the next number."""
    clean = re.sub(r"\s", "", number)
    if "." in clean:
        return [(clean, text)]
    items: list[tuple[str, str]] = []
    start, wanted = 0, int(clean) + 1
    for found in _INSIDE.finditer(text):
        if int(found[1]) == wanted and text[: found.start()].strip():
            items.append((str(wanted - 1), text[start : found.start()].strip()))
            start, wanted = found.end(), wanted + 1
    return [*items, (str(wanted - 1), text[start:].strip())]


def dealt(cell: Cell, count: int, *, dates: bool = False) -> Dealt:
    """Deal the paragraphs of a cell out to *count* activities, in order.

    What is left over goes to the last one; if there are too few, the last is shared.

    Args:
        cell: The cell.
        count: How many activities there are.
        dates: Whether it holds dates, which can be told apart without paragraphs.
    """
    parts = list(cell.paragraphs)
    single = [piece for part in parts for piece in split_windows(part)] if dates else []
    cut = len(parts) != count and len(single) == count
    if cut:
        parts = single
    if not parts:
        return Dealt(("",) * count, True, 0)
    given = [*parts[: count - 1], " ".join(parts[count - 1 :]) or parts[-1]]
    given += [parts[-1]] * (count - len(given))
    return Dealt(tuple(given[:count]), len(parts) == count, len(parts), cut)
