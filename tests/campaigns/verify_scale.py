"""How fast a long history is verified, beside the bare floor of the same run.

    python -m tests.campaigns.verify_scale                     1,000,000 records, in .scale/
    python -m tests.campaigns.verify_scale --records 100000 --folder /tmp/scale --workers 1

The floor is one process that reads every stored body, parses it with orjson and takes its
SHA-256. What is measured against it is everything: schema and index pages, bodies, columns,
chains, decisions made again, projections, repeated ids, and the log's tree. Rates of both depend
on what else the machine does: compare the ratio, and run it on a machine at rest.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from lifecycle import open_lifecycle, verify
from lifecycle.parallel import cores
from tests.campaigns.corpus import lead, multiply

_MEGABYTE = 1024  # kilobytes, as Linux counts resident memory


def corpus(folder: Path, records: int, first: int = 1) -> Path:
    """Return the folder in *folder* with *records* records, made if it is not there yet.

    It is made aside and gets its name when it is whole; what an interrupted making left is made
    anew.

    Args:
        folder: Where it is kept.
        records: How many records there are at least.
        first: Number of the first copy, as of ``multiply``.
    """
    place = folder / f"records-{records}"
    if not (place / "made").exists():
        begun = place.with_suffix(".part")
        for left in (begun, place):
            shutil.rmtree(left, ignore_errors=True)
        begun.mkdir(parents=True)
        started = time.perf_counter()
        count = multiply(lead(begun), records, first)
        took = f"{count} records in {time.perf_counter() - started:.0f} s\n"
        (begun / "made").write_text(took, "utf-8")
        begun.rename(place)
    return place


def floor(database: Path) -> tuple[int, float, float]:
    """Return how many bodies there are, and seconds by the clock and of the processor."""
    count, clock, processor = 0, time.perf_counter(), time.process_time()
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        for (body,) in connection.execute("SELECT body FROM lifecycle_records"):
            orjson.loads(body)
            sha256(body).hexdigest()
            count += 1
    return count, time.perf_counter() - clock, time.process_time() - processor


def _processor() -> float:
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def measured(place: Path, workers: int) -> dict[str, Any]:
    """Verify the history in *place* and return what it took."""
    database = (place / "lifecycle.db").absolute()
    count, floor_seconds, floor_processor = floor(database)
    clock, processor = time.perf_counter(), _processor()
    with open_lifecycle(f"sqlite:///{database}", evidence=place / "evidence") as engine:
        report = verify(engine, _told, workers=workers)
    seconds, used = time.perf_counter() - clock, _processor() - processor
    assert report.ok, report.findings[:5]
    assert report.records == count
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "records": count,
        "schools": report.streams,
        "workers": workers,
        "seconds": round(seconds, 1),
        "records_per_second": round(count / seconds),
        "floor_per_second": round(count / floor_seconds),
        "ratio_to_floor": round(floor_seconds / seconds, 2),
        "processor_microseconds": round(used / count * 1e6, 1),
        "floor_processor_microseconds": round(floor_processor / count * 1e6, 1),
        "megabytes_asking": own // _MEGABYTE,
        "megabytes_other": others // _MEGABYTE,
    }


def _told(records: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{records} records", end="", file=sys.stderr)


def main() -> None:
    """Make the history if it is not there, then measure, each in a process of its own.

    A process keeps its greatest size for ever, and hands it on to those that it starts.
    """
    parser = argparse.ArgumentParser(description="Measure the verification of a long history.")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".scale"))
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--step", choices=["make", "measure"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "make":
        corpus(given.folder, given.records)
    elif given.step == "measure":
        told = measured(corpus(given.folder, given.records), given.workers)
        print(json.dumps(told, indent=2))
    else:
        for step in ("make", "measure"):
            command = [sys.executable, "-m", "tests.campaigns.verify_scale", *sys.argv[1:]]
            subprocess.run([*command, "--step", step], check=True)


if __name__ == "__main__":
    main()
