"""The plan: what became of the activities that are the office's own work.

Activities that schools fulfil by their transitions are not entered here a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from lifecycle.domain.access import Access
from lifecycle.domain.canonical import MAX_INTEGER
from lifecycle.domain.decision import (
    CHECKED,
    Accepted,
    Decision,
    Notice,
    Refusal,
    Stamp,
    authority,
    build_record,
    checked_comment,
)
from lifecycle.domain.definition import Definition
from lifecycle.domain.errors import (
    NO_NAME,
    InvalidFact,
    UnknownActivity,
    UnknownOccurrence,
)
from lifecycle.domain.evidence import check_distinct, check_piece
from lifecycle.domain.guards import Unmet
from lifecycle.domain.messages import Message
from lifecycle.domain.model import Assignment, Evidence, Head
from lifecycle.domain.occurrences import Occurrence, occurrences_of
from lifecycle.domain.record import Kind, Record
from lifecycle.domain.requests import ActOnActivity
from lifecycle.domain.roadmap import Activity

RESULT: Final = "activity_result"
BASIS: Final = "basis"
_KINDS: Mapping[str, Kind] = {
    "begun": "activity_begun",
    "done": "activity_done",
    "postponed": "activity_postponed",
    "cancelled": "activity_cancelled",
}
_ACTS: Mapping[str, Literal["begun", "done", "postponed", "cancelled"]] = {
    "activity_begun": "begun",
    "activity_done": "done",
    "activity_postponed": "postponed",
    "activity_cancelled": "cancelled",
}
# What has to be shown for what is said.
_SHOWN: Mapping[str, str] = {"done": RESULT, "postponed": BASIS}

Place = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one occurrence of an activity.

    Args:
        state: Where it stands.
        begun_on: Date it was begun.
        closed_on: Date it was done or cancelled.
        postponed_to: New last day, if it was postponed.
        reason: Why it was cancelled.
        counts: Numbers entered with it.
        evidence: What was shown for it, in order.
    """

    state: Literal["planned", "begun", "done", "cancelled"] = "planned"
    begun_on: date | None = None
    closed_on: date | None = None
    postponed_to: date | None = None
    reason: str | None = None
    counts: Mapping[str, int] | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in ("planned", "begun")


Plan = Mapping[Place, Progress]
UNTOUCHED: Final = Progress()


def is_plan_record(record: Record) -> bool:
    """Tell whether the record says something of an activity."""
    return record.kind in _ACTS


def plan_of(records: Iterable[Record]) -> dict[Place, Progress]:
    """Return what became of every occurrence that something was said of."""
    plan: dict[Place, Progress] = {}
    for record in records:
        plan_after(plan, record)
    return plan


def plan_after(plan: dict[Place, Progress], record: Record) -> None:
    """Take *record* into *plan*."""
    if record.kind not in _ACTS:
        return
    facts = record.facts or {}
    place = (facts["activity"], facts["occurrence"])
    before = plan.get(place, UNTOUCHED)
    shown = replace(before, evidence=before.evidence + record.evidence)
    match record.kind:
        case "activity_begun":
            plan[place] = replace(shown, state="begun", begun_on=record.effective_on)
        case "activity_done":
            counts = facts["counts"]
            plan[place] = replace(shown, state="done", closed_on=record.effective_on, counts=counts)
        case "activity_postponed":
            plan[place] = replace(shown, postponed_to=_day(facts["postponed_to"]))
        case _:
            plan[place] = replace(
                shown, state="cancelled", closed_on=record.effective_on, reason=record.reason
            )


