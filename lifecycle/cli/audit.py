"""The group ``lifecycle audit``; its commands lie beside it."""

from __future__ import annotations

import click

from lifecycle.cli.forms import Group, common_options
from lifecycle.cli.log import checkpoint, keygen, seal, watch
from lifecycle.cli.proofs import check_proof, prove


@click.group(
    cls=Group,
    examples=(
        "lifecycle audit keygen --out log.key",
        "lifecycle audit checkpoint --key log.key --to /mnt/usb",
        "lifecycle audit prove krasnogorsk 3",
    ),
)
@common_options
def audit() -> None:
    """Prove what happened, to those who trust nobody here."""


for _command in (seal, keygen, checkpoint, watch, prove, check_proof):
    audit.add_command(_command)
