"""Checkpoints against the log: which are believed, what they show, and the next one to sign."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lifecycle.audit.findings import Finding
from lifecycle.audit.merkle import Frontier, leaf_hash, root_of
from lifecycle.audit.note import (
    Checkpoint,
    NoteInvalid,
    VerifierKey,
    open_checkpoint,
    origin_line,
    parse_note,
)
from lifecycle.audit.tiles import Tiles
from lifecycle.domain.ports import Auditing

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint that somebody kept: where, and the text of the note."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """A checkpoint that was read and, as far as keys were given, is signed by one of them."""

    where: str
    checkpoint: Checkpoint


def opened(
    origin: str, keys: Sequence[VerifierKey], notes: Iterable[Kept]
) -> tuple[list[Known], list[Finding]]:
    """Read checkpoints.

    Args:
        origin: Id of the installation whose they should be.
        keys: Trusted; with none, nobody's signature is asked for.
        notes: As they were kept.

    Returns:
        Those to be compared with the log, and what is wrong with the others.
    """
    known, findings = [], []
    for kept in notes:
        found = _opened(origin, keys, kept)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            known.append(Known(kept.where, found))
    return known, findings


def compared(known: Sequence[Known], size: int, root_at: Callable[[int], bytes]) -> list[Finding]:
    """Return where the log is not the one that checkpoints fixed.

    Args:
        known: The checkpoints.
        size: How many leaves the log has.
        root_at: Gives the log's root at a size up to that one.
    """
    findings = list(_split(known))
    same, other = [0], []
    for one in sorted(known, key=lambda each: each.checkpoint.size):
        checkpoint = one.checkpoint
        if checkpoint.size > size:
            findings.append(
                Finding("checkpoint_ahead", None, None, one.where, checkpoint.size, size)
            )
            continue
        root = root_at(checkpoint.size)
        if root == checkpoint.root:
            same.append(checkpoint.size)
            continue
        other.append(checkpoint.size)
        findings.append(
            Finding("checkpoint_differs", None, None, one.where, checkpoint.root.hex(), root.hex())
        )
    if other:
        agreed = max((size for size in same if size < other[0]), default=0)
        findings.append(Finding("log_forked", None, None, None, agreed, other[0]))
    return findings


def reached(view: Auditing, known: Sequence[Known]) -> set[str]:
    """Return where checkpoints were kept that a sound log comes to once all that waits is sealed.

    Args:
        view: Of a history that was verified: nothing but checkpoints ahead of the log was found.
        known: The checkpoints.
    """
    state = view.log.state()
    frontier = Frontier.from_bytes(state.size, state.frontier)
    waiting = {(one.stream, one.sequence): one.recorded_at for one in view.log.queued()}
    # In the order of the sequencer.
    leaves = sorted(
        (waiting[place], *place, one.hash)
        for one in view.stored()
        if (place := (one.stream, one.sequence)) in waiting
    )
    found: set[str] = set()
    for *_, record_hash in leaves:
        frontier.append(bytes.fromhex(str(record_hash)))
        told = (frontier.size, frontier.root())
        found |= {one.where for one in known if (one.checkpoint.size, one.checkpoint.root) == told}
    return found


def notes_of(view: Auditing) -> list[Kept]:
    """Return the checkpoints that the database keeps."""
    return [Kept(f"database/{one.size}", one.note) for one in view.log.checkpoints()]


def misplaced(view: Auditing) -> Iterator[Finding]:
    """Yield the checkpoints that the database keeps under another size than they are of."""
    for one in view.log.checkpoints():
        try:
            size = Checkpoint.parse(parse_note(one.note).text).size
        except NoteInvalid:
            continue  # Found when it is opened.
        if size != one.size:
            where = f"database/{one.size}"
            yield Finding("checkpoint_misplaced", None, None, where, size, one.size)


def next_checkpoint(
    view: Auditing,
    keys: Sequence[VerifierKey],
    notes: Iterable[Kept],
    progress: Progress = lambda done: None,
) -> Checkpoint | list[Finding]:
    """Return the checkpoint of the log as it is, to be signed; or why nobody may sign it.

    The log must extend every checkpoint given and miss no record, and the stored bodies of all
    that is new since the latest of them are hashed again.

    Args:
        view: One consistent view of the storage.
        keys: Whose checkpoints are believed: the log's, those before it among them.
        notes: Every checkpoint known, of the database and outside of it.
        progress: Called with the number of bodies hashed, now and then.

    Raises:
        DatabaseBroken: Leaves are missing.
    """
    known, findings = opened(view.origin, keys, notes)
    state, tiles = view.log.state(), Tiles(view.log.tile, view.log.hashes)
    findings += compared(known, state.size, lambda size: root_of(size, tiles.node))
    if findings:
        return findings
    frontier = tiles.frontier(max((one.checkpoint.size for one in known), default=0))
    broken = hashed(view, frontier, None, progress)
    if broken is not None:
        return [broken]
    if (state.size, state.frontier) != (frontier.size, frontier.to_bytes()):
        return [Finding("log_state_differs", None, None, "size", frontier.size, state.size)]
    kept_from_it = list(incomplete(view, frontier.size))
    return kept_from_it or Checkpoint(origin_line(view.origin), frontier.size, frontier.root())


def incomplete(view: Auditing, size: int) -> Iterator[Finding]:
    """Yield a finding if some record is neither a leaf nor waiting to become one.

    Whoever takes a record out of the queue keeps it from ever being signed. Only counted here;
    which one it is, verification tells.
    """
    waiting = sum(one.recorded_at is not None for one in view.log.queued())
    recorded = sum(head.version for head in view.streams())
    if recorded != size + waiting:
        yield Finding("log_incomplete", None, None, None, recorded, size + waiting)


def hashed(
    view: Auditing, frontier: Frontier, size: int | None, progress: Progress = lambda done: None
) -> Finding | None:
    """Let a right edge grow by the stored bodies; return the first that is not what it should be.

    Args:
        view: One consistent view of the storage.
        frontier: Of the log at some size; it is grown in place.
        size: To where; ``None`` for all leaves there are.
        progress: Called with the number of bodies hashed, now and then.
    """
    if frontier.size == size:
        return None
    for leaf, body in view.log.bodies(frontier.size):
        if leaf.idx != frontier.size:
            place = (leaf.stream, leaf.sequence, "idx")
            return Finding("log_gap", *place, frontier.size, leaf.idx)
        computed = leaf_hash(body)
        if computed.hex() != leaf.hash:
            place = (leaf.stream, leaf.sequence, "hash")
            return Finding("body_altered", *place, computed.hex(), leaf.hash)
        frontier.append(computed)
        if frontier.size % 1000 == 0:
            progress(frontier.size)
        if frontier.size == size:
            break
    return None


def _opened(origin: str, keys: Sequence[VerifierKey], kept: Kept) -> Checkpoint | Finding:
    try:
        checkpoint = Checkpoint.parse(parse_note(kept.text).text)
    except NoteInvalid as error:
        return Finding("checkpoint_invalid", None, None, kept.where, None, error.message)
    if checkpoint.origin != origin_line(origin):
        expected, found = origin_line(origin), checkpoint.origin
        return Finding("checkpoint_foreign", None, None, kept.where, expected, found)
    try:
        return open_checkpoint(kept.text, keys) if keys else checkpoint
    except NoteInvalid as error:
        return Finding("checkpoint_forged", None, None, kept.where, None, error.message)


def _split(known: Sequence[Known]) -> Iterator[Finding]:
    """Yield where two checkpoints of one size have different roots."""
    first: dict[int, Known] = {}
    for one in known:
        other = first.setdefault(one.checkpoint.size, one)
        if other.checkpoint.root != one.checkpoint.root:
            yield Finding(
                "checkpoint_split", None, None, one.where, other.where, one.checkpoint.size
            )
