"""Batch files as lines: every kind of file, every way in which one is not what it should be."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from lifecycle.workflows.batches.columns import COLUMNS, column_of
from lifecycle.workflows.batches.faults import InvalidBatch
from lifecycle.workflows.batches.lines import Line
from lifecycle.workflows.batches.reading import MAX_LINE, BatchFile

HEAD = "school,transition,reason\n"


def lines(folder: Path, content: str | bytes, name: str = "batch.csv") -> list[Line]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with BatchFile(path) as batch:
        first, second = list(batch.lines()), list(batch.lines())
    assert first == second
    return first


def refusal(folder: Path, content: str | bytes, name: str = "batch.csv") -> str:
    with pytest.raises(InvalidBatch) as refused:
        lines(folder, content, name)
    assert refused.value.remedy is not None
    return str(refused.value.facts["detail"])


def read(found: Sequence[Line]) -> list[tuple[int, Any]]:
    return [
        (one.number, dict(one.values) if one.fault is None else str(one.fault)) for one in found
    ]


def workbook(folder: Path, rows: Sequence[Sequence[Any]], *more: str) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        dated = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet = book.add_worksheet("Март")
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, value, dated)
                elif value is not None:
                    sheet.write(number, place, value)
        for name in more:
            book.add_worksheet(name).write(0, 0, "заметка")
    return packed.getvalue()


# -- headings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("school", "school"),
        (" School ", "school"),
        ("Effective on", "effective_on"),
        ("Школа", "school"),
        ("НОМЕР  КОМАНДЫ", "command_id"),
        ("за кого", "on_behalf_of"),
        ("fact.risks", "fact.risks"),
        ("Факт. risks", "fact.risks"),
        ("evidence.order", "evidence.order"),
        ("Подтверждение.anti_risk_programme:low_equipment",
         "evidence.anti_risk_programme:low_equipment"),
        ("fact.", None),
        ("skool", None),
        ("", None),
    ],
)  # fmt: skip
def test_headings_name_columns_in_both_languages(heading: str, column: str | None) -> None:
    assert column_of(heading) == column


def test_no_heading_names_two_columns() -> None:
    headings = [*COLUMNS, *(one for russian in COLUMNS.values() for one in russian)]

    assert len(set(headings)) == len(headings)
    assert {column_of(one) for one in headings} == set(COLUMNS)


# -- .csv -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_of_text_is_read_however_an_office_program_saves_it(
    tmp_path: Path, delimiter: str, mark: str, end: str
) -> None:
    rows = (
        ("Школа", "transition", "примечание"),
        ("one", "start", f'"a{delimiter} ""b"""'),
        ("", "", ""),
        ("two", "start", f'"c{end}d"'),
        ("three", "start"),
    )
    content = mark + end.join(delimiter.join(row) for row in rows) + end

    assert read(lines(tmp_path, content)) == [
        (2, {"school": "one", "transition": "start", "comment": f'a{delimiter} "b"'}),
        (4, {"school": "two", "transition": "start", "comment": f"c{end}d"}),
        (6, {"school": "three", "transition": "start"}),
    ]


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    content = f"{HEAD}one,start,\n".encode()
    path = tmp_path / "Batch.CSV"
    path.write_bytes(content)

    with BatchFile(path) as batch:
        path.write_text("something else")
        assert batch.digest == sha256(content).hexdigest()
        assert [one.number for one in batch.lines()] == [2]


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        ("", "the file is empty"),
        ("\n , ,\n", "the file is empty"),
        ("school,reason\none,x\n", "column transition is missing"),
        ("transition\nx\n", "column school is missing"),
        ("school,transition,школа\n", "column school is there twice"),
        ("school,transition,skool\n", "heading skool: there is no such column; did you mean"),
        ("school,transition,погода\n", "heading погода: there is no such column"),
        ('school,"transition', "it is not CSV: unexpected end of data"),
        ("школа;переход\none;start\n".encode("cp1251"), "the text is not in UTF-8"),
        (HEAD.encode() + b"one,\xff,\n", "the text is not in UTF-8"),
        (HEAD + "one,start," + "x" * MAX_LINE, "it is longer than 256 KB"),
    ],
)
def test_a_table_that_is_none_is_told_as_a_whole(
    tmp_path: Path, content: str | bytes, detail: str
) -> None:
    assert refusal(tmp_path, content).startswith(detail)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('one,"start"x,', "it is not CSV: ',' expected after '\"'"),
        ("one,start,,more", "«more» stands in column 4 without a heading"),
        (f'one,start,"{"x" * 140_000}"', "it is not CSV: field larger than field limit (131072)"),
        (
            "one,start," + ",".join(f'"{"x" * 100_000}\n"' for _ in range(3)),
            "«xxx",
        ),
    ],
)
def test_a_line_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, line: str, fault: str
) -> None:
    found = read(lines(tmp_path, f"{HEAD}zero,start,\n{line}\nlast,start,\n"))

    assert found[0] == (2, {"school": "zero", "transition": "start", "reason": ""})
    assert found[1][0] == 3
    assert str(found[1][1]).startswith(fault)
    assert found[-1][1] == {"school": "last", "transition": "start", "reason": ""}


