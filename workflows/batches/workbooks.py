"""Workbooks as rows of texts: read in a process of its own, like those that are imported."""

from __future__ import annotations

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.batches import workbook
from lifecycle.workflows.batches.faults import InvalidBatch
from lifecycle.workflows.importing.apart import run_apart
from lifecycle.workflows.importing.faults import LibraryMissing, UnreadableFile

_MAX_BYTES: Final = 50 * 1024 * 1024
_SAVE: Final = Message("save it anew in an office program, or as «CSV UTF-8»")
_FAULTS: Final = {
    "password": Message("it is protected with a password"),
    "none": Message("no sheet has anything on it"),
    "several": Message("several sheets have something on them; leave one"),
    "large": Message("its cells are spread too widely"),
}


def unpacked(path: Path, book: IO[bytes]) -> IO[bytes]:
    """Return a file without a name that has each row as a line: its number and its cells, as JSON.

    Args:
        path: The workbook, for messages.
        book: What it holds.

    Raises:
        LibraryMissing: The extra ``office`` is not installed.
        InvalidBatch: It is damaged, protected or too large, or more than one sheet is filled.
    """
    if find_spec("python_calamine") is None:
        raise LibraryMissing(".xlsx", "office")
    data = book.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        limit = {"limit": _MAX_BYTES // 1024 // 1024}
        raise InvalidBatch(str(path), Message("it is larger than {limit} MB", limit), _SAVE)
    rows = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        run_apart(path, workbook.__name__, data, rows)
        rows.seek(0)
        first = json.loads(rows.readline())
        if isinstance(first, str):
            raise InvalidBatch(str(path), _FAULTS[first], _SAVE)
    except UnreadableFile as error:
        rows.close()
        raise InvalidBatch(str(path), error.facts["detail"], _SAVE) from error
    except BaseException:
        rows.close()
        raise
    rows.seek(0)
    return rows
