"""The state diagram of a programme: as Mermaid for a page, as DOT for tools, as SVG for people.

A transition that leaves many states, such as a withdrawal, is drawn once: dashed, from a note that
names the states. Transitions that stay in a state share one loop. The deadlines are those of the
road map in force.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lifecycle.domain.definition import Definition, State, Transition
from lifecycle.domain.messages import Text
from lifecycle.pictures.markup import clean, width_of
from lifecycle.pictures.rendering import accessible, drawn
from lifecycle.pictures.wording import day_shown

_MANY: Final = 3  # states that a transition leaves before its arrows would hide the others
_STATE_WIDTH: Final = 28  # characters of a line
_LABEL_WIDTH: Final = 36
_FONT: Final = "Helvetica"  # Graphviz knows its widths; viewers have it or a metric twin
_STATE_SIZE: Final = 12.0  # points
_POINTS_PER_INCH: Final = 72

_DUE: Final = Text("до {day}", "by {day}")
_EVERY_OPEN: Final = Text("Из любого состояния до завершения", "From any state before the end")
_FROM: Final = Text("Из состояний: {states}", "From the states: {states}")
_COUNTS: Final = Text(
    "Состояний: {states}, переходов: {transitions}. Состояния: {titles}.",
    "States: {states}, transitions: {transitions}. The states: {titles}.",
)


@dataclass(frozen=True, slots=True)
class _Note:
    """Where transitions that leave the same many states begin."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Arrow:
    """What leads from one state to another, or back to the same one; *dashed* from a note."""

    source: str
    target: str
    transitions: tuple[Transition, ...]
    dashed: bool

    @property
    def loop(self) -> bool:
        """Whether the participation stays where it is."""
        return self.source == self.target

    def titles(self, language: str) -> list[str]:
        """Return the transitions' titles, each marked where there are several."""
        titles = [one.title.in_language(language) for one in self.transitions]
        return titles if len(titles) == 1 else [f"• {title}" for title in titles]


def mermaid(definition: Definition, language: str) -> str:
    """Return the states and transitions as a Mermaid ``stateDiagram-v2``.

    Args:
        definition: A programme under a road map.
        language: ``ru`` or ``en``.
    """
    notes = _notes(definition, language)
    arrows = list(_arrows(definition, notes))
    lines = ["stateDiagram-v2", "    direction TB"]
    if notes:
        lines.append("    classDef note stroke-dasharray:5 5")
    for state in definition.states:
        lines.append(_mermaid_box(state.name, state.title.in_language(language)))
        stays = [one for one in arrows if one.loop and one.source == state.name]
        lines.extend(_mermaid_line(state.name, text) for text in _inside(state, stays, language))
    for note in notes.values():
        lines.extend([_mermaid_box(note.name, note.text), f"    class s_{note.name} note"])
        stays = [one for one in arrows if one.loop and one.source == note.name]
        lines.extend(_mermaid_line(note.name, text) for text in _stays(stays, language))
    lines.append(f"    [*] --> s_{definition.initial}")
    for arrow in arrows:
        if not arrow.loop:
            label = "<br/>".join(map(_mermaid_text, arrow.titles(language)))
            lines.append(f"    s_{arrow.source} --> s_{arrow.target} : {label}")
    lines.extend(f"    s_{one.name} --> [*]" for one in definition.states if one.final)
    return "\n".join(lines) + "\n"


def dot(definition: Definition, language: str) -> str:
    """Return the states and transitions in the DOT language of Graphviz.

    Args:
        definition: A programme under a road map.
        language: ``ru`` or ``en``.
    """
    notes = _notes(definition, language)
    lines = [
        f"digraph {_quoted(definition.programme)} {{",
        '  graph [charset="UTF-8", rankdir=TB, nodesep=0.5, ranksep=0.45, pad=0.2, '
        f'fontname="{_FONT}", bgcolor="white"];',
        f'  node [shape=box, style="rounded,filled", fillcolor="#eef4fb", color="#1f5f99", '
        f'fontname="{_FONT}", fontsize={_STATE_SIZE:.0f}, margin="0.2,0.1"];',
        f'  edge [fontname="{_FONT}", fontsize=10, color="#4a5560", fontcolor="#1d2329", '
        "arrowsize=0.7];",
        '  "(initial)" [shape=circle, style=filled, fillcolor="#1d2329", color="#1d2329", '
        'label="", width=0.18, fixedsize=true];',
    ]
    lines.extend(_dot_state(state, language) for state in definition.states)
    lines.extend(_dot_note(note) for note in notes.values())
    lines.append(f'  "(initial)" -> {_quoted(definition.initial)};')
    for arrow in _arrows(definition, notes):
        lines.extend(_dot_arrow(arrow, language))
    return "\n".join([*lines, "}"]) + "\n"


def svg(definition: Definition, language: str) -> str:
    """Return the picture of ``dot``, laid out by Graphviz.

    Args:
        definition: A programme under a road map.
        language: ``ru`` or ``en``.

    Raises:
        RendererMissing: Neither graphviz-pure nor Graphviz is installed.
        RendererFailed: It did not draw the picture.
    """
    titles = [state.title.in_language(language) for state in definition.states]
    description = _COUNTS.in_language(language).format(
        states=len(titles), transitions=len(definition.transitions), titles=", ".join(titles)
    )
    names = (definition.title, definition.roadmap.title)
    title = ". ".join(name.in_language(language) for name in names)
    name = f"diagram-{definition.roadmap.id}"
    return accessible(drawn(dot(definition, language)), name, title, description)


