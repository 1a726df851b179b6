"""The rules as PNML and BPMN 2.0: the same graph twice, every id unique, every reference met."""

import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given

from lifecycle.domain.definition import Definition, PolicyAllows
from lifecycle.domain.errors_mining import NotExportable
from lifecycle.domain.messages import Text
from lifecycle.mining.markup import title_shown
from lifecycle.workflows.catalogue import Catalogue
from tests import strategies
from tests.mining.reading import BPMN, BPMN_DI, DC, DI, PNML, bpmn_of, pnml_of

ROADMAPS = tuple(Catalogue().roadmaps())
HOSTILE = Text(ru="Отбор <&\"'>\x00\x0b ]]> &amp;\nи так далее", en="x")
Box = tuple[float, float, float, float]


def moves_of(definition: Definition) -> Counter[tuple[str | None, str, str]]:
    """Return source, trigger and target of every move that policies leave open."""
    moves: list[tuple[str | None, str, str]] = [
        (source, one.name, one.target or source)
        for one in definition.transitions
        for source in one.sources
        if all(need.allowed for need in one.requirements if isinstance(need, PolicyAllows))
    ]
    return Counter([(None, "enrolled", definition.initial), *moves])


def ids_of(root: ET.Element) -> list[str]:
    return [one.attrib["id"] for one in root.iter() if "id" in one.attrib]


def text_of(element: ET.Element, path: str) -> str:
    return element.findtext(path) or ""


# -- PNML ---------------------------------------------------------------------------------------


def steps_of(net: ET.Element) -> list[tuple[str | None, str | None, str]]:
    """Return source, label and target of every transition; silent ones have no label."""
    names = {one.attrib["id"]: text_of(one, f"{PNML}name/{PNML}text") for one in net.iter()
             if one.tag == f"{PNML}place" and "id" in one.attrib}  # fmt: skip
    arcs = [(one.attrib["source"], one.attrib["target"]) for one in net.iter(f"{PNML}arc")]
    steps: list[tuple[str | None, str | None, str]] = []
    for one in net.iter(f"{PNML}transition"):
        (source,) = (names[begin] for begin, end in arcs if end == one.attrib["id"])
        (target,) = (names[end] for begin, end in arcs if begin == one.attrib["id"])
        silent = one.find(f"{PNML}toolspecific")
        label = text_of(one, f"{PNML}name/{PNML}text") if silent is None else None
        steps.append((None if source == "source" else source, label, target))
    return steps


@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_the_net_has_a_place_for_each_state_and_a_transition_for_each_move(
    catalogue: Catalogue, roadmap: str
) -> None:
    definition = catalogue.compiled(roadmap)
    net = pnml_of(definition)
    places = [text_of(one, f"{PNML}name/{PNML}text") for one in net.iter(f"{PNML}place")]
    steps = steps_of(net)

    assert sorted(filter(None, places)) == sorted([*definition.state, "sink", "source"])
    assert Counter(one for one in steps if one[1] is not None) == moves_of(definition)
    assert sorted(one for one in steps if one[1] is None) == [
        ("completed", None, "sink"),
        ("withdrawn", None, "sink"),
    ]


def test_a_case_begins_with_one_token_and_ends_with_one(definition: Definition) -> None:
    net = pnml_of(definition)
    marked = {
        one.attrib["id"]: text_of(one, f"{PNML}initialMarking/{PNML}text")
        for one in net.iter(f"{PNML}place")
        if one.find(f"{PNML}initialMarking") is not None
    }
    (final,) = net.findall(f"{PNML}net/{PNML}finalmarkings/{PNML}marking/{PNML}place")

    assert marked == {"source": "1"}
    assert (final.get("idref"), text_of(final, f"{PNML}text")) == ("sink", "1")


def test_for_open_cases_a_silent_transition_leads_out_of_every_state(
    definition: Definition,
) -> None:
    silent = [one for one in steps_of(pnml_of(definition, open_cases=True)) if one[1] is None]

    assert sorted(silent) == sorted((state, None, "sink") for state in definition.state)


