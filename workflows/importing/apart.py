"""Readers that run in a process of their own, within limits of memory and time.

A damaged workbook can make the compiled library take all memory there is or end the process that
it runs in; a PDF of a few megabytes can unpack to gigabytes. Apart, they end themselves only.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from lifecycle.domain.messages import Message
from lifecycle.workflows.importing.faults import UnreadableFile
from lifecycle.workflows.importing.limits import protected

MAX_MEMORY: Final = 2 * 1024**3
"""Bytes of address space; the road maps known need 300 MB."""
MAX_SECONDS: Final = 60


def read_apart(path: Path, module: str, data: bytes) -> dict[str, Any]:
    """Run a module of readers on a file and return its answer.

    Args:
        path: The file, for messages.
        module: The module; it calls ``answer`` when it is run.
        data: What the file holds.

    Raises:
        UnreadableFile: The file is protected or damaged, or the process cannot be started.
    """
    try:
        found: dict[str, Any] = json.loads(run_apart(path, module, data))
    except ValueError as error:
        raise UnreadableFile(str(path), Message("the file is damaged")) from error
    if "password" in found:
        raise protected(path)
    return found


def run_apart(path: Path, module: str, data: bytes, out: IO[bytes] | None = None) -> bytes:
    """Run a module of readers on a file, and return what it writes, unless that goes to *out*.

    Raises:
        UnreadableFile: The module failed, or the process cannot be started.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own module, by our own interpreter
            [sys.executable, "-P", "-m", module],
            input=data,
            stdout=subprocess.PIPE if out is None else out,
            stderr=subprocess.PIPE,
            timeout=2 * MAX_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise UnreadableFile(str(path), Message("the file is damaged")) from error
    except OSError as error:
        detail = Message("the system says: {detail}", {"detail": error.strerror or str(error)})
        raise UnreadableFile(str(path), detail) from error
    return done.stdout or b""


def answer(read: Callable[[bytes], dict[str, Any]]) -> None:
    """Answer for a file on the standard input with JSON on the standard output."""
    limit()
    found = json.dumps(read(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(found.encode("ascii"))


def limit() -> None:
    """Bound memory and time of this process, where the system can."""
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:  # Windows has no such limits; the time is limited from outside
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
