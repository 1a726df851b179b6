"""What every journal tells of first records, road maps in force and schools' transitions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lifecycle.domain.model import Assignment, SchoolMove
from lifecycle.domain.ports import Journal, Reading
from lifecycle.domain.tally import Group
from tests.storage.conftest import MakeJournal
from tests.storage.samples import STREAM, append, record_after, standing_after


def test_road_maps_in_force_are_those_with_a_stream(journal: Journal) -> None:
    with journal.writing() as tx:
        for name in ("roadmap/tomari-2022", "roadmap/belgorod-2021", "participation/roadmap"):
            tx.append(record_after(tx.lock(name), "role_assigned"))

    with journal.reading() as view:
        assert view.roadmaps() == ["belgorod-2021", "tomari-2022"]


def test_transitions_come_by_school_and_in_their_order_with_their_facts(journal: Journal) -> None:
    expected = []
    with journal.writing() as tx:
        for school, roadmap in (("b", "tomari"), ("a", "tomari"), ("c", "belgorod")):
            stream = f"participation/{school}"
            record = record_after(tx.lock(stream), "enrolled", effective_on=date(2022, 1, 11))
            tx.append(record, standing_after(record, roadmap=roadmap))
            for day in (2, 1):
                record = record_after(
                    tx.lock(stream), facts={"day": day}, effective_on=date(2022, 3, day)
                )
                tx.append(record, standing_after(record, roadmap=roadmap))
                expected.append((school, record))

    with journal.reading() as view:
        found = list(view.moves("tomari"))
        bare = list(view.moves("tomari", facts=False))

    assert found == [
        SchoolMove(
            school,
            str(record.transition),
            str(record.source),
            str(record.target),
            record.effective_on,
            date(2022, 1, 11),
            record.facts or {},
        )
        for school, record in sorted(expected, key=lambda one: (one[0], one[1].sequence))
        if school != "c"
    ]
    assert bare == [replace(one, facts={}) for one in found]


def test_roles_on_schools_come_by_school_and_in_their_order(journal: Journal) -> None:
    given = []
    with journal.writing() as tx:
        for school, roadmap in (
            ("b", "tomari"),
            ("a.1", "tomari"),
            ("a", "tomari"),
            ("c", "other"),
        ):
            stream = f"participation/{school}"
            record = record_after(tx.lock(stream), "enrolled")
            tx.append(record, standing_after(record, roadmap=roadmap))
            for actor in ("petrova", "ivanov"):
                facts = {"actor": actor, "role": "curator"}
                record = record_after(tx.lock(stream), "role_assigned", facts=facts)
                tx.append(record, standing_after(record, roadmap=roadmap))
                given.append(
                    Assignment(record.record_id, stream, actor, "curator", record.sequence)
                )
        on_map = {"actor": "chief", "role": "coordinator"}
        tx.append(record_after(tx.lock("roadmap/tomari"), "role_assigned", facts=on_map))

    with journal.reading() as view:
        found = list(view.held_on_schools("tomari"))

    assert found == [*given[4:6], *given[2:4], *given[:2]]


def test_the_first_record_of_a_stream_is_told_alone(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx, kind="enrolled")
        append(tx)

    with journal.reading() as view:
        found = view.first(STREAM)
        assert found is not None
        assert found.body == first.body
        assert view.first("roadmap/nobody") is None


def test_the_board_is_counted_and_who_is_late_is_named(journal: Journal) -> None:
    april, may = date(2022, 4, 1), date(2022, 5, 1)
    rows = (
        ("c", "tomari", "selected", april),
        ("a", "tomari", "selected", april),
        ("b", "belgorod", "selected", april),
        ("d", "tomari", "questionnaire", may),
        ("e", "belgorod", "completed", None),
    )
    with journal.writing() as tx:
        for school, roadmap, state, due_on in rows:
            record = record_after(tx.lock(f"participation/{school}"), "enrolled")
            row = standing_after(record, roadmap=roadmap, state=state, due_on=due_on)
            tx.append(record, row)

    with journal.reading() as view:
        on_the_last_day = view.tally(april)
        everywhere = view.tally(date(2022, 4, 2))
        in_tomari = view.tally(date(2022, 4, 2), "tomari")

    assert {one.late for one in on_the_last_day} == {()}
    assert sorted(everywhere, key=lambda one: one.state) == [
        Group("completed", None, 1, ()),
        Group("questionnaire", may, 1, ()),
        Group("selected", april, 3, ("a", "b", "c")),
    ]
    assert sorted(in_tomari, key=lambda one: one.state) == [
        Group("questionnaire", may, 1, ()),
        Group("selected", april, 2, ("a", "c")),
    ]


def test_a_view_that_is_left_early_holds_nobody_up(make_journal: MakeJournal) -> None:
    journal = make_journal(lock_seconds=1)
    with journal.writing() as tx:
        for _ in range(600):
            append(tx)

    def first(view: Reading) -> object:
        return next(iter(view.standings()))

    with journal.auditing() as view:
        left = view.stored()
        next(left)
        assert first(view) is not None
    with journal.writing() as tx:
        append(tx)
