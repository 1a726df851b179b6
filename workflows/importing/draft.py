"""A road map as read from an office's file: what is proposed, what is doubtful, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from lifecycle.domain.messages import Message
from lifecycle.texts import render
from lifecycle.workflows.catalogue import check_roadmap_file
from lifecycle.workflows.dates import Verdict
from lifecycle.workflows.importing.table import Section
from lifecycle.workflows.problems import Problem


@dataclass(frozen=True, slots=True)
class DraftActivity:
    """A row as it is proposed.

    Args:
        key: ``SECTION.NUMBER``, the number, or ``unnumbered-N``.
        section: Number of its section.
        title: Wording of the row; empty where it is lost.
        when: The date cell, verbatim.
        start: First day.
        end: Last day, inclusive.
        recurrence: RFC 5545 rule.
        responsible: The parties, verbatim.
        roles: The roles proposed.
        result: The result, verbatim.
        drives: The transitions proposed.
        lines: Where it stands in the file.
        places: The same in words.
        verdict: How far it was understood.
        doubts: What a person has to decide, or why no date was read.
        damage: What is broken and was put together without a doubt.
        notes: How the date was read, where a rule decided.
    """

    key: str
    section: str | None
    title: str
    when: str | None
    start: date | None
    end: date | None
    recurrence: str | None
    responsible: str | None
    roles: tuple[str, ...]
    result: str | None
    drives: tuple[str, ...]
    lines: tuple[int, ...]
    places: tuple[Message, ...]
    verdict: Verdict
    doubts: tuple[Message, ...] = ()
    damage: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """What the prose before the table says of the document.

    Args:
        kind: Kind of document; ``other`` where the words do not decide it.
        title: Heading of the table.
        number: Number of the order, if there is one only.
        date: Its date, if there is one only.
        notes: What was not decided.
    """

    kind: str
    title: str
    number: str | None = None
    date: date | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A road map that an office has to look through before it is put in force.

    Args:
        id: Id proposed for the road map.
        file: Name of the file it was read from, without folders.
        order: The document.
        year: The year that dates without one took.
        sections: The headings of the table.
        activities: The rows.
        notes: What has to be said about the file as a whole.
    """

    id: str
    file: str
    order: Order
    year: int | None
    sections: tuple[Section, ...]
    activities: tuple[DraftActivity, ...]
    notes: tuple[Message, ...] = field(default=())

    def counts(self) -> dict[str, int]:
        """Return how many rows have each verdict."""
        found = [activity.verdict for activity in self.activities]
        return {verdict.value: found.count(verdict) for verdict in Verdict}

    def period(self) -> tuple[date, date] | None:
        """Return the first and the last day that the rows name; else the year of the plan."""
        named = [day for one in self.activities for day in (one.start, one.end) if day is not None]
        if named:
            return min(named), max(named)
        return (date(self.year, 1, 1), date(self.year, 12, 31)) if self.year is not None else None

    def report(self, language: str = "en") -> dict[str, Any]:
        """Return the review report as JSON values: ``rows`` in the order of the table.

        Args:
            language: ``ru`` or ``en``.
        """
        return {
            "rows": [
                {
                    "key": one.key,
                    "verdict": one.verdict.value,
                    "reasons": _said((*one.doubts, *one.damage, *one.notes), language),
                    "source": ", ".join(_said(one.places, language)),
                }
                for one in self.activities
            ],
            "notes": _said((*self.notes, *self.order.notes), language),
        }

    def yaml(self) -> str:
        """Return the draft as a road map file; the same text for the same file and year."""
        from lifecycle.workflows.importing.writing import written

        return written(self)

    def write(self, path: Path) -> list[Problem]:
        """Write the draft as a road map file and return what is left to mend in it.

        Raises:
            OSError: The file cannot be written.
        """
        path.write_text(self.yaml(), "utf-8", newline="\n")
        return check_roadmap_file(path)


def _said(messages: Sequence[Message], language: str) -> list[str]:
    return [render(message, language) for message in messages]
