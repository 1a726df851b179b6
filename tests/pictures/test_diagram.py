"""The state diagram: every state, every transition, in forms that the tools accept."""

import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.definition import Definition
from lifecycle.domain.messages import Text
from lifecycle.pictures import RendererFailed, RendererMissing, dot, mermaid, svg
from lifecycle.pictures.markup import clean
from lifecycle.workflows.catalogue import Catalogue
from tests.pictures.examples import ROADMAPS, SVG, parsed

TITLES = st.text(min_size=1).filter(clean)


@pytest.fixture(params=ROADMAPS, scope="module")
def shipped(request: pytest.FixtureRequest, catalogue: Catalogue) -> Definition:
    return catalogue.compiled(request.param)


def titles(definition: Definition, language: str) -> list[str]:
    texts = [one.title for one in definition.states] + [one.title for one in definition.transitions]
    return [text.in_language(language) for text in texts]


def read_mermaid(text: str) -> str:
    """Return a label as Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text.replace("<br/>", " "))


def read_dot(text: str) -> str:
    """Return a label as Graphviz shows it, on one line."""
    plain = re.sub(r"\\(.)", lambda found: {"n": " ", "l": " "}.get(found[1], found[1]), text)
    return clean(plain.replace("&amp;", "&"))


def groups(root: Element, kind: str) -> list[Element]:
    return [one for one in root.iter(f"{SVG}g") if one.attrib.get("class", "").startswith(kind)]


def shown(group: Element) -> str:
    return clean(" ".join(text.text or "" for text in group.iter(f"{SVG}text")))


def partly_left(definition: Definition) -> Definition:
    """Return *definition* with a withdrawal that leaves its first three states only."""
    some = tuple(state.name for state in definition.states[:3])
    moves = [
        replace(one, sources=some) if one.name == "withdraw" else one
        for one in definition.transitions
    ]
    return replace(definition, transitions=tuple(moves))


@pytest.mark.parametrize("language", ["ru", "en"])
def test_mermaid_names_every_state_and_transition(shipped: Definition, language: str) -> None:
    text = read_mermaid(mermaid(shipped, language))

    assert [title for title in titles(shipped, language) if title not in text] == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_dot_names_every_state_and_transition(shipped: Definition, language: str) -> None:
    text = read_dot(dot(shipped, language))

    assert [title for title in titles(shipped, language) if title not in text] == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_graphviz_draws_every_state_and_transition(shipped: Definition, language: str) -> None:
    root = parsed(svg(shipped, language))

    nodes = {(node.findtext(f"{SVG}title") or ""): shown(node) for node in groups(root, "node")}
    edges = [edge.attrib["class"].split()[1:] for edge in groups(root, "edge")]
    for state in shipped.states:
        assert state.title.in_language(language) in nodes.pop(state.name)
    assert nodes.keys() == {"(initial)", "FROM_1"}
    drawn = sorted(name for names in edges for name in names)
    assert drawn == sorted(one.name for one in shipped.transitions)


def test_the_picture_explains_itself_to_those_who_do_not_see_it(definition: Definition) -> None:
    root = parsed(svg(definition, "en"))

    named = {one.attrib["id"]: one.text or "" for one in root if "id" in one.attrib}
    title, description = (named[name] for name in root.attrib["aria-labelledby"].split())
    assert root.attrib["role"] == "img"
    assert definition.title.en in title
    assert "States: 10, transitions: 16." in description


def test_deadlines_stand_below_the_state(definition: Definition) -> None:
    visit = definition.state["curator_visit"]
    assert f"{visit.due_on}" == "2022-03-01"

    assert "    s_curator_visit : до 01.03.2022\n" in mermaid(definition, "ru")
    assert '\\nby 01.03.2022", width=' in dot(definition, "en")


def test_the_first_state_and_the_final_ones_are_marked(definition: Definition) -> None:
    lines = mermaid(definition, "ru").splitlines()
    graph = dot(definition, "ru").splitlines()

    assert "    [*] --> s_selected" in lines
    assert [line for line in lines if line.endswith("--> [*]")] == [
        "    s_completed --> [*]",
        "    s_withdrawn --> [*]",
    ]
    assert '  "(initial)" -> "selected";' in graph
    doubled = [line.split()[0] for line in graph if "peripheries=2" in line]
    assert doubled == ['"completed"', '"withdrawn"']


def test_transitions_that_stay_share_one_loop(definition: Definition) -> None:
    loops = [
        line
        for line in dot(definition, "en").splitlines()
        if '"concept_documents" -> "concept_documents"' in line
    ]
    lines = mermaid(definition, "en").splitlines()

    assert len(loops) == 1
    assert 'class="submit_concept_documents return_concept_documents"' in loops[0]
    inside = [read_mermaid(line) for line in lines if line.startswith("    s_concept_documents :")]
    assert inside[1:] == [
        "    s_concept_documents : ↻ Submit the concept documents",
        "    s_concept_documents : ↻ Return the concept documents",
    ]


def test_a_withdrawal_from_every_state_is_one_dashed_edge(definition: Definition) -> None:
    graph = dot(definition, "ru")
    edges = [line for line in graph.splitlines() if 'class="withdraw"' in line]

    assert len(edges) == 1
    assert edges[0].startswith('  "FROM_1" -> "withdrawn" ')
    assert edges[0].endswith(", style=dashed];")
    assert "Из любого состояния до завершения" in read_dot(graph)
    assert "    s_FROM_1 --> s_withdrawn : Прекратить участие\n" in mermaid(definition, "ru")


def test_a_withdrawal_from_some_states_names_them(definition: Definition) -> None:
    names = "From the states: Selected, Questionnaires, Risk profile"

    assert names in read_dot(dot(partly_left(definition), "en"))
    assert names in read_mermaid(mermaid(partly_left(definition), "en"))


def test_without_such_a_transition_there_is_no_note(definition: Definition) -> None:
    moves = tuple(one for one in definition.transitions if one.name != "withdraw")
    without = replace(definition, transitions=moves)

    assert "note" not in mermaid(without, "en")
    assert "dashed" not in dot(without, "en")


def test_a_transition_that_stays_in_many_states_is_a_loop_on_their_note(
    definition: Definition,
) -> None:
    moves = [
        replace(one, target=None) if one.name == "withdraw" else one
        for one in definition.transitions
    ]
    staying = replace(definition, transitions=tuple(moves))

    assert '"FROM_1" -> "FROM_1" [class="withdraw"' in dot(staying, "en")
    assert "    s_FROM_1 : ↻ Withdraw the school\n" in read_mermaid(mermaid(staying, "en"))


@given(st.lists(TITLES, min_size=3, max_size=3))
def test_no_title_breaks_the_picture(definition: Definition, nasty: list[str]) -> None:
    state, move, staying = (Text(one, one) for one in nasty)
    named = replace(
        definition,
        states=tuple(replace(one, title=state) for one in definition.states),
        transitions=tuple(
            replace(one, title=staying if one.target is None else move)
            for one in definition.transitions
        ),
    )

    root = parsed(svg(named, "ru"))
    lines = mermaid(named, "ru").splitlines()

    def squeezed(text: str) -> str:
        return "".join(text.split())

    drawn = squeezed("".join(root.itertext()))
    for title in nasty:
        assert squeezed(clean(title)) in drawn
        assert clean(title) in read_mermaid("\n".join(lines))
    # What is not a letter or a digit of some script is an entity: no line means something else.
    label = r"(?:[^\W_]|[ .,\-–—«»№]|#\d+;|<br/>)+"
    line = rf'    (?:state "{label}" as \w+|\w+ : {label}|(?:\[\*\]|\w+) --> (?:\[\*\]|\w+)'
    line += rf"(?: : {label})?|class \w+ note|classDef note .*|direction TB)"
    assert [one for one in lines[1:] if not re.fullmatch(line, one)] == []


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which only the programs of this folder are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "scripts"))
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    """Put a program that answers with *text* into *folder*."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    file.chmod(0o755)


