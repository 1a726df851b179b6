"""Word documents: tables with merged cells, tracked insertions and automatic numbers.

The XML is walked directly: python-docx leaves out inserted text under review and tables inside
content controls, and knows nothing of the numbers that Word counts by itself.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing.cells import Cell, Row, Sheet, cell_of, clean
from lifecycle.workflows.importing.faults import LibraryMissing, UnreadableFile
from lifecycle.workflows.importing.limits import refuse_many, swollen
from lifecycle.workflows.importing.word_numbers import Numbering

if TYPE_CHECKING:
    from docx.document import Document

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BREAKS: Final = {f"{_W}tab": " ", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
# What was deleted, or moved from here, under review; tables inside a cell are read on their own.
_NOT_HERE: Final = {_FALLBACK, f"{_W}tbl", f"{_W}del", f"{_W}moveFrom"}
_STRUCK: Final = (f"{_W}rPr/{_W}strike", f"{_W}rPr/{_W}dstrike")
_OFF: Final = {"0", "false", "off"}
MAX_MARKS: Final = 1_000_000
"""Tags of all parts together; a road map with its order has 30,000, and each takes 150 bytes."""
_MAX_SPAN: Final = 50
_MAX_DEPTH: Final = 10


def read_word(path: Path, data: bytes) -> Sheet:
    """Read a Word document.

    Raises:
        LibraryMissing: The extra ``office`` is not installed.
        UnreadableFile: It is damaged or too large.
    """
    document = _opened(path, data)
    reader = _Reader(path, document)
    try:
        reader.walk(document.element.body)
    except (ValueError, KeyError, RecursionError) as error:
        raise UnreadableFile(str(path), Message("the file is damaged")) from error
    return Sheet(tuple(reader.rows), tuple(reader.prose), tuple(reader.notes))


def _opened(path: Path, data: bytes) -> Document:
    try:
        import docx
        from docx.opc.exceptions import PackageNotFoundError
    except ImportError as error:
        raise LibraryMissing(".docx", "office") from error
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
        if sum(archive.read(name).count(b"<") for name in parts) > MAX_MARKS:
            raise swollen(path)
    try:
        return docx.Document(io.BytesIO(data))
    except (PackageNotFoundError, SyntaxError, KeyError, ValueError, AttributeError) as error:
        raise UnreadableFile(str(path), Message("the file is damaged")) from error


class _Reader:
    def __init__(self, path: Path, document: Document) -> None:
        self.rows: list[Row] = []
        self.prose: list[str] = []
        self.notes: list[Message] = []
        self._path = path
        self._numbers = Numbering(document)
        self._tables = 0
        self._lines = 0

    def walk(self, element: Any, depth: int = 0) -> None:
        """Read paragraphs and tables in their order, also inside content controls."""
        for child in element:
            if child.tag == f"{_W}p":
                text = clean(self._text(child))
                if text and not self.rows:
                    self.prose.append(text)
            elif child.tag == f"{_W}tbl":
                self._table(child, depth)
            elif child.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"} and depth < _MAX_DEPTH:
                self.walk(child, depth + 1)

    def _table(self, table: Any, depth: int) -> None:
        number = self._tables
        self._tables += 1
        above: dict[int, Cell] = {}
        for count, row in enumerate(table.iter(f"{_W}tr"), 1):
            if _owner(row) is not table:
                continue
            self._lines += 1
            refuse_many(self._path, self._lines)
            cells, merged = self._cells(row, above)
            words = {"table": number + 1, "row": count}
            place = Message("table {table}, row {row}", words)
            self.rows.append(Row(tuple(cells), number, self._lines, place, merged))
            if any(_is_struck(run) for run in row.iter(f"{_W}r") if _owner(_owner(run)) is row):
                template = "{place} has words that are struck out; they were left out"
                self.notes.append(Message(template, {"place": place}))
        for inner in table.iter(f"{_W}tbl"):
            around = next(inner.iterancestors(f"{_W}tbl"), None)
            if around is table and depth < _MAX_DEPTH:
                self._table(inner, depth + 1)

    def _cells(self, row: Any, above: dict[int, Cell]) -> tuple[list[Cell], bool]:
        """Return the cells of a row by columns, and whether one of them reaches over all."""
        cells = [Cell()] * _number(row.find(f"{_W}trPr/{_W}gridBefore"))
        spans = []
        for part in row.iter(f"{_W}tc"):
            if _owner(part) is not row:
                continue
            properties = part.find(f"{_W}tcPr")
            span = max(1, _number(part.find(f"{_W}tcPr/{_W}gridSpan")))
            merge = properties.find(f"{_W}vMerge") if properties is not None else None
            column = len(cells)
            if merge is not None and merge.get(f"{_W}val", "continue") == "continue":
                cell = above.get(column, Cell())
            else:
                cell = self._cell(part)
            above[column] = cell
            cells += [cell, *[Cell()] * (span - 1)]
            spans.append((span, bool(cell.paragraphs)))
        filled = [span for span, has_text in spans if has_text]
        return cells, len(filled) == 1 and filled[0] > 1 and filled[0] >= len(cells) - 1

    def _cell(self, part: Any) -> Cell:
        texts: list[str] = []
        bold = True
        for paragraph in part.iter(f"{_W}p"):
            if _owner(paragraph) is not part:
                continue
            text = self._text(paragraph)
            if text.strip():
                bold = bold and _is_bold(paragraph)
            elif texts or not self._numbers.counts(paragraph):
                continue
            texts.append(self._numbers.label(paragraph) + text)
        return cell_of("\n".join(texts), bold=bold and bool(texts))

    def _text(self, paragraph: Any) -> str:
        return "".join(_pieces(paragraph))


def _pieces(element: Any) -> Iterator[str]:
    """Yield the visible text: what was inserted under review is there, what was deleted is not."""
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif isinstance(child.tag, str) and child.tag not in _NOT_HERE and not _is_struck(child):
            yield from _pieces(child)


def _is_struck(element: Any) -> bool:
    """Tell whether the text of a run is struck out."""
    marks = [mark for path in _STRUCK if (mark := element.find(path)) is not None]
    return any(mark.get(f"{_W}val", "1") not in _OFF for mark in marks)


def _owner(element: Any) -> Any:
    """Return the table, row or cell that an element belongs to."""
    parent = element.getparent()
    while parent is not None and parent.tag not in {f"{_W}tbl", f"{_W}tr", f"{_W}tc"}:
        parent = parent.getparent()
    return parent


def _number(element: Any) -> int:
    """Return a count that an element bears; 0 without one, and never an absurd one."""
    value = element.get(f"{_W}val", "0") if element is not None else "0"
    return min(int(value), _MAX_SPAN) if value.isdecimal() else 0


def _is_bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.iter(f"{_W}r") if any(text.strip() for text in _pieces(run))]
    marks = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    return bool(marks) and all(
        mark is not None and mark.get(f"{_W}val", "1") not in _OFF for mark in marks
    )
