"""Offices at every stage, made once by the program itself and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, open_office, walk


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """An empty folder."""
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office whose school is enrolled."""
    return open_office(Terminal(tmp_path_factory.mktemp("opened"))).folder


@pytest.fixture(scope="session")
def finished(opened: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office whose school was led to the end."""
    folder = tmp_path_factory.mktemp("finished") / "office"
    shutil.copytree(opened, folder)
    walk(Terminal(folder))
    return folder


@pytest.fixture
def office(opened: Path, tmp_path: Path) -> Terminal:
    """An office of the test's own, its school just enrolled."""
    return _copy(opened, tmp_path)


@pytest.fixture
def archive(finished: Path, tmp_path: Path) -> Terminal:
    """An office of the test's own, its school led to the end."""
    return _copy(finished, tmp_path)


def _copy(folder: Path, to: Path) -> Terminal:
    shutil.copytree(folder, to / "office")
    return Terminal(to / "office")
