"""Which column of a table holds what, by the words of its heading, in any order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lifecycle.workflows.dates import Verdict, read_window
from lifecycle.workflows.importing.cells import Row

_LONGEST_HEADING: Final = 120  # characters

# The first that fits names the column: «Ответственный за реализацию мероприятия» is no activity.
_HEADINGS: Final = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("number", r"^\W*(№|N\b|No\b)|п\s*/\s*п|^\W*номер|^\W*пункт"),
        ("begins", r"(дата|срок|день)\s.*начал|^начал|^с\s*:?$"),
        ("ends", r"(дата|срок|день)\s.*(окончан|заверш)|^окончан|^завершен|^по\s*:?$"),
        ("responsible", r"ответствен|исполнител|кто\s+(отвечает|проводит|исполняет)|^участник"),
        # «Дата и место проведения» is a column of dates, «Фактическая дата» none of the plan.
        ("when", r"^(сроки?|дат[аы])\b(?!.*(отметк|фактич|факт\b|ссылк|финансир))"),
        (
            "other",
            r"отметка|примечан|ссылк|сопровожден|финансир|источник|объем|место|фактич|факт\b",
        ),
        ("when", r"срок|\bдата|\bдаты|период|\bврем|когда|месяц|график"),
        (
            "result",
            r"результат|показател|^итог|ожидаем|выход|форма\s+(отчет|заверш|предст)|продукт|индикатор|отчетн",
        ),
        ("title", r"мероприят|содержан|описани|задач|действи|наименован|\bвид\w*\s|^работ|шаги"),
        ("other", r"направлен|этап|раздел|категори|уровень"),
    )
)
_REQUIRED: Final = ("title", "when")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table keeps the fields.

    Args:
        places: Field (``number``, ``title``, ``when``, ``begins``, ``ends``, ``responsible``,
            ``result``, ``other``) -> its column.
        texts: The headings.
        width: How many columns the heading has.
        rivals: Further columns that hold dates by their headings.
    """

    places: dict[str, int]
    texts: tuple[str, ...] = field(default=())
    width: int = 0
    rivals: tuple[int, ...] = ()

    def of(self, name: str) -> int | None:
        """Return the column of a field."""
        return self.places.get(name)


def columns_of(row: Row) -> Columns | None:
    """Return what the columns hold if the row is a heading of a road map."""
    texts = row.texts
    if any(len(text) > _LONGEST_HEADING for text in texts):
        return None
    places: dict[str, int] = {}
    names = [_field(text) for text in texts]
    for column, name in enumerate(names):
        if name is not None:
            places.setdefault(name, column)
    named = sum(name is not None for name in names)
    rivals = [column for column, name in enumerate(names) if name == "when"]
    if "begins" in places or "ends" in places:
        places.setdefault("when", places.get("begins", places.get("ends", 0)))
    if any(name not in places for name in _REQUIRED):
        return None
    if any(read_window(text, 2000).verdict is Verdict.RECOGNISED for text in texts):
        return None
    filled = sum(bool(text) for text in texts)
    if named < max(2, filled - 1):  # of a heading, at most one column is of a kind unknown here
        return None
    while texts and not texts[-1]:
        texts.pop()
    others = tuple(column for column in rivals if column != places["when"])
    return Columns(places, tuple(texts), len(texts), others)


def refined(columns: Columns, row: Row) -> Columns | None:
    """Return the columns made exact by a second row of headings: «начало», «окончание»."""
    places = dict(columns.places)
    for column, text in enumerate(row.texts):
        if not text or (column < len(columns.texts) and text == columns.texts[column]):
            continue
        name = _field(text)
        if name not in {"begins", "ends"}:
            return None
        places[name] = column
    return replace(columns, places=places) if places != columns.places else None


def is_other_heading(row: Row) -> bool:
    """Tell whether the row begins a table of something else: «№ | ФИО | Место работы»."""
    texts = row.texts
    filled = [text for text in texts if text]
    return (
        len(filled) >= 3
        and _field(texts[0]) == "number"
        and not any(re.search(r"\d", text) for text in filled)
        and columns_of(row) is None
    )


def is_numbering(texts: Sequence[str]) -> bool:
    """Tell whether the row numbers the columns: 1, 2, 3, as forms do below the heading."""
    filled = [text.strip(" .()") for text in texts if text]
    return len(filled) >= 3 and filled == [str(n) for n in range(1, len(filled) + 1)]


def _field(text: str) -> str | None:
    folded = text.replace("ё", "е").strip()
    if not folded:
        return None
    return next((name for name, pattern in _HEADINGS if pattern.search(folded)), None)
