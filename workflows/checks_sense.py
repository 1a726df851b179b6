"""Whether what a programme asks for can be met, and whether all that it declares is asked for.

Names are known to refer to something here. Mistakes: LD237 and LD238. Warnings: LD30x.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from lifecycle.workflows.problems import Findings, Path
from lifecycle.workflows.schema import ProgrammeFile, TransitionForm

Moves = set[tuple[str, str]]


def check_sense(programme: ProgrammeFile, findings: Findings) -> None:
    """Note every requirement of *programme* that nobody can ever meet."""
    settings = {form.id: form.default for form in programme.adjustments}
    for place, form in enumerate(programme.transitions):
        where: Path = ("transitions", place, "requires")
        for number, roles in kept_away(form, _parties(form, settings)):
            template = "nobody can make {name}: it keeps away whoever holds one of {roles}"
            path = (*where, number, "not_holding")
            findings.add("LD237", path, template, name=form.id, roles=roles)
        for path, name in _too_early(programme, form):
            template = "the fact {name} is asked for later only, so it is always empty here"
            findings.add("LD238", (*where, *path), template, name=name)


def advise_programme(programme: ProgrammeFile, findings: Findings) -> None:
    """Note what *programme* declares in vain, and where schools come to no ordinary end."""
    for field, code, template, asked in (
        ("evidence", "LD301", "no transition asks for evidence {name}", _kinds(programme)),
        ("facts", "LD302", "no transition asks for the fact {name}", _facts(programme)),
        ("reasons", "LD303", "no transition asks for a reason of {name}", _reasons(programme)),
        ("adjustments", "LD304", "nothing depends on the adjustment {name}", _adjusted(programme)),
    ):
        for place, one in enumerate(getattr(programme, field)):
            if one.id not in asked:
                findings.warn(code, (field, place, "id"), template, name=one.id)
    for place, form in enumerate(programme.transitions):
        before = {one.id for one in _before(programme, form)}
        for number, asked_ in enumerate(form.requires):
            for which, name in enumerate(asked_.different_person or []):
                if name not in before:
                    path = ("transitions", place, "requires", number, "different_person", which)
                    template = "{name} is never made before this: it keeps nobody away"
                    findings.warn("LD305", path, template, name=name)
    for state, ways in stranded(programme, {}):
        place = [one.id for one in programme.states].index(state)
        template = "no ordinary end is reached from {name}: only {ways} leads out"
        findings.warn("LD306", ("states", place, "id"), template, name=state, ways=ways)


def kept_away(form: TransitionForm, roles: Collection[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the requirements by which nobody who may make the transition can make it.

    Args:
        form: The transition.
        roles: Who may make it.
    """
    for number, asked in enumerate(form.requires):
        if roles and asked.not_holding and set(roles) <= set(asked.not_holding):
            yield number, asked.not_holding


def stranded(
    programme: ProgrammeFile, settings: Mapping[str, Any]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the states from which no ordinary end is reached, with the ways that are left.

    A way that leads from several states straight into a final one, such as a withdrawal, is no
    ordinary end.

    Args:
        programme: A sound programme.
        settings: Flags as a road map sets them; what needs one that is off is closed.
    """
    finals = {state.id for state in programme.states if state.final}
    ordinary, abandoning = list[TransitionForm](), list[TransitionForm]()
    for form in programme.transitions:
        ends = form.to in finals and len(form.origin.among(programme.states)) > 1
        (abandoning if ends else ordinary).append(form)
    goals = {form.to for form in ordinary if form.to is not None} & finals
    if not goals:
        return  # In such a programme every end is like a withdrawal.
    open_ = [form for form in ordinary if not _closed(form, settings)]
    ending = closure(goals, {(target, source) for source, target in _moves(programme, open_)})
    for state in programme.states:
        if state.id not in ending and not state.final:
            ways = [
                one.id
                for one in abandoning
                if state.id in one.origin.among(programme.states) and not _closed(one, settings)
            ]
            yield state.id, ways


def closure(start: set[str], moves: Moves) -> set[str]:
    """Return what is reached from *start* by *moves*, *start* included."""
    reached = set(start)
    while grown := {target for source, target in moves if source in reached} - reached:
        reached |= grown
    return reached


def _closed(form: TransitionForm, settings: Mapping[str, Any]) -> bool:
    return any(asked.policy and settings.get(asked.policy) is False for asked in form.requires)


def _moves(programme: ProgrammeFile, forms: Iterable[TransitionForm]) -> Iterator[tuple[str, str]]:
    for form in forms:
        if form.to is not None:
            yield from ((source, form.to) for source in form.origin.among(programme.states))


def _parties(form: TransitionForm, settings: Mapping[str, Any]) -> list[str]:
    if form.by.adjustment is None:
        return form.by.roles
    found = settings[form.by.adjustment]
    return found if isinstance(found, list) else []


def _before(programme: ProgrammeFile, form: TransitionForm) -> Iterator[TransitionForm]:
    """Yield the transitions that may have been made before *form*."""
    moves = set(_moves(programme, programme.transitions))
    here = set(form.origin.among(programme.states))
    for one in programme.transitions:
        left = set(one.origin.among(programme.states)) if one.to is None else {one.to}
        if here & closure(left, moves):
            yield one


def _too_early(programme: ProgrammeFile, form: TransitionForm) -> Iterator[tuple[Path, str]]:
    """Yield the references to codes of facts that cannot be known yet."""
    stated = {
        asked.fact.name
        for one in (form, *_before(programme, form))
        for asked in one.requires
        if asked.fact is not None
    }
    for number, asked in enumerate(form.requires):
        references: list[tuple[Path, str]] = []
        if asked.evidence is not None and asked.evidence.each is not None:
            references.append(((number, "evidence", "each"), asked.evidence.each))
        if asked.fact is not None:
            references += [
                ((number, "fact", "within", place), name)
                for place, name in enumerate(asked.fact.within)
            ]
        for path, reference in references:
            name = reference.partition(".")[0]
            if name not in stated:
                yield path, name


def _kinds(programme: ProgrammeFile) -> set[str]:
    allowed = {one.id: one.allowed for one in programme.adjustments if one.kind == "evidence"}
    found: set[str] = set()
    for form in programme.transitions:
        for asked in form.requires:
            if asked.evidence is not None and asked.evidence.kind is not None:
                found.add(asked.evidence.kind)
            if asked.evidence is not None and asked.evidence.adjustment is not None:
                found.update(allowed.get(asked.evidence.adjustment, ()))
    return found


def _facts(programme: ProgrammeFile) -> set[str]:
    asked = [one for form in programme.transitions for one in form.requires]
    return {one.fact.name for one in asked if one.fact is not None}


def _reasons(programme: ProgrammeFile) -> set[str]:
    asked = [one for form in programme.transitions for one in form.requires]
    return {one.reason for one in asked if one.reason is not None}


def _adjusted(programme: ProgrammeFile) -> set[str]:
    found: set[str | None] = {form.by.adjustment for form in programme.transitions}
    for form in programme.transitions:
        for asked in form.requires:
            found.add(asked.policy)
            found.add(asked.evidence.adjustment if asked.evidence is not None else None)
    return {name for name in found if name is not None}
