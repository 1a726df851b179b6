"""The rules as a graph: states, and one move for each transition out of each state.

Both exports of the rules draw this graph. Conditions that are not a matter of state, such as
roles and evidence, are not in it: those the verification proves by deciding again. One is: what
the road map's policy forbids can never be done, so it is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifecycle.domain.definition import Definition, PolicyAllows, State
from lifecycle.domain.messages import Text
from lifecycle.mining.cases import ENROLLED
from lifecycle.mining.markup import xml_id

ENROLMENT = Text("Зачисление", "Enrolment")
STAYS_OPEN = Text("Участие продолжается", "Still open")


@dataclass(frozen=True, slots=True)
class Move:
    """One transition out of one state.

    Args:
        id: Unique in the graph, and a name in XML.
        trigger: Name of the transition, as the events bear it.
        title: For people.
        source: State it leaves; ``None`` for the enrolment.
        target: State it leads to.
    """

    id: str
    trigger: str
    title: Text
    source: str | None
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The states and moves of a definition.

    Args:
        id: Of the definition, as a name in XML.
        title: For people.
        states: In the order of the programme.
        moves: The enrolment first, then by state.
        exits: States that a case may end in: the final ones, or all where open cases count.
    """

    id: str
    title: Text
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    exits: tuple[str, ...]


def state_id(state: str) -> str:
    """Return the id of a state's element.

    Raises:
        NotExportable: It would be no name in XML.
    """
    return xml_id(f"state.{state}")


def graph_of(definition: Definition, *, open_cases: bool = False) -> Graph:
    """Return the graph of a definition.

    Args:
        definition: The rules.
        open_cases: A case may end in any state, not only in a final one.

    Raises:
        NotExportable: The name of a state or transition cannot be an id in XML.
    """
    enrolment = Move("move.enrolled", ENROLLED, ENROLMENT, None, definition.initial)
    moves = [
        # Names are slugs without a full stop, so this is unique.
        Move(xml_id(f"move.{one.name}.{state.name}"), one.name, one.title, state.name, target)
        for state in definition.states
        for one in definition.open_in(state.name)
        if not _forbidden(one.requirements)
        for target in (one.target or state.name,)
    ]
    return Graph(
        id=xml_id(f"net.{definition.programme}.{definition.roadmap.id}"),
        title=definition.title,
        states=definition.states,
        moves=(enrolment, *moves),
        exits=tuple(one.name for one in definition.states if open_cases or one.final),
    )


def _forbidden(requirements: tuple[object, ...]) -> bool:
    return any(isinstance(one, PolicyAllows) and not one.allowed for one in requirements)