def test_what_the_policy_of_a_road_map_forbids_is_not_in_its_net(catalogue: Catalogue) -> None:
    labels = {
        roadmap: {label for _, label, _ in steps_of(pnml_of(catalogue.compiled(roadmap)))}
        for roadmap in ROADMAPS
    }
    forbidden = {
        roadmap
        for roadmap in ROADMAPS
        for one in catalogue.compiled(roadmap).transition["waive_stage_2_expertise"].requirements
        if isinstance(one, PolicyAllows) and not one.allowed
    }

    assert {one for one in ROADMAPS if "waive_stage_2_expertise" not in labels[one]} == forbidden
    assert 0 < len(forbidden) < len(ROADMAPS)


@given(definition=strategies.definitions())
def test_any_rules_are_written_as_a_net_with_unique_ids_and_whole_arcs(
    definition: Definition,
) -> None:
    net = pnml_of(definition)
    kinds = (f"{PNML}place", f"{PNML}transition")
    nodes = {one.get("id") for one in net.iter() if one.tag in kinds}

    assert len(set(ids_of(net))) == len(ids_of(net))
    for arc in net.iter(f"{PNML}arc"):
        assert {arc.get("source"), arc.get("target")} <= nodes - {None}
    assert Counter(one for one in steps_of(net) if one[1] is not None) == moves_of(definition)


# -- BPMN ---------------------------------------------------------------------------------------

NODES = {f"{BPMN}{one}" for one in ("startEvent", "endEvent", "exclusiveGateway", "userTask")}


def boxes_of(root: ET.Element) -> dict[str, Box]:
    """Return the box of every shape by its element: left, upper, right and lower edge."""
    found = {}
    for shape in root.iter(f"{BPMN_DI}BPMNShape"):
        bounds = shape.find(f"{DC}Bounds")
        assert bounds is not None
        x, y, width, height = (float(bounds.attrib[one]) for one in ("x", "y", "width", "height"))
        found[shape.attrib["bpmnElement"]] = (x, y, x + width, y + height)
    return found


def flows_of(root: ET.Element) -> dict[str, tuple[str, str]]:
    return {
        one.attrib["id"]: (one.attrib["sourceRef"], one.attrib["targetRef"])
        for one in root.iter(f"{BPMN}sequenceFlow")
    }


def references_are_met(root: ET.Element) -> bool:
    nodes = {one.attrib["id"]: one for one in root.iter() if one.tag in NODES}
    flows = flows_of(root)
    drawn = Counter(one.attrib["bpmnElement"] for one in root.iter() if "bpmnElement" in one.attrib)
    (process,) = root.findall(f"{BPMN}process")
    ends = {
        (flow.text, node.attrib["id"], flow.tag.removeprefix(BPMN))
        for node in nodes.values()
        for flow in node
        if flow.tag in (f"{BPMN}incoming", f"{BPMN}outgoing")
    }
    return (
        drawn == Counter([*nodes, *flows, process.attrib["id"]])
        and {one for pair in flows.values() for one in pair} <= nodes.keys()
        and ends
        == {(id, source, "outgoing") for id, (source, _) in flows.items()}
        | {(id, target, "incoming") for id, (_, target) in flows.items()}
        and len(set(ids_of(root))) == len(ids_of(root))
    )


def moves_in(root: ET.Element) -> Counter[tuple[str | None, str, str]]:
    flows = list(flows_of(root).values())
    moves: list[tuple[str | None, str, str]] = []
    for task in root.iter(f"{BPMN}userTask"):
        (source,) = (begin for begin, end in flows if end == task.attrib["id"])
        (target,) = (end for begin, end in flows if begin == task.attrib["id"])
        state = None if source == "start" else source.removeprefix("state.")
        trigger = text_of(task, f"{BPMN}documentation")
        moves.append((state, trigger, target.removeprefix("state.")))
    return Counter(moves)


@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_the_process_has_a_task_for_each_move_and_a_gateway_or_an_end_for_each_state(
    catalogue: Catalogue, roadmap: str
) -> None:
    definition = catalogue.compiled(roadmap)
    root = bpmn_of(definition)
    kinds = Counter(one.tag.removeprefix(BPMN) for one in root.iter() if one.tag in NODES)

    assert moves_in(root) == moves_of(definition)
    assert (kinds["startEvent"], kinds["exclusiveGateway"], kinds["endEvent"]) == (1, 8, 2)
    assert references_are_met(root)


