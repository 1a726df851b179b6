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
from tests.cli.terminal import Said, Terminal

PAGE = Path(__file__).parent.parent.parent / "docs" / "audit.md"
README = PAGE.parent.parent / "README.md"
CATALOGUE = (test_catalogue, test_catalogue_outside, test_catalogue_tables)


def lines(page: Path, heading: str, number: int = 0) -> list[str]:
    section = page.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    block: str = re.findall(r"^```(?:sh)?\n(.*?)^```", section, re.DOTALL | re.MULTILINE)[number]
    return block.splitlines()


def run(line: str, folder: Path) -> Said:
    """Run a line; ``>`` and ``>>`` are the only signs of the shell that are known."""
    sent = re.fullmatch(r"(.*?)(?: (>>?) (\S+).*)?", line)
    assert sent is not None
    command, sign, out = sent.groups("")
    program, *words = shlex.split(command, comments=True)
    if program == "lifecycle":
        end = Terminal(folder).run(*words)
    else:
        stranger = {"python": sys.executable}.get(program, program)
        done = subprocess.run(
            [stranger, *words], cwd=folder, capture_output=True, text=True, check=False
        )
        end = Said(done.returncode, done.stdout, done.stderr)
    if out:
        with (folder / out).open("a" if sign == ">>" else "w", encoding="utf-8") as file:
            file.write(end.out)
    return end


def test_the_page_takes_a_stranger_from_a_bundle_to_a_verdict(tmp_path: Path) -> None:
    office, stranger = tmp_path / "office", tmp_path / "stranger"
    office.mkdir()
    stranger.mkdir()
    for line in lines(README, "On the command line"):
        assert run(line, office).code == 0, line
    for line in lines(PAGE, "How the office makes it"):
        end = run(line, office)
        assert end.code == 0, (line, end.err)
    for name in ("bundle.zip", "school.zip", "log.vkey", "verify.py"):
        shutil.copy(office / name, stranger)
    shutil.copy(office / "checkpoints" / "latest", stranger / "kept.checkpoint")

    for line in lines(PAGE, "From an e-mailed bundle to a verdict")[1:]:
        end = run(line, stranger)
        assert (end.code, end.err) == (0, ""), line
    assert "krasnogorsk" in end.out
    for line in lines(PAGE, "How the office makes it", 1):
        end = run(line, office)
        assert end.code == 0, (line, end.out, end.err)


def test_the_bundle_bears_the_verifier_that_is_printed(tmp_path: Path) -> None:
    end = run("lifecycle audit verifier > verify.py", tmp_path)

    source = PAGE.parent.parent / "lifecycle" / "audit" / "standalone.py"
    assert end.out == source.read_text("utf-8")


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
