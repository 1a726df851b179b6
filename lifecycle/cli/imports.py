"""The command that makes a draft of a road map from an office's file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lifecycle.cli import files, output
from lifecycle.cli.failures import problem_documents, problem_line
from lifecycle.cli.forms import Command, Whole, argument, common_options, option
from lifecycle.cli.language import say, spoken
from lifecycle.cli.session import Session

if TYPE_CHECKING:
    from lifecycle.workflows.importing.draft import Draft
    from lifecycle.workflows.problems import Problem

TEMPLATES: Final = {
    "recognised": "recognised",
    "doubtful": "doubtful",
    "not_recognised": "not recognised",
}
"""Verdict -> the word for it."""


@click.command(
    "import",
    cls=Command,
    examples=(
        "lifecycle roadmap import order.docx --year 2024 --out draft.yaml",
        "lifecycle roadmap import plan.xlsx --year 2024 --id district-2024 --out draft.yaml --json",
    ),
)
@argument("file", help="The order: .docx, .xlsx, .xls, .ods, .pdf with text, .txt or .md.")
@option("--out", metavar="FILE", required=True, help="Where to write the draft.")
@option("--year", metavar="YEAR", type=Whole(1), help="The year of dates that name none.")
@option("--id", "roadmap_id", metavar="ID", help="Id of the road map; else made of the name.")
@files.force_option
@common_options
@click.pass_context
def import_roadmap(
    context: click.Context,
    file: str,
    out: str,
    year: int | None,
    roadmap_id: str | None,
    force: bool,
) -> None:
    """Make a draft of a road map from an office's document.

    Finds the table, reads its dates, and tells for every row how far it was understood: a
    doubtful row and one that was not recognised are for a person to look at. Roles and
    transitions are proposals. Needs no database.
    """
    from lifecycle.workflows.catalogue import check_roadmap_file
    from lifecycle.workflows.importing import roadmap as importing

    session = Session.of(context)
    folders = session.definitions
    files.check_free(Path(out), force=force)
    draft = importing.import_roadmap(Path(file), year=year, roadmap_id=roadmap_id)
    files.write(Path(out), draft.yaml().encode(), force=force)
    problems = check_roadmap_file(Path(out), folders)
    report = draft.report(spoken())
    document = {
        "id": draft.id,
        "file": out,
        **report,
        "counts": draft.counts(),
        "problems": problem_documents(problems),
    }
    session.answer(document, lambda: _rows(report["rows"]))
    _tell(session, draft, out, report["notes"], problems)


def _rows(rows: Sequence[dict[str, object]]) -> None:
    heads = ("row", "verdict", "where", "why")
    cells = []
    for row in rows:
        reasons = row["reasons"]
        why = "; ".join(map(str, reasons)) if isinstance(reasons, list) else ""
        cells.append([row["key"], say(TEMPLATES[str(row["verdict"])]), row["source"], why])
    output.table([say(head) for head in heads], cells)


def _tell(
    session: Session, draft: Draft, out: str, notes: Sequence[str], problems: Sequence[Problem]
) -> None:
    for note in notes:
        session.tell("note: {text}", text=note)
    for problem in problem_documents(problems):
        output.tell(problem_line(problem))
    session.tell(
        "{file}: activities {count}; recognised {recognised}, doubtful {doubtful},"
        " not recognised {not_recognised}",
        file=out,
        count=len(draft.activities),
        **draft.counts(),
    )
    session.tell("look the draft through, then run: lifecycle roadmap check {file}", file=out)
