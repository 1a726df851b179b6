"""The README runs: its Python, its command line, and what it promises of them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docx import Document

from tests.cli.terminal import Said, Terminal

README = Path(__file__).parent.parent / "README.md"
PROGRAM = Path(sys.executable).with_name("lifecycle")
SIGNS = frozenset("();<>|&")

Ran = tuple[str, Said]
"""A line, and how it ended."""


def blocks(heading: str, language: str = "") -> list[str]:
    section = README.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)


def run(line: str, folder: Path) -> Said:
    """Run a line: in this process what is only the program's, in a shell what asks for one."""
    parts = shlex.shlex(line, posix=True, punctuation_chars=True)
    parts.whitespace_split = True
    program, *words = parts
    if program != "lifecycle" or "$" in line or any(SIGNS.issuperset(word) for word in words):
        return in_shell(line, folder)
    return Terminal(folder).run(*words)


def in_shell(line: str, folder: Path) -> Said:
    places = os.pathsep.join((str(PROGRAM.parent), os.environ["PATH"]))
    surroundings = os.environ | {"PATH": places}
    end = subprocess.run(
        ["/bin/sh", "-euc", line],
        cwd=folder, env=surroundings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Said(end.returncode, end.stdout, end.stderr)


def test_the_embedding_example_runs_and_explains_its_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    exec(compile(blocks("In a service", "python")[0], str(README), "exec"), {})  # noqa: S102

    said = capsys.readouterr().out
    assert "school_coordinator" in said
    assert re.search("[а-я]", said)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ran]]:
    """Run the example of the command line once; the sections after it build on what it leaves."""
    folder = tmp_path_factory.mktemp("example")
    return folder, [
        (line, run(line, folder)) for line in blocks("On the command line")[0].splitlines()
    ]


@pytest.fixture
def after_it(example: tuple[Path, list[Ran]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(example[0], tmp_path / "copy"))


def test_the_command_line_example_runs_line_by_line(example: tuple[Path, list[Ran]]) -> None:
    ends = example[1]

    assert [(line, end.err) for line, end in ends if end.code] == []
    assert "risk_profile" in ends[-1][1].out


@pytest.fixture(scope="module")
def known(example: tuple[Path, list[Ran]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder after it, where those who approve were given what they show."""
    folder = Path(shutil.copytree(example[0], tmp_path_factory.mktemp("known") / "copy"))
    ends = [(line, run(line, folder)) for line in blocks("Who acted")[0].splitlines()]
    assert [(line, end.err) for line, end in ends if end.code] == []
    return folder


@pytest.mark.parametrize(
    ("heading", "leaves"),
    [
        ("Many at once", {"march.csv"}),
        ("The plan of the office", {"plan.ics", "plan.svg"}),
        ("People's data", {"extract.txt"}),
        ("The past", {"audit.html", "tomari.xes", "tomari.pnml"}),
        ("For auditors", {"log.key", "outside", "record.tlog-proof"}),
        ("Operating", {"today.backup", "restored.db"}),
    ],
)
def test_the_commands_of_a_section_run_on_what_the_example_leaves(
    after_it: Path, heading: str, leaves: set[str]
) -> None:
    ends = [(line, run(line, after_it)) for line in blocks(heading)[0].splitlines()]

    assert [(line, end.err) for line, end in ends if end.code] == []
    assert {path.name for path in after_it.iterdir()} >= leaves


def test_an_approval_asks_more_than_an_account_of_the_machine(known: Path) -> None:
    assert {path.name for path in known.iterdir()} >= {"reviewer-1.token", "expert-1.key"}
    section = README.read_text("utf-8").split("## Who acted\n")[1].split("\n## ")[0]
    (asked,) = re.findall(r"`(advance krasnogorsk \S+ --actor reviewer-1)`", section)
    (shown,) = re.findall(r"`(--actor reviewer-1 --token-file \S+)`", section)

    bare = run(f"lifecycle {asked} --json", known)
    by_token = run(f"lifecycle {asked.replace('--actor reviewer-1', shown)} --json", known)

    codes = [{reason["code"] for reason in end.error["unmet"]} for end in (bare, by_token)]
    assert codes[0] - codes[1] == {"authentication_insufficient"}


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
        assert run(f"lifecycle {line}", tmp_path).code == 0

    ends = [(line, run(line, tmp_path)) for line in blocks("Your own road map")[0].splitlines()]

    assert [(line, end.err) for line, end in ends if end.code] == []
