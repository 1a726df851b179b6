"""A small programme made by hand, one requirement at a time, and attempts under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from lifecycle.domain.access import Access
from lifecycle.domain.definition import (
    Choice,
    Definition,
    EvidenceKind,
    FactField,
    FactType,
    Requirement,
    Role,
    State,
    Transition,
)
from lifecycle.domain.guards import Attempt, Guards, Unmet, judge
from lifecycle.domain.messages import Text
from lifecycle.domain.model import Assignment, Evidence, Head
from lifecycle.domain.replay import Move, Participation
from lifecycle.domain.roadmap import Document, Roadmap

TODAY = date(2022, 3, 14)
NOON = datetime(2022, 3, 14, 12, tzinfo=UTC)
SCHOOL = "participation/s-1"
MAP = "roadmap/map"


def unsigned(public: bytes, message: bytes, signature: bytes) -> bool:
    """Find no signature good; nobody signs here."""
    return False


def access(*roles: Assignment, version: int = 3) -> Access:
    """Return what an installation says in which *roles* are held and nothing was issued."""
    return Access(version, roles, None, unsigned)


def text(words: str) -> Text:
    return Text(ru=words, en=words)


def choice(code: str) -> Choice:
    return Choice(code, text(code))


ROADMAP = Roadmap(
    id="map",
    version="1",
    title=text("map"),
    region="sakhalin",
    time_zone="Asia/Sakhalin",
    start=date(2022, 1, 17),
    end=date(2022, 12, 31),
    document=Document("order", None, None, None),
    sections=(),
    activities=(),
)
FACTS = (
    FactType("outcome", text("outcome"), "choice", "inference", (choice("good"), choice("bad"))),
    FactType("chosen", text("chosen"), "slugs", "inference"),
    FactType(
        "risks",
        text("risks"),
        "records",
        "inference",
        fields=(
            FactField("factor", "slug", catalogue=True),
            FactField("weight", "choice", (choice("high"), choice("low"))),
        ),
    ),
    FactType("pupils", text("pupils"), "integer", "inference"),
    FactType("opened", text("opened"), "date", "inference"),
    FactType("rural", text("rural"), "boolean", "inference"),
)


def programme(*requirements: Requirement, due_on: date | None = None) -> Definition:
    """Return a programme whose transition ``judge`` has *requirements*.

    A school is ``drafting``; a writer makes ``write`` and stays, a judge makes ``judge`` and
    leads to ``done``, or makes ``decline`` with the same requirements and stays.
    """
    drafting, source = ("drafting",), "inference"
    return Definition(
        programme="small",
        programme_version="1",
        title=text("small"),
        roadmap=ROADMAP,
        initial="drafting",
        states=(
            State("drafting", text("drafting"), source, due_on=date(2022, 2, 1)),
            State("done", text("done"), source, final=True, due_on=date(2022, 2, 2)),
        ),
        transitions=(
            Transition("write", text("write"), source, drafting, None, ("writer",)),
            Transition(
                "judge",
                text("judge"),
                source,
                drafting,
                "done",
                ("judge", "chair"),
                requirements,
                due_on,
            ),
            Transition(
                "decline", text("decline"), source, drafting, None, ("judge",), requirements
            ),
        ),
        roles=tuple(
            Role(name, text(name), ("school", "roadmap"), source)
            for name in ("writer", "judge", "chair")
        ),
        evidence_kinds=tuple(
            EvidenceKind(name, text(name), source) for name in ("order", "note", "letter")
        ),
        facts=FACTS,
        enrolled_by=("administrator",),
        catalogue=(choice("fire"), choice("flood")),
    )


def held(actor: str, role: str, stream: str = SCHOOL, sequence: int = 1) -> Assignment:
    return Assignment(f"given-{actor}-{role}-{sequence}", stream, actor, role, sequence)


ROSTER = (held("ann", "writer"), held("joe", "judge"), held("sue", "chair"))


def participation(
    *moves: tuple[str, str],
    state: str = "drafting",
    facts: Mapping[str, Any] | None = None,
    entered: int = 1,
) -> Participation:
    """Return a school that made *moves* (name, actor) as records 2, 3 ... of its stream."""
    made = tuple(
        Move(name, actor, state, sequence, TODAY)
        for sequence, (name, actor) in enumerate(moves, start=2)
    )
    return Participation(
        school="s-1",
        roadmap="map",
        title="School",
        definition=programme().ref,
        state=state,
        head=Head("origin", SCHOOL, len(moves) + 1, "0" * 64, NOON),
        entered_at=NOON,
        entered_on=TODAY,
        entered_sequence=entered,
        facts=facts or {},
        moves=made,
    )


def attempt(*requirements: Requirement, **changes: Any) -> Attempt:
    """Return joe's attempt to ``judge`` today, with nothing brought, except for *changes*."""
    definition = programme(*requirements)
    usual: dict[str, Any] = {
        "definition": definition,
        "transition": definition.transition["judge"],
        "participation": participation(),
        "roster": ROSTER,
        "actor": "joe",
        "evidence": (),
        "facts": {},
        "reason": None,
        "effective_on": TODAY,
        "today": TODAY,
    }
    return Attempt(**{**usual, **changes})


def unmet(*requirements: Requirement, guards: Guards | None = None, **changes: Any) -> list[Unmet]:
    """Return everything that stands in the way of ``attempt``."""
    return list(judge(attempt(*requirements, **changes), guards or {}).unmet)


def link(kind: str, item: str | None = None) -> Evidence:
    return Evidence(kind, item, form="link", url=f"https://example.org/{kind}/{item}")


def told(found: Sequence[Unmet]) -> list[tuple[str, dict[str, object]]]:
    return [(one.code, one.message.plain_parameters()) for one in found]