def test_without_a_program_the_way_to_one_is_told(
    no_programs: Path, definition: Definition
) -> None:
    with pytest.raises(RendererMissing) as told:
        svg(definition, "ru")

    assert "school-lifecycle[pictures]" in str(told.value.remedy)
    assert mermaid(definition, "ru").startswith("stateDiagram-v2\n")


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
def test_the_system_s_graphviz_is_taken_where_there_is_no_other(
    no_programs: Path, definition: Definition
) -> None:
    program(no_programs, "dot", 'echo \'<?xml version="1.0"?><svg width="1pt"></svg>\'')

    picture = svg(definition, "en")

    assert picture.startswith('<?xml version="1.0"?><svg width="1pt" role="img" ')


@pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")
@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("echo 'out of paint' >&2; exit 3", "out of paint"),
        ("exit 3", "exit 3"),
        ("echo drawn", "it wrote no svg element"),
    ],
)
def test_a_program_that_fails_is_named(
    no_programs: Path, definition: Definition, answer: str, detail: str
) -> None:
    program(no_programs, "dot", answer)

    with pytest.raises(RendererFailed, match=detail) as told:
        svg(definition, "en")

    assert str(no_programs / "dot") in str(told.value)


def test_a_program_that_cannot_be_started_is_named(
    no_programs: Path, definition: Definition
) -> None:
    broken = no_programs / ("dot.exe" if os.name == "nt" else "dot")
    broken.write_bytes(b"\x7fELF and nothing after it")
    broken.chmod(0o755)

    with pytest.raises(RendererFailed, match="dot did not draw the diagram: OSError"):
        svg(definition, "en")
