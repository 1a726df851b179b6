"""The words of date cells: Russian vocabulary, and a cell cut into tokens.

Office texts come through scanners and word processors. What is mended here is closed: a letter of
the other alphabet inside a known word, a known word torn apart by a blank, a year with a gap, a
letter between digits. A mend that could change the meaning leaves a doubt on the token.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from lifecycle.domain.messages import Message


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a date cell.

    Args:
        kind: ``date`` (day, month, year), ``day_month``, ``month_year``, ``number``, ``ordinal``,
            ``month``, ``weekday``, ``unit``, ``part``, ``rule``, a keyword of the grammar, a mark,
            or ``unknown``.
        value: Its meaning; the text itself if the kind says nothing more.
        start: Where it begins in the cell.
        end: Where it ends in the cell.
        note: What was mended, if anything.
        sure: Whether the mend leaves no doubt.
    """

    kind: str
    value: Any
    start: int
    end: int
    note: Message | None = None
    sure: bool = True


_MONTHS: Final = (
    "январ:ь я е ю ем", "феврал:ь я е ю ем", "март: а е у ом", "апрел:ь я е ю ем",
    "ма:й я е ю ем", "июн:ь я е ю ем", "июл:ь я е ю ем", "август: а е у ом",
    "сентябр:ь я е ю ем", "октябр:ь я е ю ем", "ноябр:ь я е ю ем", "декабр:ь я е ю ем",
)  # fmt: skip
_SHORT_MONTHS: Final = (
    "янв", "фев февр", "мар", "апр", "", "июн", "июл", "авг", "сен сент", "окт", "ноя нояб", "дек",
)  # fmt: skip
_ORDINALS: Final = (
    "перв:ый ая ое ого ой ом ую ые ых ым", "втор:ой ая ое ого ом ую ые ых ым",
    "трет:ий ья ье ьего ьей ьем ью ьи", "четверт:ый ая ое ого ой ом ую", "пят:ый ая ое ого ой ую",
)  # fmt: skip
_NUMERALS: Final = {
    "один": 1, "одного": 1, "одной": 1, "одна": 1, "два": 2, "две": 2, "двух": 2, "дважды": 2,
    "три": 3, "трех": 3, "четыре": 4, "четырех": 4, "пять": 5, "пяти": 5, "шесть": 6, "шести": 6,
}  # fmt: skip
_WEEKDAYS: Final = (
    "понедельник: ам а", "вторник: ам а", "сред:а у ам ы", "четверг: ам а",
    "пятниц:а у ам ы", "суббот:а у ам ы", "воскресень:е ям я",
)  # fmt: skip
_KEYWORDS: Final = {
    "from": "с со начиная",
    "to": "по",
    "until": "до",
    "by": "к ко",
    "not": "не",
    "later": "позднее позже",
    "earlier": "ранее раньше",
    "rarer": "реже менее",
    "times": "раз раза разу",
    "each": "каждый каждую каждое каждого каждая каждой каждые",
    "during": "течение течении",
    "whole": "весь всего целый круглый текущего текущий календарного этого всей",
    "school": "учебный учебного учебном уч",
    "day_word": "число числа числу числам",
    "and": "и",
    "or": "или либо",
    "constantly": "постоянно постоянной регулярно систематически",
    "basis": "основе",
    "on": "на",
    "filler": "в во срок сроки период включительно",
}
_UNITS: Final = {
    "year": "год года году годе годом годы годов г гг",
    "half_year": "полугодие полугодия полугодии полугодий",
    "quarter": "квартал квартала квартале кварталы кварталов кварталу кв",
    "month": "месяц месяца месяце месяцев",
    "half": "половина половины половине половину",
    "decade": "декада декады декаде декаду",
    "week": "неделя недели неделе неделю недель",
    "day": "день дня дней дни",
}
_PARTS: Final = {
    "beginning": "начало начала начале началу",
    "middle": "середина середины середине середину",
    "end": "конец конца конце концу окончания",
}
_RULES: Final = {
    "ежедневно": "FREQ=DAILY",
    "еженедельно": "FREQ=WEEKLY",
    "ежемесячно": "FREQ=MONTHLY",
    "ежеквартально": "FREQ=MONTHLY;INTERVAL=3",
    "ежегодно": "FREQ=YEARLY",
}


def _forms(entry: str) -> list[str]:
    stem, _, endings = entry.partition(":")
    return [stem + ending for ending in endings.split(" ")]


def _vocabulary() -> dict[str, tuple[str, Any]]:
    words: dict[str, tuple[str, Any]] = {}
    for kind, entries in (("month", _MONTHS), ("ordinal", _ORDINALS), ("weekday", _WEEKDAYS)):
        for number, entry in enumerate(entries, 1):
            words.update(dict.fromkeys(_forms(entry), (kind, number)))
    for number, entry in enumerate(_SHORT_MONTHS, 1):
        words.update(dict.fromkeys(entry.split(), ("month", number)))
    for kind, table in (("unit", _UNITS), ("part", _PARTS)):
        for name, entry in table.items():
            words.update(dict.fromkeys(entry.split(), (kind, name)))
    for kind, entry in _KEYWORDS.items():
        words.update(dict.fromkeys(entry.split(), (kind, kind)))
    words.update({word: ("number", number) for word, number in _NUMERALS.items()})
    words.update({word: ("rule", rule) for word, rule in _RULES.items()})
    return words


