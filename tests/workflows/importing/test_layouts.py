"""How tables are laid out: columns, headings, sections, torn and shifted rows, stacks, keys."""

from datetime import date
from pathlib import Path

import pytest

from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing.draft import Draft
from lifecycle.workflows.importing.roadmap import import_roadmap
from tests.workflows.importing.conftest import Read


def keys(draft: Draft) -> list[str]:
    return [one.key for one in draft.activities]


def said(draft: Draft, place: int = 0) -> list[str]:
    one = draft.activities[place]
    return [str(reason) for reason in (*one.doubts, *one.damage, *one.notes)]


@pytest.mark.parametrize(
    "heading",
    [
        ("№", "Наименование мероприятия", "Срок исполнения", "Ответственный исполнитель", "Итог"),
        ("№ п/п", "Содержание работы", "Дата проведения", "Исполнители", "Ожидаемый результат"),
        ("п/п", "Задачи", "Период", "Кто отвечает", "Форма отчета"),
        ("N", "Описание действий", "Когда", "Ответственные лица", "Показатель реализации"),
    ],
)
def test_columns_are_known_by_many_words(read: Read, heading: tuple[str, ...]) -> None:
    (one,) = read([("1", "Вебинар", "март", "Кураторы", "Запись")], heading).activities

    assert (one.title, one.when, one.responsible, one.result) == (
        "Вебинар", "март", "Кураторы", "Запись",
    )  # fmt: skip
    assert (one.verdict, one.roles) == (Verdict.RECOGNISED, ("curator",))


def test_columns_may_come_in_any_order_and_others_among_them(read: Read) -> None:
    heading = ("Срок", "Примечание", "Ответственные", "Мероприятия", "№")

    (one,) = read([("до 1 марта", "важно", "Кураторы", "Посещение", "7.")], heading).activities

    assert (one.key, one.title, one.end) == ("7", "Посещение", date(2024, 3, 1))
    assert (one.responsible, one.result) == ("Кураторы", None)


def test_two_columns_of_dates_are_one_window(read: Read) -> None:
    heading = ("№", "Мероприятие", "Дата начала", "Дата окончания")

    (one,) = read([("1", "Опрос", "01.03.2024", "15.03.2024")], heading).activities

    assert (one.start, one.end) == (date(2024, 3, 1), date(2024, 3, 15))


def test_a_heading_may_have_two_rows_and_numbers_below(read: Read) -> None:
    rows = [
        ("", "", "начало", "окончание", ""),
        ("1", "2", "3", "4", "5"),
        ("1", "Опрос", "01.03.2024", "15.03.2024", "Кураторы"),
    ]

    (one,) = read(rows, ("№", "Мероприятие", "Сроки", "", "Ответственный")).activities

    assert (one.key, one.start, one.end) == ("1", date(2024, 3, 1), date(2024, 3, 15))


def test_without_a_column_of_numbers_activities_are_unnumbered(read: Read) -> None:
    draft = read(
        [("Вебинар", "март"), ("Опрос участников,", "апрель"), ("второй этап", "")],
        ("Мероприятия", "Сроки"),
    )

    assert keys(draft) == ["unnumbered-1", "unnumbered-2"]
    assert draft.activities[1].title == "Опрос участников, второй этап"
    assert draft.activities[0].verdict is Verdict.RECOGNISED


def test_sections_may_be_roman_bold_or_without_a_number(read: Read) -> None:
    draft = read(
        [
            ("I. Подготовка", "", "", "", ""),
            ("1", "Приказ", "март", "", ""),
            ("", "<b>Проведение</b>", "", "", ""),
            ("2", "Вебинар", "апрель", "", ""),
            ("Итоги", "", "", "", ""),
            ("3", "Справка", "май", "", ""),
        ]
    )

    assert [(one.number, one.title) for one in draft.sections] == [
        ("I", "Подготовка"), ("1", "Проведение"), ("2", "Итоги"),
    ]  # fmt: skip
    assert keys(draft) == ["I.1", "1.2", "2.3"]
    assert [str(note) for note in draft.notes] == [
        "the section «Проведение» has no number of its own; it was given 1",
        "the section «Итоги» has no number of its own; it was given 2",
    ]


def test_an_activity_that_lost_its_date_is_not_a_section(read: Read) -> None:
    draft = read(
        [
            ("1", "Приказ", "март", "МОУО", ""),
            ("2", "Вебинар", "", "", ""),
            ("3", "Справка", "май", "МОУО", ""),
        ]
    )

    assert (keys(draft), draft.sections) == (["1", "2", "3"], ())
    assert said(draft, 1) == ["the cell names no date"]
    assert draft.activities[1].verdict is Verdict.NOT_RECOGNISED


def test_a_number_with_a_title_only_is_a_section_if_numbers_begin_anew(read: Read) -> None:
    draft = read(
        [
            ("1", "Подготовка", "", "", ""),
            ("1", "Приказ", "март", "МОУО", ""),
            ("2", "Проведение", "", "", ""),
            ("2.1", "Вебинар", "апрель", "МОУО", ""),
        ]
    )

    assert keys(draft) == ["1.1", "2.1"]


