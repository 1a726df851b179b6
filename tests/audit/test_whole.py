"""Verification of the whole needs no other process, and counts what it read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from lifecycle import verify
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.findings import Finding, Report
from lifecycle.audit.note import origin_line
from lifecycle.audit.verify import verify as verify_view
from lifecycle.domain import canonical
from lifecycle.domain.definition import Definition
from lifecycle.storage.memory import MemoryJournal
from lifecycle.storage.memory_evidence import MemoryEvidence
from tests.audit.signing import Signer
from tests.factories import ORIGIN, Office
from tests.storage.samples import START, append

LOG = Signer(origin_line(ORIGIN))


def alone(office: Office, checkpoints: tuple[Kept, ...] = (), since: Kept | None = None) -> Report:
    context = office.engine.context
    with context.journal.auditing() as view:
        return verify_view(
            view, context.evidence, context.guards,
            checkpoints=checkpoints, keys=[LOG.key], since=since,
        )  # fmt: skip


def test_it_is_done_in_this_process_where_nobody_spreads_it(office: Office) -> None:
    office.lead("krasnogorsk", "concept_documents")
    with office.engine.context.journal.auditing() as view:
        heads = list(view.streams())

    report = alone(office)

    assert report == verify(office.engine)
    assert report.ok
    assert (report.records, report.streams) == (sum(one.version for one in heads), len(heads))
    assert report.streams == 3  # the installation, the road map, the school


def test_checkpoints_that_cannot_be_read_are_told_wherever_they_come_from(office: Office) -> None:
    report = alone(office, (Kept("usb", "torn"),), Kept("last year", "torn as well"))

    assert [(one.code, one.field) for one in report.findings] == [
        ("checkpoint_invalid", "usb"),
        ("checkpoint_invalid", "last year"),
    ]


def test_a_checkpoint_of_a_longer_log_vouches_for_nothing(office: Office) -> None:
    ahead = Kept("last year", LOG.checkpoint(10_000, bytes(32)))

    report = alone(office, since=ahead)

    assert [(one.code, one.field) for one in report.findings] == [("checkpoint_ahead", "last year")]
    assert report.records == alone(office).records


def test_records_may_wait_for_as_long_as_the_very_first_one_published() -> None:
    journal = MemoryJournal(ORIGIN, sealing="queued")
    with journal.writing() as tx:
        append(tx, "installation", "installed", facts={"maximum_merge_delay": "5"})
        append(tx, "installation", "installed", facts={"maximum_merge_delay": "600"})
    with journal.auditing() as view:
        found = verify_view(view, MemoryEvidence(), {}, now=START + timedelta(seconds=20)).findings
        asked = [one for one in found if one.code == "log_queue_late"]
        unasked = verify_view(view, MemoryEvidence(), {}).findings

    assert [(one.sequence, one.expected) for one in asked] == [(1, 5), (2, 5)]
    assert not [one for one in unasked if one.code == "log_queue_late"]


def set_in(*path: str | int, to: object) -> Callable[[Any], None]:
    def change(members: Any) -> None:
        for step in path[:-1]:
            members = members[step]
        members[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (set_in("roadmap", "time_zone", to="Nowhere/Here"), "Nowhere/Here"),
        (set_in("roadmap", "time_zone", to="../etc"), "etc"),
        (set_in("roadmap", "time_zone", to="Europe"), "Europe"),  # a folder
        (set_in("roadmap", "time_zone", to="a" * 300), "aaa"),  # longer than a file's name
        (set_in("states", 0, "name", to=7), "7 is no name"),
        (set_in("transitions", 0, "name", to=7), "7 is no name"),
        (set_in("roles", 0, "name", to=7), "7 is no name"),
        (set_in("facts", 0, "name", to=7), "7 is no name"),
        (set_in("evidence_kinds", 0, "name", to=7), "7 is no name"),
        (set_in("roles", to=None), "None"),
    ],
)
def test_rules_that_nothing_can_be_decided_by_are_told(
    definition: Definition, change: Callable[[Any], None], told: str
) -> None:
    members = definition.to_json()
    change(members)
    body = canonical.encode(members, limit=canonical.MAX_DEFINITION_BYTES)
    digest = sha256(body).hexdigest()

    (found,) = defined(digest, body)

    assert (found.code, found.place, found.field) == ("definition_altered", "database", "body")
    assert found.expected == digest
    assert told in str(found.found)


def defined(digest: str, body: bytes) -> list[Finding]:
    journal = MemoryJournal(ORIGIN)
    with journal.writing() as tx:
        tx.keep_definition(digest, body)
    with journal.auditing() as view:
        return list(verify_view(view, MemoryEvidence(), {}).findings)


def test_rules_under_another_digest_are_told_with_their_own(definition: Definition) -> None:
    body = canonical.encode(definition.to_json(), limit=canonical.MAX_DEFINITION_BYTES)
    digest = sha256(body).hexdigest()

    # Under its own it is sound; here no road map was put in force with it.
    assert defined(digest, body) == [
        Finding("definition_invented", None, None, "digest", None, digest)
    ]
    assert defined("0" * 64, body) == [
        Finding("definition_altered", None, None, "body", "0" * 64, digest)
    ]
    (found,) = defined(digest, body + b" ")
    assert (found.code, found.expected) == ("definition_altered", digest)
