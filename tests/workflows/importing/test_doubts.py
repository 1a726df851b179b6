"""What could be read wrong without a word: it has to be a doubt of its row."""

from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
import xlsxwriter
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing.draft import DraftActivity
from lifecycle.workflows.importing.roadmap import import_roadmap
from tests.workflows.importing.conftest import HEADING, Read


def doubts(activity: DraftActivity) -> list[str]:
    return [str(doubt) for doubt in activity.doubts]


@pytest.mark.parametrize(
    ("begins", "ends", "sure"),
    [
        ("01.03.2024", "15.03.2024", True),
        ("01.03.2024", "", False),
        ("", "15.03.2024", False),
        ("март", "", False),
        ("", "до 15.03.2024", True),
        ("с 1 по 15 марта", "", True),
    ],
)
def test_one_of_two_ends_alone_is_a_doubt(read: Read, begins: str, ends: str, sure: bool) -> None:
    heading = ("№", "Мероприятие", "Дата начала", "Дата окончания")

    (one,) = read([("1", "Опрос", begins, ends)], heading).activities

    template = "of beginning and end one is filled in only; it was read as the whole time"
    assert doubts(one) == ([] if sure else [template])


def test_a_second_column_of_dates_is_a_doubt_and_that_of_facts_is_none(read: Read) -> None:
    heading = ("№", "Мероприятие", "Фактическая дата", "Срок сдачи отчета", "Срок реализации")
    rows = [("1", "Опрос", "28.05", "25.06", "май"), ("2", "Учеба", "", "июнь", "июнь")]

    two, one = read(rows, heading).activities

    assert (two.when, doubts(two)) == (
        "25.06",
        ["«май» stands in another column of dates; it was left out"],
    )
    assert (one.when, doubts(one)) == ("июнь", [])


