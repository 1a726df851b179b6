"""Deviations planted in exported logs: an event skipped, inserted, or swapped with the next."""

from __future__ import annotations

import copy
import random
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lifecycle.domain.definition import Definition
from tests.mining.walks import SEED, accepts, activities

XES = "{http://www.xes-standard.org/}"
EACH = 5  # deviations of a history


@dataclass(frozen=True)
class Planted:
    """What was planted in a history.

    Args:
        case: Name of the case that it was planted in.
        kind: ``skip``, ``insert`` or ``swap``.
        word: The activities of the case as they read now.
        lawful: Whether states still allow it: what stays within a state can be left out.
        names: The activities that a miner may name: those by which one event more or less would
            mend it, or else those that were planted.
    """

    case: str
    kind: str
    word: tuple[str, ...]
    lawful: bool
    names: tuple[str, ...]


def plant(log: Path, planted_log: Path, definition: Definition) -> list[Planted]:
    """Write *log* with deviations planted in every history; return what was planted."""
    ET.register_namespace("", XES.strip("{}"))
    tree = ET.parse(log)  # noqa: S314 - we wrote it
    root, found = tree.getroot(), []
    rng = random.Random(SEED)  # noqa: S311 - the same deviations on every run are the point
    for trace in root.findall(f"{XES}trace"):
        root.remove(trace)
        for number, (kind, word, touched) in enumerate(_deviations(trace, definition, rng)):
            case = f"{text_of(trace, 'concept:name')}~{number}-{kind}"
            root.append(_rewritten(trace, case, word))
            lawful = accepts(definition, word)
            names = () if lawful else _mending(definition, word) or touched
            found.append(Planted(case, kind, word, lawful, tuple(sorted(set(names)))))
    tree.write(planted_log, "utf-8", xml_declaration=True)
    return found


def word_of(trace: ET.Element) -> tuple[str, ...]:
    """Return the activities of a trace."""
    return tuple(text_of(event, "concept:name") for event in trace.findall(f"{XES}event"))


def text_of(element: ET.Element, key: str) -> str:
    """Return the value of an attribute of a trace or an event."""
    (value,) = (one.get("value") for one in element if one.get("key") == key)
    assert value is not None
    return value


def _deviations(
    trace: ET.Element, definition: Definition, rng: random.Random
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield kind, word and activities touched of some deviations."""
    word, known = word_of(trace), activities(definition)
    places = range(len(word))
    every: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
    for place in places:
        before, here, after = word[:place], word[place], word[place + 1 :]
        every.append(("skip", before + after, (here,)))
        new = rng.choice(known)
        every.append(("insert", (*before, here, new, *after), (new,)))
        if after and after[0] != here:
            every.append(("swap", (*before, after[0], here, *after[1:]), (here, after[0])))
    yield from rng.sample(every, min(EACH, len(every)))


def _mending(definition: Definition, word: Sequence[str]) -> tuple[str, ...]:
    """Return the activities by which one event more or one less would make the word lawful."""
    less = [
        word[place]
        for place in range(len(word))
        if accepts(definition, [*word[:place], *word[place + 1 :]])
    ]
    more = [
        new
        for place in range(len(word) + 1)
        for new in activities(definition)
        if accepts(definition, [*word[:place], new, *word[place:]])
    ]
    return tuple(less + more)


def _rewritten(trace: ET.Element, case: str, word: Sequence[str]) -> ET.Element:
    """Return a trace that reads *word*, a day from event to event."""
    result = copy.deepcopy(trace)
    events = result.findall(f"{XES}event")
    for event in events:
        result.remove(event)
    _set(result, "concept:name", case)
    for number, activity in enumerate(word):
        event = copy.deepcopy(events[0])
        _set(event, "concept:name", activity)
        moment = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(days=number)
        _set(event, "time:timestamp", moment.isoformat())
        result.append(event)
    return result


def _set(element: ET.Element, key: str, value: str) -> None:
    (one,) = (one for one in element if one.get("key") == key)
    one.set("value", value)
