"""Writers that are killed, and servers: nothing acknowledged is lost, halved or doubled.

    python -m tests.campaigns.crashes                        1,000 rounds, three writers in each
    python -m tests.campaigns.crashes --server               PostgreSQL killed 25 times
    python -m tests.campaigns.crashes --rounds 50 --seed 7

In every round processes lead schools through the programme with the real library, evidence files
included, and write down each acknowledgement in a file of their own before they go on. After a
random time all of them are killed at once, or every process of the server is. Then the database
is opened again: what was acknowledged has to be there, nothing by half, and what was asked and not
acknowledged is asked once more with its command id, after which it has to be there once. Each round
looks at what it touched; every so often, and at the end, everything is verified.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

from lifecycle import Lifecycle, open_lifecycle
from lifecycle.domain.errors import StorageFailed
from tests.campaigns import wholeness, workload
from tests.databases import new_journal
from tests.factories import ORIGIN
from tests.server import Server

LONGEST = {"writers": 0.3, "server": 1.0}
"""Seconds that writers work before the end comes; it is drawn at random up to that."""


@dataclass
class Tally:
    """What a campaign came to.

    Args:
        rounds: How many there were.
        killed: Processes that were killed; servers count as one.
        acknowledged: Commands of which a writer was told that they are recorded.
        unheard: Commands that were recorded when their writer was killed before it was told.
        repeated: Commands that nobody was told of, asked once more.
        lost: Acknowledged commands that are not there.
        halves: What is written by half, in words.
        doubled: Commands that are not there exactly once after they were repeated.
        findings: Of the verification.
    """

    rounds: int = 0
    killed: int = 0
    acknowledged: int = 0
    unheard: int = 0
    repeated: int = 0
    lost: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.halves or self.doubled or self.findings)


class Place:
    """A database with its evidence, a paper to file, and the notes of the writers.

    Args:
        url: Of the database.
        folder: Where the rest lies.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.paper = folder / "paper.txt"
        self.paper.write_text("Справка", encoding="utf-8")

    def opened(self) -> Lifecycle:
        """Return an engine on the history."""
        return open_lifecycle(self.url, evidence=self.folder / "evidence")

    def notes(self, school: str) -> Path:
        """Return where the writer of *school* puts down what it was told."""
        return self.folder / f"{school}.told"

    def told(self, school: str) -> dict[str, str]:
        """Return the hashes that the writer of *school* was told, by command.

        A line without its end was not heard: the writer was killed while it put it down.
        """
        lines = self.notes(school).read_text("ascii").splitlines(keepends=True)
        return dict(line.split() for line in lines if line.endswith("\n"))


