"""Whether a road map fits its programme, and its rows each other."""

from __future__ import annotations

from typing import Any

from lifecycle.domain.occurrences import occurs
from lifecycle.workflows.checks import setting
from lifecycle.workflows.checks_indicators import check_indicators
from lifecycle.workflows.checks_sense import kept_away
from lifecycle.workflows.names import known, once
from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.schema import ProgrammeFile
from lifecycle.workflows.schema_roadmap import ActivityForm, PeriodForm, RoadmapFile


def check_roadmap(programme: ProgrammeFile, roadmap: RoadmapFile, findings: Findings) -> None:
    """Note everything in *roadmap* that cannot work under *programme*."""
    adjustments = {form.id: form for form in programme.adjustments}
    for name, adjusted in roadmap.adjustments.items():
        if known("adjustment", name, adjustments, ("adjustments", name), findings):
            path = ("adjustments", name, "value")
            setting(adjustments[name], adjusted.value, path, findings)
            _kept_away(programme, name, adjusted.value, path, findings)
    once((one.number for one in roadmap.sections), ("sections",), "number", findings)
    once((one.key for one in roadmap.activities), ("activities",), "key", findings)
    _window(roadmap.period, ("period",), findings)
    for place, activity in enumerate(roadmap.activities):
        _activity(programme, roadmap, activity, ("activities", place), findings)
    check_indicators(programme, roadmap, findings)


def _kept_away(
    programme: ProgrammeFile, name: str, value: Any, path: Path, findings: Findings
) -> None:
    """Note a setting by which nobody could make a transition."""
    for form in programme.transitions:
        if form.by.adjustment == name and isinstance(value, list):
            for _, roles in kept_away(form, value):
                template = "nobody could make {name}: it keeps away whoever holds one of {roles}"
                findings.add("LD244", path, template, name=form.id, roles=roles)


def _activity(
    programme: ProgrammeFile,
    roadmap: RoadmapFile,
    activity: ActivityForm,
    path: Path,
    findings: Findings,
) -> None:
    roles = [role.id for role in programme.roles]
    driven = [one.id for one in programme.transitions]
    driven += [one.id for one in programme.states]
    if activity.section is not None:
        numbers = [section.number for section in roadmap.sections]
        known("section", activity.section, numbers, (*path, "section"), findings)
    for place, name in enumerate(activity.roles):
        known("role", name, roles, (*path, "roles", place), findings)
    for place, name in enumerate(activity.drives):
        known("drives", name, driven, (*path, "drives", place), findings)
    _window(activity, path, findings)
    _recurrence(activity, roadmap.period, path, findings)
    _entered(activity, path, findings)


def _recurrence(activity: ActivityForm, period: PeriodForm, path: Path, findings: Findings) -> None:
    """Note what recurs between days that no occurrence falls on."""
    first, last = activity.start or period.start, activity.end or period.end
    if activity.recurrence and not occurs(activity.recurrence, first, last):
        findings.add(
            "LD252",
            (*path, "recurrence"),
            "it never occurs between {start} and {end}",
            start=first.isoformat(),
            end=last.isoformat(),
        )


def _entered(activity: ActivityForm, path: Path, findings: Findings) -> None:
    """Check what the office enters, and where it enters nothing."""
    once((one.name for one in activity.counts), (*path, "counts"), "name", findings)
    if activity.drives and activity.by is None and activity.counts:
        template = "schools fulfil {key} by their transitions: nobody enters a number with it"
        findings.add("LD253", (*path, "counts"), template, key=activity.key)
    if activity.by is not None and not activity.drives:
        template = "what drives nothing is the office's own work anyway"
        findings.add("LD254", (*path, "by"), template)


def _window(window: ActivityForm | PeriodForm, path: Path, findings: Findings) -> None:
    if window.start is not None and window.end is not None and window.end < window.start:
        findings.add(
            "LD251",
            (*path, "end"),
            "the window ends on {end}, before it begins on {start}",
            start=window.start.isoformat(),
            end=window.end.isoformat(),
        )
