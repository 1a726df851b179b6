"""Records shown a few at a time, however long their stream is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Final

from lifecycle.domain.errors import UnknownRoadmap

if TYPE_CHECKING:
    from lifecycle.domain.commitment import Opened
    from lifecycle.domain.record import Record
    from lifecycle.service import Lifecycle

AT_ONCE: Final = 500
"""How many records are read, and their commitments opened, together."""


class Page:
    """Records of a stream that are shown, a few of them in memory at a time.

    Args:
        engine: On the history.
        school: Those of this school.
        roadmap: Or those of this road map; of neither, those on actors and administrators.
        after: Only those behind this place.
        limit: So many at most.
    """

    def __init__(
        self,
        engine: Lifecycle,
        school: str | None,
        roadmap: str | None,
        after: int,
        limit: int | None,
    ) -> None:
        self._engine = engine
        self._school, self._roadmap = school, roadmap
        self._after, self._limit = after, limit
        self.next: int | None = None

    def readable(self) -> bool:
        """Read every record once, so that none fails when others are shown already.

        Returns:
            Whether the stream has any record.

        Raises:
            UnknownSchool, UnknownRoadmap: There is no such thing.
            DatabaseBroken: A record cannot be read.
        """
        found = self._after > 0
        for _ in self._records():
            found = True
        return found

    def __iter__(self) -> Iterator[tuple[Record, Mapping[str, Opened]]]:
        """Yield each record with what its commitments open to; ``next`` says where it goes on."""
        shown, last = 0, None
        found = self._records()
        with self._engine.people.opening() as opened:
            while some := list(islice(found, AT_ONCE)):
                seen = opened(some)
                for one in some:
                    if shown == self._limit:
                        self.next = last
                        return
                    shown, last = shown + 1, one.sequence
                    yield one, seen

    def _records(self) -> Iterator[Record]:
        """Yield the records, and one more, which tells that there are more."""
        more = None if self._limit is None else self._limit + 1
        try:
            yield from self._engine.records(
                self._school, roadmap=self._roadmap, after=self._after, limit=more
            )
        except UnknownRoadmap:
            if self._roadmap not in self._engine.context.definitions.roadmaps():
                raise
            # There is such a road map, but nothing was done under it yet.
