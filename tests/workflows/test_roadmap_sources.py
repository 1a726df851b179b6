"""The road maps against the public documents they were copied from.

Nothing of the project is imported: the files are read as plain YAML and compared with the tables
of the sources, cell by cell, so a fault in the loader cannot hide a fault in the data.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.plain import load

TESTS = Path(__file__).resolve().parents[1]
SEEDS = TESTS / "seeds"
ROADMAPS = TESTS.parent / "workflows" / "roadmaps"

SEED_DIGESTS = {
    "000_dc06332c6ad9c389.txt": "361b9be8207dcd40629b315928d9940a343913acffd502f9839c4c2b0c7502a7",
    "001_2ecc4953d65512eb.txt": "155e610dbdf53f2077ddfbd6232b22cdfaa8480b55c84bccb665a66cb3b16fa1",
    "002_44903cfe29e69c1e.txt": "080142718b06d12977f22c33fddb91dba63f8e904aa4e99f8e63c44010a533ed",
    "003_55a563c930b5f9d0.txt": "6ea3e76ae34aa732d532a1fdee74ec75e8511bc090be7b00940d723533bc9c58",
    "004_f4178387b0778432.txt": "db625773f4cda9938db010ca004791267ff576847ed9914f2d269dfd62e7e315",
}

Place = tuple[int, int, int]  # line, column, paragraph
Columns = dict[str, int]
# For one activity: line -> field -> which paragraph of the stacked cell is its own.
Shares = dict[str, dict[int, dict[str, int]]]

VERBATIM = ("title", "when", "responsible", "result")
ACTIVITY_FIELDS = [
    *("key", "section", "title", "when", "start", "end", "recurrence"),
    *("responsible", "roles", "result", "drives", "lines", "damage"),
]
OPTIONAL_FIELDS = ["by", "counts"]  # of the few rows that need them


@dataclass(frozen=True)
class Source:
    """How the table of one source is laid out; said here once more, not taken from the YAML."""

    seed: str
    table: tuple[int, int]  # first and last line, header and dashes included
    keys: list[str]
    columns: Columns
    # Lines whose cells stand in other columns.
    shifted: dict[int, Columns] = field(default_factory=dict)
    shares: Shares = field(default_factory=dict)  # activities that own a part of a line only
    # Cells that run together without markup, cut by hand.
    cuts: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    quoted: frozenset[Place] = frozenset()  # in no field, but word for word in the damage
    common: frozenset[Place] = frozenset()  # what more than one activity has to share


def numbered(*counts: int) -> list[str]:
    return [f"{s}.{n}" for s, count in enumerate(counts, 1) for n in range(1, count + 1)]


STACKED = {n: {"title": n, "when": n, "responsible": n} for n in range(5)}
EXTRA_CELL = {"number": 0, "title": 2, "when": 3, "responsible": 4, "result": 5}
GLUED_NUMBER = {"number": 0, "title": 0, "when": 1, "responsible": 2, "result": 3}

SOURCES = {
    "tomari-2022": Source(
        seed="002_44903cfe29e69c1e.txt",
        table=(37, 94),
        keys=numbered(7, 3, 3, 25, 5),
        columns={"number": 0, "title": 1, "responsible": 2, "when": 3, "result": 4},
    ),
    "belgorod-2021": Source(
        seed="001_2ecc4953d65512eb.txt",
        table=(51, 73),
        keys=[str(n) for n in range(1, 17)],
        columns={"number": 0, "title": 1, "when": 2, "responsible": 3, "result": 4},
        shares={
            "15": {72: {"title": 0, "responsible": 0, "result": 0}},
            "16": {72: {"number": 0, "title": 1, "when": 0, "responsible": 1, "result": 1}},
        },
    ),
    "dmitrovsk-2022": Source(
        seed="000_dc06332c6ad9c389.txt",
        table=(31, 42),
        keys=numbered(1, 5, 5, 2),
        columns={"number": 1, "title": 1, "when": 2, "responsible": 3},
        shares={
            "2.1": {35: STACKED[0]},
            "2.2": {35: STACKED[1]},
            "2.3": {35: STACKED[2]},
            "2.4": {35: {**STACKED[3], "when": 2}},  # three dates for four activities
            "3.1": {39: STACKED[0]},
            "3.2": {39: STACKED[1]},
            "3.3": {39: STACKED[2]},
            "3.4": {39: {**STACKED[3], "responsible": 2}},  # three parties for five activities
            "3.5": {39: {**STACKED[4], "responsible": 2}},
            "4.1": {42: STACKED[0]},
            "4.2": {42: {**STACKED[1], "responsible": 0}},
        },
        cuts={
            (42, 1): [
                "1.Экспертиза документов",
                "2.Подведение итогов реализации в Дмитровском районе Проекта «500+» .",
            ],
            (42, 2): ["Октябрь-ноябрь 2022г", "Декабрь 2022г"],
        },
        common=frozenset({(35, 2, 2), (39, 3, 2), (42, 3, 0)}),
    ),
    "kaspiysk-2022": Source(
        seed="003_55a563c930b5f9d0.txt",
        table=(40, 69),
        keys=[
            *("1", "2", "5", "6", "7", "10", "11", "12", "13", "14", "16", "20", "unnumbered-1"),
            *("22", "27", "28", "30", "31", "32", "33", "34", "35", "36", "37"),
        ],
        columns={"number": 0, "title": 1, "when": 2, "responsible": 3, "result": 4},
        shifted={
            55: {"title": 0, "when": 3, "responsible": 4, "result": 5},
            **dict.fromkeys(range(56, 60), EXTRA_CELL),
            **dict.fromkeys(range(61, 66), GLUED_NUMBER),
        },
        cuts={(56, 0): ["22.", "«500+»"]},
        shares={"22": {56: {"number": 0, "title": 0, "when": 0, "responsible": 0, "result": 0}}},
        quoted=frozenset({(56, 0, 1), (56, 1, 0)}),
    ),
    "neklinovsky-2022": Source(
        seed="004_f4178387b0778432.txt",
        table=(7, 76),
        keys=numbered(11, 12, 5, 9, 5, 3),
        columns={"number": 0, "title": 1, "when": 2, "result": 3},
        quoted=frozenset({(43, 0, 0)}),  # an empty row that has a number only
    ),
}
NAMES = sorted(SOURCES)

ROLES = {
    *("administrator", "federal_coordinator", "regional_coordinator", "municipal_coordinator"),
    *("school_coordinator", "curator", "reviewer", "expert"),
}


def plain(text: str) -> str:
    without_links = re.sub(r"<a [^>]*>.*?</a>", " ", text)
    return " ".join(re.sub(r"</?[pb]>|\*\*", " ", without_links).split())


def seed_lines(name: str) -> dict[int, str]:
    text = (SEEDS / SOURCES[name].seed).read_text("utf-8")
    return dict(enumerate(text.split("\n"), 1))


@cache
def table(name: str) -> dict[Place, str]:
    """Return every piece of text in the table, without headers and the line of dashes."""
    source = SOURCES[name]
    pieces = {}
    for line, text in seed_lines(name).items():
        if "\t" not in text or not source.table[0] <= line <= source.table[1]:
            continue
        if text.startswith("№ п/п\t") or not text.strip("-\t"):
            continue
        for column, cell in enumerate(text.split("\t")):
            paragraphs = re.findall(r"<p>(.*?)</p>", cell) or [cell]
            if (line, column) in source.cuts:
                paragraphs = source.cuts[line, column]
                assert plain(cell) == " ".join(paragraphs)
            for n, paragraph in enumerate(paragraphs):
                if plain(paragraph):
                    pieces[line, column, n] = plain(paragraph)
    return pieces


def places(name: str, activity: dict[str, Any], wanted: str) -> list[Place]:
    """Find where the source keeps a field of an activity, in reading order."""
    source = SOURCES[name]
    found = []
    for line in activity["lines"]:
        column = source.shifted.get(line, source.columns).get(wanted)
        own = source.shares.get(activity["key"], {}).get(line)
        if own and wanted == "number" and column == source.columns["title"]:
            own = {"number": own["title"]}
        for place in sorted(table(name)):
            if place[:2] == (line, column) and (own is None or own.get(wanted) == place[2]):
                found.append(place)
    return found


def expected(name: str, activity: dict[str, Any], wanted: str) -> str | None:
    """Build a field from the cells of the source: fragments joined with one space."""
    source, found = SOURCES[name], places(name, activity, wanted)
    texts = [table(name)[place] for place in found]
    first = source.shifted.get(activity["lines"][0], source.columns)
    if wanted == "title" and first.get("number") == first["title"]:
        texts[0] = re.sub(r"^\d+\. ?", "", texts[0])  # the number shares the cell
    return " ".join(texts) or None


ACTIVITIES = [
    pytest.param(name, activity, id=f"{name}:{activity['key']}")
    for name in NAMES
    for activity in load(name)["activities"]
]


@pytest.mark.parametrize("file", sorted(SEED_DIGESTS))
def test_a_seed_is_the_document_as_it_was_found(file: str) -> None:
    assert hashlib.sha256((SEEDS / file).read_bytes()).hexdigest() == SEED_DIGESTS[file]


@pytest.mark.parametrize("name", NAMES)
def test_every_activity_is_there_once_and_in_order(name: str) -> None:
    document = load(name)

    assert document["id"] == name
    assert document["source"] == SOURCES[name].seed
    assert [a["key"] for a in document["activities"]] == SOURCES[name].keys


@pytest.mark.parametrize(("name", "activity"), ACTIVITIES)
def test_an_activity_has_exactly_the_agreed_fields(name: str, activity: dict[str, Any]) -> None:
    sections = {section["number"] for section in load(name)["sections"]}
    of_section = activity["key"].split(".")[0] if sections else None

    assert [field for field in activity if field not in OPTIONAL_FIELDS] == ACTIVITY_FIELDS
    assert activity["section"] == of_section
    assert sections == set() or of_section in sections
    assert set(activity["roles"]) <= ROLES
    assert all(set(note) == {"ru", "en"} and all(note.values()) for note in activity["damage"])


@pytest.mark.parametrize("wanted", VERBATIM)
@pytest.mark.parametrize(("name", "activity"), ACTIVITIES)
def test_a_field_is_the_cells_of_the_cited_lines(
    name: str, activity: dict[str, Any], wanted: str
) -> None:
    assert activity[wanted] == expected(name, activity, wanted)


@pytest.mark.parametrize(("name", "activity"), ACTIVITIES)
def test_a_key_is_the_number_in_the_cited_lines(name: str, activity: dict[str, Any]) -> None:
    texts = [table(name)[place] for place in places(name, activity, "number")]
    found = re.match(r"\d+(\. ?\d+)*", " ".join(texts))

    if activity["key"] == "unnumbered-1":
        assert found is None
    else:
        assert found is not None
        number = found[0].replace(" ", "")
        # In Dmitrovsk's table activities are counted anew in each section.
        inside = f"{activity['section']}.{number}" if name == "dmitrovsk-2022" else number
        assert activity["key"] == inside


@pytest.mark.parametrize("name", NAMES)
def test_a_section_is_a_line_of_the_table(name: str) -> None:
    pieces, first = table(name), load(name)["activities"]

    for section in load(name)["sections"]:
        (line,) = section["lines"]
        text = " ".join(text for place, text in sorted(pieces.items()) if place[0] == line)
        assert text == f"{section['number']}. {section['title']}"
        lines = [a["lines"][0] for a in first if a["section"] == section["number"]]
        assert line < min(lines)
        assert lines == sorted(lines)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_table_is_left_out_or_used_twice(name: str) -> None:
    document, pieces = load(name), table(name)
    used = Counter(
        place
        for activity in document["activities"]
        for place in {p for w in ("number", *VERBATIM) for p in places(name, activity, w)}
    )
    sections = {line for section in document["sections"] for line in section["lines"]}

    left_out = {
        place: text
        for place, text in pieces.items()
        if not used[place] and place[0] not in sections
    }
    assert set(left_out) == SOURCES[name].quoted
    for (line, *_), text in left_out.items():
        notes = [n for n in document["document"]["contradictions"] if line in n["lines"]]
        notes += [n for a in document["activities"] if line in a["lines"] for n in a["damage"]]
        assert any(text in note["ru"] for note in notes)
    assert {place for place, times in used.items() if times > 1} == SOURCES[name].common


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_table_is_cited(name: str) -> None:
    document = load(name)
    cited = [document["sections"], document["activities"], document["document"]["contradictions"]]

    lines = {line for group in cited for entry in group for line in entry["lines"]}
    assert {place[0] for place in table(name)} <= lines
    assert lines <= {line for line, text in seed_lines(name).items() if text.strip()}


@pytest.mark.parametrize(("name", "activity"), ACTIVITIES)
def test_a_broken_row_says_that_it_is_broken(name: str, activity: dict[str, Any]) -> None:
    source, lines = SOURCES[name], activity["lines"]
    broken = (
        len(lines) > 1
        or activity["key"] in source.shares
        or any(line in source.shifted for line in lines)
    )

    assert lines == sorted(set(lines))
    assert activity["damage"] or not broken
