"""Verification of everything that is stored, in two steps for most of it.

First the streams that others rest on (the installation, the road maps) are checked in full, then
the schools: a screen passes what is plainly lawful, and the full check looks at everything else.
Nothing is believed before it was checked; a broken record does not hide the ones behind it.
See docs/decisions/0012-verification-in-two-steps.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import chain
from zoneinfo import ZoneInfo

from lifecycle.audit.checking import Checking, Progress
from lifecycle.audit.checkpoints import Kept, Known, misplaced, notes_of, opened
from lifecycle.audit.findings import Finding, Report
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import repeated_ids
from lifecycle.audit.log_check import LogCheck
from lifecycle.audit.note import VerifierKey
from lifecycle.audit.parts import part
from lifecycle.audit.personal import Beside
from lifecycle.audit.rows import odd_rows
from lifecycle.audit.schools import Outcome, check_all, spans_of
from lifecycle.audit.shared import shared_streams
from lifecycle.audit.spelling import STANDARD, Parser
from lifecycle.domain import canonical
from lifecycle.domain.administration import published_delay
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.guards import Guards
from lifecycle.domain.ports import Auditing
from lifecycle.domain.spans import Span

Spread = Callable[[Checking, Sequence[Span]], Iterable[Outcome]]
"""Begins to check spans of schools on the grounds that a run found, and gives what they came to."""


def verify(
    view: Auditing,
    evidence: EvidenceStore,
    guards: Guards,
    progress: Progress = lambda done: None,
    *,
    parser: Parser = STANDARD,
    spread: Spread | None = None,
    now: datetime | None = None,
    checkpoints: Sequence[Kept] = (),
    keys: Sequence[VerifierKey] = (),
    since: Kept | None = None,
) -> Report:
    """Check bodies, columns, chains, projections, definitions, evidence, decisions and the log.

    Args:
        view: One consistent view of the storage.
        evidence: The evidence store; every file named by a record is hashed again.
        guards: Guards in Python that the host registered.
        progress: Called with the number of records read, now and then.
        parser: Reads bodies for the screen; another one may be faster.
        spread: Checks the schools in several processes; without it, it is done here.
        now: When this is checked; without it, what waits for the log may wait for ever.
        checkpoints: Checkpoints that were kept outside the database.
        keys: Whose checkpoints are believed, those in the database among them; without any,
            signatures are not looked at.
        since: A checkpoint of a log that was verified before. Of the schools that have no later
            record, the bodies are hashed and columns, heads, board and roles compared with them;
            decisions are not made again, nor files read: they are what they were if the root is.
    """
    known, verified, unfit = _checkpoints(view, keys, checkpoints, since)
    definitions, altered = _definitions(view)
    grounds = Grounds(definitions, guards)
    run = Checking(evidence, grounds, progress, parser, _leaves(view, verified))
    total = Outcome(findings=[*altered, *part("shared streams", shared_streams(run, view))])
    total.findings += _invented(definitions, run.grounds)
    total.join(Outcome(run.records, len(run.versions), [], run.odd, run.versions, run.tally))
    # Other processes, if there are any, are at work from here on.
    outcomes = (spread or partial(check_all, view))(run, list(spans_of(view)))
    damage = [Finding("schema_differs", found=text) for text in view.schema_findings()]
    first = run.grounds.founding[0] if run.grounds.founding else None
    log = LogCheck(view.log, known, published_delay(first), now)
    grown = list(part("log", log.take_all()))
    for outcome in outcomes:
        total.join(outcome)
    beside = Beside(view, run.files, run.grounds.erasures, total.tally)
    log.count(total.versions)
    findings = [
        *damage,
        *part("rows", odd_rows(view, indexed=not damage)),
        *total.findings,
        *part("leftovers", beside.leftovers(total.versions)),
        *part("ids", repeated_ids(view, total.odd, indexed=not damage)),
        *unfit,
        *grown,
        *part("log", log.close()),
    ]
    counts = (total.tally.opened, total.tally.erased, total.tally.missing, total.vouched)
    size = verified[0].checkpoint.size if verified else None
    return Report(total.records, total.streams, tuple(findings), *counts, since=size)


def _checkpoints(
    view: Auditing, keys: Sequence[VerifierKey], kept: Sequence[Kept], since: Kept | None
) -> tuple[list[Known], list[Known], list[Finding]]:
    """Return every checkpoint, the one that was verified before, and which are none."""
    known, unfit = opened(view.origin, keys, [*notes_of(view), *kept])
    verified, doubted = opened(view.origin, keys, [since] if since else [])
    return known + verified, verified, [*unfit, *doubted, *misplaced(view)]


def _leaves(view: Auditing, verified: Sequence[Known]) -> int:
    """Return how many leaves a checkpoint vouches for; none, if the log has not so many."""
    size = verified[0].checkpoint.size if verified else 0
    return size if size <= view.log.state().size else 0


def _invented(definitions: dict[str, Definition], grounds: Grounds) -> list[Finding]:
    """Return the definitions that no road map was put in force with."""
    unnamed = sorted(definitions.keys() - set(grounds.rules.values()))
    return [Finding("definition_invented", None, None, "digest", None, one) for one in unnamed]


def _definitions(view: Auditing) -> tuple[dict[str, Definition], list[Finding]]:
    definitions: dict[str, Definition] = {}
    findings = []
    for digest, body in view.definitions():
        found = sha256(body).hexdigest()
        try:
            members = canonical.decode(body, limit=canonical.MAX_DEFINITION_BYTES)
            definition = Definition.from_json(members)
            _use(definition)
        except (InvalidBody, LookupError, AttributeError, TypeError, ValueError, OSError) as error:
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
        AttributeError, LookupError, TypeError, ValueError: It is no definition to decide by.
        OSError: Its time zone is the name of a folder, or of nothing that a file can be called.
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
