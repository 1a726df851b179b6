"""Verification of the whole needs no other process, and counts what it read."""

from __future__ import annotations

from lifecycle import verify
from lifecycle.audit.checkpoints import Kept
from lifecycle.audit.findings import Report
from lifecycle.audit.note import origin_line
from lifecycle.audit.verify import verify as verify_view
from tests.audit.signing import Signer
from tests.factories import ORIGIN, Office

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
