"""What leaves the process: one JSON document or lines for people, and never half of them."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Final

from lifecycle.printable import plain, plain_json

_USUAL: Final = 80
"""Columns of a terminal that does not tell; click makes no help wider."""
_NARROWEST: Final = 16
"""Characters that the last column of a framed table has at least."""

_PART: Final = 1 << 16
"""Bytes that are unpacked at once."""


_indent: int | None = 2
"""Of JSON documents; ``None`` where each is one line."""


class OutputFailed(Exception):
    """Standard output took no more, or was closed from the beginning.

    Args:
        detail: What the system says.
        started: Whether the command may have been carried out.
    """

    def __init__(self, detail: str, *, started: bool = True) -> None:
        super().__init__(detail)
        self.started = started


def prepare_streams() -> None:
    """Make both streams take every text, and keep the numbers of closed ones from files.

    A database that got the number of a closed stream would be written to by whoever prints.
    """
    global _indent  # noqa: PLW0603, RUF100 - one process, one standard output
    _indent = 2
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether ``--json`` stands among the arguments, before they could be parsed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def wants_lines(arguments: Sequence[str]) -> bool:
    """Tell whether a batch is asked for, whose documents are a line each from the first one on."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return any(one.partition("=")[0] == "--batch" for one in options)


def check_open() -> None:
    """Refuse to begin where the result could not be told.

    Raises:
        OutputFailed: Standard output is closed.
    """
    if sys.stdout is None:  # pyright and mypy believe it never is
        raise OutputFailed("closed", started=False)


def write(text: str) -> None:
    """Write to standard output.

    Raises:
        OutputFailed: It takes no more.
        BrokenPipeError: Nobody reads any more.
    """
    check_open()
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(error.strerror or str(error)) from error


def flush() -> None:
    """Push out what was written.

    Raises:
        OutputFailed: It does not go out.
        BrokenPipeError: Nobody reads any more.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(error.strerror or str(error)) from error


def give_up_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush cannot fail."""
    with suppress(AttributeError, OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def document(content: Mapping[str, Any]) -> None:
    """Write the one JSON document of a command, or one of those that are a line each."""
    import json

    text = json.dumps(content, ensure_ascii=False, indent=_indent, allow_nan=False)
    write(f"{plain_json(text)}\n")


class Held:
    """Text that is held back until all of it is there, for half of an answer is none.

    It is kept compressed: a tenth of what it is long.
    """

    def __init__(self) -> None:
        from zlib import compressobj

        self._packer = compressobj(1)
        self._packed: list[bytes] = []

    def write(self, text: str) -> None:
        """Take in more."""
        packed = self._packer.compress(text.encode("utf-8", "surrogatepass"))
        if packed:
            self._packed.append(packed)

    def line(self, text: str = "") -> None:
        """Take in one line of a result."""
        self.write(f"{plain(text)}\n")

    def release(self) -> None:
        """Write all of it to standard output.

        Raises:
            OutputFailed, BrokenPipeError: As ``write``.
        """
        for text in self._parts():
            write(text)

    def lines(self) -> Iterator[str]:
        """Yield what was taken in, a line at a time, without the characters that end them."""
        begun = ""
        for text in self._parts():
            *whole, begun = (begun + text).split("\n")
            yield from whole

    def _parts(self) -> Iterator[str]:
        from codecs import getincrementaldecoder
        from zlib import decompressobj

        unpacker, decoder = decompressobj(), getincrementaldecoder("utf-8")("surrogatepass")
        for part in (*self._packed, self._packer.flush()):
            while part:
                yield decoder.decode(unpacker.decompress(part, _PART))
                part = unpacker.unconsumed_tail
        yield decoder.decode(unpacker.flush(), final=True)


def long_document(members: Iterable[tuple[str, Any]], write: Callable[[str], None] = write) -> None:
    """Write a document as ``document`` would, some of whose members are long lists.

    Args:
        members: By name, asked for one after the other. Of a list that is an iterator one item is
            in memory at a time. Whoever hands it on has seen that each can be read, or lets it be
            held back: a document that ends in its middle is none.
        write: Takes the text.
    """
    import json

    def text(content: Any, margin: str) -> str:
        told = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
        return plain_json(told).replace("\n", f"\n{margin}")  # no text has one: JSON escapes it

    before = "{"
    for name, value in members:
        write(f'{before}\n  "{name}": ')
        before = ","
        if not isinstance(value, Iterator):
            write(text(value, "  "))
            continue
        between = "["
        for item in value:
            write(f"{between}\n    {text(item, '    ')}")
            between = ","
        write("[]" if between == "[" else "\n  ]")
    write("\n}\n")


def documents_are_lines() -> None:
    """Write every document of this call on one line, the one of a failure included."""
    global _indent  # noqa: PLW0603, RUF100 - one process, one standard output
    _indent = None


def line(text: str = "") -> None:
    """Write one line of the result; a line break in it is somebody's, and escaped."""
    write(f"{plain(text)}\n")


def tell(text: str) -> None:
    """Write one line of words to standard error; where nobody listens, nothing is lost."""
    with suppress(OSError, AttributeError, ValueError):
        sys.stderr.write(f"{plain(text)}\n")
        sys.stderr.flush()


def width() -> int:
    """Return how wide help may be, as click finds it, without what click loads for that."""
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(1).columns
        except OSError:
            columns = 0
    return max(min(columns or _USUAL, _USUAL) - 2, 50)


def is_terminal() -> bool:
    """Whether a person looks at standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table: framed and fitted for a terminal, aligned columns for anything else.

    Rows are held back until all are there; what cannot be read ends it before it begins.
    """
    held, lengths = Held(), [len(head) for head in heads]
    for row in rows:
        cells = [_one_line("" if cell is None else str(cell)) for cell in row]
        lengths = [max(pair) for pair in zip(lengths, map(len, cells), strict=True)]
        held.write("\t".join(cells) + "\n")  # no cell has either of them
    lines: Iterable[str] = held.lines()
    if is_terminal():
        lines = list(lines)
        if _framed(heads, list(_cells(lines)), lengths[:-1]):
            return
    for cells in _cells(chain(["\t".join(heads)], lines)):
        padded = (cell.ljust(length) for cell, length in zip(cells, lengths, strict=True))
        line("  ".join(padded).rstrip())


def _cells(lines: Iterable[str]) -> Iterator[list[str]]:
    return (text.split("\t") for text in lines)


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))


def _framed(heads: Sequence[str], rows: Sequence[Sequence[str]], fixed: list[int]) -> bool:
    """Write a framed table, and tell whether the terminal is wide enough for it.

    Ids are not broken or cut: they are what one types next. Only the last column is cut; the
    others are as wide as *fixed* says.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout)
    if console.width < sum(width + 2 for width in fixed) + _NARROWEST:
        return False
    framed = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for head, width in zip(heads, [*fixed, 0], strict=True):
        framed.add_column(Text(head), no_wrap=True, overflow="ellipsis", min_width=width)
    for row in rows:
        framed.add_row(*map(Text, row))
    with console.capture() as capture:
        console.print(framed)
    write(capture.get())
    return True


class Progress:
    """A counter on standard error, shown only to a person who looks at it.

    Args:
        template: The line, translated, with ``{count}``.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        self._shown = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, count: int) -> None:
        """Show how far it is."""
        if self._shown:
            with suppress(OSError, ValueError):
                sys.stderr.write("\r" + self._template.format(count=count))
                sys.stderr.flush()

    def end(self) -> None:
        """Take the counter away."""
        if self._shown:
            with suppress(OSError, ValueError):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
