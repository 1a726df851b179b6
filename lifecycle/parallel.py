"""Verification in several processes: each checks spans of schools on a view of its own.

New processes are started, none is forked: a fork would take open connections and threads along.
The grounds are found once and handed over. A process whose view is not of the same state, because
somebody wrote meanwhile, or that fails at a span, leaves it to the process that asked. One that
comes to another history, or to another file, by the same address ends the verification.

A process may also be killed at any moment, as by a machine that is out of memory. So each has a
connection of its own and shares no queue and no lock with others: what it held would stay held.
Its end ends the connection, and its span is left to the process that asked as well. One that is
only stopped may go on at any moment, so it is waited for, and that is said.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from typing import Any, Final, Self

from lifecycle import events
from lifecycle.audit.checking import Checking, Progress
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.schools import Outcome, check_all, check_schools
from lifecycle.audit.spelling import Parser
from lifecycle.domain.errors import LifecycleError, StorageFailed
from lifecycle.domain.evidence import EvidenceStore
from lifecycle.domain.messages import Message
from lifecycle.domain.ports import Auditing, Journal
from lifecycle.domain.spans import Span
from lifecycle.logs import event

LARGE: Final = 50_000
"""Records from which on other processes are worth their start, if nothing else is asked for."""

QUIET: Final = 30.0
"""Seconds without an answer, after which it is said whom verification waits for."""

Waits = Callable[[Sequence[int]], None]
"""Called with the numbers of processes that have answered nothing for so long."""

_TO_END: Final = 10.0  # seconds in which a process without work closes its view
_BETWEEN_COLLECTIONS: Final = 50_000  # objects; a batch of rows alone is five hundred
# What runs under way found garbage to be collected by; the first of it is restored by the last.
_thresholds: list[tuple[int, int, int]] = []
_collecting: Final = threading.Lock()


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
        waits: Told whom is waited for.
        quiet: After how many seconds without an answer.
    """

    def __init__(
        self,
        journal: Journal,
        view: Auditing,
        evidence: EvidenceStore,
        workers: int | None,
        progress: Progress,
        waits: Waits = lambda numbers: None,
        quiet: float = QUIET,
    ) -> None:
        self._waits = waits
        self._quiet = quiet
        self._journal = journal
        self._view = view
        self._evidence = evidence
        self._workers = workers
        self._progress = progress
        self._records = 0
        self._crew: _Crew | None = None

    def __enter__(self) -> Self:
        with _collecting:
            _thresholds.append(gc.get_threshold())
            if 0 < _thresholds[0][0] < _BETWEEN_COLLECTIONS:
                gc.set_threshold(_BETWEEN_COLLECTIONS)
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        try:
            if self._crew is not None:
                self._crew.end(at_once=kind is not None)
        finally:
            with _collecting:
                if len(_thresholds) == 1:
                    gc.set_threshold(*_thresholds[0])
                _thresholds.pop()

    def __call__(self, run: Checking, spans: Sequence[Span]) -> Iterable[Outcome]:
        """Begin to check *spans*, and return what they come to, in order."""
        task, workers = self._task(run), self._count()
        if workers == 1 or task is None:
            return check_all(self._view, run, spans)
        self._records = run.records
        self._crew = _Crew(task, spans, self._done)
        self._crew.begin(min(workers, len(spans)))
        return self._outcomes(run, self._crew)

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

    def _done(self, outcome: Outcome) -> None:
        self._records += outcome.records
        self._progress(self._records)

    def _outcomes(self, run: Checking, crew: _Crew) -> Iterator[Outcome]:
        for span, future in crew.work:
            outcome = crew.awaited(future, self._quiet, self._waits)
            if crew.astray is not None:
                found = {"found": crew.astray, "expected": self._view.mark()[0]}
                detail = Message(
                    "by the same address another process came to {found}, not to {expected}", found
                )
                raise StorageFailed(detail=detail)
            yield check_schools(run, self._view, span) if outcome is None else outcome


