"""The command that writes histories and rules for process miners: audit export."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lifecycle.cli import files, output
from lifecycle.cli.forms import Command, argument, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session
from lifecycle.domain.errors import DatabaseMissing, NotFound, UnknownRoadmap, UnknownSchool
from lifecycle.domain.errors_mining import SchoolElsewhere

if TYPE_CHECKING:
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.ports import Auditing
    from lifecycle.mining import Choosing, Tally
    from lifecycle.service import Lifecycle

_LOGS: Final = ("xes", "ocel-json", "ocel-sqlite")
_RULES: Final = ("pnml", "bpmn")
# A digest, or the first digits of one; ids of road maps that look so are looked up first.
_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a call asks for."""

    format: str
    rules: str | None
    school: str | None
    cases: Any  # finished, open or all: click lets nothing else through


@click.command(
    "export",
    cls=Command,
    examples=(
        "lifecycle audit export xes tomari-2022 --out tomari.xes",
        "lifecycle audit export ocel-sqlite --out everything.sqlite --cases all",
        "lifecycle audit export pnml tomari-2022 --out tomari.pnml",
        "lifecycle audit export bpmn tomari-2022 --out tomari.bpmn --lang ru",
    ),
)
@argument("format", type=click.Choice((*_LOGS, *_RULES)))
@argument(
    "rules",
    metavar="[ROADMAP|DEFINITION]",
    required=False,
    help="Id of a road map, or the digest of a definition as records name it (8 digits or more)."
    " A history is then narrowed to it; rules are always those of one.",
)
@option("--out", metavar="FILE", required=True, help="Where to write it, such as log.xes.")
@option("--school", metavar="SCHOOL", help="Only the history of this school.")
@option(
    "--cases",
    type=click.Choice(("finished", "open", "all")),
    default="finished",
    help="Which participations: the finished ones if not given. Rules for open ones have a silent"
    " way out of every state, because an open history ends anywhere.",
)
@files.force_option
@common_options
@click.pass_context
def export(
    context: click.Context,
    format: str,
    rules: str | None,
    out: str,
    school: str | None,
    cases: str,
    force: bool,
) -> None:
    """Write the history or the rules for process miners.

    The history of schools: xes (IEEE 1849-2016), ocel-json, ocel-sqlite (OCEL 2.0). The rules
    that it has to follow: pnml (a Petri net) and bpmn (BPMN 2.0 with its diagram). The files bear
    ids and codes, no names and no titles of schools.
    """
    session = Session.of(context)
    wanted = _Wanted(format, rules, school, cases)
    files.check_free(Path(out), force=force)
    if format in _LOGS:
        _export_log(session, wanted, Path(out), force=force)
        return
    if rules is None or school is not None:
        template = "rules are exported of one ROADMAP or DEFINITION, and of no school"
        raise click.UsageError(say(template))
    _export_rules(session, wanted, Path(out), force=force)


def _export_log(session: Session, wanted: _Wanted, path: Path, *, force: bool) -> None:
    from lifecycle.mining import Tally

    tally = Tally()
    progress = output.Progress(say("cases written: {count}", count="{count}"))
    with session.engine() as engine, engine.context.journal.auditing() as view:
        choosing = _choosing(engine, view, wanted)
        try:
            with files.written(path, force=force) as beside:
                objects = _write_log(engine, view, wanted.format, choosing, tally, progress, beside)
        finally:
            progress.end()
    if tally.left_out:
        session.tell(
            "left out by --cases {which}: {count}", which=wanted.cases, count=tally.left_out
        )
    session.answer(
        {
            "format": wanted.format,
            "file": str(path),
            "roadmap": choosing.roadmap,
            "definition": choosing.definition,
            "school": choosing.school,
            "which": choosing.which,
            "cases": tally.cases,
            "events": tally.events,
            "objects": objects,
            "left_out": tally.left_out,
        },
        [
            say(
                "{file} is written, cases: {cases}, events: {events}",
                file=str(path),
                cases=tally.cases,
                events=tally.events,
            )
        ],
    )


