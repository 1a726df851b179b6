"""What verification finds, each finding with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from lifecycle.domain.messages import Message

# Each code with what it says; {expected} is what the history proves, {found} what lies there.
TEMPLATES = {
    "body_altered": "the stored body does not have the stored hash",
    "body_invalid": "the stored body is not a record: {found}",
    "column_differs": "column {field} says {found}, the body says {expected}",
    "foreign_record": "the record belongs to {found}, not to {expected}",
    "sequence_gap": "record {expected} is missing; the next one is {found}",
    "chain_broken": "the record follows {found}, but the one before it is {expected}",
    "id_repeated": "another record has the {field} {found} as well",
    "time_runs_back": "recorded at {found}, before the record it follows ({expected})",
    "head_differs": "the stream's head says {field} {found}, its records say {expected}",
    "stream_empty": "the stream has a head at version {found}, but no record",
    "not_replayable": "the records do not add up: {found}",
    "standing_differs": "the board says {field} {found}, the history says {expected}",
    "standing_missing": "the school is not on the board",
    "standing_invented": "the board shows a school that has no history",
    "roles_differ": "the roles held are stored as {found}, the history says {expected}",
    "actors_differ": "actors are stored as {found}, the history says {expected}",
    # Who acted.
    "credentials_differ": "credentials are stored as {found}, the history says {expected}",
    "request_differs": "what the record says was asked has the digest {expected}, not {found}",
    "definition_missing": "the definition {expected} is not stored",
    "definition_altered": "the stored definition {expected} has the digest {found}",
    "definition_invented": "no road map was ever put in force with the stored definition {found}",
    "evidence_missing": "evidence {field} is not in the store: {expected}",
    "evidence_altered": "evidence {field} was {expected}, the file in the store is {found}",
    "decision_refused": "decided again by the rules then in force, it is refused: {found}",
    "decision_differs": "decided again, {field} comes out as {expected}, not {found}",
    "decision_outdated": "refused by what had been recorded elsewhere before it: {found}",
    "consulted_missing": "it rests on version {found} of {field}, which has {expected} record(s)",
    "consulted_runs_back": "it rests on version {found} of {field}, one before it on {expected}",
    "recorded_before_consulted": "recorded at {found}, but it rests on what was recorded later,"
    " at {expected}",
    # The log and what was signed of it.
    "recorded_out_of_order": "recorded at {found}, but the log has what was recorded later, at"
    " {expected}, before it",
    "recorded_ahead": "recorded at {found}, which is ahead of the clock ({expected})",
    "log_gap": "leaf {expected} of the log is missing; the next one is {found}",
    "log_order": "the log has record {found} of the stream where {expected} belongs",
    "log_leaf_invented": "leaf {found} of the log names a record that is not there",
    "log_leaf_missing": "the log has {found} of the {expected} records of the stream",
    "log_state_differs": "the log's {field} is stored as {found}, its leaves say {expected}",
    "log_tile_missing": "tile {field} of the log is not stored",
    "log_tile_differs": "tile {field} of the log does not hold the hashes of its leaves",
    "log_tile_invented": "tile {field} of the log has no leaves below it",
    "log_queue_invented": "what waits for the log is no record, is a leaf already or is early",
    "log_incomplete": "the streams have {expected} records, the log and its queue have {found}",
    "log_queue_ahead": "waits for the log since {found}, which is ahead of the clock",
    "log_queue_late": "recorded at {found} and not in the log yet; {expected} s are allowed",
    "log_forked": "as signed up to record {expected} at least; at {found} the log is another one:"
    " it was rewritten, or set back to a copy and continued",
    "checkpoint_invalid": "{field} is no checkpoint: {found}",
    "checkpoint_foreign": "{field} is a checkpoint of {found}, not of {expected}",
    "checkpoint_forged": "{field} is not signed by a key that you trust: {found}",
    "checkpoint_misplaced": "{field} is kept as if it covered {found} records, it covers"
    " {expected}",
    "checkpoint_ahead": "{field} covers {expected} records, the log has {found}: records were cut"
    " off, or an older copy lies in its place",
    "checkpoint_differs": "{field} fixed the root {expected}, the log's is {found}",
    "checkpoints_gone": "the database keeps {expected} signed checkpoint(s), and in the places"
    " named lies none: they were taken away, or never kept there",
    "checkpoint_split": "{field} and {expected} give {found} records different roots: somebody"
    " was shown another history",
    # Beside the records: comments, file names, personal files.
    "opening_missing": "what {expected} commits to is missing, and no erasure covers it",
    "opening_differs": "what is kept for {expected} is not what the record committed to",
    "opening_invented": "{field} {found} is kept for a record that does not bear it",
    "key_missing": "the key of {expected} is missing, and no erasure covers it",
    "key_differs": "{expected} does not open with its key to what the record committed to",
    "erasure_incomplete": "erased by {expected}, but still there: {found}",
    "erasure_of_nothing": "it erases {found}, which is no record before it",
    "row_doubled": "{field} has several rows of one key: {found}",
    "row_unfilled": "a row has no value in {field}, which must have one; its key: {found}",
    "row_misplaced": "rows of {field} lie in {found}, where nobody looks for those of this stream",
    "check_broken_off": "the check of {field} broke off, and more may be wrong there: {found}",
    "schema_differs": "tables or triggers are not those of this release: {found}",
}

SHOWN: Final = 1000
"""Characters of a stored value that a finding shows; a forger's may have any number of them."""

