"""Where the elements of the graph stand on a page, in pixels, and how its edges run.

States stand in a row from left to right in the order of the programme, the moves out of each in a
column to its lower right. An edge to a move falls from its state; an edge from a move rises in a
channel of its own column to the lane of its target, above the row, and falls into it from there.
So edges to the same state share a lane, and no edge crosses an element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lifecycle.mining.net import Graph

TASK_WIDTH: Final = 150
TASK_HEIGHT: Final = 70
GATEWAY: Final = 50  # across a gateway's diamond
EVENT: Final = 36  # across the circle of a start or an end

_COLUMN: Final = 290
_ROW: Final = 90
_LANE: Final = 16
_LEFT: Final = 60
_GAP: Final = 40  # from a state to the left edge of its moves
_CHANNEL: Final = 6  # between the rising edges of one column


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the page: pixels from its left and its upper edge."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The middles of all elements, and the edges between them.

    Args:
        start: Where every case begins.
        end: The one end, to the right of everything.
        states: By name.
        moves: By id.
        exits: What leads from a state to the end, by the state's name.
        lanes: Height of the lane that leads to a state, by its name.
        channels: Where the edge out of a move rises, by its id: pixels from the left.
    """

    start: Point
    end: Point
    states: Mapping[str, Point]
    moves: Mapping[str, Point]
    exits: Mapping[str, Point]
    lanes: Mapping[str, int]
    channels: Mapping[str, int]

    def into(self, move: str, source: str) -> list[Point]:
        """Return the edge from a state to a move out of it."""
        state, task = self.states[source], self.moves[move]
        left = task.x - TASK_WIDTH // 2
        return [
            Point(state.x, state.y + GATEWAY // 2),
            Point(state.x, task.y),
            Point(left, task.y),
        ]

    def out_of(self, move: str, target: str, *, half: int) -> list[Point]:
        """Return the edge from a move to the state it leads to, whose half height is given."""
        task, state = self.moves[move], self.states[target]
        right, lane = task.x + TASK_WIDTH // 2, self.lanes[target]
        rise = self.channels[move]
        return [
            Point(right, task.y),
            Point(rise, task.y),
            Point(rise, lane),
            Point(state.x, lane),
            Point(state.x, state.y - half),
        ]


def plan(graph: Graph) -> Layout:
    """Return the layout of a graph; the same graph is always laid out the same way."""
    names = [one.name for one in graph.states]
    row = _LEFT + _LANE * len(names)  # above it, a lane for each state
    lanes = {name: _LEFT + _LANE * place for place, name in enumerate(names)}
    states = {
        name: Point(_LEFT + _COLUMN * (place + 1), row + GATEWAY)
        for place, name in enumerate(names)
    }
    start = Point(_LEFT, row + GATEWAY)
    moves: dict[str, Point] = {}
    channels: dict[str, int] = {}
    taken = dict.fromkeys(names, 0)
    for one in graph.moves:
        if one.source is None:
            moves[one.id] = Point(start.x + _GAP + EVENT + TASK_WIDTH // 2, start.y)
            continue
        place, state = taken[one.source], states[one.source]
        taken[one.source] += 1
        moves[one.id] = Point(
            state.x + _GAP + TASK_WIDTH // 2, state.y + GATEWAY + _ROW * place + TASK_HEIGHT // 2
        )
        channels[one.id] = state.x + _GAP + TASK_WIDTH + _CHANNEL * (place + 1)
    exits = {
        name: Point(
            states[name].x + _GAP + TASK_WIDTH // 2,
            states[name].y + GATEWAY + _ROW * taken[name] + TASK_HEIGHT // 2,
        )
        for name in graph.exits
    }
    end = Point(_LEFT + _COLUMN * (len(names) + 1), row + GATEWAY)
    return Layout(start, end, states, moves, exits, lanes, channels)
