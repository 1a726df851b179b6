"""The records that leaves of the log name, where both do not lie on one server.

A join of the two would bring every record to the coordinator. So places are read there first,
and the records of some hundred places are asked for at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, select, text

from lifecycle.storage.session import Session, Statement, Values
from lifecycle.storage.tables import log_leaves, records, sealing_queue

_AT_ONCE: Final = 256

_last_leaf = (
    select(records.c.recorded_at)
    .join_from(
        log_leaves,
        records,
        (records.c.stream == log_leaves.c.stream) & (records.c.sequence == log_leaves.c.sequence),
    )
    .order_by(log_leaves.c.idx.desc())
    .limit(literal_column("1"))
    .offset(literal_column("0"))
)
_last_queued = select(func.max(sealing_queue.c.queued_at))
LAST_QUEUED: Final = Statement(_last_queued)
"""The time of the last record that waits."""

LOGGED: Final = Statement(select(_last_leaf.scalar_subquery(), _last_queued.scalar_subquery()))
"""The time of the last leaf, and of the last record that waits, where both lie on one server."""

_place = select(log_leaves.c.idx, log_leaves.c.stream, log_leaves.c.sequence)
_LAST_PLACE: Final = Statement(
    _place.order_by(log_leaves.c.idx.desc()).limit(literal_column("1")).offset(literal_column("0"))
)
_PLACES: Final = Statement(
    _place.where(
        log_leaves.c.idx >= bindparam("low"), log_leaves.c.idx < bindparam("high")
    ).order_by(log_leaves.c.idx)
)
# More than what is wanted fits both lists; it is left out afterwards.
_THERE: Final = "FROM lifecycle_records WHERE stream = ANY(:streams) AND sequence = ANY(:sequences)"
_SHORT: Final = Statement(text(f"SELECT stream, sequence, hash, recorded_at {_THERE}"))
_LONG: Final = Statement(text(f"SELECT stream, sequence, hash, recorded_at, body {_THERE}"))


def logged(session: Session) -> list[Any]:
    """Return the times of the last leaf and of the last record that waits, as texts or ``None``."""
    if not session.database.is_sharded:
        return [at for row in session.rows(LOGGED) for at in row]
    leaves = _recorded(session, session.rows(_LAST_PLACE), _SHORT)
    return [*[one[4] for one in leaves], *[at for (at,) in session.rows(LAST_QUEUED)]]


def last_leaf_at(session: Session) -> str | None:
    """Return the time of the last leaf, as it is stored."""
    leaf, *queued = logged(session)
    return leaf if queued else None


def named(session: Session, low: int, high: int | None, *, bodies: bool) -> Iterator[Values]:
    """Yield leaves with what their records bear, or ``None`` for each of it without a record.

    Args:
        session: On the coordinator.
        low: Index of the first leaf.
        high: Of that after the last; to the end of the log if not given.
        bodies: The records' bodies as well.

    Yields:
        Index, stream, sequence, hash and time, and the body if that is asked for; by index.
    """
    asked = _LONG if bodies else _SHORT
    while high is None or low < high:
        until = low + _AT_ONCE if high is None else min(high, low + _AT_ONCE)
        places = session.rows(_PLACES, low=low, high=until)
        if not places and high is None:
            return
        yield from _recorded(session, places, asked)
        low = until


def _recorded(session: Session, places: list[Values], asked: Statement) -> Iterator[Values]:
    wanted: dict[str, Any] = {
        "streams": sorted({stream for _, stream, _ in places}),
        "sequences": sorted({sequence for _, _, sequence in places}),
    }
    (rows,) = session.all_rows([(asked, wanted)])
    found = {(row[0], row[1]): row[2:] for row in rows}
    nothing = (None, None, None) if asked is _LONG else (None, None)
    for index, stream, sequence in places:
        yield (index, stream, sequence, *found.get((stream, sequence), nothing))
