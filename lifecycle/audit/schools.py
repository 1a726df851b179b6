"""The streams of the schools, a span at a time: screened, and checked in full where in doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from itertools import groupby
from operator import itemgetter
from typing import Any

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking, roles, unfounded
from lifecycle.audit.findings import Finding
from lifecycle.audit.identities import Oddities
from lifecycle.audit.parts import broke, part
from lifecycle.audit.personal import Beside, Tally
from lifecycle.audit.screen import Screen
from lifecycle.audit.shared import SHARED
from lifecycle.audit.vouched import vouched
from lifecycle.domain.decide import standing_of
from lifecycle.domain.model import Assignment, Head, Standing, participation_stream
from lifecycle.domain.ports import Auditing
from lifecycle.domain.replay import Participation, after
from lifecycle.domain.spans import Plain, Span, StoredRecord, only

SPAN_RECORDS = 20_000
"""About how many records are checked at a time: their board and heads are held meanwhile."""


@dataclass
class Outcome:
    """What a part of the history came to.

    Args:
        records: Records read.
        streams: Streams read.
        findings: In the order of the streams.
        odd: Records whose columns do not tell their ids.
        versions: How many records each stream has.
        tally: What became of the commitments.
        vouched: Schools whose decisions were not made again, for a checkpoint covers them.
    """

    records: int = 0
    streams: int = 0
    findings: list[Finding] = field(default_factory=list)
    odd: Oddities = field(default_factory=Oddities)
    versions: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    vouched: int = 0

    def join(self, other: Outcome) -> None:
        """Take in what another part came to."""
        self.records += other.records
        self.streams += other.streams
        self.findings += other.findings
        self.odd.join(other.odd)
        self.versions |= other.versions
        self.tally.join(other.tally)
        self.vouched += other.vouched


def spans_of(view: Auditing, records: int = SPAN_RECORDS) -> Iterator[Span]:
    """Yield spans of about *records* records, which together hold every stream but the shared.

    Where they begin and end matters for the work only: together they leave no name out.
    """
    (own, maps), count = SHARED, 0
    edges: list[str | None] = [None]
    for stream, size in view.sizes():
        count += size
        if count > records and stream.startswith(participation_stream("")):
            edges.append(stream)
            count = size
    between = [edge for edge in edges if edge is not None]
    yield Span(None, own.first)
    for first, last in zip([own.last, *between], [*between, maps.first], strict=True):
        yield Span(first, last)
    yield Span(maps.last, None)


def check_schools(run: Checking, view: Auditing, span: Span) -> Outcome:
    """Check every stream in *span*, with its heads, board and roles.

    Args:
        run: Counts and knows the grounds; its shared streams have been checked.
        view: One consistent view of the storage.
        span: Streams of schools, or such as nothing in the engine has.
    """
    before = run.records
    run.odd, run.versions, run.tally = Oddities(), {}, Tally()
    sifted = _screened(run, view, span)
    findings = [] if sifted.clean else list(part("schools", _full(run, view, span, sifted)))
    records, streams = run.records - before, len(run.versions)
    outcome = Outcome(records, streams, findings, run.odd, run.versions, run.tally)
    outcome.vouched = sifted.vouched
    return outcome


def check_all(view: Auditing, run: Checking, spans: Iterable[Span]) -> Iterator[Outcome]:
    """Check span after span."""
    return (check_schools(run, view, span) for span in spans)


@dataclass
class _Sifted:
    """What the screen made of a span.

    Args:
        passed: Streams that need no other look, and how many records each has.
        doubtful: Streams that do, in order.
        whole: Every row could be read.
        alone: Nothing is left beside the streams.
        tally: What became of commitments of the streams that were passed.
        vouched: How many of them a checkpoint covers as a whole.
    """

    passed: dict[str, int] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    whole: bool = False
    alone: bool = False
    tally: Tally = field(default_factory=Tally)
    vouched: int = 0

    @property
    def clean(self) -> bool:
        return self.whole and self.alone and not self.doubtful


def _screened(run: Checking, view: Auditing, span: Span) -> _Sifted:
    screen = run.screen(view.origin)
    try:
        with view.plain(span) as plain:
            covered = view.log.covered(span, run.since) if run.since else {}
            sifted = _sift(run, screen, plain, covered)
    except BaseException as error:
        if not broke(error):
            raise
        # As a text that is none: the full check reads it leniently and tells, or fails for good.
        return _Sifted()
    run.count(sum(sifted.passed.values()))
    run.versions |= sifted.passed
    run.tally.join(sifted.tally)
    return sifted


def _sift(run: Checking, screen: Screen, plain: Plain, covered: dict[str, int]) -> _Sifted:
    sifted = _Sifted()

    def fetched() -> Iterator[tuple[Any, ...]]:
        yield from plain.records
        sifted.whole = True

    for stream, rows in groupby(fetched(), key=itemgetter(0)):
        if not isinstance(stream, str):
            return _Sifted()  # In a column that was loosened: the full check gives it a name.
        head = plain.heads.get(stream)
        whole = head is not None and head[0] == covered.get(stream)
        whole = whole and not _kept_beside(screen, plain, stream)
        tally = _passed(run, screen, plain, stream, rows, whole=whole)
        if tally is not None:
            sifted.tally.join(tally)
            sifted.vouched += whole
            sifted.passed[stream] = plain.heads[stream][0]
            del plain.heads[stream]
            plain.standings.pop(stream.removeprefix(participation_stream("")), None)
            plain.held.pop(stream, None)
        else:
            sifted.doubtful.append(stream)
    sifted.alone = not (plain.heads or plain.standings or plain.held)
    # A row that could not be read may have ended a stream within the screen, which told nobody.
    return sifted if sifted.whole else _Sifted()


def _kept_beside(screen: Screen, plain: Plain, stream: str) -> bool:
    """Tell whether something is kept beside a stream, which the log does not fix."""
    return bool(plain.openings.get(stream) or plain.keys.get(stream) or screen.names(stream))


def _passed(
    run: Checking,
    screen: Screen,
    plain: Plain,
    stream: str,
    rows: Iterator[tuple[Any, ...]],
    *,
    whole: bool,
) -> Tally | None:
    """Return what became of a stream's commitments; ``None`` if it needs another look.

    A checkpoint covers all of it, where it is *whole*.
    """
    head = plain.heads.get(stream)
    try:
        if whole:
            passed = vouched(stream, rows, run.parser, run.grounds.definitions)
        else:
            openings, keys = plain.openings.get(stream), plain.keys.get(stream)
            passed = screen.follow(stream, rows, openings, keys)
    except Exception:  # whatever it was, the full check will tell
        return None
    school = passed.standing[0]
    held = [(record_id, stream, *rest) for record_id, *rest in passed.held]
    same = (
        head == passed.head
        and plain.standings.get(school) == passed.standing
        and plain.held.get(stream, []) == held
    )
    return passed.tally if same else None


def _beside(run: Checking, view: Auditing) -> Beside:
    return Beside(view, run.files, run.grounds.erasures, run.tally)


def _full(run: Checking, view: Auditing, span: Span, sifted: _Sifted) -> Iterator[Finding]:
    """Check in full what was not passed, and what is left beside it."""
    heads = {one.stream: one for one in view.streams(span) if one.stream not in sifted.passed}
    board = {
        one.school: one
        for one in view.board(span)
        if participation_stream(one.school) not in sifted.passed
    }
    held: list[Assignment] = []
    beside = _beside(run, view)
    for stream, rows in _doubtful(view, span, sifted):
        told = _school(run, view.origin, beside, stream, rows, heads, board, held)
        yield from part("school", told, stream)
    yield from unfounded(heads.values())
    for school in board:
        yield Finding("standing_invented", participation_stream(school), None, None, None, school)
    found = view.all_assignments(span)
    yield from roles(held, [one for one in found if one.stream not in sifted.passed])


def _doubtful(
    view: Auditing, span: Span, sifted: _Sifted
) -> Iterator[tuple[str, Iterator[StoredRecord]]]:
    if sifted.whole:
        yield from ((stream, view.stored(only(stream))) for stream in sifted.doubtful)
        return
    yield from groupby(view.stored(span), key=lambda one: one.stream)


def _school(
    run: Checking,
    origin: str,
    kept: Beside,
    stream: str,
    rows: Iterator[StoredRecord],
    heads: dict[str, Head],
    board: dict[str, Standing],
    held: list[Assignment],
) -> Iterator[Finding]:
    beside = kept.stream(stream)
    check = StreamCheck(origin, stream)
    participation: Participation | None = None
    for stored in rows:
        yield from run.read(check, stored)
        record = check.record
        if record is None:
            continue
        head = participation.head if participation else check.first
        yield from run.decided(head, participation, record, beside)
        try:
            participation = after(participation, record)
        except (ValueError, KeyError, TypeError) as error:
            yield Finding("not_replayable", stream, record.sequence, None, None, str(error))
    yield from run.close(check, heads.pop(stream, None))
    yield from beside.close()
    if participation is not None:
        yield from _standing(run, stream, participation, board)
        held.extend(participation.assignments)


def _standing(
    run: Checking, stream: str, participation: Participation, board: dict[str, Standing]
) -> Iterator[Finding]:
    found = board.pop(participation.school, None)
    definition = run.grounds.definitions.get(participation.definition.digest)
    if definition is None or participation.state not in definition.state:
        return  # Found at the record already.
    expected = standing_of(participation, definition)
    if found is None:
        yield Finding("standing_missing", stream, None, None, participation.school)
        return
    for member in fields(Standing):
        ours, theirs = getattr(expected, member.name), getattr(found, member.name)
        if ours != theirs:
            yield Finding("standing_differs", stream, None, member.name, str(ours), str(theirs))
