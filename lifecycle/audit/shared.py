"""The streams that decisions on schools look at: the installation and the road maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.checking import Checking, roles, unfounded
from lifecycle.audit.findings import Finding
from lifecycle.audit.personal import Beside, StreamBeside
from lifecycle.domain.model import INSTALLATION, Assignment, Credential, Head, roadmap_stream
from lifecycle.domain.plan import plan_after
from lifecycle.domain.ports import Auditing
from lifecycle.domain.record import Record, empty_head
from lifecycle.domain.replay import assignments_after
from lifecycle.domain.spans import StoredRecord, beginning, only

SHARED = (only(INSTALLATION), beginning(roadmap_stream("")))
"""Where these streams lie."""


def shared_streams(run: Checking, view: Auditing) -> Iterator[Finding]:
    """Check the streams that decisions on schools look at, then decide their records again.

    All of them are read before any is decided again: a road map's record may rest on a later
    stream, and the installation is needed by all. So they are read twice, and none is held.
    """
    heads = {head.stream: head for span in SHARED for head in view.streams(span)}
    for stream, rows in _streams(view):
        check = StreamCheck(view.origin, stream)
        for stored in rows:
            yield from run.read(check, stored)
            if check.record is not None:
                run.grounds.learn(check.record)
        run.grounds.versions[stream] = check.head.version
        yield from run.close(check, heads.pop(stream, None))
    held: list[Assignment] = []
    beside = Beside(view, run.files, run.grounds.erasures, run.tally)
    for stream, rows in _streams(view):
        yield from _decided(run, view.origin, beside.stream(stream), rows, held)
    yield from unfounded(heads.values())
    yield from roles(held, [one for span in SHARED for one in view.all_assignments(span)])
    yield from actors(run.grounds.actors, view.registered())
    yield from credentials(run.grounds.credentials, view.credentials())


def actors(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[Finding]:
    """Yield where the actors, each with the record that registered him, are stored otherwise."""
    odd = sorted(dict(expected.items() ^ found.items()))
    if odd:
        ours, theirs = (
            [f"{one} #{of[one]}" for one in odd if one in of] for of in (expected, found)
        )
        yield Finding("actors_differ", INSTALLATION, None, "actors", ours, theirs)


def credentials(
    expected: Mapping[str, Credential], stored: Iterable[Credential]
) -> Iterator[Finding]:
    """Yield the credentials that are stored otherwise than their records say."""
    found = {one.id: one for one in stored}
    for name in sorted(expected.keys() | found.keys()):
        ours, theirs = _credential(expected.get(name)), _credential(found.get(name))
        if found.get(name) != expected.get(name):
            yield Finding("credentials_differ", INSTALLATION, None, name, ours, theirs)


def _streams(view: Auditing) -> Iterator[tuple[str, Iterator[StoredRecord]]]:
    for span in SHARED:
        yield from groupby(view.stored(span), key=lambda one: one.stream)


def _decided(
    run: Checking,
    origin: str,
    beside: StreamBeside,
    rows: Iterator[StoredRecord],
    roles_held: list[Assignment],
) -> Iterator[Finding]:
    stream = beside.stream
    head: Head = empty_head(origin, stream)
    held: tuple[Assignment, ...] = ()
    plan = run.grounds.plans.setdefault(stream, {})
    check = StreamCheck(origin, stream)
    for stored in rows:
        for _ in check.take(stored):
            pass  # Found when it was read for the first time.
        record: Record | None = check.record
        if record is None:
            continue
        yield from run.decided(head, None, record, beside)
        held = assignments_after(held, record)
        plan_after(plan, record)
        head = record.head
    yield from beside.close()
    roles_held.extend(held)


def _credential(one: Credential | None) -> str | None:
    if one is None:
        return None
    until = f" until {one.expires_at}" if one.expires_at else ""
    revoked = f" revoked by #{one.revoked}" if one.revoked is not None else ""
    scopes = f" for {one.scopes}" if one.scopes else ""
    return f"{one.actor} {one.method} #{one.sequence} {one.proof}{scopes}{until}{revoked}"
