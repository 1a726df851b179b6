"""The grants of a foundation: a second programme, and what is told of it after an edit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lifecycle.workflows.catalogue import check_programme_file, check_roadmap_file
from lifecycle.workflows.problems import Problem

GUARDS = ("money_left",)

Told = Callable[..., list[str]]
"""Takes (old, new) replacements and returns what the checker says, without the file's name."""


@pytest.fixture
def grants() -> Path:
    return Path(__file__).parent / "grants"


@pytest.fixture
def told_of_programme(grants: Path, tmp_path: Path) -> Told:
    def told(*edits: tuple[str, str]) -> list[str]:
        file = edited(grants / "grants.yaml", tmp_path, edits)
        return places(file, check_programme_file(file, GUARDS))

    return told


@pytest.fixture
def told_of_roadmap(grants: Path, tmp_path: Path) -> Told:
    def told(*edits: tuple[str, str]) -> list[str]:
        edited(grants / "grants.yaml", tmp_path, ())
        file = edited(grants / "spring-2026.yaml", tmp_path, edits)
        return places(file, check_roadmap_file(file, [tmp_path], GUARDS))

    return told


def edited(source: Path, folder: Path, edits: tuple[tuple[str, str], ...]) -> Path:
    """Copy *source* with the first place of every old text replaced by the new one."""
    text = source.read_text("utf-8")
    for old, new in edits:
        assert old in text, f"{source.name} no longer says {old}"
        text = text.replace(old, new, 1)
    copy = folder / source.name
    copy.write_text(text, "utf-8")
    return copy


def places(file: Path, problems: list[Problem]) -> list[str]:
    return [str(problem).removeprefix(f"{file}:") for problem in problems]
