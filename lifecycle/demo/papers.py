"""The papers of the demonstration: small files, a link, and references to orders.

Their content is made up and says so; each differs by school, kind, item and day.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lifecycle import Evidence, EvidenceFile
from lifecycle.demo.cast import TOMARI, School
from lifecycle.domain.definition import Definition

# Kinds that exist as an order of somebody.
_ORDERS = ("order", "sample_list")


class Papers:
    """Makes evidence for the acts of schools.

    Args:
        folder: Where the files are written; the engine takes copies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def piece(
        self, definition: Definition, school: School, kind: str, item: str | None, day: date
    ) -> Evidence | EvidenceFile:
        """Return one piece of evidence: what such a paper usually is."""
        if kind in _ORDERS:
            return _order(definition, school, kind, day)
        if kind == "questionnaire_completion" and school.roadmap == TOMARI:
            url = f"https://school.example/{school.id}/500plus/questionnaire"
            return Evidence(kind, form="link", url=url)
        return EvidenceFile(kind, self._file(definition, school, kind, item, day), item)

    def _file(
        self, definition: Definition, school: School, kind: str, item: str | None, day: date
    ) -> Path:
        lines = [definition.evidence_kind[kind].title.ru, f"Школа: {school.title}"]
        titles = {choice.code: choice.title.ru for choice in definition.catalogue}
        if item is not None:
            lines.append(f"Рисковое направление: {titles.get(item, item)} ({item})")
        lines += [
            f"Дата: {day:%d.%m.%Y}",
            f"Проект: {definition.roadmap.title.ru}",
            "Документ составлен для демонстрации, сведения условные.",
        ]
        self._made += 1
        path = self._folder / f"{school.id}-{self._made:04}-{kind}.txt"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return path


def _order(definition: Definition, school: School, kind: str, day: date) -> Evidence:
    issuer = definition.roadmap.document.issuer or definition.roadmap.title.ru
    return Evidence(
        kind, form="reference", number=f"{school.number + 1} (условный)", dated=day, issuer=issuer
    )
