"""Ctrl-C while the program waits inside a library that does not listen, such as for a lock."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

GRACE: Final = 1.0
"""Seconds in which the command may still end by itself."""


@contextmanager
def heard(end: Callable[[], int]) -> Iterator[Callable[[], None]]:
    """Let an interruption end the process, even if the interpreter cannot act on it.

    The interpreter acts on a signal between its own steps, so not while SQLite waits for a
    lock. Another thread listens, too, and ends the process if the command has not ended in time;
    that is safe, because a process may be killed at any point.

    Args:
        end: Tells the user about the interruption and returns the exit code.

    Yields:
        What the command calls when it has ended by itself.
    """
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    ended = threading.Event()

    def listen() -> None:
        while (said := ours.recv(1)) and said[0] != signal.SIGINT:
            pass
        if said and not ended.wait(GRACE):
            os._exit(end())

    try:
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    except ValueError:  # a host runs the program in a thread: its signals are its own
        before = None
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield ended.set
    finally:
        ended.set()
        if before is not None:
            signal.set_wakeup_fd(before)
        theirs.close()
        listener.join()
        ours.close()