def test_a_number_of_another_section_and_a_number_twice_are_doubts(read: Read) -> None:
    draft = read(
        [
            ("1. Подготовка", "", "", "", ""),
            ("1.1", "Приказ", "март", "МОУО", ""),
            ("2.2", "Вебинар", "апрель", "МОУО", ""),
            ("1.1", "Справка", "май", "МОУО", ""),
        ]
    )

    assert keys(draft) == ["1.1", "2.2", "1.1-2"]
    assert said(draft, 1) == ["the number 2.2 stands under section 1"]
    assert said(draft, 2) == ["the number 1.1 stands here again"]


def test_a_row_torn_by_a_page_is_put_together_and_says_so(read: Read) -> None:
    draft = read(
        [
            ("4.2.", "Консультирование по", "февраль", "Кураторы", "График"),
            ("", "", "", "", ""),
            ("", "вопросам посещения", "2023 года", "ОО", "консультаций"),
        ]
    )

    (one,) = draft.activities
    assert one.title == "Консультирование по вопросам посещения"
    assert (one.when, one.start) == ("февраль 2023 года", date(2023, 2, 1))
    assert (one.responsible, one.result) == ("Кураторы ОО", "График консультаций")
    assert said(draft) == [
        "the window lies outside the year of the plan, 2024",
        "it goes on in line 5; the parts were joined",
    ]


def test_a_fragment_that_may_be_an_activity_is_a_doubt(read: Read) -> None:
    draft = read([("1", "Приказ", "март", "МОУО", ""), ("", "Вебинар", "", "Кураторы", "Запись")])

    assert said(draft)[0] == "perhaps line 4 is an activity of its own, without number and date"
    assert draft.activities[0].verdict is Verdict.DOUBTFUL


def test_a_dated_row_without_a_number_is_an_activity_of_its_own(read: Read) -> None:
    draft = read([("1", "Приказ", "март", "", ""), ("", "Вебинар", "апрель", "", "")])

    assert keys(draft) == ["1", "unnumbered-1"]
    assert said(draft, 1) == ["its number is missing"]


SHIFTED = [
    ("1", "Приказ", "март", "МОУО", "Приказ издан"),
    ("2", "", "Вебинар", "апрель", "Кураторы", "Запись"),
    ("", "", "об итогах", "", "школ", "вебинара"),
    ("3. Подготовка справки", "май", "МОУО", "Справка"),
]


def test_cells_that_stand_off_are_put_back_by_the_date(read: Read) -> None:
    draft = read(SHIFTED)

    rows = [(one.key, one.title, one.when, one.responsible, one.result) for one in draft.activities]
    assert rows[1:] == [
        ("2", "Вебинар об итогах", "апрель", "Кураторы школ", "Запись вебинара"),
        ("3", "Подготовка справки", "май", "МОУО", "Справка"),
    ]
    assert said(draft, 1) == [
        "its cells stand 1 column(s) off; they were put back by the date",
        "it goes on in line 5; the parts were joined",
    ]
    assert said(draft, 2) == ["its cells stand -1 column(s) off; they were put back by the date"]
    assert draft.counts() == {"recognised": 1, "doubtful": 2, "not_recognised": 0}


def test_a_text_in_a_cell_too_many_is_left_out_and_named(read: Read) -> None:
    draft = read([("2. «500+»", "ООО «Ромашка»", "Вебинар", "апрель", "МОУО", "Запись")])

    assert draft.activities[0].title == "Вебинар"
    assert said(draft)[1:] == [
        "««500+»» stands in a cell of no column; it was left out",
        "«ООО «Ромашка»» stands in a cell of no column; it was left out",
    ]


def test_the_end_of_one_row_in_the_cells_of_the_next_is_given_back(read: Read) -> None:
    draft = read(
        [
            ("15", "Проведение второго этапа", "17.09.2024", "МОУО,", "Проведена оценка в"),
            ("16", "<p>мониторинга карт</p> <p>Анализ проекта</p>", "20.12.2024",
             "<p>ОО</p><p>Департамент</p>", "<p>школах</p><p>План</p>"),
        ]
    )  # fmt: skip

    rows = [(one.title, one.when, one.responsible, one.result) for one in draft.activities]
    assert rows == [
        ("Проведение второго этапа мониторинга карт", "17.09.2024", "МОУО, ОО",
         "Проведена оценка в школах"),
        ("Анализ проекта", "20.12.2024", "Департамент", "План"),
    ]  # fmt: skip
    assert draft.counts()["doubtful"] == 2