VOCABULARY: Final = _vocabulary()
_MONTH_WORDS: Final = {word: number for word, (kind, number) in VOCABULARY.items()
                       if kind == "month" and len(word) > 3}  # fmt: skip
_LOOK_ALIKES: Final = str.maketrans("aceopxykmhtnruі", "асеорхукмнтпгиі")
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
# A scanner reads the Roman numerals as Cyrillic letters of the same shape.
_ROMAN_SHAPES: Final = str.maketrans({"і": "i", "п": "ii", "ш": "iii", "у": "v", "1": "i"})

_DASHES: Final = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES: Final = "«»\"“”„'’*_"
_MARKS: Final = {
    "-": "dash", ",": "comma", ";": "comma", "/": "slash", "(": "open", ")": "close",
    ".": "dot", ":": "dot",
}  # fmt: skip

_LEXEMES: Final = re.compile(
    r"""
      (?P<iso>\d{4}([-./])\d{2}\2\d{2}(?!\d))
    | (?P<dashed>\d{2}-\d{2}-\d{4}(?!\d))
    | (?P<length>\d{1,2}[.,]\d\ ?(?:мес|нед|год|лет|дн|сут|час|кварт)[а-я]*)
    | (?P<date>\d{1,2}\ ?[./]\ ?\d{1,2}\ ?[./](?:\ ?\d{4}|\d{2})(?!\d|\ ?[./]\ ?\d))
    | (?P<month_year>\d{1,2}[./]\ ?\d{4}(?!\d))
    | (?P<day_month>\d{1,2}\ ?\.\ ?\d{1,2}(?!\d)(?:\.(?!\d))?)
    | (?P<roman>(?:[1li|]{2,3}|[1li|]?[уv])(?=\ ?(?:квар|кв\.|полуг|декад)))
    | (?P<ordinal>\d{1,2}(?:\ ?-\ ?)?(?:[аоыи]й|[оы]е|ая|ья|ье|го|му|ти|ю|й|я|е|х)(?![а-яё]))
    | (?P<number>\d+)
    | (?P<word>[^\W\d_]+)
    | (?P<mark>[-,;/().:])
    | (?P<other>\S)
    """,
    re.VERBOSE,
)
_GAPPED_YEAR: Final = re.compile(r"(?<=[^\W\d][ .]|\d\.|\. )(2 ?0 ?\d ?\d)(?= ?(?:г|$|[-,;()]))")
_LETTER_IN_NUMBER: Final = (
    (re.compile(r"(?<=\d)[oо](?=\d|\b)|(?<![^\W_])[oо](?=\d)"), "0"),
    (re.compile(r"(?<=\d)з(?=[\d.])|(?<![^\W_])з(?=\d)"), "3"),
    (re.compile(r"(?<=\d)[li|](?=\d)|(?<![^\W_])[li|](?=\d)"), "1"),
)


class _Clean:
    """A cell in one alphabet of marks; *at* tells where each character stood."""

    def __init__(self, text: str) -> None:
        kept: list[str] = []
        self.at: list[int] = []
        self.notes: list[tuple[int, int, Message, bool]] = []
        for place, char in enumerate(text):
            whole = unicodedata.normalize("NFC", kept[-1] + char) if kept else char
            if kept and len(whole) == 1:  # a letter written as two characters
                kept[-1] = whole.replace("ё", "е")
                continue
            shown = _shown(char)
            if shown:
                kept.append("е" if shown == "ё" else shown)
                self.at.append(place)
        self.at.append(len(text))
        self.text = "".join(kept)
        self._letters_in_numbers()
        self._gapped_years()

    def _letters_in_numbers(self) -> None:
        for pattern, digit in _LETTER_IN_NUMBER:
            for found in list(pattern.finditer(self.text)):
                message = Message(
                    "a letter among digits was read as {digit}: «{text}»",
                    {"digit": digit, "text": self._around(found.start(), found.end())},
                )
                self.text = self.text[: found.start()] + digit + self.text[found.end() :]
                self.notes.append((found.start(), found.end(), message, False))

    def _gapped_years(self) -> None:
        for found in reversed(list(_GAPPED_YEAR.finditer(self.text))):
            pieces = found[1].split()
            if len(pieces) == 1:
                continue
            year = "".join(pieces)
            gaps = {"text": found[1], "year": year}
            message = Message("«{text}» was read as the year {year}", gaps)
            first, last = found.span(1)
            kept = [place for place in range(first, last) if self.text[place] != " "]
            self.at[first:last] = [self.at[place] for place in kept]
            self.text = self.text[:first] + year + self.text[last:]
            # «май 20 22» may be a day and another one; «май 202 2» is nothing else.
            self.notes.append((first, first + 4, message, [len(p) for p in pieces] != [2, 2]))

    def _around(self, start: int, end: int) -> str:
        first, last = start, end
        while first > 0 and not self.text[first - 1].isspace():
            first -= 1
        while last < len(self.text) and not self.text[last].isspace():
            last += 1
        return self.text[first:last]


