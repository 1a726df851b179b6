"""What the demonstration does with the plans of five road maps, and says of them."""

from __future__ import annotations

from collections import Counter

import lifecycle
from lifecycle.demo.cast import BELGOROD, NEKLINOVSKY, ROADMAPS
from lifecycle.demo.offices import report_day
from lifecycle.domain.record import Record
from lifecycle.workflows.catalogue import Catalogue
from tests.demo.conftest import Shown


def plan_records(engine: lifecycle.Lifecycle) -> list[Record]:
    return [
        record
        for roadmap in ROADMAPS
        for record in engine.administration(roadmap)
        if record.kind.startswith("activity_")
    ]


def test_all_five_road_maps_are_in_force_and_their_offices_at_work(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        records = plan_records(engine)
    said = Counter(record.kind for record in records)

    assert shown.result["roadmaps"] == 5
    assert shown.result["activities"] == 141
    assert shown.result["plan_records"] == len(records)
    assert {record.stream for record in records} == {f"roadmap/{one}" for one in ROADMAPS}
    assert said["activity_done"] > 90
    assert said["activity_begun"] > 5
    assert said["activity_postponed"] == 5
    assert said["activity_cancelled"] == 4


def test_what_was_done_is_shown_and_what_was_put_off_has_its_document(shown: Shown) -> None:
    with lifecycle.open_lifecycle(shown.url) as engine:
        records = plan_records(engine)
    kinds = {
        kind: {piece.kind for record in records if record.kind == kind for piece in record.evidence}
        for kind in ("activity_done", "activity_postponed", "activity_begun")
    }
    forms = Counter(piece.form for record in records for piece in record.evidence)

    assert kinds == {
        "activity_done": {"activity_result"},
        "activity_postponed": {"basis"},
        "activity_begun": set(),
    }
    assert forms["file"] > 10
    assert all(record.evidence for record in records if record.kind == "activity_done")


def test_nothing_that_schools_fulfil_was_entered(shown: Shown) -> None:
    catalogue = Catalogue()
    with lifecycle.open_lifecycle(shown.url) as engine:
        for roadmap in ROADMAPS:
            rows = {one.key: one for one in catalogue.compiled(roadmap).roadmap.activities}
            entered = {
                (record.facts or {})["activity"]
                for record in engine.administration(roadmap)
                if record.kind.startswith("activity_")
            }

            assert not [key for key in entered if rows[key].by_schools]


def test_the_numbers_printed_are_those_of_the_plans(shown: Shown) -> None:
    catalogue = Catalogue()
    with lifecycle.open_lifecycle(shown.url) as engine:
        views = []
        late = 0
        for roadmap in ROADMAPS:
            day = report_day(catalogue.compiled(roadmap))
            views.append(engine.plans.view(roadmap, on=day))
            late += sum(one.due_on < day for one in engine.plans.due(roadmap, on=day))
    readings = [one for view in views for one in view.indicators]

    assert shown.result["indicators"] == len(readings)
    assert shown.result["indicators_met"] == sum(one.met is True for one in readings)
    assert shown.result["overdue_on_the_day"] == late > 5
    for roadmap in ROADMAPS:
        assert any(line.startswith(f"Overdue in {roadmap} on ") for line in shown.lines)


def test_indicators_are_met_missed_and_say_who_is_missing(shown: Shown) -> None:
    start = shown.lines.index(f"Indicators of {NEKLINOVSKY} on 2022-06-15, from the history")
    printed = {line.split()[0]: line.split()[1:4] for line in shown.lines[start + 2 : start + 11]}
    other = shown.lines.index(f"Indicators of {BELGOROD} on 2021-06-15, from the history")
    row_11 = next(line for line in shown.lines[other:] if line.startswith("  11 "))

    assert printed["6.1a"] == ["512", "510", "yes"]
    assert printed["6.1b"] == ["118", "120", "no"]
    assert printed["1.1"] == ["100%", "100%", "yes"]
    assert "belgorod-02" in row_11


def test_in_russian_the_plans_are_russian(shown_in_russian: Shown) -> None:
    heads = [line for line in shown_in_russian.lines if "2022-06-15" in line and ":" in line]

    assert not [line for line in heads if line.startswith(("Indicators", "Overdue"))]
