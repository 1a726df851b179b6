"""The grammar of date cells: which times and recurrences a cell names, before any year is known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.date_points import Point
from lifecycle.workflows.date_rules import RuleReader
from lifecycle.workflows.date_words import Token, tokens


@dataclass(frozen=True, slots=True)
class Window:
    """A time that the cell names.

    Args:
        first: Where it begins; ``None`` where only an end is named.
        last: Where it ends; ``None`` where only a beginning is named.
        start: Where in the cell it is named: the first character.
        end: The first character after it.
    """

    first: Point | None
    last: Point | None
    start: int
    end: int


@dataclass(slots=True)
class Parse:
    """What was found in a cell, in reading order.

    Args:
        windows: The times.
        rules: The recurrences, RFC 5545.
        constant: Whether it says that the work goes on without a break.
        unread: The words that say nothing to the grammar.
        notes: What was mended or decided by a rule, and leaves no doubt.
        doubts: What leaves one.
    """

    windows: list[Window] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    constant: bool = False
    unread: list[str] = field(default_factory=list)
    notes: list[Message] = field(default_factory=list)
    doubts: list[Message] = field(default_factory=list)


_SKIPPED: Final = {"comma", "and", "dot", "open", "close", "filler", "during", "on"}
_AFTER_BARE: Final = {"dash", "to", "until", "comma", "and"}
_OF_MONTH: Final = {"decade", "half", "week"}
_WHOLE_YEARS: Final = {"year", "school"}
_LONGER: Final = {"quarter", "half_year"}
_END: Final = Token("end", None, 0, 0)
# «___» марта, «  » мая, .03.2022: a place for a day that nobody wrote.
_BLANK: Final = re.compile(r"_{2,}|[«\"“”„'’]\s*[«»\"“”„'’]|…|\.{3,}|(?:^|(?<=\D)\s)\s*\.\s?\d")


def parse(text: str) -> Parse:
    """Read a date cell as far as the grammar reaches."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._place = 0
        self._found = Parse()

    def parse(self) -> Parse:
        for token in self._tokens:
            if token.note is not None:
                (self._found.notes if token.sure else self._found.doubts).append(token.note)
        if _BLANK.search(self._text):
            self._found.doubts.append(Message("the cell has a blank that was not filled in"))
        while self._place < len(self._tokens):
            if not (self._rule() or self._constant() or self._window()):
                self._leave(self._tokens[self._place])
                self._place += 1
        return self._found

    def _leave(self, token: Token) -> None:
        if token.kind == "or":
            self._found.doubts.append(Message("the cell leaves a choice"))
        elif token.kind not in _SKIPPED:
            self._found.unread.append(self._text[token.start : token.end])

    # -- moving along ----------------------------------------------------------------------------

    def _kind(self, ahead: int = 0) -> str:
        return self._peek(ahead).kind

    def _peek(self, ahead: int = 0) -> Token:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else _END

    def _take(self, *kinds: str) -> Token | None:
        if self._kind() in kinds:
            self._place += 1
            return self._tokens[self._place - 1]
        return None

    def _take_unit(self, *names: str) -> str | None:
        if self._kind() == "unit" and self._peek().value in names:
            self._place += 1
            return str(self._tokens[self._place - 1].value)
        return None

    # -- items -----------------------------------------------------------------------------------

    def _rule(self) -> bool:
        reader = RuleReader(self._tokens, self._place)
        rule = reader.read()
        if rule is None:
            return False
        self._place = reader.place
        self._found.rules.append(rule)
        self._found.doubts += reader.doubts
        return True

    def _constant(self) -> bool:
        if not (
            self._kind() == "constantly" or (self._kind(1), self._kind()) == ("constantly", "on")
        ):
            return False
        self._take("on")
        self._take("constantly")
        self._take("basis")
        self._found.constant = True
        return True

    def _window(self) -> bool:
        before, start = self._place, self._peek().start
        counts = len(self._found.doubts), len(self._found.notes)
        limits = self._since() or self._until() or self._span()
        if limits is None:
            self._place = before
            del self._found.doubts[counts[0] :], self._found.notes[counts[1] :]
            return False
        first, last = limits
        end = self._tokens[self._place - 1].end
        self._found.windows.append(Window(first, last, start, end))
        return True

    def _since(self) -> tuple[Point | None, Point | None] | None:
        before = self._place
        if self._kind() == "not" and self._kind(1) == "earlier":
            self._place += 2
            doubt: Message | None = Message("the cell says what it is not before, and no end")
        elif self._take("from"):
            doubt = None
            while self._take("from"):
                pass
        else:
            return None
        first = self._point()
        if first is None:
            self._place = before
            return None
        last = self._second()
        if last is not None:
            return self._range(first, last)
        if doubt is not None:
            self._found.doubts.append(doubt)
        return self._from(first), None

    def _until(self) -> tuple[Point | None, Point | None] | None:
        before = self._place
        if self._kind() == "not" and self._kind(1) == "later":
            self._place += 2
            word = "not_later"
        else:
            token = self._take("until", "by", "to")
            if token is None:
                return None
            word = token.kind
        self._take("until")
        last = self._point()
        if last is None:
            self._place = before
            return None
        if word in {"by", "to"}:
            said = self._text[self._tokens[before].start : self._tokens[before].end]
            template = "«{word}» was read as a deadline that includes the day"
            self._found.doubts.append(Message(template, {"word": said}))
        elif word == "until" and last.unit != "day" and last.part is None:
            template = (
                "«до» before a month or longer: read as its end, perhaps its beginning is meant"
            )
            self._found.doubts.append(Message(template))
        elif word == "until" and last.part is None:
            self._found.notes.append(Message("«до» includes the day it names"))
        return None, self._until_end(last)

    def _span(self) -> tuple[Point | None, Point | None] | None:
        first = self._point()
        if first is None:
            return None
        last = self._second()
        return (first, first) if last is None else self._range(first, last)

    def _range(self, first: Point, last: Point) -> tuple[Point, Point]:
        wholes = [point.unit in _WHOLE_YEARS and point.part is None for point in (first, last)]
        if wholes[0] != wholes[1]:  # «март - 2022» is hardly meant to end in December
            template = "one end of the range is a whole year, the other is not"
            self._found.doubts.append(Message(template))
        elif all(wholes) and self._tokens[self._place - 1].kind == "number":
            self._found.doubts.append(Message("two years: perhaps a school year is meant"))
        return self._from(first), self._until_end(last)

    def _second(self) -> Point | None:
        """Read the other end of a range, if there is one."""
        before = self._place
        self._take("comma")
        if not self._take("dash", "to", "until"):
            self._place = before
            return None
        while self._take("until", "to", "dash", "not", "later"):
            pass
        last = self._point()
        if last is None:
            self._place = before
        return last

    def _from(self, point: Point) -> Point:
        return replace(point, part=None) if point.part == "beginning" else point

    def _until_end(self, point: Point) -> Point:
        return replace(point, part=None) if point.part == "end" else point

    # -- points ----------------------------------------------------------------------------------

    def _point(self) -> Point | None:
        before = self._place
        marked = during = False
        while token := self._take("filler", "during", "whole"):
            marked = marked or token.kind != "filler"
            during = during or token.kind == "during"
        part = self._take("part")
        while self._take("whole"):
            marked = True
        point = self._stretch(during) or self._day() or self._year(marked or part is not None)
        if point is None:
            self._place = before
            return None
        self._take_unit("month")
        while self._take("dot"):
            pass
        return replace(point, part=part.value) if part is not None else point

    def _day(self) -> Point | None:
        token = self._peek()
        if token.kind == "date":
            self._place += 1
            self._take_unit("year")
            day, month, year = token.value
            return Point("day", day, month, year)
        if token.kind == "day_month":
            self._place += 1
            return Point("day", token.value[0], token.value[1], self._year_after())
        if token.kind == "month_year":
            self._place += 1
            self._take_unit("year")
            return Point("month", 0, token.value[0], token.value[1])
        if token.kind == "month":
            self._place += 1
            return Point("month", 0, token.value, self._year_after())
        if token.kind in {"number", "ordinal"} and token.value < 100:
            return self._day_by_number(token)
        return None

    def _day_by_number(self, token: Token) -> Point | None:
        if self._kind(1) == "day_word" and self._kind(2) == "month":
            self._place += 1
        following = self._peek(1)
        if following.kind == "month":
            self._place += 2
            return Point("day", token.value, following.value, self._year_after())
        numbers = [self._peek(n).value for n in range(3) if self._kind(n) == "number"]
        if len(numbers) == 3 and numbers[1] <= 12 and numbers[2] >= 1000:
            self._place += 3
            self._take_unit("year")
            self._found.doubts.append(Message("three numbers were read as day, month and year"))
            return Point("day", *numbers)
        if following.kind in _AFTER_BARE:
            self._place += 1
            return Point("bare", token.value)
        return None

    def _stretch(self, during: bool) -> Point | None:
        """Read «1-я декада марта», «I квартал», «второе полугодие 2022»."""
        token, unit = self._peek(), self._peek(1)
        if token.kind not in {"ordinal", "number"} or unit.kind != "unit" or token.value > 12:
            return None
        if unit.value in _LONGER:
            self._place += 2
            self._take("dot")
            return Point(unit.value, token.value, None, self._year_after())
        # «в течение 3 недель» is a length of time, not the third week.
        if unit.value not in _OF_MONTH or (token.kind == "number" and during):
            return None
        self._place += 2
        if unit.value == "week":
            self._found.doubts.append(
                Message("the days of a week of a month were counted by sevens")
            )
        month = self._take("month")
        if month is None:
            return Point(unit.value, token.value)
        return Point(unit.value, token.value, month.value, self._year_after())

    def _year(self, marked: bool) -> Point | None:
        token = self._peek()
        if token.kind == "number" and token.value >= 1000:
            self._place += 1
            school = self._school(token.value)
            if school is None:
                self._take_unit("year")
            return school or Point("year", 0, None, token.value)
        if marked and self._take_unit("year"):
            return Point("year")
        return None

    def _school(self, year: int) -> Point | None:
        """Read «2021-2022 учебный год» after its first number."""
        second = self._peek(1)
        if (
            self._kind() not in {"dash", "slash"}
            or second.kind != "number"
            or second.value not in {year + 1, (year + 1) % 100}
            or self._kind(2) != "school"
        ):
            return None
        self._place += 3
        self._take("dot")
        self._take_unit("year")
        self._found.doubts.append(Message("a school year was read as 1 September to 31 August"))
        return Point("school", 0, None, year)

    def _year_after(self) -> int | None:
        """Read the year that follows a day or a month; «года» alone says nothing."""
        before = self._place
        while self._take("dot", "comma"):
            pass
        token = self._peek()
        if token.kind == "number" and token.value >= 1000:
            self._place += 1
            self._take_unit("year")
            return int(token.value)
        following = self._peek(1)
        if token.kind == "number" and (following.kind, following.value) == ("unit", "year"):
            self._place += 2
            return 2000 + int(token.value)
        self._place = before
        if self._kind(1) == "unit" and self._kind() == "dot":
            self._take("dot")
        while self._take("whole"):
            pass
        self._take_unit("year")
        return None
