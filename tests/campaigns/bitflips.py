"""Every single bit of every stored byte: flipped, found, and found where it is.

Each flip is judged by the part of verification that looks at the row; one in so many, and one of
every column at least, by the whole of verification as well, and both have to say the same. What
is flipped: tests/campaigns/flips.py. How it is judged: tests/campaigns/judging.py.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from lifecycle.parallel import cores
from tests.campaigns.flips import LOG, OFFICE, Flip, Flips, make
from tests.campaigns.judging import Judge

EXAMPLES = """\
examples:
  python -m tests.campaigns.bitflips                          every flip, in one go
  python -m tests.campaigns.bitflips --sample 2000 --seed 7   a sample, drawn by the seed
  python -m tests.campaigns.bitflips --folder .flips --part 1/2
                          every second block; begun again with that folder, it goes on
"""
BLOCK = 5000
"""Flips that are judged at a time; what they came to is written down."""


@dataclass
class Tally:
    """What flips came to.

    Args:
        judged: How many of each table.
        refused: How many of these the database itself does not take.
        whole: How many were judged by the whole of verification, too.
        missed: What was not found where it is.
        apart: Where the part of verification and the whole did not say the same.
    """

    judged: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    whole: int = 0
    missed: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)

    def join(self, other: Tally) -> None:
        """Take in what others came to."""
        self.judged += other.judged
        self.refused += other.refused
        self.whole += other.whole
        self.missed += other.missed
        self.apart += other.apart

    @property
    def ok(self) -> bool:
        """Whether everything was found, and nobody disagreed."""
        return not self.missed and not self.apart


class Campaign:
    """Judges flips on a copy of the histories of its own.

    Args:
        made: Where the histories lie; nothing is changed there.
        rate: One in so many flips is judged by the whole of verification, too.
    """

    def __init__(self, made: Path, rate: int) -> None:
        self.flips, self._rate = Flips(made), rate
        self._folder = tempfile.TemporaryDirectory()
        copies = {name: Path(self._folder.name, name) for name in (OFFICE, LOG)}
        for name, copy in copies.items():
            shutil.copytree(made / name, copy)
        self._judges = {name: Judge(copy) for name, copy in copies.items()}

    def close(self) -> None:
        """Throw the copy away."""
        for judge in self._judges.values():
            judge.close()
        self._folder.cleanup()

    def judge(self, numbers: Iterable[int]) -> Tally:
        """Judge flips by their numbers."""
        tally = Tally()
        for number in numbers:
            flip = self.flips[number]
            judge = self._judges[flip.of.history]
            verdict = judge.judge(flip)
            tally.judged[flip.of.table] += 1
            tally.refused[flip.of.table] += verdict == "refused"
            if verdict == "missed":
                tally.missed.append(str(flip))
            if number % self._rate == 0 or number in self.flips.samples:
                tally.whole += 1
                self._compare(flip, verdict, judge.whole(flip), tally)
        return tally

    def _compare(self, flip: Flip, verdict: str, whole: str, tally: Tally) -> None:
        if verdict != whole:
            tally.apart.append(f"{flip}: {verdict}, by the whole of verification {whole}")


# -- one process or several -----------------------------------------------------------------------

_campaign: Campaign | None = None


def _begin(made: Path, rate: int) -> None:
    global _campaign
    _campaign = Campaign(made, rate)


def _block(number: int, end: int) -> tuple[int, Tally]:
    assert _campaign is not None
    return number, _campaign.judge(range(number * BLOCK, min((number + 1) * BLOCK, end)))


def everything(folder: Path, part: tuple[int, int], workers: int, rate: int) -> Tally:
    """Judge every flip of a part, going on from what was written down in *folder*.

    Args:
        folder: Where the histories lie, or are made.
        part: Which part, and of how many.
        workers: How many processes.
        rate: One in so many is judged by the whole of verification, too.
    """
    make(folder)
    total, kept = len(Flips(folder)), folder / f"judged-{part[0]}-of-{part[1]}.jsonl"
    tally, done = Tally(), set[int]()
    for number, before in _written(kept):
        tally.join(before)
        done.add(number)
    numbers = range(part[0] - 1, -(-total // BLOCK), part[1])
    wanted = [number for number in numbers if number not in done]
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(workers, context, _begin, (folder, rate)) as pool,
        kept.open("a", encoding="utf-8") as file,
    ):
        futures = [pool.submit(_block, number, total) for number in wanted]
        for count, future in enumerate(as_completed(futures), 1):
            number, found = future.result()
            tally.join(found)
            file.write(json.dumps({"block": number, **vars(found)}) + "\n")
            file.flush()
            print(f"{count} of {len(wanted)} blocks of {BLOCK} flips", file=sys.stderr)
    return tally


def _written(kept: Path) -> Iterator[tuple[int, Tally]]:
    if not kept.exists():
        return
    for line in kept.read_text("utf-8").splitlines():
        found = json.loads(line)
        number = found.pop("block")
        found |= {name: Counter(found[name]) for name in ("judged", "refused")}
        yield number, Tally(**found)


def sample(folder: Path, count: int, seed: int, rate: int) -> Tally:
    """Judge some flips of histories in *folder*, drawn by a seed, in this process."""
    make(folder)
    with closing(Campaign(folder, rate)) as campaign:
        chance = random.Random(seed)  # noqa: S311 - repeatable
        return campaign.judge(sorted(chance.sample(range(len(campaign.flips)), count)))


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign that the command line asks for, and print its figures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.bitflips",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (1)")
    parser.add_argument("--folder", type=Path, help="keeps the histories, and what was judged")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="which part of how many (1/1)")
    parser.add_argument("--workers", type=int, default=cores(), help="processes (one a core)")
    parser.add_argument(
        "--whole", type=int, default=997, metavar="N",
        help="one flip in N is judged by the whole of verification, too (997)",
    )  # fmt: skip
    given = parser.parse_args(words)
    index, _, parts = given.part.partition("/")
    if not (index.isdigit() and parts.isdigit() and 1 <= int(index) <= int(parts)):
        parser.error("--part is a number of parts, such as 1/2")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as passing:
        folder = given.folder or Path(passing)
        if given.sample is not None:
            tally = sample(folder, given.sample, given.seed, given.whole)
        else:
            tally = everything(folder, (int(index), int(parts)), given.workers, given.whole)
    _tell(tally, time.monotonic() - begin)
    return 0 if tally.ok else 1


def _tell(tally: Tally, seconds: float) -> None:
    for table, count in sorted(tally.judged.items()):
        print(f"{table:28} {count:>9} flips, refused by the database: {tally.refused[table]}")
    for line in [*tally.missed[:20], *tally.apart[:20]]:
        print("NOT FOUND" if line in tally.missed else "NOT AGREED", line)
    total = sum(tally.judged.values())
    print(f"{total} flips, found where they are: {total - len(tally.missed)}", end="; ")
    print(f"by the whole of verification, too: {tally.whole}", end=", ")
    print(f"disagreements: {len(tally.apart)}; {seconds:.0f} s in this run")


if __name__ == "__main__":
    sys.exit(main())
