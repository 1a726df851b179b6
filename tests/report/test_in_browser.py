"""The report in a real Chromium: the board at any moment, keyboard, search, language, paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from lifecycle import Lifecycle
from lifecycle.service.results import StatusRow
from lifecycle.workflows.catalogue import Catalogue
from tests.report.chromium import BrowserFailed, Page, chromium
from tests.report.examples import HOSTILE, STAGES, district, report_of

pytestmark = pytest.mark.xdist_group("browser")

SHOWN = "[...document.querySelectorAll('#schools > li:not([hidden])')]"
NOW = "document.querySelector('#now time').dateTime"
KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34}


@pytest.fixture(scope="module")
def led(catalogue: Catalogue) -> Lifecycle:
    return district(catalogue)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


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


def told(rows: list[StatusRow]) -> list[dict[str, str]]:
    """Return the engine's rows in the words of the page, sorted by school."""

    def day(value: date | None) -> str:
        return "" if value is None else value.isoformat()

    return sorted(
        (
            {
                "school": row.standing.school,
                "state": row.standing.state,
                "since": day(row.standing.entered_on),
                "due": day(row.standing.due_on),
                "overdue": "" if row.days_overdue is None else str(row.days_overdue),
                "version": str(row.standing.version),
            }
            for row in rows
        ),
        key=lambda row: row["school"],
    )


def test_by_recorded_time_the_board_is_that_of_the_engine_at_every_stop(
    reader: Reader, led: Lifecycle
) -> None:
    reader.focus("#slider")
    reader.press("Home")
    stops = int(reader.page.ask("document.getElementById('slider').max"))
    moments = []
    for _ in range(stops + 1):
        moments.append(datetime.fromisoformat(reader.page.ask(NOW)))
        assert reader.board() == told(led.board(at=moments[-1]))
        reader.press("ArrowRight")

    assert moments == sorted(set(moments))
    assert len(moments) > 30
    recorded = {one.recorded_at for school in STAGES for one in led.history(school)}
    assert recorded < set(moments)


def test_by_effective_date_the_board_is_that_of_the_engine_at_every_stop(
    reader: Reader, led: Lifecycle
) -> None:
    reader.focus("[name=axis]")
    reader.press("ArrowRight")
    reader.focus("#slider")
    reader.press("Home")
    days = []
    for _ in range(int(reader.page.ask("document.getElementById('slider').max")) + 1):
        days.append(date.fromisoformat(reader.page.ask(NOW)))
        assert reader.board() == told(led.board(on=days[-1]))
        reader.press("ArrowRight")

    assert len(days) > 10
    assert any(row["overdue"] not in ("", "0") for row in reader.board())


def test_a_date_between_two_changes_can_be_asked_for(reader: Reader, led: Lifecycle) -> None:
    reader.page.ask(
        "(() => { const field = document.getElementById('date'); field.value = '2022-03-09';"
        " field.dispatchEvent(new Event('change')); })()"
    )

    assert reader.page.ask(NOW) == "2022-03-09T23:59:59.999999Z"
    moment = datetime.fromisoformat("2022-03-09T23:59:59.999999Z")
    assert reader.board() == told(led.board(at=moment)) != []


def test_the_keyboard_alone_reaches_and_moves_everything(reader: Reader) -> None:
    reached = []
    for _ in range(40):
        reader.page.press("Tab", 9)
        reached.append(
            reader.page.ask("document.activeElement.id || document.activeElement.localName")
        )

    assert {"slider", "play", "date", "search", "late", "summary"} <= set(reached)
    reader.focus("#slider")
    reader.press("Home")
    first = reader.page.ask(NOW)
    reader.press("PageUp")
    assert reader.page.ask(NOW) > first
    reader.press("PageDown")
    assert reader.page.ask(NOW) == first


def test_it_plays_and_pauses_by_the_space_bar(reader: Reader) -> None:
    reader.focus("#slider")
    reader.press("Home")
    first = reader.page.ask(NOW)

    reader.page.press(" ", 32, " ")
    assert reader.page.ask("document.getElementById('play').getAttribute('aria-label')") == "Pause"
    reader.page.wait(f"{NOW} > {first!r}")
    reader.page.press(" ", 32, " ")

    assert reader.page.ask("document.getElementById('play').getAttribute('aria-label')") == "Play"
    assert reader.page.ask("document.body.classList.contains('is-playing')") is False


