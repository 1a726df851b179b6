"""How fast a batch is, beside single transitions and a plain loop over sqlite3, in one run.

    python -m tests.campaigns.batch_rate                     1,000 schools, 3 rounds
    python -m tests.campaigns.batch_rate --schools 200 --rounds 5

Contenders take turns, each in a process of its own; told are the medians of the rounds. All make
the same three transitions of every school, on the same durable settings:

* floor: the standard library alone. 500 transitions a transaction; for each, read the school, check
  state, role and evidence, write a canonical body that names the hash of the one before, and move
  the school. No queue, no log, no definitions, no requirements as data.
* batch: ``advance_many``, 500 a transaction.
* file: ``lifecycle advance --batch`` on a .jsonl, from the start of the process to its end.
* single: ``advance``, one transaction each, for a tenth of the schools.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from lifecycle import Actor, AdvanceCommand, Evidence, EvidenceFile, Lifecycle, create_lifecycle
from lifecycle.storage.sqlite import durability_for
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import complete

ROADMAP, SIZE = "tomari-2022", 500
STEPS = ("start_questionnaire", "complete_questionnaire", "receive_risk_profile")
STATES = ("selected", "questionnaire", "risk_profile", "curator_visit")
CHIEF, CLERK = Actor("chief", "host:bench"), Actor("clerk", "host:bench")


@dataclass(frozen=True)
class Taken:
    """What a contender took.

    Args:
        rate: Transitions a second, by the clock.
        processor: Microseconds of the processor for each; steadier on a busy machine.
    """

    rate: float
    processor: float


class Watch:
    """A stop-watch that runs from its making."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), _processor()

    def stopped(self, count: int) -> Taken:
        """Return what *count* transitions took."""
        seconds, used = time.perf_counter() - self._clock, _processor() - self._processor
        return Taken(count / seconds, used / count * 1e6)


def _processor() -> float:
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, both))


def office(folder: Path, schools: int) -> Lifecycle:
    """Return an engine on a new history with *schools* enrolled, one clerk doing everything."""
    engine = create_lifecycle(f"sqlite:///{folder}/lifecycle.db", administrator=CHIEF)
    engine.add_actor(CLERK.id, actor=CHIEF)
    engine.assign(CLERK.id, "municipal_coordinator", roadmap=ROADMAP, actor=CHIEF)
    for number in range(schools):
        school = f"school-{number}"
        engine.enrol(school, roadmap=ROADMAP, title=school, actor=CLERK)
        for role in ("school_coordinator", "curator"):
            engine.assign(CLERK.id, role, school=school, actor=CHIEF)
    return engine


def commands(schools: int) -> Iterator[AdvanceCommand]:
    """Yield every transition of every school, step by step."""
    definition = Catalogue().compiled(ROADMAP)
    for step in STEPS:
        request = complete(definition, definition.transition[step], {})
        for number in range(schools):
            yield AdvanceCommand(
                school=f"school-{number}",
                transition=step,
                actor=CLERK,
                command_id=f"{step}.{number}",
                **request,
            )


def batch(folder: Path, schools: int) -> Taken:
    """Run the commands as a batch."""
    with office(folder, schools) as engine:
        asked = list(commands(schools))
        watch = Watch()
        ends = [one.kind for one in engine.advance_many(asked, per_transaction=SIZE)]
        taken = watch.stopped(len(ends))
    assert ends == ["recorded"] * 3 * schools
    return taken


