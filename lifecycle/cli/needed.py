"""Files that no answer may take the place of: the history itself, and what a call names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from lifecycle.cli.session import Session
from lifecycle.domain.errors import InvalidInput, LifecycleError
from lifecycle.domain.messages import Message

_WRITTEN: Final = {"out", "to"}
"""Options that say where an answer goes."""

_BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps a database in."""


def refuse_needed(path: Path) -> None:
    """Refuse to write over what this call works with, whatever spelling or link leads there.

    Raises:
        InvalidInput: It is the database or a file of it, lies in the evidence folder, or is named
            in another option of the same command.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return
    with suppress(OSError, ValueError):
        there = path.resolve()
        database, evidence = _history(Session.of(context))
        if (
            there in database
            or any(_is_there(there, one) for one in (*database, *_named(context)))
            or (evidence is not None and there.is_relative_to(evidence.resolve()))
        ):
            detail = Message(
                "{file} is of the history, or is read by this command; name another file",
                {"file": str(path)},
            )
            raise InvalidInput(what="--out", detail=detail)


def _history(session: Session) -> tuple[list[Path], Path | None]:
    from lifecycle.storage.sqlite_files import sqlite_path
    from lifecycle.wiring import evidence_folder

    try:
        database = sqlite_path(session.url)
        evidence = evidence_folder(session.url, session.evidence)
    except LifecycleError:
        return [], None  # What is wrong with the address is told by whoever opens it.
    if database is None:
        return [], evidence
    return [Path(f"{database.resolve()}{ending}") for ending in _BESIDE], evidence


def _named(context: click.Context) -> Iterator[Path]:
    """Yield everything that options and arguments may name a file by."""
    given: list[Mapping[str, Any]] = [Session.of(context).given]
    level: click.Context | None = context
    while level is not None:
        given.append(level.params)
        level = level.parent
    for values in given:
        for name, value in values.items():
            if name not in _WRITTEN:
                for one in value if isinstance(value, tuple | list) else (value,):
                    if isinstance(one, str | os.PathLike):
                        yield Path(one)


def _is_there(there: Path, other: Path) -> bool:
    with suppress(OSError, ValueError):
        return there.samefile(other)
    return False
