"""A plain programme for measuring: twelve steps, four roles in turn, two pieces of evidence each.

As much work as any workflow engine does for its user, and not more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from lifecycle import Actor, Evidence, Lifecycle
from tests.bench.work import ROLES, STATES, STEPS, papers

ROADMAP: Final = "relay-2022"
CHIEF: Final = Actor("chief", "host:bench")
CLERKS: Final = {role: Actor(f"clerk.{role}", "host:bench") for role in ROLES}
_TITLE: Final = 'title: {ru: "Шаг", en: "Step"}, source: inference'


@dataclass(frozen=True)
class Leg:
    """One step of one school, made ready before the clock runs."""

    school: str
    place: int
    actor: Actor
    evidence: tuple[Evidence, ...]
    command_id: str

    @property
    def transition(self) -> str:
        """Name of the step."""
        return STEPS[self.place]


def legs(schools: range) -> Iterator[Leg]:
    """Yield the steps of all schools: step by step, so that no school comes twice in a row."""
    for place, step in enumerate(STEPS):
        role = ROLES[place % len(ROLES)]
        for number in schools:
            evidence = tuple(
                Evidence(**paper | {"dated": date.fromisoformat(paper["dated"])})
                for paper in papers(number, place)
            )
            yield Leg(f"relay.{number}", place, CLERKS[role], evidence, f"{step}.{number}")


def definitions(folder: Path) -> Path:
    """Write the programme and its road map into a new folder there, and return it."""
    place = folder / "definitions"
    place.mkdir()
    (place / "relay.yaml").write_text(_programme(), "utf-8")
    (place / f"{ROADMAP}.yaml").write_text(_ROADMAP, "utf-8")
    return place


def settle(engine: Lifecycle, schools: range, admin: Actor = CHIEF) -> None:
    """Enrol *schools* on a history that *admin* administers, with the clerks who lead them."""
    for number in schools:
        school = f"relay.{number}"
        # The first enrolment puts the road map in force; the clerks come after it.
        engine.enrol(school, roadmap=ROADMAP, title=school, actor=admin)
    if not schools.start:
        for role, clerk in CLERKS.items():
            engine.add_actor(clerk.id, actor=admin)
            engine.assign(clerk.id, role, roadmap=ROADMAP, actor=admin)


def _programme() -> str:
    lines = [
        "format: 1",
        "id: relay",
        'version: "1"',
        'title: {ru: "Эстафета", en: "Relay"}',
        f"initial: {STATES[0]}",
        "enrolment: {by: [administrator, coordinator], source: inference}",
        "roles:",
        *(f"  - {{id: {role}, scopes: [roadmap], {_TITLE}}}" for role in ROLES),
        "evidence:",
        *(f"  - {{id: {step}_{kind}, {_TITLE}}}" for step in STEPS for kind in ("form", "log")),
        "states:",
        *(f"  - {{id: {state}, {_TITLE}}}" for state in STATES[:-1]),
        f"  - {{id: {STATES[-1]}, final: true, {_TITLE}}}",
        "transitions:",
    ]
    for place, step in enumerate(STEPS):
        lines += [
            f"  - id: {step}",
            '    title: {ru: "Шаг", en: "Step"}',
            f"    from: [{STATES[place]}]",
            f"    to: {STATES[place + 1]}",
            f"    by: [{ROLES[place % len(ROLES)]}]",
            "    source: inference",
            f"    requires: [{{evidence: {step}_form}}, {{evidence: {step}_log}}]",
        ]
    return "\n".join(lines) + "\n"


_ROADMAP: Final = f"""\
format: 1
id: {ROADMAP}
version: "1"
programme: relay
region: komi
time_zone: Europe/Moscow
title: {{ru: "Эстафета", en: "Relay"}}
document: {{kind: other, issuer: null, number: null, date: null, contradictions: []}}
period: {{start: "2022-01-01", end: "2022-12-31"}}
participants: {{schools: null, municipalities: null}}
sections:
  - {{number: "I", title: "Эстафета"}}
activities:
  - key: "1"
    section: "I"
    title: "Эстафета"
    when: "март"
    start: "2022-03-01"
    end: "2022-03-31"
    recurrence: null
    responsible: "Школы"
    roles: [school_lead]
    result: "Пройдена"
    drives: [register]
    lines: [4]
"""