def test_titles_are_in_the_language_of_the_reader(definition: Definition) -> None:
    names = {
        language: {one.attrib["id"]: one.attrib.get("name") for one in bpmn_of(definition, language)
                   .iter() if one.tag in NODES}
        for language in ("ru", "en")
    }  # fmt: skip

    assert names["ru"]["move.conclude.final_review"] == "Подвести итоги участия"
    assert names["ru"]["move.enrolled"] == "Зачисление"
    assert names["en"]["move.enrolled"] == "Enrolment"
    assert names["ru"].keys() == names["en"].keys()


def test_for_open_cases_every_state_has_an_end_of_its_own(definition: Definition) -> None:
    root = bpmn_of(definition, open_cases=True)
    ends = {one.attrib["id"] for one in root.iter(f"{BPMN}endEvent")}

    assert ends == {"state.completed", "state.withdrawn"} | {
        f"exit.{one.name}" for one in definition.states if not one.final
    }
    assert references_are_met(root)


@pytest.mark.parametrize("open_cases", [False, True])
@pytest.mark.parametrize("roadmap", ROADMAPS)
def test_a_viewer_sees_no_shape_upon_another_and_no_flow_across_a_shape(
    catalogue: Catalogue, roadmap: str, open_cases: bool
) -> None:
    root = bpmn_of(catalogue.compiled(roadmap), open_cases=open_cases)
    boxes = boxes_of(root)
    flows = flows_of(root)

    names = sorted(boxes)
    for place, one in enumerate(names):
        assert not [two for two in names[place + 1 :] if overlap(boxes[one], boxes[two])]
    for edge in root.iter(f"{BPMN_DI}BPMNEdge"):
        points = [(float(one.attrib["x"]), float(one.attrib["y"])) for one in
                  edge.iter(f"{DI}waypoint")]  # fmt: skip
        source, target = flows[edge.attrib["bpmnElement"]]
        assert on_border(points[0], boxes[source])
        assert on_border(points[-1], boxes[target])
        for (x1, y1), (x2, y2) in pairwise(points):
            assert x1 == x2 or y1 == y2
            way = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            assert not [name for name, box in boxes.items() if overlap(way, box)], edge.attrib


def overlap(one: Box, two: Box) -> bool:
    """Whether two boxes share more than a border."""
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def on_border(point: tuple[float, float], box: Box) -> bool:
    x, y = point
    inside = box[0] <= x <= box[2] and box[1] <= y <= box[3]
    return inside and (x in (box[0], box[2]) or y in (box[1], box[3]))


@given(definition=strategies.definitions())
def test_any_rules_are_written_as_a_process_whose_references_are_met(
    definition: Definition,
) -> None:
    for open_cases in (False, True):
        root = bpmn_of(definition, open_cases=open_cases)
        assert references_are_met(root)
        assert moves_in(root) == moves_of(definition)
        for state in definition.states:
            (node,) = (one for one in root.iter() if one.get("id") == f"state.{state.name}")
            assert node.get("name", "") == title_shown(state.title.ru)


def test_a_hostile_title_is_shown_and_breaks_nothing(definition: Definition) -> None:
    states = (replace(definition.states[0], title=HOSTILE), *definition.states[1:])
    root = bpmn_of(replace(definition, states=states))
    (node,) = (one for one in root.iter() if one.get("id") == "state.selected")

    assert node.get("name") == "Отбор <&\"'>\ufffd\ufffd ]]> &amp; и так далее"


@pytest.mark.parametrize("name", ['a"b', "a<b", "a b", "a\x00", "", "ы"])
def test_a_name_that_cannot_be_an_id_is_refused(definition: Definition, name: str) -> None:
    renamed = replace(definition.states[3], name=name or "a/b")
    broken = replace(definition, states=(*definition.states[:3], renamed))

    for write in (pnml_of, bpmn_of):
        with pytest.raises(NotExportable, match="cannot be written as xml:id"):
            write(broken)
