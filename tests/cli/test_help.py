"""Help: every command explains itself in both languages, and its examples can be run."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from lifecycle.cli.forms import COMMON, Command
from lifecycle.cli.language import paragraphs
from lifecycle.cli.program import program
from tests.cli.terminal import Terminal


def commands(group: click.Group, path: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[f"{path}{name}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{path}{name} ")
    return found


ALL = {"": program, **commands(program)}


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    for name, (_, short) in program.later.items():
        assert short == paragraphs(ALL[name].help or "")[0], name


def test_the_commands_are_those_that_were_agreed() -> None:
    assert sorted(name for name, one in ALL.items() if not isinstance(one, click.Group)) == [
        "activity begin", "activity cancel", "activity done", "activity postpone", "actor add",
        "advance", "assign", "audit bundle", "audit check-proof", "audit checkpoint",
        "audit erasure-extract", "audit export", "audit export-log", "audit keygen",
        "audit prove", "audit report", "audit seal", "audit timeline", "audit verifier",
        "audit watch", "calendar", "db backup", "db check", "db doctor",
        "db grant", "db rebuild", "db restore", "db shard", "db upgrade", "demo", "enrol",
        "evidence get", "explain", "export", "history",
        "indicators", "init", "key add", "key list", "key new", "key revoke",
        "overdue", "person erase", "person name", "person show", "plan", "programme check",
        "programme diagram", "programme list", "programme show", "refusals", "replay", "revoke",
        "roadmap check", "roadmap gantt", "roadmap import", "roadmap list", "roadmap show",
        "schema", "stats", "status", "token issue", "token list", "token revoke", "verify",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_a_summary_a_paragraph_and_examples(terminal: Terminal, name: str) -> None:
    command = ALL[name]
    said = terminal.run(*name.split(), "--help")

    assert isinstance(command, Command)
    assert said.code == 0
    assert said.err == ""
    assert said.out.startswith(f"Usage: lifecycle {name}".rstrip())
    assert "Examples:\n  lifecycle " in said.out
    assert len(command.get_short_help_str()) <= 62
    if not isinstance(command, click.Group):
        assert len((command.help or "").split("\n\n")) >= 2
    assert {one.name for one in command.params} >= COMMON


@pytest.mark.parametrize("name", ALL)
def test_help_is_russian_throughout(terminal: Terminal, name: str) -> None:
    said = terminal.run(*name.split(), "--help", "--lang", "ru")
    described = said.out.partition("Примеры:")[0]
    words = set(re.findall(r"(?<![-\w./:])[A-Za-z]{3,}(?![-\w./:])", described))

    assert said.out.startswith("Вызов: lifecycle")
    assert "Общие параметры:" in said.out
    names = {part for one in ALL for part in one.split()}
    foreign = {"JSON", "Schema", "URL", "UTC", "administrator", "auditor", "ref", "lifecycle"}
    foreign |= {"HTML", "SQLite", "sqlite", "PostgreSQL", "GRANT", "git", "proof", "Python"}
    # What is typed as it stands: evidence kinds, formats, ways to group, kinds of file.
    foreign |= {"activity_result", "basis", "dot", "mermaid", "svg", "person", "school"}
    foreign |= {"IEEE", "XES", "OCEL", "BPMN", "xes", "pnml", "bpmn", "finished", "open", "all"}
    foreign |= {"DuckDB", "Parquet", "Spark", "duckdb", "parquet", "analysis"}
    assert words - names - foreign - {"lang"} == set()


@pytest.mark.parametrize("name", ALL)
def test_examples_are_understood(name: str) -> None:
    command = ALL[name]
    assert isinstance(command, Command)
    lines = "\n".join(command.examples).replace("\\\n", " ").splitlines()

    for line in lines:
        words = shlex.split(line)
        assert words.pop(0) == "lifecycle"
        found: click.Command = program
        while isinstance(found, click.Group):
            named = found.get_command(click.Context(found), words.pop(0))
            assert named is not None
            found = named
        context = found.make_context(found.name, words)
        assert context.args == []


def test_without_a_command_the_help_is_shown_and_the_call_was_wrong(terminal: Terminal) -> None:
    people, program_ = terminal.run(), terminal.run("--json")

    assert people.code == program_.code == 2
    assert people.out == ""
    assert people.err.startswith("Usage: lifecycle")
    assert program_.error["code"] == "LC002"


def test_the_language_of_the_environment_is_spoken(terminal: Terminal) -> None:
    terminal.environment["LANG"] = "ru_RU.UTF-8"

    assert terminal.run("--help").out.startswith("Вызов:")
    assert terminal.run("--help", "--lang=en").out.startswith("Usage:")
    assert terminal.run("statsu").err.startswith("ошибка LC002: Нет команды 'statsu'. Возможно,")
