"""The columns of a batch: what each holds, and its headings in English and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EVIDENCE: Final = "evidence."
"""Begins the heading of a column with evidence of one kind, ``evidence.KIND[:ITEM]``."""
FACT: Final = "fact."
"""Begins the heading of a column with one fact, ``fact.NAME``."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "school": ("школа",),
    "transition": ("переход",),
    "actor": ("исполнитель", "кто"),
    "on_behalf_of": ("за кого", "от имени"),
    "effective_on": ("дата",),
    "reason": ("причина",),
    "comment": ("примечание", "комментарий"),
    "evidence": ("подтверждения", "документы"),
    "facts": ("факты",),
    "command_id": ("номер команды",),
    "expected_version": ("версия",),
}
"""Column -> its headings in Russian."""

_PREFIXES: Final = {"подтверждение.": EVIDENCE, "документ.": EVIDENCE, "факт.": FACT}
_NAMES: Final = {
    **{name: name for name in COLUMNS},
    **{russian: name for name, headings in COLUMNS.items() for russian in headings},
}
HEADINGS: Final = (*COLUMNS, f"{FACT}NAME", f"{EVIDENCE}KIND")


def column_of(heading: str) -> str | None:
    """Return the column that a heading names, in either language; ``None`` if it names none."""
    text = " ".join(heading.split())
    folded = text.lower()
    if folded in _NAMES:
        return _NAMES[folded]
    if folded.replace(" ", "_") in _NAMES:
        return folded.replace(" ", "_")
    for prefix, meant in (*_PREFIXES.items(), (EVIDENCE, EVIDENCE), (FACT, FACT)):
        name = text[len(prefix) :].strip()
        if folded.startswith(prefix) and name:
            return meant + name
    return None
