"""A journal in memory: for tests of services that embed the engine.

The journal keeps every promise of its port: transactions are undone by exceptions, a view
stays as it was when it was opened, one writer at a time, the same conflicts.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from lifecycle.audit.merkle import Frontier
from lifecycle.audit.tiles import Tiles, filled
from lifecycle.domain.credentials import credential_from
from lifecycle.domain.errors import (
    CommandReused,
    DatabaseLocked,
    StorageFailed,
    VersionConflict,
)
from lifecycle.domain.logged import KeptCheckpoint, LogLeaf, LogState, Queued, Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.model import (
    INSTALLATION,
    Assignment,
    Credential,
    Head,
    RefusedAttempt,
    SchoolMove,
    Standing,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.ports import Auditing, Journal, Reading, Writing
from lifecycle.domain.record import Made, Record, empty_head, moment_text
from lifecycle.domain.replay import assignments_after
from lifecycle.domain.spans import Span
from lifecycle.domain.tally import Group, grouped
from lifecycle.storage.memory_auditing import MemoryAuditing, lies_in
from lifecycle.storage.memory_erasable import Kept

LOCK_SECONDS: Final = 30.0
"""How long a writer waits for another one."""


@dataclass
class _State:
    """What is kept; a committed one is never changed."""

    streams: dict[str, tuple[Record, ...]] = field(default_factory=dict)
    commands: dict[str, Record] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    assignments: dict[str, tuple[Assignment, ...]] = field(default_factory=dict)
    actors: dict[str, int] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    definitions: dict[str, bytes] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    refusals: tuple[RefusedAttempt, ...] = ()
    leaves: tuple[Record, ...] = ()
    frontier: Frontier = field(default_factory=Frontier)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    queue: tuple[Record, ...] = ()
    checkpoints: tuple[KeptCheckpoint, ...] = ()

    def copy(self) -> _State:
        return _State(
            dict(self.streams),
            dict(self.commands),
            dict(self.standings),
            dict(self.assignments),
            dict(self.actors),
            dict(self.credentials),
            dict(self.definitions),
            self.kept.copy(),
            self.refusals,
            self.leaves,
            self.frontier.copy(),
            dict(self.tiles),
            self.queue,
            self.checkpoints,
        )


class MemoryJournal:
    """A history that ends with the process.

    Args:
        origin: Id of the installation.
        lock_seconds: How long a writer waits for another one, seconds.
        sealing: Whether a record becomes a leaf of the log as it is written, or waits for it.
    """

    backend: Final = "memory"

    def __init__(
        self,
        origin: str = "memory",
        *,
        lock_seconds: float = LOCK_SECONDS,
        sealing: Sealing = "inline",
    ) -> None:
        self._origin = origin
        self._sealing: Sealing = sealing
        self._state = _State()
        self._turn = threading.Lock()
        self._lock_seconds = lock_seconds

    @property
    def names(self) -> Mapping[str, str]:
        """Names of persons by actor, as ``keep_name`` stored them."""
        return dict(self._state.kept.names)

    @property
    def refusals(self) -> tuple[RefusedAttempt, ...]:
        """The refused attempts, as ``keep_refusal`` stored them."""
        return self._state.refusals

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open one consistent view."""
        yield _MemoryView(self._origin, self._state)

    @contextmanager
    def auditing(self) -> Iterator[Auditing]:
        """Open one consistent view with everything that verification reads."""
        yield _MemoryView(self._origin, self._state)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Begin a write transaction.

        Raises:
            DatabaseLocked: Another one was not ended in time.
        """
        if not self._turn.acquire(timeout=self._lock_seconds):
            raise DatabaseLocked(url="memory://", seconds=f"{self._lock_seconds:g}")
        try:
            state = self._state.copy()
            yield _MemoryWriting(self._origin, state, self._sealing)
            self._state = state
        finally:
            self._turn.release()

    def erasing(self) -> AbstractContextManager[Writing]:
        """Begin a write transaction; there are no files that could keep what it erases.

        Raises:
            DatabaseLocked: As ``writing``.
        """
        return self.writing()

    def elsewhere(self) -> None:
        """Return nothing: the history lives in this process."""
        return None

    def joined(self, connection: object) -> Journal:
        """Refuse: there is no transaction of a database here to join.

        Raises:
            TypeError: Always.
        """
        raise TypeError("a journal in memory cannot join a connection")

    def close(self) -> None:
        """Do nothing: nothing is held."""


class _MemoryView(MemoryAuditing):
    """Reads one state."""

    def __init__(self, origin: str, state: _State) -> None:
        super().__init__(state)
        self._origin = origin
        self._state = state

    @property
    def origin(self) -> str:
        return self._origin

    def head(self, stream: str) -> Head:
        kept = self._state.streams.get(stream)
        return kept[-1].head if kept else empty_head(self._origin, stream)

    def records(self, stream: str) -> list[Record]:
        return list(self._state.streams.get(stream, ()))

    def logged_at(self) -> datetime | None:
        logged = (*self._state.leaves[-1:], *self._state.queue)
        return max((one.recorded_at for one in logged), default=None)

    def first(self, stream: str) -> Record | None:
        return next(iter(self._state.streams.get(stream, ())), None)

    def command(self, command_id: str) -> Record | None:
        return self._state.commands.get(command_id)

    def assignments(self, streams: Iterable[str]) -> tuple[Assignment, ...]:
        return tuple(
            one
            for stream in sorted(set(streams))
            for one in self._state.assignments.get(stream, ())
        )

    def has_actor(self, actor: str) -> bool:
        return actor in self._state.actors

    def actors(self) -> list[str]:
        return sorted(self._state.actors)

    def credential(self, credential: str) -> Credential | None:
        return self._state.credentials.get(credential)

    def credentials(self) -> tuple[Credential, ...]:
        return tuple(sorted(self._state.credentials.values(), key=lambda one: one.id))

    def schools(self) -> list[str]:
        return sorted(self._state.standings)

    def standings(
        self, school: str | None = None, roadmap: str | None = None
    ) -> Iterator[Standing]:
        board = sorted(self._state.standings.values(), key=lambda one: (one.roadmap, one.school))
        for standing in board:
            if school in (None, standing.school) and roadmap in (None, standing.roadmap):
                yield standing

    def tally(self, day: date, roadmap: str | None = None) -> list[Group]:
        return grouped(self.standings(roadmap=roadmap), day)

    def roadmaps(self) -> list[str]:
        prefix = roadmap_stream("")
        names = (one for one in self._state.streams if one.startswith(prefix))
        return sorted(name.removeprefix(prefix) for name in names)

    def held_on_schools(self, roadmap: str) -> Iterator[Assignment]:
        for standing in self.standings(roadmap=roadmap):
            yield from self._state.assignments.get(participation_stream(standing.school), ())

    def moves(self, roadmap: str, *, facts: bool = True) -> Iterator[SchoolMove]:
        for standing in self.standings(roadmap=roadmap):
            records = self.records(participation_stream(standing.school))
            for one in records:
                if one.transition and one.source and one.target:
                    what = one.transition, one.source, one.target
                    dates = one.effective_on, records[0].effective_on
                    stated = (facts and one.facts) or {}
                    yield SchoolMove(standing.school, *what, *dates, stated)

    def definition(self, digest: str) -> bytes | None:
        return self._state.definitions.get(digest)

    def last_erasure(self) -> datetime | None:
        times = (
            one.recorded_at for one in self.records(INSTALLATION) if one.kind == "person_erased"
        )
        return max(times, default=None)

    def refused(self, stream: str | None = None) -> Iterator[RefusedAttempt]:
        yield from (one for one in self._state.refusals if stream in (None, one.stream))

    def definitions(self) -> Iterator[tuple[str, bytes]]:
        yield from sorted(self._state.definitions.items())

    def schema_findings(self) -> list[str]:
        return []

    @property
    def log(self) -> _MemoryLog:
        return _MemoryLog(self._state)


class _MemoryLog:
    """Reads the log of one state."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def state(self) -> LogState:
        return LogState(self._state.frontier.size, self._state.frontier.to_bytes())

    def leaves(self) -> Iterator[LogLeaf]:
        return (leaf for leaf, _ in self.bodies(0))

    def bodies(self, low: int) -> Iterator[tuple[LogLeaf, bytes]]:
        for index, one in enumerate(self._state.leaves[low:], low):
            yield _leaf(index, one), one.body

    def hashes(self, low: int, high: int) -> list[bytes]:
        return [bytes.fromhex(one.hash) for one in self._state.leaves[low:high]]

    def place(self, stream: str, sequence: int) -> int | None:
        for index, one in enumerate(self._state.leaves):
            if (one.stream, one.sequence) == (stream, sequence):
                return index
        return None

    def tile(self, level: int, index: int) -> bytes | None:
        return self._state.tiles.get((level, index))

    def tiles(self) -> Iterator[tuple[int, int]]:
        yield from sorted(self._state.tiles)

    def covered(self, span: Span, size: int) -> dict[str, int]:
        leaves = self._state.leaves[:size]
        return {one.stream: one.sequence for one in leaves if lies_in(one.stream, span)}

    def queued(self) -> Iterator[Queued]:
        for one in _in_order(self._state.queue):
            yield Queued(one.stream, one.sequence, moment_text(one.recorded_at))

    def checkpoints(self) -> list[KeptCheckpoint]:
        return list(self._state.checkpoints)


