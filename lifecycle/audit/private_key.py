"""The file of a log's private key, in the form that signed notes use elsewhere.

``PRIVATE+KEY+name+id+key``, as golang.org/x/mod/sumdb/note writes it. Nothing is signed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lifecycle.audit.note import Note, NoteInvalid, Signature, VerifierKey, bytes64, text64

_FIRST: Final = "PRIVATE+KEY+"
_ED25519: Final = b"\x01"

Sign = Callable[[bytes, bytes], bytes]
"""Signs: private key, message."""

Public = Callable[[bytes], bytes]
"""Gives the public key of a private one."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that can sign.

    Args:
        key: What others verify with.
        private: 32 bytes; never shown by accident.
    """

    key: VerifierKey
    private: bytes

    def __repr__(self) -> str:
        return f"PrivateKey({self.key.text!r})"

    @classmethod
    def of(cls, name: str, private: bytes, public: Public) -> PrivateKey:
        """Return the key of that name.

        Raises:
            NoteInvalid: The name cannot be one.
        """
        return cls(VerifierKey.of(name, public(private)), private)

    @classmethod
    def parse(cls, text: str, public: Public) -> PrivateKey:
        """Read the line of a key file.

        Raises:
            NoteInvalid: It is none.
        """
        parts = text.strip().split("+")
        if not text.startswith(_FIRST) or len(parts) < 5:
            raise NoteInvalid("the file does not hold a line {line}...", line=_FIRST)
        data = bytes64("+".join(parts[4:]), what="the key")
        if data[:1] != _ED25519 or len(data) != 33:
            raise NoteInvalid("the key is not an Ed25519 key of a signed note")
        found = cls.of(parts[2], data[1:], public)
        if found.key.key_id.hex() != parts[3]:
            raise NoteInvalid("the key's id does not fit: mistyped?")
        return found

    @property
    def text(self) -> str:
        """The line of the key file."""
        encoded = text64(_ED25519 + self.private)
        return f"{_FIRST}{self.key.name}+{self.key.key_id.hex()}+{encoded}\n"

    def note(self, text: str, sign: Sign) -> str:
        """Return *text* as a signed note."""
        data = sign(self.private, text.encode())
        return Note(text, (Signature(self.key.name, self.key.key_id, data),)).whole
