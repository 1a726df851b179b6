"""Commands for auditors."""

from __future__ import annotations

import click

from lifecycle.cli.forms import Group, common_options
from lifecycle.cli.mining import export


@click.group(
    cls=Group,
    examples=("lifecycle audit export xes tomari-2022 --out tomari.xes",),
)
@common_options
def audit() -> None:
    """Hand the history to auditors and their tools."""


audit.add_command(export)
