"""A fault at the n-th call on a file: nothing changed or everything, told in a typed error.

    python -m tests.campaigns.faults                         every call of every operation
    python -m tests.campaigns.faults --mode wal --only advance
    python -m tests.campaigns.faults --sample 50 --seed 7    so many faults, drawn by the seed

An operation of the real library runs in a process whose system calls on the database and on the
evidence files are counted. The n-th one fails, for n = 1 and on until there is no n-th: once, or
from then on; with an input/output error, with a full disk, with a lock that another process holds,
with no descriptor left; or the process is killed instead of making it. What the process was told
has to be an error of the engine, and no file may be left open. Then, without a fault, the history
has to verify; the operation was not done at all or wholly; and asked once more with the same
command id it is done once.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lifecycle import Lifecycle
from lifecycle.storage.sqlite import ROLLBACK, WAL, Durability
from tests.campaigns import tracing, wholeness, workload
from tests.campaigns.operations import DONE, Operation, Tally, attempted, operations, outcome
from tests.databases import new_journal
from tests.factories import ORIGIN

MODES = {"rollback": ROLLBACK, "wal": WAL}

_GROWING = {"write", "pwrite64", "ftruncate", "fallocate", "mkdir", "link"}
_OPENING = {"open", "openat"}


@dataclass(frozen=True)
class Kind:
    """What goes wrong.

    Args:
        name: For people.
        error: That the call fails with, or ``tracing.KILL``.
        strikes: Tells which calls can fail like that.
        lasting: Whether all of them fail from then on.
    """

    name: str
    error: int
    strikes: Callable[[tracing.Call], bool]
    lasting: bool


def _grows(call: tracing.Call) -> bool:
    if call.name in _OPENING:
        return call.new and bool(call.arguments[1 if call.name == "open" else 2] & os.O_CREAT)
    return call.name in _GROWING


def _locks(call: tracing.Call) -> bool:
    return call.name == "fcntl" and call.arguments[1] in (fcntl.F_SETLK, fcntl.F_SETLKW)


KINDS = [
    Kind("input/output error", errno.EIO, lambda call: not _locks(call), False),
    Kind("input/output errors", errno.EIO, lambda call: not _locks(call), True),
    Kind("full disk", errno.ENOSPC, _grows, False),
    Kind("full disk from then on", errno.ENOSPC, _grows, True),
    Kind("lock", errno.EAGAIN, _locks, False),
    Kind("lock from then on", errno.EAGAIN, _locks, True),
    Kind("no descriptors", errno.EMFILE, lambda call: call.name in _OPENING, True),
    Kind("killed", tracing.KILL, lambda call: True, False),
]


class Armed:
    """Lets nothing be seen of the calls before a file is written, which arms it.

    Args:
        armed: The file.
    """

    def __init__(self, armed: Path) -> None:
        self._file, self._armed = armed, False

    def entered(self, call: tracing.Call) -> int | None:
        """Hand on what is called once it is armed."""
        if call.paths[0] == self._file:
            self._armed = self._armed or call.name == "write"
            return None
        return self.met(call) if self._armed else None

    def met(self, call: tracing.Call) -> int | None:
        """Return what is to become of a call; see ``tracing.Watch``."""
        raise NotImplementedError

    def done(self, call: tracing.Call, result: int) -> None:
        """Take no note: what came of it is looked at afterwards."""


class Counting(Armed):
    """Counts the calls that can fail in each way."""

    def __init__(self, armed: Path) -> None:
        super().__init__(armed)
        self.found = [0] * len(KINDS)

    def met(self, call: tracing.Call) -> None:
        """Count a call."""
        for at, kind in enumerate(KINDS):
            self.found[at] += kind.strikes(call)


class Fault(Armed):
    """Lets the n-th call that can fail like that fail.

    Args:
        armed: See ``Armed``.
        kind: How.
        number: Which, from 1.
    """

    def __init__(self, armed: Path, kind: Kind, number: int) -> None:
        super().__init__(armed)
        self.where = ""
        self._kind, self._left = kind, number

    def met(self, call: tracing.Call) -> int | None:
        """Count the call, and let it fail if it is its turn."""
        if not self._kind.strikes(call):
            return None
        self._left -= 1
        if self._left == 0 or (self._left < 0 and self._kind.lasting):
            self.where = self.where or f"{call.name} {call.paths[0].name}"
            return self._kind.error
        return None


class Bench:
    """A history that operations are tried on, again and again from the same beginning.

    Args:
        folder: Where everything lies.
        durability: How commits are made durable.
    """

    def __init__(self, folder: Path, durability: Durability) -> None:
        self._durability = durability
        self._begun, self._before = folder / "begun", folder / "before"
        self.work = (folder / "work").resolve()
        self.armed = self.work / "armed"
        self._said, self._print = folder / "said", ""
        self.paper = folder / "paper.txt"
        self.paper.write_text("Справка", encoding="utf-8")
        self._begun.mkdir()
        self._url = f"sqlite:///{self.work}/lifecycle.db"
        begun = f"sqlite:///{self._begun}/lifecycle.db"
        new_journal(begun, ORIGIN, durability=durability).close()
        workload.founded(begun, durability)

    def opened(self, operation: Operation) -> Lifecycle:
        """Return an engine on the history that is worked on; it waits for nobody."""
        return workload.engine(
            self._url,
            self.work / "evidence",
            durability=self._durability,
            lock_seconds=0.02,
            sealing=operation.sealing,
            patience=0,
        )

    def begin(self, operation: Operation) -> None:
        """Make the beginning of an operation, which it is tried from."""
        for folder in (self.work, self._before):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._begun, self.work)
        with self.opened(operation) as engine:
            operation.before(engine)
        shutil.copytree(self.work, self._before)
        self._print = wholeness.fingerprint(wholeness.asking(self._url))

    def restore(self) -> None:
        """Go back to the beginning of the operation."""
        shutil.rmtree(self.work)
        shutil.copytree(self._before, self.work)

    def strike(self, operation: Operation, fault: Armed) -> str:
        """Do an operation with a fault; return what the process was told, or how it ended."""
        self._said.unlink(missing_ok=True)

        def work() -> None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            armed = os.open(self.armed, os.O_WRONLY | os.O_CREAT, 0o600)
            said = attempted(
                operation, lambda: self.opened(operation), lambda: os.write(armed, b".")
            )
            os.close(armed)
            left = [name for name in _open_files() if name.startswith(str(self.work))]
            if left:
                said = f"raw: {left} stayed open after {said}"
            self._said.write_text(said, "utf-8")

        ended = tracing.traced(work, self.work, fault)
        if ended == -signal.SIGKILL:
            return "killed"
        return self._said.read_text("utf-8") if ended == 0 else f"raw end with {ended}"

    def wrong(self, operation: Operation, told: str) -> Iterator[str]:
        """Yield what is wrong after an operation that was told something."""
        self.armed.unlink(missing_ok=True)
        ask = wholeness.asking(self._url)
        with self.opened(operation):  # so that what was cut short is undone
            if ask("PRAGMA integrity_check") != [("ok",)]:
                yield "the database is damaged"
        yield from outcome(operation, told, ask, self._print, lambda: self.opened(operation))


def _open_files() -> Iterator[str]:
    for handle in list(Path("/proc/self/fd").iterdir()):
        with suppress(OSError):
            yield str(handle.readlink())


def strike_all(
    folder: Path,
    mode: str,
    *,
    only: str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Tally:
    """Let every operation meet every fault, or a sample.

    Args:
        folder: Where everything is put.
        mode: One of ``MODES``.
        only: Name of the one operation that is tried.
        sample: How many faults, drawn.
        seed: Draws them.
    """
    workload.ready()
    bench, tally, draw = Bench(folder, MODES[mode]), Tally(), Random(seed)  # noqa: S311
    wanted = [one for one in operations(bench.paper) if only in (None, one.name)]
    for operation in wanted:
        bench.begin(operation)
        counted = zip(KINDS, _counted(bench, operation), strict=True)
        every = [(kind, n) for kind, most in counted for n in range(1, most + 1)]
        if sample is not None:
            every = draw.sample(every, min(len(every), max(1, sample // len(wanted))))
        for kind, number in every:
            strike(bench, operation, kind, number, tally)
        _tell(operation, tally)
    return tally


def _counted(bench: Bench, operation: Operation) -> list[int]:
    """Return how many calls of an operation can fail in each way."""
    bench.restore()
    counting = Counting(bench.armed)
    told = bench.strike(operation, counting)
    if told != DONE:
        raise RuntimeError(f"{operation.name} without a fault: {told}")
    return counting.found


def strike(bench: Bench, operation: Operation, kind: Kind, number: int, tally: Tally) -> None:
    """Let an operation meet a fault, and look at what is left of the history."""
    bench.restore()
    fault = Fault(bench.armed, kind, number)
    told = bench.strike(operation, fault)
    where = f"{kind.name} at {number} ({fault.where})"
    tally.add(operation, told, where, bench.wrong(operation, told))


def _tell(operation: Operation, tally: Tally) -> None:
    done = tally.faults[operation.name]
    print(
        f"{operation.name}: {done} faults, wrong: {len(tally.wrong)}", file=sys.stderr, flush=True
    )


def main() -> int:
    """Run the campaign; the exit code is 6 when something went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", choices=MODES, help="both if not given")
    parser.add_argument("--only", help="one operation: open, enrol, advance, batch, seal, ...")
    parser.add_argument("--sample", type=int, help="so many faults of each mode (all)")
    parser.add_argument("--seed", type=int, help="draws the sample; at random if not given")
    parser.add_argument("--folder", type=Path, help="where everything is to lie")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    told, sound = [], True
    for mode in [given.mode] if given.mode else MODES:
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            tally = strike_all(Path(folder), mode, only=given.only, sample=given.sample, seed=seed)
        seconds = round(time.monotonic() - begun)
        told.append({"mode": mode, "seed": seed, "seconds": seconds, **vars(tally)})
        sound = sound and not tally.wrong
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0 if sound else 6


if __name__ == "__main__":
    raise SystemExit(main())
