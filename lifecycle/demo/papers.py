"""The papers of the demonstration: small files, a link, and references to orders.

Their content is made up and says so; each differs by school, kind, item and day.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from lifecycle import Evidence, EvidenceFile
from lifecycle.demo.cast import TOMARI, School
from lifecycle.domain.definition import Definition
from lifecycle.domain.plan import BASIS
from lifecycle.domain.roadmap import Activity

# Kinds that exist as an order of somebody.
_ORDERS = ("order", "sample_list")
_FILES = 5  # every fifth result of an office is shown as a file


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

    def of_office(
        self, definition: Definition, activity: Activity, kind: str, day: date
    ) -> Evidence | EvidenceFile:
        """Return what an office shows for an activity: mostly its order, sometimes a file."""
        self._made += 1
        if kind == BASIS or self._made % _FILES:
            issuer = definition.roadmap.document.issuer or definition.roadmap.title.ru
            number = f"{self._made} (условный)"
            return Evidence(kind, form="reference", number=number, dated=day, issuer=issuer)
        lines = [
            activity.result or activity.title,
            f"Мероприятие: {activity.key}",
            f"Дата: {day:%d.%m.%Y}",
            f"Проект: {definition.roadmap.title.ru}",
            "Документ составлен для демонстрации, сведения условные.",
        ]
        path = self._folder / f"office-{self._made:04}.txt"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return EvidenceFile(kind, path)

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
