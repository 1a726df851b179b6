"""The benchmark runs in small, measures only who refuses what is wrong, and writes its page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from lifecycle.storage.sqlite import WAL
from tests.bench import board, report, work
from tests.bench.floor import Floor, Full
from tests.bench.turns import PEERS, ROOT
from tests.bench.work import SIZE, Command, Taken


@pytest.mark.parametrize("size", [1, SIZE])
@pytest.mark.parametrize("made", [Floor, Full])
def test_the_floor_leads_every_school_to_its_end(
    tmp_path: Path, made: type[Floor], size: int
) -> None:
    taken = work.measured(made(tmp_path / "floor.db", WAL), 2, size)

    assert min(taken.p50, taken.rate, taken.grown) > 0


class Careless(Floor):
    """A contender that takes every piece of evidence."""

    def advance(self, asked: Command) -> None:
        right = work.command(asked.number, asked.place).evidence
        super().advance(
            Command(asked.number, asked.place, asked.step, asked.actor, asked.role, right)
        )


def test_who_takes_what_is_wrong_is_not_measured(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not refuse a wrong evidence"):
        work.measured(Careless(tmp_path / "floor.db", WAL), 2, 1)


def test_the_floor_and_the_engine_say_the_same_of_the_board(tmp_path: Path) -> None:
    board.make(tmp_path, 20)

    bare, ours = board.floor(tmp_path), board.ours(tmp_path)

    assert bare["counts"] == ours["counts"]
    assert bare["late"] == ours["late"] > 0
    assert board.explain(tmp_path)["schools"] == sum(ours["counts"].values())


def test_every_peer_has_a_module_and_a_version_pinned() -> None:
    lock = (ROOT / ".ci" / "bench.lock").read_text("utf-8")

    for peer in PEERS:
        assert (ROOT / "tests" / "bench" / "peers" / f"{peer.module}.py").exists()
        for package in peer.packages:
            assert f"\n{package}==" in lock


def test_the_page_says_what_is_reached_and_what_is_not(tmp_path: Path) -> None:
    page, drawing = tmp_path / "page.md", tmp_path / "page.svg"

    report.write(_found(), page, drawing)

    lines = page.read_text("utf-8").splitlines()
    (single,) = [line for line in lines if "write-ahead log, FULL: p50 |" in line]
    (batch,) = [line for line in lines if "batch, 500 a transaction" in line]
    assert single == (
        "| advance, write-ahead log, FULL: p50 | ≤ 2 x | 3.00 x | 3.00 – 3.00 | **no** |"
    )
    assert batch.endswith("| 0.50 x | 0.50 – 0.50 | yes |")
    assert ElementTree.fromstring(drawing.read_text("utf-8")).tag.endswith("svg")  # noqa: S314


def _found() -> dict[str, Any]:
    """Return what a run might have found: we take three times as long, at half the rate."""
    floor = asdict(Taken(100, 200, 10_000, 90, 600, 40))
    ours = floor | {"p50": 300, "rate": 5_000}
    three: dict[str, Any] = {"floor": [floor], "full": [floor], "advance": [ours]}
    asked = {"milliseconds": 30, "counts": {"selected": 5}, "late": 2}
    verified = {"megabytes_asking": 90, "megabytes_other": 80, "ratio_to_floor": 0.6}
    server = {"ratio_to_bare": 0.7, "ratios": [0.7], "statements_an_advance": 20}
    many = {"writers": 8, "times_one": 1.2, "ratios": [1.2]}
    return {
        "machine": {"Python": "3.11"},
        "single": three,
        "peers": three | {peer.name: [ours] for peer in PEERS},
        "batch": three,
        "board": {name: [asked] for name in ("floor", "ours", "whole", "explain")},
        "verify": {"verify": [verified | {"records": 1_000, "workers": 2}]},
        "grown": {"short": [floor], "grown": [floor]},
        "servers": {"one": server, "processes": many, "latency": many, "waiting": many},
        "starts": {
            "at_most": {"help": 2.5, "status": 1.5},
            "ratios": {"help": 2.0, "status": 1.4},
            "memory_mb": 70.0,
            "memory_at_most": 80,
        },
    }
