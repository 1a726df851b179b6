"""pm4py is under the AGPL: it stays in an environment and a process of its own."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "tests" / "mining" / "read_back.py"


def imported(path: Path) -> set[str]:
    """Return the packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_one_script_imports_pm4py_and_it_imports_nothing_of_ours() -> None:
    named = [
        path
        for folder in ("lifecycle", "storage", "workflows", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if "pm4py" in path.read_text("utf-8")
    ]

    assert [path for path in named if "pm4py" in imported(path)] == [READER]
    assert imported(READER).isdisjoint({"lifecycle", "storage", "workflows", "tests"})


def test_pm4py_is_in_a_lock_of_its_own_pinned_by_hash() -> None:
    lock = (ROOT / ".ci" / "mining.lock").read_text("utf-8")
    pinned = re.findall(
        r"^([a-z0-9-]+)==\S+.*\\(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", lock, re.M
    )

    assert len(pinned) == len(re.findall(r"^[^\s#]", lock, re.M))
    assert "pm4py" in pinned
    assert "://" not in lock
    assert "\npm4py==" not in (ROOT / "requirements.lock").read_text("utf-8")
