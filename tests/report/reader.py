"""A person before the report: what he presses, and what he sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.report.chromium import Page

SHOWN = "[...document.querySelectorAll('#schools > li:not([hidden])')]"
KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34}


@dataclass
class Reader:
    """A person with a keyboard before the open report.

    Args:
        page: The tab.
        path: The file that is open in it.
    """

    page: Page
    path: Path

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.press(key, KEYS[key])

    def focus(self, selector: str) -> None:
        self.page.ask(f"document.querySelector({selector!r}).focus()")

    def click(self, selector: str) -> None:
        self.page.ask(f"document.querySelector({selector!r}).click()")

    def text(self, selector: str) -> str:
        found: str = self.page.ask(f"document.querySelector({selector!r}).innerText")
        return found

    def board(self) -> list[dict[str, str]]:
        """Return the rows that are shown, as the page tells them."""
        rows: list[dict[str, str]] = self.page.ask(f"{SHOWN}.map((row) => ({{...row.dataset}}))")
        return rows

    def schools(self) -> list[str]:
        return [row["school"] for row in self.board()]

    def open_history(self, school: str) -> None:
        """Open the history of a school, and wait until it is there."""
        self.click(f"[data-school={school}] summary")
        self.page.wait(f"document.querySelector('[data-school={school}] .record') !== null")
