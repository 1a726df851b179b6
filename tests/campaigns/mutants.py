"""Mutation testing: every small change of the modules that prove has to make a test fail.

    python -m tests.campaigns.mutants                              all mutants of all modules
    python -m tests.campaigns.mutants --sample 150 --seed 1        at most so many of each module
    python -m tests.campaigns.mutants --module merkle --json > FILE  of one module, for a program
    python -m tests.campaigns.mutants --again FILE                 its survivors once more

The tests run once, to learn which of them touch which line and what each costs. Then a child of
this very process is made for every mutant: it puts the change in and runs the tests that touch
it, cheap ones and those that found others first, until one of them fails or takes far longer than
it did. Fixtures of the whole session are made before the change, once for all mutants.

Exit code 0 if at least 90 % of the mutants were noticed, 6 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TextIO

import pytest

from tests.campaigns.mutating import ROOT, Mutant, mutants
from tests.campaigns.trying import Trial

WANTED = 90.0
"""Per cent of mutants that have to be noticed."""

_FORGED = (
    "test_forged_identity", "test_forged_transitions", "test_forged_administration",
    "test_forged_plans",
)  # fmt: skip
_ALONE = "test_standalone_history", "test_standalone_requirements"
_DECIDED = "test_decided_again", "test_both_verifiers"
_SCREEN = "test_screen", "test_screen_doubts"
_BUNDLES = "test_standalone", "test_standalone_parts", "test_standalone_limits"
_DOMAIN = "../domain/test_"

# Group: module: the tests that have to notice.
MODULES: dict[str, dict[str, tuple[str, ...]]] = {
    "hashing": {
        "domain/canonical": (f"{_DOMAIN}canonical",),
        "domain/record": (f"{_DOMAIN}record", "test_edited_records"),
        "domain/commitment": (f"{_DOMAIN}commitment", f"{_DOMAIN}erasure", "test_personal"),
        "audit/merkle": ("test_merkle", "test_tiles", "test_proof"),
        "audit/ed25519": ("test_ed25519", "test_note"),
    },
    "proof": {
        "audit/note": ("test_note", "test_proof"),
        "audit/proof": ("test_proof",),
        "audit/tiles": ("test_tiles",),
        "audit/static_log": ("test_static_log",),
        "audit/checkpoints": (
            "test_log",
            "test_known_checkpoints",
            "test_catalogue_outside",
            "test_since",
            "test_static_log",
        ),
    },
    "verify": {
        "audit/chain": ("test_chain", "test_edited_records"),
        "audit/log_check": ("test_log_told", "test_log", "test_known_checkpoints"),
        "audit/verify": ("test_whole", "test_edited_projections", "test_since"),
        "audit/rules": ("test_decided_again",),
        "audit/grounds": ("test_grounds", "test_first_word"),
        "audit/checking": ("test_checking", "test_edited_projections"),
        "audit/identities": ("test_checking", "test_edited_records"),
        "audit/personal": ("test_beside", "test_personal"),
        "audit/standalone": (*_BUNDLES, *_DECIDED, *_ALONE),
        "audit/bundle": ("test_bundle_written",),
        "audit/shared": ("test_checking", "test_edited_projections", "test_forged_administration"),
        "audit/schools": ("test_schools", "test_edited_projections", "test_forged_transitions"),
        "audit/screen": (*_SCREEN, "test_screen_kept"),
        "audit/transitions": (*_SCREEN, "test_screen_kept"),
        "audit/compiled": ("test_screen_rules",),
        "audit/acting": ("test_screen_actors",),
        "audit/spelling": (*_SCREEN, "test_screen_pieces"),
        "audit/pieces": ("test_screen_pieces",),
        "audit/texts": ("test_screen_texts",),
        "audit/frames": _SCREEN,
        "audit/stretch": ("test_stretch",),
        "audit/course": (*_SCREEN, "test_screen_kept"),
        "audit/kept": ("test_screen_kept",),
    },
}
GROUP_OF = {module: group for group, modules in MODULES.items() for module in modules}

_HOW_MUCH = "how much is remembered, or taken at a time, changes the work and no answer"

# Module, the line, what is changed of it: why nothing can tell the difference.
Key = tuple[str, str, str]
EQUIVALENT: dict[Key, str] = {
    ("audit/ed25519", "_SQRT_M1: Final = pow(2, (_P - 1) // 4, _P)", "operator at 27"): (
        "P = 4 k + 1, and so (P + 1) // 4 is the same as (P - 1) // 4"
    ),
    ("audit/ed25519", "_NEUTRAL: Final[_Point] = (0, 1, 1, 0)", "number at 37"): (
        "it is doubled before anything else, and doubling does not read the last coordinate"
    ),
    ("audit/ed25519", "x = _x_of(y, sign) if y < _P else None", "comparison 0 at 23"): (
        "y = P is y = 0, a point of order 4, which is refused as such"
    ),
    ("audit/ed25519", "if key is None or scalar >= _L:", "comparison 0 at 19"): (
        "S = L is S = 0, and no signature has that: R would have to be made of its own hash"
    ),
    (
        "audit/grounds",
        "if not 0 < version <= len(moments) or moments[version - 1][1] != version:",
        "comparison 0 at 8",
    ): "no record has the number 0, so none is found of it either",
    ("audit/grounds", "place = bisect_left(moments, (moment, 0))", "number at 39"): (
        "records are numbered from 1, so none of that moment stands before 0 or before 1"
    ),
    ("audit/grounds", 'found = self.credentials.get(name or "")', "word at 38"): (
        "whoever is known in another way is not asked for a credential at all"
    ),
    ("audit/grounds", "return self.actors.get(actor, version + 1) <= version", "number at 41"): (
        "of whom nobody knows, anything beyond the version will do"
    ),
    ("audit/stretch", 'or not is_plain("".join(record_ids))', "word at 17"): (
        "letters between the ids are as plain as nothing"
    ),
    ("audit/kept", "size: int = 0", "number at 13"): (
        "nobody asks for the size of what is no file"
    ),
    ("audit/bundle", "_CHUNK: Final = 1 << 16", "number at 17"): _HOW_MUCH,
    ("audit/bundle", "_CHUNK: Final = 1 << 16", "number at 22"): _HOW_MUCH,
    ("audit/schools", "SPAN_RECORDS = 20_000", "number at 16"): _HOW_MUCH,
    ("audit/stretch", "RECORDS = 256", "number at 11"): _HOW_MUCH,
    ("audit/acting", "_ROSTERS = 1024", "number at 12"): _HOW_MUCH,
    ("audit/acting", "_REMEMBERED = 8192", "number at 15"): _HOW_MUCH,
    **{
        (f"audit/{one}", "_REMEMBERED = 4096", "number at 15"): _HOW_MUCH
        for one in ("screen", "transitions", "pieces", "frames")
    },
    (
        "audit/bundle",
        'with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:',
        "number at 69",
    ): "how hard it is packed changes nothing of what is in it",
    ("audit/pieces", "0 < len(text) <= MAX_NUMBER", "comparison 0 at 1"): (
        "an empty number has no digit, and is refused for that"
    ),
}


def key_of(mutant: Mutant) -> Key:
    """Return what tells a mutant from others, also when lines were moved."""
    name = mutant.module.removeprefix("lifecycle/").removesuffix(".py")
    return name, mutant.source, mutant.what


def path_of(module: str) -> str:
    """Return the path of a module below the root."""
    return f"lifecycle/{module}.py"


def tests_of(modules: Sequence[str]) -> list[str]:
    """Return the files whose tests have to notice, each once."""
    names = [name for module in modules for name in MODULES[GROUP_OF[module]][module]]
    return sorted({str((ROOT / "tests/audit" / f"{name}.py").resolve()) for name in names})


def chosen(module: str, sample: int | None, seed: int, again: Collection[Key]) -> list[Mutant]:
    """Return the mutants of a module that can be told from it, or some of them."""
    every = [one for one in mutants(path_of(module)) if key_of(one) not in EQUIVALENT]
    if again:
        return [one for one in every if key_of(one) in again]
    if sample is None or sample >= len(every):
        return every
    chance = random.Random(f"{seed} {module}")  # noqa: S311 - repeatable
    return sorted(chance.sample(every, sample), key=lambda one: one.number)


class Score:
    """Counts what was noticed, by module."""

    def __init__(self, words: TextIO) -> None:
        self.survivors: list[Mutant] = []
        self._counts: dict[str, tuple[int, int]] = {}
        self._words = words
        self._begin = time.monotonic()

    def begin(self, module: str, tests: int) -> None:
        """Say which module comes next."""
        self._counts[module] = (0, 0)
        print(f"{module}: {tests} tests touch it", file=self._words, flush=True)

    def add(self, module: str, mutant: Mutant, noticed: bool) -> None:
        """Count a mutant, and name it if it survived."""
        before = self._counts[module]
        counts = self._counts[module] = (before[0] + noticed, before[1] + 1)
        if not noticed:
            self.survivors.append(mutant)
            text = f"  SURVIVED {mutant.module}:{mutant.line} {mutant.what}: {mutant.source}"
            print(text, file=self._words, flush=True)
        elif counts[1] % 50 == 0:
            print(f"  {counts[0]} of {counts[1]} noticed", file=self._words, flush=True)

    def rows(self) -> list[tuple[str, int, int]]:
        """Return name, noticed and tried for every module, every group and the whole."""
        rows = [(name, one, tried) for name, (one, tried) in self._counts.items()]
        groups = {GROUP_OF[name] for name in self._counts}
        for group in [one for one in MODULES if one in groups]:
            parts = [counts for name, counts in self._counts.items() if GROUP_OF[name] == group]
            rows.append((group, sum(one for one, _ in parts), sum(one for _, one in parts)))
        parts = list(self._counts.values())
        rows.append(("all", sum(one for one, _ in parts), sum(one for _, one in parts)))
        return rows

    def seconds(self) -> int:
        """Return how long it took."""
        return int(time.monotonic() - self._begin)


def share(noticed: int, tried: int) -> float:
    """Return a score, per cent, to one place; nothing tried is nothing missed."""
    return round(100 * noticed / tried, 1) if tried else 100.0


def main(words: Sequence[str] | None = None) -> int:
    """Run the campaign that the command line asks for, and print the score."""
    asked = _parser().parse_args(words)
    modules = [one for one in GROUP_OF if not asked.module or one.split("/")[1] in asked.module]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    err = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8")
    score = Score(err if asked.json else out)
    again = survivors_of(asked.again) if asked.again else set()
    plan = {one: chosen(one, asked.sample, asked.seed, again) for one in modules}
    plan = {name: some for name, some in plan.items() if some}
    whole = {name: (path_of(name), tests_of([name]), some) for name, some in plan.items()}
    trial = Trial(whole, score, err, asked.patience)
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - what tests print is nobody's answer
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        options = ["-q", "-s", "-n0", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        code = pytest.main([*options, *tests_of([*plan])], plugins=[trial])
    if not trial.ended:
        print(f"the campaign did not come to its end (pytest: {code})", file=err, flush=True)
        return 1
    rows = score.rows()
    if asked.json:
        print(json.dumps(_as_json(rows, score), ensure_ascii=False, indent=1), file=out)
    else:
        for name, noticed, tried in rows:
            print(f"{name:20} {noticed:5} of {tried:5}  {share(noticed, tried):5.1f} %", file=out)
        print(f"seed {asked.seed}, {score.seconds()} s", file=out)
    out.flush()
    return 0 if share(*rows[-1][1:]) >= WANTED else 6


def _as_json(rows: list[tuple[str, int, int]], score: Score) -> dict[str, object]:
    return {
        "scores": {name: {"noticed": one, "tried": all_of_them} for name, one, all_of_them in rows},
        "score": share(*rows[-1][1:]),
        "survivors": [
            {"module": name, "line": one.line, "source": source, "what": what}
            for one in score.survivors
            for name, source, what in [key_of(one)]
        ],
    }


def survivors_of(path: Path) -> set[Key]:
    """Return the survivors that an earlier report names."""
    found = json.loads(path.read_text("utf-8"))["survivors"]
    return {(one["module"], one["source"], one["what"]) for one in found}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns.mutants",
        description="Change the modules that prove, one place at a time, and see if a test fails.",
        epilog="example: python -m tests.campaigns.mutants --module merkle --module note",
    )
    names = sorted(one.split("/")[1] for one in GROUP_OF)
    parser.add_argument(
        "--module", action="append", default=[], choices=names, metavar="NAME",
        help=f"only this one; may be repeated. Modules: {', '.join(names)}",
    )  # fmt: skip
    parser.add_argument("--sample", type=int, metavar="N", help="at most N mutants of each module")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the sample (1)")
    parser.add_argument(
        "--patience", type=float, default=20, metavar="SECONDS",
        help="processor time that the tests of one mutant may take before it counts as survived",
    )  # fmt: skip
    parser.add_argument(
        "--again", type=Path, metavar="FILE", help="only what survived by an earlier --json report"
    )
    parser.add_argument("--json", action="store_true", help="scores and survivors as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
