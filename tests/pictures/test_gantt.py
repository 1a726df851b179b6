"""The plan against the facts: one row an activity, legible, and the same on every run."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.domain.definition import Definition
from lifecycle.domain.messages import Text
from lifecycle.domain.plan import Progress
from lifecycle.domain.roadmap import Activity
from lifecycle.pictures import gantt_svg
from lifecycle.pictures.looks import LOOKS, look_of
from lifecycle.pictures.markup import clean
from lifecycle.workflows.catalogue import Catalogue
from tests.pictures.examples import (
    ROADMAPS,
    SVG,
    days_of,
    eventful,
    having,
    parsed,
    status_of,
    title_of,
    under,
    words,
)

DAY = date(2022, 4, 15)
WIDTH = 1600


@pytest.fixture(params=ROADMAPS, scope="module")
def shipped(request: pytest.FixtureRequest, catalogue: Catalogue) -> Definition:
    return catalogue.compiled(request.param)


@pytest.fixture(scope="module")
def neklinovsky(catalogue: Catalogue) -> Definition:
    return catalogue.compiled("neklinovsky-2022")


def drawn(definition: Definition, day: date = DAY, language: str = "ru") -> Element:
    return parsed(gantt_svg(eventful(definition, day), definition, day, language))


def rows_of(root: Element) -> dict[str, Element]:
    rows = having(root, "data-activity")
    return {row.attrib["data-activity"]: row for row in rows}


def scale_of(root: Element) -> tuple[float, float]:
    """Return where the months begin and end: the lines between them are the only light ones."""
    lines = [one for one in root.iter(f"{SVG}line") if one.attrib["stroke"] == "#d3d9df"]
    places = [float(line.attrib["x1"]) for line in lines]
    return min(places), max(places)


def extents(root: Element) -> list[tuple[float, float]]:
    """Return left and right of every rectangle of a bar and of every stretch."""
    bars = [
        one
        for row in having(root, "data-activity")
        for one in row.iter()
        if "data-look" in one.attrib
    ]
    return [
        (float(one.attrib["x"]), float(one.attrib["x"]) + float(one.attrib["width"]))
        for bar in bars
        if "data-activity" not in bar.attrib
        for one in bar.iter(f"{SVG}rect")
    ] + [
        (float(one.attrib["x1"]), float(one.attrib["x2"]))
        for bar in bars
        if "data-activity" not in bar.attrib
        for one in bar.iter(f"{SVG}line")
    ]


def office(key: str, start: date | None, end: date | None, **members: object) -> Activity:
    activity = Activity(key, None, f"row {key}", "март", start, end, None, None, (), None, (), (1,))
    return replace(activity, **members)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("moment", range(4))
def test_every_activity_has_exactly_one_row(
    shipped: Definition, moment: int, language: str
) -> None:
    root = drawn(shipped, days_of(shipped)[moment], language)

    keys = [row.attrib["data-activity"] for row in having(root, "data-activity")]
    assert keys == [activity.key for activity in shipped.roadmap.activities]


@pytest.mark.parametrize("moment", range(4))
def test_every_occurrence_is_drawn_as_it_stands(shipped: Definition, moment: int) -> None:
    day = days_of(shipped)[moment]
    statuses = eventful(shipped, day)

    rows = rows_of(parsed(gantt_svg(statuses, shipped, day, "ru")))

    for key, row in rows.items():
        shown = [bar.attrib["data-look"] for bar in having(row, "data-look")][1:]
        assert shown == [look_of(one) for one in statuses if one.activity.key == key]


def test_open_activities_are_overdue_after_their_last_working_day(neklinovsky: Definition) -> None:
    plan = under(neklinovsky, office("1", date(2022, 3, 1), date(2022, 3, 4)))

    def look_on(day: date) -> str:
        root = parsed(gantt_svg(status_of(plan, {}, {}, day), plan, day, "ru"))
        return rows_of(root)["1"].attrib["data-look"]

    # The last day is a Friday; Saturday the 5th was a working day, for Monday the 7th.
    assert look_on(date(2022, 3, 4)) == "planned"
    assert look_on(date(2022, 3, 5)) == "overdue"


def test_states_differ_in_colour_and_in_pattern(catalogue: Catalogue) -> None:
    bars = [
        bar
        for name in ROADMAPS
        for bar in having(drawn(catalogue.compiled(name), date(2022, 5, 30)), "data-look")
    ]
    seen: dict[str, set[tuple[str, str, str]]] = {}
    for bar in bars:
        for drawing in having(bar, "data-pattern")[:1]:
            ground = drawing[0].attrib
            look = (drawing.attrib["data-pattern"], ground["fill"], ground["stroke"])
            seen.setdefault(bar.attrib["data-look"], set()).add(look)

    assert seen.keys() == LOOKS.keys()
    assert all(len(looks) == 1 for looks in seen.values())
    for parts in zip(*(looks.pop() for looks in seen.values()), strict=True):
        assert len(set(parts)) == len(LOOKS)


def test_the_legend_counts_the_rows_of_each_state(neklinovsky: Definition) -> None:
    root = drawn(neklinovsky)
    rows = rows_of(root).values()
    shown = "".join(words(text) + "\n" for text in root.iter(f"{SVG}text"))

    for state, look in LOOKS.items():
        count = sum(row.attrib["data-look"] == state for row in rows)
        assert f"{look.title.ru}: {count}\n" in shown


@pytest.mark.parametrize("moment", range(4))
def test_the_line_of_the_day_stands_in_the_middle_of_the_day(
    shipped: Definition, moment: int
) -> None:
    day = days_of(shipped)[moment]
    first = min(day, shipped.roadmap.start).replace(day=1)
    last = max(day, shipped.roadmap.end)
    following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)

    root = drawn(shipped, day)

    left, right = scale_of(root)
    (line,) = having(root, "data-day")
    share = ((day - first).days + 0.5) / (following - first).days
    assert line.attrib["data-day"] == day.isoformat()
    assert line.attrib["x1"] == line.attrib["x2"]
    assert float(line.attrib["x1"]) == pytest.approx(left + share * (right - left), abs=0.2)
    assert f"{day:%d.%m.%Y}" in [words(text) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("day", "shown"),
    [(date(2020, 1, 9), "← 09.01.2020"), (date(2031, 12, 31), "31.12.2031 →")],
)
def test_a_day_far_off_is_an_arrow_at_the_edge(
    neklinovsky: Definition, day: date, shown: str
) -> None:
    root = drawn(neklinovsky, day)

    assert having(root, "data-day") == []
    assert shown in [words(text) for text in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("moment", range(4))
def test_nothing_is_drawn_outside_the_months(shipped: Definition, moment: int) -> None:
    root = drawn(shipped, days_of(shipped)[moment])

    left, right = scale_of(root)
    for begin, end in extents(root):
        assert left - 0.1 <= begin <= end <= right + 0.1


def test_windows_that_go_on_outside_bear_an_arrow(neklinovsky: Definition) -> None:
    rows = rows_of(drawn(neklinovsky))

    arrows = {
        key: [arrow.attrib["data-arrow"] for arrow in having(row, "data-arrow")]
        for key, row in rows.items()
    }
    assert arrows.pop("1.1") == ["before"]  # December of the year before
    assert arrows.pop("3.1") == ["before", "after"]  # from September 2020 on, without end
    assert not any(arrows.values())


def test_an_activity_without_dates_says_so(neklinovsky: Definition) -> None:
    plan = under(
        neklinovsky,
        office("1", None, None, when=None),
        # No week of January 2021 lies in the plan's year.
        office("2", date(2022, 1, 1), date(2022, 1, 2), recurrence="FREQ=WEEKLY;BYDAY=WE"),
    )
    done = {("1", None): Progress("done", closed_on=date(2022, 3, 3))}

    rows = rows_of(parsed(gantt_svg(status_of(plan, done, {}, DAY), plan, DAY, "ru")))

    assert "без срока" in words(rows["1"])
    assert "срок не назван" in words(rows["1"])
    assert [mark.attrib["data-on"] for mark in having(rows["1"], "data-on")] == ["2022-03-03"]
    assert "без срока" in words(rows["2"])
    assert rows["2"].attrib["data-look"] == "planned"


def test_what_came_late_is_drawn_from_the_last_day_to_the_act(neklinovsky: Definition) -> None:
    plan = under(neklinovsky, office("1", date(2022, 3, 1), date(2022, 3, 31)))
    done = {("1", None): Progress("done", closed_on=date(2022, 4, 10))}

    root = parsed(gantt_svg(status_of(plan, done, {}, DAY), plan, DAY, "ru"))

    left, right = scale_of(root)
    a_day = (right - left) / 365
    row = rows_of(root)["1"]
    (late,) = [one for one in row.iter(f"{SVG}line") if "stroke-dasharray" in one.attrib]
    assert float(late.attrib["x1"]) == pytest.approx(left + 90 * a_day, abs=0.2)
    assert float(late.attrib["x2"]) == pytest.approx(left + 100 * a_day, abs=0.2)
    assert "выполнено 10.04.2022, +6 р. д." in words(row)


def test_a_postponed_term_is_drawn_up_to_the_new_day(neklinovsky: Definition) -> None:
    plan = under(neklinovsky, office("1", date(2022, 3, 1), date(2022, 3, 31)))
    moved = {("1", None): Progress(postponed_to=date(2022, 4, 30))}

    root = parsed(gantt_svg(status_of(plan, moved, {}, DAY), plan, DAY, "ru"))

    left, right = scale_of(root)
    a_day = (right - left) / 365
    row = rows_of(root)["1"]
    (rest,) = [one for one in row.iter(f"{SVG}rect") if "stroke-dasharray" in one.attrib]
    assert float(rest.attrib["x"]) == pytest.approx(left + 90 * a_day, abs=0.2)
    assert float(rest.attrib["width"]) == pytest.approx(30 * a_day, abs=0.2)
    assert row.attrib["data-look"] == "planned"


def test_schools_are_shown_one_by_one_and_counted(catalogue: Catalogue) -> None:
    tomari = catalogue.compiled("tomari-2022")
    moves = {"record_visit": {"s-1": date(2022, 2, 25), "s-3": date(2022, 3, 1)}}

    rows = rows_of(parsed(gantt_svg(status_of(tomari, {}, moves, DAY), tomari, DAY, "ru")))

    visits = rows["4.5"]
    assert [one.attrib["data-on"] for one in having(visits, "data-on")] == [
        "2022-02-25",
        "2022-03-01",
    ]
    assert "2 из 3 школ" in words(visits)
    assert visits.attrib["data-look"] == "overdue"


def test_forty_five_rows_fit_on_a_landscape_sheet_and_do_not_overlap(
    neklinovsky: Definition,
) -> None:
    root = drawn(neklinovsky)

    _, _, width, height = map(float, root.attrib["viewBox"].split())
    tops = [
        next(float(one.attrib["y"]) for one in row if one.attrib.get("pointer-events"))
        for row in having(root, "data-activity")
    ]
    assert width / height == pytest.approx(2**0.5, rel=0.02)
    # 19 units are 5 mm on A3: a line of 11.5 units is 8.6 points tall there.
    assert all(below - above >= 19 for above, below in pairwise(tops))
    assert float(root.attrib["font-size"]) >= 11


def test_short_plans_give_the_wording_two_lines(catalogue: Catalogue) -> None:
    belgorod = drawn(catalogue.compiled("belgorod-2021"), date(2021, 9, 20))
    tomari = drawn(catalogue.compiled("tomari-2022"))

    def most_lines(root: Element) -> int:
        texts = [one for row in having(root, "data-activity") for one in row.iter(f"{SVG}text")]
        return max(len(list(text.iter(f"{SVG}tspan"))) for text in texts)

    assert most_lines(belgorod) == 2
    assert most_lines(tomari) == 1


def test_a_shortened_wording_is_whole_in_the_row_s_title(shipped: Definition) -> None:
    rows = rows_of(drawn(shipped))

    for activity in shipped.roadmap.activities:
        whole = title_of(rows[activity.key])
        assert f"{activity.key}. {activity.title}" in whole
        assert activity.when is None or activity.when in whole
        assert activity.responsible is None or activity.responsible in whole


def test_the_sections_of_the_road_map_are_headings(shipped: Definition) -> None:
    root = drawn(shipped)

    headings = [title_of(heading) for heading in having(root, "data-section")]
    assert headings == [f"{one.number}. {one.title}" for one in shipped.roadmap.sections]


@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Мероприятий: 45"), ("en", "Activities: 45")]
)
def test_the_picture_explains_itself_to_those_who_do_not_see_it(
    neklinovsky: Definition, language: str, word: str
) -> None:
    root = drawn(neklinovsky, language=language)

    named = {one.attrib["id"]: one.text or "" for one in root if "id" in one.attrib}
    title, description = (named[name] for name in root.attrib["aria-labelledby"].split())
    assert root.attrib["role"] == "img"
    assert neklinovsky.roadmap.title.in_language(language) in title
    assert "15.04.2022" in title
    assert word in description


def test_months_are_named_as_fully_as_there_is_room(neklinovsky: Definition) -> None:
    def shown(start: date, end: date) -> list[str]:
        roadmap = replace(neklinovsky.roadmap, start=start, end=end)
        root = drawn(replace(neklinovsky, roadmap=roadmap), start, "en")
        return [words(text) for text in root.iter(f"{SVG}text") if "paint-order" in text.attrib]

    half = shown(date(2022, 4, 1), date(2022, 9, 30))
    three_years = shown(date(2022, 1, 1), date(2024, 12, 31))
    century = shown(date(2001, 1, 1), date(2100, 12, 31))

    assert half == ["2022", "April", "May", "June", "July", "August", "September"]
    assert shown(date(2022, 11, 9), date(2023, 11, 9))[:3] == ["2022", "2023", "Nov"]
    assert three_years == ["2022", "2023", "2024", *map(str, [*range(1, 13)] * 3)]
    assert century[:2] == ["2001", "2006"]
    assert len(century) == 20


def test_a_road_map_without_activities_is_an_empty_plan(neklinovsky: Definition) -> None:
    root = parsed(gantt_svg((), under(neklinovsky), DAY, "ru"))

    assert having(root, "data-activity") == []
    assert "Мероприятие" in [words(text) for text in root.iter(f"{SVG}text")]


@given(st.text(), st.text(), st.text(max_size=400))
def test_no_wording_breaks_the_picture(
    definition: Definition, title: str, when: str, party: str
) -> None:
    activity = office("1", date(2022, 3, 1), None, title=title, when=when, responsible=party)
    plan = under(definition, activity)
    named = replace(plan, roadmap=replace(plan.roadmap, title=Text(party, title)))

    root = parsed(gantt_svg(status_of(named, {}, {}, DAY), named, DAY, "ru"))

    (row,) = having(root, "data-activity")
    assert clean(f"1. {title}") in clean(title_of(row))


@given(st.sampled_from(["<script>", "]]>", "&amp;", "\"'", "<!--", "\x00\x1b", "\ud800", "\ufffe"]))
def test_markup_in_a_wording_stays_text(definition: Definition, nasty: str) -> None:
    plan = under(definition, office("1", date(2022, 3, 1), date(2022, 3, 31), title=nasty))

    root = parsed(gantt_svg(status_of(plan, {}, {}, DAY), plan, DAY, "ru"))

    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags <= {
        *("svg", "title", "desc", "defs", "clipPath", "g", "rect", "line", "path", "text", "tspan")
    }
    assert clean(nasty) in words(rows_of(root)["1"])
