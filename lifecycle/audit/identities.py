"""Ids that occur twice: by the columns, and by the bodies where the two differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from lifecycle.audit.findings import Finding
from lifecycle.domain.model import INSTALLATION, roadmap_stream
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import Record
from lifecycle.domain.spans import StoredRecord

_NAMES = ("record_id", "command_id")
Place = tuple[str, int]


def is_shared(stream: str) -> bool:
    """Tell whether decisions on schools look at *stream*."""
    return stream == INSTALLATION or stream.startswith(roadmap_stream(""))


@dataclass
class Oddities:
    """Records whose columns do not tell their ids.

    Args:
        displaced: Id in the body by column and place, where the column has another one.
        unreadable: Places of bodies that are no records.
    """

    displaced: dict[tuple[str, Place], str] = field(default_factory=dict)
    unreadable: set[Place] = field(default_factory=set)

    def note(self, stored: StoredRecord, record: Record | None) -> None:
        """Note a stored record, and what its body holds, if it is odd."""
        place = stored.stream, stored.sequence
        if record is None:
            self.unreadable.add(place)
            return
        for name in _NAMES:
            if stored.columns.get(name) != getattr(record, name):
                self.displaced[name, place] = getattr(record, name)

    def join(self, other: Oddities) -> None:
        """Take in what another part of the history has."""
        self.displaced |= other.displaced
        self.unreadable |= other.unreadable


def repeated_ids(view: Auditing, odd: Oddities, *, indexed: bool = False) -> Iterator[Finding]:
    """Yield every record whose id one before it has, in the order in which they are checked.

    The columns of all other records have been compared with the bodies.

    Args:
        view: One consistent view of the storage.
        odd: Records whose columns do not tell their ids.
        indexed: The storage's own check found its tables and indexes as they have to be.
    """
    displaced = {(name, value) for (name, _), value in odd.displaced.items()}
    wanted = displaced.union(view.repeated(indexed=indexed))
    if not wanted:
        return
    bearers: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for one in view.ids():
        place = one.stream, one.sequence
        if place in odd.unreadable:
            continue
        for name in _NAMES:
            value = odd.displaced.get((name, place), getattr(one, name))
            if (name, value) in wanted:
                bearers[name, value].append(place)
    for (name, value), places in sorted(bearers.items(), key=str):
        for stream, sequence in sorted(places, key=_order)[1:]:
            yield Finding("id_repeated", stream, sequence, name, None, value)


def _order(place: Place) -> tuple[bool, str, str]:
    # As texts: what lies in the database may be nothing at all.
    stream, sequence = map(str, place)
    return not is_shared(stream), stream, f"{sequence:>20}"
