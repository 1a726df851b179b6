"""A history in memory of everything that can be recorded, and who decides its records again."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import timedelta
from functools import cache
from typing import Any

from lifecycle import Lifecycle
from lifecycle.audit import standalone
from lifecycle.audit.chain import StreamCheck
from lifecycle.audit.findings import Finding
from lifecycle.audit.grounds import Grounds
from lifecycle.audit.identities import is_shared
from lifecycle.audit.rules import decide_again
from lifecycle.domain import canonical
from lifecycle.domain.definition import Definition
from lifecycle.domain.model import participation_stream, roadmap_stream
from lifecycle.domain.plan import plan_after
from lifecycle.domain.record import Record, empty_head, record_hash
from lifecycle.domain.replay import fold
from lifecycle.domain.spans import StoredRecord
from lifecycle.workflows.catalogue import Catalogue
from tests.factories import ADMIN, ORIGIN, ROADMAP, START, Office, SetClock, memory_engine, order
from tests.identities import Identities

SCHOOL = "krasnogorsk"
STREAM = participation_stream(SCHOOL)
MAP = roadmap_stream(ROADMAP)
Body = dict[str, Any]


@cache
def lived() -> Lifecycle:
    """An office that was founded and did everything once; made once, and only read."""
    catalogue, clock = Catalogue(), SetClock()
    engine = memory_engine(catalogue, clock=clock)
    office = Office(engine, catalogue.compiled(ROADMAP)).opened(SCHOOL)
    identities = Identities(engine)
    former, reviewer = office.assign("expert", name="former"), office.who("reviewer", SCHOOL).id
    engine.credentials.revoke(
        identities.token(former.id).authentication.partition(":")[2], actor=ADMIN
    )
    token = identities.token(
        reviewer, scopes=["advance", "plan"], expires_at=START + timedelta(days=9)
    )
    key = identities.key(office.who("expert", SCHOOL).id)
    engine.add_actor("inspector", actor=ADMIN)
    engine.assign("inspector", "auditor", actor=ADMIN)
    engine.add_actor("deputy", actor=ADMIN)
    engine.assign("deputy", "administrator", actor=ADMIN)
    clock.advance(hours=2)
    office.lead(SCHOOL, "concept_documents")
    office.submit(SCHOOL)
    office.make(SCHOOL, "return_concept_documents")
    office.submit(SCHOOL)
    office.make(SCHOOL, "accept_concept_documents", actor=token)
    office.submit(SCHOOL)
    engine.revoke(former.id, "expert", roadmap=ROADMAP, actor=ADMIN)
    office.make(SCHOOL, "confirm_stage_1", actor=key, comment="Проверено")
    coordinator = office.who("municipal_coordinator", SCHOOL)
    plans = engine.plans
    plans.act(ROADMAP, "1.2", "begun", actor=coordinator, effective_on="2022-01-18")
    plans.act(
        ROADMAP, "1.2", "postponed", actor=coordinator, effective_on="2022-01-20",
        evidence=[order("basis")], postponed_to="2022-02-20",
    )  # fmt: skip
    plans.act(
        ROADMAP, "1.2", "done", actor=coordinator, effective_on="2022-02-21",
        evidence=[order("activity_result")],
    )  # fmt: skip
    engine.people.erase(key.id, ground="consent_withdrawn", act="7", actor=ADMIN)
    engine.people.erase(former.id, ground="purpose_reached", act="8", actor=ADMIN)
    return engine


@cache
def lines() -> tuple[bytes, ...]:
    """The bodies of its records, in the order of its log."""
    with lived().context.journal.auditing() as view:
        return tuple(body for _, body in view.log.bodies(0))


@cache
def _all() -> tuple[tuple[Body, Record], ...]:
    return tuple((json.loads(line), Record.decode(line)) for line in lines())


def learned() -> Grounds:
    """What decisions may rest on after all of it, without definitions."""
    grounds = Grounds({}, {})
    for _, record in _all():
        if is_shared(record.stream):
            grounds.learn(record)
    return grounds


def last(kind: str, **members: object) -> Body:
    """The last record of a kind that has these members or facts, to be changed at will."""
    fits = [
        one
        for one, record in _all()
        if record.kind == kind and members.items() <= {**one, **one["facts"]}.items()
    ]
    return copy.deepcopy(fits[-1])


@cache
def _rules() -> dict[str, bytes]:
    with lived().context.journal.auditing() as view:
        return dict(view.definitions())


@cache
def _definitions() -> dict[str, Definition]:
    limit = canonical.MAX_DEFINITION_BYTES
    return {
        name: Definition.from_json(canonical.decode(data, limit=limit))
        for name, data in _rules().items()
    }


@cache
def _rules_alone() -> dict[str, Body]:
    return {name: standalone.rules_from(data, name) for name, data in _rules().items()}


def by_the_package(body: Body) -> list[Finding]:
    """What the package finds of a record that stands in place of the one it was made of.

    Raises:
        InvalidBody: It is no record.
    """
    line = canonical.encode(body)
    record = Record.decode(line)
    grounds = Grounds(_definitions(), lived().context.guards)
    stream, before = record.stream, list[Record]()
    for _, one in _all():
        here = (one.stream, one.sequence) == (stream, record.sequence)
        if is_shared(one.stream):
            grounds.learn(record if here else one)
        if one.stream == stream and one.sequence < record.sequence:
            before.append(one)
    plan = grounds.plans.setdefault(stream, {})
    check = StreamCheck(ORIGIN, stream)
    for one in before:
        plan_after(plan, one)
        list(check.take(_stored(one)))
    head = before[-1].head if before else empty_head(ORIGIN, stream)
    participation = fold(before) if stream == STREAM and before else None
    stored = StoredRecord(stream, record.sequence, record_hash(line), line, record.columns)
    return [*check.take(stored), *decide_again(grounds, head, participation, record)]


def _stored(record: Record) -> StoredRecord:
    return StoredRecord(record.stream, record.sequence, record.hash, record.body, record.columns)


def by_the_verifier_alone(body: Body) -> str | None:
    """What the verifier that stands alone says of it; ``None`` if it finds nothing."""
    line = canonical.encode(body)
    try:
        members = standalone.body_from(line)
        history = history_before(members)
        history.leaf = standalone.sha(b"\0", line)
        history.chain(members)
        history.judge(members)
    except standalone.BROKEN as error:
        return str(error) or type(error).__name__
    return None


def history_before(body: Body) -> standalone.History:
    """What the verifier that stands alone knows when it comes to a record."""
    history = standalone.History(ORIGIN, _rules_alone())
    place = body["stream"], body["sequence"]
    for one, _ in _all():
        here = (one["stream"], one["sequence"]) == place
        with contextlib.suppress(*standalone.BROKEN):  # what is wrong is found at its record
            if is_shared(one["stream"]):
                history.learn(body if here else one)
    for one, record in _all():
        if one["stream"] == body["stream"] and one["sequence"] < body["sequence"]:
            history.leaf = bytes.fromhex(record.hash)
            history.chain(one)
            history.follow(one)
    return history
