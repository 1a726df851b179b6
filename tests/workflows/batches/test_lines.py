"""A line as a command: what each column holds, and what is told of a value that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Actor, AdvanceCommand, Evidence, EvidenceFile, Message
from lifecycle.workflows.batches.lines import Line, LineInvalid, Reader

ANNA, BORIS = Actor("anna", "os-uid:7"), Actor("boris", "os-uid:7")
LEAST: dict[str, Any] = {"school": "one", "transition": "start"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "batch"
    (inside / "papers").mkdir(parents=True)
    (inside / "papers" / "note.txt").write_text("note")
    (tmp_path / "secret.txt").write_text("secret")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    return inside


@pytest.fixture
def reader(folder: Path) -> Reader:
    return Reader(folder, "0123456789abcdef" * 4, ANNA, lambda name: Actor(name, "os-uid:7"))


def command(reader: Reader, values: dict[str, Any], *, cells: bool = False) -> AdvanceCommand:
    return reader.command(Line(5, {**LEAST, **values}, cells=cells))


def wrong(reader: Reader, values: dict[str, Any], *, cells: bool = False) -> tuple[str | None, str]:
    with pytest.raises(LineInvalid) as invalid:
        command(reader, values, cells=cells)
    return invalid.value.column, str(invalid.value.error)


def test_a_line_needs_a_school_and_a_transition(reader: Reader) -> None:
    assert command(reader, {}) == AdvanceCommand(
        **LEAST,
        actor=ANNA,
        evidence=[],
        command_id="batch-0123456789abcdef0123456789abcdef01234567-5",
    )


def test_every_column_comes_into_the_command(reader: Reader, folder: Path) -> None:
    values = {
        "school": "two",
        "переход": " finish ",
        "Кто": "boris",
        "за кого": "anna",
        "дата": "2022-03-01",
        "reason": "school_closed",
        "comment": " as it was\nwritten ",
        "evidence": ["visit_note=papers/note.txt", "order=ref:5; 2022-03-01; Отдел; образования"],
        "evidence.plan:low_equipment": "https://school.example/1\n\nhttps://school.example/2",
        "facts": {"risks": ["a"]},
        "fact.count": 3,
        "command_id": "mine",
        "expected_version": 4,
    }

    found = reader.command(Line(5, values))

    assert found == AdvanceCommand(
        school="two",
        transition="finish",
        actor=Actor("boris", "os-uid:7", on_behalf_of="anna"),
        evidence=[
            EvidenceFile("visit_note", folder.resolve() / "papers" / "note.txt"),
            Evidence("order", form="reference", number="5", dated=date(2022, 3, 1),
                     issuer="Отдел; образования"),
            Evidence("plan", "low_equipment", form="link", url="https://school.example/1"),
            Evidence("plan", "low_equipment", form="link", url="https://school.example/2"),
        ],
        facts={"risks": ["a"], "count": 3},
        reason="school_closed",
        comment=" as it was\nwritten ",
        effective_on="2022-03-01",
        command_id="mine",
        expected_version=4,
    )  # fmt: skip


def test_cells_hold_facts_as_options_do(reader: Reader) -> None:
    values = {
        "facts": '{"risks": ["a"]}',
        "fact.outcome": "positive_dynamics",
        "fact.count": " 3 ",
        "fact.day": "2022-03-01",
        "fact.done": "true",
        "fact.codes": '["a", "b"]',
        "fact.nothing": " ",
        "expected_version": "4",
        "comment": "",
    }

    found = command(reader, values, cells=True)

    assert found.facts == {
        "risks": ["a"], "outcome": "positive_dynamics", "count": 3, "day": "2022-03-01",
        "done": True, "codes": ["a", "b"],
    }  # fmt: skip
    assert (found.expected_version, found.comment) == (4, None)


@pytest.mark.parametrize(
    ("values", "column", "text"),
    [
        ({"school": None}, "school", "it is empty"),
        ({"school": "  "}, "school", "it is empty"),
        ({"school": 12}, "school", "it is not a text"),
        ({"school": "школа 5"}, "school", "cannot be an id (school)"),
        ({"transition": ""}, "transition", "it is empty"),
        ({"transition": []}, "transition", "it is not a text"),
        ({"skool": "x"}, "skool", "there is no such column; did you mean school?"),
        ({"weather": "x"}, "weather", "there is no such column"),
        ({"школа": "x"}, "school", "it is given twice"),
        ({"actor": "Иван Петров"}, "actor", "cannot be an id (actor)"),
        ({"on_behalf_of": "Иван Петров"}, "on_behalf_of", "cannot be an id (actor)"),
        ({"command_id": "a b"}, "command_id", "cannot be an id (command)"),
        ({"effective_on": "01.03.2022"}, "effective_on", "01.03.2022 is not a date"),
        ({"expected_version": "1" * 16}, "expected_version", "it has more than 15 digits"),
        ({"expected_version": "two"}, "expected_version", "it is not a whole number"),
        ({"expected_version": -1}, "expected_version", "it is not a whole number"),
        ({"expected_version": True}, "expected_version", "it is not a whole number"),
        ({"facts": ["a"]}, "facts", "it is not an object with facts by name"),
        ({"facts": "{}"}, "facts", "it is not an object with facts by name"),
        ({"facts": {"a": 1}, "fact.a": 1}, "fact.a", "fact a is not valid: it is given twice"),
        ({"evidence": {"a": 1}}, "evidence", "it is not a text"),
        ({"evidence": [1]}, "evidence", "it is not a text"),
        ({"evidence": "papers/note.txt"}, "evidence", "has not the form KIND[:ITEM]=FILE"),
        ({"evidence": "plan:=x"}, "evidence", "has not the form KIND[:ITEM]=FILE"),
        ({"evidence.order": "ref:5;x"}, "evidence.order", "does not name number, date and issuer"),
        ({"evidence.order": "ref:5;1.3.2022;x"}, "evidence.order", "1.3.2022 is not a date"),
        ({"evidence.note": "papers/none.txt"}, "evidence", "there is no file papers/none.txt"),
        ({"evidence.note": "papers"}, "evidence", "there is no file papers"),
        ({"evidence.note": "a\0b"}, "evidence", "there is no file"),
        ({"evidence.note": "../secret.txt"}, "evidence", "lies outside of the folder"),
        ({"evidence.note": "link.txt"}, "evidence", "lies outside of the folder"),
        ({"evidence.note": "/etc/passwd"}, "evidence", "lies outside of the folder"),
    ],
)
def test_a_wrong_value_is_told_by_its_column(
    reader: Reader, values: dict[str, Any], column: str, text: str
) -> None:
    found, said = wrong(reader, values)

    assert found == column
    assert text in said


@pytest.mark.parametrize("text", ["[{", "1.5", "NaN", "два слова"])
def test_a_cell_that_holds_no_json_is_told(reader: Reader, text: str) -> None:
    for column in ("fact.risks", "facts"):
        found, said = wrong(reader, {column: text}, cells=True)
        assert (found, said.split(": ")[1]) == (column, f"'{text}' is not JSON")


def test_a_cell_with_facts_that_are_no_object_is_told(reader: Reader) -> None:
    assert wrong(reader, {"facts": "[1]"}, cells=True)[0] == "facts"


def test_a_line_that_could_not_be_read_is_no_command(reader: Reader) -> None:
    with pytest.raises(LineInvalid) as invalid:
        reader.command(Line(5, {}, Message("it is not a JSON object")))

    assert invalid.value.column is None
    assert str(invalid.value) == "line is not valid: it is not a JSON object"


def test_somebody_has_to_be_named(reader: Reader, folder: Path) -> None:
    nobody = Reader(folder, "0" * 64, None, reader.claimed)

    assert wrong(nobody, {}) == (
        "actor", "column actor is not valid: nobody is named, neither here nor by --actor"
    )  # fmt: skip
    assert command(nobody, {"actor": "boris"}).actor == BORIS


def test_who_shows_who_he_is_acts_for_himself_alone(folder: Path) -> None:
    shown = Actor("anna", "token:1", prove=lambda _: "secret")
    reader = Reader(folder, "0" * 64, shown, None)

    assert command(reader, {"actor": "anna"}).actor is shown
    assert wrong(reader, {"actor": "boris"})[1].endswith("boris did not show who he is")


def test_files_are_looked_for_once(reader: Reader, folder: Path) -> None:
    later = Reader(folder, reader.digest, ANNA, reader.claimed, looks=False)

    (piece,) = command(later, {"evidence.note": "papers/none.txt"}).evidence
    assert isinstance(piece, EvidenceFile)
    assert wrong(later, {"evidence.note": "../secret.txt"})[0] == "evidence"


def test_lines_of_two_files_have_other_ids_and_those_of_one_file_too(folder: Path) -> None:
    readers = [Reader(folder, digit * 64, ANNA, None) for digit in "01"]
    ids = {
        str(reader.command(Line(number, LEAST)).command_id)
        for reader in readers
        for number in (2, 3, 100_000_000)
    }

    assert len(ids) == 6
    assert max(map(len, ids)) <= 64
