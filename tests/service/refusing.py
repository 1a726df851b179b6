"""A request of one person, and the reasons for which it is refused."""

from __future__ import annotations

import pytest

from lifecycle import Actor, Refused, TransitionRefused
from tests.factories import ROADMAP, Office

SCHOOL = "krasnogorsk"
PERSON = f"municipal_coordinator.{ROADMAP}"


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """Return the code of every reason."""
    return [one.code for one in refused.value.unmet]


def refused(office: Office, person: Actor) -> list[str]:
    """Return why *person* may not begin with the school."""
    with pytest.raises(TransitionRefused) as caught:
        office.make(SCHOOL, "start_questionnaire", actor=person)
    return codes(caught)
