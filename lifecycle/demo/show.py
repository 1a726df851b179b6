"""The demonstration from beginning to end."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lifecycle import InvalidInput, Message, StatusRow, StorageFailed, create_lifecycle, verify
from lifecycle.demo.cast import ADMINISTRATOR, BELGOROD, School, belgorod, districts, krasnogorsk
from lifecycle.demo.drive import Stage, known_as
from lifecycle.demo.hurdles import HURDLES, SHOWN_IN_FULL, help_oneself
from lifecycle.demo.offices import Offices
from lifecycle.demo.outcomes import plans
from lifecycle.demo.papers import Papers
from lifecycle.demo.printing import Page
from lifecycle.storage.addresses import shown_address
from lifecycle.storage.sqlite_files import sqlite_path
from lifecycle.wiring import MEMORY

FEWEST = 4
MOST = 999

NEXT = (
    "status --roadmap belgorod-2021",
    "explain belgorod-02 --actor school-02",
    "history krasnogorsk",
    "replay krasnogorsk --on 2022-05-01",
    "plan kaspiysk-2022 --on 2022-06-15",
    "overdue --on 2022-06-15 --roadmap neklinovsky-2022 --by person",
    "indicators tomari-2022 --at 2022-06-15",
    "verify",
)
"""Commands to try on the database that is left, without its address."""

Line = Callable[[str], None]


def run(
    url: str,
    schools: int = 22,
    language: str = "en",
    *,
    out: Line,
    progress: Line,
    evidence: Path | str | None = None,
) -> dict[str, object]:
    """Begin a history at *url* and take the schools and offices of five real road maps through it.

    Args:
        url: Where the database is to be made; its folder is made if it is missing.
        schools: How many schools of the Belgorod region take part, 4 to 999; the order has 22.
        language: ``ru`` or ``en``.
        out: Takes the lines of the report.
        progress: Takes words on how far it is.
        evidence: Folder of the evidence files; beside the database if not given.

    Returns:
        ``database``; ``schools``, ``completed``, ``in_progress``, ``withdrawn`` and ``overdue``
        in numbers of schools; ``roadmaps``, ``activities``, ``plan_records``, ``indicators``,
        ``indicators_met``, ``overdue_on_the_day``; ``records``; ``refusals``; ``verified``;
        ``findings``.

    Raises:
        InvalidInput: Fewer or more schools than that, or *url* is no address.
        DatabaseExists: There is a history already.
        StorageFailed: It cannot be written there.
    """
    if not FEWEST <= schools <= MOST:
        limits = Message("{fewest} to {most}", {"fewest": FEWEST, "most": MOST})
        raise InvalidInput(what=Message("the number of schools"), detail=limits)
    began = time.monotonic()
    _make_folder(url)
    everyone = (krasnogorsk(), *belgorod(schools), *districts())
    page, steps = Page(out, language), Page(progress, language)
    administrator = known_as(ADMINISTRATOR)
    with (
        create_lifecycle(url, administrator=administrator, evidence=evidence) as engine,
        TemporaryDirectory(prefix="lifecycle-demo-") as folder,
    ):
        stage = Stage(engine, Papers(Path(folder)), HURDLES)
        _begin(page, stage, schools)
        _drive(steps, stage, everyone)
        steps.say(Message("the offices work on their plans"))
        offices = Offices(engine, stage.papers)
        offices.work()
        rows = engine.status()
        _report(page, stage, everyone, rows)
        summary = {"database": shown_address(url)} | _counts(rows) | plans(page, engine)
        summary["plan_records"] = len(offices.receipts)
        steps.say(Message("verifying every record and every evidence file"))
        summary |= _verified(page, stage, began)
    if url != MEMORY:
        _what_next(page, url, evidence)
    return summary


def _make_folder(url: str) -> None:
    path = sqlite_path(url)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        facts = {"folder": path.parent, "reason": error.strerror}
        detail = Message("the folder {folder} cannot be made: {reason}", facts)
        raise StorageFailed(detail=detail) from error


def _begin(page: Page, stage: Stage, schools: int) -> None:
    order = stage.engine.context.definitions.compiled(BELGOROD).roadmap
    page.say(
        Message("Five road maps of the programme «500+», as approved, their schools and offices.")
    )
    page.say(
        Message(
            "The order of Tomari names its one school; Belgorod's says how many take part"
            " ({ordered}), not which, and three districts say neither, so these bear numbers here."
            " Papers, risks, outcomes and the work of the offices are made up.",
            {"ordered": order.schools},
        )
    )
    if schools != order.schools:
        page.say(
            Message("Of Belgorod, {schools} schools take part this time.", {"schools": schools})
        )


def _drive(steps: Page, stage: Stage, everyone: Sequence[School]) -> None:
    steps.say(Message("registering people and their roles"))
    stage.prepare(tuple(everyone))
    help_oneself(stage)
    for done, school in enumerate(everyone, 1):
        state = stage.drive(school)
        facts = {"done": done, "all": len(everyone), "school": school.id, "state": state}
        steps.say(Message("{done}/{all} {school}: {state}", facts))


def _report(
    page: Page, stage: Stage, everyone: Sequence[School], rows: Sequence[StatusRow]
) -> None:
    first = everyone[0]
    page.refusals(stage.refusals)
    in_full = [one for one in stage.refusals if (one.place, one.what) in SHOWN_IN_FULL]
    page.refusals_in_full(in_full, stage.definition(first))
    if stage.repetition is not None:
        page.repetition(stage.repetition)
    page.late(stage.late)
    page.board(stage, rows)
    page.history(first.id, first.title, stage.engine.history(first.id))


def _counts(rows: Sequence[StatusRow]) -> dict[str, object]:
    states = [row.standing.state for row in rows]
    return {
        "schools": len(rows),
        "completed": states.count("completed"),
        "in_progress": sum(not row.standing.final for row in rows),
        "withdrawn": states.count("withdrawn"),
        "overdue": sum(bool(row.days_overdue) for row in rows),
    }


def _verified(page: Page, stage: Stage, began: float) -> dict[str, object]:
    report = verify(stage.engine)
    facts = {
        "records": report.records,
        "streams": report.streams,
        "findings": len(report.findings),
        "seconds": f"{time.monotonic() - began:.1f}",
    }
    page.heading(Message("Verification"))
    if report.ok:
        result = Message(
            "{records} records in {streams} streams, each decided again, and every evidence file"
            " hashed again: nothing found.",
            facts,
        )
    else:
        result = Message("{records} records in {streams} streams: {findings} findings", facts)
    page.say(result, indent=2)
    for finding in report.findings:
        place = {"place": finding.place, "message": finding.message, "code": finding.code}
        page.say(Message("{place}: {message} [{code}]", place), indent=2)
    page.say(Message("All of it took {seconds} s.", facts), indent=2)
    return {
        "records": report.records,
        "refusals": len(stage.refusals),
        "verified": report.ok,
        "findings": [
            {"code": one.code, "place": one.place, "message": page.in_words(one.message)}
            for one in report.findings
        ],
    }


def _what_next(page: Page, url: str, evidence: Path | str | None) -> None:
    shown = shown_address(url)
    page.heading(Message("The database stays: {url}. Try on it:", {"url": shown}))
    place = ["--db", shown]
    if evidence is not None:
        place += ["--evidence-dir", str(evidence)]
    for command in NEXT:
        page.line(f"lifecycle {command} {shlex.join(place)}", indent=2)
