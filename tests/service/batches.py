"""What tests of batches ask and look at."""

from __future__ import annotations

from typing import Any

from lifecycle import AdvanceCommand, Lifecycle, Outcome
from tests.factories import Office, complete

SCHOOL = "krasnogorsk"
FIRST = ("start_questionnaire", "complete_questionnaire", "receive_risk_profile")


def asked(office: Office, transition: str, school: str = SCHOOL, **changes: Any) -> AdvanceCommand:
    """Return a complete command, except for *changes*."""
    move = office.definition.transition[transition]
    request = complete(office.definition, move, {})
    request["actor"] = office.who(move.roles[0], school)
    request["command_id"] = f"{school}.{transition}"
    return AdvanceCommand(school=school, transition=transition, **{**request, **changes})


def walk(office: Office, school: str = SCHOOL) -> list[AdvanceCommand]:
    """Return three commands, each of which needs the one before it."""
    return [asked(office, name, school) for name in FIRST]


def run(office: Office, commands: list[AdvanceCommand], **changes: Any) -> list[Outcome]:
    return list(office.engine.advance_many(commands, **changes))


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [one.kind for one in outcomes]


def bodies(engine: Lifecycle) -> list[bytes]:
    with engine.context.journal.auditing() as view:
        return [one.body for one in view.stored()]


def refused(engine: Lifecycle) -> list[str]:
    with engine.context.journal.reading() as view:
        return [one.command_id for one in view.refused()]
