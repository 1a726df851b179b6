"""The ruled tables of a PDF file as JSON; run as a module, on its own: see ``apart``."""

from __future__ import annotations

import io
import re
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from lifecycle.workflows.importing.apart import answer
from lifecycle.workflows.importing.limits import MAX_ROWS

MAX_PAGES: Final = 100
MAX_OBJECTS: Final = 50_000
"""Characters, lines and rectangles of one page; a page full of text has 5,000."""
_PARAGRAPH_GAP: Final = 1.4  # times the usual distance of lines
_WHOLE_ROW: Final = 0.9  # of the table's width
_ADDRESS: Final = re.compile(r"https?://\S*$")
_REST_OF_ADDRESS: Final = re.compile(r"([A-Za-z0-9_~%#?&=+:./-]+)(?:\s|$)")

Box = tuple[float, float, float, float]
_Line = tuple[float, str]


def _read(data: bytes) -> dict[str, Any]:
    """Return rows, prose and how many letters there are, or why there is nothing."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect

    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            return _pages(document.pages)
    # Damage comes out of the parser as nearly any exception, and ends this process.
    except Exception as error:
        causes = (error, *error.args)
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in causes):
            return {"password": True}
        raise


def _pages(pages: Sequence[Any]) -> dict[str, Any]:
    if len(pages) > MAX_PAGES:
        return {"pages": len(pages)}
    rows: list[dict[str, Any]] = []
    prose: list[str] = []
    letters = 0
    for number, page in enumerate(pages, 1):
        if sum(len(objects) for objects in page.objects.values()) > MAX_OBJECTS:
            return {"page": number}
        letters += len(page.chars)
        _page(number, page, rows, prose)
        page.close()
        if len(rows) > MAX_ROWS:
            break
    return {"rows": rows, "prose": prose, "letters": letters}


def _page(number: int, page: Any, rows: list[dict[str, Any]], prose: list[str]) -> None:
    words = page.extract_words(x_tolerance=1.5, use_text_flow=False)
    tables = page.find_tables()
    if not rows:
        top = min((table.bbox[1] for table in tables), default=page.height)
        above = (0.0, 0.0, float(page.width), float(top))
        prose += [text for _, text in _lines(words, above)]
    for table in tables:
        grid = [[_lines(words, box) for box in row.cells] for row in table.rows]
        usual = _usual_distance([lines for row in grid for lines in row])
        for count, (row, cells) in enumerate(zip(table.rows, grid, strict=True), 1):
            rows.append(
                {
                    "page": number,
                    "row": count,
                    "cells": [_text(lines, usual) for lines in cells],
                    "merged": _reaches_over(row.cells, table.bbox),
                }
            )


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


def _text(lines: Sequence[_Line], usual: float) -> str:
    """Return the lines as one text; paragraphs have a line of their own."""
    text = ""
    before = 0.0
    for bottom, line in lines:
        if text and bottom - before > _PARAGRAPH_GAP * usual:
            text += "\n"
        elif text and not text.endswith("-") and not _goes_on(text, line):
            text += " "
        text += line
        before = bottom
    return text


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


if __name__ == "__main__":
    answer(_read)
