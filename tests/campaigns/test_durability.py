"""The campaigns of docs/operating.md in a reduced form: nothing lost, halved or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns import connections, tracing, writers
from tests.campaigns.mutating import ROOT
from tests.databases import new_journal
from tests.factories import ORIGIN
from tests.server import Server

# In a process of their own: they fork, which a process with threads had better not do.
ALL = """
import json, sys
from pathlib import Path
from tests.campaigns import crashes, faults, powercuts
def folder(name):
    made = Path(sys.argv[1], name)
    made.mkdir()
    return made
told = {"crashes": vars(crashes.kill_writers(folder("crashes"), 4, 1))}
if sys.argv[2] == "traced":
    for mode, only, sample in [("rollback", None, 14), ("wal", "advance", 4)]:
        tally = faults.strike_all(folder(mode), mode, only=only, sample=sample, seed=1)
        told["faults " + mode] = vars(tally)
    for mode in powercuts.MODES:
        tally = powercuts.cut(folder("cut-" + mode), mode, 20, 1, commands=7)
        told["power " + mode] = vars(tally)
print(json.dumps(told))
"""
traced = pytest.mark.skipif(not tracing.available(), reason="system calls are known on Linux only")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the campaigns came to that fork."""
    folder = tmp_path_factory.mktemp("campaigns")
    kind = "traced" if tracing.available() else "not traced"
    run = subprocess.run(
        [sys.executable, "-c", ALL, folder, kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


def test_killed_writers_lose_nothing_and_leave_nothing_by_half(told: dict[str, Any]) -> None:
    crashes = told["crashes"]

    assert (crashes["lost"], crashes["halves"], crashes["findings"]) == ([], [], [])
    assert crashes["doubled"] == []
    assert (crashes["rounds"], crashes["killed"], crashes["repeated"]) == (4, 12, 12)


@traced
@pytest.mark.parametrize(("mode", "count"), [("rollback", 14), ("wal", 4)])
def test_a_fault_in_a_file_leaves_everything_or_nothing(
    told: dict[str, Any], mode: str, count: int
) -> None:
    faults = told[f"faults {mode}"]

    assert faults["wrong"] == []
    assert sum(faults["faults"].values()) == sum(faults["told"].values()) == count


@traced
@pytest.mark.parametrize("mode", ["rollback", "wal"])
def test_power_that_fails_loses_nothing_acknowledged(told: dict[str, Any], mode: str) -> None:
    power = told[f"power {mode}"]

    assert (power["broken"], power["lost"], power["doubled"]) == ([], [], [])
    assert (power["states"], power["commands"]) == (20, 7)


@traced
def test_the_campaign_finds_what_unsafe_settings_lose(told: dict[str, Any]) -> None:
    assert told["power unsafe"]["lost"] != []
    assert told["power unsafe"]["broken"] == []


def test_what_writers_hear_is_one_order_of_events(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lifecycle.db"
    new_journal(url, ORIGIN).close()

    tally = writers.crowd(
        writers.Place(url, tmp_path, library=True), writers=4, commands=24, threads=True
    )

    assert (tally.anomalies, tally.findings) == ([], [])
    assert tally.acknowledged == tally.rows == tally.version == 24


def test_what_writers_hear_of_a_server_is_one_order_of_events(
    server: Server, tmp_path: Path
) -> None:
    with server.database(ORIGIN) as url:
        place = writers.Place(url, tmp_path, library=False)
        tally = writers.crowd(place, writers=4, commands=60, threads=True)

    assert (tally.anomalies, tally.findings) == ([], [])
    assert tally.acknowledged == tally.rows == tally.version == 60


def test_a_server_that_fails_leaves_everything_or_nothing(server: Server, tmp_path: Path) -> None:
    tally = connections.strike_all(server, tmp_path, only="advance", sample=5, seed=1)

    assert tally.wrong == []
    assert tally.faults == {"advance": 5}
