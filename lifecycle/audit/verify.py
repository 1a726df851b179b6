"""Verification of everything that is stored, in two passes over the records.

The first pass reads the streams that others rest on (the installation, the road maps), the
second the schools. Nothing is believed before it was checked; a broken record does not hide the
ones behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from itertools import chain, groupby
from zoneinfo import ZoneInfo

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checkpoints import Kept, notes_of, opened
from lifecycle.audit.findings import Finding, Report
from lifecycle.audit.log_check import LogCheck, published_delay
from lifecycle.audit.note import VerifierKey
from lifecycle.audit.personal import Beside, StreamBeside, file_in, stored_as_recorded
from lifecycle.audit.rules import Grounds, decide_again
from lifecycle.domain import canonical
from lifecycle.domain.decide import standing_of
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.guards import Guards
from lifecycle.domain.model import (
    INSTALLATION,
    Assignment,
    Credential,
    Head,
    Standing,
    participation_stream,
    roadmap_stream,
)
from lifecycle.domain.plan import plan_after
from lifecycle.domain.ports import Auditing, EvidenceStore, StoredFile, StoredRecord
from lifecycle.domain.record import Record
from lifecycle.domain.replay import Participation, after, assignments_after

Progress = Callable[[int], None]


@dataclass
class _Verification:
    """What one run has seen so far."""

    view: Auditing
    evidence: EvidenceStore
    grounds: Grounds
    heads: dict[str, Head]
    standings: dict[str, Standing]
    beside: Beside
    progress: Progress
    log: LogCheck
    records: int = 0
    streams: int = 0
    roles: list[Assignment] = field(default_factory=list)
    files: dict[str, StoredFile | None] = field(default_factory=dict)
    ids: set[bytes] = field(default_factory=set)


def verify(
    view: Auditing,
    evidence: EvidenceStore,
    guards: Guards,
    progress: Progress = lambda done: None,
    *,
    now: datetime | None = None,
    checkpoints: Sequence[Kept] = (),
    keys: Sequence[VerifierKey] = (),
) -> Report:
    """Check bodies, columns, chains, projections, definitions, evidence, decisions and the log.

    Args:
        view: One consistent view of the storage.
        evidence: The evidence store; every file named by a record is hashed again.
        guards: Guards in Python that the host registered.
        progress: Called with the number of records read, now and then.
        now: When this is checked; without it, what waits for the log may wait for ever.
        checkpoints: Checkpoints that were kept outside the database.
        keys: Whose checkpoints are believed, those in the database among them; without any,
            signatures are not looked at.
    """
    known, unfit = opened(view.origin, keys, [*notes_of(view), *checkpoints])
    findings = [Finding("schema_differs", found=text) for text in view.schema_findings()]
    definitions, altered = _definitions(view)
    grounds = Grounds(definitions, guards)
    run = _Verification(
        view=view,
        evidence=evidence,
        grounds=grounds,
        heads={head.stream: head for head in view.streams()},
        standings={one.school: one for one in view.standings()},
        beside=Beside(view, evidence, grounds.erasures),
        progress=progress,
        log=LogCheck(view.log, known),
    )
    findings += altered
    findings += _shared_streams(run)
    findings += _school_streams(run)
    findings += _leftovers(run)
    findings += unfit
    first = run.grounds.founding[0] if run.grounds.founding else None
    findings += run.log.run(published_delay(first), now)
    beside = run.beside
    counts = (beside.opened, beside.erased, beside.missing)
    return Report(run.records, run.streams, tuple(findings), *counts)


def _definitions(view: Auditing) -> tuple[dict[str, Definition], list[Finding]]:
    definitions: dict[str, Definition] = {}
    findings = []
    for digest, body in view.definitions():
        found = sha256(body).hexdigest()
        try:
            members = canonical.decode(body, limit=canonical.MAX_DEFINITION_BYTES)
            definition = Definition.from_json(members)
            _use(definition)
        except (InvalidBody, AttributeError, KeyError, TypeError, ValueError) as error:
            findings.append(Finding("definition_altered", None, None, "body", digest, str(error)))
            continue
        if found != digest:
            findings.append(Finding("definition_altered", None, None, "body", digest, found))
        else:
            definitions[digest] = definition
    return definitions, findings


def _use(definition: Definition) -> None:
    """Look up what decisions look up: members of wrong types are decoded without a murmur.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: It is no definition to decide by.
    """
    ZoneInfo(definition.roadmap.time_zone)
    names = (
        definition.state,
        definition.transition,
        definition.role,
        definition.evidence_kind,
        definition.fact,
    )
    for name in (definition.ref.id, *chain.from_iterable(names)):
        if not isinstance(name, str):
            raise TypeError(f"{name!r} is no name")


def _streams(run: _Verification, *, shared: bool) -> Iterator[tuple[str, Iterable[StoredRecord]]]:
    for stream, stored in groupby(run.view.stored(), key=lambda one: one.stream):
        if (stream == INSTALLATION or stream.startswith(roadmap_stream(""))) == shared:
            yield stream, stored


def _shared_streams(run: _Verification) -> Iterator[Finding]:
    """Check the streams that decisions on schools look at, then decide their records again.

    All of them are read before any is decided again: a road map's record may rest on a later
    stream, and the installation is needed by all.
    """
    checks = []
    for stream, rows in _streams(run, shared=True):
        check = StreamCheck(run.view.origin, stream)
        for stored in rows:
            yield from _read(run, check, stored)
        yield from _close(run, check)
        checks.append(check)
        for record in check.records:
            run.grounds.learn(record)
        run.grounds.versions[stream] = check.head.version
    for check in checks:
        head = check.first
        held: tuple[Assignment, ...] = ()
        plan = run.grounds.plans.setdefault(head.stream, {})
        beside = run.beside.stream(head.stream)
        for record in check.records:
            yield from _decided(run, head, None, record)
            yield from _evidence(run, beside, record)
            held = assignments_after(held, record)
            plan_after(plan, record)
            head = record.head
        yield from beside.close()
        run.roles.extend(held)


def _school_streams(run: _Verification) -> Iterator[Finding]:
    for stream, rows in _streams(run, shared=False):
        check = StreamCheck(run.view.origin, stream)
        beside = run.beside.stream(stream)
        participation: Participation | None = None
        for stored in rows:
            seen = len(check.records)
            yield from _read(run, check, stored)
            for record in check.records[seen:]:
                head = participation.head if participation else check.first
                yield from _decided(run, head, participation, record)
                yield from _evidence(run, beside, record)
                try:
                    participation = after(participation, record)
                except (ValueError, KeyError, TypeError) as error:
                    yield Finding("not_replayable", stream, record.sequence, None, None, str(error))
        yield from _close(run, check)
        yield from beside.close()
        yield from _standing(run, stream, participation)
        run.roles.extend(participation.assignments if participation else ())


def _read(run: _Verification, check: StreamCheck, stored: StoredRecord) -> Iterator[Finding]:
    run.records += 1
    if run.records % 1000 == 0:
        run.progress(run.records)
    seen = len(check.records)
    yield from check.take(stored)
    for record in check.records[seen:]:
        yield from _ids(run, record)


def _ids(run: _Verification, record: Record) -> Iterator[Finding]:
    """Yield which ids of *record* another one had already: by the bodies, no index is asked."""
    for name in ("record_id", "command_id"):
        value = getattr(record, name)
        # Half a digest each: millions of them are held at once.
        key = sha256(f"{name} {value}".encode()).digest()[:16]
        if key in run.ids:
            yield Finding("id_repeated", record.stream, record.sequence, name, None, value)
        run.ids.add(key)


def _close(run: _Verification, check: StreamCheck) -> Iterator[Finding]:
    run.streams += 1
    run.log.count(check.head.stream, check.head.version)
    yield from check.close(run.heads.pop(check.head.stream, None))


def _decided(
    run: _Verification, head: Head, participation: Participation | None, record: Record
) -> Iterator[Finding]:
    rules = record.definition
    if rules is not None and rules.digest not in run.grounds.definitions:
        yield Finding(
            "definition_missing", record.stream, record.sequence, "definition", rules.digest
        )
        return
    yield from decide_again(run.grounds, head, participation, record)


def _evidence(run: _Verification, beside: StreamBeside, record: Record) -> Iterator[Finding]:
    yield from beside.take(record)
    for piece in record.evidence:
        if piece.sha256 is None or piece.content is not None:
            continue
        if piece.sha256 not in run.files:
            run.files[piece.sha256] = file_in(run.evidence, piece.sha256)
        yield from stored_as_recorded(record, piece, run.files[piece.sha256])


def _standing(
    run: _Verification, stream: str, participation: Participation | None
) -> Iterator[Finding]:
    if participation is None:
        return
    found = run.standings.pop(participation.school, None)
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


def _leftovers(run: _Verification) -> Iterator[Finding]:
    """Yield what is stored beside the records without a record behind it."""
    for head in run.heads.values():
        yield Finding("stream_empty", head.stream, None, "version", 0, head.version)
    for school in run.standings:
        yield Finding("standing_invented", participation_stream(school), None, None, None, school)
    expected = sorted(run.roles, key=_place)
    found = sorted(run.view.all_assignments(), key=_place)
    for stream in sorted({one.stream for one in {*expected, *found}}):
        ours = [_role(one) for one in expected if one.stream == stream]
        theirs = [_role(one) for one in found if one.stream == stream]
        if ours != theirs:
            yield Finding("roles_differ", stream, None, "roles", ours, theirs)
    yield from run.beside.leftovers()
    actors = sorted(run.grounds.actors)
    if actors != run.view.actors():
        yield Finding("actors_differ", INSTALLATION, None, "actors", actors, run.view.actors())
    known = {one.id: one for one in run.view.credentials()}
    proven = run.grounds.credentials
    for name in sorted(known.keys() | proven.keys()):
        if known.get(name) != proven.get(name):
            expected_one, found_one = _credential(proven.get(name)), _credential(known.get(name))
            yield Finding("credentials_differ", INSTALLATION, None, name, expected_one, found_one)


def _place(held: Assignment) -> tuple[str, int, str]:
    return held.stream, held.sequence, held.record_id


def _credential(one: Credential | None) -> str | None:
    if one is None:
        return None
    until = f" until {one.expires_at}" if one.expires_at else ""
    revoked = f" revoked by #{one.revoked}" if one.revoked is not None else ""
    scopes = f" for {one.scopes}" if one.scopes else ""
    return f"{one.actor} {one.method} #{one.sequence} {one.proof}{scopes}{until}{revoked}"


def _role(held: Assignment) -> str:
    return f"{held.actor} {held.role} #{held.sequence} {held.record_id}"
