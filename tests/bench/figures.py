"""What was wanted and what was measured: ratios within a round, medians over the rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.turns import Rounds, Told


@dataclass(frozen=True)
class Figure:
    """One figure that was set to be reached.

    Args:
        what: In words.
        limit: The figure.
        value: What was measured.
        least: Whether the limit is the least, and not the most.
        unit: Written behind both.
        spread: Least and greatest of the rounds.
    """

    what: str
    limit: float
    value: float
    least: bool = False
    unit: str = "x"
    spread: tuple[float, float] | None = None

    @property
    def reached(self) -> bool:
        """Whether it was; what is told is rounded, what is judged is not."""
        return self.value >= self.limit if self.least else self.value <= self.limit


@dataclass(frozen=True)
class Row:
    """A contender beside the floor: medians, and ratios within the rounds.

    Args:
        name: As people know it.
        p50: Microseconds.
        times_p50: Times the floor's.
        p99: Microseconds.
        rate: Transitions a second.
        part: Of the floor's rate.
        processor: Microseconds of the processor.
        times_processor: Times the floor's.
        grown: Bytes for each transition.
        memory: Megabytes.
    """

    name: str
    p50: float
    times_p50: float
    p99: float
    rate: float
    part: float
    processor: float
    times_processor: float
    grown: float
    memory: float


def rows(rounds: Rounds) -> list[Row]:
    """Return a row for every contender."""
    return [
        Row(
            name=name,
            p50=_middle(found, "p50"),
            times_p50=_ratio(rounds, name, "floor", "p50"),
            p99=_middle(found, "p99"),
            rate=_middle(found, "rate"),
            part=_ratio(rounds, name, "floor", "rate"),
            processor=_middle(found, "processor"),
            times_processor=_ratio(rounds, name, "floor", "processor"),
            grown=_middle(found, "grown"),
            memory=_middle(found, "memory"),
        )
        for name, found in rounds.items()
    ]


def figures(found: dict[str, Any]) -> list[Figure]:
    """Return every figure that was set and measured; a part may not have been measured yet."""
    parts = (
        ("single", _advances),
        ("grown", _grown),
        ("board", _boards),
        ("verify", _verified),
        ("servers", _servers),
        ("starts", _starts),
    )
    return [figure for name, part in parts if name in found for figure in part(found)]


def _advances(found: dict[str, Any]) -> list[Figure]:
    single, wal, batch = found["single"], found["peers"], found["batch"]
    return [
        _times("advance, the settings that are safe here: p50", 2.0, single, "advance", "p50"),
        _times("advance, write-ahead log, FULL: p50", 2.0, wal, "advance", "p50"),
        _times(
            "the same beside the floor with queue and outbox", 2.0, wal, "advance", "p50", "full"
        ),
        _own("advance, write-ahead log, FULL: p99 beside our p50", 3.0, wal["advance"]),
        _times("batch, 500 a transaction: rate", 0.5, batch, "advance", "rate", least=True),
        _times("bytes a record", 1.5, wal, "advance", "grown"),
    ]  # fmt: skip


def _grown(found: dict[str, Any]) -> list[Figure]:
    what = "advance, long history beside one of 1,000 records: p50"
    return [_times(what, 1.2, found["grown"], "grown", "p50", "short")]


def _boards(found: dict[str, Any]) -> list[Figure]:
    board = found["board"]
    return [
        _times("board in figures and schools that are late", 1.5, board, "ours", "milliseconds"),
        Figure("explain of one school", 2.0, _middle(board["explain"], "milliseconds"), unit="ms"),
    ]


def _verified(found: dict[str, Any]) -> list[Figure]:
    verified = found["verify"]["verify"]
    memory = max(_middle(verified, name) for name in ("megabytes_asking", "megabytes_other"))
    ratios = [one["ratio_to_floor"] for one in verified]
    ends = _ends(ratios)
    return [
        Figure("verification: rate", 0.5, median(ratios), least=True, spread=ends),
        Figure("verification: memory of its greatest process", 200, memory, unit="MB"),
    ]


def _servers(found: dict[str, Any]) -> list[Figure]:
    told = found["servers"]
    one, processes = told["one"], told["processes"]
    return [
        Figure(
            "PostgreSQL, one client: rate beside bare psycopg",
            0.6, one["ratio_to_bare"], True, spread=_ends(one["ratios"]),
        ),
        Figure(
            f"PostgreSQL, {processes['writers']} processes beside one: rate",
            1.0, processes["times_one"], True, spread=_ends(processes["ratios"]),
        ),
        *(
            Figure(
                f"PostgreSQL, {wait} ms in each commit, {slow['writers']} writers beside one: rate",
                8.0, slow["times_one"], True, spread=_ends(slow["ratios"]),
            )
            for wait, slow in ((5, told["latency"]), (25, told["waiting"]))
        ),
    ]  # fmt: skip


def _starts(found: dict[str, Any]) -> list[Figure]:
    told = found["starts"]
    ratios = told["ratios"]
    return [
        Figure("lifecycle --help beside import click", told["at_most"]["help"], ratios["help"]),
        Figure(
            "lifecycle status beside import sqlalchemy, click",
            told["at_most"]["status"],
            ratios["status"],
        ),
        Figure("memory after one advance", told["memory_at_most"], told["memory_mb"], unit="MB"),
    ]


def _times(
    what: str,
    limit: float,
    rounds: Rounds,
    ours: str,
    of: str,
    floor: str = "floor",
    least: bool = False,
) -> Figure:
    ratios = _ratios(rounds, ours, floor, of)
    return Figure(what, limit, median(ratios), least, spread=_ends(ratios))


def _own(what: str, limit: float, rounds: Sequence[Told]) -> Figure:
    ratios = [one["p99"] / one["p50"] for one in rounds]
    return Figure(what, limit, median(ratios), spread=_ends(ratios))


def _ratios(rounds: Rounds, ours: str, floor: str, of: str) -> list[float]:
    pairs = zip(rounds[ours], rounds[floor], strict=True)
    return [float(mine[of]) / float(its[of]) for mine, its in pairs]


def _ratio(rounds: Rounds, ours: str, floor: str, of: str) -> float:
    return median(_ratios(rounds, ours, floor, of))


def _middle(rounds: Sequence[Told], of: str) -> float:
    return median(float(one[of]) for one in rounds)


def _ends(ratios: Sequence[float]) -> tuple[float, float]:
    return min(ratios), max(ratios)
