"""Mutation testing: every small change of the proving modules has to make a test fail.

    python -m tests.campaigns.mutants                 all mutants of all modules
    python -m tests.campaigns.mutants 60 1            a sample of that size, by the seed 1
    python -m tests.campaigns.mutants 60 1 merkle     of one module

A mutant is one change of one place: a comparison turned, an operator swapped, a number moved by
one, a truth value turned, a condition negated, a statement left out, a text emptied. Texts of
messages and annotations are left alone. Each mutant is written in place of its module in a copy
of the tree, and the tests of that module run until the first of them fails.
"""

from __future__ import annotations

import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
# Module: the tests that have to notice.
MODULES = {
    "lifecycle/audit/merkle.py": ("test_merkle", "test_tiles", "test_proof"),
    "lifecycle/audit/ed25519.py": ("test_ed25519", "test_note"),
    "lifecycle/audit/note.py": ("test_note", "test_proof"),
    "lifecycle/audit/proof.py": ("test_proof",),
    "lifecycle/audit/chain.py": ("test_edited_records", "test_forged_transitions"),
    "lifecycle/audit/log_check.py": ("test_log",),
    "lifecycle/audit/verify.py": ("test_edited_projections", "test_edited_records", "test_log"),
    "lifecycle/audit/standalone.py": (
        "test_standalone",
        "test_standalone_parts",
        "test_forged_identity",
        "test_forged_transitions",
        "test_forged_administration",
        "test_edited_records",
    ),
    "lifecycle/domain/canonical.py": ("../domain/test_canonical",),
    "lifecycle/domain/record.py": ("../domain/test_record",),
}
_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


Change = Callable[[Any], object]


@dataclass(frozen=True)
class Mutant:
    """A changed module.

    Args:
        module: Path of the module.
        line: Where it was changed.
        what: What was changed.
        text: The whole module after it.
    """

    module: str
    line: int
    what: str
    text: str


def mutants(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module."""
    tree = ast.parse((ROOT / module).read_text("utf-8"))
    for index, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            other = copy.deepcopy(tree)
            twin = next(one for place, one in enumerate(ast.walk(other)) if place == index)
            change(twin)
            line = getattr(node, "lineno", 0)
            yield Mutant(module, line, what, ast.unparse(ast.fix_missing_locations(other)))


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:  # noqa: C901 - a table of kinds
    """Yield what can be changed of a node, and how."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in _SWAPS:
                yield f"comparison {place}", _turned(place)
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in _SWAPS:
        yield "operator", lambda one: setattr(one, "op", _SWAPS[type(one.op)]())
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition", lambda one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield "number", lambda one: setattr(one, "value", one.value + 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "truth", lambda one: setattr(one, "value", not one.value)
    elif isinstance(node, ast.Constant) and type(node.value) is bytes and node.value:
        yield "bytes", lambda one: setattr(one, "value", b"")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", lambda one: setattr(one, "op", ast.UAdd())
    if isinstance(node, ast.FunctionDef | ast.If | ast.For | ast.While | ast.With):
        for place, statement in enumerate(node.body):
            if isinstance(statement, ast.Expr | ast.Raise) and not _is_text(statement):
                yield f"statement {place}", _left_out(place)


def _turned(place: int) -> Change:
    return lambda one: one.ops.__setitem__(place, _SWAPS[type(one.ops[place])]())


def _left_out(place: int) -> Change:
    return lambda one: one.body.__setitem__(place, ast.Pass())


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def killed(mutant: Mutant, copy_of_tree: Path) -> bool:
    """Tell whether a test fails on a mutant, or hangs."""
    path = copy_of_tree / mutant.module
    kept = path.read_text("utf-8")
    path.write_text(mutant.text, "utf-8")
    tests = [f"tests/audit/{name}.py" for name in MODULES[mutant.module]]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        end = subprocess.run(
            command,
            cwd=copy_of_tree,
            env={**os.environ, "PYTHONPATH": str(copy_of_tree), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=300,
            check=False,
        )
        return end.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(kept, "utf-8")


def main() -> int:
    """Run the campaign that the command line asks for, and print the score."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else None
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    every = [one for module in MODULES if wanted in module for one in mutants(module)]
    chance = random.Random(seed)  # noqa: S311 - repeatable
    chosen = every if count is None else chance.sample(every, min(count, len(every)))
    begin, survivors = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(shutil.copytree(ROOT, Path(folder) / "tree", symlinks=True, ignore=_ignored))
        for module in sorted({one.module for one in chosen}):
            text = (ROOT / module).read_text("utf-8")
            assert not killed(Mutant(module, 0, "nothing", text), tree), f"{module}: tests fail"
        for mutant in chosen:
            if not killed(mutant, tree):
                survivors.append(mutant)
                print(f"SURVIVED {mutant.module}:{mutant.line} {mutant.what}", flush=True)
    dead = len(chosen) - len(survivors)
    seconds = time.monotonic() - begin
    print(f"seed {seed}: {dead} of {len(chosen)} mutants killed,", end=" ")
    print(f"{100 * dead / max(1, len(chosen)):.1f} %, of {len(every)}; {seconds:.0f} s")
    return 0


def _ignored(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name in (".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache")
    ]


if __name__ == "__main__":
    sys.exit(main())
