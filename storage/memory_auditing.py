"""What verification reads of a journal in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from lifecycle.domain.figures import Figures, SchoolCount
from lifecycle.domain.model import Assignment, Head, RefusedAttempt, Standing, participation_stream
from lifecycle.domain.record import Record
from lifecycle.domain.spans import (
    EVERYTHING,
    Doubled,
    Ids,
    Misplaced,
    Plain,
    Span,
    StoredRecord,
    Unfilled,
)
from lifecycle.storage import memory_erasable


class Kept(Protocol):
    """What of a state is verified."""

    streams: dict[str, tuple[Record, ...]]
    standings: dict[str, Standing]
    assignments: dict[str, tuple[Assignment, ...]]
    actors: dict[str, int]
    kept: memory_erasable.Kept
    leaves: tuple[Record, ...]
    queue: tuple[Record, ...]
    refusals: tuple[RefusedAttempt, ...]


class MemoryAuditing:
    """Reads a state as verification does."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    @property
    def erasable(self) -> memory_erasable.MemoryErasable:
        """What lies beside the history."""
        return memory_erasable.MemoryErasable(self._kept.kept, self._kept.streams)

    def streams(self, span: Span = EVERYTHING) -> Iterator[Head]:
        """Yield the head of every stream, sorted by name."""
        for stream in self._names(span):
            yield self._last(stream).head

    def stored(self, span: Span = EVERYTHING) -> Iterator[StoredRecord]:
        """Yield every record sorted by stream and sequence."""
        for stream in self._names(span):
            for record in self._kept.streams[stream]:
                yield StoredRecord(
                    stream, record.sequence, record.hash, record.body, record.columns
                )

    def each(self, stream: str | None = None, *, after: int = 0) -> Iterator[Record]:
        """Yield the records of one stream or of all, those behind a place, in order."""
        names = sorted(self._kept.streams) if stream is None else [stream]
        for name in names:
            yield from self._kept.streams.get(name, ())[after:]

    def mark(self) -> tuple[object, ...]:
        """Return what tells this state from others; no other process comes to this place."""
        return tuple(self.sizes())

    def figures(self) -> Figures:
        """Return how much of what is held."""
        kept = self._kept
        alike = Counter((one.roadmap, one.definition, one.state) for one in kept.standings.values())
        return Figures(
            schema=None,
            sealed=len(kept.leaves),
            waiting=len(kept.queue),
            oldest=min((one.recorded_at for one in kept.queue), default=None),
            refusals=len(kept.refusals),
            stored_bytes=None,
            schools=tuple(SchoolCount(*names, alike[names]) for names in sorted(alike)),
        )

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield every stream and how many records it has, sorted by name."""
        for stream in self._names(EVERYTHING):
            yield stream, len(self._kept.streams[stream])

    def board(self, span: Span = EVERYTHING) -> Iterator[Standing]:
        """Yield the board's rows of the schools whose streams lie in *span*."""
        for school in sorted(self._kept.standings):
            if lies_in(participation_stream(school), span):
                yield self._kept.standings[school]

    def all_assignments(self, span: Span = EVERYTHING) -> tuple[Assignment, ...]:
        """Return every role that is held, sorted by stream and sequence."""
        held = self._kept.assignments
        return tuple(one for name in sorted(held) if lies_in(name, span) for one in held[name])

    def registered(self) -> dict[str, int]:
        """Return every actor with the sequence of the record that registered him."""
        return dict(self._kept.actors)

    @contextmanager
    def plain(self, span: Span) -> Iterator[Plain]:
        """Lend the rows of *span*, as a database would."""
        # Only here: a history in memory is to begin without the libraries of a database.
        from lifecycle.storage import rows

        yield Plain(
            records=(tuple(rows.record_row(one).values()) for one in self._records(span)),
            heads={
                one: tuple(rows.head_row(self._last(one)).values())[1:] for one in self._names(span)
            },
            standings={
                one.school: tuple(rows.standing_row(one).values()) for one in self.board(span)
            },
            held={
                stream: [tuple(rows.assignment_row(one).values()) for one in held]
                for stream, held in self._kept.assignments.items()
                if held and lies_in(stream, span)
            },
            openings={
                stream: {
                    (sequence, one.commitment): (one.purpose, one.value, one.salt)
                    for sequence, one in self.erasable.openings(stream)
                }
                for stream in self.erasable.streams()
                if lies_in(stream, span)
            },
            keys={
                stream: {
                    (sequence, one.sha256): one.key for sequence, one in self.erasable.keys(stream)
                }
                for stream in self.erasable.streams()
                if lies_in(stream, span)
            },
        )

    def repeated(self, *, indexed: bool = False) -> Iterator[tuple[str, str]]:
        """Yield column and value of every id that several records have."""
        for name in ("record_id", "command_id"):
            counts = Counter(getattr(one, name) for one in self._records(EVERYTHING))
            yield from ((name, value) for value, count in counts.items() if count > 1)

    def doubled(self, *, indexed: bool = False) -> Iterator[Doubled]:
        """Yield the openings that are kept twice: all else lies under its key, or is counted."""
        for (stream, sequence), openings in sorted(self._kept.kept.openings.items()):
            for commitment, count in Counter(one.commitment for one in openings).items():
                if count > 1:
                    yield Doubled("lifecycle_openings", stream, f"{stream} {sequence} {commitment}")

    def unfilled(self, *, indexed: bool = False) -> Iterator[Unfilled]:
        """Yield nothing: what lies here has all of its members."""
        return iter(())

    def misplaced(self) -> Iterator[Misplaced]:
        """Yield nothing: there is one place."""
        return iter(())

    def ids(self) -> Iterator[Ids]:
        """Yield the ids of every record."""
        for one in self._records(EVERYTHING):
            yield Ids(one.stream, one.sequence, one.record_id, one.command_id)

    def _names(self, span: Span) -> list[str]:
        return sorted(stream for stream in self._kept.streams if lies_in(stream, span))

    def _records(self, span: Span) -> Iterator[Record]:
        return (record for one in self._names(span) for record in self._kept.streams[one])

    def _last(self, stream: str) -> Record:
        return self._kept.streams[stream][-1]


def lies_in(stream: str, span: Span) -> bool:
    """Tell whether a stream lies in a span."""
    return (span.first or "") <= stream and (span.last is None or stream < span.last)
