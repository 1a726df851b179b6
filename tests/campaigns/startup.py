"""How long commands take to start, beside what they cannot do without, and what a process needs.

Ratios of medians, each round a process of its own, the contenders in turn: on a machine that
others use, times alone say little. The database holds a few schools; deadlines are over, so that
working days are counted. Memory is the peak that the kernel reports of a process that opens the
history and makes one transition with a file, which includes the interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lifecycle import Actor, Lifecycle, create_lifecycle

CHIEF = Actor("chief", "host:campaign")
ROADMAP = "tomari-2022"
LIMITS = {"help": ("click", 2.5), "status": ("sqlalchemy", 1.5)}
"""Contender -> what it is compared with, and how many times as long it may take."""
MOST_MEMORY = 80  # MB

_ADVANCE = """
import resource, sys
from lifecycle import Actor, EvidenceFile, open_lifecycle
with open_lifecycle(sys.argv[1]) as engine:
    engine.advance(sys.argv[2], "complete_questionnaire", actor=Actor("school", "host:campaign"),
                   evidence=[EvidenceFile("questionnaire_completion", sys.argv[3])])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def commands(url: str) -> dict[str, list[str]]:
    """Return what is started, by name."""
    program = [sys.executable, "-m", "lifecycle.cli"]
    return {
        "click": [sys.executable, "-c", "import click"],
        "help": [*program, "--help"],
        "sqlalchemy": [sys.executable, "-c", "import sqlalchemy, click"],
        "status": [*program, "status", "--db", url],
    }


def prepared(folder: Path) -> str:
    """Return the address of a small history whose schools wait for their questionnaires."""
    url = f"sqlite:///{folder}/lifecycle.db"
    with create_lifecycle(url, administrator=CHIEF) as engine:
        for person in ("school", "municipal"):
            engine.add_actor(person, actor=CHIEF)
        engine.enrol("school-0", roadmap=ROADMAP, title="School 0", actor=CHIEF)
        municipal = Actor("municipal", "host:campaign")
        engine.assign("municipal", "municipal_coordinator", roadmap=ROADMAP, actor=CHIEF)
        for number in range(1, 10):
            engine.enrol(f"school-{number}", roadmap=ROADMAP, title="School", actor=CHIEF)
        for number in range(10):
            _begin(engine, f"school-{number}", municipal)
    (folder / "paper.txt").write_text("paper\n")
    return url


def _begin(engine: Lifecycle, school: str, municipal: Actor) -> None:
    engine.assign("school", "school_coordinator", school=school, actor=CHIEF)
    engine.advance(school, "start_questionnaire", actor=municipal)


def timed(named: dict[str, list[str]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every round; one before them is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in named}
    for number in range(rounds + 1):
        for name, command in named.items():
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            if number:
                taken[name].append(time.perf_counter() - began)
    return taken


def memory(url: str, folder: Path) -> float:
    """Return the peak memory of a process that makes one transition, in MB."""
    command = [sys.executable, "-c", _ADVANCE, url, "school-1", str(folder / "paper.txt")]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(said.stdout) * 1024 / 1e6  # Linux reports KiB


def main() -> int:
    """Measure, print figures as JSON, and tell by the exit code whether all were reached."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").split("\n\n")[0],
        epilog="example: python -m tests.campaigns.startup --rounds 15",
    )
    parser.add_argument("--rounds", type=int, default=11, help="of each; 11 if not given")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = prepared(folder)
        taken = timed(commands(url), rounds)
        peak = memory(url, folder)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ratios = {name: medians[name] / medians[floor] for name, (floor, _) in LIMITS.items()}
    figures = {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "rounds": rounds,
        "milliseconds": {name: round(1000 * one) for name, one in medians.items()},
        "ratios": {name: round(one, 2) for name, one in ratios.items()},
        "at_most": {name: limit for name, (_, limit) in LIMITS.items()},
        "memory_mb": round(peak, 1),
        "memory_at_most": MOST_MEMORY,
    }
    print(json.dumps(figures, indent=2))
    reached = all(ratios[name] <= limit for name, (_, limit) in LIMITS.items())
    return 0 if reached and peak <= MOST_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
