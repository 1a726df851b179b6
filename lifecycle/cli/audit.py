"""The group of commands for auditors."""

from __future__ import annotations

import click

from lifecycle.cli.audit_report import report, timeline
from lifecycle.cli.forms import Group, common_options


@click.group(
    cls=Group,
    examples=(
        "lifecycle audit timeline krasnogorsk",
        "lifecycle audit report --out audit.html",
    ),
)
@common_options
def audit() -> None:
    """Show and prove what happened, for auditors."""


for _command in (timeline, report):
    audit.add_command(_command)