@pytest.mark.parametrize("wanted", ["omega", "СЕЛА КРАСНОГОРСК beta", "belgorod-2021"])
def test_search_finds_schools_by_their_words(reader: Reader, wanted: str) -> None:
    reader.focus("#search")
    reader.page.type(wanted)

    assert reader.schools() == (["beta"] if "beta" in wanted else ["omega"])
    assert reader.text("#shown") == "1 school shown"


def test_search_finds_hashes_reasons_and_transitions(reader: Reader, led: Lifecycle) -> None:
    reader.focus("#search")
    reader.page.type(led.history("gamma")[-1].hash[:20])
    assert reader.schools() == ["gamma"]

    reader.click("#clear")
    reader.focus("#search")
    reader.page.type("прекратить")
    assert reader.schools() == ["beta"]

    reader.page.type(" no such thing")
    assert reader.schools() == []
    assert reader.text("#nothing").startswith("There is no school here")


def test_filters_narrow_the_board_and_are_cleared(reader: Reader) -> None:
    everyone = reader.schools()
    reader.click("[data-state=completed]")
    assert reader.schools() == ["alpha"]
    pressed = reader.page.ask(
        "document.querySelector('[data-state=completed]').getAttribute('aria-pressed')"
    )
    assert pressed == "true"

    reader.click("#clear")
    assert reader.schools() == everyone == sorted([*STAGES, "omega"])

    reader.click("#late")
    assert {row["school"] for row in reader.board()} == {"gamma", "delta", "omega"}


def test_the_language_changes_everywhere_and_back(reader: Reader) -> None:
    everything = "[...document.querySelectorAll('header, main')].map((one) => one.textContent)"
    english = reader.page.ask(everything)
    reader.click("#schools details summary")
    reader.click("[data-language=ru]")
    russian = reader.page.ask(everything)

    assert reader.page.ask("document.documentElement.lang") == "ru"
    assert reader.page.ask("document.title").startswith("Аудиторский отчёт")
    assert "Что этот файл доказывает и что нет" in russian[0]
    assert "Завершить анкетирование" in russian[1]
    for word in ("Audit", "Search", "overdue", "Evidence", "Record", "since"):
        assert word not in "".join(russian)
    reader.click("#schools details summary")
    reader.click("[data-language=en]")
    assert reader.page.ask(everything) == english


def test_a_history_opens_with_reasons_evidence_and_hashes(reader: Reader, led: Lifecycle) -> None:
    reader.focus("[data-school=beta] summary")
    reader.page.press("Enter", 13, "\r")
    reader.page.wait("document.querySelector('[data-school=beta] .record') !== null")

    told_ = reader.text("[data-school=beta] .history")
    history = led.history("beta")
    for record in history:
        assert record.hash in told_
        assert record.actor.id in told_
    withdrawn = history[-1]
    assert withdrawn.reason is not None
    assert withdrawn.reason in told_
    assert str(withdrawn.evidence[0].number) in told_
    assert "days later" in told_


def test_what_is_not_known_yet_is_marked_in_an_open_history(reader: Reader) -> None:
    reader.click("[data-school=alpha] summary")
    reader.page.wait("document.querySelector('[data-school=alpha] .record') !== null")
    assert "not known yet" not in reader.text("[data-school=alpha]")

    reader.focus("#slider")
    reader.press("Home", "ArrowRight")
    marked = "[...document.querySelectorAll('[data-school=alpha] .record')]"

    later = reader.page.ask(f"{marked}.map((one) => one.classList.contains('is-later'))")
    assert later == [False, False] + [True] * (len(later) - 2)
    assert "not known yet" in reader.text("[data-school=alpha]")


def test_a_hostile_title_is_shown_as_it_was_written_and_does_nothing(reader: Reader) -> None:
    assert reader.text("[data-school=delta] h3") == HOSTILE
    assert reader.page.ask("document.querySelectorAll('img, iframe, object').length") == 0


def test_it_is_printed_with_every_history_open(reader: Reader, led: Lifecycle) -> None:
    printed = reader.page.pdf()

    with pdfplumber.open(io.BytesIO(printed)) as document:
        text = "".join(page.extract_text() for page in document.pages)
    for school in (*STAGES, "omega"):
        for record in led.history(school):
            assert record.hash in text
    assert "What was known as of" in text
    assert "What this file proves and what not" in text
    assert reader.page.ask("document.querySelectorAll('#schools details[open]').length") == 0


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(reader: Reader, width: int) -> None:
    reader.page.size(width, 900)
    reader.click("[data-school=alpha] summary")
    reader.page.wait("document.querySelector('[data-school=alpha] .record') !== null")

    assert reader.page.ask("document.documentElement.scrollWidth") <= width


