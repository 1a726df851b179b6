"""XML written as a stream: every name, attribute and text escaped, nothing held in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from lifecycle.domain.errors_mining import NotExportable

# What XML 1.0 cannot hold, not even as a character reference (section 2.2).
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Readers turn these into spaces unless they are references (sections 2.11 and 3.3.3).
_REFERENCES: Final = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
# An NCName of ASCII letters, so that ids hold in every dialect.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

Attributes = Mapping[str, str | int]


def xml_id(text: str) -> str:
    """Return *text*, which is to identify an element.

    Raises:
        NotExportable: It is no name in XML.
    """
    if _NAME.fullmatch(text) is None:
        raise NotExportable(place="xml:id", value=text)
    return text


def title_shown(text: str) -> str:
    """Return a title on one line, with a replacement for what XML cannot hold."""
    return " ".join(_FORBIDDEN.sub("\ufffd", text).split())


class XmlStream:
    """Writes an XML document into a binary stream, element by element.

    Values are written so that they are read back unchanged; every method raises
    ``NotExportable`` for one that XML cannot hold.

    Args:
        out: Where to.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._depth = 0
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')

    @contextmanager
    def element(self, name: str, attributes: Attributes | None = None) -> Iterator[None]:
        """Write an element around what is written inside the context."""
        self._line(f"<{name}{_written(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        self._line(f"</{name}>")

    def empty(self, name: str, attributes: Attributes | None = None) -> None:
        """Write an element without content."""
        self._line(f"<{name}{_written(attributes)}/>")

    def text(self, name: str, content: str | int, attributes: Attributes | None = None) -> None:
        """Write an element with text in it."""
        written = _exact(str(content), name)
        self._line(f"<{name}{_written(attributes)}>{written}</{name}>")

    def _line(self, markup: str) -> None:
        self._out.write(f"{'  ' * self._depth}{markup}\n".encode())


def _written(attributes: Attributes | None) -> str:
    pairs = (attributes or {}).items()
    return "".join(f' {name}="{_exact(str(value), name)}"' for name, value in pairs)


def _exact(text: str, place: str) -> str:
    """Return an id, a code or a cleaned title as markup that stands for just this text."""
    if _FORBIDDEN.search(text):
        raise NotExportable(place=place, value=text)
    return escape(text, _REFERENCES)
