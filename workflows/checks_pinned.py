"""Whether a file is still the one that is in force: what is in force is never edited."""

from __future__ import annotations

from lifecycle.domain.definition import Definition
from lifecycle.domain.messages import Message
from lifecycle.workflows.problems import Findings


def check_pinned(definition: Definition, pinned: Definition, findings: Findings) -> None:
    """Note a road map whose file says something else than what is in force by its id.

    Args:
        definition: What the file says.
        pinned: The rules in force by the id of the road map.
        findings: Of the road map's file.
    """
    if definition.ref.digest == pinned.ref.digest:
        return
    name = definition.roadmap.id
    facts = {"name": name, "version": pinned.ref.version, "digest": pinned.ref.digest[:12]}
    if definition.ref.version != pinned.ref.version:
        template = (
            "{name} stays in force as version {version} [{digest}]; this file changes nothing"
        )
        findings.warn("LD314", ("version",), template, **facts)
        return
    template = "{name} is in force as version {version} [{digest}] with other content"
    if definition.roadmap == pinned.roadmap:
        template = "{name} is in force as version {version} [{digest}] with another programme"
    findings.note("LD281", ("version",), Message(template, facts), _remedy(name))


def _remedy(name: str) -> Message:
    return Message(
        "what runs keeps its rules; for a new version undo the edit, copy the file, and give the"
        " copy a version and an id of its own, such as {name}",
        {"name": f"{name}-2"},
    )
