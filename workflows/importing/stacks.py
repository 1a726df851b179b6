"""Cells that hold several activities at once, and how their dates and parties are dealt out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.dates import split_windows
from lifecycle.workflows.importing.cells import Cell, Row
from lifecycle.workflows.importing.rows import FIELDS, Aligned, begins_small

_NUMBER: Final = re.compile(r"^(\d{1,3}(?:\s?\.\s?\d{1,3})*)\s?[.)]\s*(?=\S)")
_INSIDE: Final = re.compile(r"(?<![\d.])(\d{1,2})\s?[.)]\s*(?=[«\"“]?[А-ЯЁA-Z])")


# Cells of a stack that do not part evenly.
_MESSAGES: Final = {
    "when": "{count} activities share {found} date(s): which is whose is not decided",
    "responsible": "{count} activities share {found} entry(ies) of parties: not decided",
    "result": "{count} activities share {found} result(s): which is whose is not decided",
}


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


@dataclass(frozen=True, slots=True)
class Stack:
    """Several activities in one row of the table, or in one that a page has torn.

    Args:
        rows: The row, or its parts.
        cells: The cells of the fields, those of all parts together.
    """

    rows: tuple[Row, ...]
    cells: dict[str, Cell]

    def goes_on(self, read: Aligned) -> bool:
        """Tell whether a row is another part of this one."""
        if read.number is not None or read.beside:
            return False
        here, there = numbered(self.cells["title"]), numbered(read.title)
        if not there:
            return begins_small(read.title.text) and not read.cells["when"].text
        # The numbers go on, and dates that were too many here are missing there.
        spare = len(self.cells["when"].paragraphs) - len(here)
        missing = len(there) - len(read.cells["when"].paragraphs)
        return _follows(there[0][0], here) and 0 < spare <= missing

    def with_row(self, row: Row, read: Aligned) -> Stack:
        """Return the stack with one more part."""
        cells = {
            name: Cell(cell.paragraphs + read.cells[name].paragraphs)
            for name, cell in self.cells.items()
        }
        return Stack((*self.rows, row), cells)

    def activities(
        self,
    ) -> Iterator[tuple[dict[str, str], str, list[Message], list[Message]]]:
        """Yield the texts of each activity, its number, what is broken, and the doubts."""
        items = numbered(self.cells["title"])
        shares = {
            name: dealt(self.cells[name], len(items), dates=name == "when")
            for name in FIELDS
            if name != "title"
        }
        template = "{count} activities stand in one row ({place}); taken in order"
        places = [row.place for row in self.rows]
        damage = [Message(template, {"count": len(items), "place": places})]
        doubts = []
        if shares["when"].cut:
            template = "several dates stand in one cell; they were parted and taken in order"
            doubts.append(Message(template))
        for name, share in shares.items():
            if not share.exact:
                counts = {"count": len(items), "found": share.found}
                doubts.append(Message(_MESSAGES[name], counts))
        for place, (number, title) in enumerate(items):
            texts = {name: share.parts[place] for name, share in shares.items()}
            yield {"title": title, **texts}, number, damage, doubts