def _notes(definition: Definition, language: str) -> dict[frozenset[str], _Note]:
    """Return a note for each set of many states that transitions leave, by that set."""
    every = frozenset(state.name for state in definition.states if not state.final)
    notes: dict[frozenset[str], _Note] = {}
    for transition in definition.transitions:
        left = frozenset(transition.sources)
        if len(left) < _MANY or left in notes:
            continue
        titles = [one.title.in_language(language) for one in definition.states if one.name in left]
        text = _EVERY_OPEN if left == every else _FROM
        shown = text.in_language(language).format(states=", ".join(titles))
        # States are named in lower case: this cannot be one of them.
        notes[left] = _Note(f"FROM_{len(notes) + 1}", shown)
    return notes


def _arrows(definition: Definition, notes: dict[frozenset[str], _Note]) -> Iterator[_Arrow]:
    """Yield the arrows, in the order of the first transition of each."""
    between: dict[tuple[str, str, bool], list[Transition]] = {}
    for one in definition.transitions:
        note = notes.get(frozenset(one.sources))
        for source in one.sources if note is None else (note.name,):
            ends = (source, one.target or source, note is not None)
            between.setdefault(ends, []).append(one)
    for (source, target, dashed), transitions in between.items():
        yield _Arrow(source, target, tuple(transitions), dashed)


def _inside(state: State, stays: list[_Arrow], language: str) -> list[str]:
    """Return what stands in the box of a state below its title."""
    due = _due(state, language)
    return [*([due] if due else []), *_stays(stays, language)]


def _stays(stays: list[_Arrow], language: str) -> list[str]:
    """Return the loops as text: Mermaid draws one of several loops and hides its label."""
    titles = [one.title.in_language(language) for arrow in stays for one in arrow.transitions]
    return [f"↻ {title}" for title in titles]


def _due(state: State, language: str) -> str:
    if state.due_on is None:
        return ""
    return _DUE.in_language(language).format(day=day_shown(state.due_on))


def _mermaid_box(name: str, title: str) -> str:
    """Return a state; bare names might be words of Mermaid, such as ``end`` or ``note``."""
    return f'    state "{_mermaid_text(title)}" as s_{name}'


def _mermaid_line(name: str, text: str) -> str:
    return f"    s_{name} : {_mermaid_text(text)}"


def _mermaid_text(text: str) -> str:
    """Return *text* with everything as an entity that Mermaid might read as its own."""
    return "".join(
        character if character.isalnum() or character in " .,-–—«»№" else f"#{ord(character)};"
        for character in clean(text)
    )


def _dot_state(state: State, language: str) -> str:
    texts = [state.title.in_language(language), _due(state, language)]
    final = ', peripheries=2, fillcolor="#eef7f0", color="#1b6e4b"' if state.final else ""
    label = _dot_label(texts, _STATE_WIDTH)
    # Graphviz without fonts takes every letter beyond Latin for one of medium width.
    width = max(width_of(line, _STATE_SIZE) for line in _lines(texts, _STATE_WIDTH))
    inches = (width + 24) / _POINTS_PER_INCH
    return f"  {_quoted(state.name)} [label={label}, width={inches:.2f}{final}];"


def _dot_note(note: _Note) -> str:
    look = 'shape=note, style="dashed,filled", fillcolor="#fbf8ee", color="#8a6d1a", fontsize=10'
    return f"  {_quoted(note.name)} [label={_dot_label([note.text], _STATE_WIDTH)}, {look}];"


def _dot_arrow(arrow: _Arrow, language: str) -> Iterator[str]:
    """Yield an edge for each transition; loops share one, or their labels would collide."""
    titles = arrow.titles(language)
    if arrow.loop:
        yield _dot_edge(arrow, arrow.transitions, titles)
        return
    for transition in arrow.transitions:
        yield _dot_edge(arrow, (transition,), [transition.title.in_language(language)])


def _dot_edge(arrow: _Arrow, transitions: tuple[Transition, ...], titles: list[str]) -> str:
    # Left-justified and indented: Graphviz sets a label hard against its line.
    lines = [f"\u00a0\u00a0{_dot_text(line)}\\l" for line in _lines(titles, _LABEL_WIDTH)]
    names = " ".join(one.name for one in transitions)
    dashed = ", style=dashed" if arrow.dashed else ""
    ends = f"{_quoted(arrow.source)} -> {_quoted(arrow.target)}"
    return f'  {ends} [class={_quoted(names)}, label="{"".join(lines)}"{dashed}];'


def _dot_label(texts: list[str], width: int) -> str:
    return '"' + "\\n".join(map(_dot_text, _lines(texts, width))) + '"'


def _lines(texts: list[str], width: int) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(clean(text), width)] or [""]


def _quoted(text: str) -> str:
    return f'"{_dot_text(text)}"'


def _dot_text(text: str) -> str:
    """Return *text* for a quoted string: DOT reads backslashes, quotes and HTML entities."""
    return clean(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
