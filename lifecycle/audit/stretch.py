"""What every record of a stream has to have, looked at many records at a time.

Number, hash, link, ids and time are asked of whole columns: a call a column costs a fraction of
a call a record. A stretch is bounded, so that a stream of any length is followed in little memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice

from lifecycle.audit.acting import Doubtful
from lifecycle.audit.spelling import Row, is_plain
from lifecycle.audit.texts import are_moments
from lifecycle.domain.canonical import MAX_BODY_BYTES
from lifecycle.domain.naming import are_identifiers

RECORDS = 256
"""How many records a stretch has at most."""

Head = tuple[int, str, str]
"""Version, hash and time."""


def stretches(rows: Iterable[Row]) -> Iterator[Sequence[Row]]:
    """Yield *rows* a stretch at a time."""
    rest = iter(rows)
    while stretch := list(islice(rest, RECORDS)):
        yield stretch


def linked(stretch: Sequence[Row], before: Head) -> Head:
    """Return the head behind a stretch whose records follow each other.

    Their numbers stand in their bodies as well: a number of another type is found there.

    Args:
        stretch: One record at least.
        before: The head that they follow.

    Raises:
        Exception: It is not plain that they do.
    """
    version, last, moment = before
    _, numbers, hashes, bodies, links, record_ids, command_ids, *_, moments, _ = zip(
        *stretch, strict=True
    )
    end = version + len(stretch)
    if (
        numbers != (*range(version + 1, end + 1),)
        or links != (last, *hashes[:-1])
        or hashes != (*[sha256(b"\x00" + body).hexdigest() for body in bodies],)
        or max(map(len, bodies)) > MAX_BODY_BYTES
        or not is_plain("".join(record_ids))
        or not are_identifiers(command_ids)
        or not are_moments(moments)
        or [moment, *moments] != sorted([moment, *moments])
    ):
        raise Doubtful
    return end, hashes[-1], moments[-1]
