"""A road map (дорожная карта): who does what by when, in the words of the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
