"""How long one transition takes, beside a plain loop over sqlite3 that does the durable part.

    python -m tests.campaigns.advance_rate                   60 schools, 5 rounds
    python -m tests.campaigns.advance_rate --batch           500 to a transaction, 600 schools
    python -m tests.campaigns.advance_rate --wal             with the write-ahead log
    python -m tests.campaigns.advance_rate --statements      what is sent for one transition
    python -m tests.campaigns.advance_rate --grown 1000000   beside a history of a million records

Contenders take turns, each in a process of its own; ratios are taken within a round, and told are
the medians. All lead the same schools through the twelve steps of ``relay`` on settings that are
equally durable:

* floor: the standard library alone, see ``tests.bench.floor``; full: with queue and outbox, too.
* advance: ``Lifecycle.advance``, or with --batch ``advance_many``, everything included.
* short, grown: the same on histories of a thousand records and of as many as --grown says.

Bytes are what the file has grown by for each transition.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

from sqlalchemy import event
from sqlalchemy.pool import Pool

from lifecycle import AdvanceCommand, Lifecycle, create_lifecycle, open_lifecycle
from lifecycle.domain.model import Actor
from lifecycle.storage.journal import open_journal
from lifecycle.storage.sqlite import WAL, Durability, durability_for
from tests.bench.floor import Full, floor
from tests.bench.work import SIZE, Taken, timed
from tests.campaigns import relay
from tests.campaigns.relay import Leg


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
    """Yield what one transition sends, in order.

    What triggers do is left out, and what a new connection asks before.
    """
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

        engine.close()  # the next connection is a new one
        event.listen(Pool, "checkout", listen)
        try:
            _make(engine, last)
        finally:
            event.remove(Pool, "checkout", listen)
    known: str | None = None
    for text in sent[sent.index("BEGIN IMMEDIATE") :]:
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
    found: dict[str, list[Taken]] = {"floor": [], "full": [], "advance": []}
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
        if given.only == "full":
            return floor(where, given.schools, chosen, size, Full)
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
