"""How an activity stands, and how that looks: each state has a colour and a pattern of its own.

The colours keep apart for the colour-blind (after Okabe and Ito), the patterns in black and white.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.messages import Text
from lifecycle.pictures.markup import Markup, tag

State = Literal["done", "begun", "planned", "overdue", "cancelled"]


@dataclass(frozen=True, slots=True)
class Look:
    """What a state is called and drawn with.

    Args:
        title: For people.
        stroke: Colour of the outline and of facts.
        ground: Colour under the pattern.
        strokes: Path of the pattern within a square of 6 units; empty for a plain ground.
        weight: Width of the pattern's strokes.
    """

    title: Text
    stroke: str
    ground: str
    strokes: str
    weight: float


LOOKS: Final[dict[State, Look]] = {
    "done": Look(Text("выполнено", "done"), "#00664b", "#1f9370", "", 0),
    "begun": Look(Text("начато", "begun"), "#0a5a94", "#dcebf7", "M1.5 0V6M4.5 0V6", 1.4),
    "planned": Look(Text("запланировано", "planned"), "#5b6670", "#ffffff", "M2 3h1.6", 1.2),
    "overdue": Look(Text("просрочено", "overdue"), "#b83b00", "#fde3d3", "M-1 7L7 -1", 2.2),
    "cancelled": Look(Text("отменено", "cancelled"), "#6b6b6b", "#efefef", "M0 0L6 6M6 0L0 6", 0.8),
}
_SIDE: Final = 6  # units of a pattern's square


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
    left = [look for look in looks if look != "cancelled"]
    if not left:
        return "cancelled" if looks else "planned"
    if set(left) == {"done"}:
        return "done"
    return "planned" if set(left) == {"planned"} else "begun"


def patterns() -> Markup:
    """Return the definitions that ``fill_of`` refers to."""
    return tag("defs", *(_pattern(state, look) for state, look in LOOKS.items()))


def fill_of(state: State) -> str:
    """Return the fill of a bar; the colour alone where a viewer knows no patterns."""
    return f"url(#{_pattern_id(state)}) {LOOKS[state].ground}"


def swatch(state: State, left: float, middle: float, width: float) -> Markup:
    """Return a sample of the state's look."""
    return tag(
        "rect",
        x=left,
        y=middle - 5,
        width=width,
        height=10,
        fill=fill_of(state),
        stroke=LOOKS[state].stroke,
        stroke_width=0.8,
    )


def _pattern(state: State, look: Look) -> Markup:
    parts = [tag("rect", width=_SIDE, height=_SIDE, fill=look.ground)]
    if look.strokes:
        path = tag("path", d=look.strokes, stroke=look.stroke, stroke_width=look.weight)
        parts.append(path)
    return tag(
        "pattern",
        *parts,
        id=_pattern_id(state),
        width=_SIDE,
        height=_SIDE,
        patternUnits="userSpaceOnUse",
    )


def _pattern_id(state: State) -> str:
    return f"plan-{state}"
