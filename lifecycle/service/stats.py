"""What operators want to know of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lifecycle.domain.administration import published_delay
from lifecycle.domain.figures import EvidenceUse, Figures
from lifecycle.domain.logged import KeptCheckpoint
from lifecycle.domain.model import INSTALLATION
from lifecycle.service.context import Context


@dataclass(frozen=True, slots=True)
class Stats:
    """An installation in figures.

    Args:
        backend: Kind of storage: ``memory``, ``sqlite`` or ``postgresql``.
        at: When it was asked, UTC.
        figures: What the storage counts.
        delay: How long a record may wait to become a leaf, as the first record publishes it.
        checkpoint: The last one that was signed; where it was taken is known to who took it.
        evidence: Stored evidence files; ``None`` if they were not counted.
    """

    backend: str
    at: datetime
    figures: Figures
    delay: timedelta
    checkpoint: KeptCheckpoint | None
    evidence: EvidenceUse | None

    @property
    def records(self) -> int:
        """All records: each one is a leaf of the log, or waits to be."""
        return self.figures.sealed + self.figures.waiting

    @property
    def waited(self) -> timedelta | None:
        """For how long the oldest record that is no leaf has waited; ``None`` if none waits."""
        oldest = self.figures.oldest
        return None if oldest is None else max(self.at - oldest, timedelta())

    @property
    def late(self) -> bool:
        """Whether a record waits for longer than was published."""
        return self.waited is not None and self.waited > self.delay

    @property
    def unsigned(self) -> int:
        """Records that no checkpoint covers."""
        return self.records - (0 if self.checkpoint is None else self.checkpoint.size)

    @property
    def bytes_per_record(self) -> float | None:
        """Bytes of the database to a record; ``None`` where they are not known."""
        stored = self.figures.stored_bytes
        return None if stored is None or not self.records else stored / self.records


def stats(context: Context, *, evidence: bool) -> Stats:
    """Return an installation in figures; cheap, whatever the number of records.

    Args:
        context: The adapters.
        evidence: Count the evidence files, too; each of them is looked at.

    Raises:
        EvidenceUnreadable: The evidence store cannot be read.
    """
    with context.journal.auditing() as view:
        figures, delay = view.figures(), published_delay(view.first(INSTALLATION))
        checkpoint = next(reversed(view.log.checkpoints()), None)
    return Stats(
        backend=context.journal.backend,
        at=context.clock.now(),
        figures=figures,
        delay=delay,
        checkpoint=checkpoint,
        evidence=context.evidence.use() if evidence else None,
    )
