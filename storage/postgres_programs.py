"""The programs of PostgreSQL that dump a database and bring it back: found, and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import make_conninfo

from lifecycle.domain.errors_database import BackupFailed, ProgramMissing
from lifecycle.domain.messages import Message
from lifecycle.storage.addresses import is_secret
from lifecycle.storage.staging import new_file

_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_USUAL: Final = (
    "/usr/lib/postgresql/{}/bin",
    "/usr/pgsql-{}/bin",
    "/opt/homebrew/opt/postgresql@{}/bin",
)
_SERVICE: Final = "lifecycle"
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


@contextmanager
def reaching(options: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Lend what a program reaches a database with: an address, and what goes with it unseen.

    Every account of the machine can see the address on the command line. The password goes by the
    environment; for other secrets libpq knows no way but a file, which is there meanwhile.

    Args:
        options: Of libpq.
        folder: For that file; closed to others.

    Raises:
        BackupFailed: Such a file could not hold a secret, or the address names one already.
    """
    shown = {name: one for name, one in options.items() if not is_secret(name)}
    hidden = {name: str(one) for name, one in options.items() if name not in shown}
    unseen = {"PGPASSWORD": hidden.pop("password")} if "password" in hidden else {}
    if not hidden:
        yield make_conninfo(**shown), unseen
        return
    if "service" in shown or any(one != one.rstrip() or "\n" in one for one in hidden.values()):
        names = ", ".join(sorted(hidden))
        raise BackupFailed(
            detail=Message(
                "{names} cannot be handed on; write it into the service file (pg_service.conf)",
                {"names": names},
            )
        )
    file = folder / "service"
    lines = [f"[{_SERVICE}]", *(f"{name}={one}" for name, one in hidden.items()), ""]
    with os.fdopen(new_file(file), "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines))
    try:
        yield make_conninfo(**shown, service=_SERVICE), unseen | {"PGSERVICEFILE": str(file)}
    finally:
        file.unlink()


def run(command: Sequence[str | Path], unseen: Mapping[str, str] | None = None) -> str:
    """Run a program of PostgreSQL and return what it prints.

    Args:
        command: The program and its arguments, which every account of the machine can see.
        unseen: What it finds in its environment besides, which only its own account can.

    Raises:
        BackupFailed: It did not do its work.
    """
    # Messages in English, whoever runs it: they are matched and told.
    environment = {**os.environ, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10", **(unseen or {})}
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
        told = run([place, "--version"])
    except (OSError, BackupFailed):
        return None
    found = _VERSION.search(told)
    return int(found[1]) if found else None
