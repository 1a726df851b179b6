"""The audit bundle: what an auditor needs, in one archive, with the program that verifies it.

The archive is the same to the byte for the same history, checkpoint and choice: fixed times, a
fixed order, nothing of this machine. Only records under the newest checkpoint are in it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import IO, Any, Final

from lifecycle.audit.merkle import consistency_proof, inclusion_proof
from lifecycle.audit.note import Checkpoint, NoteInvalid, VerifierKey, parse_note
from lifecycle.audit.proof import Growth, Inclusion
from lifecycle.audit.tiles import Tiles
from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody, StorageFailed
from lifecycle.domain.errors_log import NoCheckpoint
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.model import INSTALLATION, participation_stream, roadmap_stream
from lifecycle.domain.ports import Auditing

FORMAT: Final = "school-lifecycle/bundle/1"

MOST_CHECKPOINTS: Final = 4096
"""So many of the newest are in a bundle; the verifier reads no more."""

_WHEN: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that an archive can name
_MODE: Final = 0o644 << 16
_UNIX: Final = 3
_CHUNK: Final = 1 << 16
_STEP: Final = 10  # records between two reports of progress

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be in a bundle.

    Args:
        schools: Only these schools, and the streams that their decisions looked at; ``None`` for
            the whole history.
        evidence: With the evidence files, personal ones encrypted as they are stored.
        keys: The log's public keys, its earlier ones among them, for auditors who have them from
            elsewhere as well.
        findings: How many findings the history had; more than none only where it is wanted so.
        since: Further signed checkpoints to prove the growth from.
    """

    schools: tuple[str, ...] | None = None
    evidence: bool = False
    keys: tuple[VerifierKey, ...] = ()
    findings: int = 0
    since: tuple[str, ...] = ()


@dataclass
class Summary:
    """What a bundle came to.

    Args:
        origin: Id of the installation.
        size: Records under the newest checkpoint.
        records: Records in the bundle.
        later: Records of the log that no checkpoint covers yet, so that they are not in it.
        definitions: Definitions in it.
        files: Evidence files in it.
        absent: Evidence files that records name and that are not in the store, or not of the
            length that was recorded.
    """

    origin: str
    size: int
    records: int = 0
    later: int = 0
    definitions: int = 0
    files: int = 0
    absent: int = 0
    _named: dict[str, int] = field(default_factory=dict)


def verifier() -> bytes:
    """Return the text of the stand-alone verifier."""
    return resources.files("lifecycle.audit").joinpath("standalone.py").read_bytes()


def write_bundle(
    file: IO[bytes],
    view: Auditing,
    evidence: EvidenceStore,
    choice: Choice,
    progress: Progress = lambda done: None,
) -> Summary:
    """Write a bundle.

    Args:
        file: Where to; it can be sought in.
        view: One consistent view of the storage.
        evidence: The evidence store.
        choice: What is to be in it.
        progress: Called with the number of records written, now and then.

    Raises:
        NoCheckpoint: Nothing was signed yet.
        NoteInvalid: The newest checkpoint is none.
        StorageFailed: The log is not all there.
    """
    notes = [one.note for one in view.log.checkpoints()]
    if not notes:
        raise NoCheckpoint(view.origin)
    newest = Checkpoint.parse(parse_note(notes[-1]).text)
    summary = Summary(view.origin, newest.size, later=view.log.state().size - newest.size)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        _put(archive, "README.txt", _readme())
        _put(archive, "verify.py", verifier())
        _put(archive, "bundle.json", canonical.encode(_about(view.origin, newest.size, choice)))
        if choice.keys:
            _put(archive, "log.key", "".join(f"{one.text}\n" for one in choice.keys).encode())
        _put(archive, "checkpoint", notes[-1].encode())
        for number, note in enumerate(notes[-MOST_CHECKPOINTS:-1], 1):
            _put(archive, f"checkpoints/{number}", note.encode())
        places = _records(archive, view, newest.size, choice, summary, progress)
        if choice.schools is not None:
            _proofs(archive, view, newest.size, notes, places, choice)
        for digest, body in view.definitions():
            summary.definitions += 1
            _put(archive, f"definitions/{digest}", body)
        if choice.evidence:
            _evidence(archive, evidence, summary)
    return summary


def _about(origin: str, size: int, choice: Choice) -> dict[str, Any]:
    schools = None if choice.schools is None else sorted(set(choice.schools))
    return {
        "format": FORMAT,
        "origin": origin,
        "size": size,
        "schools": schools,
        "evidence": choice.evidence,
        "findings": choice.findings,
    }


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr, entry.create_system = _MODE, _UNIX
    return entry


def _records(
    archive: zipfile.ZipFile,
    view: Auditing,
    size: int,
    choice: Choice,
    summary: Summary,
    progress: Progress,
) -> list[int]:
    """Write the bodies by their leaves, and return the index of each."""
    wanted = None if choice.schools is None else {*map(participation_stream, choice.schools)}
    places: list[int] = []
    with archive.open(_entry("records.jsonl"), "w", force_zip64=True) as file:
        for leaf, body in view.log.bodies(0):
            if leaf.idx >= size:
                break
            if wanted is not None and not _shared(leaf.stream) and leaf.stream not in wanted:
                continue
            file.write(body + b"\n")
            if wanted is not None:
                places.append(leaf.idx)
            summary.records += 1
            if choice.evidence:
                _note(body, summary)
            if summary.records % _STEP == 0:
                progress(summary.records)
    return places


def _shared(stream: str) -> bool:
    return stream == INSTALLATION or stream.startswith(roadmap_stream(""))


def _note(body: bytes, summary: Summary) -> None:
    """Note which files a record names; a broken one names none."""
    try:
        pieces = canonical.parse(body)["evidence"]
        for one in pieces:
            if one["form"] == "file":
                summary._named.setdefault(str(one["sha256"]), one["size"])
    except (InvalidBody, KeyError, TypeError, AttributeError):
        return


def _proofs(
    archive: zipfile.ZipFile,
    view: Auditing,
    size: int,
    notes: Sequence[str],
    places: Sequence[int],
    choice: Choice,
) -> None:
    """Write a proof of inclusion for each record, and of growth for each older checkpoint."""
    node = Tiles(view.log.tile, view.log.hashes).node
    for index in places:
        proof = Inclusion(index, tuple(inclusion_proof(index, size, node)), notes[-1])
        _put(archive, f"proofs/{index}", proof.text.encode())
    older = [*notes[:-1], *choice.since]
    for old in sorted(set(map(_size, older))):
        if 0 < old < size:
            growth = Growth(old, tuple(consistency_proof(old, size, node)), notes[-1])
            _put(archive, f"growth/{old}", growth.text.encode())


def _size(note: str) -> int:
    """Return the size of a kept checkpoint; 0 of what is none, which verification finds."""
    try:
        return Checkpoint.parse(parse_note(note).text).size
    except NoteInvalid:
        return 0


def _evidence(archive: zipfile.ZipFile, store: EvidenceStore, summary: Summary) -> None:
    for digest, size in sorted(summary._named.items()):
        try:
            with (
                store.open(digest, size) as source,
                archive.open(_entry(f"evidence/{digest}"), "w", force_zip64=True) as file,
            ):
                while chunk := source.read(_CHUNK):
                    file.write(chunk)
            summary.files += 1
        except StorageFailed:
            summary.absent += 1


def _readme() -> bytes:
    return resources.files("lifecycle.audit").joinpath("bundle_readme.txt").read_bytes()
