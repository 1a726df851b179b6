"""The page on the tables says what they are, and its questions are answered."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from lifecycle.analysis import TABLES
from lifecycle.analysis.duck import DuckTables

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "analysis.md").read_text("utf-8")
QUESTIONS = [
    one for part in re.findall(r"```sql\n(.*?)```", PAGE, re.S) for one in part.split(";\n")
]


def test_every_table_and_column_is_described_and_no_other() -> None:
    written = [
        (name, [tuple(one.strip(" `") for one in row.split("|")[1:4]) for row in rows.splitlines()])
        for name, rows in re.findall(
            r"^## (\w+)\n.*?\| --- \| --- \| --- \|\n(.*?)(?:\n\n|\Z)", PAGE, re.S | re.M
        )
    ]

    assert written == [
        (table.name, [(one.name, one.type, one.comment) for one in table.columns])
        for table in TABLES
    ]


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.strip()])
def test_the_questions_can_be_asked(question: str, tmp_path: Path) -> None:
    path = tmp_path / "h.duckdb"
    place = {"stream": "participation/a", "sequence": 1, "school": "a", "roadmap": "r"}
    with DuckTables(path) as tables:
        tables.add("definitions", [{"definition": "d", "region": "sakhalin"}])
        enrolled = {**place, "kind": "enrolled", "definition": "d", "effective_on": "2022-01-01"}
        confirmed = {"sequence": 2, "transition": "confirm_stage_1", "effective_on": "2022-01-31"}
        tables.add("records", [enrolled, enrolled | {"kind": "advanced"} | confirmed])
        risks = [{"factor": "low_equipment", "significance": "high"}]
        tables.add("facts", [{**place, "fact": "risks", "value": risks}])
    with duckdb.connect(str(path), read_only=True) as database:
        found = database.execute(question).fetchall()

    assert found in ([("sakhalin", 30.0, 1)], [("low_equipment", "high", 1)])
