"""Workbooks: .xlsx, .xls and .ods."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing import workbook
from lifecycle.workflows.importing.apart import read_apart
from lifecycle.workflows.importing.cells import Cell, Row, Sheet, cell_of
from lifecycle.workflows.importing.faults import LibraryMissing, UnreadableFile
from lifecycle.workflows.importing.limits import refuse_many

_REFERENCE: Final = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]{1,4})([0-9]{1,8})["']""")
_OPEN_TAGS: Final = re.compile(rb"<table:(table-row|(?:covered-)?table-cell)\b([^>]*)>")
_REPEATED: Final = re.compile(rb"""number-(?:rows|columns)-repeated=["'](\d{1,9})["']""")

Merge = tuple[tuple[int, int], tuple[int, int]]  # row and column of the first and the last cell


def read_sheet(path: Path, data: bytes, kind: str) -> Sheet:
    """Read a workbook, every visible sheet of it.

    Args:
        path: The file, for messages.
        data: What it holds.
        kind: ``xlsx``, ``xls`` or ``ods``.

    Raises:
        LibraryMissing: The extra ``office`` is not installed.
        UnreadableFile: It is damaged, protected or too large.
    """
    if find_spec("python_calamine") is None:
        raise LibraryMissing(f".{kind}", "office")
    if kind == "xlsx":
        _refuse_area(path, _area_of_workbook(data))
    elif kind == "ods":
        _refuse_area(path, _area_of_opendocument(data))
    rows: list[Row] = []
    found = read_apart(path, workbook.__name__, data)
    _refuse_area(path, found.get("area", (0, 0)))
    for table, sheet in enumerate(found["sheets"]):
        rows += _rows(sheet["name"], table, sheet["rows"], sheet["merges"])
        refuse_many(path, len(rows))
    return Sheet(tuple(rows))


def _refuse_area(path: Path, area: Sequence[int]) -> None:
    rows, columns = area
    if rows * columns > workbook.MAX_AREA:
        spread = {"rows": rows, "columns": columns}
        template = "its cells are spread over {rows} rows and {columns} columns"
        raise UnreadableFile(str(path), Message(template, spread))


def _area_of_workbook(data: bytes) -> tuple[int, int]:
    """Return the rows and columns of the largest sheet of an .xlsx file."""
    area = (0, 0)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                continue
            rows, columns = 0, 0
            for found in _REFERENCE.finditer(archive.read(name)):
                rows = max(rows, int(found[2]))
                columns = max(columns, _column(found[1]))
            area = max(area, (rows, columns), key=lambda one: one[0] * one[1])
    return area


def _area_of_opendocument(data: bytes) -> tuple[int, int]:
    """Return the filled rows and columns of an .ods file: cells and rows may be said to repeat."""
    rows, columns, here, times, filled = 0, 0, 0, 1, False
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    for found in _OPEN_TAGS.finditer(content):
        repeated = _REPEATED.search(found[2])
        number = int(repeated[1]) if repeated else 1
        if found[1] == b"table-row":
            rows += times if filled else 0
            here, times, filled = 0, number, False
        else:
            here += number
            if not found[2].endswith(b"/"):
                filled = True
                columns = max(columns, here)
    return rows + (times if filled else 0), columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _rows(
    name: str, table: int, values: Sequence[list[str | float]], merges: Iterable[Merge]
) -> list[Row]:
    wide: dict[int, int] = {}
    for (top, left), (bottom, right) in merges:
        if top >= len(values) or left >= len(values[top]):
            continue
        # A cell merged downwards counts for every row; one merged sideways stands in its first.
        for below in range(top + 1, min(bottom, len(values) - 1) + 1):
            values[below][left] = values[top][left]
        if right > left:
            wide[top] = max(wide.get(top, 0), right - left + 1)
    found = []
    for number, row in enumerate(values):
        filled = [value for value in row if str(value).strip()]
        if not filled:
            continue
        merged = len(filled) == 1 and wide.get(number, 0) > 1
        place = Message("sheet «{sheet}», row {number}", {"sheet": name, "number": number + 1})
        found.append(Row(tuple(map(_cell, row)), table, number + 1, place, merged))
    return found


def _cell(value: str | float) -> Cell:
    return cell_of(value) if isinstance(value, str) else Cell((str(value),), numeric=True)
