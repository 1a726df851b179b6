"""What the core needs from the outside, as protocols; adapters fit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from lifecycle.domain.spans import EVERYTHING

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.erasable import Erasable, ErasableWriting
    from lifecycle.domain.figures import Figures
    from lifecycle.domain.logged import KeptCheckpoint, LogReading
    from lifecycle.domain.model import (
        Assignment,
        Credential,
        Head,
        RefusedAttempt,
        SchoolMove,
        Standing,
    )
    from lifecycle.domain.record import Made, Record
    from lifecycle.domain.spans import Doubled, Ids, Misplaced, Plain, Span, StoredRecord, Unfilled
    from lifecycle.domain.tally import Group


class Reading(Protocol):
    """One consistent view of everything that was committed."""

    @property
    def origin(self) -> str:
        """Id of the installation."""
        ...

    def head(self, stream: str) -> Head:
        """Return where *stream* stands; version 0 if it has no record."""
        ...

    def records(self, stream: str) -> list[Record]:
        """Return the records of *stream* in order; empty if there are none."""
        ...

    def each(self, stream: str | None = None, *, after: int = 0) -> Iterator[Record]:
        """Yield the records of *stream* in order, without holding all in memory.

        Args:
            stream: Its name; ``None`` for all records, by stream and sequence.
            after: Only those behind this place in their stream.
        """
        ...

    def logged_at(self) -> datetime | None:
        """Return the time of the last leaf of the log or of what waits for it, the later; UTC.

        Leaves are in the order of their times, up to the delay that is published. ``None`` before
        the first record.
        """
        ...

    def first(self, stream: str) -> Record | None:
        """Return the first record of *stream*, which pins its rules; ``None`` if it has none."""
        ...

    def command(self, command_id: str) -> Record | None:
        """Return the record that the command of that id made, if it made one."""
        ...

    def assignments(self, streams: Iterable[str]) -> tuple[Assignment, ...]:
        """Return the roles held now by assignments standing in any of *streams*."""
        ...

    def has_actor(self, actor: str) -> bool:
        """Tell whether the actor was registered."""
        ...

    def actors(self) -> list[str]:
        """Return the ids of all actors, sorted."""
        ...

    def credential(self, credential: str) -> Credential | None:
        """Return the credential of that id, revoked or not; ``None`` if none was added."""
        ...

    def credentials(self) -> tuple[Credential, ...]:
        """Return every credential, revoked ones included, sorted by id."""
        ...

    def schools(self) -> list[str]:
        """Return the ids of all schools, sorted."""
        ...

    def standings(
        self, school: str | None = None, roadmap: str | None = None
    ) -> Iterator[Standing]:
        """Yield the board, sorted by road map and school."""
        ...

    def tally(self, day: date, roadmap: str | None = None) -> list[Group]:
        """Return the schools of the board, named where their state was to be left before *day*."""
        ...

    def roadmaps(self) -> list[str]:
        """Return the ids of the road maps in force, sorted."""
        ...

    def moves(self, roadmap: str, *, facts: bool = True) -> Iterator[SchoolMove]:
        """Yield every transition of the schools under *roadmap*, by school and sequence.

        Args:
            roadmap: Id of the road map.
            facts: Tell what was stated, too: the body of every record is read for it.
        """
        ...

    def held_on_schools(self, roadmap: str) -> Iterator[Assignment]:
        """Yield the roles held now on the schools under *roadmap*, by school and sequence."""
        ...

    def definition(self, digest: str) -> bytes | None:
        """Return the canonical bytes of a stored definition."""
        ...

    @property
    def erasable(self) -> Erasable:
        """What lies beside the history and can be erased."""
        ...

    def last_erasure(self) -> datetime | None:
        """Return when somebody was erased last, as recorded, UTC; ``None`` if nobody was."""
        ...

    def refused(self, stream: str | None = None) -> Iterator[RefusedAttempt]:
        """Yield the refused attempts, on one stream or on all, in the order they were made."""
        ...


class Auditing(Reading, Protocol):
    """What verification reads besides: everything as it lies, believed nowhere."""

    @property
    def log(self) -> LogReading:
        """The log as it lies."""
        ...

    def streams(self, span: Span = EVERYTHING) -> Iterator[Head]:
        """Yield the head that storage keeps of every stream, sorted by name."""
        ...

    def stored(self, span: Span = EVERYTHING) -> Iterator[StoredRecord]:
        """Yield every record sorted by stream and sequence, without holding all in memory."""
        ...

    def mark(self) -> tuple[object, ...]:
        """Return where which history is, and what tells this state of it from others."""
        ...

    def figures(self) -> Figures:
        """Return how much of what is held, without reading the records."""
        ...

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Yield every stream that has records and how many, sorted by name."""
        ...

    def board(self, span: Span = EVERYTHING) -> Iterator[Standing]:
        """Yield the board's rows of the schools whose streams lie in *span*."""
        ...

    def all_assignments(self, span: Span = EVERYTHING) -> tuple[Assignment, ...]:
        """Return every role that the projection says is held, sorted by stream and sequence."""
        ...

    def registered(self) -> dict[str, int]:
        """Return every actor with the sequence that storage says registered him."""
        ...

    def plain(self, span: Span) -> AbstractContextManager[Plain]:
        """Lend the rows of *span*; nothing else is read from the view meanwhile.

        Its records end with an error where a text cannot be read: ``stored`` can read it.
        """
        ...

    def repeated(self, *, indexed: bool = False) -> Iterator[tuple[str, str]]:
        """Yield column and value of every id that several records have.

        No index is asked, unless ``schema_findings`` found nothing: then they may be believed.
        """
        ...

    def doubled(self, *, indexed: bool = False) -> Iterator[Doubled]:
        """Yield every key that several rows have, of tables whose rows are looked up by it.

        Not of records and leaves, which are read one after the other and must be 1, 2, 3 and so
        on. Indexes are asked as in ``repeated``.
        """
        ...

    def unfilled(self, *, indexed: bool = False) -> Iterator[Unfilled]:
        """Yield every row without a value in a column that must have one, whatever the schema says.

        Only what the database proved of all rows itself is believed, as in ``repeated``.
        """
        ...

    def misplaced(self) -> Iterator[Misplaced]:
        """Yield what lies on another server than the rows of its stream do."""
        ...

    def ids(self) -> Iterator[Ids]:
        """Yield the ids of every record, without holding all in memory."""
        ...

    def definitions(self) -> Iterator[tuple[str, bytes]]:
        """Yield digest and canonical bytes of every stored definition."""
        ...

    def schema_findings(self) -> list[str]:
        """Return what in tables and triggers differs from what this release creates."""
        ...


