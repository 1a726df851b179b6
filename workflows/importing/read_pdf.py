"""PDF files with a text layer: ruled tables, cell by cell, and paragraphs inside cells."""

from __future__ import annotations

import io
import re
import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing.cells import MAX_ROWS, Cell, Row, Sheet, cell_of, clean
from lifecycle.workflows.importing.faults import LibraryMissing, UnreadableFile
from lifecycle.workflows.importing.limits import protected

MAX_PAGES: Final = 100
MAX_OBJECTS: Final = 50_000
"""Characters, lines and rectangles of one page; a page full of text has 5,000."""
_PARAGRAPH_GAP: Final = 1.4  # times the usual distance of lines
_WHOLE_ROW: Final = 0.9  # of the table's width
_ADDRESS: Final = re.compile(r"https?://\S*$")
_REST_OF_ADDRESS: Final = re.compile(r"([A-Za-z0-9_~%#?&=+:./-]+)(?:\s|$)")

Box = tuple[float, float, float, float]
_Line = tuple[float, str]


def read_pdf(path: Path, data: bytes) -> Sheet:
    """Read a PDF file.

    Raises:
        LibraryMissing: The extra ``pdf`` is not installed.
        UnreadableFile: It is damaged, protected, a scan, or too large.
    """
    try:
        import pdfplumber
        from pdfminer.pdfdocument import PDFPasswordIncorrect
    except ImportError as error:
        raise LibraryMissing(".pdf", "pdf") from error
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            return _pages(path, document.pages)
    except UnreadableFile:
        raise
    # Damage comes out of the parser as nearly any exception; there is nothing else to learn of it.
    except Exception as error:
        if isinstance(error, PDFPasswordIncorrect) or isinstance(
            error.args[0] if error.args else None, PDFPasswordIncorrect
        ):
            raise protected(path) from error
        raise UnreadableFile(str(path), Message("the file is damaged")) from error


def _pages(path: Path, pages: Sequence[Any]) -> Sheet:
    if len(pages) > MAX_PAGES:
        detail = Message("it has more than {limit} pages", {"limit": MAX_PAGES})
        hint = Message("give the pages with the road map only")
        raise UnreadableFile(str(path), detail, hint)
    rows: list[Row] = []
    prose: list[str] = []
    letters = 0
    for number, page in enumerate(pages, 1):
        if sum(len(objects) for objects in page.objects.values()) > MAX_OBJECTS:
            detail = Message("page {number} is no page of text", {"number": number})
            raise UnreadableFile(str(path), detail)
        letters += len(page.chars)
        _page(number, page, rows, prose)
        page.close()
        if len(rows) > MAX_ROWS:
            detail = Message("its tables have more than {limit} rows", {"limit": MAX_ROWS})
            hint = Message("give the pages with the road map only")
            raise UnreadableFile(str(path), detail, hint)
    if letters == 0:
        hint = Message("recognise the scan with an OCR program, or ask for the document as a file")
        raise UnreadableFile(str(path), Message("it is a scan: its pages hold no text"), hint)
    return Sheet(tuple(rows), tuple(prose))


def _page(number: int, page: Any, rows: list[Row], prose: list[str]) -> None:
    words = page.extract_words(x_tolerance=1.5, use_text_flow=False)
    boxes: list[Box] = []
    for found in page.find_tables():
        boxes.append(found.bbox)
        grid = [[_lines(words, box) for box in row.cells] for row in found.rows]
        usual = _usual_distance([lines for row in grid for lines in row])
        for count, (row, lines) in enumerate(zip(found.rows, grid, strict=True), 1):
            cells = tuple(_cell(part, usual) for part in lines)
            place = Message("page {page}, row {row}", {"page": number, "row": count})
            merged = _reaches_over(row.cells, found.bbox)
            rows.append(Row(cells, 0, len(rows) + 1, place, merged))
    if not rows or all(row.place.parameters["page"] == number for row in rows):
        top = min((box[1] for box in boxes), default=page.height)
        above = (0.0, 0.0, float(page.width), float(top))
        prose += [clean(text) for _, text in _lines(words, above)]


def _lines(words: Sequence[dict[str, Any]], box: Box | None) -> list[_Line]:
    """Return the lines of text whose words have their middle in the box."""
    if box is None:
        return []
    inside = [
        word
        for word in words
        if box[0] <= (word["x0"] + word["x1"]) / 2 < box[2]
        and box[1] <= (word["top"] + word["bottom"]) / 2 < box[3]
    ]
    lines: list[list[dict[str, Any]]] = []
    for word in sorted(inside, key=lambda one: (one["bottom"], one["x0"])):
        height = word["bottom"] - word["top"]
        if lines and word["bottom"] - lines[-1][0]["bottom"] < height / 2:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [
        (line[0]["bottom"], " ".join(w["text"] for w in sorted(line, key=lambda one: one["x0"])))
        for line in lines
    ]


def _usual_distance(cells: Sequence[Sequence[_Line]]) -> float:
    gaps = [after[0] - before[0] for lines in cells for before, after in pairwise(lines)]
    # The lower quarter: lines of one paragraph, even where most cells are parted.
    return statistics.quantiles(gaps, n=4)[0] if len(gaps) > 1 else (gaps or [0.0])[0]


def _cell(lines: Sequence[_Line], usual: float) -> Cell:
    text = ""
    before = 0.0
    for bottom, line in lines:
        if text and bottom - before > _PARAGRAPH_GAP * usual:
            text += "\n"
        elif text and not text.endswith("-") and not _goes_on(text, line):
            text += " "
        text += line
        before = bottom
    return cell_of(text)


def _goes_on(text: str, line: str) -> bool:
    """Tell whether a line begins with the rest of an address that the text ends in."""
    rest = _REST_OF_ADDRESS.match(line)
    if rest is None or not _ADDRESS.search(text):
        return False
    return text[-1] in "./-=?&" or any(char in "./?=&" for char in rest[1])


def _reaches_over(cells: Sequence[Box | None], table: Box) -> bool:
    filled = [box for box in cells if box is not None]
    width = table[2] - table[0]
    return len(filled) == 1 and filled[0][2] - filled[0][0] >= _WHOLE_ROW * width
