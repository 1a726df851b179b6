"""Formats are for ever: what an earlier release wrote is sound, bit for bit, in this build."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lifecycle.audit import standalone
from tests.audit.bundles import told
from tests.cli.terminal import Terminal

GOLDEN = sorted(path for path in Path(__file__).parent.glob("format-*"))


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Terminal:
    """A copy of a corpus: opening a database may write to it."""
    return Terminal(Path(shutil.copytree(request.param, tmp_path / "golden")))


def expected(golden: Terminal) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((golden.folder / "expected.json").read_text("utf-8"))
    return read


def key(golden: Terminal) -> str:
    return (golden.folder / "log.vkey").read_text("utf-8").strip()


def proved(bundle: Path) -> dict[str, bytes]:
    """Return the files of a bundle that the history makes; the others come with the release."""
    with zipfile.ZipFile(bundle) as archive:
        names = [name for name in archive.namelist() if name not in ("verify.py", "README.txt")]
        return {name: archive.read(name) for name in names}


def test_there_is_a_corpus_for_every_format() -> None:
    assert [path.name for path in GOLDEN] == ["format-1"]


@pytest.mark.parametrize("kept", ["first.checkpoint", "latest.checkpoint"])
def test_the_database_is_sound(golden: Terminal, kept: str) -> None:
    report = golden.ask("verify", "--key", "log.vkey", "--checkpoint", kept)

    assert (report["ok"], report["findings"]) == (True, [])
    assert report["records"] == expected(golden)["size"]


@pytest.mark.parametrize("bundle", ["whole.zip", "school.zip"])
def test_the_bundles_are_sound(golden: Terminal, bundle: str) -> None:
    first = str(golden.folder / "first.checkpoint")

    code, verdict = told(golden.folder / bundle, "--checkpoint", first, key=key(golden))

    assert (code, verdict["findings"]) == (0, [])
    known = expected(golden)
    assert {name: verdict[name] for name in ("origin", "size", "root")} == {
        name: known[name] for name in ("origin", "size", "root")
    }
    assert verdict["schools"].items() <= known["schools"].items()


def test_the_verifier_that_lies_in_the_bundle_still_runs(golden: Terminal) -> None:
    with zipfile.ZipFile(golden.folder / "whole.zip") as archive:
        archive.extract("verify.py", golden.folder)

    command = [sys.executable, "-I", "verify.py", "whole.zip", "--key", key(golden)]
    end = subprocess.run(command, cwd=golden.folder, capture_output=True, check=False)

    assert (end.returncode, end.stderr) == (0, b"")


def test_read_anew_it_comes_to_the_same_states_root_and_bytes(golden: Terminal) -> None:
    golden.ask("audit", "bundle", "--out", "anew.zip", "--key", "log.vkey", "--evidence")
    board = golden.ask("status")["schools"]

    assert proved(golden.folder / "anew.zip") == proved(golden.folder / "whole.zip")
    states = {one["school"]: [one["state"], one["version"]] for one in board}
    assert states == expected(golden)["schools"]


def test_a_changed_byte_is_found_in_it(golden: Terminal) -> None:
    with zipfile.ZipFile(golden.folder / "whole.zip") as archive:
        line = archive.read("records.jsonl").splitlines()[0]

    body = standalone.body_from(line)

    assert standalone.sha(b"\0", line) != standalone.sha(b"\0", line.replace(b"1", b"2", 1))
    assert body["kind"] == "installed"
