"""The work that every contender does, and the clock it is held to; the standard library alone.

Twelve steps, four roles in turn, two pieces of evidence each: as much as any workflow engine does
for its user. Peers run where nothing of ours is installed, so nothing of ours is imported here.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar

STEPS: Final = (
    "register",
    "consent",
    "submit_form",
    "sample",
    "send_materials",
    "receive_materials",
    "schedule",
    "hold_session",
    "return_data",
    "check_data",
    "report",
    "close",
)
STATES: Final = ("invited", *(f"{step}_done" for step in STEPS))
ROLES: Final = ("coordinator", "school_lead", "national_manager", "field_worker")
MOMENT: Final = "2022-03-01T09:00:00.000000Z"
SIZE: Final = 500
"""Transitions to a transaction of a batch."""

Paper = dict[str, Any]
Event = dict[str, Any]
Item = TypeVar("Item")


class Refused(Exception):
    """A contender refuses a step."""


class Settings(Protocol):
    """How a SQLite file is written: what is committed survives a power cut."""

    @property
    def journal_mode(self) -> str:
        """``wal`` or ``delete``."""

    @property
    def synchronous(self) -> str:
        """``FULL`` or ``EXTRA``."""


@dataclass(frozen=True)
class WalFull:
    """What peers are set to, and what the others are set to that are compared with them."""

    journal_mode: str = "wal"
    synchronous: str = "FULL"


@dataclass(frozen=True)
class Command:
    """What is asked of a contender: a step of a school, by somebody, with evidence."""

    number: int
    place: int
    step: str
    actor: str
    role: str
    evidence: tuple[Paper, ...]

    @property
    def school(self) -> str:
        """Id of the school."""
        return f"relay.{self.number}"

    @property
    def command_id(self) -> str:
        """Id of the request."""
        return f"{self.step}.{self.number}"


def papers(number: int, place: int) -> tuple[Paper, ...]:
    """Return the evidence that a step needs."""
    return tuple(
        {
            "kind": f"{STEPS[place]}_{kind}",
            "form": "reference",
            "number": f"{number}-{place}",
            "dated": "2022-03-14",
            "issuer": "Отдел образования",
        }
        for kind in ("form", "log")
    )


def command(number: int, place: int) -> Command:
    """Return the right command for a step."""
    role = ROLES[place % len(ROLES)]
    return Command(number, place, STEPS[place], f"clerk.{role}", role, papers(number, place))


def commands(schools: range, steps: int = len(STEPS)) -> Iterator[Command]:
    """Yield the steps of all schools: step by step, so that no school comes twice in a row."""
    return (command(number, place) for place in range(steps) for number in schools)


def guard(state: str, asked: Command) -> None:
    """Check state, role and evidence, as far as a peer does not do it by its own means.

    Raises:
        Refused: One of them is wrong.
    """
    place = STEPS.index(asked.step)
    if state != STATES[place]:
        raise Refused(f"{asked.step} does not lead out of {state}")
    guard_rest(place, asked.role, asked.evidence)


def guard_rest(place: int, role: str, evidence: Sequence[Paper]) -> None:
    """Check role and evidence.

    Raises:
        Refused: One of them is wrong.
    """
    if role != ROLES[place % len(ROLES)]:
        raise Refused(f"{role} may not {STEPS[place]}")
    if not {f"{STEPS[place]}_form", f"{STEPS[place]}_log"} <= {one["kind"] for one in evidence}:
        raise Refused(f"{STEPS[place]} lacks evidence")


def event_of(asked: Command, version: int, previous: str = "") -> Event:
    """Return what is written down of a step."""
    return {
        "school": asked.school, "v": version, "trigger": asked.step, "from": STATES[asked.place],
        "to": STATES[asked.place + 1], "actor": asked.actor, "role": asked.role, "at": MOMENT,
        "evidence": asked.evidence, "payload": {}, "prev": previous,
    }  # fmt: skip


canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


# -- the clock ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """What a contender took.

    Args:
        p50: Half of the transitions took no longer, microseconds; of a batch, its share of it.
        p99: As much for 99 of 100.
        rate: Transitions a second.
        processor: Microseconds of the processor for each; steadiest on a busy machine.
        grown: Bytes that the file has grown by for each.
        memory: Greatest resident memory of the process, megabytes.
    """

    p50: float
    p99: float
    rate: float
    processor: float
    grown: float
    memory: float


def timed(
    path: Path, asked: Sequence[Item], size: int, do: Callable[[Sequence[Item]], None]
) -> Taken:
    """Let *do* make the transitions, *size* at a time."""
    before, taken = weight(path), []
    groups = [asked[begin : begin + size] for begin in range(0, len(asked), size)]
    gc.collect()
    used, begun = time.process_time(), time.perf_counter()
    for group in groups:
        start = time.perf_counter()
        do(group)
        taken.append((time.perf_counter() - start) / len(group))
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    taken.sort()
    return Taken(
        p50=taken[len(taken) // 2] * 1e6,
        p99=taken[len(taken) * 99 // 100] * 1e6,
        rate=len(asked) / seconds,
        processor=used / len(asked) * 1e6,
        grown=(weight(path) - before) / len(asked),
        memory=memory(),
    )


def memory() -> float:
    """Return the greatest resident memory of this process, megabytes."""
    # Not getrusage: a new process inherits there what the one that started it had.
    found = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()
    return int(found[0]) / 1024


def weight(path: Path) -> int:
    """Return the bytes of a database, with what its write-ahead log holds."""
    raw = sqlite3.connect(path, timeout=60)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()
    return path.stat().st_size


# -- peers ----------------------------------------------------------------------------------------


def set_everywhere(settings: Settings) -> None:
    """Give every connection that a library opens by itself these settings."""
    plain = sqlite3.connect

    def connect(*given: Any, **options: Any) -> sqlite3.Connection:
        options.setdefault("timeout", 60)
        made: sqlite3.Connection = plain(*given, **options)
        made.execute(f"PRAGMA journal_mode={settings.journal_mode}").fetchall()
        made.execute(f"PRAGMA synchronous={settings.synchronous}")
        return made

    sqlite3.connect = sqlite3.dbapi2.connect = connect  # type: ignore[assignment]


class Peer:
    """Another library that does the work, as far as it can.

    Args:
        path: Where its database is to lie.
        settings: How it is to be written.
    """

    batches: ClassVar[bool] = False
    whole_way: ClassVar[bool] = False
    """It leads a school all the way at once, by ``advance_many``; times are shares of that."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.settings = path, settings

    def open(self, schools: int) -> None:
        """Make the database with *schools* invited."""
        raise NotImplementedError

    def advance(self, asked: Command) -> None:
        """Make one step in a durable transaction; any exception is a refusal."""
        raise NotImplementedError

    def advance_many(self, asked: Sequence[Command]) -> None:
        """Make many steps in one transaction."""
        raise NotImplementedError

    def states(self) -> Mapping[int, str]:
        """Return where every school stands, out of the store."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the database."""


