"""What decisions looked at, kept for the next ones as long as the heads say that it still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lifecycle.domain.access import Access, credential_of
from lifecycle.domain.model import INSTALLATION, Actor, Assignment, Credential, Head
from lifecycle.domain.ports import Reading, SignatureCheck
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, fold

MOST: Final = 2000
"""Schools that are kept in mind at once; one with its evidence takes some 10 KB."""


@dataclass
class _Installed:
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
        self._installed: _Installed | None = None

    def installed(self, head: Head) -> _Installed:
        """Return what is known under that head of the installation."""
        found = self._installed
        if found is None or found.head != head:
            found = self._installed = _Installed(head)
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


class Known:
    """What the requests of one transaction look at, read once or known from those before.

    Args:
        view: What is looked at.
        memory: What was looked at before.
    """

    def __init__(self, view: Reading, memory: Memory) -> None:
        self._view = view
        self._memory = memory
        self._heads: dict[str, Head] = {}
        self._installed = memory.installed(view.head(INSTALLATION))
        self._logged = view.logged_at()

    def participation(
        self, head: Head, records: Callable[[], Iterable[Record]]
    ) -> Participation | None:
        """Return where a school stands; ``None`` if it is not enrolled.

        Args:
            head: Of its stream.
            records: Reads the records up to that head, if they have to be.
        """
        kept = self._memory.participation(head)
        if kept is None:
            kept = fold(records())
            if kept is not None:
                self._memory.keep(kept)
        return kept

    def moved(self, to: Participation) -> None:
        """Keep where a school stands after a record that is made in this transaction."""
        at = to.head.recorded_at
        self._logged = max((one for one in (self._logged, at) if one is not None), default=None)
        self._memory.keep(to)

    def access(self, actor: Actor, check: SignatureCheck) -> Access:
        """Return what the installation says of those who may act, *actor* above all."""
        installed = self._installed
        if installed.roles is None:
            installed.roles = self._view.assignments([INSTALLATION])
        name = credential_of(actor.authentication)
        if name is not None and name not in installed.credentials:
            installed.credentials[name] = self._view.credential(name)
        credential = None if name is None else installed.credentials[name]
        return Access(installed.head.version, installed.roles, credential, check)

    def roster(self, stream: str) -> tuple[int, tuple[Assignment, ...]]:
        """Return the version of *stream* and the roles held by assignments standing in it.

        Nobody changes them before the transaction ends, so they are asked for once.
        """
        head = self._heads.get(stream)
        if head is None:
            head = self._heads[stream] = self._view.head(stream)
        kept = self._memory.roster(head)
        if kept is None:
            kept = self._view.assignments([stream])
            self._memory.keep_roster(head, kept)
        return head.version, kept

    def consulted(self) -> tuple[Head, ...]:
        """Return the heads under which roles were read: no record is earlier than they."""
        return self._installed.head, *self._heads.values()

    def logged_at(self) -> datetime | None:
        """Return the time that the log has come to, the records that were moved included."""
        return self._logged

    def has_actor(self, actor: str) -> bool:
        """Tell whether the actor was registered."""
        if actor not in self._installed.actors and self._view.has_actor(actor):
            self._installed.actors.add(actor)
        return actor in self._installed.actors

    def last_erasure(self) -> datetime | None:
        """Return when somebody was erased last; erasures stand in the installation's stream."""
        if self._installed.erasure is None:
            self._installed.erasure = (self._view.last_erasure(),)
        return self._installed.erasure[0]
