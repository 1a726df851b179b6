"""What the requests of one transaction look at, on the memory of those before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from lifecycle.domain.access import Access, credential_of
from lifecycle.domain.model import INSTALLATION, Actor, Assignment, Head
from lifecycle.domain.ports import Reading, SignatureCheck
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, fold
from lifecycle.service.memory import Memory


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
        if at is not None and (self._logged is None or at > self._logged):
            self._logged = at
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
