"""Files that no answer may take the place of: the history itself, and what a call names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from lifecycle.cli.forms import WRITTEN
from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidInput, LifecycleError
from lifecycle.domain.messages import Message

_FILES: Final = {"FILE", "VKEY"}
"""What stands for a file in the help of an option or argument."""


def refuse_needed(context: click.Context) -> None:
    """Refuse to write onto what a call works with, there or not, whatever link leads there.

    Args:
        context: Of a command whose parameters are read, and that did not begin.

    Raises:
        InvalidInput: A place to write to is the database or a file of it, lies among the
            evidence, or is named by the same command to be read.
    """
    files, folders = _history(Session.of(context))
    files += _values(context, (one for one in context.command.params if _is_read(one)))
    for written in (one for one in context.command.params if one.name in WRITTEN):
        for path in _values(context, [written]):
            if _is_needed(path, files, folders):
                detail = Message(
                    "{file} is of the history, or is read by this command; name another file",
                    {"file": str(path)},
                )
                raise InvalidInput(what=written.opts[0], detail=detail)


def _is_needed(path: Path, files: Sequence[Path], folders: Sequence[Path]) -> bool:
    with suppress(OSError, ValueError, RuntimeError):  # the last of a loop of links
        there = path.resolve()
        return any(_is_same(there, one) for one in files) or any(
            there.is_relative_to(one.resolve()) for one in folders
        )
    return False


def _history(session: Session) -> tuple[list[Path], list[Path]]:
    """Return the files of the database, and the folders of evidence."""
    from lifecycle.storage.sqlite_files import BESIDE, sqlite_path
    from lifecycle.wiring import evidence_folder

    try:
        database = sqlite_path(session.url)
        folders = [evidence_folder(session.url, session.evidence)]
        # Of one that was moved elsewhere files may still lie in the usual place.
        folders.append(evidence_folder(session.url, None))
    except LifecycleError:
        return [], []  # What is wrong with an address is told by whoever opens it.
    beside = ("", *BESIDE) if database is not None else ()
    return [Path(f"{database}{ending}") for ending in beside], folders


def _is_read(one: click.Parameter) -> bool:
    return one.name not in WRITTEN and (one.metavar or (one.name or "").upper()) in _FILES


def _values(context: click.Context, parameters: Iterable[click.Parameter]) -> list[Path]:
    """Return the paths that parameters name."""
    given = [context.params.get(one.name or "") for one in parameters]
    every = (value if isinstance(value, tuple | list) else (value,) for value in given)
    return [Path(name) for names in every for name in names if name]


def _is_same(there: Path, other: Path) -> bool:
    with suppress(OSError, ValueError, RuntimeError):
        return there == other.resolve() or there.samefile(other)
    return False
