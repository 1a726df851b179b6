"""What Word does to a table: merged cells, automatic numbers, changes under review, nesting."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from lifecycle.workflows.importing.draft import Draft
from lifecycle.workflows.importing.roadmap import import_roadmap

HEADING = ("№ п/п", "Мероприятия", "Сроки", "Ответственные")

Save = Callable[[Document], Draft]


@pytest.fixture
def read(tmp_path: Path) -> Save:
    def run(document: Document) -> Draft:
        document.save(str(tmp_path / "plan.docx"))
        return import_roadmap(tmp_path / "plan.docx", year=2024)

    return run


def table(document: Document, *rows: tuple[str, ...]) -> Any:
    made = document.add_table(len(rows), len(rows[0]))
    for row, texts in zip(made.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    return made


def rows_of(draft: Draft) -> list[tuple[str | None, ...]]:
    return [(one.key, one.title, one.when, one.responsible) for one in draft.activities]


def test_a_cell_merged_downwards_counts_for_every_row(read: Save) -> None:
    document = docx.Document()
    made = table(
        document, HEADING, ("1", "Приказ", "март", "МОУО"), ("2", "Опрос", "", ""),
        ("3", "Вебинар", "май", ""),
    )  # fmt: skip
    made.cell(1, 2).merge(made.cell(2, 2)).text = "март"
    made.cell(1, 3).merge(made.cell(3, 3)).text = "МОУО"

    assert rows_of(read(document)) == [
        ("1", "Приказ", "март", "МОУО"),
        ("2", "Опрос", "март", "МОУО"),
        ("3", "Вебинар", "май", "МОУО"),
    ]


def test_an_activity_merged_over_several_dates_is_one_with_a_doubt(read: Save) -> None:
    document = docx.Document()
    made = table(
        document, HEADING, ("1", "Отчет", "до 25.03", "МОУО"), ("", "", "до 25.09", ""),
        ("2", "Опрос", "май", "МОУО"),
    )  # fmt: skip
    for column, text in ((0, "1"), (1, "Отчет"), (3, "МОУО")):
        made.cell(1, column).merge(made.cell(2, column)).text = text

    draft = read(document)

    assert rows_of(draft) == [
        ("1", "Отчет", "до 25.03 до 25.09", "МОУО"),
        ("2", "Опрос", "май", "МОУО"),
    ]
    assert draft.counts() == {"recognised": 1, "doubtful": 1, "not_recognised": 0}


def test_a_row_merged_over_all_columns_is_a_section(read: Save) -> None:
    document = docx.Document()
    made = table(document, HEADING, ("", "", "", ""), ("1.1", "Приказ", "март", "МОУО"))
    made.cell(1, 0).merge(made.cell(1, 3)).text = "1. Подготовка"

    draft = read(document)

    assert [(one.number, one.title) for one in draft.sections] == [("1", "Подготовка")]
    assert rows_of(draft) == [("1.1", "Приказ", "март", "МОУО")]


def test_numbers_that_word_counts_by_itself_are_counted_here(read: Save) -> None:
    document = docx.Document()
    made = table(document, HEADING, *[("", f"Дело {n}", "март", "МОУО") for n in range(1, 4)])
    for row in made.rows[1:]:
        row.cells[0].paragraphs[0].style = document.styles["List Number"]

    assert [one.key for one in read(document).activities] == ["1", "2", "3"]


def test_numbers_of_several_levels_are_counted_as_they_are_shown(read: Save) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="decimal"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, start, text in ((0, 3, "%1."), (1, 1, "%1.%2."))
    )
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>')
    )
    numbering.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>')
    )
    made = table(
        document, HEADING, ("", "Подготовка", "", ""), ("", "Приказ", "март", "МОУО"),
        ("", "Опрос", "апрель", "МОУО"), ("", "Проведение", "", ""), ("", "Вебинар", "май", "ОО"),
    )  # fmt: skip
    for row, depth in zip(made.rows[1:], (0, 1, 1, 0, 1), strict=True):
        row.cells[0].paragraphs[0]._p.get_or_add_pPr().append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr>'
            )
        )

    draft = read(document)

    assert [one.number for one in draft.sections] == ["3", "4"]
    assert [one.key for one in draft.activities] == ["3.1", "3.2", "4.1"]


def test_what_is_inserted_under_review_is_there_and_what_is_deleted_is_not(read: Save) -> None:
    document = docx.Document()
    made = table(document, HEADING, ("1", "Приказ", "", "МОУО"))
    made.cell(1, 2).paragraphs[0]._p.append(
        parse_xml(f'<w:ins {nsdecls("w")} w:id="1" w:author="x"><w:r><w:t>март</w:t></w:r></w:ins>')
    )
    made.cell(1, 2).paragraphs[0]._p.append(
        parse_xml(
            f'<w:del {nsdecls("w")} w:id="2" w:author="x">'
            "<w:r><w:delText>апрель</w:delText></w:r></w:del>"
        )
    )

    assert rows_of(read(document)) == [("1", "Приказ", "март", "МОУО")]


def test_a_table_inside_a_table_and_in_a_content_control_is_found(read: Save) -> None:
    document = docx.Document()
    outer = document.add_table(1, 1)
    inner = outer.cell(0, 0).add_table(2, 4)
    for row, texts in zip(inner.rows, (HEADING, ("1", "Приказ", "март", "МОУО")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    control = parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent/></w:sdt>")
    outer._tbl.addprevious(control)
    control[0].append(outer._tbl)

    assert rows_of(read(document)) == [("1", "Приказ", "март", "МОУО")]


def test_a_table_goes_on_in_the_next_one_if_it_is_as_wide(read: Save) -> None:
    document = docx.Document()
    table(document, HEADING, ("1", "Приказ", "март", "МОУО"))
    document.add_paragraph("")
    table(document, ("2", "Опрос", "май", "МОУО"))
    document.add_paragraph("Согласовано:")
    table(document, ("Начальник отдела", "Иванов И.И."))

    draft = read(document)

    assert [one.key for one in draft.activities] == ["1", "2"]
    assert [str(note) for note in draft.notes] == [
        "from table 3, row 1 on there is a table of something else"
    ]


def test_the_order_before_the_table_is_read(read: Save) -> None:
    document = docx.Document()
    for line in ("ПРИКАЗ", "от 15 марта 2024 г. № 12/3-д", "Об утверждении",
                 "Муниципальная дорожная карта", "на 2024 год"):  # fmt: skip
        document.add_paragraph(line)
    table(document, HEADING, ("1", "Приказ", "март", "Петров П.П."))
    draft = read(document)

    order = draft.order
    assert (order.kind, order.number) == ("municipal_order_and_roadmap", "12/3-д")
    assert order.date is not None
    assert order.date.isoformat() == "2024-03-15"
    assert order.title == "Муниципальная дорожная карта на 2024 год"


def test_a_person_has_the_role_of_the_post_named_in_the_order(read: Save) -> None:
    document = docx.Document()
    document.add_paragraph("Контроль возложить на специалиста отдела образования Петрова П.П.")
    table(
        document, HEADING, ("1", "Приказ", "март", "Петров П.П."), ("2", "Опрос", "май", "Ким А.А.")
    )

    first, second = read(document).activities

    assert (first.roles, second.roles) == (("municipal_coordinator",), ())
    assert [str(note) for note in first.damage] == ["persons are named, not roles: Петров"]
    assert [str(note) for note in second.damage] == ["no role is known for «Ким А.А.»"]
