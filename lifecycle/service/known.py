"""What decisions looked at, kept for the next ones as long as the heads say that it still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from lifecycle.domain.access import Access, credential_of
from lifecycle.domain.model import INSTALLATION, Actor, Assignment, Credential, Head
from lifecycle.domain.ports import Reading, SignatureCheck
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, after, fold

MOST: Final = 2000
"""Schools that are kept in mind at once; one with its evidence takes some 10 KB."""


class Known:
    """Answers of one view, believed again only while the head they were read under stands.

    A head names the last record of its stream by hash, so the same head means the same records.
    A single request begins with nothing known; the requests of a batch share what is.

    Args:
        view: What is looked at.
        most: How many schools are kept in mind at once.
    """

    def __init__(self, view: Reading, *, most: int = MOST) -> None:
        self._most = most
        self._participations: dict[str, Participation] = {}
        self._rosters: dict[str, tuple[Head, tuple[Assignment, ...]]] = {}
        self._roles: tuple[Assignment, ...] | None = None
        self._credentials: dict[str, Credential | None] = {}
        self._actors: set[str] = set()
        self._erasure: tuple[datetime | None] | None = None
        self._view = view
        self._installation = view.head(INSTALLATION)
        self._logged = view.logged_at()

    def look(self, view: Reading) -> None:
        """Look at *view* from now on, and forget what was read under another installation head."""
        self._view = view
        self._logged = view.logged_at()
        head = view.head(INSTALLATION)
        if head != self._installation:
            self._installation = head
            self._roles = self._erasure = None
            self._credentials.clear()
            self._actors.clear()

    def participation(
        self, head: Head, records: Callable[[], Iterable[Record]]
    ) -> Participation | None:
        """Return where a school stands; ``None`` if it is not enrolled.

        Args:
            head: Of its stream.
            records: Reads the records up to that head, if they have to be.
        """
        kept = self._participations.get(head.stream)
        if kept is None or kept.head != head:
            kept = fold(records())
            if kept is not None:
                self._keep(kept)
        return kept

    def moved(self, before: Participation, record: Record) -> Participation:
        """Return where a school stands after *record*, and keep it."""
        moved = after(before, record)
        self._logged = max(self._logged or record.recorded_at, record.recorded_at)
        self._keep(moved)
        return moved

    def access(self, actor: Actor, check: SignatureCheck) -> Access:
        """Return what the installation says of those who may act, *actor* above all."""
        if self._roles is None:
            self._roles = self._view.assignments([INSTALLATION])
        name = credential_of(actor.authentication)
        if name is not None and name not in self._credentials:
            self._credentials[name] = self._view.credential(name)
        credential = None if name is None else self._credentials[name]
        return Access(self._installation.version, self._roles, credential, check)

    def roster(self, stream: str) -> tuple[int, tuple[Assignment, ...]]:
        """Return the version of *stream* and the roles held by assignments standing in it."""
        head = self._view.head(stream)
        kept = self._rosters.get(stream)
        if kept is None or kept[0] != head:
            kept = self._rosters[stream] = head, self._view.assignments([stream])
        return head.version, kept[1]

    def consulted(self) -> tuple[Head, ...]:
        """Return the heads under which roles were read: no record is earlier than they."""
        return self._installation, *(head for head, _ in self._rosters.values())

    def logged_at(self) -> datetime | None:
        """Return the time that the log has come to, the records that were moved included."""
        return self._logged

    def has_actor(self, actor: str) -> bool:
        """Tell whether the actor was registered."""
        if actor not in self._actors and self._view.has_actor(actor):
            self._actors.add(actor)
        return actor in self._actors

    def last_erasure(self) -> datetime | None:
        """Return when somebody was erased last; erasures stand in the installation's stream."""
        if self._erasure is None:
            self._erasure = (self._view.last_erasure(),)
        return self._erasure[0]

    def _keep(self, found: Participation) -> None:
        if len(self._participations) >= self._most:
            self._participations.clear()
        self._participations[found.head.stream] = found
