"""A definition file as plain values, with the place of every one of them.

YAML 1.2, and of it only what a definition needs: mappings, lists, texts, whole numbers, true and
false. Duplicate keys are mistakes; anchors, aliases and tags are refused, so a file reads from top
to bottom and cannot blow up. The parser's events are used directly: composing nodes or loading
with ruamel's round-trip types costs up to three times as much.
"""

from __future__ import annotations

import pathlib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any, Final

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.reader import ReaderError

from lifecycle.workflows.problems import Findings, Mark, Path

MAX_FILE_BYTES: Final = 512 * 1024
"""The largest road map known, 45 activities, has a tenth of it."""
MAX_DEPTH: Final = 16
_KEPT: Final = 8
"""Files that catalogues of one process read again and again; all that are shipped are fewer."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Half of a surrogate pair cannot be stored, and a control character cannot be seen.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds; shared by all who read it, so nobody changes it.

    Args:
        file: The file, as it was named.
        content: Dictionaries, lists, texts, numbers, booleans and ``None``.
        values: Where each value stands, by its path from the root.
        keys: Where each field name stands, by the path of its value.
    """

    file: str
    content: Any
    values: dict[Path, Mark]
    keys: dict[Path, Mark]

    def findings(self) -> Findings:
        """Return an empty collection for mistakes in this file."""
        return Findings(self.file, self.values, self.keys)


def read(source: Traversable) -> Document:
    """Read the file at *source*.

    Raises:
        InvalidDefinition: It cannot be read, or is not YAML of the kind described above.
    """
    file = str(source)
    return _document(file, _text(source, Findings(file)))


@lru_cache(maxsize=_KEPT)
def _document(file: str, text: str) -> Document:
    """Return what a text says: that of the same file is parsed once, as long as it is the same."""
    findings = Findings(file)
    builder = _Builder(findings)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Stop:
        pass
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, error.position - before.rfind("\n"))
        findings.at("LD105", place, "not YAML: {detail}", detail=error.reason)
    except MarkedYAMLError as error:
        detail = ", ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        findings.at("LD105", _mark(mark), "not YAML: {detail}", detail=detail)
    except (OverflowError, ValueError):  # the scanner hands any "\\U" number on to chr()
        template = "not YAML: an escape in the text after this place stands for no character"
        findings.at("LD105", builder.last, template)
    if not findings.problems and builder.root is None:
        findings.at("LD104", (1, 1), "the file is empty")
    findings.end()
    return Document(findings.file, builder.root, builder.values, builder.keys)


def _text(source: Traversable, findings: Findings) -> str:
    try:
        if not source.is_file():
            template = "there is no such file"
            if source.is_dir():
                template = "this is a folder, not a file"
            elif isinstance(source, pathlib.Path) and source.exists():
                template = "this is a pipe or a device, not a file"
            findings.at("LD101", (1, 1), template)
            raise findings.error()
        with source.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        detail = error.strerror or type(error).__name__
        findings.at("LD101", (1, 1), "the file cannot be read: {detail}", detail=detail)
        raise findings.error() from error
    if len(data) > MAX_FILE_BYTES:
        findings.at("LD103", (1, 1), "the file is longer than {limit} bytes", limit=MAX_FILE_BYTES)
        raise findings.error()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        place = (before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        findings.at("LD102", place, "the text is not in UTF-8")
        raise findings.error() from error


def _mark(mark: StringMark) -> Mark:
    return mark.line + 1, mark.column + 1


class _Stop(Exception):
    """What follows would only be noise."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that has not ended yet; *key* is the field whose value comes next."""

    path: Path
    content: dict[str, Any] | list[Any]
    key: str | None = None


class _Builder:
    """Turns parser events into values; *last* is the place of the last event."""

    def __init__(self, findings: Findings) -> None:
        self.root: Any = None
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.last: Mark = (1, 1)
        self._findings = findings
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: events.Event) -> None:
        self.last = mark = _mark(event.start_mark)
        if isinstance(event, events.NodeEvent):
            self._node(event, mark)
        elif isinstance(event, events.CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, events.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._findings.at("LD107", mark, "a file holds one document, not several")
                raise _Stop

    def _node(self, event: events.NodeEvent, mark: Mark) -> None:
        if event.anchor is not None:
            template = "anchors and aliases are not used here: write the value out"
            self._findings.at("LD107", mark, template)
        if getattr(event, "ctag", None) is not None:
            self._findings.at("LD107", mark, "tags are not used here")
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.content, dict) and parent.key is None:
            self._key(parent, event, mark)
            return
        path = self._path(parent)
        value: Any = None
        if isinstance(event, events.ScalarEvent):
            value = self._scalar(event, mark)
        elif isinstance(event, events.CollectionStartEvent):
            value = {} if isinstance(event, events.MappingStartEvent) else []
        self._put(parent, path, value, mark)
        if isinstance(event, events.CollectionStartEvent):
            self._enter(_Open(path, value), mark)

    def _key(self, parent: _Open, event: events.NodeEvent, mark: Mark) -> None:
        if not isinstance(event, events.ScalarEvent):
            self._findings.at("LD107", mark, "the name of a field is a plain text")
            parent.key = ""
            if isinstance(event, events.CollectionStartEvent):
                self._enter(_Open((*parent.path, ""), []), mark)
            return
        parent.key = name = event.value
        path = (*parent.path, name)
        if path in self.keys:
            line = self.keys[path][0]
            template = "the field {field} stands here twice, first in line {line}"
            self._findings.at("LD106", mark, template, field=name, line=line)
        self.keys.setdefault(path, mark)

    def _enter(self, opened: _Open, mark: Mark) -> None:
        self._open.append(opened)
        if len(self._open) > MAX_DEPTH:
            template = "nested deeper than {limit} levels"
            self._findings.at("LD108", mark, template, limit=MAX_DEPTH)
            raise _Stop

    def _path(self, parent: _Open | None) -> Path:
        if parent is None:
            return ()
        if isinstance(parent.content, list):
            return (*parent.path, len(parent.content))
        return (*parent.path, parent.key or "")

    def _put(self, parent: _Open | None, path: Path, value: Any, mark: Mark) -> None:
        self.values.setdefault(path, mark)
        if parent is None:
            self.root = value
        elif isinstance(parent.content, list):
            parent.content.append(value)
        else:
            parent.content[parent.key or ""] = value
            parent.key = None

    def _scalar(self, event: events.ScalarEvent, mark: Mark) -> Any:
        text: str = event.value
        if _UNPRINTABLE.search(text):
            self._findings.at("LD109", mark, "the text holds a character that cannot be written")
        if event.style is not None:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) else text
