"""The legend of the plan: what the colours, patterns and marks mean, and how many are so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lifecycle.domain.messages import Text
from lifecycle.pictures.looks import LOOKS, State, bar
from lifecycle.pictures.markup import Markup, escaped, tag, width_of

_SIZE: Final = 11.5
_SIGN: Final = 22.0  # width of a sign
_LINE: Final = 20.0
_GAP: Final = 22.0

_FACT: Final = Text("в работе", "in work")
_LATE: Final = Text("после срока", "after the last day")
_DONE: Final = Text("выполнено в этот день", "done on this day")
_SCHOOL: Final = Text("выполнила школа", "a school was through")
_CANCELLED: Final = Text("отменено в этот день", "cancelled on this day")
_POSTPONED: Final = Text("срок перенесен", "postponed")
_OUTSIDE: Final = Text("продолжается за краем", "goes on outside")
_BEFORE: Final = Text("первый день не назван", "no first day named")


def legend(counts: Mapping[State, int], left: float, top: float, language: str) -> Markup:
    """Return the legend: the states on one line, the marks on the next.

    Args:
        counts: Activities in each state.
        left: Where it begins.
        top: Middle of its first line.
        language: ``ru`` or ``en``.
    """
    placed: list[Markup] = []
    for line, entries in enumerate((_states(counts, language), _marks(language))):
        x, y = left, top + line * _LINE
        for sign, text in entries:
            words = tag("text", escaped(text), x=_SIGN + 6, y=4)
            placed.append(tag("g", sign, words, transform=f"translate({x:.1f} {y:.1f})"))
            x += _SIGN + 6 + width_of(text, _SIZE) + _GAP
    return tag("g", *placed, font_size=_SIZE)


def _states(counts: Mapping[State, int], language: str) -> Iterator[tuple[Markup, str]]:
    for state, look in LOOKS.items():
        text = f"{look.title.in_language(language)}: {counts.get(state, 0)}"
        yield bar(state, 0, 0, _SIGN, 10), text


def _marks(language: str) -> Iterator[tuple[Markup, str]]:
    begun, done = LOOKS["begun"].stroke, LOOKS["done"].stroke
    late, cancelled = LOOKS["overdue"].stroke, LOOKS["cancelled"].stroke
    planned = LOOKS["planned"].stroke
    signs = (
        (_stroked("M0 0h22", begun, 2.4), _FACT),
        (_stroked("M0 0h22", late, 3.4, "2.5 1.5"), _LATE),
        (_filled("M7.5 0l3.5 -3.5l3.5 3.5l-3.5 3.5z", done), _DONE),
        (_stroked("M11 -3.5v7", begun, 1.6), _SCHOOL),
        (_stroked("M7.5 -3.5l7 7m0 -7l-7 7", cancelled, 1.6), _CANCELLED),
        (_stroked("M0 -4.5h22v9h-22z", planned, 1, "3 2"), _POSTPONED),
        (_stroked("M0 0h22", planned, 1.2, "1 3"), _BEFORE),
        (_filled("M4 0l6 -5.5v11zM18 0l-6 -5.5v11z", planned), _OUTSIDE),
    )
    for sign, text in signs:
        yield sign, text.in_language(language)


def _stroked(path: str, colour: str, weight: float, dashes: str | None = None) -> Markup:
    return tag(
        "path", d=path, fill="none", stroke=colour, stroke_width=weight, stroke_dasharray=dashes
    )


def _filled(path: str, colour: str) -> Markup:
    return tag("path", d=path, fill=colour)
