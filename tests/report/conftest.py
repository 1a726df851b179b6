"""A browser for all tests of the report, and the report open in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifecycle import Lifecycle
from lifecycle.workflows.catalogue import Catalogue
from tests.report.chromium import Page, chromium
from tests.report.examples import district, report_of
from tests.report.reader import Reader


@pytest.fixture(scope="session")
def led(catalogue: Catalogue) -> Lifecycle:
    return district(catalogue)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def reader(browser: Page, led: Lifecycle, tmp_path: Path) -> Iterator[Reader]:
    """The report, just opened; whatever a test does, the page complains of nothing."""
    path = tmp_path / "audit.html"
    path.write_bytes(report_of(led).content)
    browser.scheme("light")
    browser.open(path)
    yield Reader(browser, path)
    asked = [one for one in browser.requests if not one.startswith("data:")]
    assert asked == [path.as_uri()]
    assert browser.complaints == []
