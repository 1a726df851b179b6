"""The rows of a road map's table as activities: headings, torn rows, shifted and stacked cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.dates import is_date
from lifecycle.workflows.importing.cells import Cell, Row
from lifecycle.workflows.importing.columns import Columns

FIELDS: Final = ("title", "when", "responsible", "result")
NUMBER: Final = re.compile(r"^((?:\d{1,3})(?:\s?\.\s?\d{1,3})*)(?:\s?[.)]+\s*|\s+|$)(.*)$", re.S)
_ROMAN: Final = re.compile(r"^([IVX]{1,5})(?:\s?[.)]\s*|\s+)(.*)$", re.S)


@dataclass(slots=True)
class Entry:
    """An activity as the table holds it; texts are empty where a cell is.

    Args:
        number: Its number, without blanks and the last dot.
        section: Number of its section.
        texts: The texts of the fields in ``FIELDS``.
        lines: Where it stands in the file.
        places: The same in words.
        damage: What is broken and how it was read.
        doubts: What a person has to decide about it, dates apart.
    """

    number: str | None
    section: str | None
    texts: dict[str, str]
    lines: list[int] = field(default_factory=list)
    places: list[Message] = field(default_factory=list)
    damage: list[Message] = field(default_factory=list)
    doubts: list[Message] = field(default_factory=list)

    def at(self, row: Row) -> None:
        """Note that the activity stands in this row, too."""
        if row.line not in self.lines:
            self.lines.append(row.line)
            self.places.append(row.place)
            if row.tail:
                template = "«{text}» stands below it outside the table; it was left out"
                self.broken(Message(template, {"text": row.tail}), doubt=True)

    def broken(self, message: Message, *, doubt: bool = False) -> None:
        """Note what is broken, and whether a person has to look."""
        (self.doubts if doubt else self.damage).append(message)


@dataclass(frozen=True, slots=True)
class Aligned:
    """A row whose cells are given to their fields.

    Args:
        number: The number in the column of numbers.
        beside: What else stands there.
        cells: The cells of the fields in ``FIELDS``.
        others: The texts of all other cells.
        shift: How many columns to the right the cells stand.
    """

    number: str | None
    beside: str
    cells: dict[str, Cell]
    others: tuple[str, ...]
    shift: int = 0

    @property
    def title(self) -> Cell:
        """The cell of the activity."""
        return self.cells["title"]

    def says_only_title(self) -> bool:
        """Tell whether nothing stands beside the number and the title."""
        return not self.others and not any(self.cells[name].text for name in FIELDS[1:])

    def is_empty(self) -> bool:
        """Tell whether no field has a text."""
        return not self.beside and not any(cell.text for cell in self.cells.values())


def split_number(text: str) -> tuple[str | None, str]:
    """Return the number that a text begins with, without blanks, and the rest."""
    found = NUMBER.match(text)
    if found is None:
        return None, text
    return re.sub(r"\s", "", found[1]), found[2].strip()


def split_heading(text: str) -> tuple[str | None, str]:
    """Return the number, decimal or Roman, and the words of a heading of a section."""
    found = _ROMAN.match(text)
    return (found[1], found[2].strip()) if found else split_number(text)


def aligned(row: Row, columns: Columns, shift: int | None = None) -> Aligned:
    """Give the cells of a row to the fields, also where they stand beside their columns.

    Scanners lose and invent cells. The date is the anchor: if it stands one column off, and the row
    has a cell too many or its number in one cell with the activity, the others stand off, too.

    Args:
        row: The row.
        columns: What the columns hold.
        shift: How far the cells stand off, if that is known.
    """
    if shift is None:
        shift = _shift(row, columns)
    heading = _heading_beside(row, columns)
    if heading is not None:
        empty = {name: Cell() for name in FIELDS}
        return Aligned(*split_number(heading.text), {**empty, "title": Cell(bold=True)}, ())
    column = columns.of("number")
    number, beside = split_number(row.cell(column).text) if column is not None else (None, "")
    cells = {name: _cell(row, columns, name, shift) for name in FIELDS}
    used = {
        columns.places[name] + shift
        for name in (*FIELDS, "begins", "ends")
        if name in columns.places
    }
    if column is not None:
        used.add(column)
        if columns.places["title"] + shift == column:
            cells["title"] = replace(row.cell(column), paragraphs=(beside,) if beside else ())
            beside = ""
    if shift == 0 and row.merged:
        return Aligned(number, beside, cells, ())
    known = {place + shift for name, place in columns.places.items() if name == "other"}
    named = known | {place + shift for place in range(columns.width)} if shift == 0 else known
    others = tuple(
        cell.text
        for place, cell in enumerate(row.cells)
        if place not in used and cell.text and place not in named
    )
    return Aligned(number, beside, cells, others, shift)


def _heading_beside(row: Row, columns: Columns) -> Cell | None:
    """Return a heading of a section that stands in another column than number and activity.

    It reaches over the row, or stands alone in the first column, bold or with a number.
    """
    filled = [(place, cell) for place, cell in enumerate(row.cells) if cell.text]
    if len(filled) != 1:
        return None
    place, cell = filled[0]
    if place in {columns.of("number"), columns.of("title")} or begins_small(cell.text):
        return None
    numbered = split_heading(cell.text)[0] is not None
    alone = place == 0 and (cell.bold or numbered) and not is_date(cell.text)
    return cell if row.merged or alone else None


def _cell(row: Row, columns: Columns, name: str, shift: int) -> Cell:
    if name == "when" and ("begins" in columns.places or "ends" in columns.places):
        ends = [columns.places[end] for end in ("begins", "ends") if end in columns.places]
        texts = [row.cell(place + shift).text for place in ends]
        numeric = any(row.cell(place + shift).numeric for place in ends)
        if len(ends) == 2 and all(texts) and texts[0] != texts[1]:
            return Cell((" – ".join(texts),), numeric=numeric)
        found = tuple(text for text in texts[:1] if text) or tuple(filter(None, texts))
        return Cell(found, numeric=numeric)
    place = columns.of(name)
    return row.cell(place + shift) if place is not None else Cell()


def _shift(row: Row, columns: Columns) -> int:
    when, number = columns.places["when"], columns.of("number")
    if is_date(row.cell(when).text) or number is None:
        return 0
    width = max((n for n, cell in enumerate(row.cells, 1) if cell.text or cell.linked), default=0)
    if width > columns.width and is_date(row.cell(when + 1).text):
        return 1
    glued = split_number(row.cell(number).text)
    if columns.places["title"] == number + 1 and is_date(row.cell(when - 1).text):
        has_words = glued[0] is not None and len(glued[1]) > 5
        return -1 if has_words else 0
    return 0


def begins_small(text: str) -> bool:
    """Tell whether a text begins in the middle of a sentence."""
    letter = next((char for char in text if char.isalpha()), "")
    return letter.islower()


def merged_texts(texts: Sequence[str]) -> str:
    """Join the fragments of a torn text with one blank."""
    return " ".join(text for text in texts if text)
