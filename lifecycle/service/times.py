"""What a record's time follows: the log, the streams that were consulted, the erasures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle.domain.model import Head
    from lifecycle.domain.ports import Reading
    from lifecycle.service.known import Known


def no_earlier(view: Reading | Known, *heads: Head) -> datetime | None:
    """Return the time that a record cannot be earlier than, even if the clock was set back.

    Args:
        view: The history; the log's times do not run back.
        heads: Of the stream that gets the record, and of those that its decision looks at.
    """
    moments = [view.logged_at(), *[head.recorded_at for head in heads]]
    return max([one for one in moments if one is not None], default=None)


def after_erasures(view: Reading | Known, *heads: Head) -> datetime | None:
    """Return the time that a record with values that can be erased cannot be earlier than.

    It is later than every erasure, so that times alone tell what an erasure covered.
    """
    last, earliest = view.last_erasure(), no_earlier(view, *heads)
    if last is None:
        return earliest
    after = last + timedelta(microseconds=1)
    return after if earliest is None else max(after, earliest)
