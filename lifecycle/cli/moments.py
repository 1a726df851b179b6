"""As of when the past is asked for: the options and what was meant by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lifecycle.cli import arguments
from lifecycle.cli.forms import option
from lifecycle.cli.session import Session
from lifecycle.domain.dates import day_of
from lifecycle.domain.record import moment_text

at_option = option(
    "--at",
    metavar="MOMENT",
    help="What was known then: only what had been recorded by this moment. A date alone means"
    " the end of that day, UTC.",
)
on_option = option(
    "--on",
    metavar="DATE",
    help="What was true then: only acts that bear this date or before.",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The moment asked for by recorded time, UTC, and the day by effective date; both optional."""

    at: datetime | None
    on: date | None

    @property
    def is_now(self) -> bool:
        """Whether the present is asked for."""
        return self.at is None and self.on is None

    @property
    def document(self) -> dict[str, Any]:
        """The members that a document on the past has besides; none for the present."""
        if self.is_now:
            return {}
        return {
            "as_of": None if self.at is None else moment_text(self.at),
            "on": None if self.on is None else self.on.isoformat(),
        }


def asked(session: Session, at: str | None, on: str | None) -> Asked:
    """Read both options, and say it where a time zone had to be assumed.

    Raises:
        InvalidDate: One of them is none.
    """
    return Asked(None if at is None else moment(session, at), day_of(on))


def moment(session: Session, text: str) -> datetime:
    """Read a moment, and say it where a time zone had to be assumed.

    Raises:
        InvalidDate: It is none.
    """
    found, assumed = arguments.moment(text)
    if assumed:
        session.tell("no time zone given: taken as {moment}", moment=moment_text(found))
    return found
