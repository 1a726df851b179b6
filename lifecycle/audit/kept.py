"""What is kept beside a school's stream, as the screen looks at it.

The rules are those of ``lifecycle.audit.personal``, in plain values and without findings: every
commitment is opened, or erased with nothing of it left. Anything else is doubtful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.files import Files
from lifecycle.audit.personal import Tally
from lifecycle.domain.commitment import Opening
from lifecycle.domain.erasure import Erasures
from lifecycle.domain.record import moment_text

Openings = dict[tuple[int, str], tuple[Any, ...]]
"""Purpose, value and salt, by sequence number and commitment."""

Keys = dict[tuple[int, str], Any]
"""Keys of files, by sequence number and address."""


class Sealed(NamedTuple):
    """A commitment that a record bears.

    Args:
        purpose: What it commits to.
        commitment: 64 hexadecimal digits.
        address: Of the personal file whose content it commits to.
        size: Of that file as it is stored.
    """

    purpose: str
    commitment: str
    address: str | None = None
    size: int = 0


class Erased:
    """What was erased lawfully, in plain values.

    Args:
        erasures: Of the whole installation.
    """

    def __init__(self, erasures: Erasures) -> None:
        self._of: dict[str, list[tuple[str, int]]] = {}
        self._streams: set[str] = set()
        for one in erasures.all:
            facts = one.facts or {}
            for name in (facts["actor"], *facts["records"]):
                erasure = (moment_text(one.recorded_at), one.sequence)
                self._of.setdefault(name, []).append(erasure)
            self._streams.update(place.rpartition("#")[0] for place in facts["records"])

    def names(self, stream: str) -> bool:
        """Tell whether records of *stream* are named by an erasure."""
        return stream in self._streams

    def later(self, name: str, moment: str) -> list[int]:
        """Return the erasures of a person or a record that are no earlier than *moment*."""
        return [sequence for at, sequence in self._of.get(name, ()) if moment <= at]


class Kept:
    """What is kept beside one stream.

    Args:
        stream: Its name.
        openings: Of its records.
        keys: Of files of its records.
        erased: What was erased lawfully.
        files: The evidence store.
    """

    __slots__ = ("_erased", "_files", "_keys", "_openings", "_stream", "named", "tally")

    def __init__(
        self,
        stream: str,
        openings: Mapping[tuple[int, str], tuple[Any, ...]],
        keys: Mapping[tuple[int, str], Any],
        erased: Erased,
        files: Files,
    ) -> None:
        self._stream = stream
        self._openings = {**openings}
        self._keys = {**keys}
        self._erased = erased
        self._files = files
        self.named = erased.names(stream)
        self.tally = Tally()

    def name(self, number: int, moment: str) -> None:
        """Note which erasures name the record of that number."""
        place = f"{self._stream}#{number}"
        self.tally.named.update((one, place) for one in self._erased.later(place, moment))

    def open(self, number: int, moment: str, actor: str, sealed: Iterable[Sealed]) -> None:
        """Look whether the commitments of a record are opened, or erased to the last of them.

        Raises:
            Doubtful: One is neither.
        """
        place = f"{self._stream}#{number}"
        if self._erased.later(place, moment) or self._erased.later(actor, moment):
            self._gone(number, sealed)
        else:
            self._opened(number, sealed)

    def close(self) -> None:
        """Look whether anything is left that no record needs.

        Raises:
            Doubtful: Something is.
        """
        if self._openings or self._keys:
            raise Doubtful

    def _gone(self, number: int, sealed: Iterable[Sealed]) -> None:
        for one in sealed:
            if (number, one.commitment) in self._openings:
                raise Doubtful
            if one.address is not None:
                kept = (number, one.address) in self._keys
                if kept or self._files.opened(one.address, one.size) is not None:
                    raise Doubtful
            self.tally.erased += 1

    def _opened(self, number: int, sealed: Iterable[Sealed]) -> None:
        for one in sealed:
            purpose, value, salt = self._openings.pop((number, one.commitment))
            opening = Opening(one.commitment, purpose, value, salt)
            if purpose != one.purpose or type(salt) is not bytes or not opening.fits:
                raise Doubtful
            if one.address is not None:
                key = self._keys.pop((number, one.address))
                stored = self._files.opened(one.address, one.size, key)
                if key is None or stored is None or stored.plain != value:
                    raise Doubtful
                # The same content may have been encrypted anew.
                if (stored.sha256, stored.size) != (one.address, one.size):
                    raise Doubtful
            self.tally.opened += 1
