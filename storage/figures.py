"""What a database counts of itself, none of it by reading records.

Sealed records are counted by the right edge of the log and the size by the database's own account,
whatever their number. Read row by row are the queue (short while somebody seals), the board (a row
a school) and, by their index, the refusals.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select, text

from lifecycle.domain.figures import Figures, SchoolCount
from lifecycle.domain.record import moment_from
from lifecycle.storage import rows, tables
from lifecycle.storage.log import SqlLog
from lifecycle.storage.schema import told_revision
from lifecycle.storage.session import Session, Statement
from lifecycle.storage.tables import log_leaves, refusals, sealing_queue, standings

_is_leaf = select(log_leaves.c.idx).where(
    log_leaves.c.stream == sealing_queue.c.stream, log_leaves.c.sequence == sealing_queue.c.sequence
)
# Where schools lie on several servers, what became a leaf leaves the queue one seal later.
_WAITING: Final = Statement(
    select(func.count(), func.min(sealing_queue.c.queued_at)).where(~_is_leaf.exists())
)
_REFUSALS: Final = Statement(select(func.count()).select_from(refusals))
_alike = (standings.c.roadmap, standings.c.definition, standings.c.state)
_SCHOOLS: Final = Statement(
    select(*_alike, func.count()).select_from(standings).group_by(*_alike).order_by(*_alike)
)
# Of SQLite it is the file with all that is in it; of PostgreSQL our tables with their indexes.
_BYTES: Final = {
    "sqlite": Statement(
        text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    ),
    "postgresql": Statement(
        text(
            "SELECT CAST(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)) AS bigint)"  # noqa: S608
            " FROM pg_catalog.pg_class AS c"
            " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = pg_catalog.current_schema() AND c.relname IN ("
            + ", ".join(f"'{name}'" for name in sorted(tables.NAMES))
            + ")"
        )
    ),
}


def waiting(session: Session) -> tuple[int, str | None]:
    """Return how many records are to become leaves of the log, and the time of the oldest."""
    ((count, oldest),) = session.rows(_WAITING)
    return count, oldest


def counted(session: Session) -> Figures:
    """Return the figures of the database behind a session inside a transaction."""
    count, oldest = waiting(session)
    ((refused,),) = session.rows(_REFUSALS)
    ((stored,),) = session.rows(_BYTES[session.database.dialect.name])
    return Figures(
        schema=told_revision(session),
        sealed=SqlLog(session).state().size,
        waiting=count,
        oldest=None if oldest is None else moment_from(rows.readable_moment(oldest)),
        refusals=refused,
        stored_bytes=stored,
        schools=tuple(SchoolCount(*row) for row in session.rows(_SCHOOLS)),
    )
