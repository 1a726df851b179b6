"""Names in definition files: known, and not given twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from lifecycle.workflows.problems import Findings, Path

_UNKNOWN: Final = {
    "state": ("LD210", "there is no state {name}"),
    "role": ("LD211", "there is no role {name}"),
    "evidence": ("LD212", "there is no evidence kind {name}"),
    "fact": ("LD213", "there is no fact {name}"),
    "reasons": ("LD214", "there is no list of reasons {name}"),
    "transition": ("LD215", "there is no transition {name}"),
    "adjustment": ("LD216", "the programme declares no adjustment {name}"),
    "guard": ("LD217", "no guard is registered as {name}"),
    "section": ("LD218", "there is no section {name}"),
    "drives": ("LD219", "there is no transition and no state {name}"),
    "activity": ("LD261", "there is no activity {name}"),
}


def known(kind: str, name: str, names: Collection[str], path: Path, findings: Findings) -> bool:
    """Note *name* unless it is one of *names*, and tell whether it is."""
    if name in names:
        return True
    code, template = _UNKNOWN[kind]
    findings.unknown(code, path, template, name, names)
    return False


def once(names: Iterable[str], path: Path, field: str, findings: Findings) -> None:
    """Note every name that occurs a second time in the list at *path*."""
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name in seen:
            where = (*path, place, field)
            findings.add("LD201", where, "{name} stands here twice", name=name)
        seen.add(name)
