"""What lies beside the history and can be erased from it: names, openings, keys of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lifecycle.domain.commitment import Opening
    from lifecycle.domain.record import Record


@dataclass(frozen=True, slots=True)
class Secret:
    """What one personal file is encrypted with, AES-256-GCM; used for this file only.

    Args:
        key: 32 random bytes.
        nonce: 12 random bytes; they stand in front of the ciphertext.
    """

    key: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class FileKey:
    """The key of a personal file.

    Args:
        sha256: Of the ciphertext, its content address.
        key: 32 bytes; ``None`` once it was erased, until the ciphertext is gone as well.
    """

    sha256: str
    key: bytes | None


class Erasable(Protocol):
    """Reading what can be erased."""

    def name(self, actor: str) -> str | None:
        """Return the name of a person, if one is kept."""
        ...

    def openings(self, stream: str) -> list[tuple[int, Opening]]:
        """Return the openings of a stream's records with their sequence numbers, in order."""
        ...

    def keys(self, stream: str) -> list[tuple[int, FileKey]]:
        """Return the keys of a stream's personal files with the sequence numbers, in order."""
        ...

    def key(self, sha256: str) -> FileKey | None:
        """Return the key of a personal file, if it has one."""
        ...

    def streams(self) -> list[str]:
        """Return the streams that openings or keys are kept for, sorted."""
        ...

    def left_files(self) -> list[str]:
        """Return the ciphertexts whose keys were erased and that may still lie in the store."""
        ...


class ErasableWriting(Erasable, Protocol):
    """Keeping and erasing, inside the write transaction of a record."""

    def keep(self, record: Record, openings: Iterable[Opening], keys: Iterable[FileKey]) -> None:
        """Keep what opens the commitments of *record*, just appended, and its files."""
        ...

    def erase(self, actor: str, records: Sequence[tuple[str, int]]) -> None:
        """Destroy the name of *actor*, and every opening and key of what he recorded.

        Args:
            actor: Id of the person.
            records: Stream and sequence of further records, whose openings and keys go as well.
        """
        ...

    def forget(self, sha256: str) -> None:
        """Drop the entry of a ciphertext that is gone from the store."""
        ...
