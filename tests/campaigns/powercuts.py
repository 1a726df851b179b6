"""Power that fails after any system call: nothing acknowledged is lost, and no database is broken.

    python -m tests.campaigns.powercuts                      5,000 states of each journal mode
    python -m tests.campaigns.powercuts --states 500 --seed 7 --mode wal
    python -m tests.campaigns.powercuts --mode unsafe        finds what SQLite's own default loses

The system calls of the real library are recorded while it leads schools through the programme on a
file of SQLite, with evidence files. After every call states are made that a disk may be left in:
tests/campaigns/disk.py. Each is opened: every record that was acknowledged by then has to be there,
verification has to find nothing, SQLite's own check and the evidence files included, and the
command that comes next has to be carried out, or to be found carried out, once.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from lifecycle import Lifecycle
from lifecycle.domain.errors import LifecycleError
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability
from tests.campaigns import tracing, wholeness, workload
from tests.campaigns.disk import Disk
from tests.databases import new_journal
from tests.factories import ORIGIN

UNSAFE = Durability("delete", "FULL")
"""What SQLite does if it is not asked for more: the last commit may be lost."""

MODES = {"rollback": ROLLBACK, "wal": WAL, "unsafe": UNSAFE}

Change = Callable[[Disk], None]
"""Does to a disk what a system call did."""

# What is in the shared memory of the write-ahead log is made anew by whoever opens it first.
_VOLATILE = "-shm"
_MOVES = {"rename", "renameat", "renameat2"}
_SILENT = {
    "read", "pread64", "readv", "fcntl", "fstat", "stat", "lstat", "newfstatat", "statx", "access",
    "faccessat", "getdents64", "chmod", "fchmod", "fchmodat", "readlink", "mmap",
}  # fmt: skip


@dataclass
class Tally:
    """What a campaign came to.

    Args:
        mode: How commits were made durable.
        calls: System calls that changed something, after each of which the power failed.
        commands: Acknowledged commands in the recording.
        states: Different states that were opened.
        broken: States in which something is damaged or written by half, with what was found.
        lost: States in which an acknowledged record is not there, with how many were lost.
        doubled: States in which the next command was not there exactly once.
    """

    mode: str
    calls: int = 0
    commands: int = 0
    states: int = 0
    broken: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.broken or self.lost or self.doubled)


class Bench:
    """Folders for a recording, and for the states that are made of it.

    Args:
        folder: Where they lie.
        durability: How commits are made durable.
    """

    def __init__(self, folder: Path, durability: Durability) -> None:
        self.durability = durability
        self.recorded, self.state = folder / "recorded", folder / "state"
        self.told = self.recorded / "told"
        self.paper = folder / "paper.txt"
        self.paper.write_text("Справка", encoding="utf-8")
        for one in (self.recorded / "data", self.state):
            one.mkdir(parents=True)

    def opened(self, folder: Path) -> Lifecycle:
        """Return an engine on the history that lies in *folder*."""
        url = f"sqlite:///{folder}/lifecycle.db"
        return workload.engine(url, folder / "evidence", durability=self.durability)


class Recording:
    """Takes down the calls that change something, in order."""

    def __init__(self, root: Path) -> None:
        self.changes: list[Change | str] = []
        self._root = root

    def entered(self, call: tracing.Call) -> None:
        """Let every call be made."""

    def done(self, call: tracing.Call, result: int) -> None:
        """Take down what a call changed; what the acknowledgement was of, as text."""
        if result < 0 or call.name in _SILENT:
            return
        names = [str(path.relative_to(self._root)) for path in call.paths]
        if names == ["told"]:
            if call.data:
                self.changes.append(call.data.decode("ascii").strip())
            return
        names = [name.removeprefix("data").removeprefix("/") for name in names]
        if not names[-1].endswith(_VOLATILE):
            change = _change(call, names)
            if change is not None:
                self.changes.append(change)


def _change(call: tracing.Call, names: list[str]) -> Change | None:
    name, last = names[0], names[-1]
    match call.name:
        case "write" | "pwrite64":
            offset = call.offset or 0
            return lambda disk: disk.write(name, offset, call.data)
        case "fsync" | "fdatasync":
            return lambda disk: disk.sync(name)
        case "ftruncate":
            return lambda disk: disk.cut(name, call.arguments[1])
        case "open" | "openat":
            flags = call.arguments[1 if call.name == "open" else 2]
            if flags & os.O_TRUNC:
                raise NotImplementedError(f"{name} is opened and emptied")
            return (lambda disk: disk.make(name)) if call.new else None
        case "mkdir" | "mkdirat":
            return lambda disk: disk.make(name, folder=True)
        case "unlink" | "unlinkat":
            return lambda disk: disk.remove(name)
        case "link" | "linkat":
            return lambda disk: disk.link(name, last)
        case moved if moved in _MOVES:
            return lambda disk: disk.move(name, last)
        case other:
            raise NotImplementedError(f"{other} on {name}")


def record(bench: Bench, plan: Sequence[workload.Command]) -> tuple[Disk, list[Change | str]]:
    """Have commands carried out; return the disk before, and what happened to it."""
    data = bench.recorded / "data"
    url = f"sqlite:///{data}/lifecycle.db"
    new_journal(url, ORIGIN, durability=bench.durability).close()
    workload.founded(url, durability=bench.durability)

    def work() -> None:
        told = os.open(bench.told, os.O_WRONLY | os.O_CREAT, 0o600)
        with bench.opened(data) as engine:
            for command in plan:
                receipt = command.do(engine)
                os.write(told, f"{command.id} {receipt.record.hash}\n".encode("ascii"))

    disk, recording = Disk(data), Recording(bench.recorded.resolve())
    if tracing.traced(work, bench.recorded, recording):
        raise RuntimeError("the work that was to be recorded failed")
    return disk, recording.changes


def cut(
    folder: Path, mode: str, states: int, seed: int, *, commands: int = 32, each: int = 2
) -> Tally:
    """Let the power fail after every call, and look at what is left.

    Args:
        folder: Where everything is put.
        mode: One of ``MODES``.
        states: How many different states are looked at most; spread over all calls.
        seed: Draws which writes are there.
        commands: How many are recorded: of schools that are led to their end one by one.
        each: Draws of each kind after a call.
    """
    bench, tally, draw = Bench(folder, MODES[mode]), Tally(mode), Random(seed)  # noqa: S311
    workload.ready()
    schools = (f"s{number}" for number in range(commands))
    plan = [one for school in schools for one in workload.commands(school, bench.paper)][:commands]
    disk, changes = record(bench, plan)
    tally.calls = sum(not isinstance(one, str) for one in changes)
    seen: set[bytes] = set()
    told: dict[str, str] = {}
    for number, change in enumerate(changes, 1):
        if isinstance(change, str):
            command, digest = change.split()
            told[command] = digest
            tally.commands += 1
        else:
            change(disk)
        wanted = states * number // len(changes) - tally.states
        for state in _different(disk.states(draw, each), seen, told, wanted):
            tally.states += 1
            look(bench, state, told, plan, tally, f"after call {number}")
            if tally.states % 1000 == 0:
                print(f"{tally.states} states, sound: {tally.sound}", file=sys.stderr, flush=True)
    return tally


def _different(
    states: Iterator[dict[str, bytes | None]],
    seen: set[bytes],
    told: dict[str, str],
    wanted: int,
) -> Iterator[dict[str, bytes | None]]:
    """Yield the states that were not looked at since the last acknowledgement."""
    for state in states:
        if wanted <= 0:
            return
        digest = sha256(f"{len(told)}".encode("ascii"))
        for path, content in state.items():
            digest.update(f"\0{path}\0{-1 if content is None else len(content)}\0".encode())
            digest.update(content or b"")
        if digest.digest() not in seen:
            seen.add(digest.digest())
            wanted -= 1
            yield state


def look(
    bench: Bench,
    state: dict[str, bytes | None],
    told: dict[str, str],
    plan: list[workload.Command],
    tally: Tally,
    where: str,
) -> None:
    """Put a state into a folder, open it, and tell what is wrong with it."""
    _put(state, bench.state)
    url = f"sqlite:///{bench.state}/lifecycle.db"
    command = plan[min(len(told), len(plan) - 1)]
    try:
        with bench.opened(bench.state) as engine:
            findings = wholeness.everything(engine)
            if findings:
                tally.broken.append(f"{where}: {findings}")
            lost = wholeness.lost(wholeness.asking(url), told)
            if lost:
                tally.lost.append(f"{where}: {len(lost)}")
                return
            command.do(engine)
            if wholeness.doubled(wholeness.asking(url), [command.id]):
                tally.doubled.append(f"{where}: {command.id}")
    except (LifecycleError, sqlite3.Error) as error:
        tally.broken.append(f"{where}: {error}")


def _put(state: dict[str, bytes | None], folder: Path) -> None:
    """Make *folder* hold that state and nothing else; what is the same already is left."""
    for path in sorted(folder.rglob("*"), reverse=True):
        name = str(path.relative_to(folder))
        if path.is_dir() and not path.is_symlink():
            if name not in state:
                path.rmdir()
        else:
            path.unlink()
    for name, content in state.items():
        path = folder / name
        if content is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(content)


def main() -> int:
    """Run the campaign; the exit code is 6 when something was lost or broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--states", type=int, default=5000, help="of each mode (5000)")
    parser.add_argument("--seed", type=int, help="draws; at random if not given")
    parser.add_argument("--mode", choices=MODES, help="rollback and wal if not given")
    parser.add_argument("--commands", type=int, default=32, help="how many are recorded")
    parser.add_argument("--folder", type=Path, help="where everything is to lie")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    told, sound = [], True
    for mode in [given.mode] if given.mode else ["rollback", "wal"]:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            tally = cut(Path(folder), mode, given.states, seed, commands=given.commands)
        seconds = round(time.monotonic() - begun)
        told.append({"seed": seed, "seconds": seconds, **asdict(tally)})
        sound = sound and tally.sound
    print(json.dumps(told, indent=2))
    return 0 if sound else 6


if __name__ == "__main__":
    raise SystemExit(main())
