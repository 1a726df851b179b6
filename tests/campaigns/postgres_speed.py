"""How fast schools advance on PostgreSQL, beside bare psycopg doing the same statements.

    python -m tests.campaigns.postgres_speed                       all three figures
    python -m tests.campaigns.postgres_speed one --rounds 9 --schools 30
    python -m tests.campaigns.postgres_speed processes --writers 8
    python -m tests.campaigns.postgres_speed latency --writers 16 --milliseconds 5

A server of its own is started, and every run works on a fresh copy of one prepared database.

one: the bare loop sends what the engine was seen to send in a run of its own: the same statements
with the same values, one after the other, each answered before the next, and decides nothing. The
engine takes everything in: rules, guards, evidence, the canonical body, chain, queue and outbox.
processes: the rate of several processes, each with schools of its own, beside that of one.
latency: the same with a wait in every commit, while all that the transaction locks is locked. With
more of it (``--milliseconds 25``) waiting counts, and not the processors that all of them share.

Rounds are interleaved, ratios are taken within a round, and their median is told. What else the
machine does moves the rates most: run it on a machine at rest.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any, Self

import psycopg

from lifecycle import Lifecycle, open_lifecycle
from lifecycle.domain.model import Actor
from lifecycle.storage.journal import SqlJournal, open_journal
from lifecycle.storage.postgres import PostgresDatabase
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import (
    ADMIN,
    ORIGIN,
    ROADMAP,
    Ids,
    Office,
    complete,
    engine_on,
    memory_engine,
    route,
    submissions,
)
from tests.server import Server

Sent = tuple[Any, Any]


@dataclass(frozen=True)
class Step:
    """One advance of whatever school: made ready before the clock runs."""

    transition: str
    role: str
    request: dict[str, Any]


CATALOGUE = Catalogue()
"""Compiles each programme once."""


@cache
def steps() -> list[Step]:
    """Return the shortest way of a school to its end, with complete requests."""
    found: list[Step] = []
    with memory_engine(CATALOGUE) as engine:
        office = Office(engine, CATALOGUE.compiled(ROADMAP)).opened("pattern")
        for move in route(office.definition, "completed"):
            for one in (*submissions(office.definition, move), move):
                request = complete(office.definition, one, office.known("pattern"))
                found.append(Step(one.name, one.roles[0], request))
                office.make("pattern", one.name)
    return found


@cache
def people() -> dict[tuple[str, str | None], Actor]:
    """Return who acts in which role, where."""
    with memory_engine(CATALOGUE) as engine:
        return Office(engine, CATALOGUE.compiled(ROADMAP)).opened("pattern").people


def who(role: str, school: str) -> Actor:
    """Return the one who holds *role* for the school."""
    found = people().get((role, "pattern"))
    if found is None:
        return people()[role, None]
    return Actor(found.id.replace("pattern", school), found.authentication)


def prepare(url: str, schools: Sequence[str]) -> None:
    """Found a history with *schools* enrolled and everybody assigned."""
    catalogue = Catalogue()
    with engine_on(open_journal(url), catalogue) as engine:
        engine.found(actor=ADMIN)
        Office(engine, catalogue.compiled(ROADMAP)).opened(*schools)


def advanced(engine: Lifecycle, schools: Sequence[str]) -> list[float]:
    """Lead *schools* to their end side by side, and return the seconds of every advance."""
    taken = []
    for step, school in _moves(schools):
        actor = who(step.role, school)
        begun = time.perf_counter()
        engine.advance(school, step.transition, actor=actor, **step.request)
        taken.append(time.perf_counter() - begun)
    return taken


@contextmanager
def warm(url: str, school: str) -> Iterator[Lifecycle]:
    """Lend an engine that has led a school to its end: connected, rules read."""
    with open_lifecycle(url, evidence="/nonexistent") as engine:
        advanced(engine, [school])
        yield engine


# -- one client -----------------------------------------------------------------------------------


def recorded(url: str, warm_up: str, schools: Sequence[str]) -> list[list[Sent]]:
    """Return the statements that the engine sends, by advance."""
    sent: list[Sent] = []

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            sent.append((query, params))
            return super().execute(query, params, **options)

    class Database(PostgresDatabase):
        def _connected(self, create: bool) -> psycopg.Connection[Any]:
            connection = super()._connected(create)
            connection.cursor_factory = Cursor
            return connection

        def commit(self, driver: Any) -> None:
            sent.append(("COMMIT", None))
            super().commit(driver)

    database = Database(url, 30)
    found = []
    journal = SqlJournal(database.engine(), ORIGIN, database)
    with engine_on(journal, Catalogue(), ids=Ids(10**9)) as engine:
        for step, school in (*_moves([warm_up]), *_moves(schools)):
            sent.clear()
            actor = who(step.role, school)
            engine.advance(school, step.transition, actor=actor, **step.request)
            found.append(list(sent))
    return found


def _moves(schools: Sequence[str]) -> Iterator[tuple[Step, str]]:
    """Yield every step of every school, in the order in which they are made."""
    return ((step, school) for step in steps() for school in schools)


def repeated(url: str, advances: Sequence[Sequence[Sent]]) -> list[float]:
    """Send the statements of *advances* by psycopg alone, and return the seconds of each.

    Those of the school that warms up stand first; their times are left out.
    """
    taken = []
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        for advance in advances:
            begun = time.perf_counter()
            for text, values in advance:
                cursor.execute(text, values)
                if cursor.description is not None:
                    cursor.fetchall()
            taken.append(time.perf_counter() - begun)
    return taken[len(steps()) :]


def one(server: Server, template: str, schools: Sequence[str], rounds: int) -> dict[str, Any]:
    """Measure one client against the bare loop."""
    with server.copy(template) as url:
        advances = recorded(url, schools[0], schools[1:])
    ours, bare, ratios, processor = [], [], [], []
    for _ in range(rounds):
        with server.copy(template) as url, warm(url, schools[0]) as engine:
            begun = time.process_time()
            ours.append(advanced(engine, schools[1:]))
            ended = time.process_time()
        with server.copy(template) as url:
            bare.append(repeated(url, advances))
        ratios.append(sum(bare[-1]) / sum(ours[-1]))
        processor.append(ended - begun)
    count = len(ours[0])
    return {
        "advances_a_round": count,
        "rounds": rounds,
        "statements_an_advance": round(sum(map(len, advances)) / len(advances), 1),
        "ours_p50_microseconds": middle(ours),
        "bare_p50_microseconds": middle(bare),
        "ours_processor_microseconds": round(statistics.median(processor) / count * 1e6),
        "ratio_to_bare": round(statistics.median(ratios), 2),
        "ratio_to_bare_by_p50": round(middle(bare) / middle(ours), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
    }


def middle(runs: Sequence[Sequence[float]]) -> int:
    """Return the median of all *runs*, microseconds."""
    return round(statistics.median(seconds for run in runs for seconds in run) * 1e6)


# -- many processes -------------------------------------------------------------------------------


_together: list[Barrier] = []


def begin_together(barrier: Barrier) -> None:
    """Keep in a new process what all writers wait at."""
    _together.append(barrier)


def write(url: str, warm_up: str, schools: Sequence[str]) -> tuple[float, float]:
    """Lead *schools* to their end once every writer is warm; return when it began and ended."""
    with warm(url, warm_up) as engine:
        _together[0].wait()
        begun = time.time()
        advanced(engine, schools)
        return begun, time.time()


class Writers:
    """So many processes, each with schools of its own; use it as a context manager."""

    def __init__(self, count: int) -> None:
        context = get_context("spawn")
        self._count = count
        self._pool = ProcessPoolExecutor(
            count, context, initializer=begin_together, initargs=(context.Barrier(count),)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown()

    def rate(self, url: str, schools: Sequence[str]) -> float:
        """Return the advances a second; each writer warms up on the first of its schools."""
        each = [schools[number :: self._count] for number in range(self._count)]
        futures = [self._pool.submit(write, url, own[0], own[1:]) for own in each]
        spans = [future.result() for future in futures]
        count = (len(schools) - self._count) * len(steps())
        return count / (max(end for _, end in spans) - min(begun for begun, _ in spans))


def many(
    server: Server, template: str, schools: Sequence[str], writers: int, rounds: int
) -> dict[str, Any]:
    """Measure *writers* processes against one."""
    alone, together = [], []
    with Writers(1) as one_writer, Writers(writers) as all_writers:
        for _ in range(rounds):
            with server.copy(template) as url:
                alone.append(one_writer.rate(url, schools[: max(3, len(schools) // writers)]))
            with server.copy(template) as url:
                together.append(all_writers.rate(url, schools))
    ratios = [more / less for less, more in zip(alone, together, strict=True)]
    return {
        "writers": writers,
        "rounds": rounds,
        "advances_a_second_of_one": round(statistics.median(alone)),
        "advances_a_second_together": round(statistics.median(together)),
        "times_one": round(statistics.median(ratios), 2),
        "ratios": [round(ratio, 2) for ratio in ratios],
    }


def main() -> None:
    """Measure what is asked for, and print it as JSON."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0], epilog="Figures are printed as JSON."
    )
    parser.add_argument("what", nargs="*", default=["one", "processes", "latency"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--schools", type=int, default=12, help="of one client")
    parser.add_argument("--writers", type=int, help="8 processes, 16 with latency, if not given")
    parser.add_argument("--schools-each", type=int, default=3, help="of each of many writers")
    parser.add_argument("--milliseconds", type=float, default=5, help="put into every commit")
    given = parser.parse_args()
    told: dict[str, Any] = {}
    for what in given.what:
        writers = given.writers or (16 if what == "latency" else 8)
        count = given.schools if what == "one" else writers * (1 + given.schools_each)
        schools = [f"school-{number}" for number in range(count)]
        delay = int(given.milliseconds * 1000) if what == "latency" else 0
        with Server() as server, server.database(ORIGIN) as template:
            prepare(template, schools)
            server.set(commit_delay=delay, commit_siblings=0 if delay else 5)
            if what == "one":
                told[what] = one(server, template, schools, given.rounds)
            else:
                told[what] = many(server, template, schools, writers, given.rounds)
        print(json.dumps({what: told[what]}, indent=2), flush=True)


if __name__ == "__main__":
    main()