def _leaf(index: int, one: Record) -> LogLeaf:
    return LogLeaf(index, one.stream, one.sequence, one.hash, moment_text(one.recorded_at))


def _in_order(queue: tuple[Record, ...]) -> list[Record]:
    return sorted(queue, key=lambda one: (one.stream, one.sequence))


class _MemoryWriting(_MemoryView):
    """Changes a state that nobody else has seen yet."""

    def __init__(self, origin: str, state: _State, sealing: Sealing) -> None:
        super().__init__(origin, state)
        self._inline = sealing == "inline"

    def foresee(self, places: Sequence[tuple[str, str]], actors: Collection[str] = ()) -> None:
        """Do nothing: nothing is far away."""

    def lock(self, stream: str, *, wait: bool = True) -> Head:
        return self.head(stream)

    def append_all(self, made: Sequence[Made]) -> None:
        for record, standing in made:
            self.append(record, standing)

    def append(self, record: Record, standing: Standing | None = None) -> None:
        state, stream, head = self._state, record.stream, self.head(record.stream)
        if record.origin != self._origin:
            raise ValueError(f"the record belongs to the installation {record.origin}")
        if record.command_id in state.commands:
            raise CommandReused(command_id=record.command_id)
        if (record.sequence, record.previous) != (head.version + 1, head.hash):
            raise VersionConflict(stream=stream, actual=head.version, expected=record.sequence - 1)
        # Through the bytes, as a database does it: what is read back is what was hashed.
        kept = Record.decode(record.body)
        state.streams[stream] = (*state.streams.get(stream, ()), kept)
        state.commands[kept.command_id] = kept
        if standing is not None:
            state.standings[standing.school] = standing
        if kept.kind == "actor_added":
            state.actors[(kept.facts or {})["actor"]] = kept.sequence
        if kept.kind == "credential_added":
            given = credential_from(kept)
            state.credentials[given.id] = given
        if kept.kind == "credential_revoked":
            name = (kept.facts or {})["credential"]
            state.credentials[name] = replace(state.credentials[name], revoked=kept.sequence)
        state.assignments[stream] = assignments_after(state.assignments.get(stream, ()), kept)
        state.queue += (kept,)
        if self._inline:
            self.seal(len(state.queue))

    def seal(self, limit: int) -> int:
        state = self._state
        sealed = sorted(_in_order(state.queue), key=lambda one: one.recorded_at)[:limit]
        for record in sealed:
            state.leaves += (record,)
            state.frontier.append(bytes.fromhex(record.hash))
            log = self.log
            for level, index, hashes in filled(state.frontier.size, Tiles(log.tile, log.hashes)):
                state.tiles[level, index] = hashes
        state.queue = tuple(one for one in state.queue if one not in sealed)
        return len(sealed)

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        kept = self._state.checkpoints
        if all((one.size, one.note) != (checkpoint.size, checkpoint.note) for one in kept):
            if kept and checkpoint.size < kept[-1].size:
                raise StorageFailed(detail=Message("a later checkpoint is kept already"))
            self._state.checkpoints += (checkpoint,)

    def keep_definition(self, digest: str, body: bytes) -> None:
        self._state.definitions.setdefault(digest, body)

    def keep_name(self, actor: str, name: str) -> None:
        self._state.kept.names[actor] = name

    def keep_refusal(self, attempt: RefusedAttempt) -> None:
        self._state.refusals += (attempt,)