class Writing(Reading, Protocol):
    """A write transaction: committed when its context ends well, undone on any exception.

    Where ``head`` says a stream stands, it stays until the end: a decision may rest on it.
    """

    @property
    def erasable(self) -> ErasableWriting:
        """What lies beside the history and can be erased, kept and erased in this transaction."""
        ...

    def foresee(self, places: Sequence[tuple[str, str]], actors: Collection[str] = ()) -> None:
        """Be told what will be asked first, so that it is asked in one go.

        Nobody is bound by it: what is asked besides, or later, is answered as ever. Of several
        streams the first is waited for, and held are those of the others that nobody else holds.

        Args:
            places: Stream that will be locked, and command id, of each request.
            actors: Who have to be registered.
        """
        ...

    def lock(self, stream: str, *, wait: bool = True) -> Head:
        """Hold *stream* against other writers until the end, and return where it stands.

        Raises:
            StreamHeld: Somebody else holds it, and he is not to be waited for.
        """
        ...

    def append(self, record: Record, standing: Standing | None = None) -> None:
        """Add *record* behind the head of its stream, with all that hangs on it.

        The row of the history, the stream's head, the board (*standing*, given for every record
        of a school's stream), the roles, actors and credentials that the record gives or takes,
        the sealing queue or the log, and the outbox change together.

        Raises:
            VersionConflict: The stream is not where the record says it is.
            CommandReused: The command id was used before.
        """
        ...

    def append_all(self, made: Sequence[Made]) -> None:
        """Add records in one go as ``append`` would one after the other.

        On a conflict of one of several the transaction is to be undone; which one is not told.
        """
        ...

    def seal(self, limit: int) -> int:
        """Make up to *limit* records that wait leaves of the log, and return how many it were.

        By time, then stream and sequence; the leaves go on from the last one without a gap.
        """
        ...

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Keep a signed checkpoint; one that is kept already is left as it is.

        Raises:
            StorageFailed: A later one is kept.
        """
        ...

    def keep_definition(self, digest: str, body: bytes) -> None:
        """Store a definition under its digest; a known digest is left as it is."""
        ...

    def keep_name(self, actor: str, name: str) -> None:
        """Store the name of a person in the erasable table, outside the history."""
        ...

    def keep_refusal(self, attempt: RefusedAttempt) -> None:
        """Store a refused attempt, outside the history."""
        ...


class Journal(Protocol):
    """Where the history is kept."""

    @property
    def backend(self) -> str:
        """The kind of storage: ``memory``, ``sqlite`` or ``postgresql``."""
        ...

    def reading(self) -> AbstractContextManager[Reading]:
        """Open one consistent view."""
        ...

    def auditing(self) -> AbstractContextManager[Auditing]:
        """Open one consistent view with everything that verification reads."""
        ...

    def writing(self) -> AbstractContextManager[Writing]:
        """Begin a write transaction.

        Raises:
            StorageFailed: The database is locked, read-only, full or broken.
        """
        ...

    def erasing(self) -> AbstractContextManager[Writing]:
        """Begin a write transaction after whose commit nothing erased is left in any file.

        Raises:
            ErasureUnfinished: It was committed, but readers keep older versions alive.
            StorageFailed: As ``writing``; or the transaction is a host's, which may not commit.
        """
        ...

    def elsewhere(self) -> Callable[[], Journal] | None:
        """Return what opens the same history for reading in another process.

        ``None`` where it lives in this process, or in a transaction of it, only.
        """
        ...

    def joined(self, connection: object) -> Journal:
        """Return the same journal working inside the transaction of a host's own connection.

        Its ``writing`` commits nothing: the host's rows and the records are committed or vanish
        together. An exception inside undoes only the records.

        Raises:
            TypeError: The journal cannot work with such a connection.
        """
        ...

    def close(self) -> None:
        """Give back connections; the journal is not used afterwards."""
        ...


class Definitions(Protocol):
    """The programmes and road maps that can be put in force."""

    def roadmaps(self) -> Sequence[str]:
        """Return the ids of the road maps, sorted."""
        ...

    def compiled(self, roadmap: str) -> Definition:
        """Return the programme under that road map.

        Raises:
            UnknownRoadmap: There is none of that id.
            InvalidDefinition: Its file, or its programme's, has mistakes.
        """
        ...


class Clock(Protocol):
    """The server's clock."""

    def now(self) -> datetime:
        """Return the moment, UTC and aware."""
        ...


class SignatureCheck(Protocol):
    """Checks Ed25519 signatures (RFC 8032)."""

    def __call__(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Tell whether *signature* (64 bytes) is that of *message* by *public* (32 bytes)."""
        ...


class Calendar(Protocol):
    """Which days are worked."""

    def days_late(self, due_on: date, until: date) -> int:
        """Return the working days after *due_on*, up to and including *until*."""
        ...
