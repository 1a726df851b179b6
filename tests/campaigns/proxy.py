"""Stands between an engine and a server of PostgreSQL, and cuts the line at the n-th message.

It reads as much of the protocol as it needs to count: a message is a letter, its length and its
content (https://www.postgresql.org/docs/18/protocol-message-formats.html).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

_SOCKET = ".s.PGSQL.5432"
_HEAD = 5  # a letter, and a length that counts itself
_COMMIT = b"COMMIT\x00"
_TAKEN = 1 << 16

Side = Literal["asked", "answered"]
"""Who sends a message: the engine asks, the server answers."""


class Proxy:
    """Use it as a context manager: it listens on a socket in *folder* meanwhile.

    Args:
        server: Folder of the server's socket.
        folder: Where its own lies.
    """

    def __init__(self, server: Path, folder: Path) -> None:
        self.cuts = 0
        self.seen = {"asked": 0, "answered": 0}
        self._server, self._folder = server / _SOCKET, folder / _SOCKET
        self._listening = socket.socket(socket.AF_UNIX)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._lines: set[socket.socket] = set()
        self._side: Side = "asked"
        self._number = 0
        self._lasting = self._counting = self._commits = False
        self._unheard: socket.socket | None = None
        self._done = True

    def __enter__(self) -> Proxy:
        self._listening.bind(str(self._folder))
        self._listening.listen()
        self._begin(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for line in list(self._lines):
            _end(line)
        for thread in self._threads:
            thread.join()

    def arm(self, side: Side, number: int, *, lasting: bool) -> None:
        """Count messages from now on, and cut the line instead of passing the *number*-th one.

        Args:
            side: Whose messages are counted.
            number: Which one, from 1; none if 0.
            lasting: Whether no line is let through afterwards.
        """
        with self._lock:
            self._side, self._number, self._lasting = side, number, lasting
            self.cuts = 0
            self.seen = {"asked": 0, "answered": 0}
            self._counting, self._commits = True, False

    def mute(self, number: int, *, lasting: bool, done: bool = True) -> None:
        """Let the *number*-th commit from now on be done, and cut the line instead of its answer.

        Args:
            number: Which one, from 1, whoever asks for it.
            done: Otherwise the line is cut before it.
            lasting: Whether no line is let through afterwards.
        """
        self.arm("asked", number, lasting=lasting)
        with self._lock:
            self._commits, self._unheard, self._done = True, None, done

    def disarm(self) -> None:
        """Pass everything from now on."""
        with self._lock:
            self._counting = False

    @property
    def lines(self) -> int:
        """How many connections are open."""
        return len(self._lines) // 2

    def _begin(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                engine, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self._server))
            except OSError:
                engine.close()
                continue
            self._lines |= {engine, server}
            self._begin(self._pass, engine, server, "asked")
            self._begin(self._pass, server, engine, "answered")

    def _pass(self, source: socket.socket, target: socket.socket, side: Side) -> None:
        try:
            for message in _messages(source, started=side == "answered"):
                engine = source if side == "asked" else target
                if self._strikes(side, message, engine):
                    break
                target.sendall(message)
        except OSError:
            pass
        finally:
            _end(target)
            _end(source)
            self._lines -= {source}
            source.close()

    def _strikes(self, side: Side, message: bytes, engine: socket.socket) -> bool:
        with self._lock:
            if not self._counting:
                return False
            if self._commits and not self.cuts:
                return self._mutes(side, message, engine)
            self.seen[side] += 1
            if self.cuts:
                return self._lasting
            if side == self._side and self.seen[side] == self._number:
                self.cuts += 1
                return True
            return False

    def _mutes(self, side: Side, message: bytes, engine: socket.socket) -> bool:
        if side == "asked" and _COMMIT in message:
            self.seen[side] += 1
            if self.seen[side] == self._number:
                self._unheard = engine
        if engine is self._unheard and (side == "answered" or not self._done):
            self.cuts += 1
        return bool(self.cuts)


def _messages(source: socket.socket, *, started: bool) -> Iterator[bytes]:
    """Yield what is sent, message by message; the first of an engine's has no letter."""
    held = b""
    while taken := source.recv(_TAKEN):
        held += taken
        while True:
            head = _HEAD if started else _HEAD - 1
            if len(held) < head:
                break
            size = int.from_bytes(held[head - 4 : head], "big") + head - 4
            if len(held) < size:
                break
            yield held[:size]
            held, started = held[size:], True


def _end(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
