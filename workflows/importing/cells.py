"""What every kind of file is read into: rows of cells, and the prose around the tables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lifecycle.domain.messages import Message

_LINK: Final = re.compile(r"<a\b[^>]*>.*?</a>|https?://\S+|\[([^\]]*)\]\([^)]*\)", re.IGNORECASE)
_TAGS: Final = re.compile(r"</?(?:b|i|u|strong|em|span|sup|sub)\b[^>]*>|\*\*", re.IGNORECASE)
_PARAGRAPHS: Final = re.compile(r"</?(?:p|br|div|li|ul|ol)\b[^>]*>|[\n\r\v\f\u2028\u2029]", re.I)
# What a definition file may not hold, and what nobody sees.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u2060\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, without markup and links.

    Args:
        paragraphs: Its text; more than one where the cell is parted.
        bold: Whether it is set in bold, as headings are.
        linked: Whether it held links, which are left out.
        numeric: Whether it is a number with a fraction, which has lost the zeros at its end.
    """

    paragraphs: tuple[str, ...] = ()
    bold: bool = False
    linked: bool = False
    numeric: bool = False

    @property
    def text(self) -> str:
        """The paragraphs, joined with one blank."""
        return " ".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Args:
        cells: The cells; one that is merged over columns stands in the first of them.
        table: Which table of the file, from 0.
        line: Its number in the file: a line, or a row.
        place: Where it stands, in words.
        merged: Whether one cell reaches over the whole row.
        tail: What stands right below it outside the table, perhaps the end of its last cell.
    """

    cells: tuple[Cell, ...]
    table: int
    line: int
    place: Message
    merged: bool = False
    tail: str = ""

    def cell(self, column: int) -> Cell:
        """Return the cell of a column; an empty one where the row has none."""
        return self.cells[column] if 0 <= column < len(self.cells) else Cell()

    @property
    def texts(self) -> list[str]:
        """The text of every cell."""
        return [cell.text for cell in self.cells]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds.

    Args:
        rows: The rows of all its tables, in reading order.
        prose: The lines outside the tables that come before the first row of a table.
        notes: What has to be said about the reading of the file.
    """

    rows: tuple[Row, ...]
    prose: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()


def cell_of(text: str, *, bold: bool = False) -> Cell:
    """Return the cell that holds *text*, its markup taken off and its links left out."""
    plain = _LINK.sub(lambda found: found[1] or " ", text)
    linked = plain != text
    bold = bold or _all_bold(plain)
    plain = _TAGS.sub(" " if "<" in plain else "", plain)
    paragraphs = (clean(part) for part in _PARAGRAPHS.split(plain))
    return Cell(tuple(part for part in paragraphs if part), bold, linked)


def clean(text: str) -> str:
    """Return *text* without invisible characters and with single blanks."""
    return " ".join(_INVISIBLE.sub("", text.replace("&nbsp;", " ")).split())


def _all_bold(text: str) -> bool:
    stripped = text.strip()
    return bool(re.fullmatch(r"<(b|strong)>.*</\1>|\*\*.*\*\*", stripped, re.I | re.S))


def is_blank(cells: Iterable[Cell]) -> bool:
    """Tell whether nothing but dashes stands in the cells."""
    return not any(cell.text.strip("-–—_=:| ") for cell in cells)
