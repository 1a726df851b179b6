"""When requests are recorded: in UTC, and never earlier than what there is already."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lifecycle import (
    Receipt,
    verify,
)
from tests.factories import ADMIN, ROADMAP, Office, SetClock, actor

SCHOOL = "krasnogorsk"


def start(office: Office, **changes: Any) -> Receipt:
    """Ask for the first transition of the school."""
    return office.make(SCHOOL, "start_questionnaire", **changes)


def test_records_bear_utc_and_the_day_at_the_place_of_the_road_map(
    office: Office, clock: SetClock
) -> None:
    # 14 March in Greenwich is 15 March on Sakhalin already.
    clock.moment = datetime(2022, 3, 14, 20, tzinfo=UTC)

    record = start(office).record

    assert record.recorded_at.tzinfo is UTC
    assert record.recorded_at.date().isoformat() == "2022-03-14"
    assert record.effective_on.isoformat() == "2022-03-15"


def test_a_clock_that_is_set_back_does_not_turn_the_history(
    office: Office, clock: SetClock
) -> None:
    first = start(office).record
    clock.advance(days=-3)

    second = office.make(SCHOOL, "complete_questionnaire").record

    assert second.recorded_at == first.recorded_at
    assert second.effective_on == first.effective_on
    # Until the clock has come so far, the records are ahead of it.
    assert {one.code for one in verify(office.engine).findings} == {"recorded_ahead"}
    clock.advance(days=3)
    assert verify(office.engine).ok


def test_a_role_is_taken_no_earlier_than_it_was_used_though_the_clock_was_set_back(
    office: Office, clock: SetClock
) -> None:
    engine, used = office.engine, start(office).record
    clock.advance(days=-3)

    person = used.actor.id
    taken = engine.revoke(person, "municipal_coordinator", roadmap=ROADMAP, actor=ADMIN).record
    engine.assign(person, "administrator", actor=ADMIN)
    gone = engine.revoke("admin", "administrator", actor=actor(person)).record

    assert taken.recorded_at == used.recorded_at
    assert gone.recorded_at == used.recorded_at
    assert taken.effective_on == used.effective_on
    clock.advance(days=3)
    assert verify(engine).ok


def test_no_record_is_earlier_than_the_log_though_the_clock_was_set_back(
    office: Office, clock: SetClock
) -> None:
    clock.advance(days=2)
    latest = office.engine.add_actor("late", actor=ADMIN).record
    clock.advance(days=-5)

    made = [
        start(office).record,
        office.enrol("another").record,
        office.engine.add_actor("later", actor=ADMIN).record,
    ]

    assert latest.recorded_at > clock.moment + timedelta(days=4)
    with office.engine.context.journal.reading() as view:
        assert view.logged_at() == latest.recorded_at
    assert {one.recorded_at for one in made} == {latest.recorded_at}
    clock.advance(days=5)
    assert verify(office.engine).findings == ()
