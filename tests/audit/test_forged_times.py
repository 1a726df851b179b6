"""A record cannot be dated back, or rest on what was recorded after it, without being found."""

from __future__ import annotations

from pathlib import Path

from tests.audit.breaking_in import MAP, STREAM, Body, BreakIn, forged, of

LATER = "2031-03-01T00:00:00.000000Z"


def test_a_role_recorded_after_the_act_that_rests_on_it_is_found(folder: Path) -> None:
    with BreakIn(folder) as visit:
        bodies = visit.bodies(STREAM)
        granted = of(bodies, "confirm_stage_1")
        version = granted["consulted"][MAP]

    def change(bodies: list[Body]) -> None:
        for body in bodies[version - 1 :]:
            body["recorded_at"] = LATER

    found = forged(folder, change, MAP)

    places = {one.place for one in found if one.code == "recorded_before_consulted"}
    assert f"{STREAM}#{granted['sequence']}" in places
    (one,) = (one for one in found if one.place == f"{STREAM}#{granted['sequence']}")
    assert (one.field, one.expected, one.found) == ("recorded_at", LATER, granted["recorded_at"])


def test_a_record_of_a_time_to_come_is_found_though_it_is_in_the_log(folder: Path) -> None:
    found = forged(folder, lambda bodies: bodies[-1].update(recorded_at=LATER))

    (one,) = (one for one in found if one.code == "recorded_ahead")
    assert (one.field, one.found, one.stream) == ("recorded_at", LATER, STREAM)
