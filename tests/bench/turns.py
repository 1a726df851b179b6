"""The contenders and their turns: each in a process of its own, one after the other, then again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
RATE: Final = "tests.campaigns.advance_rate"

Told = dict[str, Any]
Rounds = dict[str, list[Told]]


@dataclass(frozen=True)
class Amount:
    """How much is measured.

    Args:
        rounds: Of every contender.
        schools: Led by single transitions, by us and the floor.
        many: Led in batches, by us and the floor.
        board: Schools on the board.
        records: Of the long history.
        each: Schools that each process leads on PostgreSQL.
        starts: Rounds of starting up.
    """

    rounds: int = 5
    schools: int = 60
    many: int = 600
    board: int = 40_000
    records: int = 100_000
    each: int = 3
    starts: int = 11


QUICK: Final = Amount(1, 10, 50, 2_000, 10_000, 1, 3)


@dataclass(frozen=True)
class Peer:
    """Another library.

    Args:
        name: With what it needs beside it, as people know it.
        module: Below ``tests.bench.peers``.
        packages: Whose versions are told.
        schools: Led by single transitions.
        many: Led three steps in batches; 0 where it commits one by one only.
        lacks: What it does not do of the work.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    schools: int
    many: int
    lacks: str


PEERS: Final = (
    Peer(
        "eventsourcing", "eventsourcing", ("eventsourcing",), 40, 500,
        "no roles, evidence, query by state; changed rows go unseen",
    ),
    Peer(
        "harel (inline)", "harel", ("harel",), 40, 0,
        "keeps the last 200 steps of a run only; no batch, no query by state; changed rows go"
        " unseen",
    ),
    Peer(
        "Django + fsm-2 + fsm-log", "django", ("django", "django-fsm-2", "django-fsm-log"), 25, 500,
        "role and evidence are text in a description; changed rows go unseen",
    ),
    Peer(
        "SpiffWorkflow (JSON in SQLite)", "spiff", ("spiffworkflow",), 15, 0,
        "no store, actor or evidence of its own; no batch; changed rows go unseen",
    ),
    Peer(
        "SQLAlchemy-Continuum", "continuum", ("sqlalchemy-continuum",), 10, 500,
        "no transitions, guards or refusals; changed rows go unseen",
    ),
    Peer(
        "DBOS (step and event)", "dbos", ("dbos",), 6, 0,
        "no states, guards, actors or evidence of its own; no batch, no query by state; changed"
        " rows go unseen",
    ),
)  # fmt: skip


def run(*command: str | Path, fine: Sequence[int] = (0,)) -> Told:
    """Run a contender of ours, and return the JSON that it prints.

    Raises:
        RuntimeError: It failed.
    """
    return _run(sys.executable, *command, fine=fine)


def _run(*command: str | Path, fine: Sequence[int] = (0,)) -> Told:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in fine:
        raise RuntimeError(f"{command} failed:\n{done.stderr[-2000:]}")
    told: Told = json.loads(done.stdout)
    return told