def test_a_line_without_cells_heads_the_rows_that_bear_its_number(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    lines = ("№\tМероприятие\tСрок", "1. Организация", "1.1\tОпрос\tмарт",
             "2. Методика", "", "2.1\tОтчет\tмай", "3. Не раздел", "2.2\tИтог\tиюнь")  # fmt: skip
    path.write_text("\n".join(lines), "utf-8")

    draft = import_roadmap(path, year=2024)

    assert [one.title for one in draft.sections] == ["Организация", "Методика"]
    found = [(one.key, one.section, len(doubts(one))) for one in draft.activities]
    assert found == [("1.1", "1", 0), ("2.1", "2", 1), ("2.2", "2", 0)]


def test_a_line_below_a_row_may_be_the_end_of_its_last_cell(tmp_path: Path) -> None:
    path = tmp_path / "plan.txt"
    lines = ("№\tМероприятие\tСрок", "1\tОпрос\tс 1 по 15", "марта,", "затем в мае", "",
             "2\tОтчет\tмай", "", "Начальник управления")  # fmt: skip
    path.write_text("\n".join(lines), "utf-8")

    torn, whole = import_roadmap(path, year=2024).activities

    template = "«марта, затем в мае» stands below it outside the table; it was left out"
    assert doubts(torn)[-1] == template
    assert doubts(whole) == []


def test_a_place_beside_the_date_does_not_hide_the_column(read: Read) -> None:
    heading = ("№", "Мероприятие", "Дата и место проведения")

    (one,) = read([("1", "Семинар", "15.03.2024, МБОУ СОШ № 5")], heading).activities

    assert one.start == date(2024, 3, 15)
    assert doubts(one) == ["not understood: «МБОУ СОШ № 5»"]


@pytest.mark.parametrize(
    ("before", "year", "named"),
    [
        ("Дорожная карта на 2023-2024 учебный год", 2023, [2023, 2024]),
        ("Дорожная карта на 2023/24 уч. год", 2024, [2023, 2024]),
        ("Дорожная карта на 2022 год", 2024, [2022]),
        ("Дорожная карта на 2024 год", 2024, []),
        ("Дорожная карта", 2024, []),
    ],
)
def test_a_year_that_the_heading_does_not_bear_out_is_a_doubt(
    read: Read, before: str, year: int, named: list[int]
) -> None:
    rows = [("1", "Опрос", "май"), ("2", "Отчет", f"15.05.{year}"), ("3", "Учеба", "ежемесячно")]

    borrowed, dated, recurring = read(rows, before=before, year=year).activities

    shown = ", ".join(map(str, named))
    said = f"the heading names {shown}, the date no year: that of the plan was taken, {year}"
    assert doubts(borrowed) == ([said] if named else [])
    assert doubts(dated) == doubts(recurring) == []


def test_a_fraction_in_a_workbook_is_no_sure_date(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, (1.1, "Опрос", 1.1))
        sheet.write_row(2, 0, (1.2, "Отчет", "1.1"))

    number, text = import_roadmap(path, year=2024).activities

    assert (number.key, number.when, text.verdict) == ("1.1", "1.1", Verdict.RECOGNISED)
    assert doubts(number) == [
        "its date is a number of the workbook: 1.1 may be 1 January or 1 October"
    ]


def test_a_fraction_in_a_column_of_ends_is_no_sure_date(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("№", "Мероприятие", "Начало", "Окончание"))
        sheet.write_row(1, 0, (1, "Опрос", "01.02", 1.1))

    (one,) = import_roadmap(path, year=2024).activities

    assert "its date is a number of the workbook" in " ".join(doubts(one))


def test_a_section_stands_in_the_first_column_whatever_that_holds(read: Read) -> None:
    heading = ("Сроки", "Ответственный", "Мероприятие")
    rows = [
        ("I. Подготовка", "", ""),
        ("до 25.03", "МОУО", "Приказ"),
        ("<b>Проведение</b>", "", ""),
        ("1-15 апреля", "ОО", "Опрос"),
        ("и 20 апреля", "", ""),
    ]

    draft = read(rows, heading)

    assert [(one.number, one.title) for one in draft.sections] == [
        ("I", "Подготовка"),
        ("1", "Проведение"),
    ]
    assert [one.when for one in draft.activities] == ["до 25.03", "1-15 апреля и 20 апреля"]


def test_a_merged_section_over_a_first_column_of_dates_is_a_section(tmp_path: Path) -> None:
    document = docx.Document()
    made = table(document, ("Срок", "Мероприятие"), ("март", "Приказ"), ("", ""), ("май", "Опрос"))
    made.cell(2, 0).merge(made.cell(2, 1)).text = "Проведение"
    document.save(str(tmp_path / "plan.docx"))

    draft = import_roadmap(tmp_path / "plan.docx", year=2024)

    assert [one.title for one in draft.sections] == ["Проведение"]
    assert [one.when for one in draft.activities] == ["март", "май"]


def test_words_moved_away_or_struck_out_are_not_read(tmp_path: Path) -> None:
    document = docx.Document()
    made = table(document, ("№", "Мероприятие", "Срок"), ("1", "Опрос", ""), ("2", "Отчет", ""))
    removed = (moved("15", "moveFrom"), moved("25", "moveTo"), run("мая"))
    struck = (run("15 мая", "<w:strike/>"), run("25 мая", '<w:strike w:val="0"/>'))
    for row, parts in enumerate((removed, struck), 1):
        for part in parts:
            made.cell(row, 2).paragraphs[0]._p.append(parse_xml(part))
    document.save(str(tmp_path / "plan.docx"))

    draft = import_roadmap(tmp_path / "plan.docx", year=2024)

    assert [(one.when, one.start) for one in draft.activities] == [
        ("25 мая", date(2024, 5, 25)),
        ("25 мая", date(2024, 5, 25)),
    ]
    assert [str(note) for note in draft.notes] == [
        "table 1, row 3 has words that are struck out; they were left out"
    ]


def test_an_escaped_bar_is_part_of_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_text("| Мероприятие | Срок |\n|---|---|\n| Опрос \\| отчет | май |\n", "utf-8")

    (one,) = import_roadmap(path, year=2024).activities

    assert one.title == "Опрос | отчет"


def table(document: Any, *rows: tuple[str, ...]) -> Any:
    made = document.add_table(len(rows), len(rows[0]))
    for row, texts in zip(made.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    return made


def moved(text: str, tag: str) -> str:
    words = f'<w:r><w:t xml:space="preserve">{text} </w:t></w:r>'
    return f'<w:{tag} {nsdecls("w")} w:id="1" w:author="x">{words}</w:{tag}>'


def run(text: str, mark: str = "") -> str:
    return f"<w:r {nsdecls('w')}><w:rPr>{mark}</w:rPr><w:t>{text}</w:t></w:r>"
