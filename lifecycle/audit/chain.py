"""The checks of one stream: bodies against hashes, columns against bodies, links, the head."""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.audit.findings import Finding
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.model import Head
from lifecycle.domain.record import Record, empty_head, moment_text, record_hash
from lifecycle.domain.spans import StoredRecord


class StreamCheck:
    """Follows one stream record by record; ``record`` is the last one, if it could be read.

    Args:
        origin: Id of the installation.
        stream: Name of the stream.
    """

    def __init__(self, origin: str, stream: str) -> None:
        self.first = self.head = empty_head(origin, stream)
        self.record: Record | None = None
        self._consulted: dict[str, int] = {}

    def take(self, stored: StoredRecord) -> Iterator[Finding]:
        """Yield what is wrong with the next stored record."""
        self.record = None
        stream, sequence = stored.stream, stored.sequence
        expected = self.head.version + 1
        if sequence != expected:
            yield Finding("sequence_gap", stream, sequence, None, expected, sequence)
        here = number_in(sequence, expected)
        computed = record_hash(stored.body)
        if computed != stored.hash:
            yield Finding("body_altered", stream, sequence, "hash", computed, stored.hash)
        try:
            record = Record.decode(stored.body)
        except InvalidBody as error:
            yield Finding("body_invalid", stream, sequence, "body", None, error.facts["detail"])
            # The chain goes on from what is stored, so that one broken body is one finding.
            self.head = Head(self.head.origin, stream, here, stored.hash, self.head.recorded_at)
            return
        yield from self._compare(stored, record)
        self.record = record
        self.head = Head(self.head.origin, stream, here, computed, record.recorded_at)

    def _compare(self, stored: StoredRecord, record: Record) -> Iterator[Finding]:
        stream, sequence, head = stored.stream, stored.sequence, self.head
        if record.origin != head.origin:
            yield Finding("foreign_record", stream, sequence, "origin", head.origin, record.origin)
        columns = {"stream": stream, "sequence": sequence, **stored.columns}
        body = {"stream": record.stream, "sequence": record.sequence, **record.columns}
        for name in sorted(body.keys() | columns.keys()):
            if body.get(name) != columns.get(name):
                yield Finding(
                    "column_differs", stream, sequence, name, body.get(name), columns.get(name)
                )
        if record.previous != head.hash:
            yield Finding("chain_broken", stream, sequence, "previous", head.hash, record.previous)
        if head.recorded_at is not None and record.recorded_at < head.recorded_at:
            before, after = moment_text(head.recorded_at), moment_text(record.recorded_at)
            yield Finding("time_runs_back", stream, sequence, "recorded_at", before, after)
        for name, version in (record.consulted or {}).items():
            seen = self._consulted.get(name, 0)
            if version < seen:
                yield Finding("consulted_runs_back", stream, sequence, name, seen, version)
            self._consulted[name] = max(seen, version)

    def close(self, kept: Head | None) -> Iterator[Finding]:
        """Yield where the stream's stored head, if there is one, differs from its records."""
        stream, head = self.head.stream, self.head
        if kept is None:
            yield Finding("head_differs", stream, None, "version", head.version, None)
            return
        for name in ("version", "hash", "recorded_at"):
            expected, found = getattr(head, name), getattr(kept, name)
            if expected != found:
                yield Finding("head_differs", stream, None, name, _shown(expected), _shown(found))


def number_in(found: object, expected: int) -> int:
    """Return what was found in a column of numbers, or what was expected there if it is none.

    A column can be loosened; who counts goes on with the number that is due.
    """
    return found if isinstance(found, int) else expected


def _shown(value: object) -> object:
    return value if value is None or isinstance(value, int | str) else str(value)
