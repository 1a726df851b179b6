"""In which order what waits becomes part of the log: by time, after what may still come."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnClause, bindparam, exists, literal_column, select

from lifecycle.storage.session import Statement
from lifecycle.storage.tables import log_leaves, records
from lifecycle.storage.tables import sealing_queue as queue

OF_QUEUED: Final = (records.c.stream == queue.c.stream) & (records.c.sequence == queue.c.sequence)

TO_SEAL: Final = Statement(
    select(queue.c.stream, queue.c.sequence, records.c.hash)
    .join_from(queue, records, OF_QUEUED)
    .where(records.c.recorded_at <= bindparam("until"))
    # By time, so that the log's times do not run back; within a stream they never do.
    .order_by(records.c.recorded_at, queue.c.stream, queue.c.sequence)
    .limit(bindparam("count"))
    # A literal: SQLAlchemy would bind a value of its own, which a Statement does not carry.
    .offset(literal_column("0"))
)
_before = log_leaves.alias("before")
_one: ColumnClause[int] = literal_column("1")
_follows = (queue.c.sequence == _one) | exists(
    select(_before.c.idx).where(
        _before.c.stream == queue.c.stream, _before.c.sequence == queue.c.sequence - _one
    )
)
# By the index of the queue: of many that wait only those are looked at that are to be sealed.
NEXT: Final = Statement(
    select(
        queue.c.stream,
        queue.c.sequence,
        records.c.hash,
        records.c.recorded_at == queue.c.queued_at,
        _follows,
    )
    .join_from(queue, records, OF_QUEUED)
    .where(queue.c.queued_at <= bindparam("until"))
    .order_by(queue.c.queued_at, queue.c.stream, queue.c.sequence)
    .limit(bindparam("count"))
    .offset(literal_column("0"))
)
