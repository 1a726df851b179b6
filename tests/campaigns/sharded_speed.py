"""What it costs to have the schools on three servers: an advance there beside one on one server.

    python -m tests.campaigns.sharded_speed --rounds 5 --schools 6

Four servers are started, one of which also keeps a history alone. Both histories get the same
requests, in rounds one after the other; ratios are taken within a round, and their median is told:
of the clock, and of the processor time of all servers. What is asked of the shards is counted from
what they write down, in a round of its own. At the end the tables of one server are measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from lifecycle import Lifecycle
from lifecycle.storage.journal import open_journal
from lifecycle.storage.roles import shard
from lifecycle.workflows.catalogue import Catalogue
from tests.campaigns.postgres_speed import advanced, middle, prepare, steps
from tests.factories import ORIGIN, Ids, engine_on
from tests.server import Server


def processor(servers: Sequence[Server]) -> float:
    """Return the seconds of processor time that the processes of the servers have taken."""
    postmasters = {str(one.process) for one in servers}
    nanoseconds = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if postmasters & {process.name, parent}:
                nanoseconds += int((process / "schedstat").read_text().split()[0])
        except OSError:
            continue  # It has ended; what works for us stays until we are done.
    return nanoseconds / 1e9


@contextmanager
def working(url: str, ids: int, warm_up: str) -> Iterator[Lifecycle]:
    """Lend an engine that is connected, knows its rules, and whose plans are made."""
    with engine_on(open_journal(url), Catalogue(), ids=Ids(ids)) as engine:
        advanced(engine, [warm_up])
        yield engine


def measured(servers: Sequence[Server], schools: Sequence[str], rounds: int) -> dict[str, Any]:
    """Lead schools to their ends on one server and on three, and compare."""
    center, *others = servers
    with ExitStack() as stack:
        urls = [stack.enter_context(center.database(ORIGIN)) for _ in range(2)]
        shard(urls[1], [stack.enter_context(one.database()) for one in others])
        for url in urls:
            prepare(url, ["warm", *schools])
        engines = [
            stack.enter_context(working(url, (place + 1) * 10**9, "warm"))
            for place, url in enumerate(urls)
        ]
        taken: list[list[list[float]]] = [[], []]
        busy: list[list[float]] = [[], []]
        asked = 0
        for number in range(rounds + 1):
            own = schools[number :: rounds + 1]
            for place, engine in enumerate(engines):
                if number == rounds and place:
                    asked = _asked(others, engine, own)
                    continue
                begun = processor(servers)
                taken[place].append(advanced(engine, own))
                busy[place].append((processor(servers) - begun) / len(taken[place][-1]))
        sizes = _bytes(urls[0])
    return {
        "rounds": rounds,
        "advances_a_round": len(taken[0][0]),
        "one_server_p50_microseconds": middle(taken[0][:rounds]),
        "three_shards_p50_microseconds": middle(taken[1]),
        "times_the_clock": _ratio([sum(one) for one in taken[1]], [sum(one) for one in taken[0]]),
        "one_server_processor_microseconds": round(statistics.median(busy[0][:rounds]) * 1e6),
        "three_shards_processor_microseconds": round(statistics.median(busy[1]) * 1e6),
        "times_the_processor_of_all_servers": _ratio(busy[1], busy[0]),
        "statements_at_shards_an_advance": asked,
        "bytes_a_record_with_indexes": sizes,
    }


def _asked(others: Sequence[Server], engine: Lifecycle, schools: Sequence[str]) -> int:
    """Return how many statements reach the shards in an advance."""
    for one in others:
        one.set(log_min_duration_statement=0)
    time.sleep(1)
    before = sum(map(_told, others))
    advanced(engine, schools)
    after = sum(map(_told, others))
    return round((after - before) / (len(steps()) * len(schools)))


def _bytes(url: str) -> dict[str, int]:
    """Return how much of the tables that grow there is for each record, once all is sealed."""
    journal = open_journal(url)
    with journal.writing() as tx:
        records = tx.seal(10**6)
    journal.close()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM")
        sizes = owner.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relname IN"
            " ('lifecycle_records', 'lifecycle_log_leaves', 'lifecycle_outbox')"
        ).fetchall()
        ((bodies,),) = owner.execute("SELECT sum(length(body)) FROM lifecycle_records").fetchall()
    found = {str(name): round(size / records) for name, size in sizes}
    return {"records": records, "body": round(bodies / records), **found}


def _told(server: Server) -> int:
    """Return how many statements a server has answered; it tells of preparing them as well."""
    log = server.log()
    return log.count(" ms  statement:") + log.count(" ms  execute ")


def _ratio(more: Sequence[float], less: Sequence[float]) -> float:
    pairs = zip(more, less, strict=False)
    return round(statistics.median(one / other for one, other in pairs), 2)


def main() -> None:
    """Measure, and print it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--schools", type=int, default=2, help="in each round")
    given = parser.parse_args()
    schools = [f"school-{number}" for number in range(given.schools * (given.rounds + 1))]
    with ExitStack() as stack:
        center = stack.enter_context(Server())
        servers = [center, *(stack.enter_context(Server(like=center)) for _ in range(3))]
        for one in servers[1:]:
            one.demand_passwords("lifecycle_shard_")
        print(json.dumps(measured(servers, schools, given.rounds), indent=2))


if __name__ == "__main__":
    main()
