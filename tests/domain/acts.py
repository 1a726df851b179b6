"""Acts on the activities of a small road map: complete requests, and what is decided on them."""

from datetime import date
from typing import Any

from lifecycle.domain.decision import Accepted, Refusal, Stamp
from lifecycle.domain.model import Actor, Assignment
from lifecycle.domain.plan import BASIS, RESULT, Plan, Progress, decide_activity
from lifecycle.domain.record import empty_head
from lifecycle.domain.requests import ActOnActivity
from lifecycle.domain.roadmap import Count
from tests.domain.plans import DAY, NOON, activity, definition
from tests.domain.small import MAP, access, choice, held, link, text

JOE = Actor("joe", "host:test")
STAMP = Stamp("record-1", NOON, DAY)
HEAD = empty_head("origin", MAP)
COUNTS = (Count("teachers", text("teachers")), Count("heads", text("heads")))
RULES = definition(
    activity("1", roles=("writer",)),
    activity("2", counts=COUNTS),
    activity("3", drives=("ask", "visit")),
    activity("4", recurrence="FREQ=MONTHLY"),
    activity("5", drives=("ask",), by_office=True, end=None),
    planned_by=("judge", "writer"),
    cancellation_reasons=(choice("merged"), choice("mistake")),
)
ROSTER = (held("joe", "judge", MAP), held("ann", "writer", MAP, 2), held("sue", "chair", MAP, 3))

DONE: dict[str, Any] = {"act": "done", "evidence": (link(RESULT),)}
POSTPONED: dict[str, Any] = {
    "act": "postponed",
    "evidence": (link(BASIS),),
    "postponed_to": date(2022, 4, 8),
}
CANCELLED: dict[str, Any] = {"act": "cancelled", "reason": "merged"}


def request(**members: Any) -> ActOnActivity:
    usual: dict[str, Any] = {
        "actor": JOE,
        "command_id": "command-1",
        "act": "begun",
        "roadmap": "map",
        "activity": "1",
    }
    return ActOnActivity(**{**usual, **members})


def decide(
    plan: Plan | None = None,
    roster: tuple[Assignment, ...] = ROSTER,
    **members: Any,
) -> Accepted | Refusal:
    return decide_activity(
        access(), RULES, roster, plan or {}, request(**members), STAMP, HEAD, {MAP: 4}
    )


def accepted(plan: Plan | None = None, **members: Any) -> Accepted:
    decision = decide(plan, **members)
    assert isinstance(decision, Accepted), decision
    return decision


def refused(plan: Plan | None = None, **members: Any) -> list[str]:
    decision = decide(plan, **members)
    assert isinstance(decision, Refusal), decision
    return [f"{one.code}: {one.message}" for one in decision.unmet]


def at(progress: Progress) -> Plan:
    return {("1", None): progress}
