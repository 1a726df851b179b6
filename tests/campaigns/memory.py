"""How much memory each command needs, at a tenth of the records and at all of them.

    python -m tests.campaigns.memory                            1,000,000 records, in .scale/
    python -m tests.campaigns.memory --records 100000 --only status,verify

Each command is a process of its own; told is the peak of its resident memory as the kernel counts
it, in megabytes, and how much of it is there for each record more. What a command hands to other
processes (verify) is not in it: it is told to work alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.campaigns.verify_scale import corpus

SCHOOL = "tomari-2022.4-00007"
_AT = "2024-01-01T00:00:00Z"
LIMIT = 200  # megabytes

COMMANDS: dict[str, list[str]] = {
    "status": ["status"],
    "status --json": ["status", "--json"],
    "status SCHOOL": ["status", SCHOOL],
    "status --at": ["status", "--at", _AT],
    "overdue": ["overdue"],
    "overdue --json": ["overdue", "--json"],
    "plan": ["plan", "tomari-2022"],
    "indicators": ["indicators", "tomari-2022"],
    "explain": ["explain", SCHOOL],
    "history SCHOOL": ["history", SCHOOL],
    "history --installation": ["history", "--installation", "--json"],
    "audit timeline": ["audit", "timeline", SCHOOL],
    "replay SCHOOL --at": ["replay", SCHOOL, "--at", _AT],
    "replay --all": ["replay", "--all", "--at", _AT],
    "replay --all --json": ["replay", "--all", "--at", _AT, "--json"],
    "refusals": ["refusals"],
    "stats": ["stats"],
    "verify": ["verify", "--workers", "1"],
    "audit seal": ["audit", "seal"],
    "audit checkpoint": ["audit", "checkpoint", "--key", "log.key", "--to", "kept"],
    "audit prove": ["audit", "prove", SCHOOL, "3", "--out", "proof"],
    "audit bundle": ["audit", "bundle", "--out", "bundle.zip"],
    "audit export-log": ["audit", "export-log", "log"],
    "audit export xes": ["audit", "export", "xes", "--cases", "all", "--out", "log.xes"],
    "audit export ocel-json": ["audit", "export", "ocel-json", "--cases", "all", "--out", "o"],
    "audit export ocel-sqlite": ["audit", "export", "ocel-sqlite", "--cases", "all", "--out", "s"],
    "audit report": ["audit", "report", "--out", "report.html"],
    "export duckdb": ["export", "duckdb", "--out", "history.duckdb"],
    "export parquet": ["export", "parquet", "--out", "tables"],
    "db check": ["db", "check"],
    "db doctor": ["db", "doctor"],
    "db backup": ["db", "backup", "--to", "backup.zip"],
    "db rebuild": ["db", "rebuild"],
}
"""What is measured; each runs after those before it, in one folder."""

# The wrapper's own process is not counted: the peak is that of its one child.
_MEASURED = (
    "import json, resource, subprocess, sys\n"
    "with open('answer', 'wb') as out, open('words', 'wb') as err:\n"
    "    code = subprocess.run(sys.argv[1:], stdout=out, stderr=err).returncode\n"
    "print(json.dumps([code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024]))\n"
)


@dataclass(frozen=True)
class Peak:
    """What a command needed.

    Args:
        code: Exit code.
        megabytes: Peak of resident memory.
        seconds: By the clock.
        words: What it said first where it failed.
    """

    code: int
    megabytes: int
    seconds: float
    words: str


class Desk:
    """A folder with a copy of a history, in which commands are run. Use it as a context manager.

    Args:
        database: The history.
    """

    def __init__(self, database: Path) -> None:
        self._scratch = tempfile.TemporaryDirectory(dir=database.parent)
        self._folder = Path(self._scratch.name)
        shutil.copyfile(database, self._folder / "lifecycle.db")
        for name in ("lifecycle.db.evidence", "kept"):
            (self._folder / name).mkdir()
        self._program = [sys.executable, "-m", "lifecycle.cli"]
        keygen = [*self._program, "audit", "keygen", "--out", "log.key"]
        subprocess.run(keygen, cwd=self._folder, check=True, stdout=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._scratch.cleanup()

    def run(self, name: str) -> Peak:
        """Run a command and return what it needed."""
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, *self._program, *COMMANDS[name]],
            cwd=self._folder,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "LIFECYCLE_DATABASE_URL": "sqlite:///lifecycle.db"},
        )
        code, peak = json.loads(done.stdout)
        words = (self._folder / "words").read_text("utf-8").partition("\n")[0]
        return Peak(code, peak, time.perf_counter() - began, words if code else "")


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description="Measure the memory of commands.")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".scale"))
    parser.add_argument("--only", help="Names of commands, with commas between them.")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(COMMANDS)
    sizes = (given.records // 10, given.records)
    few, many = ((corpus(given.folder, size) / "lifecycle.db").absolute() for size in sizes)
    print(f"{'command':26}{'MB at ' + str(sizes[0]):>14}{'at ' + str(sizes[1]):>14}", end="")
    print(f"{'bytes/record':>14}{'seconds':>9}  code", flush=True)
    with Desk(few) as small, Desk(many) as large:
        for name in names:
            less, more = small.run(name), large.run(name)
            grown = (more.megabytes - less.megabytes) * 2**20 / (sizes[1] - sizes[0])
            over = " above the limit" if more.megabytes > LIMIT else ""
            print(
                f"{name:26}{less.megabytes:>14}{more.megabytes:>14}{grown:>14.0f}"
                f"{more.seconds:>9.1f}  {more.code}{over} {more.words}",
                flush=True,
            )


if __name__ == "__main__":
    main()
