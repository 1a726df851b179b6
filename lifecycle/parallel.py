"""Verification in several processes: each checks spans of schools on a view of its own.

New processes are started, none is forked: a fork would take open connections and threads along.
The grounds are found once and handed over. A process whose view is not of the same state, because
somebody wrote meanwhile, or that fails at a span, leaves it to the process that asked.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Final, Self

from lifecycle.audit.checking import Checking, Progress
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.schools import Outcome, check_all, check_schools
from lifecycle.audit.spelling import Parser
from lifecycle.domain.errors import LifecycleError
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.ports import Auditing, Journal
from lifecycle.domain.spans import Span

LARGE: Final = 50_000
"""Records from which on other processes are worth their start, if nothing else is asked for."""

_BETWEEN_COLLECTIONS: Final = 50_000  # objects; a batch of rows alone is five hundred


def cores() -> int:
    """Return how many processes can run at once."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not tell.
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Task:
    """What another process needs; all of it can be sent there.

    Args:
        journal: Opens the history.
        evidence: The evidence store.
        grounds: What decisions may rest on.
        parser: Reads bodies for the screen.
        since: Leaves of the log that were verified before.
        mark: Of the state that is verified.
    """

    journal: Callable[[], Journal]
    evidence: EvidenceStore
    grounds: Grounds
    parser: Parser
    since: int
    mark: tuple[Any, ...]

    @property
    def is_portable(self) -> bool:
        """Whether it can be sent; guards of a host may live in its process only."""
        try:
            pickle.dumps(self)
        except (AttributeError, TypeError, pickle.PicklingError):
            return False
        return True


class Spread:
    """Checks the schools of one view in several processes; use it as a context manager.

    Args:
        journal: Where the view is of.
        view: What is verified.
        evidence: The evidence store.
        workers: How many processes; ``None`` for what suits the size and the machine.
        progress: Called with the number of records read, now and then.
    """

    def __init__(
        self,
        journal: Journal,
        view: Auditing,
        evidence: EvidenceStore,
        workers: int | None,
        progress: Progress,
    ) -> None:
        self._journal = journal
        self._view = view
        self._evidence = evidence
        self._workers = workers
        self._progress = progress
        self._records = 0
        self._end = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._end.close()

    def __call__(self, run: Checking, spans: Sequence[Span]) -> Iterable[Outcome]:
        """Begin to check *spans*, and return what they come to, in order."""
        task, workers = self._task(run), self._count()
        if workers == 1 or task is None:
            return check_all(self._view, run, spans)
        self._records = run.records
        pool = ProcessPoolExecutor(
            min(workers, len(spans)), get_context("spawn"), initializer=_begin, initargs=(task,)
        )
        self._end.callback(pool.shutdown, cancel_futures=True)
        futures = [self._submitted(pool, span) for span in spans]
        return self._outcomes(run, spans, futures)

    def _task(self, run: Checking) -> Task | None:
        opener = self._journal.elsewhere()
        if opener is None:
            return None
        task = Task(opener, self._evidence, run.grounds, run.parser, run.since, self._view.mark())
        return task if task.is_portable else None

    def _count(self) -> int:
        if self._workers is not None:
            return self._workers
        return cores() if sum(size for _, size in self._view.sizes()) >= LARGE else 1

    def _submitted(self, pool: ProcessPoolExecutor, span: Span) -> Future[Outcome | None]:
        future = pool.submit(_check, span)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: Future[Outcome | None]) -> None:
        if not future.cancelled() and future.exception() is None:
            outcome = future.result()
            self._records += outcome.records if outcome else 0
            self._progress(self._records)

    def _outcomes(
        self, run: Checking, spans: Sequence[Span], futures: Sequence[Future[Outcome | None]]
    ) -> Iterator[Outcome]:
        for span, future in zip(spans, futures, strict=True):
            outcome = future.result()
            yield check_schools(run, self._view, span) if outcome is None else outcome


_run: Checking | None = None
_view: Auditing | None = None
_open: Final = ExitStack()


def _begin(task: Task) -> None:
    """Make this process ready; where that fails, it leaves every span to the other one."""
    global _run, _view
    # Whoever asked is interrupted, and ends this process in its own way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        journal = task.journal()
        _open.callback(journal.close)
        view = _open.enter_context(journal.auditing())
        same = view.mark() == task.mark
    except LifecycleError:
        return
    if same:
        # This process does nothing else: what is there stays, and is not to be walked for garbage
        # again and again, which costs a tenth of the time.
        gc.freeze()
        gc.set_threshold(_BETWEEN_COLLECTIONS)
        atexit.register(_open.close)
        _view = view
        _run = Checking(task.evidence, task.grounds, lambda done: None, task.parser, task.since)


def _check(span: Span) -> Outcome | None:
    if _run is None or _view is None:
        return None
    try:
        return check_schools(_run, _view, span)
    except LifecycleError:
        return None


def fast_parser() -> Parser:
    """Return the parser that verification reads bodies with first."""
    import orjson

    return Parser(orjson.loads, _sorted)


def _sorted(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
