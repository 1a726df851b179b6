"""How much of what a storage holds: for operators, never for a decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SchoolCount:
    """How many schools stand alike.

    Args:
        roadmap: Id of their road map.
        definition: Digest of their rules.
        state: Where they stand.
        schools: How many.
    """

    roadmap: str
    definition: str
    state: str
    schools: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a storage counts of itself, in one consistent view.

    Args:
        schema: Revision of the tables; ``None`` where there are none.
        sealed: Leaves of the log.
        waiting: Records that are no leaves yet; with ``sealed``, all records there are.
        oldest: When the one that waits longest was recorded, UTC; ``None`` if none waits.
        refusals: Refused attempts that are kept.
        stored_bytes: Of the database; ``None`` where that is not known.
        schools: By road map, rules and state, sorted.
    """

    schema: str | None
    sealed: int
    waiting: int
    oldest: datetime | None
    refusals: int
    stored_bytes: int | None
    schools: tuple[SchoolCount, ...]


@dataclass(frozen=True, slots=True)
class EvidenceUse:
    """How many evidence files are stored, and their size in bytes."""

    files: int
    size: int
