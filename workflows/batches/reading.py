"""Reads a batch: a copy of the file first, so that all of a run is of one content.

The copy has no name and vanishes with the process. Lines are read out of it one by one, as often
as they are asked for; no more than one is in memory.
"""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from lifecycle.domain.messages import Message
from lifecycle.workflows.batches.columns import HEADINGS, column_of
from lifecycle.workflows.batches.faults import InvalidBatch
from lifecycle.workflows.batches.lines import Line, unknown
from lifecycle.workflows.written import json_from, start_of

KINDS: Final = (".jsonl", ".csv", ".xlsx")
MAX_LINE: Final = 256 * 1024
"""Longest line, bytes; a record holds 64 KiB."""
MAX_COLUMNS: Final = 200
_CHUNK: Final = 1024 * 1024
_AFTER_CR: Final = re.compile(r"(?<=\r)")
_DELIMITERS: Final = ",;\t"
_KINDS_HINT: Final = Message("give it as .jsonl, .csv or .xlsx")
_UTF8: Final = Message("save it in UTF-8; Excel calls that «CSV UTF-8»")
_TABLE: Final = Message(
    "the first row has the headings: {headings}", {"headings": ", ".join(HEADINGS)}
)


class BatchFile:
    """A file of lines, copied and ready to be read.

    Args:
        path: The file.

    Raises:
        InvalidBatch: It is missing, of another kind, or cannot be read.
        LibraryMissing: It is a workbook, and the extra ``office`` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kind = path.suffix.lower()
        if self._kind not in KINDS:
            detail = Message("files named {suffix} are not read", {"suffix": path.suffix or "-"})
            raise InvalidBatch(str(path), detail, _KINDS_HINT)
        # Not a context here: it is closed with this object.
        self._copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            self.digest = self._filled()
            if self._kind == ".xlsx":
                self._unpack()
        except BaseException:
            self._copy.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._copy.close()

    def lines(self) -> Iterator[Line]:
        """Yield every line that is not empty, from the first one on.

        A line that cannot be read bears its fault.

        Raises:
            InvalidBatch: The file as a whole cannot be read, as without headings.
        """
        self._copy.seek(0)
        if self._kind == ".jsonl":
            yield from self._of_json()
        elif self._kind == ".csv":
            yield from self._of_table(self._cells())
        else:
            yield from self._of_table(_unpacked(self._copy))

    def _filled(self) -> str:
        """Copy the file, and return the SHA-256 of what was copied."""
        digest = sha256()
        try:
            with self.path.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    self._copy.write(chunk)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            detail = Message("the system says: {detail}", {"detail": reason})
            raise InvalidBatch(
                str(self.path), detail, Message("check the name and the folder")
            ) from error
        return digest.hexdigest()

    def _unpack(self) -> None:
        """Put the rows of a workbook in the place of the workbook."""
        from lifecycle.workflows.batches.workbooks import unpacked

        self._copy.seek(0)
        rows = unpacked(self.path, self._copy)
        self._copy.close()
        self._copy = rows

    def _of_json(self) -> Iterator[Line]:
        number = 0
        while data := self._copy.readline(MAX_LINE + 1):
            number += 1
            if len(data) > MAX_LINE:
                while data and not data.endswith(b"\n"):
                    data = self._copy.readline(MAX_LINE)
                yield Line(number, {}, _too_long())
                continue
            data = data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data
            if data.strip():
                yield _json_line(number, data)

    def _cells(self) -> Iterator[tuple[int, list[str] | Message]]:
        """Yield the rows of a CSV file, each with the number of its first line."""
        start = self._copy.readline(MAX_LINE).decode("utf-8", "replace")
        self._copy.seek(0)
        delimiter = max(_DELIMITERS, key=_without_quoted(start).count)
        rows = csv.reader(self._texts(), delimiter=delimiter, strict=True)
        while True:
            number = rows.line_num + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, Message("it is not CSV: {detail}", {"detail": str(error)})
                continue
            yield number, row

    def _texts(self) -> Iterator[str]:
        """Yield the lines of the copy, their ends included."""
        first = True
        while data := self._copy.readline(MAX_LINE + 1):
            if len(data) > MAX_LINE:
                raise InvalidBatch(str(self.path), _too_long(), _TABLE)
            try:
                text = data.decode("utf-8-sig" if first else "utf-8")
            except UnicodeDecodeError as error:
                detail = Message("the text is not in UTF-8")
                raise InvalidBatch(str(self.path), detail, _UTF8) from error
            if first and "\n" not in text:
                yield from filter(None, _AFTER_CR.split(text))  # lines as old programs end them
            else:
                yield text
            first = False

    def _of_table(self, rows: Iterator[tuple[int, list[str] | Message]]) -> Iterator[Line]:
        headings: list[str] | None = None
        for number, row in rows:
            if isinstance(row, Message):
                if headings is None:
                    raise InvalidBatch(str(self.path), row, _TABLE)
                yield Line(number, {}, row)
            elif not any(cell.strip() for cell in row):
                continue
            elif headings is None:
                headings = self._headings(row)
            else:
                yield _table_line(number, headings, row)
        if headings is None:
            raise InvalidBatch(str(self.path), Message("the file is empty"), _TABLE)

    def _headings(self, row: list[str]) -> list[str]:
        """Return the columns that the headings name; an empty one where there is no heading."""
        found: list[str] = []
        for heading in row:
            column = column_of(heading) if heading.strip() else ""
            if column is None:
                facts = {"heading": start_of(heading), "detail": unknown(heading)}
                detail = Message("heading {heading}: {detail}", facts)
                raise InvalidBatch(str(self.path), detail, _TABLE)
            if column and column in found:
                detail = Message("column {column} is there twice", {"column": column})
                raise InvalidBatch(str(self.path), detail, _TABLE)
            found.append(column)
        for column in ("school", "transition"):
            if column not in found:
                detail = Message("column {column} is missing", {"column": column})
                raise InvalidBatch(str(self.path), detail, _TABLE)
        return found


def _json_line(number: int, data: bytes) -> Line:
    try:
        values = json_from(data.decode("utf-8"))
    except UnicodeDecodeError:
        return Line(number, {}, Message("the text is not in UTF-8"))
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        return Line(number, {}, Message("it is not JSON: {detail}", {"detail": detail}))
    if not isinstance(values, dict):
        return Line(number, {}, Message("it is not a JSON object"))
    return Line(number, values)


def _table_line(number: int, headings: list[str], row: list[str]) -> Line:
    values: dict[str, Any] = {}
    for place, cell in enumerate(row):
        heading = headings[place] if place < len(headings) else ""
        if heading:
            values[heading] = cell
        elif cell.strip():
            facts = {"text": start_of(cell), "column": place + 1}
            return Line(
                number, {}, Message("«{text}» stands in column {column} without a heading", facts)
            )
    if sum(map(len, row)) > MAX_LINE:
        return Line(number, {}, _too_long())
    return Line(number, values, cells=True)


def _unpacked(rows: IO[bytes]) -> Iterator[tuple[int, list[str] | Message]]:
    for data in rows:
        number, row = json.loads(data)
        yield number, row


def _too_long() -> Message:
    return Message("it is longer than {limit} KB", {"limit": MAX_LINE // 1024})


def _without_quoted(text: str) -> str:
    return re.sub(r'"[^"]*"', "", text)
