"""Files that the importer is given."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lifecycle.workflows.importing.draft import Draft
from lifecycle.workflows.importing.roadmap import import_roadmap

HEADING = ("№ п/п", "Мероприятие", "Сроки", "Ответственный", "Результат")

Read = Callable[..., Draft]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Import a table given as rows of cells, as a text file with tabs."""

    def run(
        rows: Sequence[Sequence[str]],
        heading: Sequence[str] = HEADING,
        before: str = "",
        year: int | None = 2024,
    ) -> Draft:
        path = tmp_path / "карта.txt"
        lines = [before, *("\t".join(row) for row in (heading, *rows))]
        path.write_text("\n".join(lines), "utf-8")
        return import_roadmap(path, year=year)

    return run
