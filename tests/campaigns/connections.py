"""A server that fails in the middle: a line that is cut, a lock that is held, a statement refused.

    python -m tests.campaigns.connections                    every message of every operation
    python -m tests.campaigns.connections --only advance
    python -m tests.campaigns.connections --sample 60 --seed 7

The operations of tests/campaigns/operations.py run against a real PostgreSQL. Between them stands a
proxy that cuts the line instead of passing the n-th message, for n = 1 and on until there is no
n-th: of what the engine asks and of what the server answers (so that a commit is made and nobody
hears of it); once, or for good. Then another session holds each table in turn, and each table in
turn refuses to be written with each error that a server gives when its disk is full, when it finds
a deadlock, when it is shut down. Every time the outcome is judged as after a fault in a file.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import psycopg

from lifecycle import Lifecycle
from tests.campaigns import wholeness, workload
from tests.campaigns.operations import DONE, Operation, Tally, attempted, operations, outcome
from tests.campaigns.proxy import Proxy, Side
from tests.factories import ORIGIN
from tests.server import Server

CODES = {
    "53100": "a full disk",
    "40001": "a serialisation failure",
    "40P01": "a deadlock",
    "55P03": "a lock that is not available",
    "57014": "a statement that took too long",
    "57P01": "a server that shuts down",
    "58030": "an input/output error",
}
"""Errors that a server gives a statement: SQLSTATE, and in words."""

Trouble = tuple[str, Callable[[str], str]]
"""In words, and what lets an operation meet it in the database at an address; what that told."""

_WAIT = 0.2  # seconds that a lock is waited for
_TABLES = (
    "lifecycle_records",
    "lifecycle_streams",
    "lifecycle_standings",
    "lifecycle_sealing_queue",
    "lifecycle_outbox",
    "lifecycle_log_leaves",
    "lifecycle_log_state",
    "lifecycle_openings",
    "lifecycle_assignments",
    "lifecycle_actors",
)
_ALONE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_OBSTACLE = """
CREATE FUNCTION obstacle() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'obstacle' USING ERRCODE = '{code}'; END $$;
CREATE TRIGGER obstacle BEFORE INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION obstacle();
"""


@dataclass(frozen=True)
class Bench:
    """A database of PostgreSQL that operations are tried on.

    Args:
        server: Where databases lie.
        proxy: In front of it.
        folder: Of the proxy's socket, of evidence and of a paper.
    """

    server: Server
    proxy: Proxy
    folder: Path

    @property
    def paper(self) -> Path:
        """A file that is evidence."""
        return self.folder / "paper.txt"

    def through(self, url: str) -> str:
        """Return the address of a database by way of the proxy."""
        name = urlsplit(url).path.removeprefix("/")
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def opened(self, url: str, operation: Operation) -> Lifecycle:
        """Return an engine that waits for nobody longer than it has to."""
        return workload.engine(
            url,
            self.folder / "evidence",
            lock_seconds=_WAIT,
            sealing=operation.sealing,
            patience=0,
        )

    @contextmanager
    def begun(self, begun: str, operation: Operation) -> Iterator[tuple[str, str]]:
        """Lend a database at the beginning of an operation, with its fingerprint."""
        with self.server.copy(begun) as url:
            with self.opened(url, operation) as engine:
                operation.before(engine)
            yield url, wholeness.fingerprint(wholeness.asking(url))


def folder_of(url: str) -> Path:
    """Return the folder of the socket that an address names."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def cut(
    bench: Bench, operation: Operation, url: str, side: Side, number: int, *, lasting: bool
) -> str:
    """Do an operation on a line that is cut, and return what it told."""
    proxy = bench.proxy
    told = attempted(
        operation,
        lambda: bench.opened(bench.through(url), operation),
        lambda: proxy.arm(side, number, lasting=lasting),
    )
    proxy.disarm()
    return told if _quiet(url, proxy) else f"raw: {proxy.lines} lines stayed open after {told}"


