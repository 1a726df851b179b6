"""What every journal tells of first records, road maps in force and schools' transitions."""

from __future__ import annotations

from datetime import date

from lifecycle.domain.model import SchoolMove
from lifecycle.domain.ports import Journal
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

    assert found == [
        SchoolMove(
            school,
            str(record.transition),
            str(record.source),
            str(record.target),
            record.recorded_at,
            record.effective_on,
            date(2022, 1, 11),
            record.facts or {},
        )
        for school, record in sorted(expected, key=lambda one: (one[0], one[1].sequence))
        if school != "c"
    ]


def test_the_first_record_of_a_stream_is_told_alone(journal: Journal) -> None:
    with journal.writing() as tx:
        first = append(tx, kind="enrolled")
        append(tx)

    with journal.reading() as view:
        found = view.first(STREAM)
        assert found is not None
        assert found.body == first.body
        assert view.first("roadmap/nobody") is None
