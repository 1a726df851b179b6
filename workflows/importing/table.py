"""The whole table of a road map: every row becomes a heading, an activity, or a part of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lifecycle.domain.messages import Message
from lifecycle.workflows.dates import is_point
from lifecycle.workflows.importing.cells import Row, is_blank
from lifecycle.workflows.importing.columns import (
    Columns,
    columns_of,
    is_numbering,
    is_other_heading,
    refined,
)
from lifecycle.workflows.importing.rows import (
    FIELDS,
    Aligned,
    Entry,
    aligned,
    begins_small,
    merged_texts,
    split_heading,
)
from lifecycle.workflows.importing.stacks import Stack, numbered


@dataclass(slots=True)
class Section:
    """A heading of the table.

    Args:
        number: Its number; given by us where it has none.
        title: Its words.
        lines: Where it stands.
    """

    number: str
    title: str
    lines: list[int]


@dataclass(slots=True)
class Table:
    """What the rows of a file say.

    Args:
        columns: What the columns hold; ``None`` if no heading of a road map was found.
        sections: The headings.
        entries: The activities.
        notes: What was left out, and why.
        prose: The rows before the heading.
    """

    columns: Columns | None = None
    sections: list[Section] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)


def read_table(rows: Sequence[Row]) -> Table:
    """Read the rows of a file."""
    reader = _Reader(rows)
    for place, row in enumerate(rows):
        reader.take(place, row)
    return reader.table


class _Reader:
    def __init__(self, rows: Sequence[Row]) -> None:
        self.table = Table()
        self._rows = rows
        self._columns: Columns | None = None
        self._at = -1  # the table of the file that the last row belonged to
        self._fresh = False  # whether the last row was the heading
        self._section: str | None = None
        self._shift = 0  # how far the cells of the last activity stand off
        self._stack: Stack | None = None  # the activities of the last row, if there were several

    def take(self, place: int, row: Row) -> None:
        changed, self._at = row.table != self._at, row.table
        if is_blank(row.cells) and not any(cell.linked for cell in row.cells):
            return
        columns = columns_of(row)
        if columns is not None:
            self._columns, self._fresh = columns, True
            self.table.columns = self.table.columns or columns
            return
        if self._columns is None:
            if self.table.columns is None:
                self.table.prose.append(merged_texts(row.texts))
            return
        if self._is_below_heading(row, self._columns):
            return
        foreign = changed and not self._fresh and len(row.cells) != self._columns.width
        self._fresh = False
        if foreign or is_other_heading(row):
            template = "from {place} on there is a table of something else"
            self.table.notes.append(Message(template, {"place": row.place}))
            self._columns = None
            return
        self._data(place, row, self._columns)

    def _is_below_heading(self, row: Row, columns: Columns) -> bool:
        """Tell whether the row belongs to the heading, and take over what it makes exact."""
        if is_numbering(row.texts) and sum(map(bool, row.texts)) >= columns.width - 1:
            return True
        second = refined(columns, row) if self._fresh else None
        if second is not None:
            self._columns = second
        return second is not None

    def _data(self, place: int, row: Row, columns: Columns) -> None:
        read = aligned(row, columns)
        if self._shift and read.number is None and not read.shift and not row.merged:
            read = aligned(row, columns, self._shift)  # the rest of a row whose cells stand off
        if read.is_empty() and not read.others:
            self._without_text(row, read)
        elif self._is_heading(place, row, read):
            self._heading(row, read)
        elif self._stack is not None and self._stack.goes_on(read):
            self._pile(self._stack.with_row(row, read))
        elif self._continues(read, columns):
            self._continue(row, read)
        else:
            self._activities(row, read)

    def _without_text(self, row: Row, read: Aligned) -> None:
        if read.number is not None:
            template = "{place} has the number {number} and nothing else; it was left out"
            empty = {"place": row.place, "number": read.number}
            self.table.notes.append(Message(template, empty))
        elif self.table.entries:
            last = self.table.entries[-1]
            last.at(row)
            last.broken(Message("its links go on in {place}", {"place": row.place}))

    # -- headings -------------------------------------------------------------------------------

    def _is_heading(self, place: int, row: Row, read: Aligned) -> bool:
        if not read.says_only_title() or read.shift:
            return False
        if row.merged or (read.beside and not read.title.text):
            return not begins_small(read.beside or read.title.text)
        if read.number is None:
            return read.title.bold and not begins_small(read.title.text)
        if read.title.bold:
            return True
        return "." not in read.number and self._opens_section(place, read.number)

    def _opens_section(self, place: int, number: str) -> bool:
        """Tell whether a number with a title only is followed by activities of its own."""
        following = self._next(place)
        if following is None or self._columns is None:
            return False
        if following.number is None:
            return bool(numbered(following.title))
        if following.number.startswith(f"{number}."):
            return True
        return following.number == "1"

    def _next(self, place: int) -> Aligned | None:
        for row in self._rows[place + 1 :]:
            if self._columns is None or is_blank(row.cells) or columns_of(row) is not None:
                continue
            read = aligned(row, self._columns)
            if read.number is not None or not read.is_empty():
                return read
        return None

    def _heading(self, row: Row, read: Aligned) -> None:
        text = merged_texts([read.beside, read.title.text])
        number, title = read.number, text
        if number is None:
            number, title = split_heading(text)
        taken = {section.number for section in self.table.sections}
        if number is None or not title or number in taken:
            given = next(str(n) for n in range(1, len(taken) + 2) if str(n) not in taken)
            template = "the section «{title}» has no number of its own; it was given {number}"
            self.table.notes.append(Message(template, {"title": text, "number": given}))
            number, title = given, title or text
        self._section = number
        self.table.sections.append(Section(number, title, [row.line]))

    # -- activities -----------------------------------------------------------------------------

    def _continues(self, read: Aligned, columns: Columns) -> bool:
        entries = self.table.entries
        if not entries:
            return False
        if read.number is not None:  # a cell merged downwards over several rows
            same = (
                read.number == entries[-1].number and read.title.text == entries[-1].texts["title"]
            )
            return same and entries[-1].section == self._section
        if read.beside:
            return not read.title.text and begins_small(read.beside) and read.says_only_title()
        if numbered(read.title):
            return False
        if read.cells["when"].text:
            return not read.title.text or begins_small(read.title.text)
        return columns.of("number") is not None or begins_small(read.title.text)

    def _continue(self, row: Row, read: Aligned) -> None:
        entry = self.table.entries[-1]
        for name in FIELDS:
            text = read.cells[name].text
            if name == "title":
                text = text or read.beside
            if text and text != entry.texts[name]:
                entry.texts[name] = merged_texts([entry.texts[name], text])
        entry.at(row)
        entry.broken(Message("it goes on in {place}; the parts were joined", {"place": row.place}))
        starts_anew = read.title.text and not begins_small(read.title.text)
        if starts_anew and not read.cells["when"].text and read.cells["responsible"].text:
            template = "perhaps {place} is an activity of its own, without number and date"
            entry.broken(Message(template, {"place": row.place}), doubt=True)

    def _activities(self, row: Row, read: Aligned) -> None:
        self._shift, self._stack = read.shift, None
        items = numbered(read.title) if read.number is None and not read.beside else []
        if len(items) > 1:
            self._pile(Stack((row,), read.cells))
        elif items:
            texts = {name: read.cells[name].text for name in FIELDS}
            self._add(row, items[0][0], {**texts, "title": items[0][1]})
        elif read.number is not None and self._begins_with_tail(read):
            self._glued(row, read)
        else:
            self._single(row, read)

    def _add(self, row: Row, number: str | None, texts: dict[str, str]) -> Entry:
        entry = Entry(number, self._section, texts)
        entry.at(row)
        self.table.entries.append(entry)
        return entry

    def _single(self, row: Row, read: Aligned) -> None:
        texts = {name: read.cells[name].text for name in FIELDS}
        unplaced = list(read.others)
        if read.beside and not texts["title"]:
            texts["title"] = read.beside
        elif read.beside:
            unplaced.insert(0, read.beside)
        entry = self._add(row, read.number, texts)
        numberless = self._columns is not None and self._columns.of("number") is None
        if read.number is None and not numberless:
            entry.broken(Message("its number is missing"), doubt=True)
        if read.shift:
            template = "its cells stand {columns} column(s) off; they were put back by the date"
            entry.broken(Message(template, {"columns": read.shift}), doubt=True)
        for text in unplaced:
            template = "«{text}» stands in a cell of no column; it was left out"
            entry.broken(Message(template, {"text": text}), doubt=True)
        if read.cells["when"].numeric:
            template = "its date is a number of the workbook: 1.1 may be 1 January or 1 October"
            entry.broken(Message(template), doubt=True)
        for column in self._columns.rivals if self._columns else ():
            other = row.cell(column + read.shift).text
            if other and other != texts["when"]:
                template = "«{text}» stands in another column of dates; it was left out"
                entry.broken(Message(template, {"text": other}), doubt=True)
        if self._is_one_sided(row, read):
            template = "of beginning and end one is filled in only; it was read as the whole time"
            entry.broken(Message(template), doubt=True)

    def _is_one_sided(self, row: Row, read: Aligned) -> bool:
        """Tell whether a time stands in the column of the beginning, and none in that of the end.

        The other way round as well.
        """
        ends = [self._columns.of(name) for name in ("begins", "ends")] if self._columns else []
        filled = [
            place for place in ends if place is not None and row.cell(place + read.shift).text
        ]
        return len(filled) == 1 and is_point(read.cells["when"].text)

    def _begins_with_tail(self, read: Aligned) -> bool:
        """Tell whether the row begins with the end of the activity before it."""
        paragraphs = read.title.paragraphs
        return (
            bool(self.table.entries)
            and len(paragraphs) > 1
            and begins_small(paragraphs[0])
            and not begins_small(paragraphs[1])
        )

    def _glued(self, row: Row, read: Aligned) -> None:
        """Part a row that begins with the end of the one before: first paragraphs belong there."""
        before = self.table.entries[-1]
        texts = {}
        for name in FIELDS:
            paragraphs = read.cells[name].paragraphs
            own = 1 if len(paragraphs) > 1 else 0
            before.texts[name] = merged_texts([before.texts[name], *paragraphs[:own]])
            texts[name] = merged_texts(paragraphs[own:])
        before.at(row)
        template = "its end stands in the cells of the next one ({place}); parted by paragraphs"
        before.broken(Message(template, {"place": row.place}), doubt=True)
        entry = self._add(row, read.number, texts)
        template = "its cells begin with the end of the one before; parted by paragraphs"
        entry.broken(Message(template), doubt=True)

    def _pile(self, stack: Stack) -> None:
        """Add the activities of a stack; what was added before its last row came is replaced."""
        if self._stack is not None:
            del self.table.entries[-len(numbered(self._stack.cells["title"])) :]
        self._stack = stack
        for texts, number, damage, doubts in stack.activities():
            entry = self._add(stack.rows[0], number, texts)
            for row in stack.rows[1:]:
                entry.at(row)
            entry.damage += damage
            entry.doubts += doubts
