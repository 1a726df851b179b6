"""Cases as an object-centric event log (OCEL 2.0): the objects, the events, and how they relate.

Every event is related to all that it concerns, school and programme included: readers drop
objects that no event names, even where other objects do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from lifecycle.domain.errors_mining import NotExportable
from lifecycle.domain.model import Evidence
from lifecycle.domain.naming import is_slug
from lifecycle.domain.record import Record
from lifecycle.mining.cases import Case, activity_of

Type = Literal["string", "integer", "time"]

OBJECT_TYPES: Final = {
    "participation": {"state": "string"},
    "school": {},
    "programme": {},
    "roadmap": {},
    "definition": {"name": "string", "version": "string"},
    "actor": {},
    "evidence": {"form": "string", "size": "integer"},
}
"""Attributes of each object type, with their types; only ``state`` changes with time."""

EVENT_ATTRIBUTES: Final[dict[str, Type]] = {
    "role": "string",
    "sequence": "integer",
    "hash": "string",
    "source": "string",
    "target": "string",
    "effective_on": "time",
    "reason": "string",
}
"""Attributes that events of every type may bear, with their types."""

Value = str | int


@dataclass(frozen=True, slots=True)
class Link:
    """A relation to an object, and what the object is in it."""

    object_id: str
    qualifier: str


@dataclass(frozen=True, slots=True)
class Thing:
    """An object.

    Args:
        id: Unique among all objects, whatever their type.
        type: One of ``OBJECT_TYPES``.
        values: Attributes that do not change.
        changes: Attributes that do: name, time and value.
        links: Objects that it belongs to.
    """

    id: str
    type: str
    values: tuple[tuple[str, Value], ...] = ()
    changes: tuple[tuple[str, datetime, Value], ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """An event.

    Args:
        id: Id of the record.
        type: Its activity.
        time: When it was written down, UTC.
        values: Attributes by name; those that it does not bear are missing.
        links: The objects that it concerns.
    """

    id: str
    type: str
    time: datetime
    values: dict[str, Value]
    links: tuple[Link, ...]


def things_of(case: Case) -> Iterator[Thing]:
    """Yield the objects of a case; those that cases share come up in each of them."""
    programme = _programme(case)
    school = Thing(f"school/{case.school}", "school")
    roadmap = Thing(f"roadmap/{case.roadmap}", "roadmap", links=(Link(programme, "follows"),))
    rules = Thing(
        f"definition/{case.definition.digest}",
        "definition",
        values=(("name", case.definition.id), ("version", case.definition.version)),
        links=(Link(programme, "of"), Link(roadmap.id, "of")),
    )
    yield from (school, Thing(programme, "programme"), roadmap, rules)
    states = [(one.recorded_at, one.target or "") for one in case.events if _moves(one)]
    yield Thing(
        f"participation/{case.school}",
        "participation",
        changes=tuple(("state", time, state) for time, state in states),
        links=(Link(school.id, "of"), Link(roadmap.id, "under"), Link(rules.id, "by")),
    )
    for record in case.events:
        for actor in (record.actor.id, record.actor.on_behalf_of):
            if actor is not None:
                yield Thing(f"actor/{actor}", "actor")
        for place, piece in enumerate(record.evidence, 1):
            size = (("size", piece.size),) if piece.size is not None else ()
            yield Thing(
                _evidence_id(record, place, piece), "evidence", (("form", piece.form), *size)
            )


def happenings_of(case: Case) -> Iterator[Happening]:
    """Yield the events of a case, in order.

    Raises:
        NotExportable: A transition has a name that cannot name an event type.
    """
    always = (
        Link(f"participation/{case.school}", "participation"),
        Link(f"school/{case.school}", "school"),
        Link(_programme(case), "programme"),
        Link(f"roadmap/{case.roadmap}", "roadmap"),
        Link(f"definition/{case.definition.digest}", "definition"),
    )
    for record in case.events:
        activity = activity_of(record)
        if not is_slug(activity):
            raise NotExportable(place="ocel:type", value=activity)
        values: dict[str, Value | None] = {
            "role": record.actor.role,
            "sequence": record.sequence,
            "hash": record.hash,
            "source": record.source,
            "target": record.target,
            "effective_on": f"{record.effective_on.isoformat()}T00:00:00Z",  # a day
            "reason": record.reason,
        }
        yield Happening(
            id=record.record_id,
            type=activity,
            time=record.recorded_at,
            values={name: value for name, value in values.items() if value is not None},
            links=(*always, *_further(record)),
        )


def _further(record: Record) -> Iterator[Link]:
    """Yield who acted, for whom, and on what evidence; the same piece of a kind only once."""
    yield Link(f"actor/{record.actor.id}", "actor")
    if record.actor.on_behalf_of is not None:
        yield Link(f"actor/{record.actor.on_behalf_of}", "on_behalf_of")
    filed = {
        Link(_evidence_id(record, place, piece), piece.kind): None
        for place, piece in enumerate(record.evidence, 1)
    }
    yield from filed


def _evidence_id(record: Record, place: int, piece: Evidence) -> str:
    """Name a file by its content, so that the same file is one object; else by its place."""
    name = piece.sha256 if piece.sha256 is not None else f"{record.record_id}/{place}"
    return f"evidence/{name}"


def _programme(case: Case) -> str:
    return f"programme/{case.definition.id.partition('/')[0]}"


def _moves(record: Record) -> bool:
    return record.source != record.target
