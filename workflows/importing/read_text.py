"""Text files whose tables stand in lines of cells parted by tabs, or by bars as in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing.cells import Row, Sheet, cell_of, clean
from lifecycle.workflows.importing.faults import UnreadableFile
from lifecycle.workflows.importing.limits import refuse_many
from lifecycle.workflows.importing.rows import split_heading

_FREQUENT: Final = frozenset("оеаинтсрвл")
_LEAST_FREQUENT: Final = 0.4  # of the Cyrillic letters; Russian prose has 0.6


def read_text(path: Path, data: bytes) -> Sheet:
    """Read a text file.

    Raises:
        UnreadableFile: It is in no encoding known here.
    """
    text, notes = _decoded(path, data)
    rows: list[Row] = []
    prose: list[str] = []
    below = 0  # the last line of the row above
    lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate(lines, 1):
        cells = _cells(line)
        if cells is None:
            words = clean(re.sub(r"\*\*|<[^>]*>|^#+", " ", line))
            if rows and _is_section(words, lines[number:]):
                place = Message("line {number}", {"number": number})
                rows.append(Row((cell_of(words),), 0, number, place, merged=True))
            elif words and not rows:
                prose.append(words)
            elif words and below == number - 1:
                rows[-1] = replace(rows[-1], tail=clean(f"{rows[-1].tail} {words}"))
                below = number
            continue
        below = number
        place = Message("line {number}", {"number": number})
        rows.append(Row(tuple(cell_of(cell) for cell in cells), 0, number, place))
        refuse_many(path, len(rows))
    return Sheet(tuple(rows), tuple(prose), notes)


def _is_section(words: str, below: Sequence[str]) -> bool:
    """Tell whether a line between rows heads the next one, by numbers: «2. Работа» and «2.1»."""
    number, _ = split_heading(words)
    if number is None:
        return False
    following = next((cells for cells in map(_cells, below) if cells is not None), [""])
    return following[0].strip().startswith(f"{number.rstrip('.')}.")


def _cells(line: str) -> list[str] | None:
    if "\t" in line:
        return line.split("\t")
    stripped = line.strip()
    if stripped.startswith("|") and stripped.endswith("|") and len(stripped) > 1:
        return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", stripped[1:-1])]
    return None


def _decoded(path: Path, data: bytes) -> tuple[str, tuple[Message, ...]]:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1251")
    except UnicodeDecodeError:
        text = ""
    # Any bytes can be taken for Windows-1251; only Russian looks like Russian afterwards.
    letters = [char for char in text if "а" <= char.lower() <= "я"]
    frequent = sum(char in _FREQUENT for char in letters)
    if len(letters) < 20 or frequent < _LEAST_FREQUENT * len(letters):
        hint = Message("save it as text in UTF-8")
        raise UnreadableFile(str(path), Message("the text is neither UTF-8 nor Windows-1251"), hint)
    return text, (Message("the text is not in UTF-8; it was read as Windows-1251"),)
