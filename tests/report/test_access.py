"""The report for every reader: narrow windows, screen readers, contrast, hostile surroundings."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lifecycle import Lifecycle
from tests.report.chromium import BrowserFailed, Page
from tests.report.examples import report_of
from tests.report.reader import Reader


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(reader: Reader, width: int) -> None:
    reader.page.size(width, 900)
    reader.open_history("alpha")

    assert reader.page.ask("document.documentElement.scrollWidth") <= width


def test_a_screen_reader_is_told_what_everything_is(reader: Reader) -> None:
    reader.open_history("alpha")
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
    reader.open_history("alpha")
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
    reader.open_history("alpha")
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


@pytest.mark.parametrize("part", ["data", "hashes"])
def test_a_damaged_file_says_so(browser: Page, led: Lifecycle, tmp_path: Path, part: str) -> None:
    whole = report_of(led).content.decode()
    start = whole.index(f'id="{part}">') + 1000
    path = tmp_path / "damaged.html"
    path.write_text(whole[:start] + "AAAAAAAA" + whole[start + 8 :], "utf-8")

    browser.send("Page.navigate", url=path.as_uri())
    browser.wait("document.getElementById('failed')?.hidden === false")

    assert "could not be opened" in browser.ask("document.body.innerText")