def single(folder: Path, schools: int) -> Taken:
    """Run the commands of a tenth of the schools one by one."""
    some = max(1, schools // 10)
    with office(folder, some) as engine:
        asked = list(commands(some))
        watch = Watch()
        for one in asked:
            engine.advance(
                one.school,
                one.transition,
                actor=CLERK,
                evidence=one.evidence,
                facts=one.facts,
                command_id=one.command_id,
            )
        return watch.stopped(len(asked))


def file(folder: Path, schools: int) -> Taken:
    """Run the commands from a file, by the program."""
    office(folder, schools).close()
    path = folder / "batch.jsonl"
    with path.open("w") as out:
        for one in commands(schools):
            order = "=ref:52-а;2022-03-14;Отдел образования"
            line = {
                "school": one.school,
                "transition": one.transition,
                "evidence": [piece.kind + order for piece in one.evidence],
                "facts": one.facts,
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    program = [sys.executable, "-m", "lifecycle.cli", "advance", "--batch", str(path), "--json",
               "--actor", CLERK.id, "--db", f"sqlite:///{folder}/lifecycle.db"]  # fmt: skip
    watch = Watch()
    done = subprocess.run(program, capture_output=True, check=True)
    taken = watch.stopped(3 * schools)
    assert done.stdout.count(b'"outcome": "recorded"') == 3 * schools
    return taken


def floor(folder: Path, schools: int) -> Taken:
    """Do the least that could be called the same with the standard library."""
    raw = sqlite3.connect(folder / "floor.db", isolation_level=None)
    chosen = durability_for(sqlite3.sqlite_version_info)
    raw.execute(f"PRAGMA journal_mode={chosen.journal_mode}")
    raw.execute(f"PRAGMA synchronous={chosen.synchronous}")
    raw.executescript(
        "CREATE TABLE school (id TEXT PRIMARY KEY, state INT, version INT, head TEXT) STRICT;"
        "CREATE TABLE event (school TEXT, version INT, body TEXT, hash TEXT,"
        " PRIMARY KEY (school, version)) STRICT, WITHOUT ROWID;"
    )
    raw.executemany(
        "INSERT INTO school VALUES (?, 0, 0, ?)",
        [(f"school-{number}", "0" * 64) for number in range(schools)],
    )
    asked = [(one, [_plain(piece) for piece in one.evidence]) for one in commands(schools)]
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
    watch = Watch()
    for begin in range(0, len(asked), SIZE):
        raw.execute("BEGIN IMMEDIATE")
        for one, evidence in asked[begin : begin + SIZE]:
            _plainly(raw, encode, one, evidence)
        raw.execute("COMMIT")
    taken = watch.stopped(len(asked))
    ((moved,),) = raw.execute("SELECT count(*) FROM school WHERE state = 3")
    raw.close()
    assert moved == schools
    return taken


def _plain(piece: Evidence | EvidenceFile) -> dict[str, Any]:
    """Return a reference to an order as JSON values."""
    assert isinstance(piece, Evidence)
    return piece.to_json()


def _plainly(
    raw: sqlite3.Connection, encode: Any, one: AdvanceCommand, evidence: list[dict[str, Any]]
) -> None:
    state, version, head = raw.execute(
        "SELECT state, version, head FROM school WHERE id = ?", (one.school,)
    ).fetchone()
    wanted = STEPS.index(one.transition)
    if state != wanted or one.actor.id != "clerk" or len(evidence) != (wanted > 0):
        raise ValueError("refused")
    body = encode({
        "school": one.school, "version": version + 1, "transition": one.transition,
        "from": STATES[state], "to": STATES[state + 1], "actor": one.actor.id, "role": "clerk",
        "command_id": one.command_id, "at": "2022-03-01T09:00:00.000000Z", "evidence": evidence,
        "facts": one.facts, "previous": head,
    })  # fmt: skip
    link = sha256(body.encode()).hexdigest()
    raw.execute("INSERT INTO event VALUES (?, ?, ?, ?)", (one.school, version + 1, body, link))
    raw.execute(
        "UPDATE school SET state = ?, version = ?, head = ? WHERE id = ? AND version = ?",
        (state + 1, version + 1, link, one.school, version),
    )


CONTENDERS = {"floor": floor, "batch": batch, "file": file, "single": single}


def main() -> None:
    """Let the contenders take turns, and print the medians."""
    parser = argparse.ArgumentParser(description="Measure a batch of transitions.")
    parser.add_argument("--schools", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        with tempfile.TemporaryDirectory() as folder:
            taken = CONTENDERS[given.only](Path(folder), given.schools)
        print(json.dumps(asdict(taken)))
        return
    found: dict[str, list[Taken]] = {name: [] for name in CONTENDERS}
    for _ in range(given.rounds):
        for name, rounds in found.items():
            command = [sys.executable, "-m", "tests.campaigns.batch_rate", "--only", name]
            command += ["--schools", str(given.schools)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rounds.append(Taken(**json.loads(done.stdout)))
    for name, rounds in found.items():
        pairs = list(zip(rounds, found["floor"], strict=True))
        print(
            f"{name:8}{median(one.rate for one in rounds):9,.0f} records/s"
            f"{median(one.rate / plain.rate for one, plain in pairs):7.3f} x floor"
            f"{median(one.processor for one in rounds):9,.0f} us of the processor"
            f"{median(plain.processor / one.processor for one, plain in pairs):7.3f} x floor"
        )


if __name__ == "__main__":
    main()
