"""Whether what many writers heard can be told as one order of events that agrees with the clock.

After Elle (Kingsbury and Alvaro, VLDB 2020, https://doi.org/10.14778/3430915.3430918): the versions
of one participation order its writes, so the order need not be searched for. What was recorded as
version n stands at n; who saw version n looked between n and n + 1. One order agrees with the clock
if nothing stands before what had ended when it was asked; then that order, ties by the time of
asking, is one in which the events can have happened one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import inf
from typing import Final, Literal

Kind = Literal["recorded", "seen", "refused", "unheard"]
"""A command that was acknowledged; a version that was looked at; a command that was refused; and
one of which nothing was heard."""

LOST: Final = "lost"
DOUBLED: Final = "doubled"
UNASKED: Final = "unasked"
LOST_UPDATE: Final = "lost update"
INVERTED: Final = "inverted"
STALE: Final = "stale"
FUTURE: Final = "future"


@dataclass(frozen=True)
class Event:
    """What one writer did, and what it heard.

    Args:
        kind: What it was.
        command: Id of the command; empty for a look.
        asked: When, nanoseconds of a clock that all writers share.
        heard: When the answer was there; ``None`` if it never was.
        version: That was recorded, or seen; for a refusal the one that stood in the way.
        expected: Version that the command was to follow, if it told.
    """

    kind: Kind
    command: str
    asked: int
    heard: int | None
    version: int | None = None
    expected: int | None = None


@dataclass(frozen=True)
class Anomaly:
    """Something that cannot have happened in any one order.

    Args:
        kind: One of the constants of this module.
        told: In words.
    """

    kind: str
    told: str


@dataclass(frozen=True)
class _Point:
    """A place in the order: after so many records, a write before those who see it."""

    place: tuple[int, int]
    asked: float
    heard: float
    name: str


def anomalies(events: Sequence[Event], rows: Sequence[str], first: int = 1) -> list[Anomaly]:
    """Return everything that contradicts one order of events.

    Args:
        events: What the writers heard, in any order.
        rows: Commands of the records that are there in the end, in order.
        first: Version of the first of them.
    """
    return [
        *_rows_asked_once(events, rows),
        *_acknowledged(events, rows, first),
        *_against_the_clock(_points(events, rows, first)),
    ]


def _rows_asked_once(events: Sequence[Event], rows: Sequence[str]) -> Iterator[Anomaly]:
    for command, times in Counter(rows).items():
        if times > 1:
            yield Anomaly(DOUBLED, f"{command} stands {times} times")
    asked = {one.command for one in events if one.kind in ("recorded", "unheard")}
    for command in set(rows) - asked:
        yield Anomaly(UNASKED, f"{command} stands there, and was refused or never asked")


def _acknowledged(events: Sequence[Event], rows: Sequence[str], first: int) -> Iterator[Anomaly]:
    for one in events:
        if one.kind != "recorded" or one.version is None:
            continue
        at = one.version - first
        if not 0 <= at < len(rows) or rows[at] != one.command:
            yield Anomaly(LOST, f"{one.command} is not there as version {one.version}")
        if one.expected is not None and one.version != one.expected + 1:
            told = f"{one.command} was to follow {one.expected}, and is {one.version}"
            yield Anomaly(LOST_UPDATE, told)


def _points(events: Sequence[Event], rows: Sequence[str], first: int) -> list[_Point]:
    at = {command: place for place, command in enumerate(rows, first)}
    points = []
    for one in events:
        heard = inf if one.heard is None else one.heard
        if one.kind in ("recorded", "unheard"):
            place = at.get(one.command) if one.kind == "unheard" else one.version
            if place is not None:
                points.append(_Point((place, 0), one.asked, heard, one.command))
        elif one.version is not None:
            name = f"a look at version {one.version}"
            points.append(_Point((one.version, 1), one.asked, heard, name))
    return points


def _against_the_clock(points: Sequence[_Point]) -> Iterator[Anomaly]:
    """Yield what had been heard before something was asked that stands before it."""
    latest: dict[int, _Point] = {}  # asked last, of the writes and of the looks so far
    ordered = sorted(points, key=lambda point: point.place)
    for (_, seeing), group in groupby(ordered, key=lambda point: point.place):
        members = list(group)
        for one in members:
            for looked, before in latest.items():
                if one.heard < before.asked:
                    told = f"{one.name} had been heard when {before.name} was asked, and follows it"
                    yield Anomaly(STALE if looked else FUTURE if seeing else INVERTED, told)
        last = max(members, key=lambda point: point.asked)
        if seeing not in latest or last.asked > latest[seeing].asked:
            latest[seeing] = last
