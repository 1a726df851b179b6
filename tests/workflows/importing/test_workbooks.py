"""What Excel does to a table: real dates, numbers, merged cells, hidden sheets."""

import io
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from lifecycle.workflows.importing.draft import Draft
from lifecycle.workflows.importing.roadmap import import_roadmap

HEADING = ("№", "Мероприятие", "Сроки", "Ответственный")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plan.xlsx"


def read(path: Path, packed: io.BytesIO) -> Draft:
    path.write_bytes(packed.getvalue())
    return import_roadmap(path, year=2024)


def test_a_real_date_is_a_date_and_a_number_a_number(path: Path) -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet, form = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, (1, "Приказ"))
        sheet.write_datetime(1, 2, date(2024, 3, 15), form)
        sheet.write_row(2, 0, (1.1, "Опрос", "март"))

    draft = read(path, packed)

    assert [(one.key, one.when) for one in draft.activities] == [
        ("1", "15.03.2024"),
        ("1.1", "март"),
    ]
    assert draft.activities[0].start == draft.activities[0].end == date(2024, 3, 15)


def test_a_date_merged_downwards_counts_for_every_row(path: Path) -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADING)
        sheet.write_column(1, 0, ("1", "2", "3"))
        sheet.write_column(1, 1, ("Приказ", "Опрос", "Вебинар"))
        sheet.merge_range(1, 2, 3, 2, "апрель")

    assert [one.when for one in read(path, packed).activities] == ["апрель"] * 3


def test_every_visible_sheet_is_read_and_no_hidden_one(path: Path) -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        for number, name in enumerate(("Приказ", "Карта", "Старая карта")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADING if number else ("ПРИКАЗ",))
            sheet.write_row(1, 0, (number, f"Дело {number}", "март"))
            if name == "Старая карта":
                sheet.hide()

    draft = read(path, packed)

    (one,) = draft.activities
    assert one.title == "Дело 1"
    assert [str(place) for place in one.places] == ["sheet «Карта», row 2"]


def test_a_line_above_the_table_is_its_heading(path: Path) -> None:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 3, "Дорожная карта района на 2024 год")
        sheet.write_row(2, 0, HEADING)
        sheet.write_row(3, 0, ("1", "Приказ", "март", "МОУО"))

    assert read(path, packed).order.title == "Дорожная карта района на 2024 год"