def _write_log(
    engine: Lifecycle,
    view: Auditing,
    format: str,
    choosing: Choosing,
    tally: Tally,
    progress: output.Progress,
    path: Path,
) -> int | None:
    """Write the log, and return how many objects it holds; a format without objects has none."""
    from lifecycle.mining import choose, write_ocel_json, write_ocel_sqlite, write_xes

    context = engine.context
    cases = choose(view, choosing, lambda one: context.definition(view, one), tally, progress)
    if format == "ocel-sqlite":
        return write_ocel_sqlite(cases, path)
    with path.open("wb") as stream:
        if format == "ocel-json":
            return write_ocel_json(cases, stream)
        write_xes(cases, stream, view.origin)
        return None


def _choosing(engine: Lifecycle, view: Auditing, wanted: _Wanted) -> Choosing:
    """Return which cases are wanted.

    Raises:
        UnknownSchool, UnknownRoadmap, NotFound: There is no such thing.
        SchoolElsewhere: The school takes part otherwise.
    """
    choosing = _narrowed(engine, view, wanted)
    if wanted.school is not None:
        _find(view, wanted.school, choosing, wanted)
    return choosing


def _find(view: Auditing, school: str, choosing: Choosing, wanted: _Wanted) -> None:
    found = next(iter(view.standings(school)), None)
    if found is None:
        raise UnknownSchool(school, view.schools())
    if choosing.roadmap in (None, found.roadmap) and choosing.definition in (
        None,
        found.definition,
    ):
        return
    raise SchoolElsewhere(school, rules=wanted.rules, roadmap=found.roadmap, format=wanted.format)


def _narrowed(engine: Lifecycle, view: Auditing, wanted: _Wanted) -> Choosing:
    from lifecycle.mining import Choosing

    if wanted.rules is None or wanted.rules in view.roadmaps():
        return Choosing(wanted.rules, None, wanted.school, wanted.cases)
    if _DIGEST.fullmatch(wanted.rules):
        return Choosing(None, _digest(view, wanted.rules), wanted.school, wanted.cases)
    known = engine.context.definitions.roadmaps()
    if wanted.rules not in known:
        raise UnknownRoadmap(wanted.rules, known)
    return Choosing(wanted.rules, None, wanted.school, wanted.cases)  # nobody takes part yet


def _digest(view: Auditing, begins: str) -> str:
    """Return the digest of the one stored definition that begins so.

    Raises:
        NotFound: None does, or more than one.
    """
    found = [digest for digest, _ in view.definitions() if digest.startswith(begins)]
    if len(found) != 1:
        raise NotFound(begins)
    return found[0]


def _export_rules(session: Session, wanted: _Wanted, path: Path, *, force: bool) -> None:
    from lifecycle.mining import write_bpmn, write_pnml

    definition = _definition(session, wanted.rules or "")
    open_cases = wanted.cases != "finished"
    with files.written(path, force=force) as beside, beside.open("wb") as stream:
        if wanted.format == "pnml":
            write_pnml(definition, stream, open_cases=open_cases)
        else:
            write_bpmn(definition, stream, spoken(), open_cases=open_cases)
    session.answer(
        {
            "format": wanted.format,
            "file": str(path),
            "roadmap": definition.roadmap.id,
            "definition": definition.ref.digest,
            "version": definition.ref.version,
            "which": wanted.cases,
            "states": len(definition.states),
            "transitions": len(definition.transitions),
        },
        [say("{file} is written", file=str(path))],
    )


def _definition(session: Session, rules: str) -> Definition:
    """Return the rules in force under a road map or of a digest; without a database, as shipped.

    Raises:
        DatabaseMissing: A database was named, and it is not there.
        UnknownRoadmap, NotFound: There are no such rules.
    """
    try:
        with session.engine() as engine:
            in_force = engine.plans.in_force(rules)
            if in_force is not None:
                return in_force
            if _DIGEST.fullmatch(rules) is None:
                return engine.context.definitions.compiled(rules)
            with engine.context.journal.auditing() as view:
                return engine.context.definition(view, _digest(view, rules))
    except DatabaseMissing:
        if session.names_database:
            raise
    from lifecycle.workflows.catalogue import Catalogue

    session.tell("there is no database here: the rules as they are shipped")
    return Catalogue(session.definitions).compiled(rules)
