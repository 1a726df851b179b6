"""Texts for people as values: an English template that is also the key of its translation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A title in both languages of the project, as definitions carry it."""

    ru: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the Russian text for ``ru`` and the English one for anything else."""
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence for a person, kept as template and parameters until a language is chosen.

    Args:
        template: English text with ``{name}`` placeholders; the msgid of its translation.
        parameters: JSON-like values of the placeholders; sequences are joined with commas.
    """

    template: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.filled(self.template)

    def filled(self, template: str) -> str:
        """Fill *template* (this one or its translation) with the parameters."""
        return template.format_map({name: _shown(value) for name, value in self.parameters.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(item) for item in value)
    return value
