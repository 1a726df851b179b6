"""Parts of a history, as verification reads it: spans of streams, and rows as they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple


class Span(NamedTuple):
    """Streams by name: from *first*, and before *last*; ``None`` is without a bound."""

    first: str | None = None
    last: str | None = None


EVERYTHING: Final = Span()


def only(stream: str) -> Span:
    """Return the span of one stream."""
    return Span(stream, f"{stream}\x00")


def beginning(prefix: str) -> Span:
    """Return the span of all streams whose names begin with *prefix*."""
    return Span(prefix, before_which(prefix))


def before_which(prefix: str) -> str:
    """Return the first name after all that begin with *prefix*."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it lies in storage, nothing believed: body, hash and the index columns.

    Args:
        stream: Column ``stream``.
        sequence: Column ``sequence``.
        hash: Column ``hash``.
        body: The stored bytes.
        columns: Every other column of the row by name, as the storage returns it; to be
            compared with ``Record.columns`` of the decoded body.
    """

    stream: str
    sequence: int
    hash: str
    body: bytes
    columns: Mapping[str, str | int | None]


class Plain(NamedTuple):
    """The rows of a span as they lie, for those who are in a hurry and believe nothing.

    Args:
        records: By stream and sequence.
        heads: Version, hash and time by stream.
        standings: Rows in the order of ``Standing``, by school.
        held: Rows in the order of ``Assignment``, by stream, each list by sequence.
        openings: Purpose, value and salt by stream, then by sequence and commitment.
        keys: Keys of personal files by stream, then by sequence and address.
    """

    records: Iterator[tuple[Any, ...]]
    heads: dict[str, tuple[Any, ...]]
    standings: dict[str, tuple[Any, ...]]
    held: dict[str, list[tuple[Any, ...]]]
    openings: dict[str, dict[tuple[int, str], tuple[Any, ...]]]
    keys: dict[str, dict[tuple[int, str], Any]]


class Ids(NamedTuple):
    """The ids of a record as its columns have them, and its place."""

    stream: str
    sequence: int
    record_id: str
    command_id: str


class Doubled(NamedTuple):
    """A key that several rows of a table have.

    Args:
        table: Its name.
        stream: To which the rows belong, if the key tells.
        key: Values of the key's columns as text, one after the other.
    """

    table: str
    stream: str | None
    key: str


class Misplaced(NamedTuple):
    """Rows on a server that the rows of their stream do not belong on.

    Args:
        table: Its name.
        stream: To which the rows belong.
        part: Name of the part of the table in which they lie.
    """

    table: str
    stream: str
    part: str
