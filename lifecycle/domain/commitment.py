"""Commitments: what the hashed history holds in place of personal values.

A commitment is HMAC-SHA-256 of ``[purpose, value]`` under a random salt of 256 bits. Without the
salt it tells nothing of the value, not even to somebody who guesses it; a bare hash of a name or
a phone number would (EDPB guidelines 02/2025, 152-FZ). The opening - value and salt - lies outside
the history and can be erased; the record and its hash stay as they are.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from lifecycle.domain import canonical
from lifecycle.domain.errors import InvalidBody
from lifecycle.domain.record import Record

Purpose = Literal["comment", "evidence.name", "evidence.content"]

SALT_BYTES: Final = 32
_COMMITMENT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment.

    Args:
        commitment: As the record bears it, 64 hexadecimal digits.
        purpose: What the value is for; the same text as comment and as name commits to two things.
        value: Comment, file name, or SHA-256 of the content of a personal file.
        salt: 32 random bytes, used for this one value.
    """

    commitment: str
    purpose: str
    value: str
    salt: bytes

    @property
    def fits(self) -> bool:
        """Whether value and salt really open the commitment."""
        if len(self.salt) != SALT_BYTES:
            return False  # HMAC pads a key with zeros: a salt that ends in them has other lengths.
        try:
            computed = commitment_to(self.purpose, self.value, self.salt)
        except InvalidBody:
            return False
        return hmac.compare_digest(computed.encode(), self.commitment.encode())


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment and where it stands in its record.

    Args:
        field: ``comment``, or place and member of a piece of evidence, such as ``evidence/0/name``.
        purpose: What it commits to.
        commitment: 64 hexadecimal digits.
    """

    field: str
    purpose: Purpose
    commitment: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A committed value as people see it.

    Args:
        state: ``opened``; ``erased`` by an act that is on record; ``missing`` without one, or
            replaced by a value that the record did not commit to.
        value: The value, if it is opened.
        erasure: The record by which it was erased, as ``stream#sequence``.
    """

    state: Literal["opened", "erased", "missing"]
    value: str | None = None
    erasure: str | None = None


def commitment_to(purpose: str, value: str, salt: bytes) -> str:
    """Return the commitment to *value*, 64 hexadecimal digits.

    Raises:
        InvalidBody: The value has no canonical form, as half of a surrogate pair, or is too long.
    """
    return hmac.digest(salt, canonical.encode([purpose, value]), sha256).hex()


def commit(purpose: Purpose, value: str, salt: bytes) -> Opening:
    """Return the opening of a new commitment to *value*; *salt* is random and never used again."""
    return Opening(commitment_to(purpose, value, salt), purpose, value, salt)


def is_commitment(text: str | None) -> bool:
    """Tell whether a record may bear *text* where a commitment stands; it may lack one."""
    return text is None or _COMMITMENT.fullmatch(text) is not None


def committed_in(record: Record) -> Iterator[Committed]:
    """Yield every commitment that *record* bears."""
    if record.comment is not None:
        yield Committed("comment", "comment", record.comment)
    for place, piece in enumerate(record.evidence):
        if piece.name is not None:
            yield Committed(f"evidence/{place}/name", "evidence.name", piece.name)
        if piece.content is not None:
            yield Committed(f"evidence/{place}/content", "evidence.content", piece.content)
