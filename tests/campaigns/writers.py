"""Many writers on one participation: what they heard is one order of events.

    python -m tests.campaigns.writers                        16 processes, 10,000 commands, SQLite
    python -m tests.campaigns.writers --threads              the same in one process
    python -m tests.campaigns.writers --server               the same on PostgreSQL
    python -m tests.campaigns.writers --library --commands 800

Each writer records commands of its own and notes when it asked and when it heard, by a clock that
all share; now and then it looks which version is there, and now and then it tells the version that
its command is to follow, and is refused if somebody was faster. In the end there are as many rows
as acknowledgements, the last version is as many, nothing is written by half, and the judge of
orders (tests/campaigns/order.py) finds nothing.

A command appends a record through the journal: lock, chain, board, queue and outbox, log. With
--library it is a whole transition with its rules, and everything is verified at the end; what a
transition costs grows with the records of its own participation, of which a real one has a hundred
at most, so fewer commands do.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from lifecycle import Lifecycle, VersionConflict
from lifecycle.domain.errors import DatabaseLocked
from lifecycle.domain.model import participation_stream
from lifecycle.service.patience import patiently
from tests.campaigns import wholeness, workload
from tests.campaigns.order import Event, anomalies
from tests.campaigns.postgres_speed import Step, steps, who
from tests.databases import new_journal
from tests.factories import ORIGIN
from tests.server import Server
from tests.storage.samples import append

SCHOOL = "crowded"
STREAM = participation_stream(SCHOOL)
AGAIN = "submit_concept_documents"
"""A transition after which the school stays where it is, so that it can be made again."""

_LOOKS = 8  # one look to so many commands
_TELLS = 16  # one command of so many tells the version it is to follow


@dataclass
class Tally:
    """What a campaign came to.

    Args:
        acknowledged: Commands that were recorded, as their writers heard.
        refused: Commands that came too late for the version they were to follow.
        looks: Looks at the version.
        rows: Records that the writers made.
        version: The last version, less those that were there before.
        slowest: The longest time that anything took, seconds.
        anomalies: What contradicts one order, in words.
        findings: Of the verification.
    """

    acknowledged: int = 0
    refused: int = 0
    looks: int = 0
    rows: int = 0
    version: int = 0
    slowest: float = 0.0
    anomalies: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing went wrong."""
        whole = self.acknowledged == self.rows == self.version
        return whole and not (self.anomalies or self.findings)


class Place:
    """A history with one participation that everybody writes to.

    Args:
        url: Of the database.
        folder: Where the rest lies.
        library: Whether commands are transitions.
    """

    def __init__(self, url: str, folder: Path, *, library: bool) -> None:
        self.url, self.folder, self.library = url, folder, library
        workload.ready()
        workload.founded(url)
        self.begun = 0
        if library:
            with self.opened() as engine:
                for command in workload.commands(SCHOOL, self._paper()):
                    self.begun = command.do(engine).version
                    if any(one.name == AGAIN for one in engine.explain(SCHOOL).options):
                        break

    def _paper(self) -> Path:
        paper = self.folder / "paper.txt"
        paper.write_text("Справка", encoding="utf-8")
        return paper

    def opened(self) -> Lifecycle:
        """Return an engine as a service has it."""
        return workload.engine(self.url, self.folder / "evidence")

    def notes(self, writer: int) -> Path:
        """Return where a writer notes what it heard."""
        return self.folder / f"writer-{writer}.json"


def write(place: Place, writer: int, commands: int, seed: int) -> None:
    """Record so many commands, one after the other, and note what was heard."""
    with place.opened() as engine:
        events = heard(engine, place, writer, commands, seed)
    told = json.dumps([asdict(one) for one in events])
    place.notes(writer).write_text(told, "ascii")


def heard(engine: Lifecycle, place: Place, writer: int, commands: int, seed: int) -> list[Event]:
    """Record so many commands, and return what was heard, looks and refusals included."""
    draw = Random(f"{seed} {writer}")  # noqa: S311 - nothing is kept secret by it
    ask = _transition if place.library else _append
    events: list[Event] = []
    number = done = 0
    while done < commands:
        expected = None
        if draw.randrange(_LOOKS) == 0:
            events.append(_look(engine))
            if draw.randrange(_TELLS) < _LOOKS:
                expected = events[-1].version
        number += 1
        events.append(_asked(engine, f"w{writer}.{number}", expected, ask))
        done += events[-1].kind == "recorded"
    return events


def _look(engine: Lifecycle) -> Event:
    asked = time.monotonic_ns()
    with engine.context.journal.reading() as view:
        version = view.head(STREAM).version
    return Event("seen", "", asked, time.monotonic_ns(), version)