def test_a_stack_is_dealt_out_in_order(read: Read) -> None:
    draft = read(
        [
            ("2.", "<b>Сопровождение</b>", "", "", ""),
            ("", "<p>1. Опрос</p><p>участников</p><p>2. Вебинар</p>",
             "<p>март</p><p>апрель</p>", "<p>МОУО</p><p>Кураторы</p>", ""),
        ]
    )  # fmt: skip

    rows = [(one.key, one.title, one.when, one.responsible) for one in draft.activities]
    assert rows == [
        ("2.1", "Опрос участников", "март", "МОУО"),
        ("2.2", "Вебинар", "апрель", "Кураторы"),
    ]
    assert said(draft) == ["2 activities stand in one row (line 4); taken in order"]
    assert draft.counts()["recognised"] == 2


@pytest.mark.parametrize(
    ("dates", "doubt", "whens"),
    [
        ("<p>март</p><p>май</p>", "3 activities share 2 date(s): which is whose is not decided",
         ["март", "май", "май"]),
        ("март", "3 activities share 1 date(s): which is whose is not decided",
         ["март", "март", "март"]),
        ("март апрель 2024 май 2024",
         "several dates stand in one cell; they were parted and taken in order",
         ["март", "апрель 2024", "май 2024"]),
        ("<p>март</p><p>май</p><p>июнь</p><p>июль</p>",
         "3 activities share 4 date(s): which is whose is not decided",
         ["март", "май", "июнь июль"]),
    ],
)  # fmt: skip
def test_a_stack_whose_dates_do_not_come_out_even_is_doubtful(
    read: Read, dates: str, doubt: str, whens: list[str]
) -> None:
    draft = read([("", "1. Опрос 2. Вебинар 3. Справка", dates, "", "")])

    assert [one.when for one in draft.activities] == whens
    assert all(doubt in said(draft, place) for place in range(3))
    assert draft.counts()["doubtful"] == 3


def test_a_stack_torn_by_a_page_is_dealt_out_whole(read: Read) -> None:
    draft = read(
        [
            ("", "<p>1. Опрос</p><p>2. Вебинар по</p>",
             "<p>март</p><p>апрель</p><p>май</p>", "<p>МОУО</p>", ""),
            ("", "<p>вопросам верификации</p><p>3. Справка</p>", "", "<p>ОО</p><p>МОУО</p>", ""),
        ]
    )  # fmt: skip

    rows = [(one.title, one.when, one.responsible) for one in draft.activities]
    assert rows == [
        ("Опрос", "март", "МОУО"),
        ("Вебинар по вопросам верификации", "апрель", "ОО"),
        ("Справка", "май", "МОУО"),
    ]
    assert draft.activities[0].lines == (3, 4)


def test_numbers_inside_a_numbered_activity_do_not_part_it(read: Read) -> None:
    draft = read([("3", "<p>1. Провести опрос;</p><p>2. Составить справку</p>", "март", "", "")])

    assert keys(draft) == ["3"]


def test_tables_of_something_else_are_left_alone(read: Read) -> None:
    draft = read(
        [
            ("1", "Приказ", "март", "МОУО", ""),
            ("№", "ФИО", "Место работы", "должность"),
            ("1", "Иванова Мария", "СОШ № 1", "директор"),
            ("№ п/п", "Мероприятие", "Сроки", "Ответственный", "Результат"),
            ("2", "Справка", "май", "МОУО", ""),
        ]
    )

    assert keys(draft) == ["1", "2"]
    assert [str(note) for note in draft.notes] == [
        "from line 4 on there is a table of something else"
    ]


def test_the_year_is_asked_for_and_the_one_of_the_heading_offered(read: Read) -> None:
    rows = [("1", "Приказ", "март", "МОУО", ""), ("2", "Вебинар", "01.04.2024", "МОУО", "")]

    draft = read(rows, before="Дорожная карта на 2024 год", year=None)

    assert [one.verdict for one in draft.activities] == [
        Verdict.NOT_RECOGNISED, Verdict.RECOGNISED,
    ]  # fmt: skip
    assert [str(note) for note in draft.notes] == [
        "dates without a year were not read: the heading names 2024, say --year 2024"
    ]


def test_what_the_words_say_of_a_recurrence_is_proposed_with_a_doubt(read: Read) -> None:
    draft = read([("1", "Участие в еженедельных вебинарах", "март-июнь", "Кураторы", "")])

    (one,) = draft.activities
    assert (one.recurrence, one.verdict) == ("FREQ=WEEKLY", Verdict.DOUBTFUL)
    assert one.start == date(2024, 3, 1)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("Дорожная карта (итог).txt", "dorozhnaya-karta-itog-2024"),
        ("Plan 2024.txt", "plan-2024"),
        ("№.txt", "imported-2024"),
        ("ш" * 90 + ".txt", "sh" * 29 + "s-2024"),
    ],
)
def test_the_id_is_made_of_the_name_of_the_file(tmp_path: Path, name: str, made: str) -> None:
    path = tmp_path / name
    path.write_text("Мероприятие\tСроки\nПриказ\tмарт\n", "utf-8")

    assert import_roadmap(path, year=2024).id == made
