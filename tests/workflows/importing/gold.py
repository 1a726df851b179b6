"""The importer beside the five road maps that were made by hand.

Run it to see the table: ``python -m tests.workflows.importing.gold``. *Left out* counts what is
still proposed when every pattern of parties and steps that fits no other seed is taken away: what
the patterns learned from a seed alone does not count for it.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing import patterns, proposals
from lifecycle.workflows.importing.draft import Draft, DraftActivity
from lifecycle.workflows.importing.roadmap import import_roadmap

TESTS = Path(__file__).resolve().parents[2]
ROADMAPS = TESTS.parent / "workflows" / "roadmaps"


@dataclass
class Compared:
    """What the importer made of one seed.

    Args:
        name: Id of the road map.
        activities: How many the hand-made file has.
        found: Keys that the importer found, in order.
        wanted: Keys of the hand-made file, in order.
        right: Windows and recurrences read as by hand, without a doubt.
        marked: Rows marked as doubtful or not recognised.
        marked_right: Those of them whose window is nevertheless the one made by hand.
        silent: Keys whose window is wrong and not marked.
        words: Verbatim fields that differ.
        roles: Rows whose roles are those made by hand.
        drives: Steps proposed as by hand.
        extra: Steps proposed and not there by hand.
        missing: Steps there by hand and not proposed.
    """

    name: str
    activities: int
    found: list[str]
    wanted: list[str]
    right: int = 0
    marked: int = 0
    marked_right: int = 0
    silent: list[str] = field(default_factory=list)
    words: list[tuple[str, str]] = field(default_factory=list)
    roles: int = 0
    drives: int = 0
    extra: int = 0
    missing: int = 0


@cache
def gold() -> dict[str, dict[str, Any]]:
    """Return the road maps made by hand, by their seeds."""
    read = [YAML(typ="safe", pure=True).load(p.read_text("utf-8")) for p in ROADMAPS.glob("*.yaml")]
    return {one["source"]: one for one in read if one.get("source")}


def year_of(source: str) -> int:
    """Return the year of a seed's plan."""
    return int(gold()[source]["id"][-4:])


def draft_of(source: str) -> Draft:
    return import_roadmap(TESTS / "seeds" / source, year=year_of(source))


def compare(source: str, draft: Draft) -> Compared:
    """Set a draft beside the road map made by hand."""
    by_hand = gold()[source]["activities"]
    result = Compared(
        gold()[source]["id"],
        len(by_hand),
        [one.key for one in draft.activities],
        [one["key"] for one in by_hand],
    )
    for one, wanted in zip(draft.activities, by_hand, strict=False):
        _windows(one, wanted, result)
        for name in ("title", "when", "responsible", "result", "section"):
            if getattr(one, name) != wanted[name]:
                result.words.append((one.key, name))
        result.roles += list(one.roles) == wanted["roles"]
        result.drives += len(set(one.drives) & set(wanted["drives"]))
        result.extra += len(set(one.drives) - set(wanted["drives"]))
        result.missing += len(set(wanted["drives"]) - set(one.drives))
    return result


def _windows(one: DraftActivity, wanted: dict[str, Any], result: Compared) -> None:
    read = [one.start and one.start.isoformat(), one.end and one.end.isoformat(), one.recurrence]
    same = read == [wanted["start"], wanted["end"], wanted["recurrence"]]
    if one.verdict is not Verdict.RECOGNISED:
        result.marked += 1
        result.marked_right += same
    elif same:
        result.right += 1
    else:
        result.silent.append(one.key)


@contextmanager
def without_patterns_of(source: str) -> Iterator[None]:
    """Take away every pattern that fits no other seed."""
    others = [draft for name, draft in all_drafts().items() if name != source]
    rows = [one for draft in others for one in draft.activities]
    parties = [f"{one.responsible or ''} {one.title}" for one in rows]
    prose = [(TESTS / "seeds" / name).read_text("utf-8") for name in all_drafts() if name != source]
    kept = {
        "PARTIES": _fitting(patterns.PARTIES, [*parties, *prose]),
        "DOERS": _fitting(patterns.DOERS, parties),
        "RECURRENCES": _fitting(
            patterns.RECURRENCES, [f"{one.title} {one.result or ''}" for one in rows]
        ),
        "MOVES": tuple(move for move in patterns.MOVES if any(_fits(move, one) for one in rows)),
    }
    whole = {name: getattr(proposals, name) for name in kept}
    try:
        for name, tables in kept.items():
            setattr(proposals, name, tables)
        yield
    finally:
        for name, tables in whole.items():
            setattr(proposals, name, tables)


def _fitting(table: Sequence[tuple[re.Pattern[str], Any]], texts: list[str]) -> Any:
    return tuple(
        entry for entry in table if any(entry[0].search(text) is not None for text in texts)
    )


def _fits(move: patterns.Move, one: DraftActivity) -> bool:
    return move in proposals.fitting(one.title, one.result or "")


@cache
def all_drafts() -> dict[str, Draft]:
    return {source: draft_of(source) for source in sorted(gold())}


def lines() -> Iterator[str]:
    """Yield the table of what the importer does with each seed."""
    yield (
        "road map          activities  windows: right  marked (right)  silently wrong"
        "  words differ  roles  steps: right extra missing  left out: roles  steps right extra"
    )
    for source in sorted(gold()):
        full = compare(source, draft_of(source))
        with without_patterns_of(source):
            left = compare(source, draft_of(source))
        yield (
            f"{full.name:18}{len(full.found):4} of {full.activities:<5}{full.right:10}"
            f"{full.marked:11} ({full.marked_right}){len(full.silent):13}{len(full.words):15}"
            f"{full.roles:9}{full.drives:10}{full.extra:7}{full.missing:7}"
            f"{left.roles:16}{left.drives:12}{left.extra:7}"
        )


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
