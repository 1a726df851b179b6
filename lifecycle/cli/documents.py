"""The JSON documents of the commands: their members are a promise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lifecycle.cli.failures import unmet_document
from lifecycle.cli.language import shown, spoken
from lifecycle.domain.record import moment_text

if TYPE_CHECKING:
    from lifecycle.audit.findings import Finding, Report
    from lifecycle.domain.commitment import Opened
    from lifecycle.domain.decision import Notice
    from lifecycle.domain.definition import Definition
    from lifecycle.domain.model import Evidence
    from lifecycle.domain.record import Record
    from lifecycle.domain.roadmap import Activity
    from lifecycle.service import Outlook, Receipt, Snapshot, StatusRow
    from lifecycle.service.past import Timeline


def receipt(one: Receipt) -> dict[str, Any]:
    """Return the acknowledgement of any request; a dry run has no record to name."""
    record = one.record
    return {
        "record_id": None if one.dry_run else record.record_id,
        "sequence": record.sequence,
        "version": one.version,
        "hash": None if one.dry_run else record.hash,
        "command_id": record.command_id,
        "repeated": one.repeated,
        "notices": [notice(found) for found in one.notices],
    }


def move(one: Receipt) -> dict[str, Any]:
    """Return the acknowledgement of an enrolment or a transition."""
    record = one.record
    return {
        "from": record.source,
        "to": record.target,
        "state": one.state,
        **receipt(one),
        "transition": record.transition,
        "dry_run": one.dry_run,
    }


def notice(one: Notice) -> dict[str, Any]:
    """Return something worth saying."""
    return {
        "code": one.code,
        "message": shown(one.message),
        "parameters": one.message.plain_parameters(),
    }


def outlook(one: Outlook) -> dict[str, Any]:
    """Return what a school can do next."""
    return {
        "school": one.school,
        "state": one.state,
        "version": one.version,
        "transitions": [
            {
                "name": option.name,
                "title": option.title.in_language(spoken()),
                "to": option.target,
                "due_on": day(option.due_on),
                "allowed": option.allowed,
                "unmet": [unmet_document(found) for found in option.unmet],
            }
            for option in one.options
        ],
    }


def board_row(row: StatusRow) -> dict[str, Any]:
    """Return where a school stands."""
    return {
        "school": row.standing.school,
        "title": row.standing.title,
        "roadmap": row.standing.roadmap,
        "state": row.standing.state,
        "version": row.standing.version,
        "entered_at": moment_text(row.standing.entered_at),
        "entered_on": day(row.standing.entered_on),
        "due_on": day(row.standing.due_on),
        "days_overdue": row.days_overdue,
        "final": row.standing.final,
    }


def committed(commitment: str | None, opened: Mapping[str, Opened]) -> dict[str, Any] | None:
    """Return what a record committed to: the value, or that it is erased or missing."""
    if commitment is None:
        return None
    seen = opened.get(commitment)
    state = (
        {}
        if seen is None
        else {
            "state": seen.state,
            "value": seen.value,
            "erased_by": seen.erasure,
        }
    )
    return {"commitment": commitment, **state}


def evidence(one: Evidence, opened: Mapping[str, Opened] | None = None) -> dict[str, Any]:
    """Return a piece of evidence; ``sha256`` is there for every form, null but for files."""
    document = {"sha256": None, **one.to_json()}
    for name in document.keys() & {"name", "content"}:
        document[name] = committed(document[name], opened or {})
    return document


def record(one: Record, opened: Mapping[str, Opened]) -> dict[str, Any]:
    """Return a record of the history."""
    return {
        "sequence": one.sequence,
        "kind": one.kind,
        "transition": one.transition,
        "from": one.source,
        "to": one.target,
        "actor": one.actor.id,
        "role": one.actor.role,
        "on_behalf_of": one.actor.on_behalf_of,
        "authentication": one.actor.authentication,
        "signature": one.actor.signature,
        "recorded_at": moment_text(one.recorded_at),
        "effective_on": day(one.effective_on),
        "due_on": day(one.due_on),
        "requirements": list(one.requirements),
        "evidence": [evidence(piece, opened) for piece in one.evidence],
        "facts": dict(one.facts or {}),
        "reason": one.reason,
        "comment": committed(one.comment, opened),
        "record_id": one.record_id,
        "command_id": one.command_id,
        "definition": one.definition.digest if one.definition else None,
        "hash": one.hash,
        "previous_hash": one.previous,
    }


def snapshot(one: Snapshot, as_of: datetime, opened: Mapping[str, Opened]) -> dict[str, Any]:
    """Return a school at a moment; its state is null where it did not take part yet."""
    known = one.participation
    return {
        "school": one.school,
        "roadmap": known.roadmap if known else None,
        "state": known.state if known else None,
        "version": known.version if known else 0,
        "entered_on": day(known.entered_on) if known else None,
        "facts": dict(known.facts) if known else {},
        "evidence": [
            {
                **evidence(filed.evidence, opened),
                "transition": filed.transition,
                "sequence": filed.sequence,
            }
            for filed in (known.evidence if known else ())
        ],
        "assignments": [
            {"actor": held.actor, "role": held.role}
            for held in (known.assignments if known else ())
        ],
        "as_of": moment_text(as_of),
        "on": day(one.effective_by),
    }


def timeline(school: str, one: Timeline, opened: Mapping[str, Opened]) -> dict[str, Any]:
    """Return every record of a school with what became known and true by it, and refusals."""
    return {
        "school": school,
        "records": [
            {
                **record(entry.record, opened),
                "requirements": list(entry.record.requirements),
                "on_behalf_of": entry.record.actor.on_behalf_of,
                "state": entry.state,
                "true_from": day(entry.true_from),
                "days_between": entry.days_between,
            }
            for entry in one.entries
        ],
        "refusals": [
            {
                "at": moment_text(attempt.at),
                "actor": attempt.actor,
                "what": attempt.what,
                "command_id": attempt.command_id,
                "unmet": [dict(reason) for reason in attempt.unmet],
            }
            for attempt in one.refusals
        ],
    }


def report(one: Report) -> dict[str, Any]:
    """Return what verification came to."""
    return {
        "ok": one.ok,
        "records": one.records,
        "streams": one.streams,
        "commitments": {"opened": one.opened, "erased": one.erased, "missing": one.missing},
        # From a checkpoint on: so many schools were compared, their decisions not made again.
        "since": None if one.since is None else {"size": one.since, "schools": one.vouched},
        "findings": [finding(found) for found in one.findings],
    }


def finding(one: Finding) -> dict[str, Any]:
    """Return a difference between what is stored and what the history proves."""
    return {
        "code": one.code,
        "place": one.place,
        "message": shown(one.message),
        "stream": one.stream,
        "sequence": one.sequence,
        "field": one.field,
        "expected": _plain(one.expected),
        "found": _plain(one.found),
    }


def roadmap_summary(definition: Definition) -> dict[str, Any]:
    """Return a road map without its rows."""
    plan = definition.roadmap
    return {
        "id": plan.id,
        "version": plan.version,
        "programme": definition.programme,
        "title": plan.title.in_language(spoken()),
        "region": plan.region,
        "start": day(plan.start),
        "end": day(plan.end),
        "schools": plan.schools,
        "municipalities": plan.municipalities,
        "activities": len(plan.activities),
        "digest": definition.ref.digest,
    }


def roadmap(definition: Definition, source: str | None) -> dict[str, Any]:
    """Return a road map with every row, verbatim."""
    plan = definition.roadmap
    paper = plan.document
    return {
        **roadmap_summary(definition),
        "document": {
            "kind": paper.kind,
            "issuer": paper.issuer,
            "number": paper.number,
            "date": day(paper.date),
            "contradictions": [text.in_language(spoken()) for text in paper.contradictions],
        },
        "activities": [activity(row, source) for row in plan.activities],
    }


def activity(row: Activity, source: str | None) -> dict[str, Any]:
    """Return a row of a road map."""
    return {
        "key": row.key,
        "section": row.section,
        "title": row.title,
        "when": row.when,
        "start": day(row.start),
        "end": day(row.end),
        "recurrence": row.recurrence,
        "responsible": row.responsible,
        "roles": list(row.roles),
        "result": row.result,
        "drives": list(row.drives),
        "source": {"document": source, "lines": list(row.lines)},
        "damage": [text.in_language(spoken()) for text in row.damage],
    }


def day(value: date | None) -> str | None:
    """Return a date as ISO text."""
    return None if value is None else value.isoformat()


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | bool | None) else str(value)
