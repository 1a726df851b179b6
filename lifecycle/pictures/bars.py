"""The bars of a row: the plan above, below it what happened and how long after the last day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.pictures.looks import LOOKS, bar, look_of
from lifecycle.pictures.markup import Markup, escaped, tag
from lifecycle.pictures.rows import Row, occurrence_explained
from lifecycle.pictures.timescale import Span, Timescale

INK: Final = "#1d2329"
QUIET: Final = "#59636e"
_LEAST: Final = 6.0  # width of a single day, so that its pattern can be seen
_ARROW: Final = 6.0
_TALL: Final = 9.0  # height of the plan's bar
_NO_DATES: Final = Text("без срока", "no date")


@dataclass(frozen=True, slots=True)
class Bars:
    """Draws on one scale, as of one day.

    Args:
        scale: The days.
        day: The day asked for.
        language: ``ru`` or ``en``.
    """

    scale: Timescale
    day: date
    language: str

    def of(self, row: Row, middle: float) -> Iterator[Markup]:
        """Yield the bars of *row*, around the height *middle*."""
        recurs = len(row.statuses) > 1
        for status in row.statuses:
            parts = [*self._plan(status, middle - 3), *self._ends(status, middle + 5.5)]
            if not recurs:  # the stretches of neighbours would lie upon each other
                parts[0:0] = self._stretches(status, middle + 5.5)
            title = tag("title", escaped(occurrence_explained(status, self.language)))
            yield tag("g", title, *parts, data_look=look_of(status))
        if not any(one.occurrence.start or one.occurrence.end for one in row.statuses):
            yield tag(
                "text",
                escaped(_NO_DATES.in_language(self.language)),
                x=self.scale.left + 8,
                y=middle + 3.5,
                fill=QUIET,
                font_style="italic",
            )

    def _plan(self, status: ActivityStatus, middle: float) -> Iterator[Markup]:
        start, end = status.occurrence.start, status.occurrence.end
        if start is None and end is None:
            return
        if start is None and end is not None:
            # No first day was named: a thin line stands for any day before the last one.
            lead = self.scale.span(self.scale.first, end)
            yield _line(lead.left, lead.right, middle, LOOKS[look_of(status)].stroke, dashes="1 3")
        span = self.scale.span(start or end or self.day, end or date.max, _LEAST)
        yield from self._bar(status, span, middle)
        moved = status.progress.postponed_to
        if end is not None and moved is not None and moved > end:
            rest = self.scale.span(end + timedelta(days=1), moved)
            yield tag(
                "rect",
                x=rest.left,
                y=middle - _TALL / 2,
                width=rest.right - rest.left,
                height=_TALL,
                fill="none",
                stroke=LOOKS[look_of(status)].stroke,
                stroke_dasharray="3 2",
            )
            yield from self._outside(rest, middle, LOOKS[look_of(status)].stroke)

    def _bar(self, status: ActivityStatus, span: Span, middle: float) -> Iterator[Markup]:
        look = look_of(status)
        left = span.left + (_ARROW if span.before else 0)
        right = span.right - (_ARROW if span.after else 0)
        # Neighbours, such as the weeks of a recurring activity, keep apart.
        yield bar(look, left, middle, max(right - left - 1, 1), _TALL)
        yield from self._outside(span, middle, LOOKS[look].stroke)

    def _outside(self, span: Span, middle: float, colour: str) -> Iterator[Markup]:
        """Yield arrows where the window goes on outside the scale."""
        half = _TALL / 2 + 1
        if span.before:
            points = f"M{span.left:.1f} {middle:.1f}l{_ARROW:.1f} {-half:.1f}v{2 * half:.1f}z"
            yield tag("path", d=points, fill=colour, data_arrow="before")
        if span.after:
            points = f"M{span.right:.1f} {middle:.1f}l{-_ARROW:.1f} {-half:.1f}v{2 * half:.1f}z"
            yield tag("path", d=points, fill=colour, data_arrow="after")

    def _stretches(self, status: ActivityStatus, middle: float) -> Iterator[Markup]:
        """Yield when it was worked on, and how long it went on after the last day."""
        look = LOOKS[look_of(status)]
        until = min(status.closed_on or self.day, self.day)
        begun_on = status.progress.begun_on
        if begun_on is not None and begun_on <= until:
            span = self.scale.span(begun_on, until)
            yield _line(span.left, span.right, middle, look.stroke, weight=2.4)
        if status.due_on is not None and (status.days_overdue or 0) > 0 and until > status.due_on:
            late = self.scale.span(status.due_on + timedelta(days=1), until)
            colour = LOOKS["overdue"].stroke
            yield _line(late.left, late.right, middle, colour, weight=3.4, dashes="2.5 1.5")

    def _ends(self, status: ActivityStatus, middle: float) -> Iterator[Markup]:
        """Yield the days on which schools were through, or the office closed it."""
        look = LOOKS[look_of(status)]
        for day in sorted(set(status.fulfilled.values())):
            yield self._mark(day, middle, "M{x} {top}v7", look.stroke)
        if status.closed_on is not None and status.by == "office":
            # Done is a full diamond, cancelled a cross.
            path = "M{left} {y}l3.5 -3.5l3.5 3.5l-3.5 3.5z"
            if status.state == "cancelled":
                path = "M{left} {top}l7 7m0 -7l-7 7"
            yield self._mark(status.closed_on, middle, path, look.stroke)

    def _mark(self, day: date, middle: float, path: str, colour: str) -> Markup:
        place = self.scale.clamped(self.scale.middle(day))
        written = path.format(
            x=f"{place:.1f}",
            left=f"{place - 3.5:.1f}",
            y=f"{middle:.1f}",
            top=f"{middle - 3.5:.1f}",
        )
        fill = colour if written.endswith("z") else "none"
        return tag("path", d=written, fill=fill, stroke=colour, stroke_width=1.6, data_on=f"{day}")


def _line(
    left: float,
    right: float,
    middle: float,
    colour: str,
    *,
    weight: float = 1.2,
    dashes: str | None = None,
) -> Markup:
    return tag(
        "line",
        x1=left,
        x2=right,
        y1=middle,
        y2=middle,
        stroke=colour,
        stroke_width=weight,
        stroke_dasharray=dashes,
    )
