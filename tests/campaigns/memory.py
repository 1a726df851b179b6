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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    "db backup": ["db", "backup", "--out", "backup.zip"],
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


def measured(database: Path, names: list[str]) -> Iterator[tuple[str, Peak]]:
    """Run commands on a copy of a history, and yield what each needed."""
    with tempfile.TemporaryDirectory(dir=database.parent) as scratch:
        folder = Path(scratch)
        shutil.copyfile(database, folder / "lifecycle.db")
        (folder / "lifecycle.db.evidence").mkdir()
        (folder / "kept").mkdir()
        program = [sys.executable, "-m", "lifecycle.cli"]
        subprocess.run(
            [*program, "audit", "keygen", "--out", "log.key"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for name in names:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", _MEASURED, *program, *COMMANDS[name]],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
                env={**os.environ, "LIFECYCLE_DATABASE_URL": "sqlite:///lifecycle.db"},
            )
            code, peak = json.loads(done.stdout)
            words = (folder / "words").read_text("utf-8").partition("\n")[0]
            yield name, Peak(code, peak, time.perf_counter() - began, words if code else "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure the memory of commands.")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path(".scale"))
    parser.add_argument("--only", help="Names of commands, with commas between them.")
    given = parser.parse_args()
    names = given.only.split(",") if given.only else list(COMMANDS)
    sizes = (given.records // 10, given.records)
    small, large = ((corpus(given.folder, size) / "lifecycle.db").absolute() for size in sizes)
    few = dict(measured(small, names))
    print(f"{'command':26}{'MB at ' + str(sizes[0]):>14}{'at ' + str(sizes[1]):>14}", end="")
    print(f"{'bytes/record':>14}{'seconds':>9}  code")
    for name, many in measured(large, names):
        more = (many.megabytes - few[name].megabytes) * 2**20 / (sizes[1] - sizes[0])
        over = " above the limit" if many.megabytes > LIMIT else ""
        print(
            f"{name:26}{few[name].megabytes:>14}{many.megabytes:>14}{more:>14.0f}"
            f"{many.seconds:>9.1f}  {many.code}{over} {many.words}",
            flush=True,
        )


if __name__ == "__main__":
    main()
