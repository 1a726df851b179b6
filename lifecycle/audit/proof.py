"""Proofs as texts that travel by letter: inclusion of one record, growth of the log.

Inclusion is C2SP's tlog-proof. Growth has the form that C2SP's tlog-witness submits to a
witness: the older size, the hashes, and the newer checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from lifecycle.audit.merkle import ProofInvalid, check_consistency, root_from_inclusion
from lifecycle.audit.note import (
    MAX_NOTE_CHARACTERS,
    Checkpoint,
    NoteInvalid,
    VerifierKey,
    bytes64,
    hash_from,
    number_from,
    open_checkpoint,
    text64,
)

MAX_HASHES: Final = 128
"""Twice what the largest tree needs."""

Read = TypeVar("Read")

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands at a place of the tree that a checkpoint names.

    Args:
        index: Of the leaf, from 0.
        hashes: The audit path, from the leaf's sibling up.
        note: The signed checkpoint, as it was written.
        body: Of the record, so that a proof is whole in itself; nothing is believed of it before
            its hash was checked.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: str
    body: bytes = b""

    @property
    def text(self) -> str:
        """The proof as C2SP's tlog-proof, the body as its extra data."""
        extra = [f"extra {text64(self.body)}"] if self.body else []
        first = [_FIRST_LINE, *extra, f"index {self.index}"]
        return _joined(first, self.hashes, self.note)

    @classmethod
    def parse(cls, text: str) -> Inclusion:
        """Read a proof; nothing is verified.

        Raises:
            ProofInvalid: It is not one.
        """
        lines, note = _cut(text)
        if lines[0] != _FIRST_LINE:
            raise ProofInvalid("a proof of inclusion begins with {line}", line=_FIRST_LINE)
        extra = lines[1:] and lines[1].startswith("extra ")
        body = _read(_record, lines[1].removeprefix("extra ")) if extra else b""
        index, hashes = _numbered(lines[2 if extra else 1 :], "index ")
        return cls(index, hashes, note, body)

    def check(self, leaf: bytes, keys: Sequence[VerifierKey]) -> Checkpoint:
        """Return the checkpoint under which the leaf of that hash is proved to stand.

        Raises:
            ProofInvalid: The proof leads elsewhere, or nobody trusted signed the checkpoint.
        """
        checkpoint = _opened(self.note, keys)
        if root_from_inclusion(self.index, checkpoint.size, leaf, self.hashes) != checkpoint.root:
            raise ProofInvalid("the proof leads to another root than the checkpoint's")
        return checkpoint


@dataclass(frozen=True, slots=True)
class Growth:
    """That a log only grew since an older checkpoint.

    Args:
        old_size: Of the older checkpoint.
        hashes: The consistency proof.
        note: The newer signed checkpoint, as it was written.
    """

    old_size: int
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof in the form that C2SP's tlog-witness submits."""
        return _joined([f"old {self.old_size}"], self.hashes, self.note)

    @classmethod
    def parse(cls, text: str) -> Growth:
        """Read a proof; nothing is verified.

        Raises:
            ProofInvalid: It is not one.
        """
        lines, note = _cut(text)
        old_size, hashes = _numbered(lines, "old ")
        return cls(old_size, hashes, note)

    def check(self, old: Checkpoint, keys: Sequence[VerifierKey]) -> Checkpoint:
        """Return the newer checkpoint, proved to extend *old*, whose note the caller opened.

        Raises:
            ProofInvalid: It does not extend it, or nobody trusted signed it.
        """
        new = _opened(self.note, keys)
        if new.origin != old.origin:
            template = "the checkpoints are of {old} and of {new}"
            raise ProofInvalid(template, old=old.origin, new=new.origin)
        if self.old_size != old.size:
            template = "the proof begins at {found}, the checkpoint {expected}"
            raise ProofInvalid(template, found=self.old_size, expected=old.size)
        check_consistency(old.size, old.root, new.size, new.root, self.hashes)
        return new


def parse_proof(text: str) -> Inclusion | Growth:
    """Read a proof of either kind.

    Raises:
        ProofInvalid: It is neither.
    """
    return Growth.parse(text) if text.startswith("old ") else Inclusion.parse(text)


def _opened(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    try:
        return open_checkpoint(note, keys)
    except NoteInvalid as error:
        raise ProofInvalid("{detail}", detail=error.message) from error


def _joined(lines: list[str], hashes: tuple[bytes, ...], note: str) -> str:
    return "\n".join([*lines, *map(text64, hashes), "", note])


def _cut(text: str) -> tuple[list[str], str]:
    if len(text) > 2 * MAX_NOTE_CHARACTERS:
        most = 2 * MAX_NOTE_CHARACTERS
        raise ProofInvalid("a proof has at most {most} characters", most=most)
    above, _, note = text.partition("\n\n")
    return above.split("\n"), note


def _numbered(lines: list[str], word: str) -> tuple[int, tuple[bytes, ...]]:
    if not lines or not lines[0].startswith(word):
        template = "the line with {word!r} and a number is missing"
        raise ProofInvalid(template, word=word.strip())
    if len(lines) - 1 > MAX_HASHES:
        raise ProofInvalid("a proof has at most {most} hashes", most=MAX_HASHES)
    number = _read(number_from, lines[0].removeprefix(word))
    return number, tuple(_read(hash_from, line) for line in lines[1:])


def _record(text: str) -> bytes:
    return bytes64(text, what="the record")


def _read(reader: Callable[[str], Read], text: str) -> Read:
    try:
        return reader(text)
    except NoteInvalid as error:
        raise ProofInvalid("{detail}", detail=error.message) from error