class _Crew:
    """Other processes at work, each followed by a thread of this one.

    Args:
        task: What they need.
        spans: What is to be checked.
        done: Called with what each span came to, by one thread at a time.
    """

    def __init__(self, task: Task, spans: Sequence[Span], done: Callable[[Outcome], None]) -> None:
        self.work: Final = [(span, Future[Outcome | None]()) for span in spans]
        self._task = task
        self._done = done
        self._left: SimpleQueue[tuple[Span, Future[Outcome | None]]] = SimpleQueue()
        for one in self.work:
            self._left.put(one)
        self._processes: list[SpawnProcess] = []
        self._threads: list[threading.Thread] = []
        self._asked: dict[int, float] = {}  # since when an answer is waited for, by process
        self.astray: str | None = None  # where a process came that is elsewhere
        self._handing_out = 1
        self._lock = threading.Lock()

    def begin(self, workers: int) -> None:
        """Start *workers* processes, or as many as the machine will, and hand out the work."""
        try:
            for _ in range(workers):
                self._start()
        except OSError as error:  # No memory or no number for one more process.
            event(events.VERIFICATION_PROCESS_REFUSED, why=str(error))
        self._ended()

    def awaited(self, future: Future[Outcome | None], quiet: float, waits: Waits) -> Outcome | None:
        """Return what a span came to, telling meanwhile whom is waited for, each of them once."""
        told: set[int] = set()
        while True:
            try:
                return future.result(quiet)
            except TimeoutError:
                before = time.monotonic() - quiet
                with self._lock:
                    silent = {one for one, since in self._asked.items() if since <= before}
                if silent - told:
                    for one in sorted(silent - told):
                        event(events.VERIFICATION_PROCESS_SILENT, pid=one)
                    waits(sorted(silent))
                    told |= silent

    def end(self, *, at_once: bool) -> None:
        """Wait for the processes, which end when no work is left, or end them *at once*."""
        for process in self._processes:
            if not at_once:
                process.join(_TO_END)
            process.kill()
            process.join()
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        # Nobody else keeps that end: it closes when the process ends, in whatever way.
        with theirs, _uninterrupted():
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            self._processes.append(process)
        with self._lock:
            self._handing_out += 1
        thread = threading.Thread(target=self._follow, args=(ours, process.pid), daemon=True)
        thread.start()
        self._threads.append(thread)

    def _follow(self, ours: Connection, number: int | None) -> None:
        def answered(asked: object) -> Any:
            with self._lock:
                self._asked[number or 0] = time.monotonic()
            ours.send(asked)
            return ours.recv()

        try:
            with ours:
                ready = answered(self._task)
                if isinstance(ready, str):
                    self.astray, ready = ready, False
                while ready:
                    self._next(answered)
                    ready = ours.recv()
        except Empty:
            pass  # The process ends with the connection.
        except (EOFError, OSError):
            event(events.VERIFICATION_PROCESS_LOST, pid=number)
        finally:
            with self._lock:
                self._asked.pop(number or 0, None)
            self._ended()

    def _ended(self) -> None:
        """Leave what is left to the process that asked, if no other one will take it."""
        with self._lock:
            self._handing_out -= 1
            alone = self._handing_out == 0
        while alone and not self._left.empty():
            self._left.get()[1].set_result(None)

    def _next(self, answered: Callable[[object], Any]) -> None:
        """Have one more span checked.

        Raises:
            Empty: None is left.
            EOFError, OSError: The process has ended; its span is left to the one that asked.
        """
        span, future = self._left.get_nowait()
        outcome: Outcome | None = None
        try:
            outcome = answered(span)
        finally:
            future.set_result(outcome)
        if outcome is not None:
            with self._lock:
                self._done(outcome)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start a process that Ctrl-C does not reach: who asked is interrupted, and ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield  # Windows: a process that is interrupted while it starts says so itself.
        return
    from multiprocessing import resource_tracker

    # It comes with the first process, and would let the signal through while it is started.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(asked: Connection) -> None:
    """Check spans for the process that asked until it has no more, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    with asked, ExitStack() as opened:
        try:
            task: Task = asked.recv()
            ready = _opened(task, opened)
            while ready is not None:
                asked.send(True)
                asked.send(_check(*ready, asked.recv()))
            asked.send(False)
        except _Astray as error:
            asked.send(str(error))
        except (EOFError, OSError):
            pass


class _Astray(Exception):
    """This process came to another history than the one that asked, or to another file."""


def _leave_with_parent() -> None:
    """End this process when the one that asked was killed; nothing is written here."""
    asking = parent_process()
    if asking is not None:
        asking.join()
        os._exit(1)


def _opened(task: Task, end: ExitStack) -> tuple[Checking, Auditing] | None:
    """Return what spans are checked with, unless this process sees another state.

    Raises:
        _Astray: It is the state of something else.
    """
    try:
        journal = task.journal()
        end.callback(journal.close)
        view = end.enter_context(journal.auditing())
        found = view.mark()
        if found[0] != task.mark[0]:
            raise _Astray(found[0])
        if found != task.mark:
            return None
    except LifecycleError:
        return None
    # This process does nothing else: what is there stays, and is not to be walked for garbage
    # again and again, which costs a tenth of the time.
    gc.freeze()
    gc.set_threshold(_BETWEEN_COLLECTIONS)
    return Checking(task.evidence, task.grounds, lambda done: None, task.parser, task.since), view


def _check(run: Checking, view: Auditing, span: Span) -> Outcome | None:
    try:
        return check_schools(run, view, span)
    except (LifecycleError, MemoryError):
        return None


def fast_parser() -> Parser:
    """Return the parser that verification reads bodies with first."""
    import orjson

    return Parser(orjson.loads, _sorted)


def _sorted(value: Any) -> bytes:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