def _shown(char: str) -> str:
    """Return what stands for *char*: nothing for invisible characters and footnote signs."""
    if char in _DASHES:
        return "-"
    if char in _QUOTES or char.isspace():
        return " "
    if unicodedata.category(char) in {"Cf", "Mn", "Cc"} or char in "¹²³⁴⁵⁶⁷⁸⁹⁰":
        return ""
    if char != "№":
        char = unicodedata.normalize("NFKC", char)
    lower = char.lower()
    return lower if len(lower) == 1 else "\ufffd"


def tokens(text: str) -> list[Token]:
    """Cut a date cell into tokens; text that means nothing here becomes ``unknown``."""
    clean = _Clean(text)
    return _joined([(_token(found, clean), found[0]) for found in _LEXEMES.finditer(clean.text)])


def _token(found: re.Match[str], clean: _Clean) -> Token:
    group = found.lastgroup or "other"
    start, end = clean.at[found.start()], clean.at[found.end() - 1] + 1
    kind, value = _read(group, found[0])
    note, sure = None, True
    for first, last, message, certain in clean.notes:
        if first < found.end() and found.start() < last:
            note, sure = message, sure and certain
    if group == "roman" and "1" in found[0]:
        note, sure = Message("«{text}» was read as a Roman number", {"text": found[0]}), False
    if group == "dashed":
        note, sure = Message("«{text}» was read as day, month and year", {"text": found[0]}), False
    token = Token(kind, value, start, end, note, sure)
    if kind == "unknown" and group == "word":
        return _mended(token, text=found[0])
    return token


def _read(group: str, text: str) -> tuple[str, Any]:
    digits = [int(number) for number in re.findall(r"\d+", text)]
    if group == "iso":
        return "date", (digits[2], digits[1], digits[0])
    if group in {"date", "dashed"}:
        year = digits[2] if len(re.findall(r"\d+", text)[2]) == 4 else 2000 + digits[2]
        return "date", (digits[0], digits[1], year)
    if group == "roman":
        shapes = text.translate(str.maketrans("1l|у", "iiiv"))
        return ("ordinal", _ROMAN[shapes]) if shapes in _ROMAN else ("unknown", text)
    if group in {"day_month", "month_year"}:
        return group, (digits[0], digits[1])
    if group == "ordinal":
        return group, digits[0]
    if group == "number":
        return ("number", digits[0]) if len(text) <= 4 else ("unknown", text)
    if group == "mark":
        return _MARKS[text], text
    return _word(text) if group == "word" else ("unknown", text)


def _word(text: str) -> tuple[str, Any]:
    """Return what a word means, in whichever alphabet its letters stand."""
    if text in VOCABULARY:
        return VOCABULARY[text]
    roman = text.translate(_ROMAN_SHAPES)
    if roman in _ROMAN:
        return "ordinal", _ROMAN[roman]
    cyrillic = text.translate(_LOOK_ALIKES)
    cyrillic = re.sub("b$", "ь", cyrillic).replace("b", "в")
    return VOCABULARY.get(cyrillic, ("unknown", text))


def _mended(token: Token, text: str) -> Token:
    """Take a misspelt name of a month for it, with a doubt, if no other month is as near."""
    word = _nearest_month(text)
    if word is None:
        return token
    note = Message("«{text}» was taken for {word}", {"text": text, "word": word})
    return replace(token, kind="month", value=_MONTH_WORDS[word], note=note, sure=False)


@lru_cache(maxsize=4096)
def _nearest_month(text: str) -> str | None:
    if len(text) < 4:
        return None
    near = difflib.get_close_matches(text.translate(_LOOK_ALIKES), _MONTH_WORDS, n=3, cutoff=0.8)
    months = {_MONTH_WORDS[word] for word in near}
    return near[0] if len(months) == 1 else None


def _joined(raw: list[tuple[Token, str]]) -> list[Token]:
    """Put together known words that a blank or a line's end has torn apart."""
    result: list[Token] = []
    place = 0
    while place < len(raw):
        for length in (4, 3, 2, 1):
            group = raw[place : place + length]
            whole = _whole(group) if length > 1 else group[0][0]
            if whole is not None:
                result.append(whole)
                place += len(group)
                break
    return result


def _whole(group: list[tuple[Token, str]]) -> Token | None:
    words = [(token, text) for token, text in group if token.kind != "dash"]
    torn = any(token.kind == "unknown" or not token.sure for token, _ in words)
    first, last = group[0][0], group[-1][0]
    if len(words) < 2 or not torn or "dash" in {first.kind, last.kind}:
        return None
    if not all(text.isalpha() for _, text in words):
        return None
    kind, value = _word("".join(text for _, text in words))
    return None if kind == "unknown" else Token(kind, value, first.start, last.end)
