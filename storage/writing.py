"""Writing to a history: the record and all that hangs on it, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from lifecycle.domain.credentials import credential_from
from lifecycle.domain.errors import CommandReused, StorageFailed, VersionConflict
from lifecycle.domain.errors_database import StreamHeld
from lifecycle.domain.logged import KeptCheckpoint, Sealing
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Head, RefusedAttempt, Standing
from lifecycle.domain.record import Made, Record
from lifecycle.domain.replay import assignments_after
from lifecycle.storage import rows
from lifecycle.storage.faults import ConstraintBroken
from lifecycle.storage.foresight import CONSULT, LOCK, LOCK_FREE, foresee, heads, held, used
from lifecycle.storage.log import SqlSealing
from lifecycle.storage.reading import UNSOUND, SqlReading
from lifecycle.storage.session import Change, Question, Session, Statement, Values
from lifecycle.storage.tables import (
    actors,
    assignments,
    credentials,
    definitions,
    outbox,
    persons,
    records,
    refusals,
    sealing_queue,
    standings,
    streams,
)

# How databases name what a row breaks: the constraint, or SQLite its columns.
_COMMAND_ID: Final = ("uq_lifecycle_records_command_id", "lifecycle_records.command_id")
_PLACE: Final = ("pk_lifecycle_records", "lifecycle_records.stream, lifecycle_records.sequence")

_ADD_RECORD: Final = Statement(insert(records), rows.STORED_COLUMNS)
_ADD_HEAD: Final = Statement(insert(streams), ("stream", "version", "hash", "recorded_at"))
_MOVE_HEAD: Final = Statement(
    update(streams).where(
        streams.c.stream == bindparam("of_stream"), streams.c.version == bindparam("before")
    ),
    ("version", "hash", "recorded_at"),
)
_ADD_STANDING: Final = Statement(insert(standings), rows.STANDING_COLUMNS)
_MOVE_STANDING: Final = Statement(
    update(standings).where(standings.c.school == bindparam("of_school")), rows.STANDING_MOVED
)
_ADD_ASSIGNMENT: Final = Statement(insert(assignments), rows.ASSIGNMENT_COLUMNS)
_DROP_ASSIGNMENT: Final = Statement(
    delete(assignments).where(
        assignments.c.record_id == bindparam("revoked"),
        assignments.c.stream == bindparam("of_stream"),
    )
)
_ADD_ACTOR: Final = Statement(insert(actors), ("actor", "sequence"))
_ADD_CREDENTIAL: Final = Statement(insert(credentials), rows.CREDENTIAL_COLUMNS)
_REVOKE_CREDENTIAL: Final = Statement(
    update(credentials).where(credentials.c.id == bindparam("of_id")), ("revoked",)
)
_QUEUE: Final = Statement(insert(sealing_queue), ("stream", "sequence", "hash", "queued_at"))
_ANNOUNCE: Final = Statement(insert(outbox), ("stream", "sequence", "hash", "created_at"))
_HAS_DEFINITION: Final = Statement(
    select(definitions.c.digest).where(definitions.c.digest == bindparam("digest"))
)
_ADD_DEFINITION: Final = Statement(insert(definitions), ("digest", "body"))
_RENAME: Final = Statement(
    update(persons).where(persons.c.actor == bindparam("of_actor")), ("name",)
)
_ADD_NAME: Final = Statement(insert(persons), ("actor", "name"))
_ADD_REFUSAL: Final = Statement(
    insert(refusals), ("at", "stream", "actor", "what", "command_id", "unmet")
)

Row = Mapping[str, Any]

# A role or credential that is not there is not taken twice: verification tells.
_MAY_MISS: Final = (_DROP_ASSIGNMENT, _REVOKE_CREDENTIAL)
_NOT_TAKEN: Final = Message("the database did not take a row: see its triggers")


class SqlWriting(SqlReading):
    """A write transaction; its beginning and its end are the journal's.

    Args:
        session: Inside a transaction that may write.
        origin: Id of the installation.
        sealing: How records come into the log.
    """

    def __init__(self, session: Session, origin: str, sealing: Sealing = "inline") -> None:
        super().__init__(session, origin)
        self._log = SqlSealing(session)
        self._inline = sealing == "inline"
        self._heads: dict[str, Head] = {}
        self._held: set[str] = set()
        self._unused: set[str] = set()
        self._half_done = False

    def foresee(self, places: Sequence[tuple[str, str]], actors: Collection[str] = ()) -> None:
        """Ask now, in one go, what will be asked first."""
        (stream, command_id), *others = places
        if not others:
            self._hold_first(stream, command_id)
            if self._session.database.is_far:
                foresee(self._session, stream, command_id, actors)
            else:
                self._keep_heads(heads(self._session, stream))
        elif not self._session.database.is_sharded:
            self.lock(stream)
            wanted = {name for name, _ in others} - {stream}
            self._keep_heads(held(self._session, sorted(wanted)))
            # After the streams: whoever had one made his records before he let it go. Of one that
            # somebody still has nobody knows what he will record.
            asked = {one for name, one in places if name in self._heads}
            self._unused = asked - used(self._session, list(asked))

    def command(self, command_id: str) -> Record | None:
        """Return the record that the command of that id made, if it made one."""
        return None if command_id in self._unused else super().command(command_id)

    def lock(self, stream: str, *, wait: bool = True) -> Head:
        """Hold *stream* against other writers until the end, and return where it stands.

        Raises:
            StreamHeld: Somebody else holds it, and he is not to be waited for. The transaction
                goes on.
        """
        if stream not in self._heads:
            self._hold_first(stream, wait=wait)
            # Where it is held by its name first, nobody holds the row.
            waits = wait or self._session.database.is_sharded
            head = self._head(stream, LOCK if waits else LOCK_FREE)
            if not (waits or head.version) and super().head(stream).version:
                raise StreamHeld(url=self._session.faults.url, seconds=0)
            # There is no row to lock yet, so writers of a first record wait by its name.
            if not head.version and self._session.hold(stream):
                head = self._head(stream, LOCK)
            self._heads[stream] = head
        return self._heads[stream]

    def _keep_heads(self, found: Iterable[Values]) -> None:
        for name, *head in found:
            # One that cannot be read is told of when it is asked for.
            with suppress(*UNSOUND):
                self._heads[name] = rows.head_from(self.origin, name, *head)

    def head(self, stream: str) -> Head:
        """Return where *stream* stands, and keep it there until the end.

        A decision may rest on it: roles and rules are not changed between the decision and its
        record. So ask for it before what hangs on it.
        """
        known = self._heads.get(stream)
        return self._head(stream, CONSULT) if known is None else known

    def append(self, record: Record, standing: Standing | None = None) -> None:
        """Add *record* behind the head of its stream, with all that hangs on it.

        Raises:
            VersionConflict: The stream is not where the record says it is.
            CommandReused: The command id was used before.
            StorageFailed: The database swallowed a row, as a foreign trigger can make it do.
        """
        self.append_all([(record, standing)])

    def append_all(self, made: Sequence[Made]) -> None:
        """Add records as ``append`` would one after the other, each statement once for all.

        Raises:
            VersionConflict, CommandReused, StorageFailed: As ``append``, of any of them.
        """
        heads: dict[str, Head] = {}
        for record, _ in made:
            stream = record.stream
            self._check_place(record, heads[stream] if stream in heads else self.lock(stream))
            heads[stream] = record.head
        self._half_done = True
        self._unused = set()
        try:
            self._write(made)
            if self._inline:
                self._log.add([record for record, _ in made])
        finally:
            for stream in heads:
                self._heads.pop(stream, None)
        self._heads |= heads
        self._half_done = False

    def seal(self, limit: int) -> int:
        """Make up to *limit* records that wait leaves of the log, and return how many it were.

        Those that somebody else's transaction could still come before wait until it has ended.

        Raises:
            DatabaseBroken: The log's right edge cannot be read.
            StorageFailed: The database refused a leaf.
        """
        return self._log.drain(limit)

    def keep_checkpoint(self, checkpoint: KeptCheckpoint) -> None:
        """Keep a signed checkpoint; one that is kept already is left as it is.

        Raises:
            StorageFailed: A later one is kept.
        """
        self._log.keep_checkpoint(checkpoint)

    def keep_definition(self, digest: str, body: bytes) -> None:
        """Store a definition under its digest; a known digest is left as it is."""
        if not self._session.rows(_HAS_DEFINITION, digest=digest):
            self._insert(_ADD_DEFINITION, digest=digest, body=body)

    def keep_name(self, actor: str, name: str) -> None:
        """Store the name of a person in the erasable table, outside the history."""
        if not self._session.change(_RENAME, of_actor=actor, name=name):
            self._session.change(_ADD_NAME, actor=actor, name=name)

    def keep_refusal(self, attempt: RefusedAttempt) -> None:
        """Store a refused attempt, outside the history."""
        self._session.change(_ADD_REFUSAL, **rows.refusal_row(attempt))

    def check_whole(self) -> None:
        """Refuse to end well what was only half done.

        Raises:
            StorageFailed: A caller went on after a failed ``append``.
        """
        if self._half_done:
            raise StorageFailed(detail="a record was written without all that hangs on it")

    def _hold_first(self, *names: str, wait: bool = True) -> None:
        """Wait for other writers of the same before any shard is asked, if there are shards.

        A shard shows a transaction what was there at its first question, and would refuse to
        lock what was changed since. A command id is unique on each shard only.

        Raises:
            StreamHeld: Somebody else holds one, and is not to be waited for.
        """
        if self._session.database.is_sharded:
            for name in names:
                if name not in self._held:
                    if wait:
                        self._session.hold(name)
                    elif not self._session.held_at_once(name):
                        raise StreamHeld(url=self._session.faults.url, seconds=0)
                    self._held.add(name)

    def _check_place(self, record: Record, head: Head) -> None:
        if record.origin != self.origin:
            raise ValueError(f"the record belongs to the installation {record.origin}")
        if (record.sequence, record.previous) != (head.version + 1, head.hash):
            self._refuse_reuse(record)
            raise VersionConflict(
                stream=record.stream, actual=head.version, expected=record.sequence - 1
            )

    def _refuse_reuse(self, record: Record) -> None:
        if self.command(record.command_id) is not None:
            raise CommandReused(command_id=record.command_id)

    def _write(self, made: Sequence[Made]) -> None:
        """Write all rows in one go: those of the history plainly, never in the place of others."""
        records = [record for record, _ in made]
        changes: list[Change] = [
            (_ADD_RECORD, [rows.record_row(record) for record in records]),
            *_heads_moved(records),
            *(
                (statement, [row])
                for record in records
                if record.kind != "advanced"  # most are, and they settle nothing
                for statement, row in _settled(record)
            ),
            (_ANNOUNCE, [rows.waiting_row(record, "created_at") for record in records]),
        ]
        if not self._inline:
            changes.append((_QUEUE, [rows.waiting_row(record, "queued_at") for record in records]))
        # What a school moved through on the way is not seen by anybody.
        board = {one.school: one for _, one in made if one is not None}
        if board:
            moved = [{"of_school": key, **rows.standing_row(one)} for key, one in board.items()]
            changes.append((_MOVE_STANDING, moved))
        try:
            counts = self._session.attempted(changes)
        except ConstraintBroken as error:
            self._tell(records, error)
            raise
        for (statement, there), touched in zip(changes, counts, strict=True):
            if touched != len(there):
                self._make_up(records[0], statement, there)

    def _make_up(self, record: Record, statement: Statement, there: Sequence[Row]) -> None:
        """Do what is to be done where a statement found no row, or its row was not taken."""
        if statement is _MOVE_STANDING:
            for row in there:
                if not self._session.change(_MOVE_STANDING, **row):
                    self._insert(
                        _ADD_STANDING, **{name: row[name] for name in rows.STANDING_COLUMNS}
                    )
        elif statement is _MOVE_HEAD:
            before = record.sequence - 1
            raise VersionConflict(stream=record.stream, actual=record.sequence, expected=before)
        elif statement not in _MAY_MISS:
            raise StorageFailed(detail=_NOT_TAKEN)

    def _tell(self, records: Sequence[Record], error: ConstraintBroken) -> None:
        """Say what a constraint means that a row of the history broke.

        Whoever was first was not seen by the check before: the constraint has the last word. A
        single row that was refused was not written, and nothing after it; several may have been.
        """
        broken, record = str(error), records[0]
        reused = any(name in broken for name in _COMMAND_ID)
        if not reused and not any(name in broken for name in _PLACE):
            return
        self._half_done = len(records) > 1
        if reused:
            raise CommandReused(command_id=record.command_id) from error
        raise VersionConflict(
            stream=record.stream, actual=record.sequence, expected=record.sequence - 1
        ) from error

    def _insert(self, statement: Statement, **row: Any) -> None:
        """Insert one row and make sure that it was taken: a trigger may swallow it in silence."""
        if self._session.change(statement, **row) != 1:
            raise StorageFailed(detail=_NOT_TAKEN)


def _heads_moved(records: Sequence[Record]) -> Iterator[Change]:
    """Yield how the heads move, each from before the first of its records to the last."""
    first: dict[str, int] = {}
    last: dict[str, Record] = {}
    for record in records:
        first.setdefault(record.stream, record.sequence)
        last[record.stream] = record
    added = [rows.head_row(last[stream]) for stream, place in first.items() if place == 1]
    moved = [
        {"of_stream": stream, "before": place - 1, **rows.head_row(last[stream])}
        for stream, place in first.items()
        if place > 1
    ]
    if added:
        yield _ADD_HEAD, added
    if moved:
        yield _MOVE_HEAD, moved


def _settled(record: Record) -> Iterator[Question]:
    """Yield what enters who came, and which roles and credentials were given and taken."""
    facts = record.facts or {}
    if record.kind == "actor_added":
        yield _ADD_ACTOR, {"actor": facts["actor"], "sequence": record.sequence}
    elif record.kind == "role_assigned":
        for given in assignments_after((), record):
            yield _ADD_ASSIGNMENT, rows.assignment_row(given)
    elif record.kind == "role_revoked":
        yield _DROP_ASSIGNMENT, {"revoked": facts["assignment"], "of_stream": record.stream}
    elif record.kind == "credential_added":
        yield _ADD_CREDENTIAL, rows.credential_row(credential_from(record))
    elif record.kind == "credential_revoked":
        yield _REVOKE_CREDENTIAL, {"of_id": facts["credential"], "revoked": record.sequence}
