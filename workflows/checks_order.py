"""What a road map allows and was hardly meant: warnings LD31x."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lifecycle.workflows.checks_sense import stranded
from lifecycle.workflows.problems import Findings
from lifecycle.workflows.schema import ProgrammeFile, TransitionForm
from lifecycle.workflows.schema_roadmap import ActivityForm, RoadmapFile


def advise_roadmap(programme: ProgrammeFile, roadmap: RoadmapFile, findings: Findings) -> None:
    """Note rows due before what they follow, work that nobody may report, ways that are closed."""
    _Order(programme, roadmap).advise(findings)
    held = {role.id for role in programme.roles if "roadmap" in role.scopes}
    planned_by = programme.plan.by if programme.plan else []
    for place, row in enumerate(roadmap.activities):
        office = row.by == "office" or not row.drives
        if office and not held.intersection((*row.roles, *planned_by)):
            template = "nobody may say what became of {key}: no role is held on the road map"
            findings.warn("LD312", ("activities", place, "roles"), template, key=row.key)
    settings = {form.id: form.default for form in programme.adjustments}
    settings |= {name: adjusted.value for name, adjusted in roadmap.adjustments.items()}
    anyway = dict(stranded(programme, {}))
    for state, ways in stranded(programme, settings):
        if state not in anyway:
            template = "as adjusted, no end is reached from {name}"
            if ways:
                template = (
                    "as adjusted, no ordinary end is reached from {name}: only {ways} leads out"
                )
            findings.warn("LD313", ("adjustments",), template, name=state, ways=ways)


@dataclass(frozen=True, slots=True)
class _Last:
    """The row that sets a deadline, and where it stands."""

    row: ActivityForm
    place: int
    end: date


class _Order:
    """The deadlines of a road map in the order in which schools come to them."""

    def __init__(self, programme: ProgrammeFile, roadmap: RoadmapFile) -> None:
        self._programme = programme
        self._rows = [
            _Last(row, place, row.end)
            for place, row in enumerate(roadmap.activities)
            if row.end is not None
        ]
        self._states = {
            state.id: self._last({state.id, *(one.id for one in self._leaving(state.id))})
            for state in programme.states
        }

    def advise(self, findings: Findings) -> None:
        """Note every row that is due before one that it follows, once for each pair."""
        told: set[tuple[str, str]] = set()
        for before, after in self._pairs():
            pair = (before.row.key, after.row.key)
            if after.end < before.end and before.place != after.place and pair not in told:
                told.add(pair)
                findings.warn(
                    "LD311",
                    ("activities", after.place, "end"),
                    "{key} ends on {end}, before {before} that it follows, which ends on {last}",
                    key=after.row.key,
                    end=after.end.isoformat(),
                    before=before.row.key,
                    last=before.end.isoformat(),
                )

    def _pairs(self) -> Iterator[tuple[_Last, _Last]]:
        for state in self._programme.states:
            before = self._states[state.id]
            if before is not None:
                yield from ((before, after) for after in self._next(state.id, {state.id}))
        forms = {form.id: form for form in self._programme.transitions}
        for form in self._programme.transitions:
            for asked in form.requires:
                if asked.answers is not None:
                    submitted = self._last({forms[asked.answers].id})
                    answered = self._last({form.id})
                    if submitted is not None and answered is not None:
                        yield submitted, answered

    def _next(self, state: str, seen: set[str]) -> Iterator[_Last]:
        """Yield the deadlines that follow, over states that have none."""
        for form in self._leaving(state):
            if form.to is None or form.to in seen:
                continue
            seen.add(form.to)
            after = self._states[form.to]
            if after is not None:
                yield after
            else:
                yield from self._next(form.to, seen)

    def _leaving(self, state: str) -> list[TransitionForm]:
        """Return the ways on from a state; those that abandon the programme follow nothing."""
        finals = {one.id for one in self._programme.states if one.final}
        found = []
        for form in self._programme.transitions:
            origin = form.origin.among(self._programme.states)
            abandons = form.to in finals and len(origin) > 1
            if state in origin and form.to is not None and not abandons:
                found.append(form)
        return found

    def _last(self, names: set[str]) -> _Last | None:
        driving = [one for one in self._rows if names.intersection(one.row.drives)]
        return max(driving, key=lambda one: (one.end, -one.place), default=None)