def say(text: str) -> None:
    """Tell the person who waits how far it has come."""
    print(f"bench: {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def in_turns(what: str, rounds: int, contenders: Mapping[str, Callable[[int], Told]]) -> Rounds:
    """Let contenders take turns; each is given the number of the round."""
    found: Rounds = {name: [] for name in contenders}
    for number in range(rounds):
        say(f"{what}, round {number + 1} of {rounds}")
        for name, contender in contenders.items():
            found[name].append(contender(number))
    return found


def advances(amount: Amount) -> dict[str, Rounds]:
    """Measure single transitions: on the settings that are safe here, and with peers under WAL."""
    return {
        "single": in_turns("single transitions", amount.rounds, _ours(amount.schools)),
        "peers": in_turns(
            "single transitions beside the peers",
            amount.rounds,
            {
                **_ours(amount.schools, "--wal"),
                **{one.name: _peer(one, one.schools, amount) for one in PEERS},
            },
        ),
        "batch": in_turns(
            "batches",
            amount.rounds,
            {
                **_ours(amount.many, "--wal", "--batch"),
                **{
                    one.name: _peer(one, one.many, amount, "--batch", "--steps", "3")
                    for one in PEERS
                    if one.many
                },
            },
        ),
    }


def _ours(schools: int, *options: str) -> dict[str, Callable[[int], Told]]:
    def contender(name: str) -> Callable[[int], Told]:
        command = ("-m", RATE, "--only", name, "--schools", str(schools), *options)
        return lambda _: run(*command)

    return {name: contender(name) for name in ("floor", "full", "advance")}


def _peer(peer: Peer, schools: int, amount: Amount, *options: str) -> Callable[[int], Told]:
    some = max(2, schools * amount.schools // Amount.schools)
    module = f"tests.bench.peers.{peer.module}"
    return lambda _: _run(PEERS_PYTHON, "-m", module, "--schools", str(some), *options)


def boards(amount: Amount, folder: Path) -> Rounds:
    """Measure the board and explanations over many schools."""
    place, program = folder / f"board-{amount.board}", ("-m", "tests.bench.board")
    if not (place / "made").exists():
        say(f"making a history of {amount.board} schools")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        command: list[str | Path] = [sys.executable, *program, "make", place, str(amount.board)]
        subprocess.run(command, cwd=ROOT, check=True)
        (place / "made").touch()

    def contender(name: str) -> Callable[[int], Told]:
        return lambda _: run(*program, name, place)

    names = ("floor", "ours", "explain")
    found = in_turns("the board", amount.rounds, {name: contender(name) for name in names})
    # Once: nothing is held against it, and it takes as long as all the rest.
    return found | in_turns("the board with every row", 1, {"whole": contender("whole")})


def long_histories(amount: Amount, folder: Path) -> dict[str, Rounds]:
    """Measure verification of a long history, then transitions added to it and to a short one."""
    program = ("-m", "tests.campaigns.verify_scale", "--folder", folder, "--step")
    sizes = {"short": 1000, "grown": amount.records}
    for records in sizes.values():
        say(f"making a history of {records} records, if it is not there")
        made: list[str | Path] = [sys.executable, *program, "make", "--records", str(records)]
        subprocess.run(made, cwd=ROOT, check=True)
    many = ("measure", "--records", str(amount.records))
    verified = in_turns("verification", amount.rounds, {"verify": lambda _: run(*program, *many)})
    # Copies: what was made stays as it is, for the next time.
    copies = {name: folder / f"{name}.db" for name in sizes}
    for name, records in sizes.items():
        shutil.copyfile(folder / f"records-{records}" / "lifecycle.db", copies[name])
    try:
        grown = in_turns(
            "short and long histories",
            amount.rounds,
            {name: _on(copies[name], name, amount.schools // 2) for name in sizes},
        )
    finally:
        for copy in copies.values():
            copy.unlink()
    return {"verify": verified, "grown": grown}


def _on(history: Path, name: str, schools: int) -> Callable[[int], Told]:
    fixed = ("-m", RATE, "--only", name, "--history", history, "--schools", str(schools))
    return lambda number: run(*fixed, "--first", str(number * schools))


def servers(amount: Amount) -> dict[str, Told]:
    """Measure PostgreSQL: one client beside bare psycopg, several processes, slow commits.

    Sixteen writers use up two processors long before they wait for one another, so that they are
    measured with slower commits as well: whether one waits for another is seen there.
    """
    found = {}
    for name, what, wait in (
        ("one", "one", 0),
        ("processes", "processes", 0),
        ("latency", "latency", 5),
        ("waiting", "latency", 25),
    ):
        say(f"PostgreSQL: {name}")
        rounds, each = str(amount.rounds), str(amount.each)
        options = ("--rounds", rounds, "--schools-each", each, "--milliseconds", str(wait))
        found[name] = run("-m", "tests.campaigns.postgres_speed", what, *options)[what]
    return found


def starts(amount: Amount) -> Told:
    """Measure starting up, and the memory of a process with one transition made."""
    say("starting up")
    # It ends with 1 where a figure is not reached.
    return run("-m", "tests.campaigns.startup", "--rounds", str(amount.starts), fine=(0, 1))
