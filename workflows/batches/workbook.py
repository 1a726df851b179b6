"""A workbook's rows as lines of JSON; run as a module, on its own: see ``importing.apart``.

A line is the number of a row and the texts of its cells; or, as the only one, a text that says
why there are none.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final

from lifecycle.workflows.importing.apart import limit

MAX_AREA: Final = 4_000_000
"""Cells between the first and the last filled one; the library keeps all of them in memory."""
MAX_BYTES: Final = 512 * 1024 * 1024
"""Of all lines; one text can be said to stand in every cell."""


def _lines(data: bytes) -> Iterator[Any]:
    """Yield the rows of the one visible sheet that has any, or why there are none."""
    from python_calamine import (
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    filled = None
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for meta in book.sheets_metadata:
                if (meta.visible, meta.typ) != (SheetVisibleEnum.Visible, SheetTypeEnum.WorkSheet):
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                if not sheet.height:
                    continue
                if filled is not None:
                    yield "several"
                    return
                filled = sheet
            if filled is None:
                yield "none"
                return
            if filled.total_height * filled.total_width > MAX_AREA:
                yield "large"
                return
            for number, row in enumerate(filled.iter_rows(), 1):
                yield number, [_text(value) for value in row]
    except PasswordError:
        yield "password"


def _text(value: Any) -> str:
    """Return what a cell holds as one would type it: a date as YEAR-MONTH-DAY."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _answer() -> None:
    limit()
    left = MAX_BYTES
    for line in _lines(sys.stdin.buffer.read()):
        text = json.dumps(line).encode("ascii") + b"\n"
        left -= len(text)
        if left < 0:
            raise SystemExit("more than any batch has")
        sys.stdout.buffer.write(text)


if __name__ == "__main__":
    _answer()
