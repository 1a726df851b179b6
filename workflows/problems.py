"""Mistakes in definition files: where they are, which one, and in words.

Codes ``LD1xx`` speak of the form of a file, ``LD2xx`` of its meaning, ``LD3xx`` of what is allowed
and yet was hardly meant: warnings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from lifecycle.domain.errors import InvalidDefinition, closest
from lifecycle.domain.messages import Message

Path = tuple[str | int, ...]
Mark = tuple[int, int]

MOST_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake at one place.

    Args:
        file: The file, as it was named.
        line: Line of the place, from 1.
        column: Column of the place, from 1.
        code: Stable name of the kind of mistake.
        message: What is wrong there.
        remedy: What was probably meant, if something near is known.
        severity: An ``error`` keeps the file from being used; a ``warning`` does not.
    """

    file: str
    line: int
    column: int
    code: str
    message: Message
    remedy: Message | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        hint = f"; {self.remedy}" if self.remedy else ""
        warning = "warning: " if self.severity == "warning" else ""
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.code}: {warning}{self.message}{hint}"


class Findings:
    """Collects the problems of one file, so that all of them are told at once.

    Args:
        file: The file, as it was named.
        values: Where each value stands.
        keys: Where each field name stands.
    """

    def __init__(
        self,
        file: str,
        values: Mapping[Path, Mark] | None = None,
        keys: Mapping[Path, Mark] | None = None,
    ) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._values = values or {}
        self._keys = keys or {}

    def add(self, code: str, path: Path, template: str, **parameters: Any) -> None:
        """Note a mistake in the value at *path*, or in what encloses it if nothing is there."""
        self._note(code, self._place(path), Message(template, parameters))

    def unknown(
        self,
        code: str,
        path: Path,
        template: str,
        name: str,
        known: Iterable[str],
        **parameters: Any,
    ) -> None:
        """Note a name that nothing bears, and offer the nearest one."""
        near = closest(name, known)
        remedy = Message("did you mean {suggestion}?", {"suggestion": near}) if near else None
        mark = self._keys[path] if path in self._keys and path[-1] == name else self._place(path)
        self._note(code, mark, Message(template, {"name": name, **parameters}), remedy)

    def note(self, code: str, path: Path, message: Message, remedy: Message | None = None) -> None:
        """Note a mistake in the value at *path*, and what to do about it."""
        self._note(code, self._place(path), message, remedy)

    def warn(self, code: str, path: Path, template: str, **parameters: Any) -> None:
        """Note what is allowed at *path* and was hardly meant."""
        mark, message = self._place(path), Message(template, parameters)
        self.problems.append(Problem(self.file, *mark, code, message, severity="warning"))

    def at(self, code: str, mark: Mark, template: str, **parameters: Any) -> None:
        """Note a mistake at a place of the text."""
        self._note(code, mark, Message(template, parameters))

    def end(self) -> None:
        """Raise what was noted, in the order of the file, unless all of it is warnings.

        Raises:
            InvalidDefinition: A mistake was noted.
        """
        if any(one.severity == "error" for one in self.problems):
            raise self.error()

    def error(self) -> InvalidDefinition:
        """Return what was noted as an error."""
        return InvalidDefinition(self.file, self.told())

    def told(self) -> list[Problem]:
        """Return what was noted, in the order of the file.

        Who gave a wrong file altogether is spared the rest of the list.
        """
        told = sorted(self.problems, key=lambda one: (one.line, one.column, one.code))
        if len(told) > MOST_TOLD:
            message = Message("and {count} more mistakes", {"count": len(told) - MOST_TOLD})
            last = told[MOST_TOLD - 1]
            told[MOST_TOLD:] = [Problem(self.file, last.line, last.column, "LD119", message)]
        return told

    def _note(self, code: str, mark: Mark, message: Message, remedy: Message | None = None) -> None:
        self.problems.append(Problem(self.file, *mark, code, message, remedy))

    def _place(self, path: Path) -> Mark:
        while path and path not in self._values:
            path = path[:-1]
        return self._values.get(path, (1, 1))