def write(place: Place, school: str, go: int) -> None:
    """Lead schools to the end of the programme one after the other, until somebody stops it.

    Args:
        place: Where.
        school: Its name; further ones are numbered.
        go: Descriptor that is written to once the writer works.
    """
    notes = os.open(place.notes(school), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        with place.opened() as engine:
            os.write(go, b".")
            for number in count():
                for command in workload.commands(f"{school}-{number}", place.paper):
                    receipt = command.do(engine)
                    os.write(notes, f"{command.id} {receipt.record.hash}\n".encode("ascii"))
    except StorageFailed:
        return  # the server went away; nothing was told of this command


@contextmanager
def working(place: Place, schools: Sequence[str]) -> Iterator[list[int]]:
    """Let a process write for each of *schools*; none of them is alive afterwards.

    They are forked, for everything is loaded; no connection is open then.
    """
    started, go = os.pipe()
    writers = []
    for school in schools:
        place.notes(school).touch()
        writer = os.fork()
        if writer == 0:
            status = 1
            try:
                write(place, school, go)
                status = 0
            finally:
                os._exit(status)
        writers.append(writer)
    os.close(go)
    try:
        os.read(started, 1)
        yield writers
    finally:
        os.close(started)
        for writer in writers:
            os.kill(writer, signal.SIGKILL)
        for writer in writers:
            _, status = os.waitpid(writer, 0)
            assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, (
                "a writer failed by itself"
            )


def look(place: Place, schools: Sequence[str], tally: Tally) -> None:
    """Compare what is there with what the writers of *schools* were told, and ask for the rest."""
    ask = wholeness.asking(place.url)
    told = {school: place.told(school) for school in schools}
    touched = [f"{one}-{n}" for one in schools for n in range(len(told[one]) // 16 + 1)]
    streams = wholeness.streams_of(touched)
    for acknowledged in told.values():
        tally.acknowledged += len(acknowledged)
        tally.lost += wholeness.lost(ask, acknowledged)
    tally.halves += wholeness.halves(ask, streams)

    commands = []
    with place.opened() as engine:
        for school, acknowledged in told.items():
            plan = (
                command
                for number in count()
                for command in workload.commands(f"{school}-{number}", place.paper)
            )
            for command in plan:
                commands.append(command.id)
                if command.id not in acknowledged:
                    tally.repeated += 1
                    tally.unheard += command.do(engine).repeated
                    break
    tally.doubled += wholeness.doubled(ask, commands)
    tally.halves += wholeness.halves(ask, streams)


def verified(place: Place, tally: Tally) -> None:
    """Verify everything."""
    with place.opened() as engine:
        tally.findings += wholeness.everything(engine)


def kill_writers(
    folder: Path, rounds: int, seed: int, *, writers: int = 3, every: int = 100
) -> Tally:
    """Kill so many writers at once, again and again, on one file of SQLite.

    Args:
        folder: Where everything is put.
        rounds: How often.
        seed: Draws the times.
        writers: How many write at once.
        every: After how many rounds everything is verified.
    """
    draw, tally = random.Random(seed), Tally()  # noqa: S311 - nothing is kept secret by it
    place = Place(f"sqlite:///{folder}/lifecycle.db", folder)
    new_journal(place.url, ORIGIN).close()
    workload.founded(place.url)
    workload.ready()
    for number in range(1, rounds + 1):
        schools = [f"s{number}w{one}" for one in range(writers)]
        with working(place, schools):
            time.sleep(draw.uniform(0, LONGEST["writers"]))
        tally.rounds, tally.killed = number, tally.killed + writers
        look(place, schools, tally)
        for school in schools:
            place.notes(school).unlink()
        if number % every == 0 or number == rounds:
            verified(place, tally)
            _tell(tally)
    return tally


def kill_server(
    server: Server, folder: Path, rounds: int, seed: int, *, writers: int = 3, every: int = 25
) -> Tally:
    """Kill every process of a server of PostgreSQL, again and again; see ``kill_writers``."""
    draw, tally = random.Random(seed), Tally()  # noqa: S311 - nothing is kept secret by it
    workload.ready()
    with server.database(ORIGIN) as url:
        place = Place(url, folder)
        workload.founded(url)
        for number in range(1, rounds + 1):
            schools = [f"s{number}w{one}" for one in range(writers)]
            with working(place, schools) as processes:
                time.sleep(draw.uniform(0.1, LONGEST["server"]))
                server.kill()
                ended = [os.waitid(os.P_PID, one, os.WEXITED | os.WNOWAIT) for one in processes]
                assert all(one is not None and one.si_status == 0 for one in ended)
            server.start()
            tally.rounds, tally.killed = number, tally.killed + 1
            look(place, schools, tally)
            if number % every == 0 or number == rounds:
                verified(place, tally)
                _tell(tally)
    return tally


def _tell(tally: Tally) -> None:
    told = f"{tally.rounds} rounds, {tally.acknowledged} acknowledged, sound: {tally.sound}"
    print(told, file=sys.stderr, flush=True)


def main() -> int:
    """Run the campaign; the exit code is 6 when something was lost, halved or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--server", action="store_true", help="kill PostgreSQL, not the writers")
    parser.add_argument("--rounds", type=int, help="how often (1000; 25 with --server)")
    parser.add_argument("--writers", type=int, default=3, help="how many write at once")
    parser.add_argument("--seed", type=int, help="draws the times; at random if not given")
    parser.add_argument("--folder", type=Path, help="where the database is to lie")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.server:
            with Server() as server:
                tally = kill_server(
                    server, Path(folder), given.rounds or 25, seed, writers=given.writers
                )
        else:
            tally = kill_writers(Path(folder), given.rounds or 1000, seed, writers=given.writers)
    seconds = round(time.monotonic() - begun)
    print(json.dumps({"seed": seed, "seconds": seconds, **asdict(tally)}, indent=2))
    return 0 if tally.sound else 6


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Shows the description as it is written."""


if __name__ == "__main__":
    raise SystemExit(main())
