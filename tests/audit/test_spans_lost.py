"""Processes that verify end in the middle of their work: nothing waits for them, or outlives them.

They are killed for good here, as by a machine that is out of memory.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import active_children, parent_process
from pathlib import Path
from typing import Any

import pytest

from lifecycle import verify
from lifecycle.audit.checking import Checking
from lifecycle.audit.findings import Report
from lifecycle.audit.schools import Outcome, spans_of
from lifecycle.audit.verify import verify as verify_view
from lifecycle.domain.evidence import StoredFile
from lifecycle.domain.spans import Span
from lifecycle.parallel import Spread, fast_parser
from lifecycle.storage.evidence import EvidenceFolder
from lifecycle.workflows.catalogue import Catalogue
from tests.audit.breaking_in import SCHOOL, BreakIn, reopened

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"),
    pytest.mark.timeout(60),
]

Kill = Callable[[int], None]  # Called with how many spans were told of; -1 before they begin.


class Fatal(EvidenceFolder):
    """Kills the process that looks at a file, unless it is the one that asked."""

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        """Look at a file, or end."""
        if parent_process() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().check(sha256, key, size)


class Slow(EvidenceFolder):
    """Takes its time over every file, in every process but the one that asked."""

    def check(
        self, sha256: str, key: bytes | None = None, size: int | None = None
    ) -> StoredFile | None:
        """Look at a file in a minute."""
        if parent_process() is not None:
            time.sleep(60)
        return super().check(sha256, key, size)


def spread_out(
    folder: Path,
    kill: Kill,
    store: type[EvidenceFolder] = EvidenceFolder,
    weight: int = 0,
    **how: Any,
) -> Report:
    """Verify in two processes, a school at a time; what is sent to each weighs *weight* more."""
    with reopened(folder, Catalogue()) as engine:
        context = engine.context
        evidence = store(folder / "evidence")
        vars(evidence)["weight"] = bytes(weight)
        with (
            context.journal.auditing() as view,
            Spread(context.journal, view, evidence, 2, lambda done: None, **how) as spread,
        ):

            def killing(run: Checking, spans: Sequence[Span]) -> Iterable[Outcome]:
                outcomes = spread(run, list(spans_of(view, 1)))
                kill(-1)
                return told(outcomes)

            def told(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
                for count, outcome in enumerate(outcomes):
                    kill(count)
                    yield outcome

            parser = fast_parser()
            return verify_view(
                view, context.evidence, context.guards, parser=parser, spread=killing
            )


def killer(when: int, many: int, killed: list[int | None]) -> Kill:
    """Return what kills *many* of the processes after *when* spans, and notes their numbers."""

    def kill(count: int) -> None:
        if count == when:
            for process in active_children()[:many]:
                os.kill(process.pid or 0, signal.SIGKILL)
                killed.append(process.pid)

    return kill


@pytest.mark.parametrize(
    ("when", "many", "store", "weight"),
    [(-1, 2, EvidenceFolder, 0), (-1, 1, EvidenceFolder, 2_000_000), (0, 2, Slow, 0)],
    ids=["all while they begin", "one that is sent much", "all at work"],
)
def test_a_killed_process_leaves_its_schools_to_the_one_that_asked(
    folder: Path, when: int, many: int, store: type[EvidenceFolder], weight: int
) -> None:
    with BreakIn(folder) as visit:
        visit.run("UPDATE lifecycle_standings SET state = 'selected' WHERE school = ?", SCHOOL)
    with reopened(folder, Catalogue()) as engine:
        alone = verify(engine)

    killed: list[int | None] = []
    together = spread_out(folder, killer(when, many, killed), store, weight)

    assert killed
    assert together == alone
    assert [one.code for one in together.findings] == ["standing_differs"]
    assert active_children() == []


def test_a_process_that_dies_over_a_school_leaves_it_to_the_one_that_asked(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lifecycle")

    assert spread_out(folder, lambda count: None, Fatal).ok
    assert caplog.messages == ["verification_process_lost"]
    assert active_children() == []


def test_of_a_process_that_was_stopped_it_is_said_that_it_is_waited_for(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lifecycle")
    stopped: list[int] = []
    told: list[Sequence[int]] = []

    def stop(count: int) -> None:
        if count == -1:
            stopped.extend(one.pid or 0 for one in active_children())
            for number in stopped:
                os.kill(number, signal.SIGSTOP)

    def waits(numbers: Sequence[int]) -> None:
        told.append(numbers)
        for number in numbers:
            os.kill(number, signal.SIGKILL)

    report = spread_out(folder, stop, waits=waits, quiet=0.3)

    assert report.ok
    assert [one for numbers in told for one in numbers] == sorted(stopped)
    assert caplog.messages.count("verification_process_silent") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_who_asked_ends_at_once_and_takes_the_others_along(
    folder: Path, number: signal.Signals
) -> None:
    code = f"from tests.audit.test_spans_lost import ask; ask({str(folder)!r})"
    asking = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with asking:
        assert asking.stdout is not None
        others = [int(one) for one in asking.stdout.readline().split()]
        hearing = [one for one in others if _hears_ctrl_c(one)]
        began = time.monotonic()
        # The terminal sends Ctrl-C to all of them, whoever kills sends it to the one.
        (os.killpg if number == signal.SIGINT else os.kill)(asking.pid, number)
        err = asking.communicate()[1]

    while any(map(_lives, others)) and time.monotonic() - began < 20:
        time.sleep(0.05)

    assert len(others) == 2, err
    assert hearing == []  # Else each would tell of the interruption in its own words.
    assert [one for one in others if _lives(one)] == []
    assert time.monotonic() - began < 20
    assert err.count("Traceback") == (number == signal.SIGINT)


def ask(folder: str) -> None:
    """Verify in two processes that take a minute, having said their numbers."""

    def tell(count: int) -> None:
        if count == -1:
            sys.stdout.write(" ".join(str(one.pid) for one in active_children()) + "\n")
            sys.stdout.flush()

    spread_out(Path(folder), tell, Slow)


def _hears_ctrl_c(number: int) -> bool:
    try:
        status = Path(f"/proc/{number}/status").read_text("utf-8")
    except OSError:
        return False
    blocked = next(line for line in status.splitlines() if line.startswith("SigBlk:"))
    return not int(blocked.split()[1], 16) >> (signal.SIGINT - 1) & 1


def _lives(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
