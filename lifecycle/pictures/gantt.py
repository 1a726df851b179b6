"""The plan of a road map against the facts, as one SVG: a row an activity, a line for the day.

It needs nothing beside it: no style sheet, no script, no font of its own. A road map of 45 rows
fills a landscape sheet of A4; a larger one grows downwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from lifecycle.domain.definition import Definition
from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.pictures.bars import INK, QUIET, Bars
from lifecycle.pictures.legend import legend
from lifecycle.pictures.looks import LOOKS, bar
from lifecycle.pictures.markup import Markup, clean, escaped, joined, tag, width_of, wrapped
from lifecycle.pictures.rows import (
    Heading,
    Row,
    explained,
    lines_of,
    share_of,
    standing_of,
    window_of,
)
from lifecycle.pictures.timescale import Timescale, scale_for
from lifecycle.pictures.wording import day_shown, month_names

_WIDTH: Final = 1600.0
_HEIGHT: Final = 1131.0  # of A4 and A3, landscape
_MARGIN: Final = 16.0
_TOP: Final = 92.0  # title, legend
_AXIS: Final = 54.0  # the day's date, years, months
_GAP: Final = 8.0
_FONT: Final = "Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_SIZE: Final = 11.5
_AXIS_SIZE: Final = 11.0
_LEADING: Final = 14.0
_LOW: Final = 19.0  # height of a row with one line of wording
_HIGH: Final = 34.0  # with two

_WORDING_WIDTH: Final = 420.0
_WINDOW_WIDTH: Final = 132.0
_SHARE_WIDTH: Final = 112.0
_STANDING_WIDTH: Final = 204.0

_TITLE: Final = Text("{roadmap}. План и факт на {day}", "{roadmap}. Plan against fact on {day}")
_DESCRIPTION: Final = Text("Мероприятий: {all}. {counts}.", "Activities: {all}. {counts}.")
_NUMBER: Final = Text("№", "No.")
_WORDING: Final = Text("Мероприятие", "Activity")
_WINDOW: Final = Text("Срок по документу", "Date in the document")
_SHARE: Final = Text("Сделано", "Done")
_STANDING: Final = Text("Состояние", "State")


@dataclass(frozen=True, slots=True)
class _Page:
    """Where the columns and the lines stand, and what its ids begin with."""

    name: str
    key: float
    wording: float
    window: float
    share: float
    standing: float
    row: float
    lines: int
    bottom: float


def gantt_svg(
    statuses: Sequence[ActivityStatus], definition: Definition, day: date, language: str
) -> str:
    """Return the plan of a road map against the facts.

    Args:
        statuses: Every occurrence of every activity, as ``plan_status`` gives them for *day*.
        definition: The programme under the road map.
        day: The day asked for.
        language: ``ru`` or ``en``; the wording of the road map stays as it is.
    """
    lines = list(lines_of(statuses, definition))
    rows = [line for line in lines if isinstance(line, Row)]
    page = _page(lines, rows, f"plan-{definition.roadmap.id}")
    left = page.window + _WINDOW_WIDTH
    scale = scale_for(definition.roadmap, day, left, page.share - _GAP - left)
    counts = Counter(row.look for row in rows)
    roadmap = definition.roadmap.title.in_language(language)
    title = _TITLE.in_language(language).format(roadmap=roadmap, day=day_shown(day))
    shown = ", ".join(
        f"{look.title.in_language(language)}: {counts[state]}" for state, look in LOOKS.items()
    )
    description = _DESCRIPTION.in_language(language).format(all=len(rows), counts=shown)
    content = [
        tag("title", escaped(clean(title)), id=f"{page.name}-title"),
        tag("desc", escaped(description), id=f"{page.name}-desc"),
        _clips(page),
        tag("rect", width=_WIDTH, height=page.bottom + _MARGIN, fill="#ffffff"),
        _heading(title),
        legend(counts, _MARGIN, 58, language),
        *_columns(page, language),
        *_grounds(lines, page),
        *_grid(scale, page),
        *_body(lines, page, Bars(scale, day, language)),
        *_today(scale, page, day),
        *_axis(scale, language),
    ]
    drawing = tag(
        "svg",
        Markup("\n"),
        joined(content),
        Markup("\n"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH:.0f} {page.bottom + _MARGIN:.0f}",
        role="img",
        aria_labelledby=f"{page.name}-title {page.name}-desc",
        font_family=_FONT,
        font_size=_SIZE,
        fill=INK,
    )
    return f"{drawing}\n"


def _page(lines: Sequence[Row | Heading], rows: Sequence[Row], name: str) -> _Page:
    """Return the columns, and rows of two lines if they fit on the sheet."""
    headings = len(lines) - len(rows)
    room = _HEIGHT - _TOP - _AXIS - _MARGIN - headings * _LOW
    high = len(rows) * _HIGH <= room
    row = _HIGH if high else _LOW
    keys = max((width_of(clean(one.activity.key), _SIZE) for one in rows), default=0)
    wording = _MARGIN + min(max(keys, 24.0), 90.0) + _GAP
    standing = _WIDTH - _MARGIN - _STANDING_WIDTH
    return _Page(
        name=name,
        key=_MARGIN,
        wording=wording,
        window=wording + _WORDING_WIDTH + _GAP,
        share=standing - _SHARE_WIDTH,
        standing=standing,
        row=row,
        lines=2 if high else 1,
        bottom=_TOP + _AXIS + len(rows) * row + headings * _LOW,
    )


def _clips(page: _Page) -> Markup:
    """Return what keeps text within its column, whatever font a viewer takes."""
    ends = (
        ("key", page.key, page.wording),
        ("wording", page.wording, page.window),
        ("window", page.window, page.window + _WINDOW_WIDTH),
        ("share", page.share, page.standing),
        ("standing", page.standing, _WIDTH - _MARGIN),
    )
    return tag(
        "defs",
        *(
            tag(
                "clipPath",
                tag("rect", x=left, y=0, width=right - left - 2, height=page.bottom),
                id=f"{page.name}-{name}",
            )
            for name, left, right in ends
        ),
    )


def _heading(title: str) -> Markup:
    (shown,) = wrapped(title, _WIDTH - 2 * _MARGIN, 20, 1)
    return tag("text", escaped(shown), x=_MARGIN, y=34, font_size=20, font_weight="bold")


def _columns(page: _Page, language: str) -> Iterator[Markup]:
    for x, title in (
        (page.key, _NUMBER),
        (page.wording, _WORDING),
        (page.window, _WINDOW),
        (page.share, _SHARE),
        (page.standing, _STANDING),
    ):
        yield tag(
            "text",
            escaped(title.in_language(language)),
            x=x,
            y=_TOP + _AXIS - 6,
            font_weight="bold",
        )


def _grid(scale: Timescale, page: _Page) -> Iterator[Markup]:
    ends = {"y1": _TOP + _AXIS - 16, "y2": page.bottom}
    for x in (*(month.left for month in scale.months()), scale.right):
        yield tag("line", x1=x, x2=x, **ends, stroke="#d3d9df", stroke_width=0.8)


def _axis(scale: Timescale, language: str) -> Iterator[Markup]:
    """Yield the months, all named as fully as there is room, with the years above them."""
    months = list(scale.months())
    spelled = [month_names(month.first.month, language) for month in months]
    room = [month.right - month.left - 5 for month in months]
    labelled = -_WIDTH
    for month in months:
        year = str(month.first.year)
        begins = month.first.month == 1 or month.first == scale.first
        if begins and month.left - labelled > width_of(year, _AXIS_SIZE) + 5:
            labelled = month.left
            yield _label(year, month.left, _TOP + _AXIS - 20)
    for names in zip(*spelled, strict=True):
        if all(
            width_of(name, _AXIS_SIZE) <= least for name, least in zip(names, room, strict=True)
        ):
            for name, month in zip(names, months, strict=True):
                yield _label(name, month.left, _TOP + _AXIS - 6)
            return


def _label(text: str, left: float, base: float) -> Markup:
    # On white, so that the line of the day does not strike it out.
    return tag(
        "text",
        escaped(text),
        x=left + 3,
        y=base,
        font_size=_AXIS_SIZE,
        stroke="#ffffff",
        stroke_width=4,
        stroke_linejoin="round",
        paint_order="stroke",
        font_weight="bold" if text.isdecimal() else None,
    )


def _body(lines: Sequence[Row | Heading], page: _Page, bars: Bars) -> Iterator[Markup]:
    for line, top in _placed(lines, page):
        yield _section(line, top) if isinstance(line, Heading) else _row(line, page, bars, top)
    ends = {"y1": page.bottom, "y2": page.bottom}
    yield tag("line", x1=_MARGIN, x2=_WIDTH - _MARGIN, **ends, stroke=QUIET, stroke_width=0.8)


def _grounds(lines: Sequence[Row | Heading], page: _Page) -> Iterator[Markup]:
    """Yield the bands behind headings and every second row, below the months' lines."""
    for number, (line, top) in enumerate(_placed(lines, page)):
        if isinstance(line, Heading):
            yield tag("rect", **_band(top, _LOW), fill="#e3e9ef")
        elif number % 2:
            yield tag("rect", **_band(top, page.row), fill="#f5f7f9")


