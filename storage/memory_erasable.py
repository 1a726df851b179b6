"""What can be erased, in memory: names, openings of commitments, keys of personal files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lifecycle.domain.commitment import Opening
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.record import Record

Place = tuple[str, int]


@dataclass
class Kept:
    """What is kept beside a history; a committed one is never changed."""

    names: dict[str, str] = field(default_factory=dict)
    openings: dict[Place, tuple[Opening, ...]] = field(default_factory=dict)
    keys: dict[str, tuple[Place, FileKey]] = field(default_factory=dict)

    def copy(self) -> Kept:
        """Return a copy that a transaction may change."""
        return Kept(dict(self.names), dict(self.openings), dict(self.keys))


class MemoryErasable:
    """Reads and changes what is kept.

    Args:
        kept: Of one transaction.
        streams: The records of that transaction.
    """

    def __init__(self, kept: Kept, streams: Mapping[str, tuple[Record, ...]]) -> None:
        self._kept = kept
        self._records = streams

    def name(self, actor: str) -> str | None:
        """Return the name of a person, if one is kept."""
        return self._kept.names.get(actor)

    def openings(self, stream: str) -> list[tuple[int, Opening]]:
        """Return the openings of a stream's records with their sequence numbers, in order."""
        return sorted(
            (
                (sequence, one)
                for (kept, sequence), openings in self._kept.openings.items()
                if kept == stream
                for one in openings
            ),
            key=lambda found: (found[0], found[1].commitment),
        )

    def keys(self, stream: str) -> list[tuple[int, FileKey]]:
        """Return the keys of a stream's personal files with the sequence numbers, in order."""
        return sorted(
            (
                (sequence, key)
                for (kept, sequence), key in self._kept.keys.values()
                if kept == stream
            ),
            key=lambda found: (found[0], found[1].sha256),
        )

    def key(self, sha256: str) -> FileKey | None:
        """Return the key of a personal file, if it has one."""
        found = self._kept.keys.get(sha256)
        return found and found[1]

    def streams(self) -> list[str]:
        """Return the streams that openings or keys are kept for, sorted."""
        places = (*self._kept.openings, *(place for place, _ in self._kept.keys.values()))
        return sorted({stream for stream, _ in places})

    def keep(self, record: Record, openings: Iterable[Opening], keys: Iterable[FileKey]) -> None:
        """Keep what opens the commitments of *record*, just appended, and its files."""
        place = (record.stream, record.sequence)
        given = tuple(openings)
        if given:
            self._kept.openings[place] = given
        self._kept.keys |= {key.sha256: (place, key) for key in keys}

    def erase(self, actor: str, records: Sequence[Place]) -> None:
        """Destroy the name of *actor*, and every opening and key of what he recorded.

        Args:
            actor: Id of the person.
            records: Stream and sequence of further records, whose openings and keys go as well.
        """
        kept = self._kept
        kept.names.pop(actor, None)
        gone = {
            (stream, record.sequence)
            for stream, written in self._records.items()
            for record in written
            if record.actor.id == actor
        } | set(records)
        for place in gone & kept.openings.keys():
            del kept.openings[place]
        for sha256, (place, _) in kept.keys.items():
            if place in gone:
                kept.keys[sha256] = (place, FileKey(sha256, None))

    def left_files(self) -> list[str]:
        """Return the ciphertexts whose keys were erased and that may still lie in the store."""
        return sorted(name for name, (_, key) in self._kept.keys.items() if key.key is None)

    def forget(self, sha256: str) -> None:
        """Drop the entry of a ciphertext that is gone from the store."""
        if sha256 in self.left_files():
            del self._kept.keys[sha256]
