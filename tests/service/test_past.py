"""The past as the engine tells it: the board, all schools, and one school's timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from lifecycle import Lifecycle, TransitionRefused
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    HistoryBroken,
    InvalidDate,
    InvalidInput,
    UnknownRoadmap,
    UnknownSchool,
)
from lifecycle.domain.record import genesis_hash
from lifecycle.service.results import StatusRow
from tests.factories import ROADMAP, START, Office, SetClock, actor

FIRST, SECOND = "krasnogorsk", "second"
Places = list[tuple[str, str]]


@pytest.fixture
def moments(office: Office, clock: SetClock) -> list[datetime]:
    """Two schools led on, ten days between their moves; the moments after each step."""
    found = [clock.moment]
    clock.advance(days=10)
    office.lead(FIRST, "risk_profile")
    found.append(clock.moment)
    clock.advance(days=10)
    office.enrol(SECOND)
    office.lead(SECOND, "questionnaire")
    found.append(clock.moment)
    return found


def places(rows: list[StatusRow]) -> Places:
    return [(row.standing.school, row.standing.state) for row in rows]


def test_the_board_of_now_is_that_of_the_projection(
    office: Office, moments: list[datetime]
) -> None:
    board, status = office.engine.board(), office.engine.status()

    assert board == status
    assert places(board) == [(FIRST, "risk_profile"), (SECOND, "questionnaire")]


def test_the_board_is_what_was_known_at_each_moment(
    office: Office, moments: list[datetime]
) -> None:
    boards = [places(office.engine.board(at=moment)) for moment in moments]

    assert boards == [
        [(FIRST, "selected")],
        [(FIRST, "risk_profile")],
        [(FIRST, "risk_profile"), (SECOND, "questionnaire")],
    ]
    assert office.engine.board(at=START - timedelta(days=1)) == []


def test_a_moment_may_be_told_in_any_time_zone(office: Office, moments: list[datetime]) -> None:
    east = moments[1].astimezone(timezone(timedelta(hours=11)))

    assert office.engine.board(at=east) == office.engine.board(at=moments[1])


def test_the_board_of_a_day_is_what_was_true_though_it_was_entered_later(
    office: Office, moments: list[datetime]
) -> None:
    office.make(FIRST, "receive_risk_profile", effective_on="2022-03-02")

    def state(**when: object) -> str:
        (row,) = office.engine.board(FIRST, **when)  # type: ignore[arg-type]
        return row.standing.state

    assert state(on="2022-03-10") == "selected"
    # Never before the acts that it followed: those bear the day on which they were entered.
    assert state(on=date(2022, 3, 11)) == "curator_visit"
    assert state(on=date(2022, 3, 11), at=moments[1]) == "risk_profile"
    assert state(on=date(2022, 3, 1), at=moments[1]) == "selected"


def test_lateness_is_judged_as_of_then(office: Office, moments: list[datetime]) -> None:
    def overdue(**when: object) -> int | None:
        (row,) = office.engine.board(FIRST, **when)  # type: ignore[arg-type]
        return row.days_overdue

    due = office.definition.state["risk_profile"].due_on
    assert due == date(2022, 2, 7)
    # Working days: 23 February, 7 and 8 March were none, Saturday 5 March was one.
    assert overdue(at=moments[1]) == 22
    assert overdue(on=date(2022, 3, 20)) == 27
    # With both, the day asked for is the day of the judgement.
    assert overdue(at=moments[1], on=date(2022, 3, 15)) == 24


def test_the_day_of_a_moment_is_that_at_the_place_of_the_road_map(
    office: Office, moments: list[datetime]
) -> None:
    evening = datetime(2022, 3, 21, 20, tzinfo=UTC)  # the 22nd in Tomari

    (row,) = office.engine.board(FIRST, at=evening)

    assert row.days_overdue == 29  # working days from 7 February to the 22nd


def test_a_final_state_is_never_late(office: Office, moments: list[datetime]) -> None:
    office.make(FIRST, "withdraw")

    (row,) = office.engine.board(FIRST, on=date(2030, 1, 1))

    assert (row.standing.state, row.standing.final) == ("withdrawn", True)
    assert (row.standing.due_on, row.days_overdue) == (None, None)


def test_the_board_is_asked_for_by_road_map(
    engine: Lifecycle, office: Office, moments: list[datetime]
) -> None:
    other = engine.context.definitions.compiled("belgorod-2021")
    Office(engine, other).opened("a-belgorod-school")

    assert places(engine.board(roadmap=ROADMAP))[0][0] == FIRST
    assert [row.standing.school for row in engine.board(roadmap="belgorod-2021")] == [
        "a-belgorod-school"
    ]
    assert [row.standing.school for row in engine.board()] == ["a-belgorod-school", FIRST, SECOND]
    assert engine.board(roadmap="kaspiysk-2022") == []


def test_what_there_is_not_has_no_past(office: Office) -> None:
    with pytest.raises(UnknownSchool):
        office.engine.board("nobody")
    with pytest.raises(UnknownRoadmap):
        office.engine.board(roadmap="nowhere")
    with pytest.raises(UnknownRoadmap):
        list(office.engine.replay_all(roadmap="nowhere"))
    with pytest.raises(UnknownSchool):
        office.engine.timeline("nobody")


def test_a_moment_without_a_time_zone_is_none(office: Office) -> None:
    with pytest.raises(InvalidDate):
        office.engine.board(at=datetime(2022, 3, 1))  # noqa: DTZ001
    with pytest.raises(InvalidDate):
        office.engine.board(on="1 March")


def test_all_schools_are_replayed_as_each_by_itself(
    office: Office, moments: list[datetime]
) -> None:
    engine = office.engine

    assert list(engine.replay_all()) == [engine.replay(FIRST), engine.replay(SECOND)]
    assert list(engine.replay_all(at=moments[1])) == [engine.replay(FIRST, at=moments[1])]
    # Enrolled later, the second bears the road map's first day all the same.
    assert list(engine.replay_all(roadmap=ROADMAP, on="2022-03-12")) == [
        engine.replay(FIRST, on="2022-03-12"),
        engine.replay(SECOND, on="2022-03-12"),
    ]


def test_histories_tell_what_they_were_read_from(
    engine: Lifecycle, office: Office, definition: Definition
) -> None:
    with engine.histories() as found:
        schools = list(found.schools)

    assert found.origin == engine.history(FIRST)[0].origin
    assert [(rules.ref, records) for rules, records in schools] == [
        (definition.ref, engine.history(FIRST))
    ]
    everything = [
        engine.administration(), engine.administration(ROADMAP), engine.history(FIRST),
    ]  # fmt: skip
    assert found.records == sum(map(len, everything))


def test_a_timeline_tells_what_became_known_and_true_by_each_record(
    office: Office, clock: SetClock
) -> None:
    clock.advance(days=3)
    office.make(FIRST, "start_questionnaire", effective_on="2022-03-02")
    with pytest.raises(TransitionRefused):
        office.make(FIRST, "complete_questionnaire", actor=actor("admin"))
    clock.advance(days=1)
    office.make(FIRST, "complete_questionnaire", effective_on="2022-03-01")

    found = office.engine.timeline(FIRST)

    assert [one.record for one in found.entries] == office.engine.history(FIRST)
    started, completed = found.entries[-2:]
    assert (started.state, completed.state) == ("questionnaire", "risk_profile")
    assert (started.recorded_on, started.days_between) == (date(2022, 3, 4), 2)
    assert (completed.record.effective_on, completed.true_from) == (
        date(2022, 3, 1), date(2022, 3, 2),
    )  # fmt: skip
    (refused,) = found.refusals
    assert (refused.what, refused.actor) == ("complete_questionnaire", "admin")
    assert started.record.recorded_at < refused.at < completed.record.recorded_at
    assert found.definition.ref == office.definition.ref


def test_a_stream_that_does_not_begin_with_an_enrolment_has_no_past(office: Office) -> None:
    first, stream = office.engine.history(FIRST)[0], "participation/forged"
    forged = replace(
        first, stream=stream, previous=genesis_hash(first.origin, stream), definition=None,
        record_id="forged", command_id="forged",
    )  # fmt: skip
    (row,) = office.engine.status(FIRST)
    with office.engine.context.journal.writing() as tx:
        tx.append(forged, replace(row.standing, school="forged"))

    for ask in (office.engine.board, lambda: office.engine.timeline("forged")):
        with pytest.raises(HistoryBroken, match="does not begin with an enrolment"):
            ask()


def test_records_are_had_page_by_page_as_the_whole_history_has_them(
    office: Office, moments: list[datetime]
) -> None:
    engine, pages, after = office.engine, list[list[int]](), 0
    while page := [one.sequence for one in engine.records(FIRST, after=after, limit=3)]:
        pages.append(page)
        after = page[-1]

    assert [one for page in pages for one in page] == [
        one.sequence for one in engine.history(FIRST)
    ]
    assert {len(page) for page in pages[:-1]} == {3}
    assert list(engine.records(roadmap=ROADMAP)) == engine.administration(ROADMAP)
    assert list(engine.records()) == engine.administration()
    with pytest.raises(UnknownSchool):
        next(engine.records("nobody", after=5))
    with pytest.raises(UnknownRoadmap):
        next(engine.records(roadmap="nowhere"))
    for after, limit in ((-1, 1), (0, -1)):
        with pytest.raises(InvalidInput, match="-1 is not a whole number of 0 or more"):
            next(engine.records(FIRST, after=after, limit=limit))
    assert list(engine.records(FIRST, after=10**30, limit=10**30)) == []
