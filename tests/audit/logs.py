"""Logs in memory for tests: written, checked, and signed as they are."""

from __future__ import annotations

from datetime import timedelta

from lifecycle.audit.checkpoints import (
    Kept,
    Known,
)
from lifecycle.audit.findings import Finding
from lifecycle.audit.log_check import LogCheck
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import origin_line
from lifecycle.storage.journal import SqlJournal
from lifecycle.storage.memory import MemoryJournal
from tests.audit.signing import Signer
from tests.storage.samples import ORIGIN, START, append

LOG = Signer(origin_line(ORIGIN))
OLD_LOG = Signer(origin_line(ORIGIN), 7)
MINUTE = timedelta(seconds=60)


def written(*counts: int, sealing: str = "inline") -> MemoryJournal:
    """A journal with so many records of two streams, in turns."""
    journal = MemoryJournal(ORIGIN, sealing="queued" if sealing == "queued" else "inline")
    moment = START
    with journal.writing() as tx:
        for turn, count in enumerate(counts):
            for _ in range(count):
                moment += timedelta(seconds=0.1)
                append(tx, f"participation/school-{turn % 2 + 1}", recorded_at=moment)
    return journal


def checked(journal: MemoryJournal | SqlJournal, known: tuple[Known, ...] = ()) -> list[Finding]:
    with journal.auditing() as view:
        check = LogCheck(view.log, known, MINUTE, START + MINUTE)
        for head in view.streams():
            check.count({head.stream: head.version})
        return list(check.run())


def signed(journal: MemoryJournal, where: str = "usb", signer: Signer = LOG) -> Kept:
    """What was signed of the journal as it is."""
    with journal.auditing() as view:
        state = view.log.state()
    root = Frontier.from_bytes(state.size, state.frontier).root()
    return Kept(where, signer.checkpoint(state.size, root))


def codes(findings: list[Finding]) -> list[str]:
    return [one.code for one in findings]
