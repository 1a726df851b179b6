"""Texts for people as values: an English template that is also the key of its translation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        parameters: Values of the placeholders: JSON-like, or messages themselves; sequences are
            joined with commas.
    """

    template: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.rendered(lambda template: template)

    def rendered(self, translate: Callable[[str], str]) -> str:
        """Return the sentence, with *translate* applied to this and every nested template."""
        values = {name: _shown(value, translate) for name, value in self.parameters.items()}
        return translate(self.template).format_map(values)

    def plain_parameters(self) -> dict[str, Any]:
        """Return the parameters as JSON values; nested messages in English."""
        return {name: _plain(value) for name, value in self.parameters.items()}


def _shown(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Message):
        return value.rendered(translate)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(_shown(item, translate)) for item in value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return str(value)
    return list(value) if isinstance(value, tuple | set | frozenset) else value
