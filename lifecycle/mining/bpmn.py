"""The rules as a process in BPMN 2.0 (ISO/IEC 19510), with the diagram that viewers draw.

A state is an exclusive gateway, since somebody decides there what comes next; a state that
nothing leads out of is an end event; a move is a task that people do. Names are titles in the
reader's language; the documentation of a task is the name of its transition, as events bear it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Literal

from lifecycle.domain.definition import Definition
from lifecycle.mining.layout import (
    EVENT,
    GATEWAY,
    TASK_HEIGHT,
    TASK_WIDTH,
    Layout,
    Point,
    plan,
)
from lifecycle.mining.markup import XmlStream, title_shown
from lifecycle.mining.net import STAYS_OPEN, Graph, graph_of, state_id

_OMG: Final = "http://www.omg.org/spec"
_NAMESPACES: Final = {
    "xmlns": f"{_OMG}/BPMN/20100524/MODEL",
    "xmlns:bpmndi": f"{_OMG}/BPMN/20100524/DI",
    "xmlns:dc": f"{_OMG}/DD/20100524/DC",
    "xmlns:di": f"{_OMG}/DD/20100524/DI",
    "id": "definitions",
    "targetNamespace": "urn:school-lifecycle:bpmn",
    "exporter": "school-lifecycle",
}
_START: Final = "start"
_SIZES: Final = {
    "startEvent": (EVENT, EVENT),
    "endEvent": (EVENT, EVENT),
    "exclusiveGateway": (GATEWAY, GATEWAY),
    "userTask": (TASK_WIDTH, TASK_HEIGHT),
}
_LABEL_WIDTH: Final = 110
_LABEL_HEIGHT: Final = 40

Kind = Literal["startEvent", "endEvent", "exclusiveGateway", "userTask"]


@dataclass(frozen=True, slots=True)
class _Node:
    """An element of the process; *trigger* is the transition that a task stands for."""

    kind: Kind
    id: str
    name: str
    at: Point
    trigger: str | None = None


@dataclass(frozen=True, slots=True)
class _Flow:
    """What leads from one element to another, and how it runs."""

    source: str
    target: str
    way: tuple[Point, ...]

    @property
    def id(self) -> str:
        """Unique, because no two flows have the same ends."""
        return f"flow.{self.source}-{self.target}"


@dataclass
class _Process:
    """The elements of the process in the order in which they are written."""

    nodes: list[_Node] = field(default_factory=list)
    flows: list[_Flow] = field(default_factory=list)


def write_bpmn(
    definition: Definition, out: BinaryIO, language: str, *, open_cases: bool = False
) -> None:
    """Write the process of *definition*.

    Args:
        definition: The rules.
        out: Where to.
        language: Of the titles: ``ru`` or ``en``.
        open_cases: Every state has an end event besides, for cases that go on.

    Raises:
        NotExportable: The name of a state or transition cannot be an id in XML.
    """
    graph = graph_of(definition, open_cases=open_cases)
    process = _process(graph, plan(graph), language)
    xml = XmlStream(out)
    with xml.element("definitions", _NAMESPACES):
        name = title_shown(graph.title.in_language(language))
        about = {"id": graph.id, "name": name, "isExecutable": "false"}
        with xml.element("process", about):
            rules = title_shown(f"{definition.ref.id} {definition.ref.version}")
            xml.text("documentation", rules)
            for node in process.nodes:
                _node(xml, node, process.flows)
            for flow in process.flows:
                ends = {"id": flow.id, "sourceRef": flow.source, "targetRef": flow.target}
                xml.empty("sequenceFlow", ends)
        _diagram(xml, graph.id, process)


def _process(graph: Graph, layout: Layout, language: str) -> _Process:
    process = _Process()
    left = {one.source for one in graph.moves}
    kinds: dict[str, Kind] = {
        one.name: "exclusiveGateway" if one.name in left or one.name not in graph.exits
        else "endEvent"
        for one in graph.states
    }  # fmt: skip
    process.nodes.append(_Node("startEvent", _START, "", layout.start))
    for state in graph.states:
        title = title_shown(state.title.in_language(language))
        at = layout.states[state.name]
        process.nodes.append(_Node(kinds[state.name], state_id(state.name), title, at))
    for move in graph.moves:
        at, target = layout.moves[move.id], state_id(move.target)
        title = title_shown(move.title.in_language(language))
        process.nodes.append(_Node("userTask", move.id, title, at, move.trigger))
        half = _SIZES[kinds[move.target]][1] // 2
        if move.source is None:
            process.flows.append(
                _Flow(_START, move.id, _level(layout.start, at, EVENT, TASK_WIDTH))
            )
            way = _level(at, layout.states[move.target], TASK_WIDTH, 2 * half)
        else:
            into = tuple(layout.into(move.id, move.source))
            process.flows.append(_Flow(state_id(move.source), move.id, into))
            way = tuple(layout.out_of(move.id, move.target, half=half))
        process.flows.append(_Flow(move.id, target, way))
    for name in graph.exits:
        if kinds[name] == "exclusiveGateway":
            _exit(process, name, layout, STAYS_OPEN.in_language(language))
    return process


def _exit(process: _Process, state: str, layout: Layout, name: str) -> None:
    """Add an end event in a state that cases may end in although something leads out of it."""
    at, gateway = layout.exits[state], layout.states[state]
    end = f"exit.{state}"
    process.nodes.append(_Node("endEvent", end, name, at))
    way = (
        Point(gateway.x, gateway.y + GATEWAY // 2),
        Point(gateway.x, at.y),
        Point(at.x - EVENT // 2, at.y),
    )
    process.flows.append(_Flow(state_id(state), end, way))


def _level(left: Point, right: Point, width_left: int, width_right: int) -> tuple[Point, ...]:
    """Return the edge between two elements at the same height."""
    return (
        Point(left.x + width_left // 2, left.y),
        Point(right.x - width_right // 2, right.y),
    )


def _node(xml: XmlStream, node: _Node, flows: list[_Flow]) -> None:
    about = {"id": node.id, **({"name": node.name} if node.name else {})}
    with xml.element(node.kind, about):
        if node.trigger is not None:
            xml.text("documentation", node.trigger)
        for end, id in _ends(node.id, flows):
            xml.text(end, id)


def _ends(node: str, flows: list[_Flow]) -> Iterator[tuple[str, str]]:
    yield from (("incoming", one.id) for one in flows if one.target == node)
    yield from (("outgoing", one.id) for one in flows if one.source == node)


def _diagram(xml: XmlStream, process_id: str, process: _Process) -> None:
    with (
        xml.element("bpmndi:BPMNDiagram", {"id": "diagram"}),
        xml.element("bpmndi:BPMNPlane", {"id": "plane", "bpmnElement": process_id}),
    ):
        for node in process.nodes:
            _shape(xml, node)
        for flow in process.flows:
            about = {"id": f"{flow.id}.edge", "bpmnElement": flow.id}
            with xml.element("bpmndi:BPMNEdge", about):
                for point in flow.way:
                    xml.empty("di:waypoint", {"x": point.x, "y": point.y})


def _shape(xml: XmlStream, node: _Node) -> None:
    width, height = _SIZES[node.kind]
    about = {"id": f"{node.id}.shape", "bpmnElement": node.id}
    if node.kind == "exclusiveGateway":
        about["isMarkerVisible"] = "true"
    with xml.element("bpmndi:BPMNShape", about):
        _bounds(xml, node.at.x - width // 2, node.at.y - height // 2, width, height)
        if node.kind != "userTask" and node.name:
            # To the upper right, where no edge runs: they come from above and leave below.
            with xml.element("bpmndi:BPMNLabel"):
                top = node.at.y - height // 2 - _LABEL_HEIGHT // 2
                _bounds(xml, node.at.x + 8, top, _LABEL_WIDTH, _LABEL_HEIGHT)


def _bounds(xml: XmlStream, x: int, y: int, width: int, height: int) -> None:
    xml.empty("dc:Bounds", {"x": x, "y": y, "width": width, "height": height})
