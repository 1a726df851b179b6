"""A workbook as JSON; run as a module, on its own: see ``apart``."""

from __future__ import annotations

import io
import math
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from lifecycle.workflows.importing.apart import answer

MAX_AREA: Final = 1_000_000
"""Cells between the first and the last filled one; the library keeps all of them in memory."""


def _read(data: bytes) -> dict[str, Any]:
    """Return the visible sheets with their rows and merged cells, or why there are none."""
    from python_calamine import (
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    sheets = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for meta in book.sheets_metadata:
                if (meta.visible, meta.typ) != (SheetVisibleEnum.Visible, SheetTypeEnum.WorkSheet):
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                area = sheet.total_height, sheet.total_width
                if area[0] * area[1] > MAX_AREA:
                    return {"area": area}
                rows = sheet.to_python(skip_empty_area=False)
                sheets.append(
                    {
                        "name": meta.name,
                        "rows": [[_text(value) for value in row] for row in rows],
                        "merges": sheet.merged_cell_ranges or [],
                    }
                )
    except PasswordError:
        return {"password": True}
    return {"sheets": sheets}


def _text(value: Any) -> str | float:
    """Return what a cell shows: a real date as day, month and year; a fraction as it is."""
    if isinstance(value, datetime | date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, bool | time | timedelta):
        return ""
    return str(value)


if __name__ == "__main__":
    answer(_read)
