"""How an activity stands, and how that looks: each state has a colour and a pattern of its own.

The colours keep apart for the colour-blind (after Okabe and Ito), the patterns in black and white.
Patterns are drawn line by line: browsers turn SVG's own into pictures of many megabytes when they
print, and office programs do not know them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.pictures.markup import Markup, tag

State = Literal["done", "begun", "planned", "overdue", "cancelled"]
Pattern = Literal["plain", "stripes", "dashes", "slanted", "crossed"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a state is called and drawn with.

    Args:
        title: For people.
        stroke: Colour of the outline, the pattern and the facts.
        ground: Colour under the pattern.
        pattern: Its lines.
        weight: Their width.
    """

    title: Text
    stroke: str
    ground: str
    pattern: Pattern
    weight: float


LOOKS: Final[dict[State, Look]] = {
    "done": Look(Text("выполнено", "done"), "#00664b", "#1f9370", "plain", 0),
    "begun": Look(Text("начато", "begun"), "#0a5a94", "#dcebf7", "stripes", 1.4),
    "planned": Look(Text("запланировано", "planned"), "#5b6670", "#ffffff", "dashes", 1.2),
    "overdue": Look(Text("просрочено", "overdue"), "#b83b00", "#fde3d3", "slanted", 2.0),
    "cancelled": Look(Text("отменено", "cancelled"), "#6b6b6b", "#efefef", "crossed", 0.8),
}
_STEP: Final = 5.0  # between slanted lines
_STRIPE: Final = 3.0  # between stripes


def look_of(status: ActivityStatus) -> State:
    """Return the state that one occurrence is shown in; overdue is what is open and late."""
    if status.open and (status.days_overdue or 0) > 0:
        return "overdue"
    return status.state


def look_of_all(statuses: Sequence[ActivityStatus]) -> State:
    """Return the state of a whole activity: one late occurrence makes it overdue."""
    looks = [look_of(status) for status in statuses]
    if "overdue" in looks:
        return "overdue"
    left = {look for look in looks if look != "cancelled"}
    if not left:
        return "cancelled" if looks else "planned"
    return left.pop() if len(left) == 1 else "begun"


def bar(state: State, left: float, middle: float, width: float, height: float) -> Markup:
    """Return a bar in the look of *state*.

    Args:
        state: How it stands.
        left: Where it begins.
        middle: The height that it lies around.
        width: How long it is.
        height: How tall it is.
    """
    look = LOOKS[state]
    top, right, bottom = middle - height / 2, left + width, middle + height / 2
    ground = tag(
        "rect",
        x=left,
        y=top,
        width=width,
        height=height,
        fill=look.ground,
        stroke=look.stroke,
        stroke_width=0.8,
    )
    lines = "".join(_lines(look.pattern, left, top, right, bottom))
    if not lines:
        return tag("g", ground, data_pattern=look.pattern)
    hatching = tag("path", d=lines, fill="none", stroke=look.stroke, stroke_width=look.weight)
    return tag("g", ground, hatching, data_pattern=look.pattern)


def _lines(pattern: Pattern, left: float, top: float, right: float, bottom: float) -> Iterator[str]:
    """Yield the lines of the pattern, as a path, within the rectangle."""
    match pattern:
        case "stripes":
            x = left + _STRIPE / 2
            while x < right:
                yield f"M{x:.1f} {top:.1f}V{bottom:.1f}"
                x += _STRIPE
        case "dashes":
            x, middle = left + 2, (top + bottom) / 2
            while x + 1.5 < right:
                yield f"M{x:.1f} {middle:.1f}h1.5"
                x += 2 * _STRIPE
        case "slanted":
            yield from _slanted(left, top, right, bottom, rising=True)
        case "crossed":
            yield from _slanted(left, top, right, bottom, rising=True)
            yield from _slanted(left, top, right, bottom, rising=False)


def _slanted(
    left: float, top: float, right: float, bottom: float, *, rising: bool
) -> Iterator[str]:
    """Yield lines at 45 degrees, cut at the edges of the rectangle."""
    foot = left - (bottom - top) + _STEP / 2
    while foot < right:
        first, last = max(foot, left), min(foot + bottom - top, right)
        if first < last:
            heights = (bottom - (first - foot), bottom - (last - foot))
            if not rising:
                heights = (top + first - foot, top + last - foot)
            yield f"M{first:.1f} {heights[0]:.1f}L{last:.1f} {heights[1]:.1f}"
        foot += _STEP
