"""Definition files as commands tell of them: checked, listed, held against what is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lifecycle.cli import output
from lifecycle.cli.failures import INVALID, problem_documents, problem_line
from lifecycle.cli.language import say, shown
from lifecycle.domain.errors import InvalidDefinition, StorageFailed

if TYPE_CHECKING:
    import click

    from lifecycle.cli.session import Session
    from lifecycle.domain.definition import Definition
    from lifecycle.workflows.problems import Problem


def answer(
    context: click.Context, session: Session, file: str, problems: Sequence[Problem]
) -> None:
    """Tell the problems of a file, and end with 5 if one of them is a mistake."""
    mistakes = [one for one in problems if one.severity == "error"]
    told = problem_documents(problems)
    document: dict[str, Any] = {"file": file, "ok": not mistakes, "problems": told}
    if mistakes:
        error = InvalidDefinition(file, mistakes)
        document["error"] = {
            "code": error.code,
            "message": shown(error.message),
            "remedy": None,
            "unmet": [],
        }
    session.answer(document, map(problem_line, told))
    if mistakes:
        context.exit(INVALID)
    if told:
        session.tell("{file}: no mistakes, warnings: {count}", file=file, count=len(told))
    else:
        session.tell("{file}: no mistakes", file=file)


def sound(names: Iterable[str], read: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what *read* makes of each name; of files with mistakes these are told instead."""
    found = []
    for name in names:
        try:
            found.append(read(name))
        except InvalidDefinition as error:
            # The others are of use all the same.
            output.tell(say("warning: {text}", text=shown(error.message)))
            for one in problem_documents(error.problems):
                output.tell(f"  {problem_line(one)}")
    return found


def in_force(session: Session, roadmap: str) -> Definition | None:
    """Return the rules that a road map is in force by, where there is a database.

    Raises:
        StorageFailed: The database that was named cannot be read.
    """
    try:
        with session.engine() as engine:
            return engine.plans.in_force(roadmap)
    except StorageFailed:
        if session.names_database:
            raise
        return None
