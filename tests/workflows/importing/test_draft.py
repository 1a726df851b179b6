"""The draft as a file and the report: readable, the same each time, nothing lost on the way."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing.draft import Draft
from lifecycle.workflows.importing.roadmap import import_roadmap
from tests.workflows.importing.conftest import Read

ROWS = [
    ("1. Подготовка", "", "", "", ""),
    ("1.1", "Приказ", "до 15.03", "МОУО", "Приказ издан"),
    ("1.2", "Опрос", "30.02.2024", "Кураторы", ""),
    ("1.3", "Вебинар", "по отдельному графику", "", ""),
]


def loaded(text: str) -> dict[str, Any]:
    found = YAML(typ="safe", pure=True).load(text)
    assert isinstance(found, dict)
    return found


def test_the_report_tells_of_every_row_in_both_languages(read: Read) -> None:
    draft = read(ROWS)

    assert draft.report()["rows"] == [
        {"key": "1.1", "verdict": "recognised", "reasons": ["«до» includes the day it names"],
         "source": "line 4"},
        {"key": "1.2", "verdict": "doubtful", "reasons": ["there is no day 30.02.2024"],
         "source": "line 5"},
        {"key": "1.3", "verdict": "not_recognised",
         "reasons": ["the date is set by another document"], "source": "line 6"},
    ]  # fmt: skip
    assert draft.report("ru")["rows"][1] == {
        "key": "1.2",
        "verdict": "doubtful",
        "reasons": ["дня 30.02.2024 не существует"],
        "source": "строка 5",
    }


def test_the_file_names_its_schema_first_for_editors(read: Read) -> None:
    text = read(ROWS).yaml()

    assert text.startswith("# yaml-language-server: $schema=roadmap.schema.json\n# Черновик")


def test_the_file_has_the_doubts_beside_their_rows_and_in_the_damage(read: Read) -> None:
    text = read(ROWS).yaml()

    assert '  # СОМНЕНИЕ: дня 30.02.2024 не существует\n  - key: "1.2"\n' in text
    assert '  # СРОК НЕ РАСПОЗНАН: срок задан другим документом\n  - key: "1.3"\n' in text
    assert '  - key: "1.1"\n' in text
    assert "СОМНЕНИЕ" not in text[: text.index('key: "1.1"')].split("activities:")[1]
    activities = loaded(text)["activities"]
    assert [one["damage"] for one in activities] == [
        [],
        [{"ru": "дня 30.02.2024 не существует", "en": "there is no day 30.02.2024"}],
        [{"ru": "срок задан другим документом", "en": "the date is set by another document"}],
    ]


def test_a_draft_without_a_dated_row_says_what_is_missing(read: Read, tmp_path: Path) -> None:
    draft = read([("1", "Приказ", "март", "МОУО", "")], year=None)

    problems = [str(problem) for problem in draft.write(tmp_path / "draft.yaml")]

    assert [problem.partition(": ")[2] for problem in problems] == [
        "LD113: None is not a date; write YEAR-MONTH-DAY, such as 2022-03-01"
    ] * 2
    assert "Ни один срок не датирован" in draft.yaml()


def test_lost_words_are_a_mistake_of_the_draft_and_not_made_up(read: Read, tmp_path: Path) -> None:
    draft = read([("1", "", "март", "МОУО", "")])

    problems = [str(problem) for problem in draft.write(tmp_path / "draft.yaml")]

    assert draft.activities[0].verdict is Verdict.DOUBTFUL
    assert len(problems) == 1
    assert "title must not be empty" in problems[0]


def test_the_period_runs_from_the_first_to_the_last_day_named(read: Read) -> None:
    draft = read([("1", "Приказ", "до 15.03", "", ""), ("2", "Опрос", "декабрь 2023", "", "")])

    assert [str(day) for day in draft.period() or ()] == ["2023-12-01", "2024-03-15"]


def test_a_table_without_parties_names_only_doers(read: Read) -> None:
    draft = read(
        [
            ("1", "Посещение школ закрепленными кураторами с целью поддержки", "март"),
            ("2", "Совещание с кураторами школ", "март"),
            ("3", "Анализ региональным координатором документов", "март"),
        ],
        ("№", "Описание действий", "Дата реализации"),
    )

    assert [one.roles for one in draft.activities] == [
        ("curator",), (), ("regional_coordinator",),
    ]  # fmt: skip
    assert [one.responsible for one in draft.activities] == [None] * 3


@pytest.mark.parametrize(
    ("parties", "roles"),
    [
        ("Отдел образования ОО", "municipal_coordinator school_coordinator"),
        ("по согласованию с департаментом образования, МОУО", ""),
        ("ГБУ ДПО «Институт развития образования», Курагоры школ", "regional_coordinator curator"),
        ("Региональные и муниципальные координаторы", "regional_coordinator municipal_coordinator"),
        ("Рособрнадзор, ФИОКО", "federal_coordinator"),
        ("Участники проекта", "municipal_coordinator curator school_coordinator"),
        ("Управление образования администрации района", "municipal_coordinator"),
        ("Министерство просвещения и образования области", "regional_coordinator"),
        ("Руководители школ, школьные координаторы", "school_coordinator"),
        ("Библиотека", ""),
    ],
)
def test_parties_are_roles_of_the_programme(read: Read, parties: str, roles: str) -> None:
    (one,) = read([("1", "Приказ", "март", parties, "")]).activities

    assert one.roles == tuple(roles.split())


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    max_size=25,
)
CELLS = st.one_of(
    TEXTS,
    st.sampled_from(
        ["", "1", "1.1", "2.", "«500+»", "март", "30.02.2024", "1. Опрос 2. Вебинар", "Опрос",
         "<p>1. а</p><p>2. Б</p>", "<b>Итоги</b>", "https://a.b/c", "ежемесячно", "№", "Сроки",
         "Мероприятие", "вопросам", '": [', "# &a *b !c", "null"]
    ),
)  # fmt: skip


@given(rows=st.lists(st.lists(CELLS, max_size=7), max_size=8))
def test_any_table_gives_a_file_that_says_the_same(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    draft = drafted(tmp_path_factory.mktemp("any") / "plan.txt", rows)

    read_back = loaded(draft.yaml())
    assert [
        (one["key"], one["title"], one["when"], one["responsible"], one["result"])
        for one in read_back["activities"]
    ] == [(one.key, one.title, one.when, one.responsible, one.result) for one in draft.activities]
    assert len({one.key for one in draft.activities}) == len(draft.activities)
    assert [row["verdict"] for row in draft.report()["rows"]] == [
        one.verdict.value for one in draft.activities
    ]
    for one in draft.activities:
        assert one.verdict is Verdict.RECOGNISED or one.doubts


def drafted(path: Path, rows: list[list[str]]) -> Draft:
    heading = "№\tМероприятие\tСроки\tОтветственный\tРезультат"
    lines = ["\t".join(row) for row in rows]
    path.write_text("\n".join([heading, *lines, heading, "1\tКонец\tмарт\t\t"]), "utf-8")
    return import_roadmap(path, year=2024)
