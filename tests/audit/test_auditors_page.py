"""The page for auditors runs: from the office's commands to a stranger's verdict."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from lifecycle.audit.findings import TEMPLATES
from tests.audit import test_catalogue, test_catalogue_outside, test_catalogue_tables
from tests.campaigns.flips import BESIDE, BESIDE_COLUMNS

PAGE = Path(__file__).parent.parent.parent / "docs" / "audit.md"
README = PAGE.parent.parent / "README.md"
PROGRAM = Path(sys.executable).with_name("lifecycle")


CATALOGUE = (test_catalogue, test_catalogue_outside, test_catalogue_tables)


def lines(page: Path, heading: str, number: int = 0) -> list[str]:
    section = page.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    block: str = re.findall(r"^```(?:sh)?\n(.*?)^```", section, re.DOTALL | re.MULTILINE)[number]
    return block.splitlines()


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line; ``>`` and ``>>`` are the only signs of the shell that are known."""
    sent = re.fullmatch(r"(.*?)(?: (>>?) (\S+).*)?", line)
    assert sent is not None
    command, sign, out = sent.groups("")
    words = shlex.split(command, comments=True)
    program = {"lifecycle": str(PROGRAM), "python": sys.executable}.get(words[0], words[0])
    end = subprocess.run(
        [program, *words[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if out:
        with (folder / out).open("a" if sign == ">>" else "w", encoding="utf-8") as file:
            file.write(end.stdout)
    return end


def test_the_page_takes_a_stranger_from_a_bundle_to_a_verdict(tmp_path: Path) -> None:
    office, stranger = tmp_path / "office", tmp_path / "stranger"
    office.mkdir()
    stranger.mkdir()
    for line in lines(README, "On the command line"):
        assert run(line, office).returncode == 0, line
    for line in lines(PAGE, "How the office makes it"):
        end = run(line, office)
        assert end.returncode == 0, (line, end.stderr)
    for name in ("bundle.zip", "school.zip", "log.vkey", "verify.py"):
        shutil.copy(office / name, stranger)
    shutil.copy(office / "checkpoints" / "latest", stranger / "kept.checkpoint")

    for line in lines(PAGE, "From an e-mailed bundle to a verdict")[1:]:
        end = run(line, stranger)
        assert (end.returncode, end.stderr) == (0, ""), line
    assert "krasnogorsk" in end.stdout
    for line in lines(PAGE, "How the office makes it", 1):
        end = run(line, office)
        assert end.returncode == 0, (line, end.stdout, end.stderr)


def test_the_bundle_bears_the_verifier_that_is_printed(tmp_path: Path) -> None:
    end = run("lifecycle audit verifier > verify.py", tmp_path)

    source = PAGE.parent.parent / "lifecycle" / "audit" / "standalone.py"
    assert end.stdout == source.read_text("utf-8")


def test_every_line_of_the_catalogue_is_a_test_and_every_test_a_line() -> None:
    section = PAGE.read_text("utf-8").split("## What was tried, item by item\n")[1]
    table, _, rest = section.partition("\n\nNothing is proved of")
    told = re.findall(r"^\| .+? \| `(\w+)` \|(.*)\|$", table, re.MULTILINE)
    tests = {
        name.removeprefix("test_")
        for module in CATALOGUE
        for name in vars(module)
        if name.startswith("test_")
    }

    assert {name for name, _ in told} == tests
    assert len(told) == len(tests)
    codes = {code for _, found in told for code in re.findall(r"`(\w+)`", found)}
    assert codes <= TEMPLATES.keys()
    columns = {f"{table.removeprefix('lifecycle_')}.{name}" for table, name in BESIDE_COLUMNS}
    assert set(re.findall(r"`(\w+\.\w+)`", rest.split("\n\n")[0])) == columns
    assert {one.removeprefix("lifecycle_") for one in BESIDE} == {"persons", "refusals", "outbox"}
