"""Measure everything beside floors and peers, and write docs/benchmarks.md.

python -m tests.bench                        about ten minutes on a machine at rest
python -m tests.bench --quick                a look; writes into .bench/ only
python -m tests.bench --records 1000000      with a history of a million records
python -m tests.bench --part board           one part anew, the rest as it was measured last
python -m tests.bench --report               the page anew, from what was measured last
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.bench import report, turns
from tests.bench.turns import QUICK, ROOT, Amount

FOLDER: Final = ROOT / ".bench"
Part = Callable[[Amount], dict[str, Any]]
PARTS: Final[dict[str, Part]] = {
    "advance": turns.advances,
    "board": lambda amount: {"board": turns.boards(amount, FOLDER)},
    "long": lambda amount: turns.long_histories(amount, FOLDER),
    "servers": lambda amount: {"servers": turns.servers(amount)},
    "starts": lambda amount: {"starts": turns.starts(amount)},
}


def main() -> None:
    """Measure what is asked for, keep it, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--records", type=int)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    given = parser.parse_args()
    amount = QUICK if given.quick else Amount()
    amount = replace(amount, records=given.records or amount.records)
    FOLDER.mkdir(exist_ok=True)
    kept = FOLDER / ("quick.json" if given.quick else "results.json")
    found = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name, part in PARTS.items():
        if not given.report and name in (given.part or PARTS):
            found |= part(amount)
            found["machine"] = report.machine()
            # After each part: what took minutes is not to be lost with the next one.
            kept.write_text(json.dumps(found, indent=1), "utf-8")
    if given.quick:
        page = FOLDER / "quick.md"
        report.write(found, page, page.with_suffix(".svg"))
        print(page.read_text("utf-8"))
    else:
        report.write(found)


if __name__ == "__main__":
    main()
