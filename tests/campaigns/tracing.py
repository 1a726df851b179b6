"""The system calls that a process makes on the files of a folder: seen, made to fail, or its last.

A forked process is traced as a debugger does it (ptrace(2), Linux 5.3 or newer on x86-64): nothing
in it is replaced, and no program is needed for it. A call that is to fail is not made at all, and
the process is told the error that the system would tell.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

KILL: Final = -1
"""Instead of an error: the process is killed before it makes the call."""

# linux/ptrace.h
_TRACEME, _CONT_TO_CALL, _SETOPTIONS, _POKEUSER, _CALL_INFO = 0, 24, 0x4200, 6, 0x420E
_SYSGOOD, _EXITKILL = 0x1, 0x100000
_WALL = 0x40000000
_ENTRY, _EXIT = 1, 2
_CALL_STOP = signal.SIGTRAP | 0x80
_INFO_BYTES = 88
# sys/user.h: places of registers
_ORIG_RAX, _RAX = 15 * 8, 10 * 8
_NO_CALL = -1
_HERE = -100  # AT_FDCWD
_PATH_BYTES = 4096
_WORD = 1 << 64

# Number: name, and how it names files: a descriptor, a path, a folder with a path, or two of them.
_CALLS: Final = {
    0: ("read", "f"), 1: ("write", "f"), 17: ("pread64", "f"), 18: ("pwrite64", "f"),
    74: ("fsync", "f"), 75: ("fdatasync", "f"), 77: ("ftruncate", "f"), 72: ("fcntl", "f"),
    5: ("fstat", "f"), 285: ("fallocate", "f"), 91: ("fchmod", "f"), 217: ("getdents64", "f"),
    2: ("open", "p"), 4: ("stat", "p"), 6: ("lstat", "p"), 21: ("access", "p"),
    83: ("mkdir", "p"), 84: ("rmdir", "p"), 87: ("unlink", "p"), 90: ("chmod", "p"),
    76: ("truncate", "p"), 89: ("readlink", "p"),
    257: ("openat", "d"), 262: ("newfstatat", "d"), 263: ("unlinkat", "d"),
    258: ("mkdirat", "d"), 268: ("fchmodat", "d"), 269: ("faccessat", "d"), 332: ("statx", "d"),
    82: ("rename", "pp"), 86: ("link", "pp"),
    264: ("renameat", "dd"), 316: ("renameat2", "dd"), 265: ("linkat", "dd"),
    20: ("writev", "f"), 19: ("readv", "f"), 9: ("mmap", "m"), 326: ("copy_file_range", "f"),
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A system call on files below the folder that is watched.

    Args:
        name: As the system calls it.
        paths: The files, one or two.
        arguments: All six, as numbers.
        offset: Where a write begins, bytes; ``None`` for other calls.
        data: What is written.
        new: Whether the last path did not exist when it was called.
    """

    name: str
    paths: tuple[Path, ...]
    arguments: tuple[int, ...]
    offset: int | None = None
    data: bytes = b""
    new: bool = False


class Watch(Protocol):
    """Sees the calls of a process."""

    def entered(self, call: Call) -> int | None:
        """Return the error that the call is to fail with, ``KILL``, or ``None``."""
        ...

    def done(self, call: Call, result: int) -> None:
        """Take note of a call that was made, with what it returned; negative for an error."""
        ...


