"""Whether a road map fits its programme, and its rows each other."""

from __future__ import annotations

from lifecycle.workflows.checks import setting
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
    once((one.number for one in roadmap.sections), ("sections",), "number", findings)
    once((one.key for one in roadmap.activities), ("activities",), "key", findings)
    _window(roadmap.period, ("period",), findings)
    for place, activity in enumerate(roadmap.activities):
        _activity(programme, roadmap, activity, ("activities", place), findings)


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


def _window(window: ActivityForm | PeriodForm, path: Path, findings: Findings) -> None:
    if window.start is not None and window.end is not None and window.end < window.start:
        findings.add(
            "LD251",
            (*path, "end"),
            "the window ends on {end}, before it begins on {start}",
            start=window.start.isoformat(),
            end=window.end.isoformat(),
        )