def test_a_line_of_many_long_cells_is_too_long(tmp_path: Path) -> None:
    head = "school,transition," + ",".join(f"fact.f{number}" for number in range(3))
    cells = ",".join(f'"{"x" * 100_000}\n"' for _ in range(3))
    found = read(lines(tmp_path, f"{head}\none,start,{cells}\n"))

    assert found == [(2, "it is longer than 256 KB")]


# -- .jsonl ---------------------------------------------------------------------------------------


def test_lines_of_json_keep_their_values_and_numbers(tmp_path: Path) -> None:
    values = {"school": "one", "facts": {"risks": [{"factor": "a"}]}, "expected_version": 3}
    content = f"\ufeff{json.dumps(values)}\n\n  \n{{}}"

    assert read(lines(tmp_path, content, "batch.jsonl")) == [(1, values), (4, {})]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("[1]", "it is not a JSON object"),
        ("{", "it is not JSON: Expecting property name enclosed in double quotes"),
        ('{"a":1,"a":2}', "it is not JSON: a member occurs twice"),
        ('{"a":1.5}', "it is not JSON: 1.5 is not a whole number"),
        ('{"a":' + "[" * 100_000 + "}", "it is not JSON: "),
        ("x" * (MAX_LINE + 1), "it is longer than 256 KB"),
        ("x" * (3 * MAX_LINE), "it is longer than 256 KB"),
        (b"\xff", "the text is not in UTF-8"),
    ],
)
def test_a_line_that_is_no_json_does_not_hide_the_others(
    tmp_path: Path, line: str | bytes, fault: str
) -> None:
    wrong = line if isinstance(line, bytes) else line.encode()
    found = read(lines(tmp_path, b'{"school":"a"}\n' + wrong + b'\n{"school":"b"}', "batch.jsonl"))

    assert found[0] == (1, {"school": "a"})
    assert found[1][0] == 2
    assert found[1][1].startswith(fault)
    assert found[2] == (3, {"school": "b"})


# -- .xlsx ----------------------------------------------------------------------------------------


def test_a_workbook_is_read_as_one_would_type_it(tmp_path: Path) -> None:
    rows = (
        ("Отчёт за март",)[:0],
        (None, "школа", "переход", "дата", "fact.count", "fact.done", "примечание"),
        (),
        (None, 12, "start", date(2022, 3, 1), 3.0, True, 1.5),
        (
            None,
            "two",
            "start",
            datetime(2022, 3, 1, 9, 30, tzinfo=UTC).replace(tzinfo=None),
            None,
            False,
            "да",
        ),
    )

    assert read(lines(tmp_path, workbook(tmp_path, rows), "batch.xlsx")) == [
        (4, {"school": "12", "transition": "start", "effective_on": "2022-03-01",
             "fact.count": "3", "fact.done": "true", "comment": "1.5"}),
        (5, {"school": "two", "transition": "start", "effective_on": "2022-03-01T09:30:00",
             "fact.count": "", "fact.done": "false", "comment": "да"}),
    ]  # fmt: skip


def test_a_workbook_with_two_filled_sheets_is_not_guessed_at(tmp_path: Path) -> None:
    rows = (("school", "transition"), ("one", "start"))

    assert len(lines(tmp_path, workbook(tmp_path, rows), "one.xlsx")) == 1
    detail = refusal(tmp_path, workbook(tmp_path, rows, "Заметки"), "two.xlsx")
    assert detail == "several sheets have something on them; leave one"


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "the file is damaged"),
        (b"school,transition\n", "the file is damaged"),
        (b"PK\x03\x04" + b"\x00" * 100, "the file is damaged"),
    ],
)
def test_a_workbook_that_is_none_is_told(tmp_path: Path, content: bytes, detail: str) -> None:
    assert refusal(tmp_path, content, "batch.xlsx") == detail


def test_an_empty_workbook_and_one_spread_too_widely_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, workbook(tmp_path, ()), "a.xlsx") == "no sheet has anything on it"
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "school")
        sheet.write(999_999, 5, "x")
    detail = refusal(tmp_path, packed.getvalue(), "b.xlsx")
    assert detail == "its cells are spread too widely"


def test_a_workbook_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"x" * (50 * 1024 * 1024 + 1), "a.xlsx") == "it is larger than 50 MB"


def test_a_workbook_that_swells_ends_its_own_process_only(tmp_path: Path) -> None:
    """One text of 32,000 letters in every cell: little as a file, 600 MB as lines."""
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        for row in range(10_000):
            for column in range(2):
                sheet.write_string(row, column, "x" * 32_000)
    assert len(packed.getvalue()) < 1024 * 1024

    assert refusal(tmp_path, packed.getvalue(), "a.xlsx") == "the file is damaged"


# -- files ----------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_or_of_another_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    wrong = {"none.csv": "the system says: No such file", "folder.csv": "the system says: Is a dir",
             "a.pdf": "files named .pdf are not read", "a": "files named - are not read",
             "a\0.csv": "the system says: ValueError"}  # fmt: skip

    for name, detail in wrong.items():
        with pytest.raises(InvalidBatch) as refused:
            BatchFile(tmp_path / name)
        assert str(refused.value.facts["detail"]).startswith(detail)
