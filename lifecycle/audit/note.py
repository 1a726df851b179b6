"""Checkpoints: signed notes that fix a log's size and root.

The formats are C2SP's signed-note and tlog-checkpoint, with Ed25519 signatures. Of several
spellings of one note only one is read, and lines that extend a checkpoint are refused: this log
writes none.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from lifecycle.audit import ed25519
from lifecycle.audit.invalid import Invalid
from lifecycle.audit.merkle import HASH_BYTES, LARGEST

MAX_NOTE_CHARACTERS: Final = 64 * 1024
MAX_SIGNATURES: Final = 64

_DASH: Final = "\N{EM DASH}"
_ED25519: Final = b"\x01"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY_ID_BYTES: Final = 4


class NoteInvalid(Invalid):
    """A note cannot be read, or nobody trusted signed it."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A line below a note.

    Args:
        name: Of the key.
        key_id: Four bytes that tell keys of one name apart.
        data: The signature itself.
    """

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line as it stands below the note, without its end."""
        return f"{_DASH} {self.name} {text64(self.key_id + self.data)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who signed it; nothing is verified yet.

    Args:
        text: With its last line's end.
        signatures: In their order.
    """

    text: str
    signatures: tuple[Signature, ...]

    @property
    def whole(self) -> str:
        """The note as it is kept in a file."""
        return f"{self.text}\n" + "".join(f"{one.line}\n" for one in self.signatures)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key, with the name it signs under.

    Args:
        name: Of the key; here the log's origin line.
        key_id: Four bytes, made from the name and the key.
        public: Ed25519, 32 bytes.
    """

    name: str
    key_id: bytes
    public: bytes

    @classmethod
    def of(cls, name: str, public: bytes) -> VerifierKey:
        """Return the key of that name.

        Raises:
            NoteInvalid: The name cannot be one, or the bytes are no key.
        """
        if not is_key_name(name):
            raise NoteInvalid("{name!r} is no name of a key", name=name)
        if not ed25519.is_public_key(public):
            raise NoteInvalid("these are not the 32 bytes of an Ed25519 key")
        digest = sha256(name.encode() + b"\n" + _ED25519 + public).digest()
        return cls(name, digest[:_KEY_ID_BYTES], public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read the line ``name+id+key`` that the key's owner published.

        Raises:
            NoteInvalid: It is not such a line.
        """
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        data = bytes64(encoded, what="the key")
        if data[:1] != _ED25519:
            raise NoteInvalid("the key is not an Ed25519 key of a signed note")
        key = cls.of(name, data[1:])
        if key.key_id.hex() != key_id:
            template = "the key's id is {expected}, not {found!r}: mistyped?"
            raise NoteInvalid(template, expected=key.key_id.hex(), found=key_id)
        return key

    @property
    def text(self) -> str:
        """The line ``name+id+key`` to be published."""
        return f"{self.name}+{self.key_id.hex()}+{text64(_ED25519 + self.public)}"

    def verifies(self, text: str, signature: Signature) -> bool:
        """Tell whether the signature was made over *text* with this key."""
        return _verified(self.public, text.encode(), signature.data)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log looked like at one size.

    Args:
        origin: First line: which log.
        size: How many leaves it had.
        root: Root of its tree, 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{text64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note.

        Raises:
            NoteInvalid: It is not the text of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteInvalid("a checkpoint has three lines: origin, size, root")
        size = _number(lines[1], what="the size")
        root = bytes64(lines[2], what="the root")
        if len(root) != HASH_BYTES:
            raise NoteInvalid("the root has {count} bytes, not 32", count=len(root))
        return cls(lines[0], size, root)


def origin_line(installation: str) -> str:
    """Return the first line of an installation's checkpoints, and the name of its key."""
    return f"school-lifecycle/{installation}"


def is_key_name(name: str) -> bool:
    """Tell whether a key can have that name: no space, no plus, no control character."""
    return bool(name) and name.isprintable() and not set(" +") & set(name)


def parse_note(text: str) -> Note:
    """Cut a note into its text and its signatures; nothing is verified.

    Raises:
        NoteInvalid: It is not a note.
    """
    if len(text) > MAX_NOTE_CHARACTERS:
        raise NoteInvalid("a note has at most {most} characters", most=MAX_NOTE_CHARACTERS)
    if any(sign < " " and sign != "\n" for sign in text):
        raise NoteInvalid("there is a control character in it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteInvalid("it is not UTF-8") from error
    body, blank, below = text.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise NoteInvalid("a note is a text, an empty line, and lines with signatures")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteInvalid("a note has at most {most} signatures", most=MAX_SIGNATURES)
    return Note(f"{body}\n", tuple(_signature(line) for line in lines))


def signers(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Return which of *keys* signed the note, in the note's order.

    Raises:
        NoteInvalid: None of them did, or a signature in the name of one is not his.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not key.verifies(note.text, signature):
            raise NoteInvalid("the signature of {name} is not of this text", name=key.name)
        found.append(key)
    if not found:
        raise NoteInvalid("none of the keys that you trust signed it")
    return found


def open_checkpoint(text: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Return the checkpoint that one of *keys* signed, the log's own key: it bears its name.

    Raises:
        NoteInvalid: It is no checkpoint, or the key of its origin did not sign it.
    """
    note = parse_note(text)
    checkpoint = Checkpoint.parse(note.text)
    if all(key.name != checkpoint.origin for key in signers(note, keys)):
        raise NoteInvalid("the key of {name} did not sign it", name=checkpoint.origin)
    return checkpoint


@lru_cache(maxsize=4096)
def _verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify once: one note lies in several places, and a monitor reads all of them again."""
    return ed25519.verify(public, message, signature)


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not is_key_name(parts[1]):
        raise NoteInvalid("{line!r} is no line of a signature", line=line[:80])
    data = bytes64(parts[2], what="a signature")
    if len(data) <= _KEY_ID_BYTES:
        raise NoteInvalid("a signature is too short")
    return Signature(parts[1], data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def number_from(text: str) -> int:
    """Read a size or an index: decimal, no leading zero, nothing around it.

    Raises:
        NoteInvalid: It is written otherwise, or beyond what a log counts.
    """
    return _number(text, what="the number")


def hash_from(text: str) -> bytes:
    """Read a hash written in base64.

    Raises:
        NoteInvalid: It is none.
    """
    data = bytes64(text, what="a hash")
    if len(data) != HASH_BYTES:
        raise NoteInvalid("a hash has 32 bytes, not {count}", count=len(data))
    return data


def _number(text: str, what: str) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) > LARGEST:
        template = "{what} is {found!r}, which is no number of leaves"
        raise NoteInvalid(template, what=what, found=text[:40])
    return int(text)


def bytes64(text: str, what: str) -> bytes:
    """Read base64 in its one spelling.

    Raises:
        NoteInvalid: It is written otherwise.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise NoteInvalid("{what} is not base64", what=what) from error
    if text64(data) != text:
        raise NoteInvalid("{what} is not base64 in its one spelling", what=what)
    return data


def text64(data: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(data).decode("ascii")