def _placed(lines: Sequence[Row | Heading], page: _Page) -> Iterator[tuple[Row | Heading, float]]:
    top = _TOP + _AXIS
    for line in lines:
        yield line, top
        top += _LOW if isinstance(line, Heading) else page.row


def _band(top: float, height: float) -> dict[str, float]:
    return {"x": _MARGIN, "y": top, "width": _WIDTH - 2 * _MARGIN, "height": height}


def _section(heading: Heading, top: float) -> Markup:
    (shown,) = wrapped(heading.text, _WIDTH - 2 * _MARGIN - 12, _SIZE, 1)
    return tag(
        "g",
        tag("title", escaped(clean(heading.text))),
        tag("text", escaped(shown), x=_MARGIN + 4, y=top + 13.5, font_weight="bold"),
        data_section="",
    )


def _row(row: Row, page: _Page, bars: Bars, top: float) -> Markup:
    language = bars.language
    middle = top + page.row / 2
    standing = standing_of(row, language)
    texts = (
        ("key", page.key, page.wording - page.key - _GAP, row.activity.key),
        ("wording", page.wording, _WORDING_WIDTH, row.activity.title),
        ("window", page.window, _WINDOW_WIDTH - _GAP, window_of(row, language)),
        ("share", page.share, _SHARE_WIDTH - 4, share_of(row, language)),
        ("standing", page.standing + 16, _STANDING_WIDTH - 18, standing),
    )
    return tag(
        "g",
        tag("title", escaped(explained(row, language))),
        # Nothing to see: the whole row answers to the pointer.
        tag("rect", **_band(top, page.row), fill="none", pointer_events="all"),
        *(
            _cell(page, name, x, width, text, middle, struck=row.look == "cancelled")
            for name, x, width, text in texts
            if text
        ),
        bar(row.look, page.standing, middle, 11, 10),
        *bars.of(row, middle),
        data_activity=row.activity.key,
        data_look=row.look,
    )


