"""Whether a flipped bit is found, and found where it is.

A flip is judged by the part of verification that looks at the row, which is run on the changed
row or on the changed database: by the check of a record in its stream, and by the screen where
that would have passed it; by the comparison of a projection, the log, the checkpoints or what
lies beside the records. ``Judge.whole`` judges by all of verification instead: slowly, and to
hold the parts against it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from lifecycle import verify
from lifecycle.audit import shared
from lifecycle.audit.acting import Doubtful
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking, roles, unfounded
from lifecycle.audit.checkpoints import compared, misplaced, notes_of, opened
from lifecycle.audit.course import COLUMNS, Passed
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.kept import Keys, Openings
from lifecycle.audit.log_check import LogCheck
from lifecycle.audit.merkle import Frontier
from lifecycle.audit.note import VerifierKey
from lifecycle.audit.personal import Beside
from lifecycle.audit.schools import _standing
from lifecycle.audit.spelling import Row
from lifecycle.domain import canonical
from lifecycle.domain.administration import published_delay
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.model import participation_stream
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import Record, moment_from
from lifecycle.domain.replay import Participation, fold
from lifecycle.domain.spans import StoredRecord, only
from lifecycle.parallel import fast_parser
from lifecycle.service import Lifecycle
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL
from lifecycle.workflows.catalogue import Catalogue
from tests.campaigns.flips import Flip
from tests.campaigns.leading import FILES, leads
from tests.factories import SetClock, engine_on

Verdict = Literal["found", "missed", "refused"]
"""``refused``: the database itself takes no such row."""
Place = tuple[str, int]
Part = Callable[[Auditing, Flip], Iterable[Finding]]


class Judge:
    """Judges the flips of one history, whose database it changes and puts back.

    Args:
        folder: Where the history lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = sqlite3.connect(folder / "lifecycle.db", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")
        self.keys = [VerifierKey.parse((folder / "log.vkey").read_text("utf-8"))]
        self.engine = self._open()
        with self.engine.context.journal.auditing() as view:
            self._read(view)
        self.sound = list(self._verified())
        assert {one.code for one in self.sound} == {"schema_differs"}, self.sound  # the triggers
        self.parts: dict[str, Part] = {
            "lifecycle_actors": lambda view, flip: shared.actors(
                self.grounds.actors, view.registered()
            ),
            "lifecycle_assignments": lambda view, flip: roles(self.held, view.all_assignments()),
            "lifecycle_checkpoints": self._checkpoints,
            "lifecycle_credentials": lambda view, flip: shared.credentials(
                self.grounds.credentials, view.credentials()
            ),
            "lifecycle_evidence_keys": self._beside,
            "lifecycle_log_leaves": self._log,
            "lifecycle_log_state": self._log,
            "lifecycle_log_tiles": self._log,
            "lifecycle_openings": self._beside,
            "lifecycle_sealing_queue": self._log,
            "lifecycle_standings": self._board,
            "lifecycle_streams": self._heads,
        }

    def close(self) -> None:
        """Leave the database."""
        self.engine.close()
        self.database.close()

    def judge(self, flip: Flip) -> Verdict:
        """Judge a flip by the part of verification that looks at it."""
        table, column = flip.of.table, flip.of.column
        if table == FILES:
            return self._file(flip, lambda: self._altered(flip))
        if table == "lifecycle_records":
            return self._record(flip)
        if table == "lifecycle_definitions":
            # Either it is no definition any more, or its digest is another: one finding both ways.
            row = {**flip.of.row, column: flip.read}
            return _verdict(sha256(row["body"]).hexdigest() != row["digest"])
        part = self.parts.get(table)
        if part is None:
            return self.whole(flip)
        return self._changed(flip, lambda: self._seen(flip, part))

    def whole(self, flip: Flip) -> Verdict:
        """Judge a flip by all of verification, on the changed database or file."""
        if flip.of.table == FILES:
            return self._file(flip, lambda: self._located(flip, self._verified()))
        return self._changed(flip, lambda: self._located(flip, self._anew(flip)))

    # -- what is known of the sound history -------------------------------------------------------

    def _open(self) -> Lifecycle:
        journal = open_journal(f"sqlite:///{self.folder}/lifecycle.db", durability=WAL)
        store = EvidenceFolder(self.folder / "lifecycle.db.evidence")
        # A clock that stands still: what waits for the log is not to become late meanwhile.
        (text,) = self.database.execute("SELECT max(recorded_at) FROM lifecycle_streams").fetchone()
        clock = SetClock(moment_from(text), timedelta(0))
        return engine_on(journal, Catalogue(), evidence=store, clock=clock)

    def _read(self, view: Auditing) -> None:
        context = self.engine.context
        definitions = {
            digest: Definition.from_json(
                canonical.decode(body, limit=canonical.MAX_DEFINITION_BYTES)
            )
            for digest, body in view.definitions()
        }
        self.grounds = Grounds(definitions, context.guards)
        self.run = Checking(context.evidence, self.grounds, lambda done: None, fast_parser())
        assert list(shared.shared_streams(self.run, view)) == []
        self.stored: dict[Place, StoredRecord] = {}
        self.before: dict[Place, StreamCheck] = {}
        self.checks: dict[str, StreamCheck] = {}
        self.records: dict[str, list[Record]] = {}
        for one in view.stored():
            place = one.stream, one.sequence
            check = self.checks.setdefault(one.stream, StreamCheck(view.origin, one.stream))
            self.stored[place], self.before[place] = one, _copied(check)
            assert list(check.take(one)) == []
            assert check.record is not None
            self.records.setdefault(one.stream, []).append(check.record)
        self.taking_part: dict[str, Participation] = {}
        for stream, records in self.records.items():
            if stream.startswith(participation_stream("")):
                found = fold(records)
                assert found is not None
                self.taking_part[stream] = found
        self.held = view.all_assignments()
        edge, self.roots = Frontier(), dict[int, bytes]()
        self.leaves = list(view.log.leaves())
        self.known, _ = opened(view.origin, self.keys, notes_of(view))
        for leaf in self.leaves:
            edge.append(bytes.fromhex(leaf.hash or ""))
            self.roots[edge.size] = edge.root()
        self._screened(view)

    def _screened(self, view: Auditing) -> None:
        """Learn which streams the screen passes, and what they come to."""
        self.screen = self.run.screen(view.origin)
        self.rows: dict[str, list[Row]] = {}
        self.kept: dict[str, tuple[Openings | None, Keys | None]] = {}
        self.passed: dict[str, Passed] = {}
        for stream in self.checks:
            if stream.startswith(participation_stream("")):
                with view.plain(only(stream)) as plain:
                    self.rows[stream] = list(plain.records)
                self.kept[stream] = plain.openings.get(stream), plain.keys.get(stream)
                with suppress(Doubtful):  # signed commands are for the full check
                    self.passed[stream] = self.screen.follow(
                        stream, self.rows[stream], *self.kept[stream]
                    )

    # -- records ----------------------------------------------------------------------------------

    def _record(self, flip: Flip) -> Verdict:
        place = flip.of.row["stream"], flip.of.row["sequence"]
        column, value = flip.of.column, flip.read
        if column in ("stream", "sequence"):
            return self._moved(flip, place)
        kept, check = self.stored[place], _copied(self.before[place])
        if column in ("body", "hash"):
            told = check.take(replace(kept, **{column: value}))
        else:
            # The body is what it was, and was read once for all of its columns.
            changed = replace(kept, columns={**kept.columns, column: value})
            told = check._compare(changed, self.records[place[0]][place[1] - 1])
        found = any((one.stream, one.sequence) == place for one in told)
        return _verdict(found and self._doubted(place, column, value))

    def _doubted(self, place: Place, column: str, value: Any) -> bool:
        """Tell whether the screen leaves the changed record to the full check."""
        stream, sequence = place
        if stream not in self.passed:
            return True
        rows = list(self.rows[stream])
        row = list(rows[sequence - 1])
        row[COLUMNS.index(column)] = value
        rows[sequence - 1] = tuple(row)
        with suppress(Exception):  # as verification does with whatever the screen raises
            return self.screen.follow(stream, rows, *self.kept[stream]) != self.passed[stream]
        return True

    def _moved(self, flip: Flip, place: Place) -> Verdict:
        """Judge a record that stands elsewhere now: it says itself where it belongs."""
        stream, sequence = place
        now = (flip.read, sequence) if flip.of.column == "stream" else (stream, flip.read)
        if now in self.stored or now[1] < 1:
            return "refused"
        changed = replace(self.stored[place], stream=now[0], sequence=now[1])
        check = StreamCheck(self.grounds.founding[0].origin, now[0])
        there = any(
            (one.code, one.stream, one.sequence, one.field, one.expected)
            == ("column_differs", *now, flip.of.column, flip.of.value)
            for one in check.take(changed)
        )
        # Where it stood there is a gap now, or the stream ends before its head.
        behind = self.stored.get((stream, sequence + 1))
        if behind is not None:
            gap = any(
                one.code == "sequence_gap" for one in _copied(self.before[place]).take(behind)
            )
        else:
            kept = self.checks[stream].head
            gap = any(one.field == "version" for one in _copied(self.before[place]).close(kept))
        return _verdict(there and gap)

    # -- everything else in the database ----------------------------------------------------------

    def _changed(self, flip: Flip, ask: Callable[[], bool]) -> Verdict:
        """Change the value in the database, ask, and put it back."""
        of = flip.of
        as_text = "CAST(? AS TEXT)" if isinstance(of.value, str) else "?"
        change = f"UPDATE {of.table} SET {of.column} = {as_text} WHERE rowid = ?"  # noqa: S608
        try:
            self.database.execute(change, (flip.flipped, of.rowid))
        except (sqlite3.IntegrityError, OverflowError):
            return "refused"
        try:
            return _verdict(ask())
        finally:
            # The index of a leaf is also the id of its row.
            is_id = (of.table, of.column) == ("lifecycle_log_leaves", "idx")
            put_back = self.database.execute(
                change, (of.value, flip.flipped if is_id else of.rowid)
            )
            assert put_back.rowcount == 1

    def _seen(self, flip: Flip, part: Part) -> bool:
        with self.engine.context.journal.auditing() as view:
            try:
                return self._located(flip, part(view, flip))
            except LifecycleError:
                return False

    def _verified(self) -> Sequence[Finding]:
        return verify(self.engine, keys=self.keys).findings

    def _anew(self, flip: Flip) -> Iterator[Finding]:
        """Verify; where the installation itself was changed, as if the program began now."""
        if flip.of.table != "lifecycle_installation":
            yield from self._verified()
            return
        try:
            with self._open() as engine:
                yield from verify(engine, keys=self.keys).findings
        except LifecycleError as error:
            yield Finding("schema_differs", found=str(error))

    def _heads(self, view: Auditing, flip: Flip) -> Iterator[Finding]:
        heads = {one.stream: one for one in view.streams()}
        for stream, check in self.checks.items():
            yield from check.close(heads.pop(stream, None))
        yield from unfounded(heads.values())

    def _board(self, view: Auditing, flip: Flip) -> Iterator[Finding]:
        for stream in map(participation_stream, flip.changed.either("school")):
            board = {one.school: one for one in view.board(only(stream))}
            if stream in self.taking_part:
                yield from _standing(self.run, stream, self.taking_part[stream], board)
            for school in board:
                yield Finding("standing_invented", participation_stream(school))

    def _log(self, view: Auditing, flip: Flip) -> Iterator[Finding]:
        check = LogCheck(view.log, self.known, published_delay(None))
        for stream, one in self.checks.items():
            check.count({stream: one.head.version})
        # What lies beside the leaves is changed more often than they are.
        leaves = view.log.leaves() if flip.of.table == "lifecycle_log_leaves" else self.leaves
        for leaf in leaves:
            yield from check.take(leaf)
        yield from check.close()

    def _checkpoints(self, view: Auditing, flip: Flip) -> Iterator[Finding]:
        known, unfit = opened(view.origin, self.keys, notes_of(view))
        yield from unfit
        yield from misplaced(view)
        yield from compared(known, len(self.roots), self.roots.__getitem__)

    def _beside(self, view: Auditing, flip: Flip) -> Iterator[Finding]:
        beside = Beside(view, self.run.files, self.grounds.erasures)
        for stream in flip.changed.either("stream") & self.records.keys():
            one = beside.stream(stream)
            for record in self.records[stream]:
                yield from one.take(record)
            yield from one.close()
        yield from beside.leftovers(self.checks)

    # -- evidence files ---------------------------------------------------------------------------

    def _file(self, flip: Flip, ask: Callable[[], bool]) -> Verdict:
        path = self.folder / flip.of.row["path"]
        path.chmod(0o600)
        path.write_bytes(flip.flipped)
        try:
            return _verdict(ask())
        finally:
            path.write_bytes(flip.of.value)

    def _altered(self, flip: Flip) -> bool:
        found = self.run.files.opened(flip.of.column, len(flip.of.value))
        return found is None or found.sha256 != flip.of.column

    # -- where ------------------------------------------------------------------------------------

    def _located(self, flip: Flip, found: Iterable[Finding]) -> bool:
        """Tell whether a finding that the sound history has not leads to the row."""
        return any(one not in self.sound and leads(one, flip.changed) for one in found)


def _copied(check: StreamCheck) -> StreamCheck:
    """Return a check that stands where *check* does."""
    other = StreamCheck(check.first.origin, check.first.stream)
    other.head = check.head
    return other


def _verdict(found: bool) -> Verdict:
    return "found" if found else "missed"
