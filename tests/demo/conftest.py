"""One demonstration for all tests: five schools, a real database, real files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lifecycle.demo import run


@dataclass(frozen=True)
class Shown:
    """A demonstration that was run.

    Args:
        url: Address of the database it left.
        result: What ``run`` returned.
        lines: What it printed.
        progress: What it said meanwhile.
    """

    url: str
    result: dict[str, object]
    lines: list[str]
    progress: list[str]

    @property
    def text(self) -> str:
        """All that was printed."""
        return "\n".join(self.lines)

    @property
    def database(self) -> Path:
        """The database file."""
        return Path("/" + self.url.removeprefix("sqlite:////"))


def show(folder: Path, schools: int, language: str, evidence: Path | None = None) -> Shown:
    """Run a demonstration in a folder that is still to be made."""
    url = f"sqlite:///{folder.absolute()}/made/lifecycle.db"
    lines: list[str] = []
    progress: list[str] = []
    result = run(
        url, schools, language, out=lines.append, progress=progress.append, evidence=evidence
    )
    return Shown(url, result, lines, progress)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return show(tmp_path_factory.mktemp("demo"), 5, "en")


@pytest.fixture(scope="session")
def shown_in_russian(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo-ru")
    return show(folder, 4, "ru", evidence=folder / "the papers")
