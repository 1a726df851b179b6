"""Killing a process anywhere in its work: children of this one, each ended a little later."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

Work = Callable[[], object]


def killed_anywhere(work: Work, rounds: int, prepare: Work = lambda: None) -> Iterator[int]:
    """Do *work* in child after child and kill each, evenly spread over all calls it makes.

    The work is done once to its end before, to count them.

    Args:
        work: What is killed; done in a process of its own each time.
        rounds: How many children are killed.
        prepare: Done here before each child begins.

    Yields:
        At which call a child was killed, after each.
    """
    prepare()
    calls = _counted(work)
    for number in range(1, rounds + 1):
        prepare()
        last = calls * number // (rounds + 1)
        child = os.fork()
        if child == 0:
            _in_child(work, last)
        _, status = os.waitpid(child, 0)
        # A run may be a little shorter than the one that was counted, but most are killed.
        assert os.WIFSIGNALED(status) or number == rounds, f"call {last} of {calls} did not come"
        yield last


def _counted(work: Work) -> int:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            calls = _hooked(work, sys.maxsize)
            os.write(write, str(calls).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file:
        told = file.read()
    os.waitpid(child, 0)
    assert told, "the work failed before anybody was killed"
    return int(told)


def _in_child(work: Work, last: int) -> None:
    try:
        _hooked(work, last)
    finally:
        os._exit(0)


def _hooked(work: Work, last: int) -> int:
    calls = 0

    def hook(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls >= last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(hook)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls
