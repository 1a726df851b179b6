"""Laws of the date grammar: what is written is read back, and nothing makes it fall over."""

import calendar
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.workflows.dates import Verdict, read_window, split_windows

MONTHS = [
    *("январь", "февраль", "март", "апрель", "май", "июнь"),
    *("июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"),
]
OF = [
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
]
DASHES = ["-", " - ", "–", " – ", "—", " — ", "- ", " −", "‑"]
AFTER_YEAR = ["", "г", "г.", " г.", " года", " год"]
YEAR = 2022

days = st.dates(date(YEAR, 1, 1), date(YEAR, 12, 31))
dashes = st.sampled_from(DASHES)
tails = st.sampled_from(AFTER_YEAR)


def words(day: date) -> str:
    return f"{day.day} {OF[day.month - 1]}"


def numbers(day: date) -> str:
    return f"{day:%d.%m.%Y}"


ONE_DAY: dict[str, Callable[[date, str], str]] = {
    "15.03.2022": lambda day, tail: numbers(day) + tail,
    "5.3.2022": lambda day, tail: f"{day.day}.{day.month}.{day.year}{tail}",
    "15.03.22": lambda day, tail: f"{day:%d.%m.%y}",
    "15.03": lambda day, tail: f"{day:%d.%m}",
    "15.03.": lambda day, tail: f"{day:%d.%m.}",
    "2022-03-15": lambda day, tail: day.isoformat(),
    "15 марта 2022": lambda day, tail: f"{words(day)} {day.year}{tail}",
    "«15» марта 2022": lambda day, tail: f"«{day.day:02}» {OF[day.month - 1]} {day.year}{tail}",
    "15 марта": lambda day, tail: words(day),
}
RANGE: dict[str, Callable[[date, date, str, str], str]] = {
    "15.03.2022 - 16.04.2022": lambda a, b, dash, tail: (
        numbers(a) + tail + dash + numbers(b) + tail
    ),
    "15.03. - 16.04.2022": lambda a, b, dash, tail: f"{a:%d.%m.}{dash}{numbers(b)}{tail}",
    "15.03-16.04": lambda a, b, dash, tail: f"{a:%d.%m}{dash}{b:%d.%m}",
    "15 марта - 16 апреля 2022": lambda a, b, dash, tail: (
        f"{words(a)}{dash}{words(b)} {b.year}{tail}"
    ),
    "с 15.03.2022 по 16.04.2022": lambda a, b, dash, tail: f"с {numbers(a)} по {numbers(b)}{tail}",
    "с 15 марта по 16 апреля": lambda a, b, dash, tail: f"С {words(a)} по {words(b)}",
}


@pytest.mark.parametrize("form", ONE_DAY)
@given(day=days, tail=tails)
def test_a_day_is_read_back(form: str, day: date, tail: str) -> None:
    text = ONE_DAY[form](day, tail)

    reading = read_window(text, YEAR)

    assert (reading.verdict, reading.start, reading.end) == (Verdict.RECOGNISED, day, day), text


@pytest.mark.parametrize("word", ["до ", "До ", "не позднее ", "срок до "])
@pytest.mark.parametrize("form", ONE_DAY)
@given(day=days, tail=tails)
def test_a_deadline_is_read_back(word: str, form: str, day: date, tail: str) -> None:
    text = word + ONE_DAY[form](day, tail)

    reading = read_window(text, YEAR)

    assert (reading.verdict, reading.start, reading.end) == (Verdict.RECOGNISED, None, day), text


@pytest.mark.parametrize("form", RANGE)
@given(pair=st.tuples(days, days).map(sorted), dash=dashes, tail=tails)
def test_a_range_is_read_back(form: str, pair: list[date], dash: str, tail: str) -> None:
    text = RANGE[form](pair[0], pair[1], dash, tail)

    reading = read_window(text, YEAR)

    assert [reading.verdict, reading.start, reading.end] == [Verdict.RECOGNISED, *pair], text


@given(
    first=st.integers(1, 12), more=st.integers(0, 11), year=st.integers(2015, 2030),
    dash=dashes, tail=tails, case=st.sampled_from([str.lower, str.capitalize, str.upper]),
)  # fmt: skip
def test_months_are_read_back(
    first: int, more: int, year: int, dash: str, tail: str, case: Callable[[str], str]
) -> None:
    last = min(12, first + more)
    text = case(MONTHS[first - 1]) + (dash + case(MONTHS[last - 1]) if last > first else "")

    reading = read_window(f"{text} {year}{tail}", year)

    end = date(year, last, calendar.monthrange(year, last)[1])
    assert (reading.verdict, reading.start, reading.end) == (
        Verdict.RECOGNISED,
        date(year, first, 1),
        end,
    ), text


