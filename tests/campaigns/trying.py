"""A plugin of pytest that tries mutants: one baseline run, then a child for each of them."""

from __future__ import annotations

import gc
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Protocol, TextIO

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.campaigns.mutating import ROOT, Mutant, functions, install

_SLOWEST = 5  # seconds of processor time; what takes longer is no test for thousands of mutants
_MEMORY = 8 << 30  # bytes: a mutant that collects without end must not stop the machine


class Told(Protocol):
    """Is told what became of mutants."""

    def begin(self, module: str, tests: int) -> None: ...

    def add(self, module: str, mutant: Mutant, noticed: bool) -> None: ...


class Trial:
    """Takes the place of pytest's loop.

    Args:
        plan: Name of a module: its path, the files of tests that were chosen for it, and the
            mutants to be tried.
        told: Is told what became of each.
        err: Where it is said that the tests fail without a mutant.
        patience: Seconds of processor time that the tests of one mutant may take, by what they
            took without it; those that come after are left out, and it counts as survived.
    """

    def __init__(
        self,
        plan: Mapping[str, tuple[str, Sequence[str], Sequence[Mutant]]],
        told: Told,
        err: TextIO,
        patience: float,
    ) -> None:
        self.ended = False
        self._patience = patience
        self._plan, self._told, self._err = plan, told, err
        self._costs: dict[str, float] = {}
        self._found: dict[str, int] = {}
        self._breadth: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant, if the tests pass without one."""
        if session.testsfailed or not session.items:
            return True
        paths = [path for path, _, _ in self._plan.values()]
        touched = self._baseline(session.items, paths)
        if touched is None:
            return True
        items = {one.nodeid: one for one in session.items if self._costs[one.nodeid] < _SLOWEST}
        alive = functions(paths)
        gc.freeze()  # children share these pages
        for module, (path, files, mutants) in self._plan.items():
            lines = touched[path]
            tests = {name for names in lines.values() for name in names if name in items}
            own = tests | {name for name, one in items.items() if str(one.path) in files}
            self._breadth = Counter(name for names in lines.values() for name in names)
            self._told.begin(module, len(tests))
            some = self._within_patience(sorted(tests, key=self._worth))
            if not self._passes_alone([items[one] for one in some], session):
                print(f"{module}: its tests fail in a child without a mutant", file=self._err)
                self._err.flush()
                return True
            for mutant in mutants:
                near = {one for line in mutant.lines for one in lines.get(line, ())} & tests
                # What no test runs is done when the module is loaded, and any test may notice.
                anew = not (mutant.inside and near)
                names = self._within_patience(sorted(own if anew else near, key=self._worth))
                change = partial(install, mutant, alive, anew=anew)
                at = _tried(session, [items[one] for one in names], self._costs, change)
                if 0 <= at < len(names):
                    self._found[names[at]] = self._found.get(names[at], 0) + 1
                self._told.add(module, mutant, at < len(names))
        self.ended = True
        return True

    def _worth(self, name: str) -> tuple[float, str]:
        """Sort tests: cheap ones first, those of little of the module, those that found much."""
        cost = self._costs[name] * self._breadth[name]
        return cost / (1 + self._found.get(name, 0)), name

    def _within_patience(self, names: list[str]) -> list[str]:
        spent = accumulate(self._costs[name] for name in names)
        return names[: max(1, sum(one <= self._patience for one in spent))]

    def _passes_alone(self, items: list[pytest.Item], session: pytest.Session) -> bool:
        at = _tried(session, items, self._costs, lambda: None)
        if at < len(items):
            print(items[at].nodeid if at >= 0 else "before any test", file=self._err)
        return at == len(items)

    def _baseline(
        self, items: list[pytest.Item], paths: list[str]
    ) -> dict[str, dict[int, list[str]]] | None:
        """Run all tests; return the tests that touch each line of each module."""
        files = {path: str(ROOT / path) for path in paths}
        watch = coverage.Coverage(data_file=None, include=[*files.values()], config_file=False)
        watch.start()
        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            watch.switch_context(item.nodeid)
            begin = time.process_time()
            # The session's fixtures have to outlast the last test, so there is always a next one.
            reports = runtestprotocol(item, log=False, nextitem=following)
            self._costs[item.nodeid] = time.process_time() - begin
            failed = [one.longreprtext for one in reports if one.failed]
            if failed:
                print(f"fails without a mutant: {item.nodeid}\n{failed[0]}", file=self._err)
                self._err.flush()
                return None
        watch.stop()
        data = watch.get_data()
        return {path: data.contexts_by_lineno(file) for path, file in files.items()}


def _tried(
    session: pytest.Session,
    items: list[pytest.Item],
    costs: Mapping[str, float],
    change: Callable[[], None],
) -> int:
    """Return the index of the first test that fails in a child with a change.

    -1 if the change could not even be made; the number of tests if all of them pass.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _try(session, items, costs, change, writing)
        finally:  # nothing of the parent's must end twice
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        passed = len(pipe.read())  # one byte for the change, one for every test that passed
    os.waitpid(child, 0)
    return passed - 1


def _try(
    session: pytest.Session,
    items: list[pytest.Item],
    costs: Mapping[str, float],
    change: Callable[[], None],
    writing: int,
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, 5)
    change()
    os.write(writing, b".")
    if items:
        session._setupstate.teardown_exact(items[0])
    for item, following in zip(items, [*items[1:], None], strict=True):
        # Ends the child if the test takes far more of the processor than it did: a loop, mostly.
        signal.setitimer(signal.ITIMER_PROF, 0.5 + 5 * costs[item.nodeid])
        reports = runtestprotocol(item, log=False, nextitem=following or item)
        if any(one.failed for one in reports):
            return
        os.write(writing, b".")
