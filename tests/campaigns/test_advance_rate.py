"""What is measured of a transition is a transition, and it does not send more than it has to."""

from __future__ import annotations

from pathlib import Path

from lifecycle import open_lifecycle, verify
from lifecycle.storage.sqlite import ROLLBACK
from tests.bench.floor import floor
from tests.bench.work import SIZE, STATES
from tests.campaigns import advance_rate


def test_a_transition_sends_no_more_than_it_has_to(tmp_path: Path) -> None:
    sent = [one for one in advance_rate.statements(tmp_path) if not one.startswith("PRAGMA")]

    assert (sent[0], sent[-1]) == ("BEGIN IMMEDIATE", "COMMIT")
    assert len(sent) <= 16


def test_the_engine_and_the_floor_make_the_same_steps(tmp_path: Path) -> None:
    for contender in (floor, advance_rate.advance):
        assert contender(tmp_path, 2, ROLLBACK, SIZE).grown > 0

    with open_lifecycle(f"sqlite:///{tmp_path}/lifecycle.db") as engine:
        assert engine.status("relay.1")[0].standing.state == STATES[-1]
        assert verify(engine).findings == ()
