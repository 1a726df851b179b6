"""The report in a real Chromium: the board at any moment, keyboard, search, language, paper."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pdfplumber
import pytest

from lifecycle import Evidence, Lifecycle
from lifecycle.report import report_html
from lifecycle.service.results import StatusRow
from lifecycle.workflows.catalogue import Catalogue
from lifecycle.workflows.working_days import RussianCalendar
from tests.factories import ROADMAP, Office, SetClock, memory_engine
from tests.report.chromium import Page
from tests.report.examples import HOSTILE, STAGES, report_of
from tests.report.reader import Reader

MADE = datetime(2022, 6, 1, tzinfo=UTC)
NOW = "document.querySelector('#now time').dateTime"


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


def first_late(due: date | None) -> date:
    """Return the first working day after a deadline."""
    assert due is not None
    day = due
    while not RussianCalendar().days_late(due, day):
        day += timedelta(days=1)
    return day


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
    ends = {one.standing.due_on for day in days for one in led.board(on=day)} - {None}
    late = {first_late(end) for end in ends}
    assert {one for one in late if one <= days[-1]} <= set(days)
    assert any(end is not None and first_late(end) - end > timedelta(days=1) for end in ends)
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


def test_hashes_of_files_and_of_what_lies_outside_the_history_are_shown_whole(
    browser: Page, office: Office, tmp_path: Path
) -> None:
    first, second, *_ = office.engine.history("krasnogorsk")
    named, kept, comment, previous = ("1a" * 32, "00" * 32, "ff" * 32, "2b" * 32)
    pieces = (
        Evidence("visit_note", sha256="cd" * 32, size=3, name=named, content=kept),
        Evidence("visit_note", sha256="not a hash", size=3),
    )
    odd = replace(second, comment=comment, evidence=pieces, previous=previous)
    days_late = RussianCalendar().days_late
    path = tmp_path / "files.html"
    made = report_html(
        [(office.definition, [first, odd])],
        origin="o",
        size=2,
        made_at=MADE,
        days_late=days_late,
    )
    path.write_bytes(made.content)

    browser.open(path)
    reader = Reader(browser, path)
    reader.open_history("krasnogorsk")

    shown = reader.text("[data-school=krasnogorsk] .history")
    whole = (first.hash, odd.hash, "cd" * 32, "not a hash", named, kept, comment, previous)
    assert [one for one in whole if one not in shown] == []
    for wanted, found in ((named, 1), ("cd" * 32, 1), ("ab" * 32, 0)):
        browser.ask(f"search.value = '{wanted}', search.dispatchEvent(new Event('input')), 0")
        assert len(reader.schools()) == found
    assert browser.complaints == []


def test_what_is_not_known_yet_is_marked_in_an_open_history(reader: Reader) -> None:
    reader.open_history("alpha")
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


def test_a_report_of_nothing_opens_and_shows_its_checkpoint(browser: Page, tmp_path: Path) -> None:
    checkpoint = "school-lifecycle/</pre><b>\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    made = report_html(
        [],
        origin="origin-1",
        size=1,
        made_at=MADE,
        days_late=RussianCalendar().days_late,
        checkpoint=checkpoint,
    )
    path = tmp_path / "nothing.html"
    path.write_bytes(made.content)

    browser.open(path)

    assert browser.ask("document.getElementById('nothing').hidden") is False
    assert browser.ask("document.getElementById('checkpoint').textContent") == checkpoint
    assert browser.ask(NOW) == "2022-06-01T00:00:00.000000Z"
    assert browser.complaints == []


def test_after_a_clock_was_set_back_the_latest_records_are_shown(
    browser: Page, catalogue: Catalogue, tmp_path: Path
) -> None:
    clock = SetClock()
    office = Office(memory_engine(catalogue, clock=clock), catalogue.compiled(ROADMAP)).opened(
        "one"
    )
    clock.advance(days=60)
    office.lead("one", "questionnaire")
    clock.advance(days=-40)
    path = tmp_path / "back.html"
    path.write_bytes(report_of(office.engine).content)

    browser.open(path)

    rows = Reader(browser, path).board()
    assert [row["state"] for row in rows] == ["questionnaire"]
    latest = office.engine.history("one")[-1].recorded_at
    assert rows == told(office.engine.board(at=latest))
    assert rows[0]["overdue"] not in ("", "0")
