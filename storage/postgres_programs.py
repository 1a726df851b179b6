"""The programs of PostgreSQL that dump a database and bring it back: found, and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lifecycle.domain.errors_database import BackupFailed, ProgramMissing

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_USUAL: Final = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
)
_TOLD: Final = 500  # characters of what a program said


def program(name: str, server: int, folder: Path | None) -> Path:
    """Return a program that is as new as the server, at least: an older one does not work.

    Args:
        name: Such as ``pg_dump``.
        server: Major version of the server.
        folder: Where to look; otherwise on the path, and where systems put the programs of that
            version.

    Raises:
        ProgramMissing: There is none.
    """
    if folder is not None:
        places = [folder / name]
    else:
        on_path = shutil.which(name)
        places = [Path(one.format(server), name) for one in _USUAL]
        places = [Path(on_path), *places] if on_path else places
    found = []
    for place in places:
        version = _version(place)
        if version is not None and version >= server:
            return place
        if version is not None:
            found.append(f"{place}: {version}")
    shown = ", ".join(found or map(str, places))
    raise ProgramMissing(program=name, version=server, found=shown)


def run(command: Sequence[str | Path], password: str | None) -> str:
    """Run a program of PostgreSQL and return what it prints.

    Args:
        command: The program and its arguments, which every account of the machine can see.
        password: Of the connection; it is handed on unseen.

    Raises:
        BackupFailed: It did not do its work.
    """
    # Messages in English, whoever runs it: they are matched and told.
    environment = {**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}
    if password is not None:
        environment["PGPASSWORD"] = password
    done = subprocess.run(  # noqa: S603 - programs of PostgreSQL, with our own words
        list(map(str, command)),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        env=environment,
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[:_TOLD]
        raise BackupFailed(detail=f"{Path(command[0]).name}: {said}")
    return done.stdout


def _version(place: Path) -> int | None:
    try:
        told = run([place, "--version"], None)
    except (OSError, BackupFailed):
        return None
    found = _VERSION.search(told)
    return int(found[1]) if found else None
