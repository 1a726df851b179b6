"""What lies beside the records: opened, erased lawfully, or missing unlawfully.

Every commitment of a record has an opening that fits it, or an erasure that covers the record and
no opening. A personal file has a key that opens it to what the record committed to, or an erasure,
no key and no file.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from lifecycle.audit.files import Files
from lifecycle.audit.findings import Finding
from lifecycle.domain.commitment import Opening, committed_in
from lifecycle.domain.erasable import FileKey
from lifecycle.domain.erasure import Erasures, place_of
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.messages import Message
from lifecycle.domain.model import INSTALLATION, Evidence
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import Record


@dataclass
class Tally:
    """What became of commitments, and which erasures were seen to name a record.

    Args:
        opened: Commitments whose opening fits.
        erased: Commitments erased lawfully.
        missing: Commitments without an opening that fits, and without an erasure.
        named: Sequence of an erasure, and the record before it that it names.
    """

    opened: int = 0
    erased: int = 0
    missing: int = 0
    named: set[tuple[int, str]] = field(default_factory=set)

    def join(self, other: Tally) -> None:
        """Take in what another part came to."""
        self.opened += other.opened
        self.erased += other.erased
        self.missing += other.missing
        self.named |= other.named


@dataclass
class Beside:
    """What lies beside the records of a part of the history.

    Args:
        view: What is verified.
        files: The evidence store.
        erasures: Of the whole installation; complete before the first record is taken.
        tally: What it came to so far.
    """

    view: Auditing
    files: Files
    erasures: Erasures
    tally: Tally = field(default_factory=Tally)

    def stream(self, name: str) -> StreamBeside:
        """Begin a stream."""
        return StreamBeside(self, name)

    def see(self, record: Record) -> Record | None:
        """Return the erasure that covers *record*, and note which erasures name it."""
        place = place_of(record)
        self.tally.named.update((one.sequence, place) for one in self.erasures.naming(record))
        return self.erasures.covering(record)

    def leftovers(self, streams: Container[str]) -> Iterator[Finding]:
        """Yield what is kept for no record at all, and erasures of records that are none.

        Args:
            streams: Every stream that has records.
        """
        for name in self.view.erasable.streams():
            if name not in streams:
                yield from StreamBeside(self, name).close()
        for erasure in self.erasures.all:
            for place in (erasure.facts or {})["records"]:
                if (erasure.sequence, place) not in self.tally.named:
                    where = (INSTALLATION, erasure.sequence, "records")
                    yield Finding("erasure_of_nothing", *where, None, place)


class StreamBeside:
    """Follows one stream and the openings and keys that are kept for it.

    Args:
        run: The whole run.
        stream: Name of the stream.
    """

    def __init__(self, run: Beside, stream: str) -> None:
        erasable = run.view.erasable
        self._run = run
        self.tally = run.tally
        self.stream = stream
        self._openings: dict[tuple[int, str], Opening] = {
            (sequence, one.commitment): one for sequence, one in erasable.openings(stream)
        }
        self._keys: dict[tuple[int, str], FileKey] = {
            (sequence, one.sha256): one for sequence, one in erasable.keys(stream)
        }

    def take(self, record: Record) -> Iterator[Finding]:
        """Yield what is wrong beside the next record."""
        run, erasure = self._run, self._run.see(record)
        contents: dict[str, str | None] = {}
        for one in committed_in(record):
            place = (record.stream, record.sequence, one.field)
            kept = self._openings.pop((record.sequence, one.commitment), None)
            fits = kept is not None and kept.purpose == one.purpose and kept.fits
            contents[one.commitment] = kept.value if kept is not None and fits else None
            if kept is None and erasure is not None:
                run.tally.erased += 1
            elif fits:
                run.tally.opened += 1
            else:
                run.tally.missing += 1
            if kept is None and erasure is None:
                yield Finding("opening_missing", *place, one.commitment)
            elif kept is not None and erasure is not None:
                yield Finding("erasure_incomplete", *place, place_of(erasure), "opening")
            elif kept is not None and not fits:
                yield Finding("opening_differs", *place, one.commitment)
        for number, piece in enumerate(record.evidence):
            if piece.content is not None:
                where = f"evidence/{number}"
                yield from self._file(record, piece, where, erasure, contents[piece.content])

    def _file(
        self,
        record: Record,
        piece: Evidence,
        where: str,
        erasure: Record | None,
        content: str | None,
    ) -> Iterator[Finding]:
        """Yield what is wrong with a personal file: *content* is its SHA-256, if that is known."""
        address = piece.sha256 or ""
        kept = self._keys.pop((record.sequence, address), None)
        key = None if kept is None else kept.key
        place = (record.stream, record.sequence)
        stored = self._run.files.opened(address, length_of(piece), key)
        if erasure is not None:
            left = [("key", key is not None), ("file", stored is not None or kept is not None)]
            for what, there in left:
                if there:
                    found = (f"{where}/{what}", place_of(erasure), what)
                    yield Finding("erasure_incomplete", *place, *found)
            return
        if key is None:
            yield Finding("key_missing", *place, where, address)
        elif _is_read(stored) and (stored.plain is None or content not in (None, stored.plain)):
            yield Finding("key_differs", *place, where, address)
        yield from stored_as_recorded(record, piece, stored)

    def close(self) -> Iterator[Finding]:
        """Yield what is kept for the stream without a record that needs it."""
        for sequence, commitment in self._openings:
            place = (self.stream, sequence, "opening")
            yield Finding("opening_invented", *place, None, commitment)
        for sequence, address in self._keys:
            yield Finding("opening_invented", self.stream, sequence, "key", None, address)


def stored_as_recorded(
    record: Record, piece: Evidence, stored: StoredFile | None
) -> Iterator[Finding]:
    """Yield where what is stored differs from what the record names."""
    place = (record.stream, record.sequence, piece.kind, piece.sha256)
    if stored is None:
        yield Finding("evidence_missing", *place)
    elif not _is_read(stored):
        facts = {"found": stored.size, "size": piece.size}
        told = Message("{found} bytes long, not {size} as recorded, and was not read", facts)
        yield Finding("evidence_altered", *place, told)
    elif stored.sha256 != piece.sha256:
        yield Finding("evidence_altered", *place, f"{stored.sha256} ({stored.size} bytes)")


def length_of(piece: Evidence) -> int:
    """Return how long a file was recorded to be; 0, which none is, where a forger left that out."""
    return piece.size if type(piece.size) is int else 0


def _is_read(stored: StoredFile | None) -> TypeGuard[StoredFile]:
    """Tell whether a file is there and as long as it was recorded: no other is read."""
    return stored is not None and stored.sha256 != ""
