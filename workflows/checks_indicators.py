"""Whether the indicators of a road map can be computed, and mean what they say."""

from __future__ import annotations

from typing import Final

from lifecycle.workflows.names import known, once
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.schema import ProgrammeFile
from lifecycle.workflows.schema_roadmap import (
    CountedForm,
    HavingForm,
    IndicatorForm,
    MeasureForm,
    RoadmapFile,
)

PERCENT: Final = "percent"
# What says the same whatever happens: a numerator of these would always be reached.
_GIVEN: Final = ("schools", "constant")


def check_indicators(programme: ProgrammeFile, roadmap: RoadmapFile, findings: Findings) -> None:
    """Note every indicator in *roadmap* that could not be computed."""
    _Indicators(programme, roadmap, findings).check()


class _Indicators:
    """Checks what the indicators count, out of what, and how much is to be reached."""

    def __init__(self, programme: ProgrammeFile, roadmap: RoadmapFile, findings: Findings) -> None:
        self._indicators = roadmap.indicators
        self._findings = findings
        self._facts = {fact.id: fact for fact in programme.facts}
        self._roles = [one.id for one in programme.roles]
        self._driven = [one.id for one in programme.transitions]
        self._driven += [one.id for one in programme.states]
        self._counts = {
            activity.key: [count.name for count in activity.counts]
            for activity in roadmap.activities
        }

    def check(self) -> None:
        once((one.key for one in self._indicators), ("indicators",), "key", self._findings)
        for place, form in enumerate(self._indicators):
            path = ("indicators", place)
            self._activity(form.activity, (*path, "activity"))
            if self._measure(form.numerator, (*path, "numerator")) in _GIVEN:
                template = "what is counted has to come from the histories"
                self._findings.add("LD266", (*path, "numerator"), template)
            if form.denominator is not None:
                self._measure(form.denominator, (*path, "denominator"))
            self._unit(form, path)

    def _unit(self, form: IndicatorForm, path: Path) -> None:
        if (form.unit == PERCENT) is (form.denominator is None):
            template = "a number of {unit} has no denominator"
            if form.unit == PERCENT:
                template = "{unit} needs a denominator"
            self._findings.add("LD267", (*path, "unit"), template, unit=form.unit)
        elif form.unit == PERCENT and form.target is not None and form.target > 100:
            template = "a share is 100 percent at most, not {target}"
            self._findings.add("LD268", (*path, "target"), template, target=form.target)

    def _measure(self, form: MeasureForm, path: Path) -> str | None:
        """Check a measure and return the name of it, if it has one."""
        said = form.said()
        if len(said) != 1:
            template = "a measure is one thing; this one is nothing"
            if said:
                template = "a measure is one thing; this one is: {said}"
            self._findings.add("LD265", path, template, said=said)
            return None
        where = (*path, said[0])
        for place, name in enumerate(form.schools_fulfilled or []):
            known("drives", name, self._driven, (*where, place), self._findings)
        for place, name in enumerate(form.schools_assigned or []):
            known("role", name, self._roles, (*where, place), self._findings)
        if form.having is not None:
            self._having(form.having, said[0], (*path, "having"))
        for place, key in enumerate(form.occurrences or form.occurrences_done or []):
            self._activity(key, (*where, place))
        if form.count is not None:
            self._counted(form.count, where)
        return said[0]

    def _activity(self, key: str, path: Path) -> bool:
        return known("activity", key, self._counts, path, self._findings)

    def _counted(self, form: CountedForm, path: Path) -> None:
        for place, key in enumerate(form.of):
            if self._activity(key, (*path, "of", place)) and form.name not in self._counts[key]:
                template = "activity {activity} has no count {name}"
                self._findings.unknown(
                    "LD262", (*path, "name"), template, form.name, self._counts[key], activity=key
                )

    def _having(self, form: HavingForm, said: str, path: Path) -> None:
        if said != "schools_fulfilled":
            template = "only schools have facts; {measure} has none"
            self._findings.add("LD263", path, template, measure=said)
        if known("fact", form.fact, self._facts, (*path, "fact"), self._findings):
            codes = [choice.code for choice in self._facts[form.fact].choices]
            for place, code in enumerate(form.codes):
                if code not in codes:
                    template = "the fact {fact} is never {name}"
                    where = (*path, "codes", place)
                    self._findings.unknown("LD264", where, template, code, codes, fact=form.fact)