def _quiet(url: str, proxy: Proxy) -> bool:
    """Wait until the server has done with whoever was cut off; tell whether no line is left."""
    ask = wholeness.asking(url)
    until = time.monotonic() + 10
    while ask(_ALONE) != [(0,)] or proxy.lines:
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def cuts(
    bench: Bench, operation: Operation, url: str
) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield every way to cut the line of an operation, in words, and what does it."""
    with bench.server.copy(url) as measured:
        told = cut(bench, operation, measured, "asked", 0, lasting=False)
        if told != DONE:
            raise RuntimeError(f"{operation.name} without a fault: {told}")
        lengths = dict(bench.proxy.seen)
    sides: tuple[Side, ...] = ("asked", "answered")
    for side, lasting in product(sides, (False, True)):
        for number in range(1, lengths[side] + 1):
            where = f"cut {'for good' if lasting else 'once'} at {number} {side}"
            yield where, _cutting(bench, operation, side, number, lasting=lasting)


def _cutting(
    bench: Bench, operation: Operation, side: Side, number: int, *, lasting: bool
) -> Callable[[str], str]:
    return lambda url: cut(bench, operation, url, side, number, lasting=lasting)


def held(bench: Bench, operation: Operation, table: str) -> Callable[[str], str]:
    """Return what does an operation while somebody else holds a table."""

    def work(url: str) -> str:
        with psycopg.connect(url) as other:

            def hold() -> None:
                other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())

            told = attempted(operation, lambda: bench.opened(url, operation), hold)
            other.rollback()
        return told if _quiet(url, bench.proxy) else f"raw: somebody is left after {told}"

    return work


def refused(bench: Bench, operation: Operation, table: str, code: str) -> Callable[[str], str]:
    """Return what does an operation while a table refuses to be written."""

    def work(url: str) -> str:
        def obstruct() -> None:
            with psycopg.connect(url) as other:
                other.execute(_OBSTACLE.format(table=table, code=code).encode())

        told = attempted(operation, lambda: bench.opened(url, operation), obstruct)
        with psycopg.connect(url) as other:
            other.execute(f"DROP TRIGGER obstacle ON {table}; DROP FUNCTION obstacle()".encode())
        return told if _quiet(url, bench.proxy) else f"raw: somebody is left after {told}"

    return work


def troubles(bench: Bench, operation: Operation, url: str) -> Iterator[Trouble]:
    """Yield everything that an operation meets, in words, and what lets it meet that."""
    yield from cuts(bench, operation, url)
    if operation.name == "open":
        return
    for table in _TABLES:
        yield f"{table} held", held(bench, operation, table)
        for code, words in CODES.items():
            yield f"{table} refused with {words}", refused(bench, operation, table, code)


def strike_all(
    server: Server,
    folder: Path,
    *,
    only: str | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Tally:
    """Let every operation meet every trouble, or a sample.

    Args:
        server: Where databases lie.
        folder: Where everything else is put.
        only: Name of the one operation that is tried.
        sample: How many troubles, drawn.
        seed: Draws them.
    """
    workload.ready()
    tally, draw = Tally(), Random(seed)  # noqa: S311
    with server.database(ORIGIN) as founded:
        workload.founded(founded)
        with Proxy(folder_of(founded), folder) as proxy:
            bench = Bench(server, proxy, folder)
            bench.paper.write_text("Справка", encoding="utf-8")
            # Of a server, nothing is asked to keep evidence.
            every = [one for one in operations(bench.paper) if one.name != "evidence"]
            wanted = [one for one in every if only in (None, one.name)]
            for operation in wanted:
                most = None if sample is None else max(1, sample // len(wanted))
                with bench.begun(founded, operation) as (begun, before):
                    strike(bench, operation, begun, before, tally, draw, most)
    return tally


def strike(
    bench: Bench,
    operation: Operation,
    begun: str,
    before: str,
    tally: Tally,
    draw: Random,
    most: int | None,
) -> None:
    """Let one operation meet every trouble, or so many at *most*.

    Args:
        bench: Where.
        operation: Which.
        begun: Address of a database at its beginning.
        before: Fingerprint of that.
        tally: Takes in what it came to.
        draw: Draws the sample.
        most: How many.
    """
    every = list(troubles(bench, operation, begun))
    for where, meet in every if most is None else draw.sample(every, min(most, len(every))):
        with bench.server.copy(begun) as url:
            told, ask = meet(url), wholeness.asking(url)
            opened = partial(bench.opened, url, operation)
            tally.add(operation, told, where, outcome(operation, told, ask, before, opened))
    counted = f"{operation.name}: {tally.faults[operation.name]} faults"
    print(f"{counted}, wrong: {len(tally.wrong)}", file=sys.stderr, flush=True)


def main() -> int:
    """Run the campaign; the exit code is 6 when something went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="one operation: open, enrol, advance, batch, seal, erase")
    parser.add_argument("--sample", type=int, help="so many troubles (all)")
    parser.add_argument("--seed", type=int, help="draws the sample; at random if not given")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", file=sys.stderr, flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        tally = strike_all(server, Path(folder), only=given.only, sample=given.sample, seed=seed)
    seconds = round(time.monotonic() - begun)
    print(json.dumps({"seed": seed, "seconds": seconds, **vars(tally)}, indent=2))
    return 6 if tally.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
