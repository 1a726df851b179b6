"""Files that no answer may take the place of: the history itself, and what a call names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidInput, LifecycleError
from lifecycle.domain.messages import Message

_FILES: Final = {"FILE", "VKEY"}
"""What stands for a file in the help of an option or argument."""

_WRITTEN: Final = {"out", "to"}
"""Those that say where an answer goes."""

_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps a database in."""


def refuse_needed(path: Path) -> None:
    """Refuse to write over what this call works with, whatever spelling or link leads there.

    Raises:
        InvalidInput: It is the database or a file of it, lies among the evidence, or is named
            by the same command to be read.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return
    with suppress(OSError, ValueError):
        there = path.resolve()
        session = Session.of(context)
        files, folders = _history(session)
        if any(_is_same(there, one) for one in (*files, *_named(context))) or any(
            there.is_relative_to(one.resolve()) for one in folders
        ):
            detail = Message(
                "{file} is of the history, or is read by this command; name another file",
                {"file": str(path)},
            )
            raise InvalidInput(what="--out", detail=detail)


def _history(session: Session) -> tuple[list[Path], list[Path]]:
    """Return the files of the database, and the folders of evidence."""
    from lifecycle.storage.sqlite_files import sqlite_path
    from lifecycle.wiring import evidence_folder

    try:
        database = sqlite_path(session.url)
        folders = [evidence_folder(session.url, session.evidence)]
        # Of one that was moved elsewhere files may still lie in the usual place.
        folders.append(evidence_folder(session.url, None))
    except LifecycleError:
        return [], []  # What is wrong with an address is told by whoever opens it.
    beside = _BESIDE if database is not None else ()
    return [Path(f"{database}{ending}") for ending in beside], folders


def _named(context: click.Context) -> Iterator[Path]:
    """Yield every file that options and arguments name to be read."""
    for one in context.command.params:
        kind = one.metavar or (one.name or "").upper()
        if kind in _FILES and one.name not in _WRITTEN:
            value = context.params.get(one.name or "")
            for name in value if isinstance(value, tuple | list) else (value,):
                if name:
                    yield Path(name)


def _is_same(there: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        return there == other.resolve() or there.samefile(other)
    return False