def wrong(number: int) -> dict[str, Command]:
    """Return what has to be refused of a school that has made one step."""
    right = command(number, 1)
    rest = (right.number, right.place, right.step, right.actor)
    return {
        "role": Command(*rest, ROLES[2], right.evidence),
        "state": command(number, 5),
        "evidence": Command(*rest, right.role, right.evidence[:1]),
    }


def check(peer: Peer, number: int) -> None:
    """See that a school can make two steps, and nothing wrong in between.

    Raises:
        ValueError: The peer does what it ought to refuse.
    """
    peer.advance(command(number, 0))
    for what, asked in wrong(number).items():
        try:
            peer.advance(asked)
        except Exception:  # noqa: S112
            continue
        raise ValueError(f"{type(peer).__name__} does not refuse a wrong {what}")
    if peer.states()[number] != STATES[1]:
        raise ValueError(f"{type(peer).__name__} moved a school that it refused")
    peer.advance(command(number, 1))
    if peer.states()[number] != STATES[2]:
        raise ValueError(f"{type(peer).__name__} does not make a right step")


def measured(peer: Peer, schools: int, size: int, steps: int = len(STEPS)) -> Taken:
    """Check the peer with one school more, then measure it on all the others."""
    peer.open(schools + 1)
    check(peer, schools)
    asked = list(commands(range(schools), steps))
    if peer.whole_way:
        size, asked = len(STEPS), sorted(asked, key=lambda one: one.number)
    many = peer.advance_many if size > 1 else lambda group: peer.advance(group[0])
    taken = timed(peer.path, asked, size, many)
    ends = peer.states()
    if [ends[number] for number in range(schools)] != [STATES[steps]] * schools:
        raise ValueError(f"{type(peer).__name__} lost steps")
    peer.close()
    return taken


def main(made: Callable[[Path, Settings], Peer]) -> None:
    """Measure a peer in this process, and print what it took as JSON."""
    parser = argparse.ArgumentParser(description="Measure one peer.")
    parser.add_argument("--schools", type=int, default=3)
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--steps", type=int, default=len(STEPS))
    given = parser.parse_args()
    size = SIZE if given.batch else 1
    with tempfile.TemporaryDirectory() as folder:
        peer = made(Path(folder) / "peer.db", WalFull())
        print(json.dumps(asdict(measured(peer, given.schools, size, given.steps))))