STRETCHES = [
    ("{n} квартал", 4, 3), ("{roman} квартал", 4, 3), ("{n}-й квартал", 4, 3), ("{n} кв.", 4, 3),
    ("{n} полугодие", 2, 6), ("{roman} полугодие", 2, 6), ("{n}-е полугодие", 2, 6),
]  # fmt: skip


@pytest.mark.parametrize(("form", "count", "months"), STRETCHES)
@given(data=st.data(), dash=dashes, tail=tails, year=st.integers(2015, 2030))
def test_quarters_and_half_years_are_read_back(
    form: str, count: int, months: int, data: st.DataObject, dash: str, tail: str, year: int
) -> None:
    first = data.draw(st.integers(1, count))
    last = data.draw(st.integers(first, count))
    roman = ["I", "II", "III", "IV"]
    texts = [form.format(n=n, roman=roman[n - 1]) for n in (first, last)]
    text = dash.join(texts) if last > first else texts[0]

    reading = read_window(f"{text} {year}{tail}", None)

    month = last * months
    end = date(year, month, calendar.monthrange(year, month)[1])
    start = date(year, (first - 1) * months + 1, 1)
    assert (reading.verdict, reading.start, reading.end) == (Verdict.RECOGNISED, start, end), text


@given(month=st.integers(1, 12), decade=st.integers(1, 3), year=st.integers(2015, 2030))
def test_decades_are_read_back(month: int, decade: int, year: int) -> None:
    ends = (10, 20, calendar.monthrange(year, month)[1])
    window = (date(year, month, 10 * decade - 9), date(year, month, ends[decade - 1]))
    for word in (f"{decade}-я", f"{decade}", ("первая", "вторая", "третья")[decade - 1]):
        reading = read_window(f"{word} декада {OF[month - 1]} {year}", None)

        assert (reading.start, reading.end) == window
        assert reading.verdict is Verdict.RECOGNISED


@given(first=st.integers(2, 12), last=st.integers(1, 11), dash=dashes)
def test_months_that_run_backwards_are_never_taken_as_said(
    first: int, last: int, dash: str
) -> None:
    if last < first:
        for text in (f"{MONTHS[first - 1]}{dash}{MONTHS[last - 1]}",
                     f"{MONTHS[first - 1]}{dash}{MONTHS[last - 1]} {YEAR}"):  # fmt: skip
            assert read_window(text, YEAR).verdict is Verdict.DOUBTFUL, text


@given(pair=st.tuples(days, days), dash=dashes)
def test_a_range_that_ends_before_it_begins_has_no_window(
    pair: tuple[date, date], dash: str
) -> None:
    first, last = max(pair), min(pair)
    if first > last:
        reading = read_window(f"{numbers(first)}{dash}{numbers(last)}", YEAR)

        assert (reading.verdict, reading.start, reading.end) == (Verdict.DOUBTFUL, None, None)


@given(month=st.integers(1, 12), day=st.integers(1, 31), dash=dashes)
def test_a_day_that_is_not_in_the_calendar_is_doubtful(month: int, day: int, dash: str) -> None:
    exists = day <= calendar.monthrange(YEAR, month)[1]
    for text in (f"{day:02}.{month:02}.{YEAR}", f"{day} {OF[month - 1]} {YEAR}"):
        verdict = Verdict.RECOGNISED if exists else Verdict.DOUBTFUL
        assert read_window(text, YEAR).verdict is verdict, text


PIECES = [
    *MONTHS, *OF, *DASHES, *AFTER_YEAR, "до", "с", "по", "не позднее", "в течение", "года", "конца",
    "квартал", "декада", "1-я", "II", "полугодие", "ежемесячно", "раз в", "месяц", "каждый", "и",
    ",", ";", "(", ")", ".", "15", "30", "31", "99", "0", "2022", "202 2", "20 22", "15.03",
    "30.02", "01.01.2022", "31.12.2021", "учебный год", "постоянно", "или", "числа", "неделя",
    "не реже", "I", "З", "О", "x", "№", "\n", "\u00ad", "\u0306", "²", "по графику", "школа",
    "2 раза в год",
]  # fmt: skip


@given(
    text=st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join),
        st.lists(st.sampled_from(PIECES), max_size=9).map("".join),
    ),
    year=st.one_of(st.none(), st.integers(1990, 2099)),
)
def test_anything_at_all_gets_a_reading_that_holds_together(text: str, year: int | None) -> None:
    reading = read_window(text, year)

    dated = (reading.start, reading.end, reading.recurrence) != (None, None, None)
    if reading.verdict is Verdict.RECOGNISED:
        assert dated
    else:
        assert reading.reasons
    if reading.verdict is Verdict.NOT_RECOGNISED:
        assert not dated
    if reading.start and reading.end:
        assert timedelta(0) <= reading.end - reading.start
    assert all(str(reason) for reason in reading.reasons)
    assert "".join("".join(split_windows(text)).split()) == "".join(text.split())
