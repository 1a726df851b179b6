"""The rules as a place/transition net in PNML (ISO/IEC 15909-2), with the final marking of ProM.

One place for each state, one labelled transition for each move, the enrolment from the source,
and a silent transition from each state that a case may end in to the one sink: a workflow net.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from lifecycle.domain.definition import Definition
from lifecycle.mining.layout import Layout, Point, plan
from lifecycle.mining.markup import XmlStream, title_shown, xml_id
from lifecycle.mining.net import Graph, graph_of, state_id

_GRAMMAR: Final = "http://www.pnml.org/version-2009/grammar/"
SOURCE: Final = "source"
SINK: Final = "sink"
# How ProM and pm4py mark a transition that no event belongs to.
_SILENT: Final = {"tool": "ProM", "version": "6.4", "activity": "$invisible$"}


@dataclass(frozen=True, slots=True)
class _Step:
    """A transition of the net between two places; without a label it is silent."""

    id: str
    label: str | None
    source: str
    target: str
    at: Point


def write_pnml(definition: Definition, out: BinaryIO, *, open_cases: bool = False) -> None:
    """Write the net of *definition*.

    Args:
        definition: The rules.
        out: Where to.
        open_cases: A silent transition leads from every state to the sink, so that the history
            of a case that goes on fits, too.

    Raises:
        NotExportable: The name of a state or transition cannot be an id in XML.
    """
    graph = graph_of(definition, open_cases=open_cases)
    layout = plan(graph)
    steps = _steps(graph, layout)
    xml = XmlStream(out)
    about = {"id": graph.id, "type": f"{_GRAMMAR}ptnet"}
    with xml.element("pnml", {"xmlns": f"{_GRAMMAR}pnml"}), xml.element("net", about):
        _named(xml, f"{definition.ref.id} {definition.ref.version}")
        with xml.element("page", {"id": "page"}):
            _place(xml, SOURCE, "source", layout.start, tokens=1)
            for state in graph.states:
                _place(xml, state_id(state.name), state.name, layout.states[state.name])
            _place(xml, SINK, "sink", layout.end)
            for step in steps:
                _transition(xml, step)
            for step in steps:
                for source, target in ((step.source, step.id), (step.id, step.target)):
                    _arc(xml, source, target)
        # Not of the standard, but all miners read it: what a finished case leaves behind.
        final = {"idref": SINK}
        with xml.element("finalmarkings"), xml.element("marking"), xml.element("place", final):
            xml.text("text", 1)


def _steps(graph: Graph, layout: Layout) -> list[_Step]:
    moves = [
        _Step(
            one.id,
            one.trigger,
            SOURCE if one.source is None else state_id(one.source),
            state_id(one.target),
            layout.moves[one.id],
        )
        for one in graph.moves
    ]
    exits = [
        _Step(xml_id(f"exit.{one}"), None, state_id(one), SINK, layout.exits[one])
        for one in graph.exits
    ]
    return [*moves, *exits]


def _place(xml: XmlStream, id: str, name: str, at: Point, tokens: int = 0) -> None:
    with xml.element("place", {"id": id}):
        _named(xml, name)
        _positioned(xml, at)
        if tokens:
            with xml.element("initialMarking"):
                xml.text("text", tokens)


def _transition(xml: XmlStream, step: _Step) -> None:
    with xml.element("transition", {"id": step.id}):
        _named(xml, step.label or "tau")
        _positioned(xml, step.at)
        if step.label is None:
            xml.empty("toolspecific", {**_SILENT, "localNodeID": step.id})


def _arc(xml: XmlStream, source: str, target: str) -> None:
    # Of two ends one is a transition, whose id says which arc this is.
    about = {"id": f"arc.{source}-{target}", "source": source, "target": target}
    with xml.element("arc", about), xml.element("inscription"):
        xml.text("text", 1)


def _named(xml: XmlStream, name: str) -> None:
    with xml.element("name"):
        xml.text("text", title_shown(name))


def _positioned(xml: XmlStream, at: Point) -> None:
    with xml.element("graphics"):
        xml.empty("position", {"x": at.x, "y": at.y})