def available() -> bool:
    """Tell whether this machine's system calls are known here."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def traced(work: Callable[[], None], folder: Path, watch: Watch) -> int:
    """Do *work* in a forked process, and let its calls on files below *folder* be seen.

    Returns:
        How it ended, as ``os.waitstatus_to_exitcode`` tells it; 1 if *work* raised.
    """
    if not available():
        raise NotImplementedError("system calls are known on Linux with x86-64 only")
    process = os.fork()
    if process == 0:
        _forked(work)
    os.waitpid(process, _WALL)
    _request(_SETOPTIONS, process, 0, _SYSGOOD | _EXITKILL)
    memory = os.open(f"/proc/{process}/mem", os.O_RDONLY)
    try:
        return _Tracer(process, memory, folder.resolve(), watch).ended()
    finally:
        os.close(memory)


def _forked(work: Callable[[], None]) -> None:
    status = 1
    try:
        _request(_TRACEME, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


class _Tracer:
    def __init__(self, process: int, memory: int, folder: Path, watch: Watch) -> None:
        self._process = process
        self._memory = memory
        self._folder = str(folder)
        self._watch = watch
        self._info = ctypes.create_string_buffer(_INFO_BYTES)
        self._call: Call | None = None
        self._error: int | None = None

    def ended(self) -> int:
        """Let the process run from call to call until its end."""
        pending = 0
        while True:
            with suppress(ProcessLookupError):  # it was killed, and is gone already
                _request(_CONT_TO_CALL, self._process, 0, pending)
            _, status = os.waitpid(self._process, _WALL)
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            pending = os.WSTOPSIG(status)
            if pending == _CALL_STOP:
                pending = 0
                self._stopped()

    def _stopped(self) -> None:
        _request(_CALL_INFO, self._process, _INFO_BYTES, ctypes.addressof(self._info))
        raw = self._info.raw
        if raw[0] == _ENTRY:
            words = [int.from_bytes(raw[at : at + 8], "little") for at in range(24, 80, 8)]
            self._entered(words[0], tuple(words[1:]))
        elif raw[0] == _EXIT and self._call is not None:
            if self._error is not None:
                _request(_POKEUSER, self._process, _RAX, -self._error)
            else:
                self._watch.done(self._call, int.from_bytes(raw[24:32], "little", signed=True))
            self._call = self._error = None

    def _entered(self, number: int, arguments: tuple[int, ...]) -> None:
        known = _CALLS.get(number)
        if known is None:
            return
        name, form = known
        paths = self._paths(form, arguments)
        if not any(path.startswith(self._folder) for path in paths):
            return
        call = self._call = self._made(name, tuple(map(Path, paths)), arguments)
        self._error = self._watch.entered(call)
        if self._error == KILL:
            os.kill(self._process, signal.SIGKILL)
        elif self._error is not None:
            _request(_POKEUSER, self._process, _ORIG_RAX, _NO_CALL)

    def _made(self, name: str, paths: tuple[Path, ...], arguments: tuple[int, ...]) -> Call:
        if name in ("writev", "copy_file_range"):
            raise NotImplementedError(f"{name} on {paths[0]}")
        new = not os.path.lexists(paths[-1])
        if name in ("write", "pwrite64"):
            handle, address, size, offset = arguments[:4]
            if name == "write":
                offset = self._position(handle)
            data = os.pread(self._memory, size, address)
            return Call(name, paths, arguments, offset, data)
        return Call(name, paths, arguments, new=new)

    def _paths(self, form: str, arguments: tuple[int, ...]) -> list[str]:
        match form:
            case "f":
                return [self._opened(arguments[0])]
            case "m":
                return [self._opened(arguments[4])]
            case "p":
                return [self._path(_HERE, arguments[0])]
            case "d":
                return [self._path(arguments[0], arguments[1])]
            case "pp":
                return [self._path(_HERE, one) for one in arguments[:2]]
            case _:
                return [self._path(*arguments[:2]), self._path(*arguments[2:4])]

    def _opened(self, handle: int) -> str:
        """Return the path behind a descriptor."""
        try:
            return str(Path(f"/proc/{self._process}/fd/{handle & 0xFFFFFFFF}").readlink())
        except OSError:
            return ""

    def _position(self, handle: int) -> int:
        text = Path(f"/proc/{self._process}/fdinfo/{handle}").read_text("ascii")
        return int(text.split(maxsplit=2)[1])

    def _path(self, folder: int, address: int) -> str:
        text = self._text(address)
        if folder >= 1 << 31:  # a negative number of 32 or 64 bits: the working folder
            folder = _HERE
        if not text:  # AT_EMPTY_PATH: the descriptor itself
            return self._opened(folder)
        here = Path(f"/proc/{self._process}/cwd")
        start = here.readlink() if folder == _HERE else Path(self._opened(folder))
        return str(start / text)

    def _text(self, address: int) -> str:
        if address == 0:
            return ""
        try:
            raw = os.pread(self._memory, _PATH_BYTES, address)
        except OSError:
            # It lies at the end of what can be read.
            raw = os.pread(self._memory, -address % _PATH_BYTES or _PATH_BYTES, address)
        return os.fsdecode(raw.partition(b"\0")[0])


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def _request(what: int, process: int, address: int, data: int) -> int:
    done = int(_libc.ptrace(what, process, address % _WORD, data % _WORD))
    if done == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {what}: {os.strerror(error)}")
    return done
