"""The board, the overdue list and an explanation over many schools, beside the floor's.

    python -m tests.bench.board make FOLDER 40000
    python -m tests.bench.board floor|ours|explain FOLDER

The floor holds the same schools in one table with the index that a careful hand would give it: a
count for each state, and school, state and last day of those that are late. Ours answers from the
history's own file through the public API.
"""

from __future__ import annotations

import argparse
import gc
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final

from lifecycle import open_lifecycle
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.storage.journal import create_journal
from lifecycle.workflows.catalogue import Catalogue
from tests.campaigns import corpus
from tests.factories import ADMIN, ORIGIN, ROADMAP, SetClock, engine_on, route

DAY: Final = date(2022, 4, 1)
"""The day that lateness is asked for: some schools are late, others are not."""
TURNS: Final = 5


def make(folder: Path, schools: int) -> None:
    """Make a history whose schools stand in every state of the way, and the floor's copy of it."""
    catalogue = Catalogue()
    definition = catalogue.compiled(ROADMAP)
    states = [definition.initial, *(one.target for one in route(definition, "completed"))]
    path = folder / "lifecycle.db"
    with engine_on(
        create_journal(f"sqlite:///{path}", ORIGIN),
        catalogue,
        evidence=EvidenceFolder(folder / "evidence"),
        clock=SetClock(),
    ) as engine:
        engine.found(actor=ADMIN, command_id="found")
        office = corpus.Staff(engine, definition)
        names = [f"{ROADMAP}.{number}" for number in range(len(states))]
        for place in (ROADMAP, *names):
            for role in (*definition.role, "former"):
                engine.add_actor(f"{role}.{place}", actor=ADMIN)
        office.opened(*names)
        for name, state in zip(names, states, strict=True):
            office.lead(name, str(state))
    with closing(sqlite3.connect(path)) as raw:
        count = "SELECT count(*) FROM lifecycle_records WHERE stream LIKE 'participation/%'"
        (each,) = raw.execute(count).fetchone()
    corpus.multiply(path, each * schools // len(states))
    _copy(folder, path)


def _copy(folder: Path, path: Path) -> None:
    with open_lifecycle(f"sqlite:///{path}") as engine:
        board = (one.standing for one in engine.status())
        rows = [(one.school, one.state, one.due_on and one.due_on.isoformat()) for one in board]
    with closing(sqlite3.connect(folder / "floor.db")) as raw:
        raw.execute("CREATE TABLE school(id TEXT PRIMARY KEY, state TEXT NOT NULL, due TEXT)")
        raw.execute("CREATE INDEX school_state ON school(state, due)")
        raw.executemany("INSERT INTO school VALUES (?, ?, ?)", rows)
        raw.commit()


def floor(folder: Path) -> dict[str, Any]:
    """Ask the bare table."""
    with closing(sqlite3.connect(folder / "floor.db")) as raw:

        def ask() -> tuple[Counter[str], int]:
            counts = Counter(
                dict(raw.execute("SELECT state, count(*) FROM school GROUP BY state").fetchall())
            )
            wanted = "SELECT id, state, due FROM school WHERE due < ?"
            return counts, len(raw.execute(wanted, (DAY.isoformat(),)).fetchall())

        return _asked(ask)


def ours(folder: Path) -> dict[str, Any]:
    """Ask the engine for the board in figures."""
    with open_lifecycle(f"sqlite:///{folder}/lifecycle.db") as engine:

        def ask() -> tuple[Counter[str], int]:
            found = engine.overview(on=DAY)
            return Counter(found.states), sum(len(one.schools) for one in found.late)

        return _asked(ask)


def whole(folder: Path) -> dict[str, Any]:
    """Ask the engine for every row of the board, and for all that is overdue."""
    with open_lifecycle(f"sqlite:///{folder}/lifecycle.db") as engine:

        def ask() -> tuple[Counter[str], int]:
            counts = Counter(one.standing.state for one in engine.status())
            late = [one for one in engine.plans.due(on=DAY) if one.kind == "school"]
            return counts, len(late)

        return _asked(ask, 1)


def _asked(ask: Callable[[], tuple[Counter[str], int]], turns: int = TURNS) -> dict[str, Any]:
    if turns > 1:
        ask()  # the first time statements are compiled and pages read
    gc.collect()
    taken = []
    for _ in range(turns):
        begun = time.perf_counter()
        counts, late = ask()
        taken.append(time.perf_counter() - begun)
    return {"counts": dict(counts), "late": late, "milliseconds": median(taken) * 1e3}


def explain(folder: Path) -> dict[str, Any]:
    """Explain some schools, one after the other."""
    taken = []
    with open_lifecycle(f"sqlite:///{folder}/lifecycle.db") as engine:
        names = [one.standing.school for one in engine.status()]
        for name in names[:: max(1, len(names) // 200)]:
            begun = time.perf_counter()
            engine.explain(name)
            taken.append(time.perf_counter() - begun)
    return {"schools": len(taken), "milliseconds": median(taken) * 1e3, "longest": max(taken) * 1e3}


def main() -> None:
    """Do one of these, and print it as JSON."""
    parser = argparse.ArgumentParser(description="Measure the board.")
    parser.add_argument("what", choices=["make", "floor", "ours", "whole", "explain"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("schools", type=int, nargs="?", default=40_000)
    given = parser.parse_args()
    if given.what == "make":
        make(given.folder, given.schools)
    else:
        asked = {"floor": floor, "ours": ours, "whole": whole, "explain": explain}[given.what]
        print(json.dumps(asked(given.folder)))


if __name__ == "__main__":
    main()