def _cell(
    page: _Page, name: str, x: float, width: float, text: str, middle: float, *, struck: bool
) -> Markup:
    shown = wrapped(text, width, _SIZE, page.lines)
    first = middle + 4 - (len(shown) - 1) * _LEADING / 2
    spans = (
        tag("tspan", escaped(line), x=x, y=first + number * _LEADING)
        for number, line in enumerate(shown)
    )
    return tag(
        "text",
        *spans,
        clip_path=f"url(#{page.name}-{name})",
        fill=QUIET if struck else None,
        text_decoration="line-through" if struck and name == "wording" else None,
    )


def _today(scale: Timescale, page: _Page, day: date) -> Iterator[Markup]:
    """Yield the line of the day with its date; an arrow where the day is off the scale."""
    place = scale.clamped(scale.middle(day))
    shown = day_shown(day)
    if scale.holds(day):
        yield tag(
            "line",
            x1=place,
            x2=place,
            y1=_TOP + 16,
            y2=page.bottom,
            stroke=INK,
            stroke_width=1.6,
            stroke_dasharray="7 3",
            data_day=f"{day}",
        )
    else:
        shown = f"← {shown}" if day < scale.first else f"{shown} →"
    width = width_of(shown, _SIZE) + 12
    left = min(max(place - width / 2, scale.left), scale.right - width)
    yield tag("rect", x=left, y=_TOP, width=width, height=17, rx=3, fill=INK)
    text = {"x": left + width / 2, "y": _TOP + 12.5}
    yield tag("text", escaped(shown), **text, text_anchor="middle", fill="#ffffff")
