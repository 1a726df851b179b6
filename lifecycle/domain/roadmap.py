"""A road map (дорожная карта): who does what by when, in the words of the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from lifecycle.domain.messages import Text


@dataclass(frozen=True, slots=True)
class Count:
    """A number that the office enters with an activity, such as the people it trained."""

    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of the road map: who does what by when; wording verbatim.

    Args:
        key: ``SECTION.NUMBER``, or the number.
        section: Number of the section, if the road map has sections.
        title: Wording of the row.
        when: Date expression of the row.
        start: First day of the normalised window, inclusive.
        end: Last day, inclusive.
        recurrence: RFC 5545 rule where the activity recurs.
        responsible: Parties as the row names them.
        roles: The same as roles of the programme.
        result: Expected result of the row.
        drives: Transitions or states it is fulfilled by and sets the deadline of.
        lines: Lines of the source document, from 1.
        damage: What is broken in the source and how it was read.
        counts: Numbers to be entered when it is done, because no school's history holds them.
        by_office: The office's own work, though it sets the deadline of what it drives.
    """

    key: str
    section: str | None
    title: str
    when: str | None
    start: date | None
    end: date | None
    recurrence: str | None
    responsible: str | None
    roles: tuple[str, ...]
    result: str | None
    drives: tuple[str, ...]
    lines: tuple[int, ...]
    damage: tuple[Text, ...] = ()
    counts: tuple[Count, ...] = ()
    by_office: bool = False

    @property
    def by_schools(self) -> bool:
        """Whether the schools fulfil it by their transitions, so that nothing is entered."""
        return bool(self.drives) and not self.by_office


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the road map's table."""

    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """The order that approved the road map, as it presents itself."""

    kind: str
    issuer: str | None
    number: str | None
    date: date | None
    contradictions: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """How a number of an indicator is computed from the history.

    Args:
        type: ``schools``: the schools that take part; ``schools_fulfilled``: those that fulfilled
            ``of`` (transitions or states, as ``Activity.drives``); ``schools_assigned``: those for
            which somebody holds every role of ``of``; ``occurrences``: the
            occurrences of the activities ``of`` due so far; ``occurrences_done``: those of them
            that were done; ``count``: the numbers ``count`` entered with the activities ``of``;
            ``constant``: ``value`` as the document states it.
        of: Transitions, states, roles or keys of activities, by type.
        count: Name of the number, for ``count``.
        value: For ``constant``.
        fact: For ``schools_fulfilled``: only schools of which this fact is known to be one of
            ``codes``.
        codes: Values of ``fact`` that count.
    """

    type: Literal[
        "schools",
        "schools_fulfilled",
        "schools_assigned",
        "occurrences",
        "occurrences_done",
        "count",
        "constant",
    ]
    of: tuple[str, ...] = ()
    count: str | None = None
    value: int | None = None
    fact: str | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """A countable expected result of a row, computed and never typed in.

    Args:
        key: Key of the activity, with a letter where a row holds several.
        activity: Key of the activity.
        text: The indicator in the words of the row.
        unit: ``percent`` where there is a denominator, else what is counted.
        numerator: What is counted.
        denominator: Out of what, if a share is asked for.
        target: What is to be reached, in ``unit``; ``None`` where the row states none.
    """

    key: str
    activity: str
    text: str
    unit: str
    numerator: Measure
    denominator: Measure | None = None
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Roadmap:
    """What a region or municipality approved."""

    id: str
    version: str
    title: Text
    region: str
    time_zone: str
    start: date
    end: date
    document: Document
    sections: tuple[Section, ...]
    activities: tuple[Activity, ...]
    schools: int | None = None
    municipalities: int | None = None
    indicators: tuple[Indicator, ...] = ()
