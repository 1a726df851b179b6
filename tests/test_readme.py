"""The README runs: its Python, its command line, and what it promises of them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document

README = Path(__file__).parent.parent / "README.md"
PROGRAM = Path(sys.executable).with_name("lifecycle")


def blocks(heading: str, language: str = "") -> list[str]:
    section = README.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(line, comments=True)
    assert words[0] == "lifecycle"
    command = [str(PROGRAM), *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_embedding_example_runs_and_explains_its_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    exec(compile(blocks("In a service", "python")[0], str(README), "exec"), {})  # noqa: S102

    said = capsys.readouterr().out
    assert "school_coordinator" in said
    assert re.search("[а-я]", said)


def test_the_command_line_example_runs_line_by_line(tmp_path: Path) -> None:
    lines = blocks("On the command line")[0].splitlines()

    ends = [(line, run(line, tmp_path)) for line in lines]

    assert [(line, end.stderr) for line, end in ends if end.returncode] == []
    assert "risk_profile" in ends[-1][1].stdout


def test_the_auditors_commands_run_on_what_the_example_leaves(tmp_path: Path) -> None:
    for line in blocks("On the command line")[0].splitlines():
        assert run(line, tmp_path).returncode == 0, line

    ends = [run(line, tmp_path) for line in blocks("For auditors")[0].splitlines()]

    assert [end.returncode for end in ends] == [0, 0, 0, 0], [end.stderr for end in ends]


def test_the_commands_on_the_plan_run_on_what_the_example_leaves(tmp_path: Path) -> None:
    for line in blocks("On the command line")[0].splitlines():
        assert run(line, tmp_path).returncode == 0, line

    ends = [
        (line, run(line, tmp_path)) for line in blocks("The plan of the office")[0].splitlines()
    ]

    assert [(line, end.stderr) for line, end in ends if end.returncode] == []
    assert {path.name for path in tmp_path.iterdir()} >= {"plan.ics", "plan.svg"}


def test_an_office_brings_its_own_road_map(tmp_path: Path) -> None:
    document = Document()
    rows = (
        ("№", "Мероприятие", "Срок", "Ответственные", "Результат"),
        ("1", "Анкетирование школ", "до 25.03.2024", "Школы", "Анкеты заполнены"),
        ("2", "Посещение школ кураторами", "с 1 по 15 апреля 2024 г.", "Кураторы", "Справки"),
        ("3", "Совещание", "май", "Отдел образования", "Протокол"),
    )
    table = document.add_table(len(rows), len(rows[0]))
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            table.cell(number, place).text = text
    document.save(str(tmp_path / "order.docx"))
    (tmp_path / "plans").mkdir()
    for line in ("init --administrator chief",):
        assert run(f"lifecycle {line}", tmp_path).returncode == 0

    ends = [(line, run(line, tmp_path)) for line in blocks("Your own road map")[0].splitlines()]

    assert [(line, end.stderr) for line, end in ends if end.returncode] == []