def _day(text: str | None) -> date | None:
    """Read a date of a record; verification folds forged ones, too, and refuses them elsewhere."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def decide_activity(
    access: Access,
    definition: Definition,
    roster: tuple[Assignment, ...],
    plan: Plan,
    request: ActOnActivity,
    stamp: Stamp,
    head: Head,
    consulted: Mapping[str, int],
) -> Decision:
    """Decide what is said of an activity.

    Args:
        access: What the installation says of those who may act.
        definition: Rules in force on the road map.
        roster: Roles held on the road map.
        plan: What became of the activities so far.
        request: What is said.
        stamp: Id and clock.
        head: Head of the road map's stream.
        consulted: Version of the installation's stream.

    Raises:
        UnknownActivity: There is no such activity.
        UnknownOccurrence: It recurs and none was named, or there is none of that name.
        InvalidFact: A count is not declared for the activity, or is no whole number.
        InvalidEvidence: A piece is not sound, or given twice.
    """
    activity = _activity(definition, request)
    occurrence = _occurrence(definition, activity, request)
    _check_counts(activity, request)
    _check_evidence(request)
    roles = _acting(definition, activity)
    known = definition.authentication
    acting = authority(access, roster, request, stamp, head, roles, known)
    progress = plan.get((activity.key, request.occurrence), UNTOUCHED)
    unmet = [
        *(acting.unmet if isinstance(acting, Refusal) else ()),
        *_open(activity, progress, request, roles),
        *_shown(request, roles),
        *_details(definition, occurrence, progress, request, roles),
        *_counted(activity, request, roles),
    ]
    if isinstance(acting, Refusal) or unmet:
        return Refusal(tuple(unmet))
    members: dict[str, Any] = {
        "definition": definition.ref,
        "requirements": (*CHECKED, "activity"),
        "due_on": progress.postponed_to or occurrence.end,
        "consulted": consulted,
    }
    record = build_record(
        head, request, stamp, _KINDS[request.act], acting, **members, **_said(request)
    )
    return Accepted(record, tuple(_notices(occurrence, progress, record)))


def _said(request: ActOnActivity) -> dict[str, Any]:
    """Return the members of the record that the request itself gives."""
    return {
        "evidence": request.evidence,
        "facts": _facts(request),
        "reason": request.reason,
        "comment": checked_comment(request.comment),
    }


def _acting(definition: Definition, activity: Activity) -> tuple[str, ...]:
    """Return the roles that may act on *activity*: only those that are held on a road map.

    A curator, who is one of his school, has no say in what the office does for all schools.
    """
    named = dict.fromkeys((*activity.roles, *definition.planned_by))
    return tuple(name for name in named if "roadmap" in definition.role[name].scopes)


def request_of(record: Record, roadmap: str, **common: Any) -> ActOnActivity:
    """Rebuild the request that a plan record answers, to decide it again."""
    facts = record.facts or {}
    new = facts["postponed_to"]
    return ActOnActivity(
        **common,
        act=_ACTS[record.kind],
        roadmap=roadmap,
        activity=facts["activity"],
        occurrence=facts["occurrence"],
        evidence=record.evidence,
        counts=facts["counts"],
        postponed_to=date.fromisoformat(new) if new else None,
        reason=record.reason,
        comment=record.comment,
    )


def _facts(request: ActOnActivity) -> dict[str, Any]:
    new = request.postponed_to
    return {
        "activity": request.activity,
        "occurrence": request.occurrence,
        "postponed_to": new.isoformat() if new else None,
        "counts": dict(request.counts),
    }


def _activity(definition: Definition, request: ActOnActivity) -> Activity:
    known = {activity.key: activity for activity in definition.roadmap.activities}
    if request.activity not in known:
        raise UnknownActivity(request.activity, known, roadmap=request.roadmap)
    return known[request.activity]


def _occurrence(definition: Definition, activity: Activity, request: ActOnActivity) -> Occurrence:
    known = {one.name: one for one in occurrences_of(activity, definition.roadmap)}
    if request.occurrence not in known:
        names = tuple(name or NO_NAME for name in known)
        asked = request.occurrence or NO_NAME
        raise UnknownOccurrence(asked, names, activity=activity.key, names=names)
    return known[request.occurrence]


def _check_counts(activity: Activity, request: ActOnActivity) -> None:
    declared = tuple(count.name for count in activity.counts)
    for name, value in request.counts.items():
        if name not in declared:
            raise InvalidFact(
                name=name,
                detail=Message("the activity asks for no such number"),
                hint=Message("it asks for: {names}", {"names": declared or ("-",)}),
            )
        if type(value) is not int or not 0 <= value <= MAX_INTEGER:
            raise InvalidFact(
                name=name,
                detail=Message("it is not a whole number"),
                hint=Message("for example: {example}", {"example": f"{name}=25"}),
            )


def _check_evidence(request: ActOnActivity) -> None:
    for piece in request.evidence:
        check_piece(piece)
    check_distinct(request.evidence)


def _open(
    activity: Activity, progress: Progress, request: ActOnActivity, roles: tuple[str, ...]
) -> Iterator[Unmet]:
    if activity.by_schools:
        message = Message(
            "schools fulfil {activity} by their own transitions: {drives}",
            {"activity": activity.key, "drives": activity.drives},
        )
        yield Unmet("fulfilled_by_schools", message)
    elif not progress.open or (progress.state == "begun" and request.act == "begun"):
        message = Message(
            "{activity} is {state} already", {"activity": activity.key, "state": progress.state}
        )
        yield Unmet("activity_closed", message, roles)


def _shown(request: ActOnActivity, roles: tuple[str, ...]) -> Iterator[Unmet]:
    wanted = _SHOWN.get(request.act)
    kinds = [piece.kind for piece in request.evidence]
    for piece in request.evidence:
        if piece.item is not None:
            facts = {"kind": piece.kind, "item": piece.item}
            message = Message("evidence {kind} is not asked for {item}", facts)
            yield Unmet("evidence_item_unexpected", message, roles)
    if wanted is not None and wanted not in kinds:
        message = Message("evidence {kind} is missing", {"kind": wanted})
        yield Unmet("evidence_missing", message, roles)
    for kind in kinds:
        if kind != wanted:
            message = Message(
                "{transition} takes no evidence {kind}", {"transition": request.act, "kind": kind}
            )
            yield Unmet("evidence_unexpected", message, roles)


def _details(
    definition: Definition,
    occurrence: Occurrence,
    progress: Progress,
    request: ActOnActivity,
    roles: tuple[str, ...],
) -> Iterator[Unmet]:
    """Check what only some acts bear: a new date, a reason, numbers."""
    if (request.postponed_to is not None) != (request.act == "postponed"):
        yield Unmet("date_wanted", Message("a new date is given when postponing"), roles)
    elif request.postponed_to is not None:
        due_on = progress.postponed_to or occurrence.end
        if due_on is not None and request.postponed_to <= due_on:
            message = Message("it is due on {due_on}; name a later day", {"due_on": str(due_on)})
            yield Unmet("date_not_later", message, roles)
    reasons = tuple(choice.code for choice in definition.cancellation_reasons)
    if request.act == "cancelled" and request.reason not in reasons:
        message = Message("a reason is missing, one of: {reasons}", {"reasons": reasons})
        yield Unmet("reason_missing", message, roles)
    if request.act != "cancelled" and request.reason is not None:
        message = Message("{transition} takes no reason", {"transition": request.act})
        yield Unmet("reason_unexpected", message, roles)


def _counted(activity: Activity, request: ActOnActivity, roles: tuple[str, ...]) -> Iterator[Unmet]:
    """Check the numbers: all of them when it is done, none before."""
    if request.act != "done" and request.counts:
        yield Unmet("fact_unexpected", Message("numbers are entered when it is done"), roles)
    elif request.act == "done":
        for count in activity.counts:
            if count.name not in request.counts:
                message = Message("the number {name} is missing", {"name": count.name})
                yield Unmet("fact_missing", message, roles)


def _notices(occurrence: Occurrence, progress: Progress, record: Record) -> Iterator[Notice]:
    # One time of several is taken for another easily; a row that stands alone may be done early.
    start = occurrence.start
    if record.kind == "activity_done" and occurrence.name and start and record.effective_on < start:
        message = Message(
            "{occurrence} begins on {start}, but the act bears {effective_on}",
            {
                "occurrence": occurrence.name,
                "start": start.isoformat(),
                "effective_on": record.effective_on.isoformat(),
            },
        )
        yield Notice("before_its_time", message)
    if record.kind == "activity_done" and record.due_on and record.effective_on > record.due_on:
        message = Message(
            "late: the road map's deadline was {due_on}, {days} day(s) earlier",
            {
                "due_on": record.due_on.isoformat(),
                "days": (record.effective_on - record.due_on).days,
            },
        )
        yield Notice("late", message)
    if progress.begun_on is not None and record.effective_on < progress.begun_on:
        message = Message(
            "the act bears {effective_on}, but an act before it bears {before}",
            {
                "effective_on": record.effective_on.isoformat(),
                "before": progress.begun_on.isoformat(),
            },
        )
        yield Notice("dates_out_of_order", message)
