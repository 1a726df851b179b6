"""The group ``lifecycle audit``: what auditors and those who answer to them ask for."""

from __future__ import annotations

import click

from lifecycle.cli.forms import Group, common_options


@click.group(cls=Group, examples=("lifecycle audit erasure-extract --act 12/2026",))
@common_options
def audit() -> None:
    """Prove what is in the history.

    Everything here reads the history and changes nothing in it.
    """
