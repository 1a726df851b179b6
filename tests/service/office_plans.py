"""What the tests of plans share: the activities they speak of, and how an office acts on them."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle import Receipt
from lifecycle.domain.errors import ActivityRefused
from lifecycle.domain.fulfilment import ActivityStatus
from lifecycle.domain.requests import Act
from tests.factories import Office, order

SCHOOL = "krasnogorsk"
OWN = "1.2"  # an activity of the office, due on 2022-01-24
MONTHLY = "4.6"
FULFILLED = "2.3"  # the schools complete the questionnaire, by 2022-02-16
RESULT = order("activity_result")
BASIS = order("basis")


def act(office: Office, what: Act, key: str = OWN, **changes: Any) -> Receipt:
    """Say something of an activity as the municipal coordinator."""
    usual: dict[str, Any] = {"actor": office.people["municipal_coordinator", None]}
    if what == "done":
        usual["evidence"] = [RESULT]
    elif what == "postponed":
        usual |= {"evidence": [BASIS], "postponed_to": "2022-04-01"}
    elif what == "cancelled":
        usual["reason"] = "merged"
    return office.engine.plans.act(office.roadmap, key, what, **{**usual, **changes})


def status(
    office: Office, key: str = OWN, name: str | None = None, on: str = "2022-12-31"
) -> ActivityStatus:
    """Return where an occurrence stands."""
    view = office.engine.plans.view(office.roadmap, on=on)
    return next(
        one for one in view.activities if (one.activity.key, one.occurrence.name) == (key, name)
    )


def unmet(error: pytest.ExceptionInfo[ActivityRefused]) -> list[str]:
    return [one.code for one in error.value.unmet]