def test_a_screen_reader_is_told_what_everything_is(reader: Reader) -> None:
    reader.click("[data-school=alpha] summary")
    reader.page.wait("document.querySelector('[data-school=alpha] .record') !== null")
    nodes = reader.page.tree()

    def named(role: str) -> list[str]:
        found = [one for one in nodes if one["role"]["value"] == role]
        return [one.get("name", {}).get("value", "") for one in found]

    acted_on = (
        "button",
        "slider",
        "radio",
        "checkbox",
        "searchbox",
        "combobox",
        "DisclosureTriangle",
    )
    for role in acted_on:
        assert named(role) != [], role
        assert all(named(role)), role
    assert named("slider") == ["Moment of the history"]
    assert named("banner") == named("main") == [""]
    assert named("search") == ["Search"]
    assert {"Moment", "States", "Schools"} <= {*named("region"), *named("heading")}
    # The protocol tells the bare number of a native slider; readers are told the moment.
    slider = "document.getElementById('slider')"
    assert reader.page.ask(f"{slider}.ariaValueText").endswith(" UTC")
    assert named("status") != []


def test_the_structure_has_no_faults_that_a_checker_knows(reader: Reader) -> None:
    reader.click("[data-school=alpha] summary")
    reader.page.wait("document.querySelector('[data-school=alpha] .record') !== null")
    found: dict[str, Any] = reader.page.ask(STRUCTURE)

    assert found["twice"] == []
    assert found["unlabelled"] == []
    assert found["dangling"] == []
    levels = found["levels"]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


STRUCTURE = """(() => {
  const all = [...document.querySelectorAll("*")], ids = all.map((one) => one.id).filter(Boolean);
  const fields = [...document.querySelectorAll("input, select, button")];
  const refers = ["aria-labelledby", "aria-describedby", "for"];
  return {
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
    unlabelled: fields.filter((one) => !one.labels?.length && !one.ariaLabel && !one.innerText)
      .map((one) => one.outerHTML),
    dangling: all.flatMap((one) => refers.map((name) => one.getAttribute(name))).filter(Boolean)
      .filter((id) => !document.getElementById(id)),
    levels: [...document.querySelectorAll("h1, h2, h3, h4")].map((one) => Number(one.localName[1])),
  };
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(reader: Reader, scheme: str) -> None:
    reader.page.scheme(scheme)
    reader.click("[data-school=alpha] summary")
    reader.page.wait("document.querySelector('[data-school=alpha] .record') !== null")
    reader.focus("#slider")
    reader.press("Home", "ArrowRight", "ArrowRight")

    # WCAG 2.2, 1.4.3: a contrast of 4.5 to 1.
    assert reader.page.ask(FAINT) == []


FAINT = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [red, green, blue] = color.map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || node.closest("script, style, noscript")) continue;
    if (!node.checkVisibility({ visibilityProperty: true })) continue;
    const [one, other] = [light(rgba(getComputedStyle(node).color)), light(ground(node))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${text.data}`);
  }
  return faint;
})()"""


def test_the_policy_lets_nothing_in_that_did_not_come_with_the_file(
    browser: Page, led: Lifecycle, tmp_path: Path
) -> None:
    path = tmp_path / "audit.html"
    path.write_bytes(report_of(led).content)
    browser.open(path)

    with pytest.raises(BrowserFailed, match="TrustedHTML"):
        browser.ask("document.body.innerHTML = '<b>in</b>'")
    browser.ask("fetch('https://example.invalid/').catch(() => document.body.id = 'refused')")
    browser.wait("document.body.id === 'refused'")
    browser.ask("document.body.append(Object.assign(new Image(), {src: 'audit.png'}))")
    browser.wait("document.images[0].complete")
    browser.ask("1")  # what the page complained of has come by then

    assert sum("Content Security Policy" in one for one in browser.complaints) >= 2


def test_a_damaged_file_says_so(browser: Page, led: Lifecycle, tmp_path: Path) -> None:
    whole = report_of(led).content.decode()
    start = whole.index('id="data">') + 1000
    path = tmp_path / "damaged.html"
    path.write_text(whole[:start] + "AAAAAAAA" + whole[start + 8 :], "utf-8")

    browser.send("Page.navigate", url=path.as_uri())
    browser.wait("document.getElementById('failed')?.hidden === false")

    assert "could not be opened" in browser.ask("document.body.innerText")