_TOLD: Final = ("expected", "found")
_BEFORE: Final = 100  # characters before the first that differs


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what is stored and what the history proves.

    Args:
        code: Key of ``TEMPLATES``.
        stream: Where, as far as it can be told.
        sequence: Record in the stream.
        field: Member or column.
        expected: What it should be.
        found: What it is.
    """

    code: str
    stream: str | None = None
    sequence: int | None = None
    field: str | None = None
    expected: Any = None
    found: Any = None

    def __post_init__(self) -> None:
        """Keep of what is stored as much as can be shown: a loosened column may hold anything."""
        # Of two long values that begin alike is shown where they differ.
        start = _differing(self.expected, self.found)
        for one in fields(self):
            value = getattr(self, one.name)
            kept = _kept(value, start if one.name in _TOLD else 0)
            if kept is not value:
                place = isinstance(kept, Message) and one.name not in _TOLD
                object.__setattr__(self, one.name, str(kept) if place else kept)

    @property
    def message(self) -> Message:
        """The finding in words, without its place."""
        facts = {"field": self.field, "expected": self.expected, "found": self.found}
        return Message(TEMPLATES[self.code], facts)

    @property
    def place(self) -> str:
        """Where it was found, as ``stream#sequence``."""
        stream = self.stream or "database"
        return stream if self.sequence is None else f"{stream}#{self.sequence}"


@dataclass(frozen=True, slots=True)
class Report:
    """What verification came to.

    Args:
        records: Records read.
        streams: Streams read.
        findings: Every finding; empty for a sound history.
        opened: Commitments to comments, file names and personal files whose opening fits.
        erased: Such commitments that were erased lawfully.
        missing: Such commitments that nothing opens, without an erasure.
        vouched: Schools without a record later than that checkpoint: their bodies were hashed and
            compared with all that lies beside them, but their decisions were not made again.
        since: Size of the checkpoint that was gone on from, if one was.
    """

    records: int
    streams: int
    findings: tuple[Finding, ...]
    opened: int = 0
    erased: int = 0
    missing: int = 0
    vouched: int = 0
    since: int | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def _differing(expected: Any, found: Any) -> int:
    """Return from where two values are to be shown: their beginning, if that tells them apart."""
    if isinstance(expected, bytes) or isinstance(found, bytes):
        return 0
    one, other = str(expected), str(found)
    if one[:SHOWN] != other[:SHOWN] or one == other:
        return 0
    at = next(
        place for place in range(0, max(map(len, (one, other))), SHOWN)
        if one[place : place + SHOWN] != other[place : place + SHOWN]
    )  # fmt: skip
    while one[at : at + 1] == other[at : at + 1]:  # one of them may end there
        at += 1
    return at - _BEFORE


def _kept(value: Any, start: int = 0) -> Any:
    """Return a value as a finding keeps it: a part of a long one, and how long it is.

    Bytes and odd numbers are kept as they are written.
    """
    if isinstance(value, Message):
        told = {name: _kept(one) for name, one in value.parameters.items()}
        return Message(value.template, told)
    if isinstance(value, bytes):
        spelt = repr(value[:SHOWN])
        length = {"start": spelt[:SHOWN], "length": len(value)}
        return spelt if len(value) <= SHOWN else Message("{start}… ({length} bytes in all)", length)
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if len(text) <= SHOWN:
        return value
    shown = text[start : start + SHOWN]
    length = {"start": f"…{shown}" if start else shown, "length": len(text)}
    return Message("{start}… ({length} characters in all)", length)


def codes(findings: Iterable[Finding]) -> list[str]:
    """Return the codes of findings, each once, sorted."""
    return sorted({one.code for one in findings})