Ask = Callable[[Lifecycle, str, int | None], int]


def _asked(engine: Lifecycle, command: str, expected: int | None, ask: Ask) -> Event:
    asked = time.monotonic_ns()
    while True:
        try:
            version = ask(engine, command, expected)
        except DatabaseLocked:
            continue  # it left nothing; whoever hears that asks once more, with the same id
        except VersionConflict as error:
            found = int(str(error.facts["actual"]))
            return Event("refused", command, asked, time.monotonic_ns(), found, expected)
        return Event("recorded", command, asked, time.monotonic_ns(), version, expected)


def _transition(engine: Lifecycle, command: str, expected: int | None) -> int:
    step: Step = next(one for one in steps() if one.transition == AGAIN)
    by = who(step.role, SCHOOL)
    return engine.advance(
        SCHOOL, AGAIN, actor=by, command_id=command, expected_version=expected, **step.request
    ).version


def _append(engine: Lifecycle, command: str, expected: int | None) -> int:
    def work() -> int:
        with engine.context.journal.writing() as tx:
            found = tx.lock(STREAM).version
            if expected not in (None, found):
                raise VersionConflict(stream=STREAM, expected=expected, actual=found)
            return append(tx, STREAM, command_id=command).sequence

    return patiently(work)


def in_threads(place: Place, writers: int, commands: int, seed: int) -> None:
    """Let threads write, all on one engine."""
    with place.opened() as engine:

        def work(writer: int) -> None:
            events = heard(engine, place, writer, commands, seed)
            told = json.dumps([asdict(one) for one in events])
            place.notes(writer).write_text(told, "ascii")

        threads = [threading.Thread(target=work, args=(one,)) for one in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def in_processes(place: Place, writers: int, commands: int, seed: int) -> None:
    """Let processes write, each with an engine of its own; they are forked."""
    processes = []
    for writer in range(writers):
        process = os.fork()
        if process == 0:
            status = 1
            try:
                write(place, writer, commands, seed)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        processes.append(process)
    ended = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in processes]
    if any(ended):
        raise RuntimeError(f"writers ended with {ended}")


def judged(place: Place, writers: int) -> Tally:
    """Return what the writers of a place came to."""
    events = [
        Event(**one)
        for writer in range(writers)
        for one in json.loads(place.notes(writer).read_text("ascii"))
    ]
    ask = wholeness.asking(place.url)
    rows = wholeness.commands_of(ask, STREAM)[place.begun :]
    with place.opened() as engine, engine.context.journal.reading() as view:
        version = view.head(STREAM).version
    kinds = [one.kind for one in events]
    tally = Tally(
        acknowledged=kinds.count("recorded"),
        refused=kinds.count("refused"),
        looks=kinds.count("seen"),
        rows=len(rows),
        version=version - place.begun,
        slowest=round(max((one.heard or 0) - one.asked for one in events) / 1e9, 2),
        anomalies=[f"{one.kind}: {one.told}" for one in anomalies(events, rows, place.begun + 1)],
        findings=wholeness.halves(ask, [STREAM]),
    )
    if place.library:
        with place.opened() as engine:
            tally.findings += wholeness.everything(engine)
    return tally


def crowd(
    place: Place,
    *,
    writers: int = 16,
    commands: int = 10_000,
    seed: int = 0,
    threads: bool = False,
) -> Tally:
    """Let so many writers record so many commands between them, and judge what they heard."""
    run = in_threads if threads else in_processes
    run(place, writers, -(-commands // writers), seed)
    return judged(place, writers)


def main() -> int:
    """Run the campaign; the exit code is 6 when something went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", action="store_true", help="on PostgreSQL, not SQLite")
    parser.add_argument("--threads", action="store_true", help="in one process")
    parser.add_argument("--library", action="store_true", help="whole transitions")
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--commands", type=int, default=10_000, help="of all writers together")
    parser.add_argument("--seed", type=int, help="draws looks; at random if not given")
    parser.add_argument("--folder", type=Path, help="where the database is to lie")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(dir=given.folder) as name, ExitStack() as stack:
        if given.server:
            url = stack.enter_context(stack.enter_context(Server()).database(ORIGIN))
        else:
            url = f"sqlite:///{name}/lifecycle.db"
            new_journal(url, ORIGIN).close()
        tally = crowd(
            Place(url, Path(name), library=given.library),
            writers=given.writers,
            commands=given.commands,
            seed=seed,
            threads=given.threads,
        )
    seconds = round(time.monotonic() - begun)
    print(json.dumps({"seed": seed, "seconds": seconds, **asdict(tally)}, indent=2))
    return 0 if tally.sound else 6


if __name__ == "__main__":
    raise SystemExit(main())
