"""How long one transition takes, beside a plain loop over sqlite3 that does the durable part.

    python -m tests.campaigns.advance_rate                   60 schools, 5 rounds
    python -m tests.campaigns.advance_rate --batch           500 to a transaction, 600 schools
    python -m tests.campaigns.advance_rate --wal             with the write-ahead log
    python -m tests.campaigns.advance_rate --statements      what is sent for one transition
    python -m tests.campaigns.advance_rate --grown 1000000   beside a history of a million records

Contenders take turns, each in a process of its own; ratios are taken within a round, and told are
the medians. All lead the same schools through the twelve steps of ``relay`` on settings that are
equally durable:

* floor: the standard library alone. For each step read the school, check state, role and evidence,
  write a canonical body that names the hash of the one before, move the school, commit. No queue,
  no outbox, no log, no definitions, no actors, no retries.
* advance: ``Lifecycle.advance``, or with --batch ``advance_many``, everything included.
* short, grown: the same on histories of a thousand records and of as many as --grown says.

Bytes are what the file has grown by for each transition.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.pool import Pool

from lifecycle import AdvanceCommand, Lifecycle, create_lifecycle, open_lifecycle
from lifecycle.domain.model import Actor
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL, Durability, durability_for
from tests.campaigns import relay
from tests.campaigns.relay import STATES, STEPS, Leg

SIZE: Final = 500
Do = Callable[[Sequence[Leg]], None]


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


def timed(path: Path, legs: Sequence[Leg], size: int, do: Do) -> Taken:
    """Let *do* make the transitions, *size* at a time."""
    before, taken = _weight(path), []
    groups = [legs[begin : begin + size] for begin in range(0, len(legs), size)]
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
        rate=len(legs) / seconds,
        processor=used / len(legs) * 1e6,
        grown=(_weight(path) - before) / len(legs),
        memory=_memory(),
    )


def _memory() -> float:
    # Not getrusage: a new process inherits there what the one that started it had.
    found = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()
    return int(found[0]) / 1024


def _weight(path: Path) -> int:
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    raw.close()
    return path.stat().st_size


def floor(folder: Path, schools: int, chosen: Durability, size: int) -> Taken:
    """Do the least that could be called the same with the standard library."""
    path = folder / "floor.db"
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute(f"PRAGMA journal_mode={chosen.journal_mode}").fetchall()
    raw.execute(f"PRAGMA synchronous={chosen.synchronous}")
    raw.executescript(
        "CREATE TABLE school(id TEXT PRIMARY KEY, state INTEGER NOT NULL,"
        " version INTEGER NOT NULL, head TEXT NOT NULL);"
        "CREATE TABLE event(id INTEGER PRIMARY KEY, school TEXT NOT NULL, version INTEGER NOT NULL,"
        " body TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE(school, version));"
    )
    raw.executemany(
        "INSERT INTO school VALUES (?, 0, 0, ?)",
        [(f"relay.{number}", "0" * 64) for number in range(schools)],
    )
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
    legs = list(relay.legs(range(schools)))
    papers = {leg.command_id: [one.to_json() for one in leg.evidence] for leg in legs}

    def do(group: Sequence[Leg]) -> None:
        raw.execute("BEGIN IMMEDIATE")
        for leg in group:
            _step(raw, encode, leg, papers[leg.command_id])
        raw.execute("COMMIT")

    taken = timed(path, legs, size, do)
    ((done,),) = raw.execute("SELECT count(*) FROM school WHERE state = ?", (len(STEPS),))
    raw.close()
    assert done == schools
    return taken


def _step(
    raw: sqlite3.Connection,
    encode: Callable[[Any], str],
    leg: Leg,
    papers: list[dict[str, Any]],
) -> None:
    state, version, head = raw.execute(
        "SELECT state, version, head FROM school WHERE id = ?", (leg.school,)
    ).fetchone()
    step, role = STEPS[state], relay.ROLES[state % len(relay.ROLES)]
    kinds = {paper["kind"] for paper in papers}
    if leg.transition != step or leg.actor != relay.CLERKS[role]:
        raise ValueError("refused")
    if not {f"{step}_form", f"{step}_log"} <= kinds:
        raise ValueError("refused")
    body = encode({
        "school": leg.school, "v": version + 1, "trigger": step, "from": STATES[state],
        "to": STATES[state + 1], "actor": leg.actor.id, "role": role,
        "at": "2022-03-01T09:00:00.000000Z", "evidence": papers, "payload": {}, "prev": head,
    })  # fmt: skip
    link = sha256(body.encode()).hexdigest()
    raw.execute(
        "INSERT INTO event(school, version, body, hash) VALUES (?, ?, ?, ?)",
        (leg.school, version + 1, body, link),
    )
    moved = raw.execute(
        "UPDATE school SET state = ?, version = ?, head = ? WHERE id = ? AND version = ?",
        (state + 1, version + 1, link, leg.school, version),
    )
    if moved.rowcount != 1:
        raise ValueError("stale")


def advance(folder: Path, schools: int, chosen: Durability, size: int) -> Taken:
    """Let the engine do it, on a new history."""
    path = folder / "lifecycle.db"
    create_lifecycle(f"sqlite:///{path}", administrator=relay.CHIEF).close()
    return _advanced(path, folder, range(schools), chosen, size, relay.CHIEF)


def _advanced(
    path: Path, folder: Path, schools: range, chosen: Durability, size: int, admin: Actor
) -> Taken:
    with _engine(path, relay.definitions(folder), chosen) as engine:
        relay.settle(engine, schools, admin)

        def do(group: Sequence[Leg]) -> None:
            if size == 1:
                _make(engine, group[0])
            else:
                ends = engine.advance_many(map(_command, group), per_transaction=size)
                assert {one.kind for one in ends} == {"recorded"}

        return timed(path, list(relay.legs(schools)), size, do)


def _engine(path: Path, found: Path, chosen: Durability) -> Lifecycle:
    url = f"sqlite:///{path}"
    opened = open_lifecycle(url, definitions=[found])
    opened.close()
    return Lifecycle(replace(opened.context, journal=open_journal(url, durability=chosen)))


def _make(engine: Lifecycle, leg: Leg) -> None:
    engine.advance(
        leg.school,
        leg.transition,
        actor=leg.actor,
        evidence=leg.evidence,
        command_id=leg.command_id,
    )


def _command(leg: Leg) -> AdvanceCommand:
    return AdvanceCommand(
        school=leg.school,
        transition=leg.transition,
        actor=leg.actor,
        evidence=leg.evidence,
        command_id=leg.command_id,
    )


def statements(folder: Path) -> Iterator[str]:
    """Yield what one transition sends, in order; what triggers do is left out."""
    sent: list[str] = []
    found, path = relay.definitions(folder), folder / "lifecycle.db"
    create_lifecycle(f"sqlite:///{path}", administrator=relay.CHIEF).close()
    journal = open_journal(f"sqlite:///{path}")
    opened = open_lifecycle(f"sqlite:///{path}", definitions=[found])
    opened.close()
    with Lifecycle(replace(opened.context, journal=journal)) as engine:
        relay.settle(engine, range(2))
        *first, last = [leg for leg in relay.legs(range(2)) if leg.place < 3]
        for leg in first:
            _make(engine, leg)

        def listen(driver: sqlite3.Connection, *_: object) -> None:
            driver.set_trace_callback(sent.append)

        event.listen(Pool, "checkout", listen)
        try:
            _make(engine, last)
        finally:
            event.remove(Pool, "checkout", listen)
    known: str | None = None
    for text in sent:
        # SQLite tells the statements of a trigger as repetitions of the one that fired it.
        if text != known and not text.startswith("--"):
            yield " ".join(text.split())
        known = text


def history(folder: Path, records: int) -> None:
    """Make a history of so many records there."""
    # Only here: what a contender does not use must not weigh on its memory.
    from tests.campaigns import corpus

    corpus.multiply(corpus.lead(folder), records)


def _in_turns(given: argparse.Namespace) -> dict[str, list[Taken]]:
    found: dict[str, list[Taken]] = {"floor": [], "advance": []}
    with tempfile.TemporaryDirectory() as folder:
        if given.grown:
            for name, records in (("short", 1000), ("grown", given.grown)):
                place = Path(folder) / name
                place.mkdir()
                history(place, records)
                found[name] = []
        for number in range(given.rounds):
            for name, rounds in found.items():
                command = [sys.executable, "-m", "tests.campaigns.advance_rate", "--only", name]
                command += ["--schools", str(given.schools), *(["--batch"] if given.batch else [])]
                command += ["--wal"] if given.wal else []
                if name in ("short", "grown"):
                    command += ["--history", str(Path(folder) / name / "lifecycle.db")]
                    command += ["--first", str(number * given.schools)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                rounds.append(Taken(**json.loads(done.stdout)))
    return found


def _alone(given: argparse.Namespace) -> Taken:
    chosen = WAL if given.wal else durability_for(sqlite3.sqlite_version_info)
    size = SIZE if given.batch else 1
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        if given.history:
            from tests.factories import ADMIN

            schools = range(given.first, given.first + given.schools)
            return _advanced(Path(given.history), where, schools, chosen, size, ADMIN)
        return {"floor": floor, "advance": advance}[given.only](where, given.schools, chosen, size)


def _ratio(one: Iterable[Taken], other: Iterable[Taken], of: Callable[[Taken], float]) -> float:
    return median(of(mine) / of(its) for mine, its in zip(one, other, strict=True))


def main() -> None:
    """Let the contenders take turns, and print the medians."""
    parser = argparse.ArgumentParser(description="Measure single transitions.")
    parser.add_argument("--schools", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--wal", action="store_true")
    parser.add_argument("--statements", action="store_true")
    parser.add_argument("--grown", type=int, default=0)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--history", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.schools = given.schools or (600 if given.batch else 60)
    if given.statements:
        with tempfile.TemporaryDirectory() as folder:
            print(*statements(Path(folder)), sep="\n")
        return
    if given.only:
        print(json.dumps(asdict(_alone(given))))
        return
    found = _in_turns(given)
    plain = found["floor"]
    for name, rounds in found.items():
        print(
            f"{name:8} p50 {median(one.p50 for one in rounds):8,.0f} us"
            f" {_ratio(rounds, plain, lambda one: one.p50):6.2f} x floor"
            f"  p99 {median(one.p99 for one in rounds):8,.0f} us"
            f" {median(one.p99 / one.p50 for one in rounds):5.2f} x p50"
            f"  {median(one.rate for one in rounds):8,.0f} /s"
            f" {_ratio(rounds, plain, lambda one: one.rate):6.3f} x floor"
            f"  processor {median(one.processor for one in rounds):7,.0f} us"
            f" {_ratio(rounds, plain, lambda one: one.processor):6.2f} x floor"
            f"  {median(one.grown for one in rounds):6,.0f} bytes"
            f"  {median(one.memory for one in rounds):4.0f} MB"
        )
    if given.grown:
        ratio = _ratio(found["grown"], found["short"], lambda one: one.p50)
        print(f"grown / short: {ratio:.2f} by the clock (p50)")


if __name__ == "__main__":
    main()
