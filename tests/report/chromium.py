"""A real Chromium without a window, spoken to over two pipes in its DevTools protocol.

See https://chromedevtools.github.io/devtools-protocol: JSON messages with a zero byte after each.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
MISSING = """no Chromium was found, and without one nobody knows that the report works.
  Debian, as root: sh .ci/browser      Fedora: dnf install chromium
  macOS: brew install --cask chromium  Or name one: CHROMIUM=/path/to/chrome make test"""
PATIENCE = 60  # seconds for one answer: a browser that hangs must fail the test

# The browser reads commands from file 3 and answers on file 4.
_WITH_PIPES = """
import fcntl, os, sys
taken = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]]
for place, one in enumerate(taken, 3):
    os.dup2(one, place)
os.execv(sys.argv[3], sys.argv[3:])
"""
# Nothing of its own on the network, and nothing that a container lacks.
_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
)


class BrowserFailed(Exception):
    """The browser, or the page in it, did not do what it was told."""


def find() -> str | None:
    """Return the path of a browser: the one that CHROMIUM names, or one that is installed."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [*map(shutil.which, NAMES), *PLACES]
    return next((one for one in found if one is not None and Path(one).exists()), None)


@dataclass
class Page:
    """One tab.

    Args:
        pipe_in: Where commands go.
        pipe_out: Where answers come from.
    """

    pipe_in: int
    pipe_out: int
    session: str | None = None
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _last: int = 0
    _rest: bytes = b""

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and return its result; what happens meanwhile is kept."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.pipe_in, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._next(until)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise BrowserFailed(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._keep(answer)

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self.pipe_out], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(self.pipe_out, 1 << 16) if ready else b""
            if not piece:
                raise BrowserFailed("it ended" if ready else "it does not answer")
            self._rest += piece
        whole, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(whole)
        return message

    def _keep(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])

    def attach(self) -> None:
        """Begin with the browser's first tab, and listen to all that it asks for and says."""
        targets = self.send("Target.getTargets")["targetInfos"]
        (tab,) = [one["targetId"] for one in targets if one["type"] == "page"]
        attached = self.send("Target.attachToTarget", targetId=tab, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.send(f"{domain}.enable")

    def open(self, path: Path, *, width: int = 1280, height: int = 1000) -> None:
        """Open a file in a window of that size, and wait until the page says that it is ready."""
        self.size(width, height)
        self.requests.clear()
        self.complaints.clear()
        self.send("Page.navigate", url=path.as_uri())
        self.wait("document.documentElement?.dataset.ready !== undefined")

    def size(self, width: int, height: int) -> None:
        """Give the window another size in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def scheme(self, name: str) -> None:
        """Let the page believe that the reader likes it ``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.send("Emulation.setEmulatedMedia", features=[feature])

    def ask(self, expression: str) -> Any:
        """Return what a JavaScript expression comes to, as JSON values."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserFailed(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until a JavaScript expression is true."""
        until = time.monotonic() + PATIENCE
        while not self.ask(expression):
            if time.monotonic() > until:
                raise BrowserFailed(f"never came true: {expression}; {self.complaints}")
            time.sleep(0.02)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key, as a keyboard does it.

        Args:
            key: Its name, such as ``ArrowLeft``.
            code: Its number on Windows, which pages may look at.
            text: What it types, if anything.
        """
        stroke = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {**stroke, "text": text} if text else stroke
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **stroke)

    def type(self, text: str) -> None:
        """Type text into what has the focus."""
        self.send("Input.insertText", text=text)

    def tree(self) -> list[dict[str, Any]]:
        """Return what a screen reader is told: role, name and properties of every node."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        return [one for one in nodes if not one["ignored"]]

    def pdf(self) -> bytes:
        """Return what the page prints."""
        printed = self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])

    def picture(self, path: Path) -> None:
        """Write a picture of the window."""
        taken = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(taken["data"]))


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[Page]:
    """Start a browser with an empty profile, and end it with all its processes.

    Raises:
        BrowserFailed: There is none, or it does not start.
    """
    path = find()
    if path is None:
        raise BrowserFailed(MISSING)
    (reads, commands), (answers, writes) = os.pipe(), os.pipe()
    arguments = (path, *_FLAGS, f"--user-data-dir={profile}", "about:blank")
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_PIPES, str(reads), str(writes), *arguments],
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(reads)
    os.close(writes)
    try:
        page = Page(commands, answers)
        page.attach()
        yield page
        page.session = None
        page.send("Browser.close")
    finally:
        os.close(commands)
        os.close(answers)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
