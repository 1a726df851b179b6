"""Days along a line: whole months, windows cut to them, and what lies outside told as such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from lifecycle.domain.roadmap import Roadmap

MARGIN: Final = timedelta(days=92)
"""How far the scale reaches beyond the road map's period to show the day asked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """A window on the scale.

    Args:
        left: Where it begins.
        right: Where it ends.
        before: It reaches out of the scale to the left.
        after: It reaches out of the scale to the right.
    """

    left: float
    right: float
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month on the scale, from *left* to *right*."""

    first: date
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Timescale:
    """Days from *first* to *last*, both inclusive, over *width* units from *left* on."""

    first: date
    last: date
    left: float
    width: float

    @property
    def right(self) -> float:
        """Where the scale ends."""
        return self.left + self.width

    def begins(self, day: date) -> float:
        """Return where *day* begins, whether it is on the scale or not."""
        days = (self.last - self.first).days + 1
        return self.left + self.width * (day - self.first).days / days

    def middle(self, day: date) -> float:
        """Return where the middle of *day* is."""
        return (self.begins(day) + self.ends(day)) / 2

    def ends(self, day: date) -> float:
        """Return where *day* ends."""
        days = (self.last - self.first).days + 1
        return self.begins(day) + self.width / days

    def holds(self, day: date) -> bool:
        """Tell whether *day* is on the scale."""
        return self.first <= day <= self.last

    def clamped(self, place: float) -> float:
        """Return *place*, or the end of the scale that is nearer to it."""
        return min(max(place, self.left), self.right)

    def span(self, start: date, end: date, least: float = 0.0) -> Span:
        """Return the window from *start* to *end*, both inclusive, cut to the scale.

        Args:
            start: First day.
            end: Last day.
            least: Width that it has at least, so that a single day can be seen.
        """
        left, right = self.clamped(self.begins(start)), self.clamped(self.ends(end))
        missing = max(0.0, least - (right - left)) / 2
        left = min(max(left - missing, self.left), self.right - least)
        right = max(min(right + missing, self.right), left + least)
        return Span(left, right, start < self.first, end > self.last)

    def months(self) -> Iterator[Month]:
        """Yield the months of the scale."""
        first = self.first
        while first <= self.last:
            following = _next_month(first)
            yield Month(first, self.begins(first), self.begins(following))
            first = following


def scale_for(roadmap: Roadmap, day: date, left: float, width: float) -> Timescale:
    """Return whole months that hold the road map's period, and *day* if it is not far off."""
    near = roadmap.start - MARGIN <= day <= roadmap.end + MARGIN
    first = min(roadmap.start, day) if near else roadmap.start
    last = max(roadmap.end, day) if near else roadmap.end
    return Timescale(first.replace(day=1), _next_month(last) - timedelta(days=1), left, width)


def _next_month(day: date) -> date:
    years, month = divmod(day.month, 12)
    return date(day.year + years, month + 1, 1)
