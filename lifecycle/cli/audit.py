"""The group ``lifecycle audit``; its commands lie beside it."""

from __future__ import annotations

import click

from lifecycle.cli.audit_report import report, timeline
from lifecycle.cli.bundles import bundle, verifier
from lifecycle.cli.erasures import erasure_extract
from lifecycle.cli.forms import Group, common_options
from lifecycle.cli.log import checkpoint, keygen, seal, watch
from lifecycle.cli.mining import export
from lifecycle.cli.proofs import check_proof, prove
from lifecycle.cli.static_log import export_log


@click.group(
    cls=Group,
    examples=(
        "lifecycle audit timeline krasnogorsk",
        "lifecycle audit report --out audit.html",
        "lifecycle audit checkpoint --key log.key --to /mnt/usb",
        "lifecycle audit bundle --out bundle.zip",
    ),
)
@common_options
def audit() -> None:
    """Prove what happened, to those who trust nobody here."""


for _command in (
    seal,
    keygen,
    checkpoint,
    watch,
    prove,
    check_proof,
    bundle,
    verifier,
    timeline,
    report,
    export,
    export_log,
    erasure_extract,
):
    audit.add_command(_command)
