"""What the use cases answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from lifecycle.domain.values import quick

if TYPE_CHECKING:
    from lifecycle.domain.decision import Notice
    from lifecycle.domain.guards import Unmet
    from lifecycle.domain.messages import Text
    from lifecycle.domain.model import Standing
    from lifecycle.domain.record import Record
    from lifecycle.domain.replay import Participation


@quick
@dataclass(frozen=True, slots=True)
class Receipt:
    """The acknowledgement of a request.

    Args:
        record: The record that was appended; for a dry run the one that would have been.
        repeated: The command had been carried out before; nothing was added now.
        dry_run: Nothing was added.
        notices: What is worth saying, such as that a deadline had passed.
    """

    record: Record
    repeated: bool = False
    dry_run: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def state(self) -> str | None:
        """State of the school after the record."""
        return self.record.target

    @property
    def version(self) -> int:
        """Version of the stream after the record."""
        return self.record.sequence


@dataclass(frozen=True, slots=True)
class Option:
    """A transition out of the current state, and everything that stands in its way.

    Args:
        name: Transition.
        title: For people.
        target: State it leads to; the current one where the school stays.
        due_on: Deadline by the road map.
        unmet: Every reason why not, evidence and facts still to be brought included.
    """

    name: str
    title: Text
    target: str
    due_on: date | None
    unmet: tuple[Unmet, ...]

    @property
    def allowed(self) -> bool:
        """Whether it could be made as it is, with nothing else brought."""
        return not self.unmet


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a school can do next."""

    school: str
    state: str
    version: int
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A school on the board.

    Args:
        standing: Where it stands.
        days_overdue: Working days since the deadline of its state passed, at the place of the
            road map; 0 when in time, ``None`` without a deadline.
    """

    standing: Standing
    days_overdue: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A school at a moment.

    Args:
        school: Id of the school.
        participation: Where it stood; ``None`` if it did not take part yet.
        recorded_by: The moment asked for by recorded time, UTC.
        effective_by: The day asked for by effective date.
    """

    school: str
    participation: Participation | None
    recorded_by: datetime | None
    effective_by: date | None
