"""The full check of single records: what every stream has in common, and what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.files import Files
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import Oddities
from lifecycle.audit.personal import StreamBeside, Tally, length_of, stored_as_recorded
from lifecycle.audit.rules import decide_again
from lifecycle.audit.screen import Screen
from lifecycle.audit.spelling import STANDARD, Parser
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.model import Assignment, Head
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation
from lifecycle.domain.spans import StoredRecord

Progress = Callable[[int], None]

_STEP = 1000  # records between two tellings of progress


class Checking:
    """One run over records.

    Args:
        evidence: The evidence store; every file named by a record is hashed again.
        grounds: What decisions may rest on.
        progress: Called with the number of records read, now and then.
        parser: Reads bodies for the screen.
        since: Leaves of the log that were verified before, and have not changed if its root has
            not: schools without a later one are not decided again. The log is checked elsewhere.
    """

    def __init__(
        self,
        evidence: EvidenceStore,
        grounds: Grounds,
        progress: Progress,
        parser: Parser = STANDARD,
        since: int = 0,
    ) -> None:
        self.since = since
        self.grounds = grounds
        self.parser = parser
        self.records = 0
        self.versions: dict[str, int] = {}
        self.odd = Oddities()
        self.tally = Tally()
        self.files = Files(evidence)
        self._screen: Screen | None = None
        self._progress = progress

    def screen(self, origin: str) -> Screen:
        """Return the screen of an installation, made when the grounds are known: it remembers."""
        if self._screen is None:
            self._screen = Screen(origin, self.grounds, self.parser, self.files)
        return self._screen

    def count(self, records: int = 1) -> None:
        """Count records that were read, and tell of it now and then."""
        before, self.records = self.records, self.records + records
        if before // _STEP != self.records // _STEP:
            self._progress(self.records)

    def read(self, check: StreamCheck, stored: StoredRecord) -> Iterator[Finding]:
        """Yield what is wrong with the next record of a stream in itself and in its place."""
        self.count()
        yield from check.take(stored)
        self.odd.note(stored, check.record)

    def decided(
        self,
        head: Head,
        participation: Participation | None,
        record: Record,
        beside: StreamBeside,
    ) -> Iterator[Finding]:
        """Yield where a record, decided again, comes out otherwise, and what it lacks beside it."""
        rules = record.definition
        if rules is not None and rules.digest not in self.grounds.definitions:
            yield Finding(
                "definition_missing", record.stream, record.sequence, "definition", rules.digest
            )
        else:
            yield from decide_again(self.grounds, head, participation, record)
        yield from beside.take(record)
        yield from self._evidence(record)

    def close(self, check: StreamCheck, kept: Head | None) -> Iterator[Finding]:
        """Yield where a stream's stored head differs from its records."""
        self.versions[check.head.stream] = check.head.version
        yield from check.close(kept)

    def _evidence(self, record: Record) -> Iterator[Finding]:
        for piece in record.evidence:
            if piece.sha256 is not None and piece.content is None:
                stored = self.files.plain(piece.sha256, length_of(piece))
                yield from stored_as_recorded(record, piece, stored)


def unfounded(heads: Iterable[Head]) -> Iterator[Finding]:
    """Yield the heads that no record stands behind."""
    for head in heads:
        yield Finding("stream_empty", head.stream, None, "version", 0, head.version)


def roles(expected: Iterable[Assignment], found: Iterable[Assignment]) -> Iterator[Finding]:
    """Yield the streams whose roles are stored otherwise than their records say."""
    expected, found = sorted(expected, key=_place), sorted(found, key=_place)
    for stream in sorted({one.stream for one in {*expected, *found}}, key=str):
        ours = [_role(one) for one in expected if one.stream == stream]
        theirs = [_role(one) for one in found if one.stream == stream]
        if ours != theirs:
            yield Finding("roles_differ", stream, None, "roles", ours, theirs)


def _place(held: Assignment) -> tuple[str, str, str]:
    # As texts: what lies in the database may be nothing at all.
    return str(held.stream), f"{held.sequence!s:>20}", str(held.record_id)


def _role(held: Assignment) -> str:
    return f"{held.actor} {held.role} #{held.sequence} {held.record_id}"
