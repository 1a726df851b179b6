"""What decisions looked at, kept for the next ones as long as the heads say that it still holds.

Every engine has one, also one that only reads: so what decides is not imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from lifecycle.domain.model import Assignment, Credential, Head
    from lifecycle.domain.replay import Participation

MOST: Final = 2000
"""Schools that are kept in mind at once; one with its evidence takes some 10 KB."""


@dataclass
class Installed:
    """What was read under one head of the installation's stream."""

    head: Head
    roles: tuple[Assignment, ...] | None = None
    credentials: dict[str, Credential | None] = field(default_factory=dict)
    actors: set[str] = field(default_factory=set)
    erasure: tuple[datetime | None] | None = None


class Memory:
    """Answers that outlive the view they came from, each with the head it was read under.

    A head names the last record of its stream by hash, so the same head means the same records,
    in whatever transaction it is met again; one that was undone is never met again. So threads
    share it, and no answer is believed before its head was read in the transaction at hand.

    Args:
        most: How many schools are kept in mind at once.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._participations: dict[str, Participation] = {}
        self._rosters: dict[str, tuple[Head, tuple[Assignment, ...]]] = {}
        self._installed: Installed | None = None

    def installed(self, head: Head) -> Installed:
        """Return what is known under that head of the installation."""
        found = self._installed
        if found is None or found.head != head:
            found = self._installed = Installed(head)
        return found

    def participation(self, head: Head) -> Participation | None:
        """Return where a school stood at that head, if it is known."""
        kept = self._participations.get(head.stream)
        return kept if kept is not None and kept.head == head else None

    def keep(self, found: Participation) -> None:
        """Keep where a school stands."""
        if len(self._participations) >= self._most:
            self._participations.clear()
        self._participations[found.head.stream] = found

    def roster(self, head: Head) -> tuple[Assignment, ...] | None:
        """Return the roles held by assignments standing up to that head, if they are known."""
        kept = self._rosters.get(head.stream)
        return kept[1] if kept is not None and kept[0] == head else None

    def keep_roster(self, head: Head, roles: tuple[Assignment, ...]) -> None:
        """Keep the roles held by assignments standing up to *head*."""
        self._rosters[head.stream] = head, roles
